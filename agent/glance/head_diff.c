/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/head_diff.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/key.h"

enum { TEXT_SIZE = 1024 };

struct diff {
	const struct node *node;
	const struct head *before, *after;
	json_t *changes;
};

/* Text that grows; what doesn't fit is cut. */
struct words {
	char text[TEXT_SIZE];
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void words_add(struct words *words, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length =
	        vsnprintf(words->text + words->length, sizeof words->text - words->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		words->length += (size_t)length;
	if (words->length >= sizeof words->text)
		words->length = sizeof words->text - 1;
}

/* "+ana" or "-ana", after a blank where something stands before. */
static void words_add_item(struct words *words, char sign, const char *item)
{
	words_add(words, "%s%c%s", words->length > 0 ? " " : "", sign, item);
}

static void diff_add(struct diff *diff, const char *what, const struct words *words)
{
	if (words->length > 0)
		json_array_append_new(
		        diff->changes, json_pack("{s:s, s:s}", "what", what, "text", words->text));
}

/* --- sets -------------------------------------------------------------------------------------------- */

static void add_addresses_less(
        struct words *words, char sign, const struct address_list *a, const struct address_list *b)
{
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < a->count; i++) {
		bool there = false;

		for (unsigned j = 0; !there && j < b->count; j++)
			there = address_compare(&a->at[i], &b->at[j]) == 0;
		address_render(&a->at[i], text);
		if (!there)
			words_add_item(words, sign, text);
	}
}

static void diff_addresses(struct diff *diff, const char *what, const struct address_list *before,
        const struct address_list *after)
{
	struct words words = {.length = 0};

	add_addresses_less(&words, '+', after, before);
	add_addresses_less(&words, '-', before, after);
	diff_add(diff, what, &words);
}

static void words_add_key(struct words *words, const struct diff *diff, char sign, const uint8_t *key)
{
	struct bytes name = node_name_of(diff->node, key);
	char text[MEMBER_NAME_MAX + KEY_SHORT_BYTES];

	if (name.length > 0)
		snprintf(text, sizeof text, "%.*s", (int)name.length, (const char *)name.data);
	else
		key_short_render(key, text);
	words_add_item(words, sign, text);
}

static bool list_holds(struct bytes list, const uint8_t *key)
{
	struct key_cursor cursor = key_cursor_of(list);

	for (const uint8_t *other = key_next(&cursor); other != NULL; other = key_next(&cursor)) {
		if (memcmp(other, key, KEY_SIZE) == 0)
			return true;
	}
	return false;
}

static void add_keys_less(
        struct words *words, const struct diff *diff, char sign, struct bytes a, struct bytes b)
{
	struct key_cursor cursor = key_cursor_of(a);

	for (const uint8_t *key = key_next(&cursor); key != NULL; key = key_next(&cursor)) {
		if (!list_holds(b, key))
			words_add_key(words, diff, sign, key);
	}
}

static void diff_keys(struct diff *diff, const char *what, struct bytes before, struct bytes after)
{
	struct words words = {.length = 0};

	add_keys_less(&words, diff, '+', after, before);
	add_keys_less(&words, diff, '-', before, after);
	diff_add(diff, what, &words);
}

/* How a head uses a relay, over all its relaysets. */
enum use { USE_NONE, USE_SUSPENDED, USE_CHOSEN };

static enum use relay_use(const struct head *head, const uint8_t *relay)
{
	enum use use = USE_NONE;
	struct relay_choice choice;

	for (unsigned i = 0; i < head->relayset_count; i++) {
		if (head_chooses(head, i, relay, &choice))
			use = choice.suspended && use != USE_CHOSEN ? USE_SUSPENDED : USE_CHOSEN;
	}
	return use;
}

/* Relays of `head` that `other` uses otherwise; each set in turn, a relay once. */
static void add_relays(struct words *words, const struct diff *diff, const struct head *head,
        const struct head *other, bool is_after)
{
	struct relay_choice relay;

	for (unsigned i = 0; i < head->relayset_count; i++) {
		struct relay_cursor cursor = relay_cursor_of(head, i);

		while (relay_next(&cursor, &relay)) {
			bool seen = false;

			for (unsigned j = 0; !seen && j < i; j++)
				seen = head_chooses(head, j, relay.relay, NULL);
			enum use use = relay_use(head, relay.relay), was = relay_use(other, relay.relay);

			if (seen || use == was || (!is_after && was != USE_NONE))
				continue;
			words_add_key(words, diff, is_after ? '+' : '-', relay.relay);
			if (is_after && was != USE_NONE)
				words_add(words,
				        use == USE_SUSPENDED ? "(suspended)" : "(no longer suspended)");
		}
	}
}

/* --- rows -------------------------------------------------------------------------------------------- */

static void diff_serial(struct diff *diff)
{
	struct words words = {.length = 0};

	if (diff->before->serial != diff->after->serial)
		words_add(&words, "new keys, serial %llu", (unsigned long long)diff->after->serial);
	diff_add(diff, "keys", &words);
}

static void diff_name(struct diff *diff)
{
	struct words words = {.length = 0};
	struct bytes before = diff->before->name, after = diff->after->name;

	if (!bytes_equal(before, after))
		words_add(&words, "%.*s, was %.*s", (int)after.length, (const char *)after.data,
		        (int)before.length, (const char *)before.data);
	diff_add(diff, "name", &words);
}

static void diff_vpn(struct diff *diff)
{
	diff_addresses(diff, "addresses", &diff->before->vpn, &diff->after->vpn);
	diff_addresses(diff, "public_addresses", &diff->before->public, &diff->after->public);
}

static void diff_ports(struct diff *diff)
{
	struct words words = {.length = 0};
	const struct head *before = diff->before, *after = diff->after;

	if (before->smtp_port != after->smtp_port)
		words_add(&words, "SMTP %u, was %u", after->smtp_port, before->smtp_port);
	if (before->mesh_port != after->mesh_port)
		words_add(&words, "%smesh %u, was %u", words.length > 0 ? "; " : "", after->mesh_port,
		        before->mesh_port);
	diff_add(diff, "ports", &words);
}

static void diff_roles(struct diff *diff)
{
	static const struct {
		uint64_t role;
		const char *text;
	} rows[] = {{HEAD_ROLE_HOME, "home"}, {HEAD_ROLE_RELAY, "relay"}, {HEAD_ROLE_PUBLISHER, "publisher"}};
	struct words words = {.length = 0};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t before = diff->before->roles & rows[i].role,
		         after = diff->after->roles & rows[i].role;

		if (before != after)
			words_add_item(&words, after != 0 ? '+' : '-', rows[i].text);
	}
	diff_add(diff, "roles", &words);
}

static void diff_claims(struct diff *diff)
{
	struct words words = {.length = 0};

	if (!bytes_equal(diff->before->chunks, diff->after->chunks))
		words_add(&words, "changed, version %llu", (unsigned long long)diff->after->claims_version);
	diff_add(diff, "claims", &words);
}

static void diff_relays(struct diff *diff)
{
	struct words words = {.length = 0};

	add_relays(&words, diff, diff->after, diff->before, true);
	add_relays(&words, diff, diff->before, diff->after, false);
	if (words.length == 0 && !bytes_equal(diff->before->relaysets, diff->after->relaysets))
		words_add(&words, "in other sets or preferences");
	diff_add(diff, "relays", &words);
}

static void diff_lists(struct diff *diff)
{
	struct words words = {.length = 0};

	diff_keys(diff, "vouches", diff->before->vouches, diff->after->vouches);
	diff_keys(diff, "denials", diff->before->denials, diff->after->denials);
	if (!bytes_equal(diff->before->handovers, diff->after->handovers))
		words_add(&words, "changed");
	diff_add(diff, "handovers", &words);
	words.length = 0;
	if (!bytes_equal(diff->before->digests, diff->after->digests))
		words_add(&words, "changed");
	diff_add(diff, "server_keys", &words);
}

json_t *head_diff(const struct node *node, const struct head *before, const struct head *after)
{
	static void (*const rows[])(struct diff *) = {diff_serial, diff_name, diff_vpn, diff_ports,
	        diff_roles, diff_claims, diff_relays, diff_lists};
	struct diff diff = {.node = node, .before = before, .after = after, .changes = json_array()};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		rows[i](&diff);
	return diff.changes;
}
