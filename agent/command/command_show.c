/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `show MEMBER|DOMAIN`: what was signed, decoded: a member's certificate, head, claims and carriage, or all
 * that is signed about a domain. What stands in it is the author's word, whether it counts here or not.
 */
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"
#include "proto/domain.h"
#include "proto/key.h"

#define USAGE "meshctl show MEMBER|DOMAIN"

enum { NAMES_MAX = 1000 }; /* of one claimant's domains in a carriage: the rest is counted */

static json_t *key_json(const uint8_t *key)
{
	char text[KEY_TEXT_BYTES];

	key_render(key, text);
	return json_string(text);
}

/* A place in the order, and the time that it means. */
static void add_order(json_t *data, uint64_t serial, uint64_t seq)
{
	json_object_set_new(data, "serial", glance_number(serial));
	json_object_set_new(data, "seq", glance_number(seq));
	json_object_set_new(data, "signed_s", glance_number(seq / 1000));
}

static json_t *addresses_json(const struct address_list *list)
{
	char text[ADDRESS_TEXT_BYTES];
	json_t *array = json_array();

	for (unsigned i = 0; i < list->count; i++) {
		address_render(&list->at[i], text);
		json_array_append_new(array, json_string(text));
	}
	return array;
}

static json_t *keys_json(const struct glance *glance, struct bytes list)
{
	struct key_cursor cursor = key_cursor_of(list);
	json_t *array = json_array();

	for (const uint8_t *key = key_next(&cursor); key != NULL; key = key_next(&cursor))
		json_array_append_new(array, json_string(glance_name(glance, key)));
	return array;
}

static json_t *relayset_json(const struct glance *glance, const struct head *head, unsigned index)
{
	struct relay_cursor cursor = relay_cursor_of(head, index);
	struct relay_choice choice;
	json_t *array = json_array();

	while (relay_next(&cursor, &choice))
		json_array_append_new(
		        array, json_pack("{s:s, s:o, s:i, s:b}", "relay", glance_name(glance, choice.relay),
		                       "key", key_json(choice.relay), "preference", choice.preference,
		                       "suspended", choice.suspended));
	return array;
}

static json_t *relaysets_json(const struct glance *glance, const struct head *head)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < head->relayset_count; i++)
		json_array_append_new(array, relayset_json(glance, head, i));
	return array;
}

static json_t *certificate_json(const struct author *author)
{
	const struct certificate *certificate = &author->certificate;

	if (author->certificate_held.data == NULL)
		return json_null();
	return json_pack("{s:o, s:o, s:b}", "serial", glance_number(certificate->serial), "not_after_s",
	        glance_number(certificate->not_after_s), "ended", author_is_killed(author));
}

static json_t *head_json(const struct glance *glance, const struct author *author)
{
	const struct head *head;
	json_t *data;

	if (author->head == NULL)
		return json_null();
	head = &author->head->head;
	data = json_pack("{s:s%, s:o, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:i}", "name",
	        (const char *)head->name.data, head->name.length, "vpn", addresses_json(&head->vpn), "public",
	        addresses_json(&head->public), "smtp_port", head->smtp_port, "mesh_port", head->mesh_port,
	        "roles", glance_roles(head->roles), "claims_version", glance_number(head->claims_version),
	        "vouches", keys_json(glance, head->vouches), "denials", keys_json(glance, head->denials),
	        "relaysets", relaysets_json(glance, head), "chunks", (int)head->chunk_count);
	add_order(data, head->serial, head->seq);
	json_object_set_new(data, "pending", json_boolean(author->pending != NULL));
	json_object_set_new(data, "not_understood", json_boolean(author->beyond != NULL));
	return data;
}

/* --- claims ----------------------------------------------------------------------------------------------
 */

static json_t *fixed_mx_json(const struct claim *claim)
{
	struct fixed_mx_cursor cursor = fixed_mx_cursor_of(claim->fixed_mx);
	struct bytes host;
	uint16_t preference;
	json_t *array = json_array();

	while (fixed_mx_next(&cursor, &host, &preference))
		json_array_append_new(array, json_pack("{s:s%, s:i}", "host", (const char *)host.data,
		                                     host.length, "preference", preference));
	return array;
}

static json_t *claim_json(const struct glance *glance, const struct claim *claim)
{
	return json_pack("{s:s%, s:o, s:o, s:i, s:o, s:o}", "domain", (const char *)claim->domain.data,
	        claim->domain.length, "since", glance_number(claim->since), "since_s",
	        glance_number(claim->since / 1000), "relayset", (int)claim->relayset, "homes",
	        keys_json(glance, claim->homes), "fixed_mx", fixed_mx_json(claim));
}

static json_t *claims_json(const struct glance *glance, const struct author *author)
{
	struct author_claims claims = author_claims_of(author);
	struct claim claim;
	json_t *array = json_array();

	while (author_claims_next(&claims, &claim))
		json_array_append_new(array, claim_json(glance, &claim));
	return array;
}

/* --- carriage --------------------------------------------------------------------------------------------
 */

struct served {
	json_t *domains; /* NAMES_MAX at most */
	unsigned count;
};

/* Carriages name domains by hashes: those are told that the claimant's head, as held, has. */
static struct served served_of(const struct author *claimant, const struct carriage_entry *entry)
{
	struct served served = {.domains = json_array()};
	struct author_claims claims;
	struct claim claim;
	uint8_t name[NAME_HASH_SIZE];

	if (claimant == NULL || claimant->head == NULL)
		return served;
	claims = author_claims_of(claimant);
	while (author_claims_next(&claims, &claim)) {
		domain_hash(claim.domain, name);
		if (!carriage_serves(entry, name, claim.since))
			continue;
		if (served.count++ < NAMES_MAX)
			json_array_append_new(served.domains,
			        json_stringn((const char *)claim.domain.data, claim.domain.length));
	}
	return served;
}

static json_t *entry_json(const struct glance *glance, const struct carriage_entry *entry)
{
	const struct author *claimant = archive_find(&glance->node->archive, entry->claimant);
	struct served served = served_of(claimant, entry);

	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:i, s:i, s:o, s:i, s:b}", "claimant",
	        glance_name(glance, entry->claimant), "key", key_json(entry->claimant), "version",
	        glance_number(entry->version), "version_s", glance_number(entry->version / 1000), "mode",
	        entry->mode == CARRIAGE_ONLY ? "only" : "all but", "listed",
	        (int)(entry->listed.length / NAME_HASH_SIZE), "leaving",
	        (int)(entry->leaving.length / NAME_HASH_SIZE), "serves", served.domains, "serves_count",
	        (int)served.count, "claims_held", claimant != NULL && claimant->head != NULL);
}

static json_t *carriage_json(const struct glance *glance, const struct author *author)
{
	struct carriage_cursor cursor;
	struct carriage_entry entry;
	json_t *data, *entries;

	if (author->carriage_held.data == NULL)
		return json_null();
	entries = json_array();
	cursor = carriage_cursor_of(&author->carriage);
	while (carriage_next(&cursor, &entry))
		json_array_append_new(entries, entry_json(glance, &entry));
	data = json_pack("{s:o}", "entries", entries);
	add_order(data, author->carriage.serial, author->carriage.seq);
	return data;
}

static json_t *show_member(const struct glance *glance, const uint8_t *key)
{
	const struct author *author = archive_find(&glance->node->archive, key);
	json_t *data = json_pack("{s:s, s:s, s:o, s:b}", "kind", "member", "name", glance_name(glance, key),
	        "key", key_json(key), "held", author != NULL);

	if (author == NULL)
		return data;
	json_object_set_new(data, "certificate", certificate_json(author));
	json_object_set_new(data, "head", head_json(glance, author));
	json_object_set_new(data, "claims", claims_json(glance, author));
	json_object_set_new(data, "carriage", carriage_json(glance, author));
	json_object_set_new(data, "equivocated", json_boolean(author->equivocated));
	return data;
}

/* --- a domain --------------------------------------------------------------------------------------------
 */

/* Relays whose carriage serves the claimant's domain, chosen or not. */
static json_t *carriers_json(
        const struct glance *glance, const struct author *claimant, const struct claim *claim)
{
	json_t *array = json_array();
	uint8_t name[NAME_HASH_SIZE];

	domain_hash(claim->domain, name);
	for (unsigned i = 0; i < glance->node->archive.count; i++) {
		const struct author *relay = glance->node->archive.authors[i];
		struct carriage_entry entry;

		if (relay->carriage_held.data == NULL ||
		        !carriage_find(&relay->carriage, claimant->key, &entry) ||
		        !carriage_serves(&entry, name, claim->since))
			continue;
		json_array_append_new(
		        array, json_pack("{s:s, s:o, s:b, s:b, s:o}", "relay",
		                       glance_name(glance, relay->key), "key", key_json(relay->key),
		                       "leaving", carriage_is_leaving(&entry, name), "chosen",
		                       head_chooses(&claimant->head->head, claim->relayset, relay->key, NULL),
		                       "signed_s", glance_number(relay->carriage.seq / 1000)));
	}
	return array;
}

static json_t *claimant_json(
        const struct glance *glance, const struct author *author, const struct claim *claim)
{
	const struct head *head = &author->head->head;
	json_t *data = claim_json(glance, claim);

	json_object_set_new(data, "claimant", json_string(glance_name(glance, author->key)));
	json_object_set_new(data, "key", key_json(author->key));
	json_object_set_new(data, "relays", relayset_json(glance, head, claim->relayset));
	json_object_set_new(data, "carriers", carriers_json(glance, author, claim));
	add_order(data, head->serial, head->seq);
	return data;
}

static json_t *show_domain(const struct glance *glance, const char *domain)
{
	json_t *claims = json_array();
	struct claim claim;

	for (unsigned i = 0; i < glance->node->archive.count; i++) {
		const struct author *author = glance->node->archive.authors[i];

		if (author_claim_find(author, bytes_of(domain, strlen(domain)), &claim))
			json_array_append_new(claims, claimant_json(glance, author, &claim));
	}
	return json_pack("{s:s, s:s, s:o}", "kind", "domain", "domain", domain, "claims", claims);
}

json_t *command_show(struct agent *agent, const json_t *args, struct control_error *error)
{
	const char *word;
	const struct control_arg rows[] = {{"what", &word, true}};
	struct glance glance = glance_of(agent);
	uint8_t key[KEY_SIZE];
	const char *fault;

	if (!control_args_get(args, rows, 1, USAGE, error))
		return NULL;
	if (strchr(word, '.') == NULL)
		return glance_resolve(&glance, word, key, error) ? show_member(&glance, key) : NULL;
	fault = domain_fault(word, strlen(word));
	if (fault != NULL)
		return control_usage(
		        error, USAGE, "\"%s\" %s", complaint_quote(word, strlen(word)).text, fault);
	return show_domain(&glance, word);
}
