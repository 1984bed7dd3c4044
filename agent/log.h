/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Log lines to stderr, one a line, with the level that journald and syslog know ("<4>text" when stderr isn't
 * a terminal).
 */
#ifndef AGENT_LOG_H
#define AGENT_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_NOTICE = 5 };

/* At most 1,023 bytes; control characters are shown as '?'. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
