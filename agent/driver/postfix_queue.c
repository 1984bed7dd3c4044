/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_queue.h"

#include "proto/domain.h"

#include <stdlib.h>
#include <string.h>

static int compare_rows(const void *a, const void *b)
{
	return strcmp(
	        ((const struct postfix_queue_row *)a)->domain, ((const struct postfix_queue_row *)b)->domain);
}

enum result postfix_queue_init(struct postfix_queue *queue, const json_t *names)
{
	size_t count = json_array_size(names), kept = 0;

	memset(queue, 0, sizeof *queue);
	queue->rows = calloc(count + 1, sizeof *queue->rows);
	if (!queue->rows)
		return RESULT_NO_MEMORY;
	for (size_t i = 0; i < count; i++)
		queue->rows[i].domain = json_string_value(json_array_get(names, i));
	qsort(queue->rows, count, sizeof *queue->rows, compare_rows);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || compare_rows(&queue->rows[kept - 1], &queue->rows[i]) != 0)
			queue->rows[kept++] = queue->rows[i];
	}
	queue->count = kept;
	return RESULT_OK;
}

void postfix_queue_fini(struct postfix_queue *queue)
{
	free(queue->rows);
	free(queue->line);
	free(queue->ids);
	memset(queue, 0, sizeof *queue);
}

/* --- messages that were seen -------------------------------------------------------------------------- */

/* FNV-1a, never 0. Queue ids are our own Postfix's: nobody chooses them, so nobody makes two collide. */
static uint64_t id_hash(const char *id)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * UINT64_C(1099511628211);
	return hash ? hash : 1;
}

static bool ids_put(uint64_t *ids, size_t capacity, uint64_t hash)
{
	size_t place = (size_t)hash & (capacity - 1);

	while (ids[place] != 0 && ids[place] != hash)
		place = (place + 1) & (capacity - 1);
	if (ids[place] == hash)
		return false;
	ids[place] = hash;
	return true;
}

static bool ids_grow(struct postfix_queue *queue)
{
	size_t capacity = queue->id_capacity ? 2 * queue->id_capacity : 4096;
	uint64_t *ids = calloc(capacity, sizeof *ids);

	if (!ids)
		return false;
	for (size_t i = 0; i < queue->id_capacity; i++) {
		if (queue->ids[i] != 0)
			ids_put(ids, capacity, queue->ids[i]);
	}
	free(queue->ids);
	queue->ids = ids;
	queue->id_capacity = capacity;
	return true;
}

static bool is_new(struct postfix_queue *queue, const char *id)
{
	if (2 * (queue->id_count + 1) > queue->id_capacity && !ids_grow(queue))
		return false;
	if (!ids_put(queue->ids, queue->id_capacity, id_hash(id)))
		return false;
	queue->id_count++;
	return true;
}

/* --- one message -------------------------------------------------------------------------------------- */

/* It becomes an argument of programs of root's. */
static bool id_is_plain(const char *id)
{
	size_t length = strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

	return length > 0 && length <= POSTFIX_QUEUE_ID_MAX_BYTES && id[length] == '\0';
}

/* The row of an address's domain, NULL: none. */
static struct postfix_queue_row *row_find(const struct postfix_queue *queue, const char *address)
{
	const char *at = address ? strrchr(address, '@') : NULL;
	char domain[DOMAIN_LENGTH_MAX + 1];
	struct postfix_queue_row wanted = {.domain = domain};
	size_t length = 0;

	if (!at || strlen(at + 1) > DOMAIN_LENGTH_MAX)
		return NULL;
	for (at++; at[length] != '\0'; length++)
		domain[length] =
		        (char)(at[length] >= 'A' && at[length] <= 'Z' ? at[length] - 'A' + 'a' : at[length]);
	domain[length] = '\0';
	return bsearch(&wanted, queue->rows, queue->count, sizeof wanted, compare_rows);
}

static void earlier(int64_t *oldest_s, int64_t arrival_s)
{
	if (*oldest_s == 0 || arrival_s < *oldest_s)
		*oldest_s = arrival_s;
}

static void row_count(struct postfix_queue_row *row, const char *queue_name, int64_t arrival_s)
{
	bool is_held = strcmp(queue_name, "hold") == 0;

	row->count++;
	row->deferred += strcmp(queue_name, "deferred") == 0;
	row->held += is_held;
	earlier(&row->oldest_s, arrival_s);
	if (!is_held)
		earlier(&row->expiring_s, arrival_s);
}

static bool message_count(struct postfix_queue *queue, const json_t *message)
{
	const char *id = json_string_value(json_object_get(message, "queue_id"));
	const char *queue_name = json_string_value(json_object_get(message, "queue_name"));
	const json_t *arrival = json_object_get(message, "arrival_time"), *recipient;
	bool is_matched = false;
	size_t index;

	if (!id || !id_is_plain(id) || !queue_name || !json_is_integer(arrival) ||
	        json_integer_value(arrival) <= 0)
		return false;
	if (!is_new(queue, id))
		return true;
	queue->messages++;
	json_array_foreach(json_object_get(message, "recipients"), index, recipient)
	{
		struct postfix_queue_row *row =
		        row_find(queue, json_string_value(json_object_get(recipient, "address")));

		if (!row || row->counted == queue->messages)
			continue;
		row->counted = queue->messages;
		row_count(row, queue_name, json_integer_value(arrival));
		is_matched = true;
	}
	if (is_matched && queue->match)
		queue->match(queue->context, id, strcmp(queue_name, "hold") == 0);
	return true;
}

/* --- lines -------------------------------------------------------------------------------------------- */

static void line_take(struct postfix_queue *queue)
{
	json_t *message;

	/* Old addresses are in any character set; those asked for are in ASCII. */
	for (size_t i = 0; i < queue->length; i++) {
		if ((unsigned char)queue->line[i] >= 0x80)
			queue->line[i] = '?';
	}
	message = json_loadb(queue->line, queue->length, JSON_ALLOW_NUL, NULL);
	queue->skipped += !message_count(queue, message);
	json_decref(message);
	queue->length = 0;
}

static bool line_add(struct postfix_queue *queue, const char *bytes, size_t length)
{
	size_t wanted = queue->length + length, capacity = queue->capacity ? queue->capacity : 4096;
	char *line;

	if (queue->is_skipping || wanted > POSTFIX_QUEUE_LINE_MAX_BYTES)
		return false;
	while (capacity < wanted)
		capacity *= 2;
	if (capacity != queue->capacity) {
		line = realloc(queue->line, capacity);
		if (!line)
			return false;
		queue->line = line;
		queue->capacity = capacity;
	}
	memcpy(queue->line + queue->length, bytes, length);
	queue->length += length;
	return true;
}

bool postfix_queue_feed(struct postfix_queue *queue, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end && !queue->is_full) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t piece = (size_t)((newline ? newline : end) - bytes);

		if (piece > 0 && !line_add(queue, bytes, piece)) {
			queue->is_skipping = true;
			queue->length = 0;
		}
		if (!newline)
			break;
		queue->skipped += queue->is_skipping;
		queue->is_skipping = false;
		if (queue->length > 0 && queue->messages >= POSTFIX_QUEUE_MESSAGES_MAX)
			queue->is_full = true;
		else if (queue->length > 0)
			line_take(queue);
		bytes = newline + 1;
	}
	return !queue->is_full;
}

void postfix_queue_end(struct postfix_queue *queue)
{
	if (!queue->is_full && queue->length > 0)
		line_take(queue);
}
