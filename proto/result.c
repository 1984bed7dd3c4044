/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/result.h"

const char *result_text(enum result r)
{
	static const struct {
		enum result result;
		const char *text;
	} rows[] = {
	        {RESULT_OK, "ok"},
	        {RESULT_TRUNCATED, "truncated"},
	        {RESULT_TRAILING, "trailing bytes"},
	        {RESULT_NONCANONICAL, "not canonical"},
	        {RESULT_MALFORMED, "malformed"},
	        {RESULT_UNKNOWN_FORMAT, "unknown format"},
	        {RESULT_BAD_NAME, "bad name"},
	        {RESULT_BAD_SIGNATURE, "bad signature"},
	        {RESULT_BAD_KEY, "bad key"},
	        {RESULT_DECRYPT, "decryption failed"},
	        {RESULT_UNASKED, "not asked for"},
	        {RESULT_STALE, "not newer than what is held"},
	        {RESULT_AHEAD, "too far ahead of our clock"},
	        {RESULT_STRANGER, "unknown author"},
	        {RESULT_TOO_LARGE, "too large"},
	        {RESULT_FULL, "full"},
	        {RESULT_NO_MEMORY, "out of memory"},
	        {RESULT_IO, "input/output error"},
	        {RESULT_NOT_FOUND, "not found"},
	        {RESULT_BAD_CONFIG, "bad configuration"},
	        {RESULT_CHANGED, "file changed since it was read"},
	        {RESULT_REFUSED, "refused"},
	        {RESULT_FATAL, "fatal"},
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].result == r)
			return rows[i].text;
	}
	return "unknown result";
}
