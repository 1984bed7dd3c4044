/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/marked_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/assert.h"
#include "store/fact_file.h"

#define NEW_FILE_MODE 0644

static enum result complain_errno(struct complaint *why, const char *path, const char *what)
{
	int error = errno;

	complaint_set_at(why, path, 0, "can't be %s: %s", what, strerror(error));
	if (error == EACCES || error == EPERM)
		complaint_set_tip(why, "the file and its directory belong to user meshd: see ls -l");
	return RESULT_IO;
}

static enum result complain_size(struct complaint *why, const char *path)
{
	complaint_set_at(why, path, 0, "larger than %d MiB", MARKED_FILE_SIZE_MAX / 1024 / 1024);
	complaint_set_tip(why, "no file of meshd needs so much; is it the right one?");
	return RESULT_TOO_LARGE;
}

/* Reads until the end or until `size` bytes are there. -1: errno says why. */
static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t done = read(fd, bytes + length, size - length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		if (done == 0)
			break;
		length += (size_t)done;
	}
	return (ssize_t)length;
}

static enum result check_kind(const char *path, const struct stat *st, struct complaint *why)
{
	if (!S_ISREG(st->st_mode)) {
		complaint_set_at(why, path, 0, "not a regular file");
		complaint_set_tip(why, "remove it, or put a text file there");
		return RESULT_IO;
	}
	return st->st_size > MARKED_FILE_SIZE_MAX ? complain_size(why, path) : RESULT_OK;
}

/* The content of an open file; *bytes is the caller's. One byte more than st_size is asked for: a file that
 * grew while it was read is found by its mark later. */
static enum result read_open(int fd, const char *path, struct marked_file_mark *mark, char **bytes,
        size_t *length, struct complaint *why)
{
	enum result result;
	ssize_t got;

	if (fstat(fd, &mark->stat) != 0)
		return complain_errno(why, path, "read");
	result = check_kind(path, &mark->stat, why);
	if (result != RESULT_OK)
		return result;
	*bytes = malloc((size_t)mark->stat.st_size + 1);
	if (*bytes == NULL) {
		complaint_set_at(why, path, 0, "out of memory");
		return RESULT_NO_MEMORY;
	}
	got = read_all(fd, *bytes, (size_t)mark->stat.st_size);
	if (got < 0) {
		result = complain_errno(why, path, "read");
		free(*bytes);
		*bytes = NULL;
		return result;
	}
	(*bytes)[got] = '\0';
	*length = (size_t)got;
	return RESULT_OK;
}

enum result marked_file_read(
        const char *path, struct marked_file_mark *mark, char **bytes, size_t *length, struct complaint *why)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	enum result result;

	memset(mark, 0, sizeof *mark);
	*bytes = NULL;
	*length = 0;
	if (fd < 0 && errno == ENOENT)
		return RESULT_OK;
	if (fd < 0)
		return complain_errno(why, path, "read");
	result = read_open(fd, path, mark, bytes, length, why);
	close(fd);
	if (result != RESULT_OK)
		return result;
	mark->is_there = true;
	crypto_generichash(mark->hash, sizeof mark->hash, (const unsigned char *)*bytes, *length, NULL, 0);
	return RESULT_OK;
}

static bool mark_is_equal(const struct marked_file_mark *a, const struct marked_file_mark *b)
{
	if (a->is_there != b->is_there)
		return false;
	return !a->is_there || (a->stat.st_dev == b->stat.st_dev && a->stat.st_ino == b->stat.st_ino &&
	                               a->stat.st_size == b->stat.st_size &&
	                               a->stat.st_mtim.tv_sec == b->stat.st_mtim.tv_sec &&
	                               a->stat.st_mtim.tv_nsec == b->stat.st_mtim.tv_nsec &&
	                               memcmp(a->hash, b->hash, sizeof a->hash) == 0);
}

static enum result check_unchanged(
        const char *path, const struct marked_file_mark *mark, struct complaint *why)
{
	struct marked_file_mark now;
	char *bytes;
	size_t length;
	enum result result = marked_file_read(path, &now, &bytes, &length, why);

	free(bytes);
	if (result != RESULT_OK)
		return result;
	if (mark_is_equal(mark, &now))
		return RESULT_OK;
	complaint_set_at(why, path, 0, "somebody changed this file just now; nothing was done");
	complaint_set_tip(why, "save your editor's copy, then give the command again");
	return RESULT_CHANGED;
}

static enum result check_link(const char *path, struct complaint *why)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode))
		return RESULT_OK;
	complaint_set_at(why, path, 0, "a symbolic link; meshd would put a file in its place");
	complaint_set_tip(why, "edit the file that it points to, then run meshctl reload");
	return RESULT_REFUSED;
}

static enum result replace_in_dir(const char *path, const struct marked_file_mark *mark, const char *bytes,
        size_t length, struct complaint *why)
{
	char dir[MARKED_FILE_PATH_SIZE];
	char *slash;
	struct fact_mode mode = {NEW_FILE_MODE, (uid_t)-1, (gid_t)-1};
	enum result result;
	int dirfd;

	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	INVARIANT(slash != NULL && slash != dir);
	*slash = '\0';
	if (mark->is_there) {
		mode.mode = mark->stat.st_mode & 0777;
		mode.uid = mark->stat.st_uid == geteuid() ? (uid_t)-1 : mark->stat.st_uid;
		mode.gid = mark->stat.st_gid == getegid() ? (gid_t)-1 : mark->stat.st_gid;
	}
	if (fact_dir_open_read(dir, &dirfd) != RESULT_OK)
		return complain_errno(why, dir, "opened");
	result = fact_write_mode(dirfd, slash + 1, bytes, length, &mode);
	if (result == RESULT_IO)
		complain_errno(why, path, "written");
	else if (result != RESULT_OK)
		complaint_set_at(why, path, 0, "can't be written: %s", result_text(result));
	fact_dir_close(dirfd);
	return result;
}

enum result marked_file_replace(const char *path, const struct marked_file_mark *mark, const char *bytes,
        size_t length, struct complaint *why)
{
	enum result result = length > MARKED_FILE_SIZE_MAX ? complain_size(why, path) : check_link(path, why);

	if (result == RESULT_OK)
		result = check_unchanged(path, mark, why);
	return result == RESULT_OK ? replace_in_dir(path, mark, bytes, length, why) : result;
}
