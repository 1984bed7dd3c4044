/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/tinc/tinc_event.h"

#include <string.h>

enum { WORDS = 3 };

struct word {
	const char *text;
	size_t length;
};

static const struct {
	const char *name;
	enum tinc_event_kind kind;
	bool is_up;
} names[] = {
        {"host-up", TINC_HOST, true},
        {"host-down", TINC_HOST, false},
        {"subnet-up", TINC_SUBNET, true},
        {"subnet-down", TINC_SUBNET, false},
        {"tinc-up", TINC_ITSELF, true},
        {"tinc-down", TINC_ITSELF, false},
};

/* Exactly WORDS of them, one blank between two, none empty. */
static bool split(const char *text, size_t length, struct word words[WORDS])
{
	const char *end = text + length;

	for (unsigned i = 0; i < WORDS; i++) {
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		const char *stop = blank != NULL ? blank : end;

		if (stop == text || (blank == NULL) != (i == WORDS - 1))
			return false;
		words[i] = (struct word){text, (size_t)(stop - text)};
		text = stop + 1;
	}
	return true;
}

static bool is_absent(const struct word *word)
{
	return word->length == 1 && word->text[0] == '-';
}

static enum result take_name(const struct word *word, struct tinc_event *out)
{
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (strlen(names[i].name) != word->length ||
		        memcmp(names[i].name, word->text, word->length) != 0)
			continue;
		out->kind = names[i].kind;
		out->is_up = names[i].is_up;
		return RESULT_OK;
	}
	return RESULT_MALFORMED;
}

static enum result take_node(const struct word *word, struct tinc_event *out)
{
	if (is_absent(word))
		return RESULT_OK;
	if (member_name_fault(word->text, word->length) != NULL)
		return RESULT_MALFORMED;
	memcpy(out->node, word->text, word->length);
	return RESULT_OK;
}

/* tinc 1.1 leaves "/32" away. */
static enum result take_subnet(const struct word *word, struct tinc_event *out)
{
	if (is_absent(word))
		return RESULT_OK;
	out->has_subnet = true;
	if (memchr(word->text, '/', word->length) != NULL)
		return prefix_parse(word->text, word->length, &out->subnet);
	if (address_parse(word->text, word->length, &out->subnet.address) != RESULT_OK)
		return RESULT_MALFORMED;
	out->subnet.bits = (uint8_t)(8 * out->subnet.address.length);
	return RESULT_OK;
}

enum result tinc_event_parse(const char *text, size_t length, struct tinc_event *out)
{
	struct tinc_event event = {.node = ""};
	struct word words[WORDS];

	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length == 0 || length > TINC_EVENT_BYTES_MAX || !split(text, length, words))
		return RESULT_MALFORMED;
	if (take_name(&words[0], &event) != RESULT_OK || take_node(&words[1], &event) != RESULT_OK ||
	        take_subnet(&words[2], &event) != RESULT_OK)
		return RESULT_MALFORMED;
	*out = event;
	return RESULT_OK;
}
