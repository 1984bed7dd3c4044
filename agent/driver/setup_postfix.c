/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/setup_postfix.h"

#include "agent/driver/postfix_check.h"
#include "agent/driver/postfix_table.h"
#include "agent/driver/text.h"
#include "agent/driver/textfile.h"
#include "proto/assert.h"

#include <jansson.h>

static const char *member(const json_t *finding, const char *name)
{
	return json_string_value(json_object_get(finding, name));
}

/* Says it on standard error when run, and fails, so that a pipe to sh can't look like success. */
static void failure_print(FILE *out, const char *text, const char *cure)
{
	struct text words = {0}, line = {0};

	text_print(&words, "%s%s%s", text, *cure ? "; " : "", cure);
	text_put_quoted(&line, text_get(&words));
	fprintf(out, "# %s\necho %s >&2\nexit 1\n", text_get(&words), text_get(&line));
	text_fini(&line);
	text_fini(&words);
}

static void lines_print(FILE *out, const json_t *missing)
{
	json_t *finding;
	size_t index;

	json_array_foreach(missing, index, finding) fprintf(out, "# %s: %s\n%s\n", member(finding, "what"),
	        member(finding, "why"), member(finding, "cure"));
}

static bool array_has(const json_t *array, const json_t *value)
{
	json_t *other;
	size_t index;

	json_array_foreach(array, index, other)
	{
		if (other == value)
			return true;
	}
	return false;
}

static void dangers_print(FILE *out, const json_t *missing, const json_t *dangers)
{
	json_t *finding;
	size_t index;

	json_array_foreach(dangers, index, finding)
	{
		if (!array_has(missing, finding))
			fprintf(out, "# REFUSED: %s: %s\n#   cure: %s\n", member(finding, "what"),
			        member(finding, "why"), member(finding, "cure"));
	}
}

static int findings_print(FILE *out, const char *config_dir, const json_t *missing, const json_t *dangers)
{
	if (json_array_size(missing) + json_array_size(dangers) == 0) {
		fprintf(out, "# Postfix in %s: nothing is missing.\n", config_dir);
		return 0;
	}
	fprintf(out, "# What Postfix in %s lacks to be a relay of the mesh. Read it, then pipe it to sh.\n",
	        config_dir);
	lines_print(out, missing);
	dangers_print(out, missing, dangers);
	if (json_array_size(missing) > 0)
		fprintf(out, "# A line of main.cf counts once Postfix has read it.\npostfix -c %s reload\n",
		        config_dir);
	return 1;
}

static int check_print(const char *config_dir, const char *tables, const json_t *vpn_addresses, FILE *out)
{
	json_t *missing = json_array(), *dangers = json_array();
	struct reason why;
	int result;

	INVARIANT(missing && dangers);
	result = postfix_check(config_dir, tables, vpn_addresses, missing, dangers, &why);
	if (result)
		failure_print(out, why.text, why.cure);
	else
		result = findings_print(out, config_dir, missing, dangers);
	json_decref(missing);
	json_decref(dangers);
	return result;
}

static json_t *addresses_array(const char *const *addresses, size_t count)
{
	json_t *array = json_array();

	INVARIANT(array != NULL);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(addresses[i]));
	return array;
}

int setup_postfix_print(
        const char *config_dir, const char *tables, const char *const *vpn_addresses, size_t count, FILE *out)
{
	json_t *addresses;
	int result;

	if (!textfile_path_is_plain(config_dir) || !textfile_path_is_plain(tables)) {
		failure_print(out,
		        "the directories of Postfix and of its tables must be plain absolute paths",
		        "correct them in the configuration");
		return RESULT_BAD_CONFIG;
	}
	if (postfix_tables_missing(tables)) {
		failure_print(out,
		        "meshd has not made its tables yet, and Postfix must not be told of tables that "
		        "aren't there",
		        "start meshd, then run this again");
		return 1;
	}
	addresses = addresses_array(vpn_addresses, count);
	result = check_print(config_dir, tables, addresses, out);
	json_decref(addresses);
	return result;
}
