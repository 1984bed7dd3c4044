/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The driver for Postfix. Every request has "config_dir" and "tables", absolute paths without anything that a
 * shell or Postfix would read as more than a path.
 *   check {vpn_addresses}                → missing, dangers: [{"what","why","cure"}]
 *   read  {}                             → rows: [{"domain","nexthop":[...],"retry":bool,"relayed":bool}]
 *   apply {rows, vpn_addresses?, rebuild?, rotation?}
 *                                        → applied, changed, shadowed: [...], unasked: [...], found: [...]
 *   local {names}                        → local: [names]
 *   queue {names}                        → rows:
 * [{"domain","count","deferred","held","oldest_s","expiring_s"}], lifetime_s, more, skipped flush {names} →
 * flushed: number
 */
#include "agent/driver/driver.h"
#include "agent/driver/postfix_check.h"
#include "agent/driver/postfix_mail.h"
#include "agent/driver/postfix_table.h"
#include "agent/driver/postfix_verify.h"
#include "proto/assert.h"
#include "proto/domain.h"

#include <string.h>
#include <time.h>

/* What every operation is given. */
struct place {
	const char *config_dir;
	const char *tables;
	const json_t *vpn_addresses; /* texts, or NULL */
};

static enum result place_get(const json_t *request, struct place *place, struct reason *why)
{
	enum result result = driver_path_get(request, "config_dir", &place->config_dir, why);

	if (!result)
		result = driver_path_get(request, "tables", &place->tables, why);
	if (!result)
		result = driver_texts_get(request, "vpn_addresses", &place->vpn_addresses, why);
	if (!result)
		result = driver_addresses_check(place->vpn_addresses, why);
	return result;
}

static int check_run(const json_t *request, json_t *reply)
{
	json_t *missing = json_array(), *dangers = json_array();
	struct place place;
	struct reason why;
	enum result result = place_get(request, &place, &why);

	INVARIANT(missing && dangers);
	if (!result)
		result = postfix_check(
		        place.config_dir, place.tables, place.vpn_addresses, missing, dangers, &why);
	json_object_set_new(reply, "missing", missing);
	json_object_set_new(reply, "dangers", dangers);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

static int read_run(const json_t *request, json_t *reply)
{
	json_t *rows = json_array();
	struct place place;
	struct reason why;
	enum result result = place_get(request, &place, &why);

	INVARIANT(rows != NULL);
	if (!result)
		result = postfix_tables_read(place.tables, rows, &why);
	json_object_set_new(reply, "rows", rows);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

/* Every call looks at other names: where none is given, the clock turns. */
static long long rotation_get(const json_t *request)
{
	const json_t *rotation = json_object_get(request, "rotation");

	return json_is_integer(rotation) ? json_integer_value(rotation) : (long long)time(NULL) / 10;
}

static enum result rows_apply(const json_t *request, const struct place *place,
        const struct postfix_rows *rows, json_t *reply, struct reason *why)
{
	bool rebuild = json_is_true(json_object_get(request, "rebuild")), changed = false;
	json_t *shadowed = json_array(), *unasked = json_array(), *found = json_array();
	enum result result;

	INVARIANT(shadowed && unasked && found);
	result = postfix_tables_apply(place->config_dir, place->tables, rows, rebuild, found, &changed, why);
	if (!result)
		result = postfix_verify(place->config_dir, place->tables, rows, rotation_get(request),
		        shadowed, unasked, why);
	json_object_set_new(reply, "applied", json_integer((json_int_t)rows->count));
	json_object_set_new(reply, "changed", json_boolean(changed));
	json_object_set_new(reply, "shadowed", shadowed);
	json_object_set_new(reply, "unasked", unasked);
	json_object_set_new(reply, "found", found);
	return result;
}

static int apply_run(const json_t *request, json_t *reply)
{
	struct postfix_rows rows = {0};
	struct place place;
	struct reason why;
	enum result result = place_get(request, &place, &why);

	if (!result)
		result =
		        postfix_rows_take(&rows, json_object_get(request, "rows"), place.vpn_addresses, &why);
	if (!result)
		result = rows_apply(request, &place, &rows, reply, &why);
	postfix_rows_fini(&rows);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

static enum result names_check(const json_t *names, struct reason *why)
{
	json_t *name;
	size_t index;

	json_array_foreach(names, index, name)
	{
		const char *text = json_string_value(name);

		if (domain_check(text, strlen(text)))
			return reason_set(why, RESULT_BAD_NAME, NULL, "refused: \"%.300s\" %s", text,
			        domain_fault(text, strlen(text)));
	}
	return RESULT_OK;
}

static int local_run(const json_t *request, json_t *reply)
{
	json_t *local = json_array();
	const json_t *names;
	const char *config_dir;
	struct reason why;
	enum result result = driver_path_get(request, "config_dir", &config_dir, &why);

	INVARIANT(local != NULL);
	if (!result)
		result = driver_texts_get(request, "names", &names, &why);
	if (!result)
		result = names_check(names, &why);
	if (!result)
		result = postfix_local_list(config_dir, names, local, &why);
	json_object_set_new(reply, "local", local);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

/* What an operation on mail of some domains is given. */
static enum result names_get(
        const json_t *request, const char **config_dir, const json_t **names, struct reason *why)
{
	enum result result = driver_path_get(request, "config_dir", config_dir, why);

	if (!result)
		result = driver_texts_get(request, "names", names, why);
	return result ? result : names_check(*names, why);
}

static int queue_run(const json_t *request, json_t *reply)
{
	const json_t *names;
	const char *config_dir;
	struct reason why;
	enum result result = names_get(request, &config_dir, &names, &why);

	if (!result)
		result = postfix_mail_list(config_dir, names, reply, &why);
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

static int flush_run(const json_t *request, json_t *reply)
{
	const json_t *names;
	const char *config_dir;
	struct reason why;
	size_t flushed = 0;
	enum result result = names_get(request, &config_dir, &names, &why);

	if (!result)
		result = postfix_mail_flush(config_dir, names, &flushed, &why);
	json_object_set_new(reply, "flushed", json_integer((json_int_t)flushed));
	return result ? driver_fail(reply, result, &why) : RESULT_OK;
}

static const struct driver_op postfix_ops[] = {
        {"check", check_run},
        {"read", read_run},
        {"apply", apply_run},
        {"local", local_run},
        {"queue", queue_run},
        {"flush", flush_run},
        {NULL, NULL},
};

const struct driver driver_postfix = {"postfix", postfix_ops};
