/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_mail.h"

#include "agent/driver/postfix_check.h"
#include "agent/driver/postfix_conf.h"
#include "agent/driver/postfix_queue.h"
#include "agent/driver/run.h"
#include "agent/driver/text.h"

#include <string.h>

enum { LIST_TIMEOUT_MS = 60000 };

/* What Postfix complains of, and what helps. */
static const struct {
	const char *part;
	const char *cure;
} cures[] = {
        {"not configured for destination",
                "fast_flush_domains must hold our table transport: meshctl setup postfix"},
        {"not allowed to flush",
                "let meshd's user do it: postconf -e 'authorized_flush_users = static:anyone'"},
        {"not allowed to view",
                "let meshd's user do it: postconf -e 'authorized_mailq_users = static:anyone'"},
        {"mail system is down", "start Postfix: postfix start"},
        {"alternate_config_directories",
                "name config_dir in alternate_config_directories of the default main.cf"},
        {"ermission denied",
                "meshd's user needs the group postdrop: SupplementaryGroups=postdrop in its unit"},
};

static const char *cure_of(const char *line)
{
	for (size_t i = 0; i < sizeof cures / sizeof cures[0]; i++) {
		if (strstr(line, cures[i].part))
			return cures[i].cure;
	}
	return NULL;
}

static enum result complain(const char *what, const struct run_output *output, struct reason *why)
{
	char line[400];

	run_output_complaint(output, line, sizeof line);
	return reason_set(why, RESULT_REFUSED, cure_of(line), "%s said (exit status %d): %s", what,
	        output->status, line);
}

/* --- list --------------------------------------------------------------------------------------------- */

static bool feed(void *context, const char *bytes, size_t length)
{
	return postfix_queue_feed(context, bytes, length);
}

static enum result queue_read(const char *config_dir, struct postfix_queue *queue, struct reason *why)
{
	const char *const argv[] = {"postqueue", "-c", config_dir, "-j", NULL};
	const struct run_request request = {
	        .argv = argv, .timeout_ms = LIST_TIMEOUT_MS, .take = feed, .context = queue};
	struct run_output output;
	enum result result = run_program(&request, &output, why);

	if (result)
		return result;
	postfix_queue_end(queue);
	if (output.status != 0)
		result = complain("postqueue -j", &output, why);
	run_output_fini(&output);
	return result;
}

static json_t *rows_json(const struct postfix_queue *queue)
{
	json_t *array = json_array();

	for (size_t i = 0; i < queue->count; i++) {
		const struct postfix_queue_row *row = &queue->rows[i];

		if (row->count > 0)
			json_array_append_new(array,
			        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "domain", row->domain, "count",
			                (json_int_t)row->count, "deferred", (json_int_t)row->deferred, "held",
			                (json_int_t)row->held, "oldest_s", (json_int_t)row->oldest_s,
			                "expiring_s", (json_int_t)row->expiring_s));
	}
	return array;
}

static enum result lifetime_get(const char *config_dir, long long *lifetime_s, struct reason *why)
{
	static const char *const names[] = {"maximal_queue_lifetime", NULL};
	struct postfix_conf conf;
	enum result result = postfix_conf_load_values(&conf, config_dir, names, why);
	const char *text;

	if (result)
		return result;
	text = postfix_conf_get(&conf, names[0]);
	*lifetime_s = text ? postfix_time_parse(text, 'd') : 0;
	if (*lifetime_s < 0)
		*lifetime_s = 0;
	postfix_conf_fini(&conf);
	return RESULT_OK;
}

enum result postfix_mail_list(const char *config_dir, const json_t *names, json_t *reply, struct reason *why)
{
	struct postfix_queue queue;
	long long lifetime_s = 0;
	enum result result = lifetime_get(config_dir, &lifetime_s, why);

	if (result)
		return result;
	if (postfix_queue_init(&queue, names))
		return reason_set(why, RESULT_NO_MEMORY, NULL, "no memory to list the queue");
	result = queue_read(config_dir, &queue, why);
	json_object_set_new(reply, "rows", rows_json(&queue));
	json_object_set_new(reply, "lifetime_s", json_integer(lifetime_s));
	json_object_set_new(reply, "more", json_boolean(queue.is_full));
	json_object_set_new(reply, "skipped", json_integer((json_int_t)queue.skipped));
	postfix_queue_fini(&queue);
	return result;
}

/* --- flush -------------------------------------------------------------------------------------------- */

static enum result site_flush(const char *config_dir, const char *domain, struct reason *why)
{
	const char *const argv[] = {"postqueue", "-c", config_dir, "-s", domain, NULL};
	struct run_output output;
	enum result result = run_program(&(struct run_request){.argv = argv}, &output, why);

	if (!result && output.status != 0)
		result = complain("postqueue -s", &output, why);
	run_output_fini(&output);
	return result;
}

enum result postfix_mail_flush(
        const char *config_dir, const json_t *names, size_t *flushed, struct reason *why)
{
	enum result first = RESULT_OK;
	json_t *name;
	size_t index;

	*flushed = 0;
	json_array_foreach(names, index, name)
	{
		struct reason ours;
		enum result result = site_flush(config_dir, json_string_value(name), &ours);

		*flushed += !result;
		if (result && !first) {
			first = result;
			*why = ours;
		}
		if (result && result != RESULT_REFUSED) /* the next one wouldn't start either */
			break;
	}
	return first;
}

/* --- hold --------------------------------------------------------------------------------------------- */

/* Queue ids, a line each. */
struct ids {
	struct text text;
	bool hold;
	size_t count;
};

static void ids_match(void *context, const char *queue_id, bool is_held)
{
	struct ids *ids = context;

	if (is_held == ids->hold)
		return;
	text_print(&ids->text, "%s\n", queue_id);
	ids->count++;
}

static enum result super_run(const char *config_dir, const struct ids *ids, struct reason *why)
{
	const char *const argv[] = {"postsuper", "-c", config_dir, ids->hold ? "-h" : "-H", "-", NULL};
	const char *input = text_get(&ids->text);
	const struct run_request request = {
	        .argv = argv, .input = input, .input_length = strlen(input), .timeout_ms = LIST_TIMEOUT_MS};
	struct run_output output;
	enum result result = run_program(&request, &output, why);

	if (!result && output.status != 0)
		result = complain("postsuper", &output, why);
	run_output_fini(&output);
	return result;
}

enum result postfix_mail_hold(
        const char *config_dir, const json_t *names, bool hold, size_t *count, struct reason *why)
{
	struct ids ids = {.hold = hold};
	struct postfix_queue queue;
	enum result result;

	*count = 0;
	if (postfix_queue_init(&queue, names))
		return reason_set(why, RESULT_NO_MEMORY, NULL, "no memory to list the queue");
	queue.match = ids_match;
	queue.context = &ids;
	result = queue_read(config_dir, &queue, why);
	if (!result && ids.count > 0)
		result = super_run(config_dir, &ids, why);
	if (!result)
		*count = ids.count;
	postfix_queue_fini(&queue);
	text_fini(&ids.text);
	return result;
}
