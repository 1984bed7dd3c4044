/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/plan_crew.h"

#include <stdlib.h>

#include <sodium.h>

static struct relay_info info_of(const struct node *node, const struct may *may, const struct author *author)
{
	return (struct relay_info){
	        .author = author,
	        .is_barred = settings_denies(node->settings, author->key) || author_is_killed(author),
	        .is_held = author->head != NULL && author->carriage_held.data != NULL,
	        .in_view = view_contains(&node->view, author->key),
	        .health = may->health(may->context, author->key),
	};
}

enum result crews_init(struct crews *crews, const struct node *node, const struct may *may)
{
	const struct archive *archive = &node->archive;

	*crews = (struct crews){.node = node, .may = may};
	crews->infos = calloc(archive->max + 1, sizeof *crews->infos);
	crews->claimants = calloc(archive->max + 1, sizeof *crews->claimants);
	if (crews->infos == NULL || crews->claimants == NULL) {
		crews_fini(crews);
		return RESULT_NO_MEMORY;
	}
	for (unsigned i = 0; i < archive->count; i++) {
		const struct author *author = archive->authors[i];
		struct claimant *claimant = &crews->claimants[author->slot];

		crews->infos[author->slot] = info_of(node, may, author);
		claimant->author = author->head != NULL ? author : NULL;
		claimant->counts = author->head != NULL && crews->infos[author->slot].in_view;
	}
	return RESULT_OK;
}

void crews_fini(struct crews *crews)
{
	/* Only those in use: most slots were never touched. */
	for (unsigned i = 0; crews->claimants != NULL && i < crews->node->archive.count; i++) {
		struct claimant *claimant = &crews->claimants[crews->node->archive.authors[i]->slot];

		for (unsigned k = 0; k < HEAD_RELAYSETS_MAX; k++)
			free(claimant->crews[k].members);
	}
	free(crews->infos);
	free(crews->claimants);
	*crews = (struct crews){.node = NULL};
}

const struct relay_info *crews_relay(const struct crews *crews, const uint8_t relay[KEY_SIZE])
{
	const struct author *author = archive_find(&crews->node->archive, relay);

	return author != NULL ? &crews->infos[author->slot] : NULL;
}

struct claimant *crews_claimant(const struct crews *crews, const uint8_t key[KEY_SIZE])
{
	const struct author *author = archive_find(&crews->node->archive, key);

	return author != NULL && author->head != NULL ? &crews->claimants[author->slot] : NULL;
}

static struct relay_link link_of(const struct crews *crews, const uint8_t *relay, const uint8_t *claimant)
{
	if (crews->may->link == NULL)
		return (struct relay_link){.linked = true, .firm = true};
	return crews->may->link(crews->may->context, relay, claimant);
}

/* --- inputs ------------------------------------------------------------------------------------------- */

static void hash_relay(const struct crews *crews, const uint8_t *claimant, const uint8_t *relay,
        crypto_generichash_state *state)
{
	const struct relay_info *info = crews_relay(crews, relay);
	struct relay_link link = link_of(crews, relay, claimant);
	uint8_t bits[8] = {0};

	if (info == NULL) {
		crypto_generichash_update(state, bits, 1);
		return;
	}
	bits[0] = 1;
	bits[1] = info->is_barred;
	bits[2] = info->in_view;
	bits[3] = info->health.up;
	bits[4] = info->health.addable;
	bits[5] = info->health.draining;
	bits[6] = link.linked;
	bits[7] = link.firm;
	crypto_generichash_update(state, bits, sizeof bits);
	if (info->author->head != NULL)
		crypto_generichash_update(state, info->author->head->held.order.hash, HASH_SIZE);
	crypto_generichash_update(state, info->author->carriage_held.order.hash, HASH_SIZE);
}

void crews_hash_inputs(const struct crews *crews, struct claimant *claimant)
{
	const struct head *head = &claimant->author->head->head;
	uint8_t remove = crews->may->remove;
	crypto_generichash_state state;
	struct relay_choice choice;

	crypto_generichash_init(&state, NULL, 0, HASH_SIZE);
	crypto_generichash_update(&state, &remove, 1);
	crypto_generichash_update(&state, claimant->author->head->held.order.hash, HASH_SIZE);
	for (unsigned i = 0; i < head->relayset_count; i++) {
		struct relay_cursor cursor = relay_cursor_of(head, i);

		while (relay_next(&cursor, &choice))
			hash_relay(crews, claimant->author->key, choice.relay, &state);
	}
	crypto_generichash_final(&state, claimant->inputs, HASH_SIZE);
}

/* --- crews -------------------------------------------------------------------------------------------- */

static struct crew_member member_of(
        const struct crews *crews, const uint8_t *claimant, const struct relay_choice *choice)
{
	struct crew_member member = {.relay = choice->relay,
	        .preference = choice->preference,
	        .suspended = choice->suspended,
	        .info = crews_relay(crews, choice->relay),
	        .is_barred = settings_denies(crews->node->settings, choice->relay),
	        .link = link_of(crews, choice->relay, claimant)};

	member.is_barred |= member.info != NULL && member.info->is_barred;
	if (member.info != NULL && member.info->is_held)
		member.has_entry = carriage_find(&member.info->author->carriage, claimant, &member.entry);
	return member;
}

const struct crew *crews_get(const struct crews *crews, struct claimant *claimant, unsigned relayset)
{
	static const struct crew nobody = {.is_made = true};
	struct relay_cursor cursor = relay_cursor_of(&claimant->author->head->head, relayset);
	struct relay_choice choice;
	struct crew *crew;

	if (relayset >= HEAD_RELAYSETS_MAX || cursor.left == 0)
		return &nobody;
	crew = &claimant->crews[relayset];
	if (crew->is_made)
		return crew;
	crew->members = malloc(cursor.left * sizeof *crew->members);
	if (crew->members == NULL)
		return NULL;
	while (relay_next(&cursor, &choice))
		crew->members[crew->count++] = member_of(crews, claimant->author->key, &choice);
	crew->is_made = true;
	return crew;
}

enum ousting crew_member_judge(
        const struct crew_member *member, const struct claim *claim, const uint8_t name[NAME_HASH_SIZE])
{
	const struct relay_info *info = member->info;

	if (member->is_barred)
		return OUSTING_BAR;
	if (info == NULL || !info->is_held)
		return OUSTING_UNHELD;
	if (!member->has_entry || !carriage_serves(&member->entry, name, claim->since) ||
	        carriage_is_leaving(&member->entry, name) || info->author->head->head.public.count == 0 ||
	        info->health.draining)
		return OUSTING_WORD;
	return info->in_view ? OUSTING_NONE : OUSTING_FAILURE;
}
