/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "agent/glance/glance.h"
#include "proto/key.h"

/* --- ages ------------------------------------------------------------------------------------------------
 */

/* Seconds since a moment on the monotonic clock; null: it never was. */
static json_t *since_json(const struct glance *glance, int64_t at_ms)
{
	return at_ms > 0 ? json_integer((glance->mono_ms - at_ms) / 1000) : json_null();
}

static json_t *until_json(const struct glance *glance, int64_t at_ms)
{
	return json_integer(at_ms > glance->mono_ms ? (at_ms - glance->mono_ms) / 1000 : 0);
}

/* Seconds since, and until, a wall time in s. */
static json_t *age_json(const struct glance *glance, int64_t at_s)
{
	int64_t age_s = glance->wall_ms / 1000 - at_s;

	return at_s > 0 ? json_integer(age_s > 0 ? age_s : 0) : json_null();
}

static json_t *left_json(const struct glance *glance, int64_t at_s)
{
	int64_t left_s = at_s - glance->wall_ms / 1000;

	return at_s > 0 ? json_integer(left_s > 0 ? left_s : 0) : json_null();
}

/* --- homes -----------------------------------------------------------------------------------------------
 */

static const char *state_of(const struct home *home)
{
	static const char *const words[] = {
	        [HOME_UNKNOWN] = "unknown", [HOME_UP] = "up", [HOME_DOWN] = "down"};

	return home != NULL ? words[home->state] : "unknown";
}

static void add_mail(const struct glance *glance, const struct home_mail *mail, json_t *object)
{
	json_object_set_new(object, "count", json_integer((json_int_t)mail->count));
	json_object_set_new(object, "deferred", json_integer((json_int_t)mail->deferred));
	json_object_set_new(object, "held", json_integer((json_int_t)mail->held));
	json_object_set_new(object, "oldest_s", age_json(glance, mail->oldest_s));
	json_object_set_new(object, "bounces_s", left_json(glance, mail->bounces_s));
}

static json_t *home_json(const struct glance *glance, const struct home *home)
{
	bool is_held = home->hold_ms > glance->mono_ms;
	char key[KEY_TEXT_BYTES];
	json_t *object;

	key_render(home->key, key);
	object = json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:s}", "home",
	        glance_name(glance, home->key), "key", key, "state", state_of(home), "since_s",
	        since_json(glance, home->since_ms), "route", glance_route(&home->route), "answered_s",
	        since_json(glance, home->good_ms), "next_s",
	        home->id != 0 ? json_integer(0) : until_json(glance, home->next_ms), "held_down_s",
	        is_held ? until_json(glance, home->hold_ms) : json_null(), "flushed_s",
	        since_json(glance, home->flushed_ms), "failures", (int)home->failures, "error",
	        home->flush_error);
	add_mail(glance, &home->mail, object);
	return object;
}

json_t *glance_homes(const struct glance *glance)
{
	const struct homes *homes = &glance->node->homes;
	json_t *array = json_array();

	for (unsigned i = 0; i < homes->count; i++)
		json_array_append_new(array, home_json(glance, &homes->homes[i]));
	return array;
}

/* --- queue -----------------------------------------------------------------------------------------------
 */

static json_t *row_json(const struct glance *glance, const struct waiting *row)
{
	return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}", "domain", row->domain.text, "count",
	        (json_int_t)row->count, "deferred", (json_int_t)row->deferred, "held", (json_int_t)row->held,
	        "oldest_s", age_json(glance, row->oldest_s), "bounces_s", left_json(glance, row->bounces_s));
}

static void add_row(struct home_mail *mail, const struct waiting *row)
{
	mail->count += row->count;
	mail->deferred += row->deferred;
	mail->held += row->held;
	if (mail->oldest_s == 0 || row->oldest_s < mail->oldest_s)
		mail->oldest_s = row->oldest_s;
	if (row->bounces_s > 0 && (mail->bounces_s == 0 || row->bounces_s < mail->bounces_s))
		mail->bounces_s = row->bounces_s;
}

static const char *claimant_name(const struct glance *glance, const uint8_t *key)
{
	static const uint8_t nobody[KEY_SIZE];

	return memcmp(key, nobody, KEY_SIZE) == 0 ? "nobody" : glance_name(glance, key);
}

/* All rows of one claimant; NULL: none. */
static json_t *claimant_json(
        const struct glance *glance, const uint8_t *key, const char *domain, bool with_domains)
{
	const struct queues *queues = &glance->node->queues;
	const struct home *home = homes_find(&glance->node->homes, key);
	struct home_mail mail = {.count = 0};
	json_t *domains = json_array(), *object;
	char text[KEY_TEXT_BYTES];

	for (unsigned i = 0; i < queues->count; i++) {
		const struct waiting *row = &queues->rows[i];

		if (memcmp(row->author, key, KEY_SIZE) != 0 ||
		        (domain != NULL && strcmp(row->domain.text, domain) != 0))
			continue;
		add_row(&mail, row);
		json_array_append_new(domains, row_json(glance, row));
	}
	if (mail.count == 0) {
		json_decref(domains);
		return NULL;
	}
	key_render(key, text);
	object = json_pack("{s:s, s:s, s:s, s:b, s:o}", "home", claimant_name(glance, key), "key", text,
	        "state", state_of(home), "own", memcmp(key, glance->node->key, KEY_SIZE) == 0, "since_s",
	        home != NULL ? since_json(glance, home->since_ms) : json_null());
	add_mail(glance, &mail, object);
	if (with_domains)
		json_object_set(object, "domains", domains);
	json_decref(domains);
	return object;
}

static bool is_first_of(const struct queues *queues, unsigned index)
{
	for (unsigned i = 0; i < index; i++) {
		if (memcmp(queues->rows[i].author, queues->rows[index].author, KEY_SIZE) == 0)
			return false;
	}
	return true;
}

json_t *glance_queue(const struct glance *glance, const uint8_t *key, const char *domain, bool domains)
{
	const struct queues *queues = &glance->node->queues;
	json_t *array = json_array();

	for (unsigned i = 0; i < queues->count; i++) {
		const uint8_t *author = queues->rows[i].author;
		json_t *claimant = NULL;

		if ((key == NULL || memcmp(author, key, KEY_SIZE) == 0) && is_first_of(queues, i))
			claimant = claimant_json(glance, author, domain, domains);
		if (claimant != NULL)
			json_array_append_new(array, claimant);
	}
	return array;
}

/* --- elsewhere -------------------------------------------------------------------------------------------
 */

static json_t *waiting_at_json(const struct glance *glance, const struct waiting_at *at)
{
	json_t *domains = json_array(), *object;
	struct home_mail mail = {.count = 0};
	char key[KEY_TEXT_BYTES];

	for (unsigned i = 0; i < at->count; i++) {
		const struct waiting *row = &at->rows[i];

		add_row(&mail, row);
		json_array_append_new(
		        domains, json_pack("{s:s, s:I, s:o, s:o}", "domain", row->domain.text, "count",
		                         (json_int_t)row->count, "oldest_s", age_json(glance, row->oldest_s),
		                         "bounces_s", left_json(glance, row->bounces_s)));
	}
	key_render(at->relay, key);
	/* Each change is told: its last word holds as long as the session does. */
	object =
	        json_pack("{s:s, s:s, s:b, s:o, s:I, s:o, s:o, s:o}", "relay", glance_name(glance, at->relay),
	                "key", key, "session", peers_up(glance->peers, at->relay) != NULL, "heard_s",
	                age_json(glance, at->heard_wall_ms / 1000), "count", (json_int_t)mail.count,
	                "oldest_s", age_json(glance, mail.oldest_s), "bounces_s",
	                left_json(glance, mail.bounces_s), "domains", domains);
	return object;
}

json_t *glance_waiting(const struct glance *glance)
{
	const struct queues *queues = &glance->node->queues;
	json_t *array = json_array();

	for (unsigned i = 0; i < queues->elsewhere_count; i++) {
		if (queues->elsewhere[i].count > 0)
			json_array_append_new(array, waiting_at_json(glance, &queues->elsewhere[i]));
	}
	return array;
}
