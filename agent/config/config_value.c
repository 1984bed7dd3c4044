/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/config_value.h"

#include <sodium.h>
#include <string.h>

#include "agent/config/config.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_text(const char *text, size_t length, const char *wanted)
{
	return length == strlen(wanted) && memcmp(text, wanted, length) == 0;
}

const char *config_set_yes_no(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	bool yes = is_text(text, length, "yes");

	(void)option;
	if (!yes && !is_text(text, length, "no"))
		return "isn't yes or no";
	*(bool *)target = yes;
	return NULL;
}

/* Decimal, no sign, no leading zero. False: not so, or greater than max. */
static bool parse_number(const char *text, size_t length, int64_t max, int64_t *out)
{
	int64_t number = 0;

	if (length == 0 || length > 10 || (text[0] == '0' && length > 1))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = 10 * number + (text[i] - '0');
	}
	*out = number;
	return number <= max;
}

const char *config_set_port(void *target, const struct config_option *option, const char *text, size_t length)
{
	int64_t number;

	(void)option;
	if (!parse_number(text, length, UINT16_MAX, &number) || number == 0)
		return "isn't a port: write a number from 1 to 65535";
	*(uint16_t *)target = (uint16_t)number;
	return NULL;
}

const char *config_set_ttl(void *target, const struct config_option *option, const char *text, size_t length)
{
	int64_t number;

	(void)option;
	if (!parse_number(text, length, CONFIG_TTL_MAX, &number) || number == 0)
		return "isn't a TTL: write seconds, from 1 to 604800";
	*(uint32_t *)target = (uint32_t)number;
	return NULL;
}

const char *config_set_milliseconds(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	int64_t number;

	(void)option;
	if (!parse_number(text, length, CONFIG_MS_MAX, &number))
		return "isn't a duration: write a whole number from 0 to 2000000000";
	*(int64_t *)target = number;
	return NULL;
}

const char *config_set_member_name(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	const char *fault = member_name_fault(text, length);

	(void)option;
	if (fault == NULL)
		memcpy(target, text, length + 1);
	return fault;
}

const char *config_set_address(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	struct address *address = target;
	const char *fault = address_fault(text, length);

	(void)option;
	if (fault == NULL && address_parse(text, length, address) != RESULT_OK)
		return "isn't an IP address";
	if (fault == NULL && !address_is_usable_host(address))
		return "is no address of a host: write the one that others reach this machine at";
	return fault;
}

const char *config_set_resolver(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	struct config_resolver *resolver = target;
	const char *at = memchr(text, '@', length);
	const char *fault = NULL;

	resolver->port = CONFIG_DNS_PORT;
	if (at != NULL) {
		fault = config_set_port(&resolver->port, option, at + 1, (size_t)(text + length - at - 1));
		length = (size_t)(at - text);
	}
	return fault != NULL ? fault : config_set_address(&resolver->address, option, text, length);
}

const char *config_set_prefix(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	const char *fault = prefix_fault(text, length);

	(void)option;
	if (fault == NULL && prefix_parse(text, length, target) != RESULT_OK)
		return "isn't a prefix";
	return fault;
}

const char *config_set_domain(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	const char *fault = domain_fault(text, length);

	(void)option;
	if (fault == NULL)
		memcpy(target, text, length + 1);
	return fault;
}

const char *config_set_path(void *target, const struct config_option *option, const char *text, size_t length)
{
	if (length == 0 || text[0] != '/')
		return "isn't an absolute path: begin it with /";
	if (length >= option->max)
		return "is too long for a path";
	memcpy(target, text, length + 1);
	return NULL;
}

const char *config_set_word(void *target, const struct config_option *option, const char *text, size_t length)
{
	(void)option;
	if (length == 0 || length >= CONFIG_WORD_SIZE)
		return "has to have 1 to 255 characters";
	memcpy(target, text, length + 1);
	return NULL;
}

const char *config_set_secret(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	char **secret = target;

	(void)option;
	if (length > CONFIG_SECRET_MAX)
		return "is longer than 256 characters";
	sodium_free(*secret);
	*secret = sodium_malloc(length + 1);
	if (*secret == NULL)
		return "doesn't fit: out of locked memory";
	memcpy(*secret, text, length + 1);
	return NULL;
}

static const char *const carry_texts[] = {
        [CARRY_NONE] = "none", [CARRY_LIST] = "list", [CARRY_PINS] = "pins", [CARRY_VIEW] = "view"};

const char *config_carry_text(enum carry carry)
{
	return carry_texts[carry];
}

const char *config_set_carry(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	(void)option;
	for (size_t i = 0; i < COUNT(carry_texts); i++) {
		if (is_text(text, length, carry_texts[i])) {
			*(enum carry *)target = (enum carry)i;
			return NULL;
		}
	}
	return "isn't none, list, pins or view";
}

const char *config_set_vouch(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	(void)option;
	*(bool *)target = is_text(text, length, "pins");
	return *(bool *)target || is_text(text, length, "none") ? NULL : "isn't none or pins";
}

/* The drivers that write zones. */
static const char *const servers[] = {"nsd"};

const char *config_set_server(
        void *target, const struct config_option *option, const char *text, size_t length)
{
	(void)option;
	for (size_t i = 0; i < COUNT(servers); i++) {
		if (is_text(text, length, servers[i])) {
			memcpy(target, text, length + 1);
			return NULL;
		}
	}
	return "isn't a server that meshd can drive: write nsd";
}
