/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Postfix's own lists, as it reads them: items between commas and blanks, braces kept together, "!" for
 * "not", "/file", "type:table", and otherwise literal; the first item that matches decides. Lists come
 * expanded (postconf -x).
 */
#ifndef AGENT_POSTFIX_LIST_H
#define AGENT_POSTFIX_LIST_H

#include "agent/driver/reason.h"
#include "agent/driver/text.h"

#include <jansson.h>
#include <stddef.h>

/* Moves `*cursor` over the next item and gives it as `*item` (not terminated) with its `*length`. */
bool postfix_list_next(const char **cursor, const char **item, size_t *length);

/* The place of the first item that is `word`, letter by letter; -1 if there is none. */
int postfix_list_find(const char *list, const char *word);

/* Puts the list without those items that are in `words` (a list too), then, if `add` isn't NULL, with
 * `add` before item number `before` (at the end where there are fewer; -1: at the end). Between items ", ".
 */
void postfix_list_edit(struct text *text, const char *list, const char *words, const char *add, int before);

/* How a literal item is compared with a key. */
typedef bool (*postfix_match_fn)(const char *item, const char *key);

bool postfix_match_name(const char *item, const char *key);   /* the same name, in any case */
bool postfix_match_domain(const char *item, const char *key); /* also ".parent" */
bool postfix_match_address(
        const char *item, const char *key); /* a network, "[v6]/bits" or "v4/bits", or an address */

/* For each key (JSON strings) the item that decided: `verdicts` (an empty object) gets key → the item as
 * text, with its "!" where the key is shut out; no member where nothing matched. Tables are asked once each
 * by postmap. RESULT_REFUSED, RESULT_IO if a file or a table can't be read. */
enum result postfix_list_match(const char *config_dir, const char *list, const json_t *keys,
        postfix_match_fn match, json_t *verdicts, struct reason *why);

/* Asks one map for all keys (JSON strings): `answers` (an empty object) gets key → value for those that are
 * there. A "proxy:" before the map is left out: proxymap answers only Postfix itself. */
enum result postfix_map_ask(
        const char *config_dir, const char *map, const json_t *keys, json_t *answers, struct reason *why);

#endif
