/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file `forced`: what this operator said against what the mesh would do by itself. One line each:
 *
 *	drain [now]                               serve nothing new, and walk what is served out of DNS
 *	leave [now]                               the same, and offer no more
 *	frozen                                    tables and zones stay as they are
 *	DOMAIN in|out RELAY until TIME REASON...  of the MX set that this node publishes; TIME: seconds since
 *	                                          1970, RELAY: a KEY or a member's name
 *
 * The file may be missing. A force whose time is over does nothing; its line stays, to be seen, until meshctl
 * next edits the file. Not pure: files.
 */
#ifndef AGENT_FORCED_FILE_H
#define AGENT_FORCED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/operator/complaint.h"
#include "agent/operator/paths.h"
#include "proto/key.h"
#include "proto/settings.h"

struct operator_files;

enum {
	FORCED_LINES_MAX = 1024,
	FORCED_REASON_MAX = sizeof((struct force_setting *)0)->reason - 1, /* bytes */
	FORCED_DAYS_MAX = 90, /* what holds for longer is no exception: relay del, deny */
};

struct forced_relay {
	char domain[DOMAIN_LENGTH_MAX + 1];
	uint8_t key[KEY_BYTES];
	bool in;
	int64_t until_s; /* since 1970 */
	char reason[FORCED_REASON_MAX + 1];
	bool by_name;
	unsigned line;
};

struct forced {
	enum departure departure;
	bool departure_now;
	unsigned departure_line; /* 0: none */
	unsigned frozen_line;    /* 0: not frozen */
	struct forced_relay *relays;
	size_t relay_count; /* in order of the file */
};

/* Reads the file; names are looked up in files->members. On failure *out is empty and why says file, line and
 * what was expected: BAD_CONFIG, TOO_LARGE, IO, NO_MEMORY. forced_file_fini() after success. */
enum result forced_file_load(
        struct forced *out, const char *path, const struct operator_files *files, struct complaint *why);
void forced_file_fini(struct forced *forced);

/* NULL: nothing is said of the two. */
const struct forced_relay *forced_file_find(
        const struct forced *forced, const char *domain, const uint8_t key[KEY_BYTES]);

/* A word that can't stand in a reason, or NULL: 1 to FORCED_REASON_MAX printable ASCII characters, no #. */
const char *forced_reason_fault(const char *reason);

/* Edits of one line; lines of forces that are over at wall_s (seconds since 1970, also for the date) go with
 * each. Results as of line_file_add(). DEPARTURE_NONE takes the line out. */
enum result forced_edit_departure(
        const struct paths *paths, enum departure departure, bool now, int64_t wall_s, struct complaint *why);
enum result forced_edit_frozen(const struct paths *paths, bool frozen, int64_t wall_s, struct complaint *why);
/* name: of the relay, where it has one here, for the comment and for lines by hand; may be NULL. */
enum result forced_edit_relay(const struct paths *paths, const struct forced_relay *relay, const char *name,
        int64_t wall_s, struct complaint *why);
enum result forced_edit_clear(const struct paths *paths, const char *domain, const uint8_t key[KEY_BYTES],
        const char *name, int64_t wall_s, struct complaint *why);

#endif
