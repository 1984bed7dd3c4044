/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/durable_point.h"

static enum result io_failed(struct reason *why, const char *doing, const char *path)
{
	int error = errno;

	return reason_set(why, error == ENOENT ? RESULT_NOT_FOUND : RESULT_IO,
	        error == EACCES ? "let the user that meshd runs as do this" : NULL, "%s %s: %s", doing, path,
	        strerror(error));
}

static enum result stream_read(FILE *file, const char *path, char **text, size_t *length, struct reason *why)
{
	size_t capacity = 1 << 16, got;

	*length = 0;
	*text = malloc(capacity);
	while (*text && (got = fread(*text + *length, 1, capacity - *length - 1, file)) > 0) {
		char *grown = *text;

		*length += got;
		if (*length > TEXTFILE_MAX_BYTES)
			return reason_set(why, RESULT_TOO_LARGE, NULL, "%s is larger than %d bytes", path,
			        TEXTFILE_MAX_BYTES);
		if (capacity - *length < 2)
			grown = realloc(*text, capacity *= 2);
		if (!grown)
			return reason_set(why, RESULT_NO_MEMORY, NULL, "no memory to read %s", path);
		*text = grown;
	}
	if (!*text)
		return reason_set(why, RESULT_NO_MEMORY, NULL, "no memory to read %s", path);
	(*text)[*length] = '\0';
	return ferror(file) ? io_failed(why, "reading", path) : RESULT_OK;
}

enum result textfile_read(const char *path, char **text, size_t *length, struct reason *why)
{
	FILE *file = fopen(path, "re");
	enum result result;

	*text = NULL;
	if (!file)
		return io_failed(why, "opening", path);
	result = stream_read(file, path, text, length, why);
	fclose(file);
	if (!result && strlen(*text) != *length)
		result = reason_set(
		        why, RESULT_MALFORMED, "look at it: it is no text", "%s has NUL bytes in it", path);
	if (result) {
		free(*text);
		*text = NULL;
	}
	return result;
}

static bool write_whole(int fd, const char *text, size_t length)
{
	while (length > 0) {
		ssize_t put = write(fd, text, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		text += put;
		length -= (size_t)put;
	}
	return true;
}

/* A rename lasts only when the directory is on disk too. */
static bool directory_sync(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	bool is_done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	free(copy);
	return is_done;
}

static bool temporary_write(int fd, const char *text, size_t length)
{
	DURABLE_POINT(TEXT_OPENED);
	if (!write_whole(fd, text, length) || fchmod(fd, 0644) != 0)
		return false;
	DURABLE_POINT(TEXT_FILLED);
	if (fsync(fd) != 0)
		return false;
	DURABLE_POINT(TEXT_SYNCED);
	return true;
}

enum result textfile_write(const char *path, const char *text, size_t length, struct reason *why)
{
	enum result result = RESULT_OK;
	char temporary[4096];
	int fd;

	DURABLE_POINT(TEXT_BEGUN);
	snprintf(temporary, sizeof temporary, "%s.new", path);
	unlink(temporary); /* left by one that was killed */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0) {
		io_failed(why, "creating", temporary);
		return RESULT_IO;
	}
	if (!temporary_write(fd, text, length) || rename(temporary, path) != 0) {
		io_failed(why, "writing", path);
		result = RESULT_IO;
		unlink(temporary);
	}
	close(fd);
	if (!result)
		DURABLE_POINT(TEXT_RENAMED);
	if (!result && !directory_sync(path)) {
		io_failed(why, "syncing the directory of", path);
		result = RESULT_IO;
	}
	if (!result)
		DURABLE_POINT(TEXT_DURABLE);
	return result;
}

enum result textfile_directory_make(const char *path, struct reason *why)
{
	char cure[600];
	struct stat stat_of;

	if (mkdir(path, 0755) == 0 && chmod(path, 0755) == 0)
		return RESULT_OK;
	if (errno != EEXIST || stat(path, &stat_of) != 0) {
		io_failed(why, "making the directory", path);
		return RESULT_IO;
	}
	snprintf(cure, sizeof cure, "chmod 755 %s", path);
	if (!S_ISDIR(stat_of.st_mode) || (stat_of.st_mode & 0555) != 0555)
		return reason_set(
		        why, RESULT_BAD_CONFIG, cure, "%s is no directory that other users can read", path);
	return RESULT_OK;
}

bool textfile_path_is_plain(const char *path)
{
	size_t length = strlen(path);

	if (length < 2 || length >= 512 || path[0] != '/' || path[length - 1] == '/')
		return false;
	if (strstr(path, "//") || strstr(path, "/./") || strstr(path, "/../"))
		return false;
	if (strcmp(strrchr(path, '/'), "/..") == 0 || strcmp(strrchr(path, '/'), "/.") == 0)
		return false;
	return strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+@-") == length;
}
