/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The edits that meshctl asks for, one line each; operator_files reads what this writes. Whoever calls has
 * loaded the files and checked that the edit makes sense; here it is only done. Not pure: files.
 *
 * Results as of line_file_add(): CHANGED and REFUSED leave everything as it was.
 */
#ifndef AGENT_OPERATOR_EDIT_H
#define AGENT_OPERATOR_EDIT_H

#include <stdint.h>

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/keyline.h"
#include "proto/result.h"

/* Creates members/NAME; REFUSED if there is such a file. name passes member_name_check(). */
enum result operator_edit_pin(
        const struct paths *paths, const char *name, const struct keyline *keyline, struct complaint *why);

/* Sets the line of a domain in claims to "DOMAIN MORE  # DATE", or with the comment that stands there; more
 * may be "". `wall_s`: seconds since 1970, for the date. BAD_CONFIG: the line would be too long. */
enum result operator_edit_claim(const struct paths *paths, const char *domain, const char *more,
        int64_t wall_s, struct complaint *why);

/* Adds "DOMAIN from KEY  # NAME DATE" to accepts; name may be NULL. */
enum result operator_edit_accept(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, int64_t wall_s, struct complaint *why);

/* Removes members/NAME if it still holds that key. CHANGED: it holds another; REFUSED: it is no regular file.
 */
enum result operator_edit_unpin(
        const struct paths *paths, const char *name, const uint8_t key[KEY_BYTES], struct complaint *why);

/* Takes the line about the domain out of claims; OK also when there is none. */
enum result operator_edit_release(const struct paths *paths, const char *domain, struct complaint *why);

/* Takes the line "DOMAIN from KEY" out of accepts, or "DOMAIN from NAME" where name isn't NULL; OK also when
 * there is none. */
enum result operator_edit_decline(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, struct complaint *why);

/* Sets the line of a relay in relays to "KEY PREFERENCE  # NAME DATE" or "KEY no  # NAME DATE"; name may be
 * NULL. */
struct operator_relay {
	const uint8_t *key;
	const char *name;
	bool is_excluded;
	uint16_t preference;
};
enum result operator_edit_relay(
        const struct paths *paths, const struct operator_relay *relay, int64_t wall_s, struct complaint *why);

#endif
