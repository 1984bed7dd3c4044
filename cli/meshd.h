/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd's check modes, for what works without an agent: key, init, setup. meshd is looked for beside meshctl,
 * in the place where a build tree has it, then in PATH. Not pure: processes.
 */
#ifndef CLI_MESHD_H
#define CLI_MESHD_H

#include <stddef.h>

#include "cli/cli.h"

enum {
	MESHD_ARGS_MAX = 8,
	MESHD_OUTPUT_MAX = 256 * 1024, /* bytes kept of stdout, and of stderr, with --json */
};

/* Runs meshd with --prefix and --net of cli and then args, `count` <= MESHD_ARGS_MAX. For people it takes
 * meshctl's place, so that this returns only when that fails. With --json its output is caught:
 * {"ok":true,"data":{"lines":[stdout],"notes":[stderr]}}, or its complaint as an error. The code is meshd's.
 */
enum cli_exit meshd_run(const struct cli *cli, const char *const *args, size_t count);

#endif
