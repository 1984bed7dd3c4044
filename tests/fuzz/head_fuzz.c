/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Heads behind a good signature. What is accepted, written anew, is the same bytes, and its lists hold as
 * many elements as they say, in order where order is the form.
 */
#include "proto/head.h"
#include "tests/fuzz/keys.h"

static void walk_keys(struct bytes list, bool sorted, unsigned max)
{
	struct key_cursor cursor = key_cursor_of(list);
	const uint8_t *last = NULL, *key;

	REQUIRE(cursor.left <= max);
	for (unsigned left = cursor.left; left > 0; left--) {
		key = key_next(&cursor);
		REQUIRE(key != NULL && (!sorted || last == NULL || memcmp(last, key, KEY_SIZE) < 0));
		last = key;
	}
	REQUIRE(key_next(&cursor) == NULL && reader_end(&cursor.reader) == RESULT_OK);
}

static void walk_relaysets(const struct head *head)
{
	struct relay_choice choice, found;

	REQUIRE(head->relayset_count <= HEAD_RELAYSETS_MAX);
	for (unsigned i = 0; i <= head->relayset_count; i++) {
		struct relay_cursor cursor = relay_cursor_of(head, i);
		unsigned left = cursor.left;

		REQUIRE(left <= RELAYSET_RELAYS_MAX && (i < head->relayset_count || left == 0));
		for (; relay_next(&cursor, &choice); left--) {
			REQUIRE(head_chooses(head, i, choice.relay, &found));
			REQUIRE(found.preference == choice.preference && found.suspended == choice.suspended);
		}
		REQUIRE(left == 0);
	}
}

static void write_anew(const struct head *head, const uint8_t *data, size_t size, const struct keys *op)
{
	uint8_t *again;
	size_t length;

	REQUIRE(head_encode(head, op->secret, &again, &length) == RESULT_OK);
	require_same_but_for_extensions(data, size, again, length - SIGNATURE_SIZE);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys root = keys_of(SEED_ROSA), op = keys_of(SEED_ROSA + SEED_OP_OFFSET);
	struct head head, kept;

	if (size >= OBJECT_SIZE_MAX - SIGNATURE_SIZE)
		return 0;
	struct bytes object = sign(OBJECT_HEAD, data, size, &op);

	enum result result = head_decode_kept(object, root.public, &kept);

	REQUIRE((result == RESULT_OK) == (head_decode(object, root.public, op.public, &head) == RESULT_OK));
	if (head_decode(object, root.public, op.public, &head) == RESULT_OK) {
		REQUIRE(memcmp(head.author, root.public, KEY_SIZE) == 0 && head.vpn.count > 0);
		REQUIRE(head.claims_version <= head.seq && head.smtp_port > 0 && head.mesh_port > 0);
		walk_keys(head.digests, false, HEAD_DIGESTS_MAX);
		walk_keys(head.vouches, true, HEAD_VOUCHES_MAX);
		walk_keys(head.denials, true, HEAD_DENIALS_MAX);
		walk_keys(head.chunks, false, HEAD_CHUNKS_MAX);
		walk_relaysets(&head);
		write_anew(&head, data, size, &op);
	}
	drop(object);
	return 0;
}
