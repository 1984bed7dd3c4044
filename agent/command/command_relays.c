/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `relays`: whom this node's domains are carried by, who serves how many of them, and why not the rest, as
 * far as the objects held tell. With many domains and relays each reason is told once, with some of its
 * domains.
 */
#include <string.h>

#include "agent/command/commands.h"
#include "agent/glance/glance.h"
#include "proto/key.h"
#include "proto/naming.h"

enum { EXAMPLES_MAX = 20 }; /* domains listed with a reason: a page */

/* How one relay stands to all own domains. */
struct tally {
	unsigned counts[SERVINGS];
	json_t *examples[SERVINGS];
};

static void tally_domain(struct tally *tally, const struct carrier *carrier, const struct claim *claim)
{
	enum serving serving = carrier_serves(carrier, claim->domain, claim->since);

	tally->counts[serving]++;
	if (serving == SERVING_YES || tally->counts[serving] > EXAMPLES_MAX)
		return;
	if (tally->examples[serving] == NULL)
		tally->examples[serving] = json_array();
	json_array_append_new(tally->examples[serving],
	        json_stringn((const char *)claim->domain.data, claim->domain.length));
}

/* All claims of a relayset, relay by relay. */
static void tally_all(const struct author *self, const struct carrier *carriers, unsigned count,
        unsigned relayset, struct tally *tallies)
{
	struct author_claims claims = author_claims_of(self);
	struct claim claim;

	while (author_claims_next(&claims, &claim)) {
		if (claim.relayset != relayset)
			continue;
		for (unsigned i = 0; i < count; i++)
			tally_domain(&tallies[i], &carriers[i], &claim);
	}
}

/* The one domain, or a word for several. */
static struct bytes example_of(const struct tally *tally, unsigned serving)
{
	const json_t *first = json_array_get(tally->examples[serving], 0);

	if (tally->counts[serving] > 1)
		return bytes_of("DOMAIN", strlen("DOMAIN"));
	return bytes_of(json_string_value(first), json_string_length(first));
}

/* Takes the examples. */
static json_t *reasons_json(const struct glance *glance, const uint8_t *relay, struct tally *tally)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < SERVINGS; i++) {
		const struct serving_text *text = serving_text((enum serving)i);
		json_t *tip;

		if (i == SERVING_YES || tally->counts[i] == 0)
			continue;
		tip = glance_serving_tip(
		        glance, (enum serving)i, relay, glance->node->key, example_of(tally, i));
		json_array_append_new(array,
		        json_pack("{s:s, s:s, s:o, s:i, s:o}", "why", text->word, "detail", text->phrase,
		                "tip", tip, "count", (int)tally->counts[i], "domains", tally->examples[i]));
	}
	return array;
}

static const char *session_of(const struct glance *glance, const uint8_t *key)
{
	if (memcmp(key, glance->node->key, KEY_SIZE) == 0)
		return "self";
	return peers_up(glance->peers, key) != NULL ? "up" : "down";
}

static json_t *relay_json(const struct glance *glance, const struct carrier *carrier, struct tally *tally)
{
	const uint8_t *key = carrier->choice.relay;
	char text[KEY_TEXT_BYTES], evidence[160];
	unsigned total = 0;

	for (unsigned i = 0; i < SERVINGS; i++)
		total += tally->counts[i];
	key_render(key, text);
	naming_evidence(glance->publisher, glance->node, key, evidence);
	return json_pack("{s:s, s:s, s:i, s:b, s:b, s:s, s:s, s:i, s:i, s:o}", "relay",
	        glance_name(glance, key), "key", text, "preference", carrier->choice.preference, "suspended",
	        carrier->choice.suspended, "by_hand",
	        settings_relay_choice(glance->node->settings, key) != NULL, "session",
	        session_of(glance, key), "evidence", evidence, "serves", (int)tally->counts[SERVING_YES],
	        "of", (int)total, "reasons", reasons_json(glance, key, tally));
}

static json_t *chosen_json(const struct glance *glance)
{
	const struct author *self = node_self(glance->node);
	struct carrier carriers[RELAYSET_RELAYS_MAX];
	struct tally tallies[RELAYSET_RELAYS_MAX] = {{.counts = {0}}};
	json_t *array = json_array();
	unsigned count = 0;

	if (self->head != NULL) {
		count = carriers_of(glance->node, self, 0, carriers);
		tally_all(self, carriers, count, 0, tallies);
	}
	for (unsigned i = 0; i < count; i++)
		json_array_append_new(array, relay_json(glance, &carriers[i], &tallies[i]));
	return array;
}

/* Why a pin, or this node, isn't among the chosen. */
static const char *why_left_out(const struct glance *glance, const uint8_t *key)
{
	const struct relay_choice_setting *said = settings_relay_choice(glance->node->settings, key);
	const struct author *author = archive_find(&glance->node->archive, key);

	if (said != NULL && said->excluded)
		return "left out by you: meshctl relay add brings it back";
	if (settings_denies(glance->node->settings, key))
		return "denied here";
	if (author != NULL && author_is_killed(author))
		return serving_text(SERVING_KILLED)->phrase;
	if (author == NULL || author->head == NULL)
		return serving_text(SERVING_NO_HEAD)->phrase;
	if ((author->head->head.roles & HEAD_ROLE_RELAY) == 0)
		return serving_text(SERVING_NO_OFFER)->phrase;
	return "not chosen yet";
}

static void add_left_out(const struct glance *glance, const uint8_t *key, json_t *array)
{
	const struct author *self = node_self(glance->node);
	char text[KEY_TEXT_BYTES];

	if (self->head != NULL && head_chooses(&self->head->head, 0, key, NULL))
		return;
	key_render(key, text);
	json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "relay", glance_name(glance, key), "key",
	                                     text, "detail", why_left_out(glance, key)));
}

static json_t *left_out_json(const struct glance *glance)
{
	const struct settings *settings = glance->node->settings;
	json_t *array = json_array();

	if (node_self(glance->node)->head == NULL || node_self(glance->node)->head->claim_count == 0)
		return array;
	for (unsigned i = 0; i < settings->pin_count; i++)
		add_left_out(glance, settings->pins[i].key, array);
	if (settings_relay_choice(settings, glance->node->key) != NULL)
		add_left_out(glance, glance->node->key, array);
	return array;
}

json_t *command_relays(struct agent *agent, const json_t *args, struct control_error *error)
{
	struct glance glance = glance_of(agent);
	const struct author *self = node_self(glance.node);

	if (!control_args_get(args, NULL, 0, "meshctl relays", error))
		return NULL;
	return json_pack("{s:s, s:s, s:i, s:o, s:o}", "me", agent->config.name, "carry",
	        config_carry_text(glance.node->settings->carry), "domains",
	        self->head != NULL ? (int)self->head->claim_count : 0, "relays", chosen_json(&glance),
	        "left_out", left_out_json(&glance));
}
