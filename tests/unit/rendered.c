/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/rendered.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cmocka.h"

char *rendered(render_fn render, const json_t *data)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	render(out, data);
	fclose(out);
	return text;
}

void assert_rendered(render_fn render, const char *json, const char *expected)
{
	json_t *data = json_loads(json, 0, NULL);
	char *text;

	assert_non_null(data);
	text = rendered(render, data);
	assert_string_equal(text, expected);
	free(text);
	json_decref(data);
}

static void assert_harmless(render_fn render, const json_t *data)
{
	char *text = rendered(render, data);

	for (const char *at = text; *at != '\0'; at++)
		assert_true(*at == '\n' || ((unsigned char)*at >= 0x20 && *at != 0x7f));
	free(text);
}

static json_t *other_of(unsigned which)
{
	static const char *const others[] = {"null", "7", "-9223372036854775808", "\"\\u001b[2J\\u0007\"",
	        "[null,7,\"x\",{}]", "{\"a\":[1]}", "true", "1.5"};

	if (which == sizeof others / sizeof others[0])
		return NULL;
	return json_loads(others[which], JSON_DECODE_ANY, NULL);
}

/* Replaces the value that is the *left-th in depth first order; false when there are fewer. */
static bool replace(json_t *in, unsigned *left, json_t *with)
{
	const char *name;
	json_t *value;
	size_t index;
	void *next;

	json_object_foreach_safe(in, next, name, value)
	{
		if ((*left)-- == 0)
			return json_object_set(in, name, with) == 0;
		if (replace(value, left, with))
			return true;
	}
	json_array_foreach(in, index, value)
	{
		if ((*left)-- == 0)
			return json_array_set(in, index, with) == 0;
		if (replace(value, left, with))
			return true;
	}
	return false;
}

void assert_survives(render_fn render, const char *json)
{
	bool there = true;

	for (unsigned place = 0; there; place++) {
		json_t *other;

		for (unsigned which = 0; (other = other_of(which)) != NULL; which++) {
			json_t *data = json_loads(json, 0, NULL);
			unsigned left = place;

			assert_non_null(data);
			there = replace(data, &left, other);
			assert_harmless(render, data);
			json_decref(data);
			json_decref(other);
		}
	}
	assert_harmless(render, NULL);
}
