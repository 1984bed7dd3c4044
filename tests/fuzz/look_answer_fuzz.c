/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A helper's answer about public DNS: whatever it says, of each domain asked for an error or a whole answer
 * is kept, within the bounds, that is read back and judged.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/domain.h"
#include "proto/looks.h"
#include "proto/node.h"
#include "tests/fuzz/fuzz.h"

static const struct domain_name domains[] = {{"a.test"}, {"b.test"}};

static void node_fill(struct node *node)
{
	static const struct domain_name pools[] = {{"pool.test"}};
	static const struct settings said = {.pools = pools, .pool_count = 1};

	*node = (struct node){
	        .timing = timing_default(), .now = {.mono_ms = 1000, .wall_ms = 1000}, .next_id = 1};
	node->settings = settings_copy(&said);
	REQUIRE(node->settings != NULL);
}

static void answer_check(const struct look *look)
{
	struct look_cursor cursor = look_cursor_of(look);
	unsigned lines = 0, addresses = 0;
	struct look_line line;
	struct address address;

	REQUIRE(look->ok == (look->error == NULL) && look->done_ms > 0);
	REQUIRE(look->ok == (look->mx != NULL)); /* it is the first */
	REQUIRE(look->ttl_s <= LOOK_TTL_MAX_S);
	REQUIRE(look->error == NULL || (look->error[0] != '\0' && strlen(look->error) <= LOOK_ERROR_MAX));
	while (look_next(&cursor, &line)) {
		lines++;
		REQUIRE(domain_check(line.host, strlen(line.host)) == RESULT_OK);
		while (look_address_next(&line.addresses, &address))
			addresses++;
		REQUIRE(line.addresses.length == 0 || memcmp(line.addresses.data, "-", 1) == 0);
	}
	REQUIRE(cursor.at[0] == '\0' && lines <= LOOK_MX_MAX && addresses <= LOOK_ADDRESSES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct looks_source source = {domains, sizeof domains[0], 2};
	struct looks looks = {.count = 0};
	char text[FINDING_TEXT_SIZE];
	struct node node;

	node_fill(&node);
	looks_settle(&looks, &node, &source, 1);
	node.now.mono_ms += 5000;
	looks_step(&looks, &node);
	REQUIRE(looks.asked_count == 2);
	REQUIRE(looks_answered(&looks, &node, looks.id, true, bytes_of(data, size), ""));
	for (unsigned i = 0; i < looks.count; i++) {
		answer_check(&looks.looks[i]);
		finding_describe(&node, &looks.looks[i], text);
		REQUIRE(text[0] != '\0');
		finding_advise(&node, &looks.looks[i], text);
	}
	looks_fini(&looks);
	effects_fini(&node.effects);
	settings_destroy(node.settings);
	return 0;
}
