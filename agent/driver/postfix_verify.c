/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/postfix_verify.h"

#include "agent/driver/driver.h"
#include "agent/driver/postfix_conf.h"
#include "agent/driver/postfix_list.h"
#include "agent/memory.h"
#include "proto/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mailbox that nobody has: maps are first asked for the whole address. */
static const char probe_local_part[] = "meshd-asks-where-this-goes";

struct verifying {
	const char *config_dir;
	const struct postfix_rows *rows;
	size_t first;   /* of the sample */
	size_t count;   /* of the sample */
	char ours[700]; /* the map, as it stands in transport_maps */
	json_t *maps;   /* array of {"map": text, "answers": object}, in Postfix's order */
	json_t *shadowed;
	json_t *unasked;
	struct reason *why;
};

static const struct postfix_row *sample_row(const struct verifying *verifying, size_t i)
{
	return &verifying->rows->rows[(verifying->first + i) % verifying->rows->count];
}

static void sample_choose(struct verifying *verifying, long long rotation)
{
	size_t count = verifying->rows->count;

	verifying->count = count < POSTFIX_SAMPLE_NAMES ? count : POSTFIX_SAMPLE_NAMES;
	if (count > POSTFIX_SAMPLE_NAMES)
		verifying->first = (size_t)((unsigned long long)rotation * POSTFIX_SAMPLE_NAMES % count);
}

/* Maps of patterns are asked for whole addresses only, never for a domain (Postfix's transport(5)). */
static bool map_has_patterns(const char *map)
{
	static const char *const types[] = {"regexp:", "pcre:", "cidr:", "randmap:", "proxy:regexp:",
	        "proxy:pcre:", "proxy:cidr:", "proxy:randmap:"};

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		if (strncmp(map, types[i], strlen(types[i])) == 0)
			return true;
	}
	return false;
}

static json_t *sample_keys(const struct verifying *verifying, bool with_addresses)
{
	json_t *keys = json_array();

	INVARIANT(keys != NULL);
	for (size_t i = 0; i < verifying->count; i++) {
		const char *domain = sample_row(verifying, i)->domain;

		if (with_addresses)
			json_array_append_new(keys, json_sprintf("%s@%s", probe_local_part, domain));
		json_array_append_new(keys, json_string(domain));
	}
	return keys;
}

static void map_ask(struct verifying *verifying, const char *map, const json_t *keys)
{
	json_t *answers = json_object();
	struct reason why;

	INVARIANT(answers != NULL);
	if (postfix_map_ask(verifying->config_dir, map, keys, answers, &why))
		json_array_append_new(verifying->unasked,
		        json_pack("{s:o, s:s}", "map", driver_text(map, strlen(map)), "error", why.text));
	else
		json_array_append_new(verifying->maps,
		        json_pack("{s:o, s:O}", "map", driver_text(map, strlen(map)), "answers", answers));
	json_decref(answers);
}

static void maps_ask(struct verifying *verifying, const char *transport_maps)
{
	json_t *keys = sample_keys(verifying, true);
	const char *item;
	size_t length;

	while (postfix_list_next(&transport_maps, &item, &length)) {
		char *map = strndup(item, length);

		MEMORY(map != NULL);
		map_ask(verifying, map, keys);
		free(map);
	}
	json_decref(keys);
}

/* The first map that has `key`: its name, and what it says; NULL if none has. */
static const char *first_answer(
        const struct verifying *verifying, const char *key, bool is_domain, const char **map)
{
	json_t *asked;
	size_t index;

	json_array_foreach(verifying->maps, index, asked)
	{
		const char *answer =
		        json_string_value(json_object_get(json_object_get(asked, "answers"), key));

		*map = json_string_value(json_object_get(asked, "map"));
		if (answer && !(is_domain && map_has_patterns(*map)))
			return answer;
	}
	*map = NULL;
	return NULL;
}

static void shadow_put(
        const struct verifying *verifying, const char *domain, const char *map, const char *answer)
{
	json_array_append_new(verifying->shadowed,
	        json_pack("{s:s, s:s, s:s}", "domain", domain, "map", map, "answer", answer));
}

/* Postfix's order: the whole address in all maps, then the domain in all maps. */
static void transport_judge(const struct verifying *verifying, const struct postfix_row *row)
{
	char address[400];
	struct text wanted = {0};
	const char *map, *answer;

	snprintf(address, sizeof address, "%s@%s", probe_local_part, row->domain);
	postfix_row_render(&wanted, row);
	answer = first_answer(verifying, address, false, &map);
	if (!answer)
		answer = first_answer(verifying, row->domain, true, &map);
	if (!answer)
		shadow_put(verifying, row->domain, "transport_maps", "");
	else if (strcmp(map, verifying->ours) != 0 || strcmp(answer, text_get(&wanted)) != 0)
		shadow_put(verifying, row->domain, map, answer);
	text_fini(&wanted);
}

static enum result relay_domains_judge(const struct verifying *verifying, const char *relay_domains)
{
	json_t *keys = sample_keys(verifying, false), *verdicts = json_object();
	enum result result;

	INVARIANT(verdicts != NULL);
	result = postfix_list_match(
	        verifying->config_dir, relay_domains, keys, postfix_match_domain, verdicts, verifying->why);
	for (size_t i = 0; i < verifying->count && !result; i++) {
		const char *domain = sample_row(verifying, i)->domain;

		if (sample_row(verifying, i)->state != POSTFIX_RELAYED)
			continue;
		const char *verdict = json_string_value(json_object_get(verdicts, domain));

		if (!verdict || verdict[0] == '!')
			shadow_put(verifying, domain, "relay_domains", verdict ? verdict : "");
	}
	json_decref(verdicts);
	json_decref(keys);
	return result;
}

static enum result sample_judge(struct verifying *verifying)
{
	static const char *const names[] = {"transport_maps", "relay_domains", NULL};
	struct postfix_conf conf;
	enum result result = postfix_conf_load_values(&conf, verifying->config_dir, names, verifying->why);

	if (result)
		return result;
	maps_ask(verifying, postfix_conf_get(&conf, names[0]));
	for (size_t i = 0; i < verifying->count; i++) {
		if (sample_row(verifying, i)->state <= POSTFIX_ENDING)
			transport_judge(verifying, sample_row(verifying, i));
	}
	result = relay_domains_judge(verifying, postfix_conf_get(&conf, names[1]));
	postfix_conf_fini(&conf);
	return result;
}

enum result postfix_verify(const char *config_dir, const char *tables, const struct postfix_rows *rows,
        long long rotation, json_t *shadowed, json_t *unasked, struct reason *why)
{
	struct verifying verifying = {
	        .config_dir = config_dir, .rows = rows, .shadowed = shadowed, .unasked = unasked, .why = why};
	enum result result;

	if (rows->count == 0)
		return RESULT_OK;
	verifying.maps = json_array();
	INVARIANT(verifying.maps != NULL);
	snprintf(verifying.ours, sizeof verifying.ours, "lmdb:%s/transport", tables);
	sample_choose(&verifying, rotation);
	result = sample_judge(&verifying);
	json_decref(verifying.maps);
	return result;
}

static void local_put(json_t *local, const json_t *names, const json_t *verdicts[3])
{
	json_t *name;
	size_t index;

	json_array_foreach(names, index, name)
	{
		bool is_local = false;

		for (int i = 0; i < 3; i++) {
			const char *verdict =
			        json_string_value(json_object_get(verdicts[i], json_string_value(name)));

			is_local = is_local || (verdict && verdict[0] != '!');
		}
		if (is_local)
			json_array_append(local, name);
	}
}

enum result postfix_local_list(const char *config_dir, const json_t *names, json_t *local, struct reason *why)
{
	static const char *const lists[] = {
	        "mydestination", "virtual_mailbox_domains", "virtual_alias_domains", NULL};
	json_t *verdicts[3] = {json_object(), json_object(), json_object()};
	struct postfix_conf conf;
	enum result result = postfix_conf_load_values(&conf, config_dir, lists, why);

	INVARIANT(verdicts[0] && verdicts[1] && verdicts[2]);
	for (int i = 0; i < 3 && !result; i++)
		result = postfix_list_match(config_dir, postfix_conf_get(&conf, lists[i]), names,
		        postfix_match_name, verdicts[i], why);
	if (!result)
		local_put(local, names, (const json_t *[]){verdicts[0], verdicts[1], verdicts[2]});
	for (int i = 0; i < 3; i++)
		json_decref(verdicts[i]);
	if (conf.dir)
		postfix_conf_fini(&conf);
	return result;
}
