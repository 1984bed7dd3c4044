/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a renderer of meshctl makes of the text of a reply's data.
 */
#ifndef TESTS_UNIT_RENDERED_H
#define TESTS_UNIT_RENDERED_H

#include <jansson.h>
#include <stdio.h>

typedef void (*render_fn)(FILE *out, const json_t *data);

/* free() it. */
char *rendered(render_fn render, const json_t *data);

void assert_rendered(render_fn render, const char *json, const char *expected);

/* Whatever a newer agent sends: every value in the text, at any depth, is in turn each other type, and
 * missing. Nothing that could drive a terminal comes out. */
void assert_survives(render_fn render, const char *json);

#endif
