/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/hold.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "agent/config/config.h"
#include "agent/driver/postfix_mail.h"
#include "agent/operator/operator_files.h"
#include "proto/facts.h"
#include "store/fact_file.h"

static int complain(const char *text, const char *tip)
{
	fprintf(stderr, "meshd: %s\n", text);
	if (tip[0] != '\0')
		fprintf(stderr, "  tip: %s\n", tip);
	return EXIT_FAILURE;
}

/* --- whose mail --------------------------------------------------------------------------------------- */

static json_t *domains_of(const struct table_rows *rows, const uint8_t key[KEY_SIZE])
{
	json_t *names = json_array();

	for (unsigned i = 0; i < rows->count; i++) {
		if (memcmp(rows->rows[i].author, key, KEY_SIZE) == 0)
			json_array_append_new(names, json_string(rows->rows[i].domain.text));
	}
	return names;
}

/* The domains that the tables have for a member; NULL, with the reason. */
static json_t *member_domains(const struct paths *paths, const uint8_t key[KEY_SIZE], struct complaint *why)
{
	struct table_rows rows = {.count = 0};
	uint8_t *text = NULL;
	size_t length = 0;
	unsigned line = 0;
	json_t *names = NULL;
	int dir = -1;

	if (fact_dir_open_read(paths->var_dir, &dir) != RESULT_OK ||
	        fact_read(dir, FACT_APPLIED, FACT_SIZE_MAX, &text, &length) != RESULT_OK)
		complaint_set(why, "can't read %s/%s: %s", paths->var_dir, FACT_APPLIED, strerror(errno));
	else if (facts_parse_applied(bytes_of(text, length), &rows, &line) != RESULT_OK)
		complaint_set(why, "%s/%s:%u isn't understood", paths->var_dir, FACT_APPLIED, line);
	else
		names = domains_of(&rows, key);
	table_rows_fini(&rows);
	free(text);
	if (dir >= 0)
		fact_dir_close(dir);
	return names;
}

static json_t *names_of(const struct paths *paths, const char *word, struct complaint *why)
{
	struct operator_files files;
	uint8_t key[KEY_BYTES];
	bool by_name;
	enum result result;

	if (domain_check(word, strlen(word)) == RESULT_OK)
		return json_pack("[s]", word);
	if (operator_files_load(&files, paths, NULL, why) != RESULT_OK)
		return NULL;
	result = operator_files_resolve(&files, word, strlen(word), key, &by_name, why);
	operator_files_fini(&files);
	return result == RESULT_OK ? member_domains(paths, key, why) : NULL;
}

/* --- what root may trust ------------------------------------------------------------------------------ */

static bool is_roots(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* In one like /tmp nobody moves what is another's. */
static bool is_safe_way(const char *path)
{
	struct stat status;

	return is_roots(path) ||
	       (stat(path, &status) == 0 && status.st_uid == 0 && (status.st_mode & S_ISVTX) != 0);
}

/* Postfix's programs do what its main.cf says: meshd.conf, which the agent's user may write, must not choose
 * one of his. Every directory on the way is root's, or he could put another in its place. */
static bool is_trusted(const char *dir, char path[PATH_MAX])
{
	char file[PATH_MAX + 16];

	if (realpath(dir, path) == NULL)
		return false;
	snprintf(file, sizeof file, "%s/main.cf", path);
	if (!is_roots(file) || !is_roots("/"))
		return false;
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		bool is_good;

		*slash = '\0';
		is_good = is_safe_way(path);
		*slash = '/';
		if (!is_good)
			return false;
	}
	return is_roots(path);
}

/* --- the whole ---------------------------------------------------------------------------------------- */

static int hold_names(const char *dir, const json_t *names, const char *word, bool hold)
{
	struct reason why = {.text = ""};
	size_t count;

	if (postfix_mail_hold(dir, names, hold, &count, &why) != RESULT_OK)
		return complain(why.text, why.cure);
	printf("%zu message%s for %s %s\n", count, count == 1 ? "" : "s", word,
	        hold ? "put on hold: they neither expire nor are tried" : "released: they are tried again");
	if (hold && count > 0)
		printf("  - when they may go on: meshctl queue --release %s\n", word);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int hold_main(const struct paths *paths, const char *word, bool hold)
{
	struct config config;
	struct complaint why = {.text = ""};
	char dir[PATH_MAX];
	json_t *names;
	int status;

	if (geteuid() != 0)
		return complain(
		        "only root may hold mail or release it", "sudo meshctl queue --hold MEMBER|DOMAIN");
	if (config_load(&config, paths, &why) != RESULT_OK)
		return complain(why.text, why.tip);
	if (!config.postfix.is_set || !is_trusted(config.postfix.config_dir, dir)) {
		config_fini(&config);
		return complain("config_dir of the section postfix must be root's alone, up to /",
		        "ls -ld it, and main.cf in it");
	}
	config_fini(&config);
	names = names_of(paths, word, &why);
	if (names == NULL)
		return complain(why.text, why.tip);
	status = hold_names(dir, names, word, hold);
	json_decref(names);
	return status;
}
