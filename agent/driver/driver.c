/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/driver.h"

#include "agent/driver/textfile.h"
#include "agent/memory.h"
#include "proto/address.h"

#include <stdlib.h>
#include <string.h>

static const struct driver *const drivers[] = {
        &driver_postfix,
        &driver_nsd,
        &driver_dns,
};

static const struct driver *driver_find(const char *name)
{
	for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

const struct driver_op *driver_op_find(const char *driver, const char *op)
{
	const struct driver *found = driver_find(driver);

	for (const struct driver_op *row = found ? found->ops : NULL; row && row->name; row++) {
		if (strcmp(row->name, op) == 0)
			return row;
	}
	return NULL;
}

int driver_fail(json_t *reply, enum result result, const struct reason *why)
{
	json_object_set_new(reply, "error", json_string(why->text));
	json_object_set_new(reply, "cure", json_string(why->cure));
	return result;
}

json_t *driver_text(const char *bytes, size_t length)
{
	json_t *text = json_stringn(bytes, length);
	char *copy;

	if (text)
		return text;
	copy = strndup(bytes, length);
	MEMORY(copy != NULL);
	for (char *at = copy; *at != '\0'; at++) {
		if (*at & 0x80)
			*at = '?';
	}
	text = json_string(copy);
	free(copy);
	return text;
}

enum result driver_text_get(const json_t *request, const char *name, const char **text, struct reason *why)
{
	*text = json_string_value(json_object_get(request, name));
	if (!*text)
		return reason_set(why, RESULT_MALFORMED, NULL, "the request has no text \"%s\"", name);
	return RESULT_OK;
}

enum result driver_path_get(const json_t *request, const char *name, const char **path, struct reason *why)
{
	if (driver_text_get(request, name, path, why))
		return RESULT_MALFORMED;
	if (!textfile_path_is_plain(*path))
		return reason_set(why, RESULT_MALFORMED,
		        "name an absolute path of letters, digits and ._+@- in the configuration",
		        "\"%s\" is no path that can be used: %s", name, *path);
	return RESULT_OK;
}

enum result driver_texts_get(
        const json_t *request, const char *name, const json_t **texts, struct reason *why)
{
	size_t index;
	json_t *text;

	*texts = json_object_get(request, name);
	if (*texts && !json_is_array(*texts))
		return reason_set(why, RESULT_MALFORMED, NULL, "\"%s\" in the request is no list", name);
	json_array_foreach(*texts, index, text)
	{
		if (!json_is_string(text))
			return reason_set(why, RESULT_MALFORMED, NULL,
			        "\"%s\" in the request has something other than text", name);
	}
	return RESULT_OK;
}

enum result driver_addresses_check(const json_t *texts, struct reason *why)
{
	struct address address;
	size_t index;
	json_t *text;

	json_array_foreach(texts, index, text)
	{
		const char *bytes = json_string_value(text);

		if (!bytes || address_parse(bytes, strlen(bytes), &address))
			return reason_set(why, RESULT_MALFORMED, "correct it in the configuration",
			        "not an IP address: %.100s", bytes ? bytes : "");
	}
	return RESULT_OK;
}
