/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/glance.h"

#include <stdio.h>
#include <string.h>

#include "proto/departure.h"
#include "proto/key.h"

static struct bytes name_bytes(const char *domain)
{
	return bytes_of(domain, strlen(domain));
}

/* --- relays ------------------------------------------------------------------------------------------ */

void glance_carriers_get(struct glance_carriers *carriers, const struct glance *glance,
        const struct author *claimant, unsigned relayset)
{
	if (carriers->claimant == claimant && carriers->relayset == relayset)
		return;
	carriers->claimant = claimant;
	carriers->relayset = relayset;
	carriers->count = carriers_of(glance->node, claimant, relayset, carriers->at);
}

json_t *glance_serving(
        const struct glance *glance, const struct glance_carriers *carriers, const struct claim *claim)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < carriers->count; i++) {
		const struct carrier *carrier = &carriers->at[i];

		if (carrier_serves(carrier, claim->domain, claim->since) == SERVING_YES)
			json_array_append_new(array, json_string(glance_name(glance, carrier->choice.relay)));
	}
	return array;
}

/* How long the session with a relay stands; NULL: none, or ourselves. */
static json_t *session_age(const struct glance *glance, const uint8_t *key)
{
	const struct peer *peer = peers_up(glance->peers, key);

	return peer != NULL ? json_integer((glance->mono_ms - peer->up_ms) / 1000) : json_null();
}

json_t *glance_serving_tip(const struct glance *glance, enum serving serving, const uint8_t relay[KEY_SIZE],
        const uint8_t claimant[KEY_SIZE], struct bytes domain)
{
	if (!serving_wants_accept(serving))
		return json_string(serving_text(serving)->tip);
	if (memcmp(relay, claimant, KEY_SIZE) == 0)
		return json_sprintf("meshctl status at %s says how far it is", glance_name(glance, relay));
	return json_sprintf("%s has to run meshctl accept %.*s from %s; once done, meshctl status there "
	                    "says how far it is",
	        glance_name(glance, relay), (int)domain.length, (const char *)domain.data,
	        glance_name(glance, claimant));
}

json_t *glance_reasons(
        const struct glance *glance, const struct glance_carriers *carriers, const struct claim *claim)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < carriers->count; i++) {
		const struct carrier *carrier = &carriers->at[i];
		enum serving serving = carrier_serves(carrier, claim->domain, claim->since);
		const struct serving_text *text = serving_text(serving);

		json_array_append_new(array,
		        json_pack("{s:s, s:i, s:b, s:b, s:s, s:s, s:o, s:o}", "relay",
		                glance_name(glance, carrier->choice.relay), "preference",
		                carrier->choice.preference, "suspended", carrier->choice.suspended, "serves",
		                serving == SERVING_YES, "why", text->word, "detail", text->phrase, "tip",
		                glance_serving_tip(glance, serving, carrier->choice.relay,
		                        carriers->claimant->key, claim->domain),
		                "session_s", session_age(glance, carrier->choice.relay)));
	}
	return array;
}

static bool is_written_here(const struct glance *glance, const char *domain)
{
	const struct settings *settings = glance->node->settings;

	for (unsigned i = 0; i < settings->zone_count; i++) {
		if (settings->zones[i].pool || strcmp(settings->zones[i].name.text, domain) == 0)
			return true;
	}
	return false;
}

json_t *glance_published(const struct glance *glance, const char *domain, bool with_fixed)
{
	const struct published *published = &glance->publisher->published;
	const struct published_mx *mx = published_mx_find(published, name_bytes(domain));
	json_t *array;

	if (!is_written_here(glance, domain))
		return NULL;
	array = json_array();
	for (; mx != NULL && mx < published->mx + published->mx_count; mx++) {
		if (strcmp(mx->domain.text, domain) != 0)
			break;
		json_array_append_new(array, json_string(glance_name(glance, mx->relay)));
	}
	for (unsigned i = 0; with_fixed && i < published->fixed_count; i++) {
		if (strcmp(published->fixed[i].domain.text, domain) == 0)
			json_array_append_new(array, json_string(published->fixed[i].host.text));
	}
	return array;
}

/* --- own --------------------------------------------------------------------------------------------- */

/* Why a claim that the operator made isn't in our head. */
static json_t *unsigned_claim(const struct glance *glance, const char *domain)
{
	enum standing policy = policy_judge(glance->node->settings, name_bytes(domain));
	const char *why = own_waits_for(core_own(glance->agent->core), glance->node);
	const char *tip = "";

	if (policy != STANDING_ACTIVE) {
		why = standing_text(policy)->phrase;
		tip = standing_text(policy)->tip;
	} else if (!glance->node->settings->has_mta) {
		why = "no postfix section in meshd.conf, so nobody can say that the mail is at home here";
		tip = "add postfix { config_dir = \"/etc/postfix\" } and reload";
	} else if (why == NULL &&
	           local_names_get(&glance->node->local, name_bytes(domain)) == LOCALITY_FOREIGN) {
		why = "this MTA doesn't hold the domain as local yet";
		tip = "add it to mydestination or virtual_mailbox_domains";
	} else if (why == NULL) {
		why = "the MTA is being asked whether it holds the domain";
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:[]}", "domain", domain, "state", "waiting", "detail", why,
	        "tip", tip, "relays");
}

/* A claim leaves the head only by the operator's word, so this is an alarm. */
static void say_not_held(json_t *data)
{
	json_object_set_new(data, "state", json_string("not-held"));
	json_object_set_new(
	        data, "detail", json_string("claimed, but this MTA doesn't hold the domain any more"));
	json_object_set_new(data, "tip",
	        json_string("put it back into mydestination or virtual_mailbox_domains, or: meshctl release "
	                    "DOMAIN"));
}

json_t *glance_own_domain(
        const struct glance *glance, const char *domain, struct glance_carriers *carriers, bool verbose)
{
	const struct author *self = node_self(glance->node);
	struct claim claim;
	json_t *relays, *data;
	bool serves;

	if (!author_claim_find(self, name_bytes(domain), &claim)) {
		data = unsigned_claim(glance, domain);
	} else {
		glance_carriers_get(carriers, glance, self, claim.relayset);
		relays = glance_serving(glance, carriers, &claim);
		serves = json_array_size(relays) > 0;
		data = json_pack("{s:s, s:s, s:s, s:s, s:o}", "domain", domain, "state",
		        serves ? "ok" : "claimed", "detail", serves ? "" : "no relay serves it yet", "tip",
		        serves ? "" : "ask a member that you pinned to run: meshctl accept DOMAIN from you",
		        "relays", relays);
		if (verbose)
			json_object_set_new(data, "reasons", glance_reasons(glance, carriers, &claim));
		if (local_names_get(&glance->node->local, name_bytes(domain)) == LOCALITY_FOREIGN)
			say_not_held(data);
	}
	json_object_set_new(data, "own", json_true());
	json_object_set_new(data, "from", json_string(glance->node->settings->name));
	json_object_set_new(data, "published", glance_published(glance, domain, true));
	json_object_set_new(data, "public_dns", glance_public_dns(glance, domain, verbose));
	return data;
}

json_t *glance_own_domains(const struct glance *glance, bool verbose)
{
	const struct settings *settings = glance->node->settings;
	struct glance_carriers carriers = {.count = 0};
	json_t *array = json_array();

	for (unsigned i = 0; i < settings->claim_count; i++)
		json_array_append_new(
		        array, glance_own_domain(glance, settings->claims[i].text, &carriers, verbose));
	return array;
}

/* --- carried ----------------------------------------------------------------------------------------- */

json_t *glance_row(const struct glance *glance, const struct table_row *row)
{
	struct row_progress progress = departure_progress(glance->node, row);
	char text[768];

	if (row->state == ROW_IN && row->reason == STANDING_ACTIVE)
		return json_null();
	departure_say(glance->node, row, text, sizeof text);
	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:b, s:s}", "state",
	        row_state_word(row->state), "reason", standing_text(row->reason)->word, "since_s",
	        (json_int_t)(row->state_ms / 1000), "elapsed_s", (json_int_t)(progress.elapsed_ms / 1000),
	        "awaits", awaited_word(progress.awaited), "done_s", (json_int_t)(progress.done_ms / 1000),
	        "needed_s", (json_int_t)(progress.needed_ms / 1000), "last_s",
	        (json_int_t)(progress.last_ms / 1000), "held", row->waits, "detail", text);
}

/* How far a domain has come into our MTA. */
struct progress {
	const char *state;
	const char *detail;
};

static struct progress progress_of(
        const struct glance *glance, const struct target *target, enum standing standing)
{
	if (target != NULL && target->verified && !target->shadowed)
		return (struct progress){"verified", ""};
	if (target != NULL && target->shadowed)
		return (struct progress){"shadowed",
		        "another transport map of Postfix answers before ours: the admin's word wins"};
	if (target != NULL && target->installed)
		return (struct progress){"applied", target->refusals > 0
		                                            ? "Postfix refuses it: see meshctl setup postfix"
		                                            : "Postfix is being asked"};
	if (standing == STANDING_ACTIVE)
		return (struct progress){"active",
		        glance->node->settings->observe ? "observing only" : "going into the tables"};
	return (struct progress){"inactive", standing_text(standing)->phrase};
}

/* A row on its way out says so itself. */
static void say_departure(const struct glance *glance, const struct table_row *row, json_t *data)
{
	json_t *departure = glance_row(glance, row);

	if (!json_is_null(departure) && row->state != ROW_IN)
		json_object_set(data, "state", json_object_get(departure, "state"));
	if (!json_is_null(departure))
		json_object_set(data, "detail", json_object_get(departure, "detail"));
	json_object_set_new(data, "departure", departure);
}

/* Seconds since the MTA last took mail for it when asked; null: not since the start. */
static json_t *tested_age(const struct glance *glance, const struct target *target)
{
	if (target == NULL || target->good_ms == 0)
		return json_null();
	return json_integer((glance->mono_ms - target->good_ms) / 1000);
}

json_t *glance_claim(const struct glance *glance, const struct author *author, const struct claim *claim,
        unsigned index, struct glance_carriers *carriers, bool verbose)
{
	const struct table_row *row = table_rows_find(&glance->relay->applied, claim->domain);
	enum standing standing =
	        standing_of(glance->node, author, claim, index, row_incumbent(row, author->key));
	const struct target *target =
	        verification_target(&glance->relay->verification, claim->domain, author->key);
	struct progress progress = progress_of(glance, target, standing);
	char domain[DOMAIN_LENGTH_MAX + 1];
	json_t *data;

	memcpy(domain, claim->domain.data, claim->domain.length);
	domain[claim->domain.length] = '\0';
	glance_carriers_get(carriers, glance, author, claim->relayset);
	data = json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "domain", domain, "own", 0, "from",
	        glance_name(glance, author->key), "state", progress.state, "standing",
	        standing_text(standing)->word, "detail", progress.detail, "tip",
	        standing == STANDING_ACTIVE ? "" : standing_text(standing)->tip, "tested_s",
	        tested_age(glance, target), "relays", glance_serving(glance, carriers, claim));
	if (verbose)
		json_object_set_new(data, "reasons", glance_reasons(glance, carriers, claim));
	if (row != NULL && memcmp(row->author, author->key, KEY_SIZE) == 0)
		say_departure(glance, row, data);
	json_object_set_new(data, "published", glance_published(glance, domain, true));
	json_object_set_new(data, "public_dns", glance_public_dns(glance, domain, verbose));
	return data;
}

static void add_claims_of(
        const struct glance *glance, const struct author *author, bool verbose, json_t *array)
{
	struct author_claims claims = author_claims_of(author);
	struct glance_carriers carriers = {.count = 0};
	struct claim claim;

	for (unsigned index = 0; author_claims_next(&claims, &claim); index++)
		json_array_append_new(array, glance_claim(glance, author, &claim, index, &carriers, verbose));
}

static json_t *kept_row(const struct glance *glance, const struct table_row *row, bool held)
{
	const struct target *target =
	        verification_target(&glance->relay->verification, name_bytes(row->domain.text), row->author);
	enum standing standing = row->reason != STANDING_ACTIVE ? row->reason : STANDING_UNHEARD;
	json_t *data = json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:o, s:[]}", "domain", row->domain.text,
	        "own", 0, "from", glance_name(glance, row->author), "state", "kept", "standing",
	        standing_text(standing)->word, "detail",
	        held ? "its claimant doesn't claim it any more"
	             : "kept as it was: its claimant's statements haven't been heard since the start",
	        "tip", standing_text(standing)->tip, "tested_s", tested_age(glance, target), "relays");

	say_departure(glance, row, data);
	return data;
}

/* Rows of the tables behind which no claim stands. */
static void add_kept(const struct glance *glance, json_t *array)
{
	const struct table_rows *applied = &glance->relay->applied;
	struct claim claim;

	for (unsigned i = 0; i < applied->count; i++) {
		const struct table_row *row = &applied->rows[i];
		const struct author *author = archive_find(&glance->node->archive, row->author);
		bool held = author != NULL && author->head != NULL;

		if (!held || !author_claim_find(author, name_bytes(row->domain.text), &claim))
			json_array_append_new(array, kept_row(glance, row, held));
	}
}

json_t *glance_carried(const struct glance *glance, bool verbose)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < glance->node->archive.count; i++) {
		const struct author *author = glance->node->archive.authors[i];

		if (author->head != NULL && memcmp(author->key, glance->node->key, KEY_SIZE) != 0 &&
		        glance->node->settings->has_mta)
			add_claims_of(glance, author, verbose, array);
	}
	add_kept(glance, array);
	return array;
}
