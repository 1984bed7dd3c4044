/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs one program of this machine to its end: arguments as an array (never a shell), a clean
 * environment, input fed, output collected within bounds, killed with its children when late. Blocking.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "agent/driver/reason.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* A map's answers for 100,000 names are 8 MB; see FRAME_MAX_BYTES for the same reasoning. */
	RUN_OUTPUT_MAX_BYTES = 64 * 1024 * 1024,
	/* Of a program's complaints only the first lines are read. */
	RUN_ERRORS_MAX_BYTES = 64 * 1024,
	/* postmap of 100,000 rows takes 0.2 s; a busy disk may make it a hundred times that. */
	RUN_TIMEOUT_MS = 30000,
};

struct run_request {
	const char *const *argv; /* NULL at its end; argv[0] a path, or a name looked for in the system's
	                            bin and sbin directories (not in the caller's PATH) */
	const char *input;       /* fed to its standard input, then end of file; NULL: none */
	size_t input_length;
	unsigned timeout_ms; /* 0: RUN_TIMEOUT_MS */
	/* Where its standard output goes as it comes, in pieces of any size, instead of into run_output; of
	 * any length. False: that was enough, the program is killed and it counts as ended with status 0. */
	bool (*take)(void *context, const char *bytes, size_t length);
	void *context;
};

struct run_output {
	int status;    /* its exit status */
	char *text;    /* its standard output, with a NUL after its end */
	size_t length; /* without that NUL */
	char *errors;  /* its standard error, the first RUN_ERRORS_MAX_BYTES, NUL at the end */
	size_t errors_length;
};

/* RESULT_OK: it ran and ended by itself; look at output->status. Else `why` says program and cause, and
 * output is as after run_output_fini: RESULT_NOT_FOUND (no such program), RESULT_IO (couldn't be started,
 * killed by a signal, too late), RESULT_TOO_LARGE (output over its bound). */
enum result run_program(const struct run_request *request, struct run_output *output, struct reason *why);

/* The same, and an exit status other than 0 is RESULT_REFUSED with the first line that it complained. */
enum result run_program_ok(const struct run_request *request, struct run_output *output, struct reason *why);

/* Copies the first line of its complaints that isn't empty (its output's if there is none) to `line`. */
void run_output_complaint(const struct run_output *output, char *line, size_t size);

void run_output_fini(struct run_output *output);

#endif
