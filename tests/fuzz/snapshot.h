/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Snapshot: a world that took long to build, brought back as it was for each input. It holds what was
 * allocated (the linker puts it before malloc() and its kin, --wrap, see meson.build) between
 * snapshot_begin() and snapshot_take(); the caller's own variables are his. Not for threads, nor for files.
 *
 * What is freed after the snapshot was taken is kept for the next time and, under ASan, poisoned: using it is
 * still found. What was allocated since is freed.
 */
#ifndef TESTS_FUZZ_SNAPSHOT_H
#define TESTS_FUZZ_SNAPSHOT_H

void snapshot_begin(void);
void snapshot_take(void);

/* What happens in between is undone. */
void snapshot_enter(void);
void snapshot_leave(void);

#endif
