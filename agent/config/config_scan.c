/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/config_scan.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 2 /* a list in a section */

enum state { PLAIN, LINE_COMMENT, BLOCK_COMMENT, SINGLE_QUOTED, DOUBLE_QUOTED };

struct scan {
	const char *file;
	char *text;
	size_t length;
	size_t at;
	unsigned line;
	enum state state;
	unsigned opened; /* line where the state began */
	unsigned braces[DEPTH_MAX];
	unsigned depth;
	struct complaint *why;
};

static enum result refuse(const struct scan *scan, unsigned line, const char *text, const char *tip)
{
	complaint_set_at(scan->why, scan->file, line, "%s", text);
	complaint_set_tip(scan->why, "%s", tip);
	return RESULT_BAD_CONFIG;
}

static bool is_next(const struct scan *scan, const char *text)
{
	size_t length = strlen(text);

	return scan->length - scan->at >= length && memcmp(scan->text + scan->at, text, length) == 0;
}

static void enter(struct scan *scan, enum state state, size_t width)
{
	scan->state = state;
	scan->opened = scan->line;
	scan->at += width;
}

/* Both bytes of the opening, so that their star doesn't end it. */
static void enter_block(struct scan *scan)
{
	memcpy(scan->text + scan->at, "  ", 2);
	enter(scan, BLOCK_COMMENT, 2);
}

static enum result open_brace(struct scan *scan)
{
	if (scan->depth == DEPTH_MAX)
		return refuse(scan, scan->line, "a brace too many is opened here",
		        "close the section or list before with }");
	scan->braces[scan->depth++] = scan->line;
	scan->at++;
	return RESULT_OK;
}

static enum result close_brace(struct scan *scan)
{
	if (scan->depth == 0)
		return refuse(scan, scan->line, "} closes nothing",
		        "remove it, or open the section or list with {");
	scan->depth--;
	scan->at++;
	return RESULT_OK;
}

/* What libconfuse's plain words may hold, and its signs. */
static bool is_known(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr(" \t\r\n=,{}+._-:/", c) != NULL);
}

static enum result refuse_unknown(const struct scan *scan, char c)
{
	struct complaint_quote quote = complaint_quote(&c, 1);

	complaint_set_at(scan->why, scan->file, scan->line, "%s can't stand here", quote.text);
	complaint_set_tip(scan->why, "write NAME = VALUE, the value in double quotes; # begins a comment");
	return RESULT_BAD_CONFIG;
}

static bool is_word_byte(char c)
{
	return is_known(c) && strchr(" \t\r\n=,{}+", c) == NULL;
}

/* libconfuse reads on where a comment's sign stands inside of a word, and drops a lone +. */
static bool is_ambiguous(const struct scan *scan)
{
	if (is_next(scan, "+") && !is_next(scan, "+="))
		return true;
	return scan->at > 0 && is_word_byte(scan->text[scan->at - 1]) &&
	       (is_next(scan, "//") || is_next(scan, "/*"));
}

static enum result scan_plain(struct scan *scan)
{
	char c = scan->text[scan->at];

	if (is_ambiguous(scan))
		return refuse_unknown(scan, c);
	if (c == '#' || is_next(scan, "//"))
		enter(scan, LINE_COMMENT, 0);
	else if (is_next(scan, "/*"))
		enter_block(scan);
	else if (c == '"')
		enter(scan, DOUBLE_QUOTED, 1);
	else if (c == '\'')
		enter(scan, SINGLE_QUOTED, 1);
	else if (c == '{')
		return open_brace(scan);
	else if (c == '}')
		return close_brace(scan);
	else if (!is_known(c))
		return refuse_unknown(scan, c);
	else
		scan->at++;
	return RESULT_OK;
}

/* Blanks out `width` bytes, but never a line end. */
static void erase(struct scan *scan, size_t width)
{
	for (; width > 0; width--, scan->at++) {
		if (scan->text[scan->at] != '\n')
			scan->text[scan->at] = ' ';
	}
}

static enum result scan_line_comment(struct scan *scan)
{
	if (scan->text[scan->at] == '\n')
		scan->state = PLAIN;
	erase(scan, 1);
	return RESULT_OK;
}

static enum result scan_block_comment(struct scan *scan)
{
	bool is_end = is_next(scan, "*/");

	erase(scan, is_end ? 2 : 1);
	if (is_end)
		scan->state = PLAIN;
	return RESULT_OK;
}

/* No value of ours needs a backslash, a line break or a variable; each would change the text silently. */
static enum result scan_quoted(struct scan *scan)
{
	char c = scan->text[scan->at];

	if (c == '\n')
		return refuse(scan, scan->opened, "a quote is opened here and not closed on this line",
		        "put one quote before and one after the value");
	if (c == '\\')
		return refuse(scan, scan->line, "a backslash in a value",
		        "write the value without backslashes: they have no meaning here");
	if (scan->state == DOUBLE_QUOTED && is_next(scan, "${"))
		return refuse(scan, scan->line, "${ in a value",
		        "write the value itself: variables aren't put in here");
	if (c == (scan->state == DOUBLE_QUOTED ? '"' : '\''))
		enter(scan, PLAIN, 1);
	else
		scan->at++;
	return RESULT_OK;
}

static enum result check_byte(const struct scan *scan)
{
	unsigned char c = (unsigned char)scan->text[scan->at];
	bool is_comment = scan->state == LINE_COMMENT || scan->state == BLOCK_COMMENT;

	if ((c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r' || (c >= 0x80 && is_comment))
		return RESULT_OK;
	complaint_set_at(scan->why, scan->file, scan->line, "byte 0x%02x; expected plain ASCII text", c);
	complaint_set_tip(scan->why,
	        c >= 0x80 ? "other letters may stand in comments only" : "save the file as plain text");
	return RESULT_BAD_CONFIG;
}

static enum result check_end(const struct scan *scan)
{
	if (scan->state == BLOCK_COMMENT)
		return refuse(
		        scan, scan->opened, "a comment is opened here and never closed", "end it with */");
	if (scan->state == SINGLE_QUOTED || scan->state == DOUBLE_QUOTED)
		return refuse(scan, scan->opened, "a quote is opened here and never closed",
		        "put one quote before and one after the value");
	if (scan->depth > 0)
		return refuse(scan, scan->braces[scan->depth - 1], "a brace is opened here and never closed",
		        "close it with }");
	return RESULT_OK;
}

enum result config_scan(const char *file, char *text, size_t length, struct complaint *why)
{
	static enum result (*const steps[])(struct scan * scan) = {
	        [PLAIN] = scan_plain,
	        [LINE_COMMENT] = scan_line_comment,
	        [BLOCK_COMMENT] = scan_block_comment,
	        [SINGLE_QUOTED] = scan_quoted,
	        [DOUBLE_QUOTED] = scan_quoted,
	};
	struct scan scan = {.file = file, .text = text, .length = length, .line = 1, .why = why};

	while (scan.at < length) {
		size_t at = scan.at;

		if (check_byte(&scan) != RESULT_OK || steps[scan.state](&scan) != RESULT_OK)
			return RESULT_BAD_CONFIG;
		if (scan.at > at && text[at] == '\n')
			scan.line++;
	}
	return check_end(&scan);
}
