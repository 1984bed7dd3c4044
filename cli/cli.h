/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of meshctl share: the options given before and after a command, exit codes, and how a
 * command ends. meshctl knows the control protocol, and nothing of meshd's inside.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>

/* Stable: scripts rely on them. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NOT_RUNNING = 3, /* no agent answers */
};

enum { CLI_NET_MAX = 32, CLI_PATH_SIZE = 4096 };

struct cli {
	const char *prefix; /* "" or what goes before all paths */
	const char *net;
	bool json;
	const char *as;          /* of pin; NULL if it wasn't given */
	const char *mesh_prefix; /* of init; NULL if it wasn't given */
	const char *duration;    /* --for, of force; NULL if it wasn't given */
	const char *reason;      /* of force; NULL if it wasn't given */
	bool verbose;            /* of domains */
	bool hold;               /* of queue */
	bool release;            /* of queue */
	bool all;                /* of flush */
	bool now;                /* of drain and leave */
	bool clear;              /* of force */
	bool take_newer;         /* of recover */
	bool keep_mine;          /* of recover */
};

/* Tells why a command wasn't done: on stderr for people, as a reply of the control protocol on stdout with
 * --json. tip may be "" or NULL. Returns code. */
enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code, const char *tip, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Takes a reply of the agent. With --json it is printed as it is; otherwise `render` prints the data of a
 * good one, and the error of another goes to stderr. The code that fits it. */
enum cli_exit cli_end(const struct cli *cli, json_t *reply, void (*render)(FILE *out, const json_t *data));

/* Takes json; one line on stdout. CLI_DONE, or CLI_FAILED when it can't be written. */
enum cli_exit cli_print_json(json_t *json);

#endif
