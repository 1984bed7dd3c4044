/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A directory of a test's own under /tmp, and files in it. Failing here fails the test.
 */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

struct scratch {
	char dir[64];
};

/* For cmocka's set-up and tear-down: *state is a struct scratch. */
int scratch_setup(void **state);
int scratch_teardown(void **state);

/* DIR/name in one of eight static buffers, used in turn. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* mkdir -p of DIR/name. */
void scratch_mkdir(const struct scratch *scratch, const char *name);

void scratch_write(const struct scratch *scratch, const char *name, const char *text);
void scratch_write_bytes(const struct scratch *scratch, const char *name, const void *bytes, size_t length);

/* The content, in one static buffer of 64 KiB; NULL if there is no such file. */
const char *scratch_read(const struct scratch *scratch, const char *name);

mode_t scratch_mode(const struct scratch *scratch, const char *name);

/* How many entries DIR/name has, without . and .. */
unsigned scratch_count(const struct scratch *scratch, const char *name);

#endif
