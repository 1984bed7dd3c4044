/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/lines.h"

struct lines lines_of(struct bytes text)
{
	static const char nothing[1];
	const char *start = text.data != NULL ? (const char *)text.data : nothing;

	return (struct lines){.at = start, .end = start + text.length};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *find(const char *at, const char *end, char c)
{
	const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;

	return found != NULL ? found : end;
}

static void split(const char *at, const char *end, struct line *out)
{
	out->count = 0;
	for (;;) {
		while (at < end && is_blank(*at))
			at++;
		if (at == end)
			return;
		const char *start = at;

		while (at < end && (!is_blank(*at) || out->count == LINE_FIELDS_MAX - 1))
			at++;
		out->fields[out->count++] = bytes_of(start, (size_t)(at - start));
	}
}

bool lines_next(struct lines *lines, struct line *out)
{
	while (lines->at < lines->end) {
		const char *start = lines->at, *end = find(start, lines->end, '\n');

		lines->at = end < lines->end ? end + 1 : end;
		lines->number++;
		split(start, find(start, end, '#'), out);
		if (out->count > 0)
			return true;
	}
	return false;
}

bool field_number(struct bytes field, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (field.length == 0 || (field.length > 1 && field.data[0] == '0'))
		return false;
	for (size_t i = 0; i < field.length; i++) {
		uint64_t digit = (uint64_t)field.data[i] - '0';

		if (field.data[i] < '0' || digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}

bool field_is_plain(struct bytes field)
{
	for (size_t i = 0; i < field.length; i++) {
		if (field.data[i] <= ' ' || field.data[i] > '~')
			return false;
	}
	return true;
}

bool field_is(struct bytes field, const char *word)
{
	return bytes_equal(field, bytes_of(word, strlen(word)));
}
