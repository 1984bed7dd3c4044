/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/helper_process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/driver/frame.h"

enum { HELPER_FD = 3 };

struct request {
	json_t *message;
	helper_answer_fn answer;
	void *context;
	struct request *next;
};

struct helper_process {
	uv_loop_t *loop;
	char *program;
	struct request *first, *last;
	bool busy; /* the first request was sent */
	json_int_t next_id;
	struct run *run;  /* NULL between two */
	uv_timer_t timer; /* of the answer; when not busy, of the next start */
	bool destroyed;
	char input[64 * 1024];
};

/* One run of the process. */
struct run {
	uv_process_t process;
	uv_pipe_t pipe;
	struct frame_decoder decoder;
	struct helper_process *helper; /* NULL once it was given up */
	int handles;
};

struct sending {
	uv_write_t write;
	char *data;
};

static void next_request(struct helper_process *helper);

static void answer_first(struct helper_process *helper, const json_t *reply)
{
	struct request *request = helper->first;

	helper->first = request->next;
	if (helper->first == NULL)
		helper->last = NULL;
	helper->busy = false;
	uv_timer_stop(&helper->timer);
	request->answer(request->context, reply);
	json_decref(request->message);
	free(request);
}

/* --- one run ----------------------------------------------------------------------------------------- */

static void on_handle_closed(uv_handle_t *handle)
{
	struct run *run = handle->data;

	if (--run->handles > 0)
		return;
	frame_decoder_fini(&run->decoder);
	free(run);
}

static void run_give_up(struct run *run)
{
	if (run->helper != NULL)
		run->helper->run = NULL;
	run->helper = NULL;
	if (!uv_is_closing((uv_handle_t *)&run->pipe))
		uv_close((uv_handle_t *)&run->pipe, on_handle_closed);
}

static void on_restart(uv_timer_t *timer)
{
	next_request(timer->data);
}

static void helper_lost(struct helper_process *helper)
{
	if (!helper->destroyed)
		uv_timer_start(&helper->timer, on_restart, HELPER_RESTART_MS, 0);
	if (helper->busy) {
		answer_first(helper, NULL);
		uv_timer_start(&helper->timer, on_restart, HELPER_RESTART_MS, 0);
	}
}

static void on_exited(uv_process_t *process, int64_t status, int signal)
{
	struct run *run = process->data;
	struct helper_process *helper = run->helper;

	(void)status;
	(void)signal;
	run_give_up(run);
	uv_close((uv_handle_t *)process, on_handle_closed);
	if (helper != NULL)
		helper_lost(helper);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct run *run = handle->data;

	(void)suggested;
	if (run->helper != NULL)
		*buffer = uv_buf_init(run->helper->input, sizeof run->helper->input);
}

/* The stream is lost or makes no sense: the process is ended, and its exit does the rest. */
static void run_break(struct run *run)
{
	uv_process_kill(&run->process, SIGKILL);
	uv_read_stop((uv_stream_t *)&run->pipe);
}

/* Takes one reply or part of one; how many bytes were used, 0 when the stream makes no sense. */
static size_t run_feed(struct run *run, const char *bytes, size_t length)
{
	struct helper_process *helper = run->helper;
	struct reason why;
	json_t *reply = NULL;
	size_t used = 0;
	enum result result = frame_decoder_feed(&run->decoder, bytes, length, &used, &reply, &why);

	if (result != RESULT_OK || (reply != NULL && !helper->busy)) {
		json_decref(reply);
		return 0;
	}
	if (reply != NULL) {
		answer_first(helper, reply);
		json_decref(reply);
		next_request(helper);
	}
	return used;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct run *run = stream->data;
	size_t at = 0, used = 1;

	while (length > 0 && at < (size_t)length && used > 0 && run->helper != NULL) {
		used = run_feed(run, buffer->base + at, (size_t)length - at);
		at += used;
	}
	if (length < 0 || used == 0)
		run_break(run);
}

static int run_spawn(struct run *run, const char *program, int theirs)
{
	char fd[] = "3", option[] = "--helper";
	char *arguments[] = {(char *)(uintptr_t)program, option, fd, NULL};
	uv_stdio_container_t stdio[HELPER_FD + 1] = {
	        {.flags = UV_IGNORE},
	        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
	        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
	        {.flags = UV_INHERIT_FD, .data.fd = theirs},
	};
	uv_process_options_t options = {
	        .file = program,
	        .args = arguments,
	        .exit_cb = on_exited,
	        .stdio = stdio,
	        .stdio_count = HELPER_FD + 1,
	};

	return uv_spawn(run->helper->loop, &run->process, &options);
}

static struct run *run_create(struct helper_process *helper)
{
	struct run *run = calloc(1, sizeof *run);
	int pair[2];
	int status;

	if (run == NULL || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		free(run);
		return NULL;
	}
	run->helper = helper;
	run->handles = 2;
	frame_decoder_init(&run->decoder);
	uv_pipe_init(helper->loop, &run->pipe, 0);
	status = run_spawn(run, helper->program, pair[1]);
	run->pipe.data = run->process.data = run;
	close(pair[1]);
	if (status != 0) {
		close(pair[0]);
		uv_close((uv_handle_t *)&run->pipe, on_handle_closed);
		uv_close((uv_handle_t *)&run->process, on_handle_closed);
		return NULL;
	}
	uv_pipe_open(&run->pipe, pair[0]);
	uv_read_start((uv_stream_t *)&run->pipe, on_alloc, on_read);
	return run;
}

/* --- asking ------------------------------------------------------------------------------------------ */

static void on_sent(uv_write_t *write, int status)
{
	struct sending *sending = (struct sending *)write;
	struct run *run = write->handle->data;

	if (status != 0 && run->helper != NULL)
		run_break(run); /* it won't answer what it hasn't heard */
	free(sending->data);
	free(sending);
}

static bool send_first(struct helper_process *helper)
{
	struct sending *sending = calloc(1, sizeof *sending);
	size_t length;
	uv_buf_t buffer;

	if (sending == NULL)
		return false;
	json_object_set_new(helper->first->message, "id", json_integer(helper->next_id++));
	if (frame_encode(helper->first->message, &sending->data, &length) != RESULT_OK) {
		free(sending);
		return false;
	}
	buffer = uv_buf_init(sending->data, (unsigned)length);
	if (uv_write(&sending->write, (uv_stream_t *)&helper->run->pipe, &buffer, 1, on_sent) == 0)
		return true;
	free(sending->data);
	free(sending);
	return false;
}

static void on_stuck(uv_timer_t *timer)
{
	struct helper_process *helper = timer->data;

	if (helper->run != NULL)
		run_break(helper->run);
}

static void next_request(struct helper_process *helper)
{
	if (helper->destroyed || helper->busy || helper->first == NULL)
		return;
	if (helper->run == NULL)
		helper->run = run_create(helper);
	helper->busy = true;
	if (helper->run == NULL || !send_first(helper))
		helper_lost(helper);
	else
		uv_timer_start(&helper->timer, on_stuck, HELPER_ANSWER_MS, 0);
}

void helper_process_ask(
        struct helper_process *helper, json_t *message, helper_answer_fn answer, void *context)
{
	struct request *request = calloc(1, sizeof *request);

	if (request == NULL || message == NULL) {
		free(request);
		json_decref(message);
		answer(context, NULL);
		return;
	}
	*request = (struct request){.message = message, .answer = answer, .context = context};
	if (helper->last != NULL)
		helper->last->next = request;
	else
		helper->first = request;
	helper->last = request;
	/* For a while after a death the timer goes on with the queue. */
	if (helper->run != NULL || !uv_is_active((uv_handle_t *)&helper->timer))
		next_request(helper);
}

/* --- life -------------------------------------------------------------------------------------------- */

struct helper_process *helper_process_create(uv_loop_t *loop, const char *program)
{
	struct helper_process *helper = calloc(1, sizeof *helper);

	if (helper == NULL)
		return NULL;
	helper->program = strdup(program);
	if (helper->program == NULL) {
		free(helper);
		return NULL;
	}
	helper->loop = loop;
	helper->next_id = 1;
	uv_timer_init(loop, &helper->timer);
	helper->timer.data = helper;
	return helper;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct helper_process *helper = handle->data;

	free(helper->program);
	free(helper);
}

void helper_process_destroy(struct helper_process *helper, void (*drop)(void *context))
{
	struct request *next;

	if (helper == NULL)
		return;
	helper->destroyed = true;
	if (helper->run != NULL)
		run_give_up(helper->run); /* the helper sees the end of its socket and leaves */
	for (struct request *request = helper->first; request != NULL; request = next) {
		next = request->next;
		if (drop != NULL)
			drop(request->context);
		json_decref(request->message);
		free(request);
	}
	uv_close((uv_handle_t *)&helper->timer, on_timer_closed);
}
