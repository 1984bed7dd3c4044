/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/serving.h"

static const struct serving_text texts[SERVINGS] = {
        [SERVING_YES] = {"serving", "serving", ""},
        [SERVING_LEAVING] = {"leaving", "serving still, but leaving", ""},
        [SERVING_SUSPENDED] = {"suspended", "suspended: it refused mail for the domain", ""},
        [SERVING_NO_ADDRESS] = {"no-address", "serves, but names no public address",
                "it needs public_address in meshd.conf"},
        [SERVING_DENIED] = {"denied", "denied here", "the file denies names it"},
        [SERVING_KILLED] = {"killed", "its identity was ended by its owner", ""},
        [SERVING_NO_HEAD] = {"no-head", "nothing was heard of it yet", "see meshctl members"},
        [SERVING_NO_OFFER] = {"no-offer", "doesn't offer to relay",
                "there: meshctl relay carry pins, and observe = no in meshd.conf"},
        [SERVING_NO_CARRIAGE] = {"no-carriage", "has never said that it serves anything", ""},
        [SERVING_NOT_CARRIED] = {"not-carried",
                "serves nothing of this claimant's: not accepted there, or not verified yet", ""},
        [SERVING_NOT_YET] = {"not-yet", "doesn't know of the claim yet, or hasn't verified it", ""},
        [SERVING_NOT_LISTED] = {"not-listed", "doesn't serve it: not accepted there, or not verified yet",
                ""},
};

const struct serving_text *serving_text(enum serving serving)
{
	return &texts[serving < SERVINGS ? serving : SERVING_NO_HEAD];
}

bool serving_wants_accept(enum serving serving)
{
	return serving == SERVING_NO_CARRIAGE || serving == SERVING_NOT_CARRIED ||
	       serving == SERVING_NOT_YET || serving == SERVING_NOT_LISTED;
}

static enum serving judge(const struct node *node, const struct carrier *carrier)
{
	const struct author *author = carrier->author;

	if (settings_denies(node->settings, carrier->choice.relay))
		return SERVING_DENIED;
	if (author != NULL && author_is_killed(author))
		return SERVING_KILLED;
	if (author == NULL || author->head == NULL)
		return SERVING_NO_HEAD;
	if (carrier->has_entry)
		return SERVING_YES;
	if ((author->head->head.roles & HEAD_ROLE_RELAY) == 0)
		return SERVING_NO_OFFER;
	return author->carriage_held.data == NULL ? SERVING_NO_CARRIAGE : SERVING_NOT_CARRIED;
}

struct carrier carrier_of(
        const struct node *node, const uint8_t claimant[KEY_SIZE], const struct relay_choice *choice)
{
	struct carrier carrier = {.choice = *choice, .author = archive_find(&node->archive, choice->relay)};

	if (carrier.author != NULL && carrier.author->carriage_held.data != NULL)
		carrier.has_entry = carriage_find(&carrier.author->carriage, claimant, &carrier.entry);
	carrier.general = judge(node, &carrier);
	return carrier;
}

unsigned carriers_of(const struct node *node, const struct author *claimant, unsigned relayset,
        struct carrier carriers[RELAYSET_RELAYS_MAX])
{
	struct relay_cursor cursor = relay_cursor_of(&claimant->head->head, relayset);
	struct relay_choice choice;
	unsigned count = 0;

	while (count < RELAYSET_RELAYS_MAX && relay_next(&cursor, &choice))
		carriers[count++] = carrier_of(node, claimant->key, &choice);
	return count;
}

enum serving carrier_serves(const struct carrier *carrier, struct bytes domain, uint64_t since)
{
	uint8_t name[NAME_HASH_SIZE];

	if (carrier->general != SERVING_YES)
		return carrier->general;
	if (since > carrier->entry.version)
		return SERVING_NOT_YET;
	domain_hash(domain, name);
	if (!carriage_serves(&carrier->entry, name, since))
		return SERVING_NOT_LISTED;
	if (carriage_is_leaving(&carrier->entry, name))
		return SERVING_LEAVING;
	if (carrier->choice.suspended)
		return SERVING_SUSPENDED;
	return carrier->author->head->head.public.count == 0 ? SERVING_NO_ADDRESS : SERVING_YES;
}
