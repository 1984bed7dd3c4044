/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problem: tinc has one hook per event, and people have hooks already. LibreVPN's are links to one
 * run-script, whose `exec` in a loop runs the first of scripts/EVENT-* only, so that a script of ours there
 * would shadow theirs or be shadowed. Choice: one line, the same in every hook, right behind a script's first
 * line: it returns at once and runs whatever the script does then. Rejected: appending (behind an exec or
 * exit it never runs), a script in scripts/.
 */
#include "agent/tinc/setup_tinc.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "agent/driver/text.h"
#include "agent/driver/textfile.h"
#include "agent/tinc/tinc_file.h"

#define HOOK_WORD "tinc-event"
#define RUN_SCRIPT "run-script"
#define MAX_TIMEOUT_S 30
#define TINC_MAX_TIMEOUT_S 900 /* tinc's own default */

enum { EDITED_MAX = 8 };

static const struct {
	const char *name;
	bool is_needed; /* tinc-up only where there is one: who has none gives the address otherwise */
} hooks[] = {{"host-up", true}, {"host-down", true}, {"subnet-up", true}, {"subnet-down", true},
        {"tinc-up", false}};

struct printing {
	const struct setup_tinc *setup;
	FILE *out;
	struct complaint *why;
	struct text line;         /* the one line of every hook */
	char *edited[EDITED_MAX]; /* files that got their line: several hooks may be one file */
	unsigned edited_count, missing;
	bool has_run_script, run_script_has_line;
};

static enum result complain_file(struct complaint *why, const char *path, int error)
{
	complaint_set_at(why, path, 0, "can't be read: %s",
	        error == EINVAL ? "it is no regular file" : strerror(error));
	if (error == EACCES || error == EPERM)
		complaint_set_tip(why, "run this as root");
	return RESULT_IO;
}

static void path_of(const struct printing *printing, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", printing->setup->dir, name);
}

static void put_command(struct printing *printing, const struct text *command)
{
	fprintf(printing->out, "%s\n", text_get(command));
	printing->missing++;
}

/* --- one hook ---------------------------------------------------------------------------------------- */

/* A path that the shell reads as one word whatever is in it. */
static void put_path(struct text *text, const char *path)
{
	if (textfile_path_is_plain(path))
		text_print(text, "%s", path);
	else
		text_put_quoted(text, path);
}

static void print_new(struct printing *printing, const char *name, const char *path)
{
	struct text command = {0};

	if (printing->has_run_script) {
		fprintf(printing->out, "# %s isn't there: run-script serves it, as lvpn does it.\n", name);
		text_print(&command, "ln -s " RUN_SCRIPT " ");
		put_path(&command, path);
	} else {
		fprintf(printing->out, "# %s isn't there.\n", name);
		text_print(&command, "(set -C; printf '%%s\\n' '#!/bin/sh' ");
		text_put_quoted(&command, text_get(&printing->line));
		text_print(&command, " >");
		put_path(&command, path);
		text_print(&command, ") && chmod 755 ");
		put_path(&command, path);
	}
	put_command(printing, &command);
	text_fini(&command);
}

static bool was_edited(struct printing *printing, const char *path)
{
	for (unsigned i = 0; i < printing->edited_count; i++) {
		if (strcmp(printing->edited[i], path) == 0)
			return true;
	}
	if (printing->edited_count < EDITED_MAX)
		printing->edited[printing->edited_count++] = strdup(path);
	return false;
}

static void print_insert(struct printing *printing, const char *name, const struct tinc_file *file)
{
	struct text command = {0}, script = {0};

	fprintf(printing->out,
	        "# %s is a script already. Our line goes right behind its first line, where it runs whatever "
	        "the\n"
	        "# script does then; nothing else in it changes:\n"
	        "#   %s\n",
	        name, text_get(&printing->line));
	text_print(&script, "1a %s", text_get(&printing->line));
	text_print(&command, "sed -i ");
	text_put_quoted(&command, text_get(&script));
	text_print(&command, " ");
	put_path(&command, file->path);
	put_command(printing, &command);
	text_fini(&command);
	text_fini(&script);
}

static void print_refusal(struct printing *printing, const char *name)
{
	fprintf(printing->out,
	        "# REFUSED: %s is no shell script that a line could be put into. Have it run:\n#   %s\n",
	        name, text_get(&printing->line));
	printing->missing++;
}

static void print_chmod(struct printing *printing, const char *name, const struct tinc_file *file)
{
	struct text command = {0};

	fprintf(printing->out, "# %s isn't executable: tinc doesn't run it.\n", name);
	text_print(&command, "chmod a+x ");
	put_path(&command, file->path);
	put_command(printing, &command);
	text_fini(&command);
}

/* It has the line itself, or runs run-script, which has it. */
static bool is_served(const struct printing *printing, const struct tinc_file *file)
{
	return tinc_text_has(file->text, HOOK_WORD) ||
	       (printing->run_script_has_line && tinc_text_has(file->text, RUN_SCRIPT));
}

static void print_present(struct printing *printing, const char *name, const struct tinc_file *file)
{
	if (!is_served(printing, file)) {
		if (was_edited(printing, file->path))
			return;
		if (tinc_text_is_shell(file->text))
			print_insert(printing, name, file);
		else
			print_refusal(printing, name);
	}
	if (!file->is_executable)
		print_chmod(printing, name, file);
}

static enum result print_hook(struct printing *printing, const char *name, bool is_needed)
{
	struct tinc_file file;
	char path[4096];
	enum result result = RESULT_OK;
	int error;

	path_of(printing, name, path, sizeof path);
	error = tinc_file_read(&file, path);
	if (error != 0)
		result = complain_file(printing->why, path, error);
	else if (file.is_there)
		print_present(printing, name, &file);
	else if (is_needed)
		print_new(printing, name, path);
	tinc_file_fini(&file);
	return result;
}

/* --- LibreVPN ---------------------------------------------------------------------------------------- */

static struct complaint_quote last_part(const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	return complaint_quote(name, strlen(name));
}

/* Of scripts/EVENT-* only the first runs. */
static void print_shadowed(struct printing *printing, const char *event)
{
	char pattern[4096];
	glob_t found = {.gl_pathc = 0};

	snprintf(pattern, sizeof pattern, "%s/scripts/%s-*", printing->setup->dir, event);
	if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 1) {
		fprintf(printing->out, "# Of scripts/%s-* it runs the first only, %s. Never run:", event,
		        last_part(found.gl_pathv[0]).text);
		for (size_t i = 1; i < found.gl_pathc; i++)
			fprintf(printing->out, " %s", last_part(found.gl_pathv[i]).text);
		fprintf(printing->out, ".\n");
	}
	globfree(&found);
}

static enum result print_run_script(struct printing *printing)
{
	struct tinc_file file;
	char path[4096];
	int error;

	path_of(printing, RUN_SCRIPT, path, sizeof path);
	error = tinc_file_read(&file, path);
	if (error == 0 && file.is_there) {
		printing->has_run_script = true;
		printing->run_script_has_line = tinc_text_has(file.text, HOOK_WORD);
		if (!printing->run_script_has_line) {
			fprintf(printing->out, "# lvpn's run-script serves several hooks, and its \"exec\" "
			                       "runs the first script of an event\n"
			                       "# only: one of ours in scripts/ would shadow "
			                       "subnet-postqueue, or be shadowed by it. The line\n"
			                       "# in front of its loop runs for every event, and what ran "
			                       "before runs on. \"lvpn install\" and\n"
			                       "# \"lvpn install-script\" write run-script anew: put the "
			                       "line into their copies too, or come\n"
			                       "# here again afterwards.\n");
			print_shadowed(printing, "host");
			print_shadowed(printing, "subnet");
		}
		print_present(printing, RUN_SCRIPT, &file);
		printing->run_script_has_line = true; /* once the lines above have run */
	}
	if (error != 0)
		complain_file(printing->why, path, error);
	tinc_file_fini(&file);
	return error == 0 ? RESULT_OK : RESULT_IO;
}

/* --- settings ---------------------------------------------------------------------------------------- */

static enum result print_settings(struct printing *printing)
{
	struct tinc_file file;
	char path[4096];
	int error;
	long timeout_s;

	path_of(printing, "tinc.conf", path, sizeof path);
	error = tinc_file_read(&file, path);
	if (error == 0 && !file.is_there)
		error = ENOENT;
	if (error != 0) {
		tinc_file_fini(&file);
		complain_file(printing->why, path, error);
		if (error == ENOENT)
			complaint_set_tip(printing->why,
			        "is that the tinc net? meshctl setup tinc DIRECTORY names another");
		return error == ENOENT ? RESULT_NOT_FOUND : RESULT_IO;
	}
	timeout_s = tinc_text_number(file.text, "MaxTimeout", TINC_MAX_TIMEOUT_S);
	if (timeout_s > MAX_TIMEOUT_S)
		fprintf(printing->out,
		        "# recommended: MaxTimeout = %d in %s (now %ld): after an outage tinc tries again "
		        "within that time.\n",
		        MAX_TIMEOUT_S, path, timeout_s);
	if (!tinc_text_has(file.text, "StrictSubnets"))
		fprintf(printing->out,
		        "# recommended: StrictSubnets = yes in %s, if hosts/ has everybody's Subnet lines: "
		        "else any member\n"
		        "# may announce another's address. (meshd trusts no address; mail between homes and "
		        "relays might.)\n",
		        path);
	tinc_file_fini(&file);
	return RESULT_OK;
}

static void print_user_option(struct printing *printing, const char *user)
{
	struct text command = {0}, option = {0};

	fprintf(printing->out,
	        "# tincd runs as user %s (-U in %s), and so do its hooks; meshd hears only whom it knows.\n",
	        user, printing->setup->defaults);
	text_print(&option, "tinc_user = \"%s\"", user);
	text_print(&command, "echo ");
	text_put_quoted(&command, text_get(&option));
	text_print(&command, " >>");
	put_path(&command, printing->setup->config);
	put_command(printing, &command);
	text_fini(&command);
	text_fini(&option);
}

static void print_user(struct printing *printing)
{
	struct tinc_file file;
	char user[64];

	if (tinc_file_read(&file, printing->setup->defaults) == 0 && file.is_there &&
	        tinc_text_user(file.text, user, sizeof user) && strcmp(user, "root") != 0 &&
	        strcmp(user, printing->setup->tinc_user) != 0)
		print_user_option(printing, complaint_quote(user, strlen(user)).text);
	tinc_file_fini(&file);
}

/* --- the whole --------------------------------------------------------------------------------------- */

static enum result print_all(struct printing *printing)
{
	enum result result = print_settings(printing);

	if (result == RESULT_OK)
		result = print_run_script(printing);
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0] && result == RESULT_OK; i++)
		result = print_hook(printing, hooks[i].name, hooks[i].is_needed);
	if (result == RESULT_OK)
		print_user(printing);
	if (result == RESULT_OK && printing->missing == 0)
		fprintf(printing->out, "# tinc in %s: nothing is missing.\n", printing->setup->dir);
	return result;
}

enum result setup_tinc_print(
        const struct setup_tinc *setup, FILE *out, unsigned *missing, struct complaint *why)
{
	struct printing printing = {.setup = setup, .why = why};
	char *script = NULL;
	size_t length = 0;
	enum result result = RESULT_NO_MEMORY;

	text_print(&printing.line, "%s \"${0##*/}\" || :", setup->command);
	printing.out = open_memstream(&script, &length);
	if (printing.out != NULL) {
		result = print_all(&printing);
		fclose(printing.out);
	} else {
		complaint_set(why, "out of memory");
	}
	if (result == RESULT_OK)
		fwrite(script, 1, length, out);
	*missing = printing.missing;
	for (unsigned i = 0; i < printing.edited_count; i++)
		free(printing.edited[i]);
	text_fini(&printing.line);
	free(script);
	return result;
}
