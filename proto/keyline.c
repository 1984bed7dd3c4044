/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/keyline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/assert.h"

#define WORD "correomesh1"
#define FIELDS 5U

/* A view into the text that is being read. */
struct field {
	const char *text;
	size_t length;
};

/* Each reads one field into out; else says what is wrong. */
static enum result word_read(const struct field *f, struct keyline *out, const char **what)
{
	static const char family[] = "correomesh";

	(void)out;
	if (f->length == strlen(WORD) && memcmp(f->text, WORD, f->length) == 0)
		return RESULT_OK;
	if (f->length >= strlen(family) && memcmp(f->text, family, strlen(family)) == 0)
		*what = "is of another version than correomesh1: upgrade, or ask for a line of this version";
	else
		*what = "isn't correomesh1: this is no key line, or not its beginning";
	return RESULT_UNKNOWN_FORMAT;
}

static enum result name_read(const struct field *f, struct keyline *out, const char **what)
{
	*what = member_name_fault(f->text, f->length);
	if (*what != NULL)
		return RESULT_BAD_NAME;
	memset(out->name, 0, sizeof out->name);
	memcpy(out->name, f->text, f->length);
	return RESULT_OK;
}

static enum result key_read(const struct field *f, struct keyline *out, const char **what)
{
	*what = key_fault(f->text, f->length);
	return key_parse(f->text, f->length, out->key);
}

static enum result address_read(const struct field *f, struct keyline *out, const char **what)
{
	*what = address_fault(f->text, f->length);
	if (*what != NULL)
		return RESULT_MALFORMED;
	INVARIANT(address_parse(f->text, f->length, &out->address) == RESULT_OK);
	if (address_is_usable_host(&out->address))
		return RESULT_OK;
	*what = "can't be the address of one host: write the member's address in the VPN";
	return RESULT_MALFORMED;
}

static enum result port_read(const struct field *f, struct keyline *out, const char **what)
{
	unsigned port = 0;
	bool good = f->length <= 5 && f->text[0] != '0';

	for (size_t i = 0; good && i < f->length; i++) {
		good = f->text[i] >= '0' && f->text[i] <= '9';
		port = port * 10 + (unsigned)(f->text[i] - '0');
	}
	if (good && port <= UINT16_MAX) {
		out->port = (uint16_t)port;
		return RESULT_OK;
	}
	*what = "isn't a port: write a number from 1 to 65535, such as 10655";
	return RESULT_MALFORMED;
}

static const struct {
	const char *name;
	enum result (*read)(const struct field *f, struct keyline *out, const char **what);
} rows[FIELDS] = {
        {"first word", word_read},
        {"NAME", name_read},
        {"KEY", key_read},
        {"ADDRESS", address_read},
        {"PORT", port_read},
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t line_end_strip(const char *text, size_t length)
{
	if (length > 0 && text[length - 1] == '\n')
		length--;
	else
		return length;
	if (length > 0 && text[length - 1] == '\r')
		length--;
	return length;
}

/* What makes a text no line at all. */
static const char *line_fault(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\n' || c == '\r')
			return "has more than one line: join what a mail program has wrapped";
		if ((c < ' ' && c != '\t') || c >= 0x7f)
			return "has a character that isn't printable ASCII: copy it again as plain text";
	}
	return NULL;
}

/* Fills at most FIELDS fields; returns how many there are in the text. */
static unsigned fields_split(const char *text, size_t length, struct field fields[FIELDS])
{
	unsigned count = 0;
	size_t at = 0;

	for (;;) {
		while (at < length && is_blank(text[at]))
			at++;
		if (at == length)
			return count;
		size_t start = at;
		while (at < length && !is_blank(text[at]))
			at++;
		if (count < FIELDS)
			fields[count] = (struct field){text + start, at - start};
		count++;
	}
}

static enum result refuse(
        struct keyline_fault *fault, enum result result, const char *field, const char *what, size_t column)
{
	if (fault != NULL)
		*fault = (struct keyline_fault){field, what, (unsigned)column};
	return result;
}

static enum result fields_read(
        const char *text, size_t length, struct keyline *out, struct keyline_fault *fault)
{
	struct field fields[FIELDS];
	unsigned count = fields_split(text, length, fields);

	for (unsigned i = 0; i < FIELDS; i++) {
		const char *what = NULL;

		if (i >= count)
			return refuse(fault, RESULT_TRUNCATED, rows[i].name,
			        "is missing: a key line is correomesh1 NAME KEY ADDRESS PORT", 0);
		enum result r = rows[i].read(&fields[i], out, &what);
		if (r != RESULT_OK)
			return refuse(fault, r, rows[i].name, what, (size_t)(fields[i].text - text) + 1);
	}
	if (count > FIELDS)
		return refuse(fault, RESULT_TRAILING, "key line",
		        "has something after PORT: a key line is correomesh1 NAME KEY ADDRESS PORT", 1);
	return RESULT_OK;
}

enum result keyline_parse(const char *text, size_t length, struct keyline *out, struct keyline_fault *fault)
{
	struct keyline read = {0};
	const char *what;
	enum result r;

	if (length > KEYLINE_BYTES_MAX)
		return refuse(fault, RESULT_TOO_LARGE, "key line", "is longer than 256 characters", 1);
	length = line_end_strip(text, length);
	what = line_fault(text, length);
	if (what != NULL)
		return refuse(fault, RESULT_MALFORMED, "key line", what, 1);
	r = fields_read(text, length, &read, fault);
	if (r == RESULT_OK)
		*out = read;
	return r;
}

void keyline_render(const struct keyline *line, char out[KEYLINE_BYTES_MAX])
{
	char key[KEY_TEXT_BYTES];
	char address[ADDRESS_TEXT_BYTES];
	int length;

	INVARIANT(member_name_check(line->name, strnlen(line->name, sizeof line->name)) == RESULT_OK);
	key_render(line->key, key);
	address_render(&line->address, address);
	length = snprintf(out, KEYLINE_BYTES_MAX, WORD " %s %s %s %u", line->name, key, address, line->port);
	INVARIANT(length > 0 && length < KEYLINE_BYTES_MAX);
}
