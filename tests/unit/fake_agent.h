/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The agent of tests of the commands that edit: rosa, in net libre, with files of her own in a scratch
 * directory. A reload loads the files, or fails when told to. Commands are asked as a client would.
 */
#ifndef TESTS_UNIT_FAKE_AGENT_H
#define TESTS_UNIT_FAKE_AGENT_H

#include "agent/agent.h"
#include "agent/control/control_request.h"
#include "agent/operator/operator_files.h"

#define ANA "aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypzkhxhuu" /* pinned */
#define LUZ "5ppuospqauzf57crhb2rbg453jlhg4ioojzg3pwu7siojgx3kyvphix2zy"
#define OWN "7777777777777777777777777777777777777777777777777777k7z7xq"
#define ZERO "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaacmd5urm" /* denied */
#define ANA_LINE "correomesh1 ana " ANA " 10.66.0.22 10655"
#define LUZ_LINE "correomesh1 luz " LUZ " 10.66.0.23 10655"
#define ETC "etc/meshd/libre/"

struct agent {
	struct paths paths;
	struct config config;
	struct operator_files files; /* as of the last reload, if has_files */
	bool has_files;
	uint8_t key[KEY_BYTES];
	unsigned reloads;
	bool fails;
	bool newer; /* a newer head was heard, which claims new.test besides */
	unsigned recovered;
};

extern struct agent fake_agent;

/* cmocka's; *state is a struct scratch. */
int fake_agent_setup(void **state);
int fake_agent_teardown(void **state);

/* Sets what meshd.conf says and what the agent holds of it. */
void fake_agent_configure(void *state, const char *text);

/* Asks one of `rows`, args being the text of a JSON object: "done" of the data, or the error. */
const char *fake_agent_ask(
        const struct control_command *rows, size_t count, const char *command, const char *args);

/* Of the last reply. */
bool reply_is_ok(void);
bool reply_is_already(void);
const char *reply_tip(void);
const char *reply_code(void);
const char *reply_instruction(size_t i); /* "": there are fewer */

/* Rows of requests that are refused: the error begins with `says`. */
struct refusal {
	const char *args;
	const char *says;
	const char *code;
};
void assert_refusals(const struct control_command *rows, size_t row_count, const char *command,
        const struct refusal *refusals, size_t count);

#endif
