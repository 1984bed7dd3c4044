/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is in a hook, in tinc.conf, or in what tincd is started with: only as much as `setup tinc` has to
 * know. Pure, but for reading a file.
 */
#ifndef AGENT_TINC_FILE_H
#define AGENT_TINC_FILE_H

#include <stdbool.h>
#include <stddef.h>

enum { TINC_FILE_MAX = 64 * 1024 }; /* bytes that are looked at; hooks are some lines */

struct tinc_file {
	bool is_there;
	bool is_executable;
	char path[4096]; /* where symbolic links lead */
	char *text;      /* NUL-terminated; NULL when not there */
};

/* 0, or an errno other than ENOENT. tinc_file_fini() in any case. */
int tinc_file_read(struct tinc_file *file, const char *path);
void tinc_file_fini(struct tinc_file *file);

/* Whether a line that is no comment holds the word. */
bool tinc_text_has(const char *text, const char *word);

/* Whether its first line names a POSIX shell, or a compatible one. */
bool tinc_text_is_shell(const char *text);

/* The number that tinc.conf gives a variable, `otherwise` without one. tinc.conf knows no case. */
long tinc_text_number(const char *text, const char *variable, long otherwise);

/* The user behind "-U", as `size` bytes; false: none is given. */
bool tinc_text_user(const char *text, char *user, size_t size);

#endif
