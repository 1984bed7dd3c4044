/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/helper.h"

#include "agent/driver/driver.h"
#include "agent/driver/frame.h"
#include "proto/assert.h"
#include "store/durable_point.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int request_run(const json_t *request, json_t *reply)
{
	const char *driver = json_string_value(json_object_get(request, "driver"));
	const char *op = json_string_value(json_object_get(request, "op"));
	const struct driver_op *row = driver && op ? driver_op_find(driver, op) : NULL;
	struct reason why;

	if (row)
		return row->run(request, reply);
	reason_set(&why, RESULT_NOT_FOUND, "use meshd and helper of the same version",
	        "no driver \"%s\" with an operation \"%s\"", driver ? driver : "", op ? op : "");
	return driver_fail(reply, RESULT_NOT_FOUND, &why);
}

/* After a failure only its words count: half a result is none. */
static json_t *failure_only(json_t *reply)
{
	json_t *only = json_object();

	INVARIANT(only != NULL);
	json_object_set(only, "error", json_object_get(reply, "error"));
	json_object_set(only, "cure", json_object_get(reply, "cure"));
	json_decref(reply);
	return only;
}

json_t *helper_answer(const json_t *request)
{
	json_t *id = json_object_get(request, "id");
	json_t *reply = json_object();
	int result;

	INVARIANT(reply != NULL);
	result = request_run(request, reply);
	if (result)
		reply = failure_only(reply);
	json_object_set_new(reply, "ok", json_boolean(result == RESULT_OK));
	json_object_set_new(reply, "id", id ? json_incref(id) : json_null());
	return reply;
}

static json_t *fault_answer(const struct reason *why)
{
	json_t *reply = json_object();

	INVARIANT(reply != NULL);
	driver_fail(reply, RESULT_MALFORMED, why);
	json_object_set_new(reply, "ok", json_false());
	json_object_set_new(reply, "id", json_null());
	return reply;
}

/* False at the end of the stream, however it came; `*status` is then the exit status. */
static bool helper_turn(int fd, int *status)
{
	json_t *request = NULL, *reply;
	struct reason why;
	enum result result = frame_read(fd, &request, &why);
	/* A frame that is no object was used up: the next may be good. Anything else is the end. */
	bool is_lost = result && result != RESULT_MALFORMED;

	*status = 0;
	if (!result && !request)
		return false;
	reply = result ? fault_answer(&why) : helper_answer(request);
	DURABLE_POINT(HELPER_ANSWERS);
	if (frame_write(fd, reply, &why))
		is_lost = true;
	json_decref(reply);
	json_decref(request);
	*status = is_lost;
	return !is_lost;
}

/* Children get three descriptors; these numbers must not be given to pipes. */
static void descriptors_fill(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int helper_main(int fd)
{
	int status;

	signal(SIGPIPE, SIG_IGN);
	/* Two helpers must not write the same files: one whose agent was killed doesn't finish beside the
	 * next agent's. Whatever it was doing, what it leaves is whole. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	descriptors_fill();
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	umask(022);
	while (helper_turn(fd, &status))
		;
	return status;
}
