/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/campaign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/mesh/must.h"
#include "tests/sim/fault.h"
#include "tests/sim/sim.h"

enum { JOBS_MAX = 16, RUN_SECONDS_MAX = 60 };

/* --- one run
 * ------------------------------------------------------------------------------------------------ */

/* A child that runs one seed. */
struct job {
	pid_t pid;  /* 0: free */
	int result; /* it writes a struct outcome_of_run */
	int words;  /* and what it says */
	struct request request;
};

static void report(const struct sim *sim, int to)
{
	struct outcome_of_run outcome = {.passed = true,
	        .happenings = sim->world->happenings,
	        .effects = sim->world->effects,
	        .strokes = sim->strokes,
	        .letters = sim->mail.delivered,
	        .well_ms = sim->well_ms};

	world_trace(sim->world, outcome.trace);
	MUST(write(to, &outcome, sizeof outcome) == sizeof outcome, "can't report");
}

static unsigned runs; /* begun so far */

/* The heap of each run begins elsewhere: what depends on an address is no replay. */
static void *shift_heap(void)
{
	enum { PAGE = 4096, SHIFTS = 31 };

	return must_alloc((runs % SHIFTS + 1) * PAGE);
}

_Noreturn static void run_child(const struct request *request, int result, int words)
{
	void *shift = shift_heap();
	struct sim sim;

	if (!request->trace)
		dup2(words, STDERR_FILENO);
	setrlimit(RLIMIT_CPU, &(struct rlimit){RUN_SECONDS_MAX, RUN_SECONDS_MAX});
	sim_run(&sim, request);
	report(&sim, result);
	free(shift);
	_exit(0);
}

static void job_start(struct job *job, const struct request *request)
{
	int result[2];
	FILE *words = tmpfile();

	MUST(words != NULL && pipe(result) == 0, "no pipe");
	fflush(NULL);
	*job = (struct job){.result = result[0], .words = dup(fileno(words)), .request = *request};
	fclose(words);
	runs++;
	job->pid = fork();
	MUST(job->pid >= 0, "no process");
	if (job->pid == 0) {
		close(result[0]);
		run_child(request, result[1], job->words);
	}
	close(result[1]);
}

/* The last line that was said; what it names is the checker. */
static void read_words(const struct job *job, struct outcome_of_run *out)
{
	char text[4096], *last;
	ssize_t length = pread(job->words, text, sizeof text - 1, 0);
	char *end;

	text[length > 0 ? length : 0] = '\0';
	end = strrchr(text, '\n');
	if (end != NULL)
		*end = '\0';
	last = strrchr(text, '\n');
	snprintf(out->violation, sizeof out->violation, "%.511s", last != NULL ? last + 1 : text);
	/* "SPEC 9.4 name: at": up to the first colon. */
	snprintf(out->checker, sizeof out->checker, "%.*s", (int)strcspn(out->violation, ":") % 96,
	        out->violation);
}

static void job_end(struct job *job, int status, const struct rusage *usage, struct outcome_of_run *out)
{
	bool whole = read(job->result, out, sizeof *out) == sizeof *out;

	if (!whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		*out = (struct outcome_of_run){.passed = false};
		read_words(job, out);
		if (WIFSIGNALED(status) && out->violation[0] == '\0')
			snprintf(out->violation, sizeof out->violation, "stopped by signal %d",
			        WTERMSIG(status));
		if (out->checker[0] == '\0')
			snprintf(out->checker, sizeof out->checker, "%.95s", out->violation);
	}
	out->cpu_s = (double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec +
	             ((double)usage->ru_utime.tv_usec + (double)usage->ru_stime.tv_usec) / 1e6;
	close(job->result);
	close(job->words);
	job->pid = 0;
}

void campaign_run_one(const struct request *request, struct outcome_of_run *out)
{
	struct job job;
	struct rusage usage;
	int status;

	job_start(&job, request);
	MUST(wait4(job.pid, &status, 0, &usage) == job.pid, "a child is lost");
	job_end(&job, status, &usage, out);
}

/* --- words -------------------------------------------------------------------------------------------------
 */

void campaign_command(const struct request *request, char *out, size_t size)
{
	size_t length = (size_t)snprintf(out, size, "dev/sim --seed %" PRIu64, request->seed);
	const char *before = " --without ";

	if (request->nodes > 0)
		length += (size_t)snprintf(out + length, size - length, " --nodes %u", request->nodes);
	if (request->hours > 0)
		length += (size_t)snprintf(out + length, size - length, " --hours %u", request->hours);
	if (request->steps >= 0)
		length += (size_t)snprintf(out + length, size - length, " --steps %d", request->steps);
	for (unsigned i = 0; i < fault_count; i++) {
		if ((request->without >> i & 1) == 0)
			continue;
		length += (size_t)snprintf(out + length, size - length, "%s%s", before, faults[i].name);
		before = ",";
	}
	before = " --skip ";
	for (unsigned i = 0, end; i < SKIPS_MAX; i = end + 1) {
		for (end = i; end < SKIPS_MAX && request->skips[end];)
			end++;
		if (end == i)
			continue;
		length += (size_t)snprintf(
		        out + length, size - length, end - i > 1 ? "%s%u-%u" : "%s%u", before, i, end - 1);
		before = ",";
	}
}

static void tell_failure(const struct request *request, const struct outcome_of_run *outcome)
{
	char command[2048];

	campaign_command(request, command, sizeof command);
	printf("FAILED %s\n  %s\n", command, outcome->violation);
	fflush(stdout);
}

/* --- shrinking ---------------------------------------------------------------------------------------------
 */

/* Takes the smaller run over if it fails in the same way. */
static bool is_smaller(struct request *request, const struct request *smaller, const char *checker)
{
	struct outcome_of_run outcome;

	campaign_run_one(smaller, &outcome);
	if (outcome.passed || strcmp(outcome.checker, checker) != 0)
		return false;
	*request = *smaller;
	return true;
}

static void shrink_faults(struct request *request, const struct scenario *scenario, const char *checker)
{
	for (unsigned i = 0; i < fault_count; i++) {
		struct request smaller = *request;

		smaller.without |= UINT64_C(1) << i;
		if ((scenario->faults >> i & 1) != 0)
			is_smaller(request, &smaller, checker);
	}
}

static void shrink_nodes(struct request *request, const struct scenario *scenario, const char *checker)
{
	for (unsigned nodes = 2; nodes < scenario->nodes; nodes++) {
		struct request smaller = *request;

		smaller.nodes = nodes;
		if (is_smaller(request, &smaller, checker))
			return;
	}
}

/* Runs of strokes, shorter and shorter. */
static void skip_runs(struct request *request, unsigned first, unsigned end, const char *checker)
{
	for (unsigned length = (end - first + 1) / 2; length > 0; length /= 2) {
		for (unsigned from = first; from < end; from += length) {
			struct request smaller = *request;
			bool any = false;

			for (unsigned i = from; i < from + length && i < end; i++) {
				any |= !smaller.skips[i];
				smaller.skips[i] = true;
			}
			if (any)
				is_smaller(request, &smaller, checker);
		}
	}
}

/* First the strokes at the end, halving; then runs of them, shorter and shorter. */
static void shrink_steps(struct request *request, unsigned steps, const char *checker)
{
	for (unsigned keep = 0; keep < steps; keep = keep == 0 ? 1 : keep * 2) {
		struct request smaller = *request;

		smaller.steps = (int)keep;
		if (is_smaller(request, &smaller, checker)) {
			steps = keep;
			break;
		}
	}
	skip_runs(request, 0, steps, checker);
}

void campaign_shrink(struct request *request, const struct outcome_of_run *failed)
{
	struct scenario scenario;
	struct outcome_of_run outcome;

	scenario_draw(request, fault_count, &scenario);
	shrink_nodes(request, &scenario, failed->checker);
	shrink_steps(request, scenario.steps, failed->checker);
	skip_runs(request, STEPS_LATE, STEPS_LATE + scenario.late_steps, failed->checker);
	shrink_faults(request, &scenario, failed->checker);
	campaign_run_one(request, &outcome);
	printf("smallest: ");
	tell_failure(request, &outcome);
}

/* --- many --------------------------------------------------------------------------------------------------
 */

struct totals {
	uint64_t run, failed, happenings, strokes, letters;
	double cpu_s, cpu_worst_s;
	uint64_t cpu_worst_seed;
	int64_t well_worst_ms;
};

static void add_up(struct totals *totals, const struct request *request, const struct outcome_of_run *outcome)
{
	totals->run++;
	totals->failed += !outcome->passed;
	totals->cpu_s += outcome->cpu_s;
	if (outcome->cpu_s > totals->cpu_worst_s) {
		totals->cpu_worst_s = outcome->cpu_s;
		totals->cpu_worst_seed = request->seed;
	}
	totals->happenings += outcome->happenings;
	totals->strokes += outcome->strokes;
	totals->letters += outcome->letters;
}

static void tell_totals(const struct totals *totals)
{
	printf("%" PRIu64 " seeds, %" PRIu64 " failed; %" PRIu64 " strokes, %" PRIu64
	       " letters delivered, %.1f M events; CPU %.2f s a seed, at most %.1f s (seed %" PRIu64 ")\n",
	        totals->run, totals->failed, totals->strokes, totals->letters,
	        (double)totals->happenings / 1e6, totals->run > 0 ? totals->cpu_s / (double)totals->run : 0,
	        totals->cpu_worst_s, totals->cpu_worst_seed);
	fflush(stdout);
}

/* Waits for one of them. */
static struct job *job_wait(struct job *jobs, struct outcome_of_run *outcome)
{
	struct rusage usage;
	int status;
	pid_t pid = wait4(-1, &status, 0, &usage);

	for (unsigned i = 0; i < JOBS_MAX; i++) {
		if (pid > 0 && jobs[i].pid == pid) {
			job_end(&jobs[i], status, &usage, outcome);
			return &jobs[i];
		}
	}
	must_fail(__FILE__, __LINE__, "a child is lost");
}

enum { REPLAY_EVERY = 50 };

/* Some of those that pass run twice: equal inputs, equal bytes. */
static void replay(const struct request *request, struct outcome_of_run *outcome)
{
	struct outcome_of_run again;

	if (!outcome->passed || request->seed % REPLAY_EVERY != 0)
		return;
	campaign_run_one(request, &again);
	if (memcmp(outcome->trace, again.trace, sizeof again.trace) == 0)
		return;
	outcome->passed = false;
	snprintf(outcome->checker, sizeof outcome->checker, "SPEC 11.1 equal_inputs_equal_bytes");
	snprintf(outcome->violation, sizeof outcome->violation, "%s: two runs differ", outcome->checker);
}

static void finish_one(struct job *jobs, const struct campaign *campaign, struct totals *totals)
{
	struct outcome_of_run outcome;
	struct job *job = job_wait(jobs, &outcome);
	struct request request = job->request;

	replay(&request, &outcome);
	add_up(totals, &request, &outcome);
	if (outcome.passed)
		return;
	tell_failure(&request, &outcome);
	if (campaign->shrink)
		campaign_shrink(&request, &outcome);
}

uint64_t campaign_run(const struct campaign *campaign)
{
	struct job jobs[JOBS_MAX] = {{.pid = 0}};
	struct totals totals = {.run = 0};
	unsigned busy = 0;

	for (uint64_t i = 0; i < campaign->seeds && !(campaign->stop && totals.failed > 0); i++) {
		struct request request = campaign->request;

		request.seed = campaign->first_seed + i;
		if (busy == campaign->jobs)
			finish_one(jobs, campaign, &totals);
		else
			busy++;
		for (unsigned k = 0; k < JOBS_MAX; k++) {
			if (jobs[k].pid == 0) {
				job_start(&jobs[k], &request);
				break;
			}
		}
		if (totals.run > 0 && totals.run % 1000 == 0 && busy == campaign->jobs)
			tell_totals(&totals);
	}
	for (; busy > 0; busy--)
		finish_one(jobs, campaign, &totals);
	tell_totals(&totals);
	return totals.failed;
}
