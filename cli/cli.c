/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/render.h"

#define TEXT_SIZE 2048

enum cli_exit cli_print_json(json_t *json)
{
	int status = json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(json);
	putchar('\n');
	return status == 0 && fflush(stdout) == 0 ? CLI_DONE : CLI_FAILED;
}

/* Agents may quote what others sent: nothing of it may drive the terminal. */
static void tell(const char *error, const char *tip)
{
	fputs("meshctl: ", stderr);
	render_text(stderr, error);
	fputc('\n', stderr);
	if (tip == NULL || tip[0] == '\0')
		return;
	fputs("tip: ", stderr);
	render_text(stderr, tip);
	fputc('\n', stderr);
}

static const char *code_text(enum cli_exit code)
{
	static const char *const texts[] = {[CLI_DONE] = "done",
	        [CLI_FAILED] = "failed",
	        [CLI_USAGE] = "usage",
	        [CLI_NOT_RUNNING] = "not_running"};

	return texts[code];
}

enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code, const char *tip, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	tip = tip == NULL ? "" : tip;
	if (cli->json)
		cli_print_json(json_pack("{s:b,s:s%,s:s%,s:s}", "ok", 0, "error", text, strlen(text), "tip",
		        tip, strlen(tip), "code", code_text(code)));
	else
		tell(text, tip);
	return code;
}

static const char *member(const json_t *json, const char *name)
{
	const char *text = json_string_value(json_object_get(json, name));

	return text == NULL ? "" : text;
}

static enum cli_exit exit_code(const json_t *reply)
{
	if (json_is_true(json_object_get(reply, "ok")))
		return CLI_DONE;
	return strcmp(member(reply, "code"), "usage") == 0 ? CLI_USAGE : CLI_FAILED;
}

enum cli_exit cli_end(const struct cli *cli, json_t *reply, void (*render)(FILE *out, const json_t *data))
{
	enum cli_exit code = exit_code(reply);

	if (cli->json)
		return cli_print_json(reply) == CLI_DONE ? code : CLI_FAILED;
	if (code == CLI_DONE)
		render(stdout, json_object_get(reply, "data"));
	else
		tell(member(reply, "error"), member(reply, "tip"));
	json_decref(reply);
	return fflush(stdout) == 0 ? code : CLI_FAILED;
}
