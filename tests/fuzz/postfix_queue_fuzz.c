/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listings of a queue: the same is counted however the bytes were cut, numbers fit each other, and no queue
 * id is told that a program of root's could take for something else.
 */
#include <string.h>

#include "agent/driver/postfix_queue.h"
#include "tests/fuzz/fuzz.h"

static void check_id(void *context, const char *queue_id, bool is_held)
{
	size_t *matched = context;

	(void)is_held;
	REQUIRE(queue_id[0] != '\0' && strlen(queue_id) <= POSTFIX_QUEUE_ID_MAX_BYTES);
	for (const char *at = queue_id; *at != '\0'; at++)
		REQUIRE((*at >= '0' && *at <= '9') || ((*at | 32) >= 'a' && (*at | 32) <= 'z'));
	++*matched;
}

static void count(struct postfix_queue *queue, const json_t *names, const uint8_t *data, size_t size,
        size_t piece, size_t *matched)
{
	REQUIRE(postfix_queue_init(queue, names) == RESULT_OK);
	*matched = 0;
	queue->match = check_id;
	queue->context = matched;
	for (size_t at = 0; at < size; at += piece)
		postfix_queue_feed(queue, (const char *)data + at, size - at < piece ? size - at : piece);
	postfix_queue_end(queue);
}

static void check_row(const struct postfix_queue *queue, const struct postfix_queue_row *row)
{
	REQUIRE(row->count <= queue->messages && row->deferred + row->held <= row->count);
	REQUIRE((row->count > 0) == (row->oldest_s > 0));
	REQUIRE((row->count > row->held) == (row->expiring_s > 0));
	REQUIRE(row->expiring_s == 0 || row->expiring_s >= row->oldest_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static json_t *names;
	struct postfix_queue whole, cut;
	size_t matched, matched_cut;

	if (!names)
		names = json_pack("[s, s, s]", "luz.test", "ana.test", "luz.test");
	REQUIRE(names != NULL);
	count(&whole, names, data, size, size > 0 ? size : 1, &matched);
	count(&cut, names, data, size, size > 0 ? 1 + data[0] % 7u : 1, &matched_cut);
	REQUIRE(whole.count == 2 && cut.count == 2 && matched == matched_cut);
	REQUIRE(whole.messages == cut.messages && whole.skipped == cut.skipped);
	for (size_t i = 0; i < whole.count; i++) {
		check_row(&whole, &whole.rows[i]);
		REQUIRE(memcmp(&whole.rows[i], &cut.rows[i], sizeof whole.rows[i]) == 0);
	}
	postfix_queue_fini(&whole);
	postfix_queue_fini(&cut);
	return 0;
}
