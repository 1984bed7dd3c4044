/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/meshd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ARGV_SIZE (MESHD_ARGS_MAX + 6) /* meshd --prefix P --net N ... NULL */
#define NOT_FOUND 127

/* What is kept of one stream of meshd. */
struct output {
	int fd;
	char *text; /* NUL-terminated */
	size_t length;
};

/* Fills `path` with the first of our places that has it; false: PATH is left. */
static bool find_meshd(char path[CLI_PATH_SIZE])
{
	static const char *const places[] = {"meshd", "../agent/meshd"};
	char own[CLI_PATH_SIZE];
	ssize_t length = readlink("/proc/self/exe", own, sizeof own - 1);
	char *slash;

	if (length <= 0)
		return false;
	own[length] = '\0';
	slash = strrchr(own, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < COUNT(places); i++) {
		int used = snprintf(path, CLI_PATH_SIZE, "%s/%s", own, places[i]);

		if (used > 0 && used < CLI_PATH_SIZE && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static void make_argv(const struct cli *cli, const char *const *args, size_t count, char *argv[ARGV_SIZE])
{
	const char *const head[] = {"meshd", "--net", cli->net, "--prefix", cli->prefix};
	size_t used = cli->prefix[0] == '\0' ? 3 : 5;
	size_t total = 0;

	/* execv() takes them without const and changes none */
	for (size_t i = 0; i < used; i++)
		memcpy(&argv[total++], &head[i], sizeof head[i]);
	for (size_t i = 0; i < count && i < MESHD_ARGS_MAX; i++)
		memcpy(&argv[total++], &args[i], sizeof args[i]);
	argv[total] = NULL;
}

/* Returns only when meshd can't be run. */
static void exec_meshd(char *const argv[])
{
	char path[CLI_PATH_SIZE];

	if (find_meshd(path))
		execv(path, argv);
	else
		execvp("meshd", argv);
}

static enum cli_exit fail_not_found(const struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED, "install it, or give its directory in PATH",
	        "meshd is neither beside meshctl nor in PATH");
}

/*
 * With --json.
 */

/* One read; false at the end. What is too much is read and thrown away, so that meshd doesn't hang. */
static bool read_some(struct output *output)
{
	char spare[4096];
	ssize_t got = read(output->fd, spare, sizeof spare);
	size_t kept;

	if (got < 0)
		return errno == EINTR;
	if (got == 0)
		return false;
	kept = MESHD_OUTPUT_MAX - output->length;
	kept = (size_t)got < kept ? (size_t)got : kept;
	memcpy(output->text + output->length, spare, kept);
	output->length += kept;
	output->text[output->length] = '\0';
	return true;
}

static void read_all(struct output outputs[2])
{
	struct pollfd pollfds[2] = {
	        {.fd = outputs[0].fd, .events = POLLIN}, {.fd = outputs[1].fd, .events = POLLIN}};

	while (pollfds[0].fd >= 0 || pollfds[1].fd >= 0) {
		if (poll(pollfds, 2, -1) < 0 && errno != EINTR)
			return;
		for (size_t i = 0; i < 2; i++) {
			if (pollfds[i].fd >= 0 && pollfds[i].revents != 0 && !read_some(&outputs[i]))
				pollfds[i].fd = -1;
		}
	}
}

/* Lines of a text; bytes that aren't UTF-8 become "?". */
static json_t *make_lines(char *text)
{
	json_t *lines = json_array();
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		json_t *string = json_string(line);

		if (string == NULL) {
			for (char *at = line; *at != '\0'; at++)
				*at = (unsigned char)*at >= 0x80 ? '?' : *at;
			string = json_string(line);
		}
		json_array_append_new(lines, string);
	}
	return lines;
}

/* The rest of the first line that begins so, blanks aside; NULL without one. */
static const char *find_line(const json_t *lines, const char *begin)
{
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const char *line = json_string_value(json_array_get(lines, i));

		if (line == NULL)
			continue;
		line += strspn(line, " ");
		if (strncmp(line, begin, strlen(begin)) == 0)
			return line + strlen(begin);
	}
	return NULL;
}

/* What was printed matters: `setup` prints what is missing, and fails. */
static void fail_with_lines(enum cli_exit code, const char *error, const char *tip, json_t *lines)
{
	cli_print_json(json_pack("{s:b,s:s,s:s,s:s,s:{s:O}}", "ok", 0, "error",
	        error == NULL ? "meshd failed" : error, "tip", tip == NULL ? "" : tip, "code",
	        code == CLI_USAGE ? "usage" : "failed", "data", "lines", lines));
}

static enum cli_exit tell(const struct cli *cli, int status, struct output outputs[2])
{
	enum cli_exit code = WIFEXITED(status) && WEXITSTATUS(status) <= CLI_NOT_RUNNING
	                             ? (enum cli_exit)WEXITSTATUS(status)
	                             : CLI_FAILED;
	json_t *lines = make_lines(outputs[0].text);
	json_t *notes = make_lines(outputs[1].text);
	const char *error = find_line(notes, "meshd: ");
	const char *tip = find_line(notes, "tip: ");

	if (code == CLI_DONE)
		return cli_print_json(
		        json_pack("{s:b,s:{s:o,s:o}}", "ok", 1, "data", "lines", lines, "notes", notes));
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		fail_not_found(cli);
	else if (json_array_size(lines) == 0)
		cli_fail(cli, code, tip, "%s", error == NULL ? "meshd failed" : error);
	else
		fail_with_lines(code, error, tip, lines);
	json_decref(lines);
	json_decref(notes);
	return code;
}

static void be_meshd(char *const argv[], int out, int err)
{
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(NOT_FOUND);
	exec_meshd(argv);
	_exit(NOT_FOUND);
}

static enum cli_exit catch_output(const struct cli *cli, char *const argv[], struct output outputs[2])
{
	int out[2];
	int err[2];
	int status = 0;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		return cli_fail(cli, CLI_FAILED, "", "no pipe: %s", strerror(errno));
	fflush(stdout);
	child = fork();
	if (child == 0)
		be_meshd(argv, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	outputs[0].fd = out[0];
	outputs[1].fd = err[0];
	if (child > 0)
		read_all(outputs);
	close(out[0]);
	close(err[0]);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 ? tell(cli, status, outputs) : cli_fail(cli, CLI_FAILED, "", "no process");
}

enum cli_exit meshd_run(const struct cli *cli, const char *const *args, size_t count)
{
	struct output outputs[2] = {
	        {.text = calloc(1, MESHD_OUTPUT_MAX + 1)}, {.text = calloc(1, MESHD_OUTPUT_MAX + 1)}};
	char *argv[ARGV_SIZE];
	enum cli_exit code;

	make_argv(cli, args, count, argv);
	if (outputs[0].text == NULL || outputs[1].text == NULL) {
		code = cli_fail(cli, CLI_FAILED, "", "out of memory");
	} else if (cli->json) {
		code = catch_output(cli, argv, outputs);
	} else {
		exec_meshd(argv);
		code = fail_not_found(cli);
	}
	free(outputs[0].text);
	free(outputs[1].text);
	return code;
}
