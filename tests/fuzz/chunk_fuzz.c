/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Claim chunks. What is accepted, written anew, is the same bytes; its domains are names, in rising order,
 * and each is found; nothing else is.
 */
#include "proto/chunk.h"
#include "proto/domain.h"
#include "proto/head.h"
#include "tests/fuzz/keys.h"

static void walk_homes(struct bytes homes)
{
	struct key_cursor cursor = key_cursor_of(homes);

	REQUIRE(cursor.left <= CLAIM_HOMES_MAX);
	for (unsigned left = cursor.left; left > 0; left--)
		REQUIRE(key_next(&cursor) != NULL);
	REQUIRE(reader_end(&cursor.reader) == RESULT_OK);
}

static void walk_fixed_mx(struct bytes fixed_mx)
{
	struct fixed_mx_cursor cursor = fixed_mx_cursor_of(fixed_mx);
	struct bytes host;
	uint16_t preference;

	REQUIRE(cursor.left <= CLAIM_FIXED_MX_MAX);
	for (unsigned left = cursor.left; left > 0; left--) {
		REQUIRE(fixed_mx_next(&cursor, &host, &preference));
		REQUIRE(domain_check((const char *)host.data, host.length) == RESULT_OK);
	}
	REQUIRE(!fixed_mx_next(&cursor, &host, &preference) && reader_end(&cursor.reader) == RESULT_OK);
}

static unsigned walk(struct bytes chunk, struct claim claims[CHUNK_CLAIMS_MAX])
{
	struct claim_cursor cursor = claim_cursor_of(chunk);
	unsigned count = 0;

	REQUIRE(cursor.left > 0 && cursor.left <= CHUNK_CLAIMS_MAX);
	for (struct claim claim; claim_next(&cursor, &claim);) {
		REQUIRE(domain_check((const char *)claim.domain.data, claim.domain.length) == RESULT_OK);
		REQUIRE(count == 0 || bytes_compare(claims[count - 1].domain, claim.domain) < 0);
		REQUIRE(claim.relayset < HEAD_RELAYSETS_MAX && claim.salt != NULL);
		walk_homes(claim.homes);
		walk_fixed_mx(claim.fixed_mx);
		claims[count++] = claim;
	}
	REQUIRE(cursor.left == 0);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct claim claims[CHUNK_CLAIMS_MAX];
	struct bytes chunk = bytes_of(data, size);
	struct claim found = {.since = 0};
	uint8_t *again;
	size_t length;

	if (chunk_check(chunk) != RESULT_OK)
		return 0;
	unsigned count = walk(chunk, claims);

	for (unsigned i = 0; i < count; i++)
		REQUIRE(chunk_find(chunk, claims[i].domain, &found) && found.salt == claims[i].salt);
	found = (struct claim){.since = 0};
	REQUIRE(!chunk_find(chunk, bytes_of("nobody", 6), &found) && found.salt == NULL);
	REQUIRE(chunk_encode(claims, count, &again, &length) == RESULT_OK);
	require_same_but_for_extensions(data, size, again, length);
	free(again);
	return 0;
}
