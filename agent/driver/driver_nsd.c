/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The driver for zones in files, with NSD as the server. The operator writes a base file (SOA, NS, whatever
 * else), meshd writes another with its own records added, which is what the server loads. apply {zone, base,
 * file, control: [argv...], server, port?, records: [lines], serial_floor?} → serial, changed read  {zone,
 * file, base?}         → records: [lines], serial (0 without a file); without those of `base`
 */
#include "agent/driver/dns_serial.h"
#include "agent/driver/driver.h"
#include "agent/driver/run.h"
#include "agent/driver/textfile.h"
#include "agent/driver/zone_content.h"
#include "proto/assert.h"
#include "store/durable_point.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	CONTROL_ARGUMENTS_MAX = 16,
	CONTROL_TIMEOUT_MS = 10000,
	ANSWER_TIMEOUT_MS = 500,
	READ_BACK_MS = 2000, /* NSD answers right 55 ms after a reload, 90 ms with 10,000 names */
	READ_BACK_PAUSE_MS = 20,
	RELOAD_AGAIN_AFTER_MS = 500,
};

struct applying {
	const char *zone;
	const char *base;
	const char *file;
	const json_t *control;
	const json_t *records;
	uint32_t serial_floor;
	struct dns_server server;
	struct zone_content content;
	struct zone_content previous; /* what stands in the file; no SOA: nothing readable */
	uint32_t serial;
	bool changed;
};

static long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the request ---- */

static enum result server_get(const json_t *request, struct dns_server *server, struct reason *why)
{
	const json_t *port = json_object_get(request, "port");
	json_int_t number = port ? json_integer_value(port) : 53;
	const char *address;

	if (driver_text_get(request, "server", &address, why))
		return RESULT_MALFORMED;
	if (address_parse(address, strlen(address), &server->address))
		return reason_set(why, RESULT_MALFORMED, "correct it in the configuration",
		        "the name server's address \"%.100s\" %s", address,
		        address_fault(address, strlen(address)));
	if (number < 1 || number > 65535)
		return reason_set(why, RESULT_MALFORMED, "correct it in the configuration",
		        "the name server's port isn't 1 to 65535");
	server->port = (uint16_t)number;
	return RESULT_OK;
}

static enum result control_get(const json_t *request, const json_t **control, struct reason *why)
{
	enum result result = driver_texts_get(request, "control", control, why);

	if (result)
		return result;
	if (json_array_size(*control) < 1 || json_array_size(*control) > CONTROL_ARGUMENTS_MAX)
		return reason_set(why, RESULT_MALFORMED,
		        "name one, such as nsd-control, in the configuration",
		        "the command that controls the name server has %zu words, not 1 to %d",
		        json_array_size(*control), CONTROL_ARGUMENTS_MAX);
	return RESULT_OK;
}

static enum result floor_get(const json_t *request, uint32_t *serial_floor, struct reason *why)
{
	json_int_t number = json_integer_value(json_object_get(request, "serial_floor"));

	if (number < 0 || number > UINT32_MAX)
		return reason_set(why, RESULT_MALFORMED, NULL, "serial_floor doesn't fit a serial");
	*serial_floor = (uint32_t)number;
	return RESULT_OK;
}

static enum result request_take(const json_t *request, struct applying *applying, struct reason *why)
{
	enum result result = driver_text_get(request, "zone", &applying->zone, why);

	if (!result)
		result = driver_path_get(request, "base", &applying->base, why);
	if (!result)
		result = driver_path_get(request, "file", &applying->file, why);
	if (!result)
		result = control_get(request, &applying->control, why);
	if (!result)
		result = driver_texts_get(request, "records", &applying->records, why);
	if (!result)
		result = floor_get(request, &applying->serial_floor, why);
	if (!result)
		result = server_get(request, &applying->server, why);
	if (!result && strcmp(applying->base, applying->file) == 0)
		result = reason_set(why, RESULT_BAD_CONFIG, "give meshd's file another name",
		        "%s can't be both the operator's file and the one that meshd writes", applying->file);
	return result;
}

/* ---- content ---- */

static enum result content_build(struct applying *applying, struct reason *why)
{
	enum result result = zone_content_init(&applying->content, applying->zone, why);

	if (!result)
		result = zone_content_read(&applying->content, applying->base, why);
	if (!result)
		result = zone_content_add(&applying->content, applying->records, applying->base, why);
	if (!result)
		zone_content_normalize(&applying->content);
	return result;
}

/* A file that can't be read any more is written anew: nothing in it is the operator's. */
static enum result previous_read(struct applying *applying, struct reason *why)
{
	struct reason ignored;
	enum result result = zone_content_init(&applying->previous, applying->zone, why);

	if (!result)
		zone_content_read(&applying->previous, applying->file, &ignored);
	return result;
}

/* The last guard of "no act empties a set": a domain whose last MX went would fall back to its own address.
 */
static enum result apex_check(const struct applying *applying, struct reason *why)
{
	if (!applying->previous.soa || !zone_content_has_apex_mx(&applying->previous) ||
	        zone_content_has_apex_mx(&applying->content))
		return RESULT_OK;
	return reason_set(why, RESULT_REFUSED, "put the MX lines that shall stand there into the base file",
	        "the last MX of %s would go", applying->zone);
}

/* Without a file of ours the server may know a later serial than the base file. */
static uint32_t serial_before(const struct applying *applying)
{
	uint32_t base = zone_content_serial(&applying->content), served;
	struct reason ignored;

	if (applying->previous.soa)
		return zone_serial_later(base, zone_content_serial(&applying->previous));
	if (dns_serial_ask(&applying->server, applying->content.name, ANSWER_TIMEOUT_MS, &served, &ignored))
		return base;
	return zone_serial_later(base, served);
}

static bool file_is(const struct applying *applying, const struct text *text)
{
	struct reason ignored;
	size_t length;
	char *present;
	bool is_same;

	if (textfile_read(applying->file, &present, &length, &ignored))
		return false;
	is_same = length == text->length && memcmp(present, text->bytes, length) == 0;
	free(present);
	return is_same;
}

/* With the serial that it has the text is the file's, if nothing else has changed. */
static bool content_is_written(struct applying *applying)
{
	struct text text = {0};
	bool is_same;

	if (!applying->previous.soa)
		return false;
	applying->serial = zone_content_serial(&applying->previous);
	zone_content_serial_set(&applying->content, applying->serial);
	zone_content_render(&text, &applying->content, applying->base);
	is_same = file_is(applying, &text);
	text_fini(&text);
	return is_same;
}

static enum result content_write(struct applying *applying, struct reason *why)
{
	uint32_t before = serial_before(applying);
	struct text text = {0};
	enum result result;

	if (content_is_written(applying))
		return RESULT_OK;
	applying->serial = zone_serial_later(before + 1, applying->serial_floor);
	zone_content_serial_set(&applying->content, applying->serial);
	zone_content_render(&text, &applying->content, applying->base);
	result = textfile_write(applying->file, text.bytes, text.length, why);
	applying->changed = !result;
	text_fini(&text);
	return result;
}

/* ---- the server ---- */

enum { CONTROL_NOT_RUNNING = 3 }; /* nsd-control(8) */

/* NSD 4.6's `status` ends with 3, its `reload` with 1 and the complaint of connect(2). */
static bool control_found_nobody(const struct run_output *output, const char *complaint)
{
	return output->status == CONTROL_NOT_RUNNING ||
	       (strstr(complaint, "connect") &&
	               (strstr(complaint, "No such file") || strstr(complaint, "refused")));
}

static enum result control_judge(const char *name, const struct run_output *output, struct reason *why)
{
	char line[400];

	if (output->status == 0)
		return RESULT_OK;
	run_output_complaint(output, line, sizeof line);
	if (control_found_nobody(output, line))
		return reason_set(why, RESULT_REFUSED,
		        "start it (systemctl start nsd), and see its log if it won't",
		        "NSD isn't running (%s: %s); the zone's file is written and counts when it starts",
		        name, line);
	return reason_set(why, RESULT_REFUSED,
	        "does its configuration have this zone and file, and may this user control it?",
	        "%s said (exit status %d): %s", name, output->status, line);
}

static enum result server_reload(const struct applying *applying, struct reason *why)
{
	const char *argv[CONTROL_ARGUMENTS_MAX + 3] = {NULL};
	struct run_request request = {.argv = argv, .timeout_ms = CONTROL_TIMEOUT_MS};
	struct run_output output;
	enum result result;
	size_t index;
	json_t *word;

	json_array_foreach(applying->control, index, word) argv[index] = json_string_value(word);
	argv[json_array_size(applying->control)] = "reload";
	argv[json_array_size(applying->control) + 1] = applying->zone;
	result = run_program(&request, &output, why);
	if (result)
		return result;
	result = control_judge(argv[0], &output, why);
	run_output_fini(&output);
	return result;
}

/* RESULT_OK when the server has our serial or a later one. */
static enum result serial_look(const struct applying *applying, struct reason *why)
{
	uint32_t served;
	enum result result =
	        dns_serial_ask(&applying->server, applying->content.name, ANSWER_TIMEOUT_MS, &served, why);

	if (result)
		return result;
	if (zone_serial_later(served, applying->serial) == served)
		return RESULT_OK;
	return reason_set(why, RESULT_REFUSED, "see the name server's log: it may refuse the file",
	        "the name server still has serial %u of %s, not %u", served, applying->zone,
	        applying->serial);
}

static void pause_ms(long ms)
{
	struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

/* Reloads when the file is new, and again whenever the server is still behind it after a while. */
static enum result server_bring(const struct applying *applying, struct reason *why)
{
	long long now = clock_ms(), end = now + READ_BACK_MS, reload_at = now;
	enum result result = RESULT_REFUSED;

	if (!applying->changed)
		result = serial_look(applying, why);
	for (; result && now < end; now = clock_ms()) {
		if (now >= reload_at) {
			result = server_reload(applying, why);
			if (result)
				return result;
			reload_at = now + RELOAD_AGAIN_AFTER_MS;
		}
		result = serial_look(applying, why);
		if (result)
			pause_ms(READ_BACK_PAUSE_MS);
	}
	return result;
}

static int apply_run(const json_t *request, json_t *reply)
{
	struct applying applying = {0};
	struct reason why;
	enum result result = request_take(request, &applying, &why);

	if (!result)
		result = content_build(&applying, &why);
	if (!result)
		result = previous_read(&applying, &why);
	if (!result)
		result = apex_check(&applying, &why);
	if (!result)
		result = content_write(&applying, &why);
	if (applying.changed)
		DURABLE_POINT(ZONE_WRITTEN);
	if (!result)
		result = server_bring(&applying, &why);
	if (applying.changed)
		DURABLE_POINT(ZONE_LOADED);
	json_object_set_new(reply, "serial", json_integer(applying.serial));
	json_object_set_new(reply, "changed", json_boolean(applying.changed));
	zone_content_fini(&applying.content);
	zone_content_fini(&applying.previous);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

/* ---- read ---- */

/* A missing file has no records. */
static enum result content_read(
        struct zone_content *content, const char *zone, const char *path, struct reason *why)
{
	enum result result = zone_content_init(content, zone, why);

	if (!result)
		result = zone_content_read(content, path, why);
	if (result == RESULT_NOT_FOUND)
		result = RESULT_OK;
	if (!result)
		zone_content_normalize(content);
	return result;
}

static enum result records_list(
        const json_t *request, const char *zone, const char *file, json_t *reply, struct reason *why)
{
	struct zone_content content = {0}, base = {0};
	const char *base_path = NULL;
	json_t *lines = json_array();
	enum result result = content_read(&content, zone, file, why);

	INVARIANT(lines != NULL);
	if (!result && json_object_get(request, "base"))
		result = driver_path_get(request, "base", &base_path, why);
	if (!result && base_path)
		result = content_read(&base, zone, base_path, why);
	if (!result)
		zone_content_list(&content, base_path ? &base : NULL, lines);
	json_object_set_new(reply, "records", lines);
	json_object_set_new(reply, "serial", json_integer(content.soa ? zone_content_serial(&content) : 0));
	zone_content_fini(&base);
	zone_content_fini(&content);
	return result;
}

static int read_run(const json_t *request, json_t *reply)
{
	const char *zone, *file;
	struct reason why;
	enum result result = driver_text_get(request, "zone", &zone, &why);

	if (!result)
		result = driver_path_get(request, "file", &file, &why);
	if (!result)
		result = records_list(request, zone, file, reply, &why);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

static const struct driver_op nsd_ops[] = {
        {"apply", apply_run},
        {"read", read_run},
        {NULL, NULL},
};

const struct driver driver_nsd = {"nsd", nsd_ops};
