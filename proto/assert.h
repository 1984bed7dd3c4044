/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Assertions of invariants; on in release builds too. Never for input of any kind. Pure.
 */
#ifndef PROTO_ASSERT_H
#define PROTO_ASSERT_H

_Noreturn void invariant_failed(const char *text, const char *file, int line);

#define INVARIANT(cond) ((cond) ? (void)0 : invariant_failed(#cond, __FILE__, __LINE__))

#endif
