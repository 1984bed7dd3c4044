/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The directories of a store. Not pure: files.
 *
 *	DIR            the store in use, and what the next start reads
 *	DIR.new        being made; becomes DIR when it holds all that there is
 *	DIR.old        on its way out
 *	DIR.damaged    the last one that was damaged, for whoever wants to know why; nothing reads it
 *
 * The last three names are meshd's own: what lies there goes when its time has come, whatever it is.
 */
#ifndef STORE_STORE_DIR_H
#define STORE_STORE_DIR_H

#include <stdbool.h>

#include "proto/result.h"

#define STORE_DIR_MAX 4000 /* bytes of DIR */

/* After a crash at any point: finishes what was begun, so that there is no DIR.new and no DIR.old. False when
 * there is no store in DIR. */
bool store_dir_settle(const char *dir);

/* Puts DIR.new in the place of DIR, if there is one; that goes, or becomes DIR.damaged. RESULT_IO: errno says
 * why; DIR is as it was or is mended by store_dir_settle(). */
enum result store_dir_replace(const char *dir, bool is_damaged);

/* Removes DIR.new. */
void store_dir_drop_new(const char *dir);

#endif
