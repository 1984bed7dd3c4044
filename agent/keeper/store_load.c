/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/keeper/store_load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store_frame.h"

enum { READER_FD = 3 };

struct reading {
	const struct store_load *load;
	struct store_loaded *out;
	struct store_frames *frames;
	pid_t pid;
	int fd;
	int64_t deadline_ms;
	bool ended;   /* the last frame has come */
	bool is_late; /* it hasn't in time */
};

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the process ------------------------------------------------------------------------------------- */

/* Only its end of the socket; LMDB's last words and a sanitizer's are for nobody. */
static int spawn(struct reading *reading, int theirs)
{
	const struct store_load *load = reading->load;
	char *arguments[] = {(char *)(uintptr_t)load->program, (char[]){"--store-reader"}, (char[]){"3"},
	        (char *)(uintptr_t)load->dir, NULL};
	char *environment[] = {(char[]){"LC_ALL=C"}, NULL};
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, theirs, READER_FD);
	for (int fd = 0; fd < READER_FD; fd++)
		posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, READER_FD + 1);
	error = posix_spawn(&reading->pid, load->program, &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

static int start(struct reading *reading)
{
	int pair[2], error;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return errno;
	error = spawn(reading, pair[1]);
	close(pair[1]);
	reading->fd = pair[0];
	if (error != 0)
		close(pair[0]);
	return error;
}

/* --- its rows ---------------------------------------------------------------------------------------- */

static void note(struct store_loaded *out, const char *text)
{
	out->found = STORE_FOUND_DAMAGED;
	if (out->text[0] == '\0')
		snprintf(out->text, sizeof out->text, "%s", text);
}

/* The text comes from where a damaged file has been. */
static void note_end(struct reading *reading, struct bytes text)
{
	char printable[STORE_FRAME_END_MAX + 1] = "";

	reading->ended = true;
	for (size_t i = 0; i < text.length; i++)
		printable[i] = (char)(text.data[i] >= ' ' && text.data[i] <= '~' ? text.data[i] : '?');
	if (text.length > 0)
		note(reading->out, printable);
}

static void take_frame(struct reading *reading, struct bytes key, struct bytes value)
{
	struct store_row row;

	if (key.length == 0)
		note_end(reading, value);
	else if (store_row_parse(key, value, &row) != RESULT_OK)
		note(reading->out, "its reader has sent a row that is none");
	else if (reading->load->take(reading->load->context, &row))
		reading->out->taken++;
	else
		reading->out->left++;
}

/* True while there is more to come. */
static bool take_frames(struct reading *reading)
{
	struct bytes key, value;
	enum result result;

	while ((result = store_frames_next(reading->frames, &key, &value)) == RESULT_OK && !reading->ended)
		take_frame(reading, key, value);
	if (result != RESULT_NOT_FOUND && result != RESULT_OK)
		note(reading->out, "its reader has sent what makes no sense");
	return result == RESULT_NOT_FOUND && !reading->ended;
}

static bool wait_for_more(struct reading *reading)
{
	struct pollfd fd = {.fd = reading->fd, .events = POLLIN};
	int64_t left_ms = reading->deadline_ms - clock_ms();
	int ready = left_ms > 0 ? poll(&fd, 1, (int)left_ms) : 0;

	reading->is_late = ready == 0;
	return ready > 0 || (ready < 0 && errno == EINTR);
}

static void take_all(struct reading *reading)
{
	while (wait_for_more(reading)) {
		size_t length;
		uint8_t *room = store_frames_room(reading->frames, &length);
		ssize_t got = recv(reading->fd, room, length, MSG_DONTWAIT);

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return;
		store_frames_add(reading->frames, (size_t)got);
		if (!take_frames(reading))
			return;
	}
}

static void finish(struct reading *reading)
{
	char text[STORE_LOAD_TEXT_SIZE];
	int status = 0;

	close(reading->fd);
	kill(reading->pid, SIGKILL); /* whatever it does now: it has said all, or is dying anyhow, or must */
	while (waitpid(reading->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (reading->ended)
		return;
	if (reading->is_late)
		snprintf(text, sizeof text, "it wasn't read to its end in %u s",
		        reading->load->timeout_ms / 1000);
	else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		snprintf(text, sizeof text, "reading it ended with signal %d (%s)", WTERMSIG(status),
		        strsignal(WTERMSIG(status)));
	else
		snprintf(text, sizeof text, "reading it ended before its end");
	note(reading->out, text);
}

void store_load(const struct store_load *load, struct store_loaded *out)
{
	struct reading reading = {.load = load, .out = out, .deadline_ms = clock_ms() + load->timeout_ms};
	int error = ENOMEM;

	*out = (struct store_loaded){.found = STORE_FOUND_WHOLE};
	reading.frames = malloc(sizeof *reading.frames);
	if (reading.frames != NULL) {
		store_frames_init(reading.frames);
		error = start(&reading);
	}
	if (error != 0) {
		note(out, strerror(error));
	} else {
		take_all(&reading);
		finish(&reading);
	}
	free(reading.frames);
}
