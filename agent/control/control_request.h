/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request of the control protocol (doc/control-protocol.md) from its line to the line of its reply; what
 * a command is. Pure, but for what the commands do.
 */
#ifndef AGENT_CONTROL_REQUEST_H
#define AGENT_CONTROL_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "agent/operator/complaint.h"
#include "proto/result.h"

enum {
	CONTROL_VERSION = 1,
	CONTROL_REQUEST_MAX = 64 * 1024,      /* bytes of a line with its end: the longest takes 1 KiB */
	CONTROL_REPLY_MAX = 32 * 1024 * 1024, /* bytes: a status with 100,000 domains has 20 MiB */
	CONTROL_COMMAND_MAX = 64,             /* bytes of a name */
};

struct agent;

/* Why a command did nothing. */
enum control_code {
	CONTROL_FAILED, /* it was understood */
	CONTROL_USAGE,  /* the request was wrong */
};

struct control_error {
	enum control_code code;
	struct complaint why;
};

/* A row of the table of commands. */
struct control_command {
	const char *name;
	bool writes; /* changes the operator's files or the agent: noted with the peer's user */

	/* The data of the reply, a new reference; or NULL and *error, which is zero on entry. `args` is an
	 * object. Must not block for longer than some milliseconds: nothing else happens meanwhile. */
	json_t *(*run)(struct agent *agent, const json_t *args, struct control_error *error);
};

/* What requests are answered with. */
struct control_service {
	const struct control_command *commands;
	size_t command_count;
	struct agent *agent;

	/* Called after each command that writes; error is NULL when it was done. May be NULL. */
	void (*note)(struct agent *agent, uid_t uid, const struct control_command *command,
	        const json_t *args, const struct control_error *error);
};

/* Answers `length` bytes of anything, taken as a line without its end. *reply, free() it, is a line with its
 * end. RESULT_OK also when the reply is a refusal; NO_MEMORY: there is no reply. */
enum result control_request_answer(const struct control_service *service, uid_t uid, const char *line,
        size_t length, char **reply, size_t *reply_length);

/* The reply to something that isn't even a request. */
enum result control_request_refuse(const struct control_error *error, char **reply, size_t *reply_length);

/* Sets *error and returns NULL, so that a command ends with one statement. */
json_t *control_fail(struct control_error *error, const struct complaint *why);
json_t *control_usage(struct control_error *error, const char *tip, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* A string argument of a command. */
struct control_arg {
	const char *name;
	const char **value; /* borrowed from args; NULL if it wasn't given */
	bool is_required;
};

/* Takes the arguments apart: strings, no others than these. false: *error says which one is wrong. `usage` is
 * the command line that would be right, for the tip. */
bool control_args_get(const json_t *args, const struct control_arg *rows, size_t count, const char *usage,
        struct control_error *error);

#endif
