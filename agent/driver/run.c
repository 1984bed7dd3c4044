/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/run.h"

#include "proto/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const bin_directories[] = {
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"};

static char *const clean_environment[] = {
        (char[]){"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, (char[]){"LC_ALL=C"},
        NULL};

/* One stream of the child that is collected. */
struct capture {
	int fd;
	char *bytes;
	size_t length;
	size_t capacity;
	size_t limit_bytes;
	bool is_cut; /* over the limit the rest is read and thrown away */
	bool (*take)(void *context, const char *bytes, size_t length); /* it goes there; NULL: into bytes */
	void *context;
	bool is_enough; /* it said so */
};

struct child {
	pid_t pid;
	int pidfd;
	int input_fd;
	const char *input;
	size_t input_left;
	struct capture out;
	struct capture err;
	long long deadline_ms;
	bool has_ended;
};

static long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool program_find(const char *name, char *path, size_t size)
{
	if (strchr(name, '/')) {
		snprintf(path, size, "%s", name);
		return access(path, X_OK) == 0;
	}
	for (size_t i = 0; i < sizeof bin_directories / sizeof bin_directories[0]; i++) {
		snprintf(path, size, "%s/%s", bin_directories[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* Its own process group, so that it can be killed with all that it started; default signals. */
static void attributes_fill(posix_spawnattr_t *attributes)
{
	sigset_t set;

	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(
	        attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(attributes, 0);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(attributes, &set);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	posix_spawnattr_setsigdefault(attributes, &set);
}

static int spawn_with(struct child *child, const char *path, const char *const *argv, int fds[3])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	attributes_fill(&attributes);
	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	error = posix_spawn(
	        &child->pid, path, &actions, &attributes, (char *const *)(uintptr_t)argv, clean_environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static int pipes_open(int in[2], int out[2], int err[2])
{
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return errno;
	/* A full pipe must not hold us while the child waits for us to read. */
	if (fcntl(in[1], F_SETFL, O_NONBLOCK) || fcntl(out[0], F_SETFL, O_NONBLOCK) ||
	        fcntl(err[0], F_SETFL, O_NONBLOCK))
		return errno;
	return 0;
}

static int child_start(struct child *child, const char *path, const char *const *argv)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
	int error = pipes_open(in, out, err);

	if (!error)
		error = spawn_with(child, path, argv, (int[]){in[0], out[1], err[1]});
	fd_close(&in[0]);
	fd_close(&out[1]);
	fd_close(&err[1]);
	child->input_fd = in[1];
	child->out.fd = out[0];
	child->err.fd = err[0];
	if (!error) {
		child->pidfd = pidfd_open(child->pid, 0);
		error = child->pidfd < 0 ? errno : 0;
	}
	return error;
}

static void input_push(struct child *child)
{
	ssize_t put = 0;

	if (child->input_left > 0)
		put = write(child->input_fd, child->input, child->input_left);
	if (put > 0) {
		child->input += put;
		child->input_left -= (size_t)put;
	}
	/* A program may end without having read all: that is its right, its status tells. */
	if (child->input_left == 0 || (put < 0 && errno != EAGAIN && errno != EINTR))
		fd_close(&child->input_fd);
}

static bool capture_reserve(struct capture *capture, size_t more)
{
	size_t capacity = capture->capacity ? capture->capacity : 4096;
	char *bytes;

	while (capacity < capture->length + more + 1)
		capacity *= 2;
	if (capacity == capture->capacity)
		return true;
	bytes = realloc(capture->bytes, capacity);
	if (!bytes)
		return false;
	capture->bytes = bytes;
	capture->capacity = capacity;
	return true;
}

static void capture_append(struct capture *capture, const char *bytes, size_t length)
{
	size_t room = capture->limit_bytes - capture->length;

	if (length > room) {
		capture->is_cut = true;
		length = room;
	}
	if (!capture_reserve(capture, length)) {
		capture->is_cut = true;
		return;
	}
	memcpy(capture->bytes + capture->length, bytes, length);
	capture->length += length;
	capture->bytes[capture->length] = '\0';
}

static void capture_pull(struct capture *capture)
{
	char piece[65536];
	ssize_t got = read(capture->fd, piece, sizeof piece);

	if (got > 0 && capture->take)
		capture->is_enough |= !capture->take(capture->context, piece, (size_t)got);
	else if (got > 0)
		capture_append(capture, piece, (size_t)got);
	else if (got == 0 || (errno != EAGAIN && errno != EINTR))
		fd_close(&capture->fd);
}

/* A child of the child may hold a pipe open for ever: once the child has ended, what is there is all. */
static bool child_is_done(const struct child *child, int ready)
{
	if (!child->has_ended)
		return false;
	return (child->out.fd < 0 && child->err.fd < 0) || ready == 0;
}

static int child_poll(struct child *child)
{
	struct pollfd fds[4] = {
	        {.fd = child->input_fd, .events = POLLOUT},
	        {.fd = child->out.fd, .events = POLLIN},
	        {.fd = child->err.fd, .events = POLLIN},
	        {.fd = child->has_ended ? -1 : child->pidfd, .events = POLLIN},
	};
	long long left_ms = child->has_ended ? 0 : child->deadline_ms - clock_ms();
	int ready = poll(fds, 4, left_ms > 0 ? (int)left_ms : 0);

	if (fds[0].revents)
		input_push(child);
	if (fds[1].revents)
		capture_pull(&child->out);
	if (fds[2].revents)
		capture_pull(&child->err);
	if (fds[3].revents) {
		child->has_ended = true;
		fd_close(&child->input_fd);
	}
	return ready;
}

static bool child_attend(struct child *child)
{
	/* Feeding a program that reads no more must not kill us. */
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	bool is_late = false;
	int ready;

	sigaction(SIGPIPE, &ignore, &before);
	do {
		ready = child_poll(child);
		is_late = !child->has_ended && clock_ms() >= child->deadline_ms;
	} while (!is_late && !child->out.is_enough && !child_is_done(child, ready));
	sigaction(SIGPIPE, &before, NULL);
	return !is_late;
}

/* The group is killed in any case, before its leader is reaped and the number could be another's. */
static int child_reap(struct child *child)
{
	int status = 0;

	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void child_fini(struct child *child)
{
	fd_close(&child->input_fd);
	fd_close(&child->out.fd);
	fd_close(&child->err.fd);
	fd_close(&child->pidfd);
	free(child->out.bytes);
	free(child->err.bytes);
}

static void output_take(struct run_output *output, struct child *child, int status)
{
	output->status = child->out.is_enough ? 0 : WEXITSTATUS(status);
	output->text = child->out.bytes;
	output->length = child->out.length;
	output->errors = child->err.bytes;
	output->errors_length = child->err.length;
	child->out.bytes = NULL;
	child->err.bytes = NULL;
}

static enum result child_judge(
        struct child *child, const char *name, bool in_time, int status, struct reason *why)
{
	if (!in_time)
		return reason_set(why, RESULT_IO, NULL, "%s didn't end in time and was killed", name);
	if (child->out.is_cut)
		return reason_set(why, RESULT_TOO_LARGE, NULL, "%s wrote more than %zu bytes", name,
		        child->out.limit_bytes);
	if (child->out.is_enough)
		return RESULT_OK;
	if (!WIFEXITED(status))
		return reason_set(why, RESULT_IO, NULL, "%s was killed by signal %d", name, WTERMSIG(status));
	return RESULT_OK;
}

static enum result child_run(
        struct child *child, const char *name, struct run_output *output, struct reason *why)
{
	bool in_time = child_attend(child);
	int status = child_reap(child);
	enum result result;

	result = child_judge(child, name, in_time, status, why);
	if (!result && (!capture_reserve(&child->out, 0) || !capture_reserve(&child->err, 0)))
		result = reason_set(why, RESULT_NO_MEMORY, NULL, "no memory for the answer of %s", name);
	if (!result) {
		child->out.bytes[child->out.length] = '\0';
		child->err.bytes[child->err.length] = '\0';
		output_take(output, child, status);
	}
	return result;
}

static void child_init(struct child *child, const struct run_request *request)
{
	unsigned timeout_ms = request->timeout_ms ? request->timeout_ms : RUN_TIMEOUT_MS;

	memset(child, 0, sizeof *child);
	child->pid = -1;
	child->pidfd = child->input_fd = child->out.fd = child->err.fd = -1;
	child->input = request->input;
	child->input_left = request->input ? request->input_length : 0;
	child->out.take = request->take;
	child->out.context = request->context;
	child->out.limit_bytes = RUN_OUTPUT_MAX_BYTES;
	child->err.limit_bytes = RUN_ERRORS_MAX_BYTES;
	child->deadline_ms = clock_ms() + timeout_ms;
}

enum result run_program(const struct run_request *request, struct run_output *output, struct reason *why)
{
	const char *name = request->argv[0];
	struct child child;
	enum result result;
	char path[4096];
	int error;

	INVARIANT(name != NULL);
	memset(output, 0, sizeof *output);
	if (!program_find(name, path, sizeof path))
		return reason_set(why, RESULT_NOT_FOUND,
		        "install it, or correct its path in the configuration", "there is no program %s",
		        name);
	child_init(&child, request);
	error = child_start(&child, path, request->argv);
	if (error)
		result = reason_set(why, RESULT_IO, NULL, "%s can't be started: %s", name, strerror(error));
	else
		result = child_run(&child, name, output, why);
	if (error && child.pid > 0)
		child_reap(&child);
	child_fini(&child);
	return result;
}

enum result run_program_ok(const struct run_request *request, struct run_output *output, struct reason *why)
{
	enum result result = run_program(request, output, why);
	char line[400];

	if (result || output->status == 0)
		return result;
	run_output_complaint(output, line, sizeof line);
	result = reason_set(why, RESULT_REFUSED, NULL, "%s said (exit status %d): %s", request->argv[0],
	        output->status, line);
	run_output_fini(output);
	return result;
}

void run_output_complaint(const struct run_output *output, char *line, size_t size)
{
	const char *text = output->errors_length > 0 ? output->errors : output->text;

	text = text ? text + strspn(text, "\r\n\t ") : "";
	snprintf(line, size, "%.*s", (int)strcspn(text, "\r\n"), *text ? text : "nothing");
}

void run_output_fini(struct run_output *output)
{
	free(output->text);
	free(output->errors);
	memset(output, 0, sizeof *output);
}
