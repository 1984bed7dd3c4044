/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The process that reads an old store: `meshd --store-reader FD DIR`. It holds no keys, opens the files for
 * reading only, walks all rows in order of key and sends those that have the form of a row (store_row.h) as
 * frames (store_frame.h). On a damaged file it may crash, or go in circles: its parent expects that.
 */
#ifndef STORE_STORE_READER_H
#define STORE_STORE_READER_H

enum { STORE_READER_CPU_S = 60 }; /* beyond, it is going in circles: a GiB takes seconds */

/* Its exit status: 0 also when something was wrong and it could tell so. */
int store_reader_main(int fd, const char *dir);

#endif
