/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The simulator's command line; dev/sim builds and calls it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/campaign.h"
#include "tests/sim/fault.h"
#include "tests/sim/scale.h"

static const char usage[] =
        "usage: dev/sim --seeds N [--first-seed S] [--jobs N] [--stop] [--no-shrink] [LIMITS]\n"
        "       dev/sim --seed S [--trace] [LIMITS]     one seed, with what happens in it\n"
        "       dev/sim --mutants [WORD...]             is each wrong version of the rules caught?\n"
        "       dev/sim --replay N                      are two runs of each of N seeds the same?\n"
        "       dev/sim --scale [NODES...]              10, 100, 500 and 1,000 members\n"
        "       dev/sim --faults                        what can go wrong\n"
        "LIMITS --nodes N --hours H --steps N --skip STEP,... --without FAULT,... --only FAULT,...\n";

/* Bits of the faults named in a list; exits at an unknown one. */
static uint64_t read_faults(char *list)
{
	uint64_t bits = 0;

	for (char *name = strtok(list, ","); name != NULL; name = strtok(NULL, ",")) {
		if (fault_find(name) == fault_count) {
			fprintf(stderr, "dev/sim: no fault is called %s; see --faults\n", name);
			exit(2);
		}
		bits |= UINT64_C(1) << fault_find(name);
	}
	return bits;
}

/* "3,7-12" */
static void read_skips(char *list, struct request *request)
{
	for (char *step = strtok(list, ","); step != NULL; step = strtok(NULL, ",")) {
		char *rest;
		unsigned long from = strtoul(step, &rest, 10);
		unsigned long to = *rest == '-' ? strtoul(rest + 1, NULL, 10) : from;

		for (unsigned long i = from; i <= to && i < SKIPS_MAX; i++)
			request->skips[i] = true;
	}
}

static int list_faults(void)
{
	for (unsigned i = 0; i < fault_count; i++)
		printf("%s\n", faults[i].name);
	return 0;
}

/* One seed; twice, if it passes: both must say the same. */
static int run_seed(const struct request *request)
{
	struct outcome_of_run first, second;
	struct request quiet = *request;

	campaign_run_one(request, &first);
	if (!first.passed) {
		if (!request->trace)
			printf("FAILED %s\n", first.violation);
		return 1;
	}
	quiet.trace = false;
	campaign_run_one(&quiet, &second);
	if (memcmp(first.trace, second.trace, sizeof first.trace) != 0) {
		printf("FAILED SPEC 11.1: two runs of seed %llu differ\n", (unsigned long long)request->seed);
		return 1;
	}
	printf("seed %llu passed: %llu strokes, %llu letters, %llu events, well after %.1f s, %.2f s of CPU, "
	       "trace ",
	        (unsigned long long)request->seed, (unsigned long long)first.strokes,
	        (unsigned long long)first.letters, (unsigned long long)first.happenings,
	        (double)first.well_ms / 1000, first.cpu_s);
	for (unsigned i = 0; i < 8; i++)
		printf("%02x", first.trace[i]);
	printf("\n");
	return 0;
}

/* Seeds 1 .. count, each twice. */
static int run_replays(const struct request *request, unsigned count)
{
	int failed = 0;

	for (unsigned i = 1; i <= count; i++) {
		struct request one = *request;

		one.seed = i;
		failed |= run_seed(&one);
	}
	return failed;
}

enum {
	OPTION_SEED,
	OPTION_SEEDS,
	OPTION_FIRST,
	OPTION_JOBS,
	OPTION_STOP,
	OPTION_NO_SHRINK,
	OPTION_TRACE,
	OPTION_NODES,
	OPTION_HOURS,
	OPTION_STEPS,
	OPTION_SKIP,
	OPTION_WITHOUT,
	OPTION_ONLY,
	OPTION_FAULTS,
	OPTION_REPLAY,
	OPTION_SCALE,
	OPTION_HELP,
};

static const struct option options[] = {
        {"seed", required_argument, NULL, OPTION_SEED},
        {"seeds", required_argument, NULL, OPTION_SEEDS},
        {"first-seed", required_argument, NULL, OPTION_FIRST},
        {"jobs", required_argument, NULL, OPTION_JOBS},
        {"stop", no_argument, NULL, OPTION_STOP},
        {"no-shrink", no_argument, NULL, OPTION_NO_SHRINK},
        {"trace", no_argument, NULL, OPTION_TRACE},
        {"nodes", required_argument, NULL, OPTION_NODES},
        {"hours", required_argument, NULL, OPTION_HOURS},
        {"steps", required_argument, NULL, OPTION_STEPS},
        {"skip", required_argument, NULL, OPTION_SKIP},
        {"without", required_argument, NULL, OPTION_WITHOUT},
        {"only", required_argument, NULL, OPTION_ONLY},
        {"faults", no_argument, NULL, OPTION_FAULTS},
        {"replay", required_argument, NULL, OPTION_REPLAY},
        {"scale", no_argument, NULL, OPTION_SCALE},
        {"help", no_argument, NULL, OPTION_HELP},
        {NULL, 0, NULL, 0},
};

/* What the command line comes to. */
struct orders {
	struct campaign campaign;
	bool one;
	bool list;
	bool scale;
	bool help;
	unsigned replays;
};

static bool take_option(int option, char *value, struct orders *orders)
{
	struct campaign *campaign = &orders->campaign;
	struct request *request = &campaign->request;
	unsigned long long number = value != NULL ? strtoull(value, NULL, 10) : 0;

	if (option == OPTION_SEED)
		request->seed = number, orders->one = true;
	else if (option == OPTION_SEEDS)
		campaign->seeds = number;
	else if (option == OPTION_FIRST)
		campaign->first_seed = number;
	else if (option == OPTION_JOBS)
		campaign->jobs = number >= 1 && number <= 16 ? (unsigned)number : 2;
	else if (option == OPTION_STOP)
		campaign->stop = true;
	else if (option == OPTION_NO_SHRINK)
		campaign->shrink = false;
	else if (option == OPTION_TRACE)
		request->trace = true;
	else if (option == OPTION_NODES)
		request->nodes = (unsigned)number;
	else if (option == OPTION_HOURS)
		request->hours = (unsigned)number;
	else if (option == OPTION_STEPS)
		request->steps = (int)number;
	else if (option == OPTION_SKIP)
		read_skips(value, request);
	else if (option == OPTION_WITHOUT)
		request->without |= read_faults(value);
	else if (option == OPTION_ONLY)
		request->without |= ~read_faults(value) & ((UINT64_C(1) << fault_count) - 1);
	else if (option == OPTION_FAULTS)
		orders->list = true;
	else if (option == OPTION_REPLAY)
		orders->replays = (unsigned)number;
	else if (option == OPTION_SCALE)
		orders->scale = true;
	else if (option == OPTION_HELP)
		orders->help = true;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct orders orders = {
	        .campaign = {.request = {.steps = -1}, .first_seed = 1, .jobs = 2, .shrink = true}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_option(option, optarg, &orders)) {
			fputs(usage, stderr);
			return 2;
		}
	}
	if (orders.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (orders.list)
		return list_faults();
	if (orders.scale)
		return scale_run(argv + optind, argc - optind);
	if (orders.replays > 0)
		return run_replays(&orders.campaign.request, orders.replays);
	if (orders.one)
		return run_seed(&orders.campaign.request);
	if (orders.campaign.seeds == 0 || optind < argc) {
		fputs(usage, stderr);
		return 2;
	}
	return campaign_run(&orders.campaign) > 0;
}
