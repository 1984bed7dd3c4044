/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names against libidn2. What domain_check() accepts, IDNA2008 accepts and maps to itself; what it
 * refuses for its own reasons (one label, a number at the end) the oracle may well accept, hence one
 * direction only. Names with an xn-- label are left out: we don't decode Punycode, the oracle does.
 */
#include <idn2.h>
#include <stdbool.h>
#include <string.h>

#include "proto/domain.h"
#include "tests/fuzz/fuzz.h"

static bool has_a_label(const char *name)
{
	return strncmp(name, "xn--", 4) == 0 || strstr(name, ".xn--") != NULL;
}

static void ask_the_oracle(const char *name)
{
	uint8_t *mapped = NULL;
	int r = idn2_lookup_u8((const uint8_t *)name, &mapped,
	        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);

	REQUIRE(r == IDN2_OK);
	REQUIRE(strcmp((const char *)mapped, name) == 0);
	idn2_free(mapped);
}

static void try_host_label(const uint8_t *data, size_t size)
{
	static const uint8_t key[KEY_BYTES] = {1, 2, 3, 4, 5};
	char label[HOST_LABEL_BYTES + sizeof ".test"];

	if (host_label((const char *)data, size, key, label) != RESULT_OK)
		return;
	memcpy(label + strlen(label), ".test", sizeof ".test");
	REQUIRE(domain_check(label, strlen(label)) == RESULT_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[DOMAIN_LENGTH_MAX + 1];
	const char *fault = domain_fault((const char *)data, size);

	REQUIRE((fault == NULL) == (domain_check((const char *)data, size) == RESULT_OK));
	try_host_label(data, size);
	if (fault != NULL)
		return 0;
	REQUIRE(size <= DOMAIN_LENGTH_MAX && memchr(data, '\0', size) == NULL);
	memcpy(name, data, size);
	name[size] = '\0';
	if (!has_a_label(name))
		ask_the_oracle(name);
	return 0;
}
