/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The helper process: meshd spawns itself as `meshd --helper FD`, without keys, and lets it do what may
 * block. It reads one request frame after the other and answers each in turn:
 *   {"id":7,"driver":"postfix","op":"apply",...}
 *   {"id":7,"ok":true,...}    or    {"id":7,"ok":false,"error":"plain words","cure":"what to do"}
 * It keeps nothing: restarted, it is given everything again.
 */
#ifndef AGENT_HELPER_H
#define AGENT_HELPER_H

#include <jansson.h>

/* Serves `fd` (a stream socket) until its other end closes. The process's exit status: 0 at an orderly
 * end, 1 when the stream is lost. */
int helper_main(int fd);

/* The reply to one request, the caller's reference; never NULL. "id" is as in the request, null without one.
 */
json_t *helper_answer(const json_t *request);

#endif
