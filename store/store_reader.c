/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_reader.h"

#include <lmdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/store_frame.h"

/* A stream in its buffer is lost with a crash; a small one loses some rows more than the crash does. */
struct walk {
	FILE *out;
	uint8_t last[STORE_KEY_MAX]; /* the last key sent */
	size_t last_length;
	unsigned long senseless; /* rows that are none */
};

static bool send_frame(struct walk *walk, struct bytes key, struct bytes value)
{
	uint8_t header[STORE_FRAME_HEADER];

	store_frame_header(key, value, header);
	return fwrite(header, sizeof header, 1, walk->out) == 1 &&
	       fwrite(key.data, 1, key.length, walk->out) == key.length &&
	       fwrite(value.data, 1, value.length, walk->out) == value.length;
}

static bool send_end(struct walk *walk, const char *text)
{
	char cut[STORE_FRAME_END_MAX + 1];

	snprintf(cut, sizeof cut, "%s", text);
	return send_frame(walk, bytes_of("", 0), bytes_of(cut, strlen(cut))) && fflush(walk->out) == 0;
}

/* What is wrong, or NULL. Keys must rise: pages that lead in a circle would never end. */
static const char *walk_row(struct walk *walk, struct bytes key, struct bytes value)
{
	struct store_row row;

	if (store_row_parse(key, value, &row) != RESULT_OK) {
		walk->senseless++;
		return NULL;
	}
	if (walk->last_length > 0 && bytes_compare(bytes_of(walk->last, walk->last_length), key) >= 0)
		return "its rows are out of order";
	memcpy(walk->last, key.data, key.length);
	walk->last_length = key.length;
	return send_frame(walk, key, value) ? NULL : "nobody listens";
}

static const char *walk_rows(struct walk *walk, MDB_cursor *cursor)
{
	MDB_val key, value;
	const char *wrong = NULL;
	int status;

	while (wrong == NULL && (status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) != MDB_NOTFOUND) {
		if (status != MDB_SUCCESS)
			wrong = mdb_strerror(status);
		else
			wrong = walk_row(walk, bytes_of(key.mv_data, key.mv_size),
			        bytes_of(value.mv_data, value.mv_size));
	}
	return wrong;
}

/* Nothing is closed: closing walks the same pages, and the process ends. */
static int open_cursor(const char *dir, MDB_cursor **cursor)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	int status = mdb_env_create(&env);

	if (status == MDB_SUCCESS)
		status = mdb_env_open(env, dir, MDB_RDONLY | MDB_NOLOCK | MDB_NOTLS, 0);
	if (status == MDB_SUCCESS)
		status = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (status == MDB_SUCCESS)
		status = mdb_dbi_open(txn, NULL, 0, &dbi);
	if (status == MDB_SUCCESS)
		status = mdb_cursor_open(txn, dbi, cursor);
	return status;
}

static void expect_a_crash(void)
{
	struct rlimit no_core = {0, 0}, cpu = {STORE_READER_CPU_S, STORE_READER_CPU_S};

	setrlimit(RLIMIT_CORE, &no_core);
	setrlimit(RLIMIT_CPU, &cpu);
	signal(SIGPIPE, SIG_IGN);
}

int store_reader_main(int fd, const char *dir)
{
	struct walk walk = {.out = fdopen(fd, "w")};
	MDB_cursor *cursor = NULL;
	const char *wrong;
	char text[64];
	int status;

	if (walk.out == NULL)
		return EXIT_FAILURE;
	expect_a_crash();
	status = open_cursor(dir, &cursor);
	wrong = status == MDB_SUCCESS ? walk_rows(&walk, cursor) : mdb_strerror(status);
	if (wrong == NULL && walk.senseless > 0) {
		snprintf(text, sizeof text, "%lu rows make no sense", walk.senseless);
		wrong = text;
	}
	return send_end(&walk, wrong != NULL ? wrong : "") ? EXIT_SUCCESS : EXIT_FAILURE;
}
