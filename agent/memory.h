/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory without which a process doesn't go on.
 *
 * Problem: a JSON value is made of many pieces, and one that is missing goes unnoticed: a table without a
 * row, a zone without a record, a status without its warnings. libuv aborts without a word in places. Choice:
 * where jansson or libuv gets no memory, or one of our own small copies doesn't, the process says so in a
 * line and ends with status 1, as at any moment a power cut may: files are whole at all times, the mail
 * server goes on, the service manager starts the agent again and the agent its helper. The core and what
 * reads files and commands report a lack of memory instead: they take more, and have somebody to tell.
 *
 * Not pure: ends the process.
 */
#ifndef AGENT_MEMORY_H
#define AGENT_MEMORY_H

/* For libraries that don't look whether they got memory, and take little of it: ends the process unless they
 * are going to get it. What was taken from the system stays with malloc() for the next calls. */
void memory_reserve(void);

/* Before jansson and libuv are used. */
void memory_init(void);

_Noreturn void memory_lost(const char *file, int line);

#define MEMORY(cond) ((cond) ? (void)0 : memory_lost(__FILE__, __LINE__))

#endif
