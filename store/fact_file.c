/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/fact_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/durable_point.h"

#define TEMP_PREFIX "."
#define TEMP_SUFFIX ".tmp"
#define TEMP_NAME_SIZE (FACT_NAME_MAX + sizeof TEMP_PREFIX + sizeof TEMP_SUFFIX)

static const struct fact_mode mode_public = {0644, (uid_t)-1, (gid_t)-1};
static const struct fact_mode mode_secret = {0600, (uid_t)-1, (gid_t)-1};

/* How the temporary file becomes the real one: the only difference between write and create. */
typedef int publish_fn(int dirfd, const char *temp, const char *name);

bool fact_name_is_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(name);

	return length >= 1 && length <= FACT_NAME_MAX && name[0] != '.' && strspn(name, allowed) == length;
}

static enum result from_errno(int error)
{
	switch (error) {
	case ENOENT:
		return RESULT_NOT_FOUND;
	case EEXIST:
	case ELOOP:
		return RESULT_REFUSED;
	case ENOMEM:
		return RESULT_NO_MEMORY;
	default:
		return RESULT_IO;
	}
}

static bool is_temp_name(const char *name)
{
	size_t length = strlen(name);
	size_t suffix = strlen(TEMP_SUFFIX);

	return name[0] == '.' && length > 1 + suffix && strcmp(name + length - suffix, TEMP_SUFFIX) == 0;
}

static enum result remove_temps(int dirfd)
{
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return RESULT_IO;
	}
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (is_temp_name(entry->d_name))
			(void)unlinkat(dirfd, entry->d_name, 0);
	}
	closedir(dir);
	return RESULT_OK;
}

enum result fact_dir_open_read(const char *path, int *dirfd)
{
	*dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dirfd < 0 ? from_errno(errno) : RESULT_OK;
}

enum result fact_dir_open(const char *path, int *dirfd)
{
	enum result result = fact_dir_open_read(path, dirfd);

	if (result != RESULT_OK)
		return result;
	if (flock(*dirfd, LOCK_EX | LOCK_NB) != 0)
		result = errno == EWOULDBLOCK ? RESULT_REFUSED : RESULT_IO;
	if (result == RESULT_OK)
		result = remove_temps(*dirfd);
	if (result != RESULT_OK) {
		fact_dir_close(*dirfd);
		*dirfd = -1;
	}
	return result;
}

void fact_dir_close(int dirfd)
{
	if (dirfd >= 0)
		close(dirfd);
}

static bool write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		length -= (size_t)done;
	}
	return true;
}

/* The mode is set on the descriptor and so is independent of the umask; it is never wider, on the way,
 * than 0600. The owner goes first: chown clears bits of the mode. */
static bool fill_temp(int fd, const void *bytes, size_t length, const struct fact_mode *mode)
{
	bool gives = mode->uid != (uid_t)-1 || mode->gid != (gid_t)-1;

	DURABLE_POINT(FACT_OPENED);
	if (!write_all(fd, bytes, length))
		return false;
	DURABLE_POINT(FACT_FILLED);
	if (gives && fchown(fd, mode->uid, mode->gid) != 0)
		return false;
	return fchmod(fd, mode->mode) == 0 && fsync(fd) == 0;
}

static int publish_replace(int dirfd, const char *temp, const char *name)
{
	return renameat(dirfd, temp, dirfd, name);
}

/* link(2) fails where rename(2) would replace. */
static int publish_create(int dirfd, const char *temp, const char *name)
{
	if (linkat(dirfd, temp, dirfd, name, 0) != 0)
		return -1;
	DURABLE_POINT(FACT_LINKED);
	(void)unlinkat(dirfd, temp, 0);
	return 0;
}

static enum result write_file(int dirfd, const char *name, const void *bytes, size_t length,
        const struct fact_mode *mode, publish_fn *publish)
{
	char temp[TEMP_NAME_SIZE];
	enum result result = RESULT_OK;
	int fd;

	if (!fact_name_is_valid(name))
		return RESULT_MALFORMED;
	DURABLE_POINT(FACT_BEGUN);
	snprintf(temp, sizeof temp, TEMP_PREFIX "%s" TEMP_SUFFIX, name);
	(void)unlinkat(dirfd, temp, 0);
	fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return RESULT_IO;
	if (!fill_temp(fd, bytes, length, mode))
		result = RESULT_IO;
	if (close(fd) != 0)
		result = RESULT_IO;
	DURABLE_POINT(FACT_SYNCED);
	if (result == RESULT_OK && publish(dirfd, temp, name) != 0)
		result = errno == EEXIST ? RESULT_REFUSED : RESULT_IO;
	if (result != RESULT_OK) {
		int error = errno;

		(void)unlinkat(dirfd, temp, 0);
		errno = error;
		return result;
	}
	DURABLE_POINT(FACT_RENAMED);
	if (fsync(dirfd) != 0)
		return RESULT_IO;
	DURABLE_POINT(FACT_DURABLE);
	return RESULT_OK;
}

enum result fact_write(int dirfd, const char *name, const void *bytes, size_t length)
{
	return write_file(dirfd, name, bytes, length, &mode_public, publish_replace);
}

enum result fact_write_secret(int dirfd, const char *name, const void *bytes, size_t length)
{
	return write_file(dirfd, name, bytes, length, &mode_secret, publish_replace);
}

enum result fact_write_mode(
        int dirfd, const char *name, const void *bytes, size_t length, const struct fact_mode *mode)
{
	return write_file(dirfd, name, bytes, length, mode, publish_replace);
}

enum result fact_create(
        int dirfd, const char *name, const void *bytes, size_t length, const struct fact_mode *mode)
{
	return write_file(dirfd, name, bytes, length, mode, publish_create);
}

/* O_NONBLOCK: opening a pipe that somebody put there must not hang. */
static enum result open_regular(int dirfd, const char *name, size_t max, int *fd, struct stat *st)
{
	if (!fact_name_is_valid(name))
		return RESULT_MALFORMED;
	*fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return from_errno(errno);
	if (fstat(*fd, st) != 0)
		return RESULT_IO;
	if (!S_ISREG(st->st_mode))
		return RESULT_REFUSED;
	return st->st_size < 0 || (uintmax_t)st->st_size > max ? RESULT_TOO_LARGE : RESULT_OK;
}

/* Reads to the end, which may differ from st_size while somebody writes; never past `size`. */
static enum result read_all(int fd, uint8_t *bytes, size_t size, size_t *length)
{
	*length = 0;
	while (*length < size) {
		ssize_t done = read(fd, bytes + *length, size - *length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return RESULT_IO;
		if (done == 0)
			return RESULT_OK;
		*length += (size_t)done;
	}
	return RESULT_TOO_LARGE;
}

/* The two kinds of memory that a file is read into, and which rights of others refuse it. */
struct memory {
	void *(*get)(size_t size);
	void (*put)(void *bytes);
	mode_t forbidden;
};

static const struct memory memory_public = {malloc, free, 0};
static const struct memory memory_secret = {sodium_malloc, sodium_free, 077};

static enum result read_file(
        int dirfd, const char *name, size_t max, const struct memory *memory, uint8_t **bytes, size_t *length)
{
	struct stat st;
	uint8_t *buffer = NULL;
	size_t got = 0;
	int fd = -1;
	enum result result = open_regular(dirfd, name, max, &fd, &st);

	*bytes = NULL;
	*length = 0;
	if (result == RESULT_OK && (st.st_mode & memory->forbidden) != 0)
		result = RESULT_REFUSED;
	if (result != RESULT_OK)
		goto out;
	buffer = memory->get((size_t)st.st_size + 2);
	result = buffer == NULL ? RESULT_NO_MEMORY : read_all(fd, buffer, (size_t)st.st_size + 2, &got);
	if (result == RESULT_OK && got > max)
		result = RESULT_TOO_LARGE;
	if (result != RESULT_OK)
		goto out;
	buffer[got] = 0;
	*bytes = buffer;
	*length = got;
	buffer = NULL;
out:
	memory->put(buffer);
	if (fd >= 0)
		close(fd);
	return result;
}

enum result fact_read(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length)
{
	return read_file(dirfd, name, max, &memory_public, bytes, length);
}

enum result fact_read_secret(int dirfd, const char *name, size_t max, uint8_t **bytes, size_t *length)
{
	return read_file(dirfd, name, max, &memory_secret, bytes, length);
}

enum result fact_remove(int dirfd, const char *name)
{
	if (!fact_name_is_valid(name))
		return RESULT_MALFORMED;
	if (unlinkat(dirfd, name, 0) != 0)
		return from_errno(errno);
	DURABLE_POINT(FACT_REMOVED);
	if (fsync(dirfd) != 0)
		return RESULT_IO;
	DURABLE_POINT(FACT_REMOVED_DURABLE);
	return RESULT_OK;
}
