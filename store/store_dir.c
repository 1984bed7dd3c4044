/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_dir.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/assert.h"
#include "store/durable_point.h"

#define PATH_SIZE (STORE_DIR_MAX + 32)

enum { DIRECTORIES_OPEN = 8 };

struct path {
	char text[PATH_SIZE];
};

static struct path path_of(const char *dir, const char *rest)
{
	struct path path;
	int length = snprintf(path.text, sizeof path.text, "%s%s", dir, rest);

	INVARIANT(length > 0 && length < PATH_SIZE);
	return path;
}

static int remove_one(const char *path, const struct stat *found, int type, struct FTW *at)
{
	(void)found;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

/* Whatever it is: what a file system or somebody has put in the place of a store must not keep its name from
 * the next one. Links aren't followed, nor other file systems entered. */
static void dir_remove(const char *dir, const char *suffix)
{
	struct path place = path_of(dir, suffix);

	(void)nftw(place.text, remove_one, DIRECTORIES_OPEN, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

void store_dir_drop_new(const char *dir)
{
	dir_remove(dir, ".new");
}

bool store_dir_settle(const char *dir)
{
	store_dir_drop_new(dir);
	if (access(dir, F_OK) != 0)
		(void)rename(path_of(dir, ".old").text, dir);
	else
		dir_remove(dir, ".old");
	DURABLE_POINT(STORE_SETTLED);
	return access(path_of(dir, "/data.mdb").text, F_OK) == 0;
}

enum result store_dir_replace(const char *dir, bool is_damaged)
{
	const char *aside = is_damaged ? ".damaged" : ".old";

	dir_remove(dir, aside);
	if (rename(dir, path_of(dir, aside).text) != 0 && errno != ENOENT)
		return RESULT_IO;
	DURABLE_POINT(STORE_ASIDE);
	if (rename(path_of(dir, ".new").text, dir) != 0)
		return RESULT_IO;
	DURABLE_POINT(STORE_PLACED);
	if (!is_damaged)
		dir_remove(dir, aside);
	DURABLE_POINT(STORE_REPLACED);
	return RESULT_OK;
}
