/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd: the agent, its check modes, its helper process and the store's reader, by option.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "agent/driver/helper.h"
#include "agent/driver/setup_postfix.h"
#include "agent/driver/textfile.h"
#include "agent/hold.h"
#include "agent/log.h"
#include "agent/loop.h"
#include "agent/memory.h"
#include "agent/operator/init.h"
#include "agent/tinc/setup_tinc.h"
#include "store/store_reader.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
        "usage: meshd [--prefix DIR] --net NET               run the agent in the foreground\n"
        "       meshd [--prefix DIR] --net NET --init NAME ADDRESS [--mesh-prefix PREFIX]\n"
        "       meshd [--prefix DIR] --net NET --key         print this node's key line\n"
        "       meshd [--prefix DIR] --net NET --setup postfix | tinc [DIRECTORY]\n"
        "       meshd [--prefix DIR] --net NET --hold|--release MEMBER|DOMAIN\n"
        "       meshd --help | --version\n"
        "\n"
        "meshd runs beside tinc, gossips signed claims with its friends' agents and drives this node's\n"
        "mail server and zones. Steer it with meshctl. See meshd(8).\n";

enum mode {
	MODE_RUN,
	MODE_INIT,
	MODE_KEY,
	MODE_SETUP,
	MODE_HOLD,
	MODE_RELEASE,
	MODE_HELPER,
	MODE_STORE_READER,
	MODE_HELP,
	MODE_VERSION
};

struct options {
	enum mode mode;
	const char *prefix;
	const char *net;
	const char *fd; /* of the helper and the store's reader: the socket to their parent */
	const char *dir;
	const char *setup;
	const char *whose;     /* mail to be held or released */
	const char *setup_dir; /* of the tinc net; NULL: /etc/tinc/NET */
	struct init_options init;
};

static bool take_options(int argc, char **argv, struct options *out)
{
	static const struct option rows[] = {
	        {"prefix", required_argument, NULL, 'p'},
	        {"net", required_argument, NULL, 'n'},
	        {"mesh-prefix", required_argument, NULL, 'm'},
	        {"init", no_argument, NULL, MODE_INIT},
	        {"key", no_argument, NULL, MODE_KEY},
	        {"setup", required_argument, NULL, MODE_SETUP},
	        {"hold", required_argument, NULL, MODE_HOLD},
	        {"release", required_argument, NULL, MODE_RELEASE},
	        {"helper", required_argument, NULL, MODE_HELPER},
	        {"store-reader", required_argument, NULL, MODE_STORE_READER},
	        {"help", no_argument, NULL, MODE_HELP},
	        {"version", no_argument, NULL, MODE_VERSION},
	        {NULL, 0, NULL, 0},
	};
	int row;

	*out = (struct options){.mode = MODE_RUN, .prefix = ""};
	while ((row = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		if (row == '?')
			return false;
		if (row == 'p')
			out->prefix = optarg;
		else if (row == 'n')
			out->net = optarg;
		else if (row == 'm')
			out->init.mesh_prefix = optarg;
		else
			out->mode = (enum mode)row;
		if (row == MODE_SETUP)
			out->setup = optarg;
		if (row == MODE_HOLD || row == MODE_RELEASE)
			out->whose = optarg;
		if (row == MODE_HELPER || row == MODE_STORE_READER)
			out->fd = optarg;
	}
	if (out->mode == MODE_STORE_READER && argc - optind == 1) {
		out->dir = argv[optind];
		return true;
	}
	if (out->mode == MODE_SETUP && argc - optind == 1) {
		out->setup_dir = argv[optind];
		return true;
	}
	if (out->mode == MODE_INIT && argc - optind == 2) {
		out->init.name = argv[optind];
		out->init.address = argv[optind + 1];
		return true;
	}
	return optind == argc && out->mode != MODE_INIT && out->mode != MODE_STORE_READER;
}

/* A process that the agent started: its end of a socket is open. */
static int run_child(const struct options *options)
{
	char *end;
	long fd = strtol(options->fd, &end, 10);

	if (*end != '\0' || fd <= 2 || fd >= 1024)
		return EXIT_USAGE;
	return options->mode == MODE_HELPER ? helper_main((int)fd) : store_reader_main((int)fd, options->dir);
}

static int complain(const struct complaint *why)
{
	fprintf(stderr, "meshd: %s\n", why->text);
	if (why->tip[0] != '\0')
		fprintf(stderr, "  tip: %s\n", why->tip);
	return EXIT_FAILURE;
}

/* Our own program, for the helper: as it was started, unless the system knows better. */
static const char *program_of(const char *argument)
{
	static char path[4096];
	ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

	if (length <= 0)
		return argument;
	path[length] = '\0';
	return path;
}

static int setup_postfix(const struct paths *paths, const struct config *config, const char *dir)
{
	char texts[CONFIG_ADDRESSES_MAX][ADDRESS_TEXT_BYTES];
	const char *addresses[CONFIG_ADDRESSES_MAX];

	if (dir != NULL)
		return EXIT_USAGE;
	if (!config->postfix.is_set) {
		fprintf(stderr,
		        "meshd: %s has no postfix section\n  tip: add postfix { config_dir = "
		        "\"/etc/postfix\" }\n",
		        paths->config);
		return EXIT_FAILURE;
	}
	for (unsigned i = 0; i < config->vpn_address_count; i++) {
		address_render(&config->vpn_addresses[i], texts[i]);
		addresses[i] = texts[i];
	}
	return setup_postfix_print(config->postfix.config_dir, config->postfix.tables, addresses,
	               config->vpn_address_count, stdout) < 0
	               ? EXIT_FAILURE
	               : EXIT_SUCCESS;
}

/* meshctl of the same installation, or build. */
static void find_meshctl(char path[PATHS_SIZE])
{
	static const char *const places[] = {"meshctl", "../bin/meshctl", "../cli/meshctl"};
	char own[4096], tried[4096 + 32], *found = NULL;

	snprintf(own, sizeof own, "%s", program_of(""));
	*(strrchr(own, '/') != NULL ? strrchr(own, '/') : own) = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0] && found == NULL; i++) {
		snprintf(tried, sizeof tried, "%s/%s", own, places[i]);
		found = access(tried, X_OK) == 0 ? realpath(tried, NULL) : NULL;
	}
	snprintf(path, PATHS_SIZE, "%s", found != NULL && textfile_path_is_plain(found) ? found : "meshctl");
	free(found);
}

static int setup_tinc(const struct paths *paths, const struct config *config, const char *dir)
{
	char own_dir[PATHS_SIZE], defaults[PATHS_SIZE], meshctl[PATHS_SIZE], command[3 * PATHS_SIZE];
	struct setup_tinc setup = {.dir = dir != NULL ? dir : own_dir,
	        .defaults = defaults,
	        .command = command,
	        .config = paths->config,
	        .tinc_user = config->tinc_user};
	struct complaint why;
	unsigned missing;

	snprintf(own_dir, sizeof own_dir, "%s/etc/tinc/%s", paths->prefix, paths->net);
	snprintf(defaults, sizeof defaults, "%s/etc/default/tinc", paths->prefix);
	find_meshctl(meshctl);
	snprintf(command, sizeof command, "%s%s%s --net %s tinc-event", meshctl,
	        paths->prefix[0] != '\0' ? " --prefix " : "", paths->prefix, paths->net);
	if (!textfile_path_is_plain(setup.dir) ||
	        (paths->prefix[0] != '\0' && !textfile_path_is_plain(paths->prefix))) {
		fputs("meshd: the directory of the tinc net must be a plain absolute path\n", stderr);
		return EXIT_USAGE;
	}
	if (setup_tinc_print(&setup, stdout, &missing, &why) != RESULT_OK)
		return complain(&why);
	if (missing == 0)
		return EXIT_SUCCESS;
	fflush(stdout);
	complaint_set(
	        &why, "tinc's hooks in %s lack %u thing%s", setup.dir, missing, missing == 1 ? "" : "s");
	complaint_set_tip(&why, "read what is printed, then, as root: meshctl setup tinc | sh");
	return complain(&why);
}

static int run_setup(const struct paths *paths, const char *what, const char *dir)
{
	static const struct {
		const char *what;
		int (*run)(const struct paths *paths, const struct config *config, const char *dir);
	} rows[] = {{"postfix", setup_postfix}, {"tinc", setup_tinc}};
	struct complaint why;
	struct config config;
	int status;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(what, rows[i].what) != 0)
			continue;
		if (config_load(&config, paths, &why) != RESULT_OK)
			return complain(&why);
		status = rows[i].run(paths, &config, dir);
		config_fini(&config);
		return status;
	}
	fprintf(stderr, "meshd: can't set up \"%s\"; there are: postfix, tinc\n", what);
	return EXIT_USAGE;
}

static int run_agent(const struct paths *paths, const char *program)
{
	struct complaint why = {.text = ""};
	int status = agent_run(paths, program_of(program), &why);

	return why.text[0] != '\0' ? complain(&why) : status;
}

int main(int argc, char **argv)
{
	struct options options;
	struct paths paths;
	struct complaint why;

	if (!take_options(argc, argv, &options)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (options.mode == MODE_HELP || options.mode == MODE_VERSION) {
		fputs(options.mode == MODE_HELP ? usage : "meshd " CORREOMESH_VERSION "\n", stdout);
		return EXIT_SUCCESS;
	}
	if (sodium_init() < 0) {
		fputs("meshd: libsodium can't be used here\n", stderr);
		return EXIT_FAILURE;
	}
	memory_init();
	if (options.mode == MODE_HELPER || options.mode == MODE_STORE_READER)
		return run_child(&options);
	if (options.net == NULL) {
		fputs("meshd: which net? say --net NET\n", stderr);
		return EXIT_USAGE;
	}
	if (paths_init(&paths, options.prefix, options.net, &why) != RESULT_OK)
		return complain(&why);
	if (options.mode == MODE_INIT)
		return init_main(&paths, &options.init);
	if (options.mode == MODE_HOLD || options.mode == MODE_RELEASE)
		return hold_main(&paths, options.whose, options.mode == MODE_HOLD);
	if (options.mode == MODE_KEY)
		return init_key_main(&paths);
	return options.mode == MODE_SETUP ? run_setup(&paths, options.setup, options.setup_dir)
	                                  : run_agent(&paths, argv[0]);
}
