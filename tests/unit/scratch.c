/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/cmocka.h"

#define PATH_SIZE 512

int scratch_setup(void **state)
{
	struct scratch *scratch = malloc(sizeof *scratch);

	if (scratch == NULL)
		return -1;
	strcpy(scratch->dir, "/tmp/mesh-test-XXXXXX");
	*state = scratch;
	return mkdtemp(scratch->dir) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int scratch_teardown(void **state)
{
	struct scratch *scratch = *state;
	int failed = nftw(scratch->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);

	free(scratch);
	return failed;
}

const char *scratch_path(const struct scratch *scratch, const char *name)
{
	static char paths[8][PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_SIZE, "%s/%s", scratch->dir, name);
	return path;
}

void scratch_mkdir(const struct scratch *scratch, const char *name)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", scratch->dir, name);
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
	assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
}

void scratch_write_bytes(const struct scratch *scratch, const char *name, const void *bytes, size_t length)
{
	int fd = open(scratch_path(scratch, name), O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

void scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
	scratch_write_bytes(scratch, name, text, strlen(text));
}

const char *scratch_read(const struct scratch *scratch, const char *name)
{
	static char text[65536];
	int fd = open(scratch_path(scratch, name), O_RDONLY);
	ssize_t length;

	if (fd < 0)
		return NULL;
	length = read(fd, text, sizeof text - 1);
	assert_true(length >= 0);
	text[length] = '\0';
	close(fd);
	return text;
}

mode_t scratch_mode(const struct scratch *scratch, const char *name)
{
	struct stat st;

	assert_int_equal(lstat(scratch_path(scratch, name), &st), 0);
	return st.st_mode & 07777;
}

unsigned scratch_count(const struct scratch *scratch, const char *name)
{
	DIR *dir = opendir(scratch_path(scratch, name));
	unsigned count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 2;
}
