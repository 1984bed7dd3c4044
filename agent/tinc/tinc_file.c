/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/tinc/tinc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- files ------------------------------------------------------------------------------------------- */

static int read_text(struct tinc_file *file, int fd)
{
	size_t length = 0;
	ssize_t got = 0;

	file->text = calloc(1, TINC_FILE_MAX + 1);
	if (file->text == NULL)
		return ENOMEM;
	do {
		got = read(fd, file->text + length, TINC_FILE_MAX - length);
		length += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EINTR));
	for (size_t i = 0; i < length; i++)
		file->text[i] = file->text[i] == '\0' ? ' ' : file->text[i];
	return got < 0 ? errno : 0;
}

int tinc_file_read(struct tinc_file *file, const char *path)
{
	struct stat st;
	int fd, error = 0;

	*file = (struct tinc_file){.is_there = false};
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return errno == ENOENT ? 0 : errno;
	file->is_there = true;
	if (fstat(fd, &st) != 0)
		error = errno;
	else if (!S_ISREG(st.st_mode))
		error = EINVAL;
	else if (realpath(path, file->path) == NULL)
		error = errno;
	else
		error = read_text(file, fd);
	file->is_executable = error == 0 && (st.st_mode & S_IXUSR) != 0;
	close(fd);
	return error;
}

void tinc_file_fini(struct tinc_file *file)
{
	free(file->text);
	file->text = NULL;
}

/* --- texts ------------------------------------------------------------------------------------------- */

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\n' ? line + 1 : line;
}

bool tinc_text_has(const char *text, const char *word)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		line += strspn(line, " \t");
		if (*line != '#' && memmem(line, strcspn(line, "\n"), word, strlen(word)) != NULL)
			return true;
	}
	return false;
}

bool tinc_text_is_shell(const char *text)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "zsh"};
	char line[256];
	const char *name;

	if (strncmp(text, "#!", 2) != 0)
		return false;
	snprintf(line, sizeof line, "%.*s", (int)strcspn(text + 2, "\r\n"), text + 2);
	name = strtok(line, " \t");
	if (name != NULL && strcmp(name, "/usr/bin/env") == 0)
		name = strtok(NULL, " \t");
	if (name != NULL && strrchr(name, '/') != NULL)
		name = strrchr(name, '/') + 1;
	for (size_t i = 0; name != NULL && i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(name, shells[i]) == 0)
			return true;
	}
	return false;
}

long tinc_text_number(const char *text, const char *variable, long otherwise)
{
	long number = otherwise;

	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		size_t length;

		line += strspn(line, " \t");
		length = strcspn(line, " \t=\r\n");
		if (length == strlen(variable) && strncasecmp(line, variable, length) == 0)
			number = strtol(line + length + strspn(line + length, " \t="), NULL, 10);
	}
	return number;
}

bool tinc_text_user(const char *text, char *user, size_t size)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *end = line + strcspn(line, "\n"), *at;

		line += strspn(line, " \t");
		at = *line == '#' ? NULL : memmem(line, (size_t)(end - line), "-U", 2);
		if (at == NULL)
			continue;
		at += 2 + strspn(at + 2, " \t=");
		snprintf(user, size, "%.*s", (int)strcspn(at, " \t\"'\r\n"), at);
		return user[0] != '\0';
	}
	return false;
}
