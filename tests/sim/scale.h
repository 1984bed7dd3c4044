/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Scale: how long a change takes to be everywhere, what silence costs, and how fast a mesh heals, as it
 * grows: 20 to 80 ms a hop and 10 % loss, no other fault.
 */
#ifndef TESTS_SIM_SCALE_H
#define TESTS_SIM_SCALE_H

/* Prints a table, a row per number of members; all four sizes where none is named. The exit code. */
int scale_run(char **sizes, int count);

#endif
