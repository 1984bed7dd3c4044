/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the commands that edit the operator's files share: load, say, reload, refuse. Not pure: files, and
 * agent_reload().
 */
#ifndef AGENT_EDIT_H
#define AGENT_EDIT_H

#include "agent/control/control_request.h"
#include "agent/operator/operator_files.h"

/* What a command tells, as {"done":"...","already":false,"file":"...","instructions":["..."]}. */
struct edit_report {
	json_t *data;
	json_t *instructions; /* borrowed from data */
};

/* `done`: what holds now; `already`: it held before, and nothing was written. */
struct edit_report edit_report(bool already, const char *file, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Adds what is left for people to do. */
void edit_instruct(const struct edit_report *report, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* The files as they are now, hand edits included. operator_files_fini() after success. */
bool edit_load(struct agent *agent, struct operator_files *files, struct control_error *error);

/* Puts in force what was written to `file`. */
bool edit_reload(struct agent *agent, const char *file, struct control_error *error);

/* Understood, but not done; false, so that a check ends with one statement. */
bool edit_refuse(struct control_error *error, const char *tip, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Wrong usage where it is no domain. */
bool edit_check_domain(const char *domain, const char *usage, struct control_error *error);

/* Somebody that a command is about. */
struct edit_member {
	uint8_t key[KEY_BYTES];
	char name[MEMBER_NAME_BYTES]; /* what we call the key; "" for a stranger's */
	bool is_own;                  /* this node itself, by its name or key */
};

/* A member's name, this node's own, or a KEY. */
bool edit_resolve(struct agent *agent, const struct operator_files *files, const char *word,
        struct edit_member *out, struct control_error *error);

/* The name, or the first characters of the key. Borrowed; good for one call. */
const char *edit_name(const struct edit_member *who);

#endif
