/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What tinc's hooks send: any bytes are read without harm, what is accepted holds a name and a subnet that
 * can be used, and a list of hints never grows beyond its bound.
 */
#include <string.h>

#include "agent/tinc/hint_list.h"
#include "agent/tinc/tinc_event.h"
#include "tests/fuzz/fuzz.h"

static void check(const struct tinc_event *event)
{
	char text[PREFIX_TEXT_BYTES];
	struct prefix again;

	REQUIRE(event->node[0] == '\0' || member_name_check(event->node, strlen(event->node)) == RESULT_OK);
	if (!event->has_subnet)
		return;
	REQUIRE(event->subnet.bits <= 8 * event->subnet.address.length);
	prefix_render(&event->subnet, text);
	REQUIRE(prefix_parse(text, strlen(text), &again) == RESULT_OK);
	REQUIRE(again.bits == event->subnet.bits);
	REQUIRE(address_compare(&again.address, &event->subnet.address) == 0);
}

/* The input as one datagram, and each of its lines as one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	struct hint_list hints = {.count = 0};
	struct tinc_event event;

	if (tinc_event_parse(text, size, &event) == RESULT_OK)
		check(&event);
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((stop != NULL ? stop + 1 : end) - text);

		if (tinc_event_parse(text, length, &event) == RESULT_OK) {
			check(&event);
			hint_list_add(&hints, &event);
			REQUIRE(hints.count >= 1 && hints.count <= HINTS_MAX);
		}
		text += length;
	}
	return 0;
}
