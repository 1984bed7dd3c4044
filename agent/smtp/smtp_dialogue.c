/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/smtp/smtp_dialogue.h"

#include "proto/address.h"
#include "proto/assert.h"
#include "proto/domain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- questions ---- */

static bool local_part_is_plain(const char *local, size_t length)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return length >= 1 && length <= 64 && strspn(local, plain) >= length && local[0] != '.' &&
	       local[length - 1] != '.' && !memmem(local, length, "..", 2);
}

static enum result recipient_check(const char *recipient, struct reason *why)
{
	const char *at = strchr(recipient, '@');

	if (!at || !local_part_is_plain(recipient, (size_t)(at - recipient)))
		return reason_set(
		        why, RESULT_MALFORMED, NULL, "not a recipient to ask for: %.300s", recipient);
	if (domain_check(at + 1, strlen(at + 1)))
		return reason_set(why, RESULT_BAD_NAME, NULL, "refused: \"%.300s\" %s", at + 1,
		        domain_fault(at + 1, strlen(at + 1)));
	return RESULT_OK;
}

/* "[10.66.0.11]"; RFC 5321 wants "[IPv6:fd66::11]". */
static bool helo_is_address(const char *helo)
{
	size_t length = strlen(helo);
	struct address address;

	if (length < 3 || helo[0] != '[' || helo[length - 1] != ']')
		return false;
	helo++;
	length -= 2;
	if (length > 5 && memcmp(helo, "IPv6:", 5) == 0)
		return address_parse(helo + 5, length - 5, &address) == RESULT_OK;
	return address_parse(helo, length, &address) == RESULT_OK && address.length == ADDRESS_V4_BYTES;
}

enum result smtp_question_check(const struct smtp_question *question, struct reason *why)
{
	enum result result = RESULT_OK;

	if (question->kind == SMTP_BANNER)
		return RESULT_OK;
	if (!helo_is_address(question->helo) && domain_check(question->helo, strlen(question->helo)))
		return reason_set(why, RESULT_BAD_NAME, NULL, "not a name for EHLO: %.300s", question->helo);
	if (question->count < 1 || question->count > SMTP_RECIPIENTS_MAX)
		return reason_set(why, RESULT_TOO_LARGE, NULL, "%zu recipients, not 1 to %d", question->count,
		        SMTP_RECIPIENTS_MAX);
	for (size_t i = 0; i < question->count && !result; i++)
		result = recipient_check(question->recipients[i], why);
	return result;
}

/* ---- meaning ---- */

/* What Postfix writes right behind the recipient. A relay quotes its home's words further on, so that only
 * the first of these counts. `by_code`: the code decides. */
static const struct phrase {
	const char *text;
	enum smtp_verdict verdict;
	bool by_code;
} phrases[] = {
        {"relay access denied", SMTP_REFUSED, false},
        {"relaying denied", SMTP_REFUSED, false},
        {"relay not permitted", SMTP_REFUSED, false},
        {"unable to relay", SMTP_REFUSED, false},
        {"recipient address rejected", SMTP_UNKNOWN, true},
        {"client host rejected", SMTP_UNKNOWN, false},
        {"helo command rejected", SMTP_UNKNOWN, false},
        {"sender address rejected", SMTP_UNKNOWN, false},
        {"lookup failure", SMTP_UNKNOWN, false},
        {"server configuration", SMTP_UNKNOWN, false},
};

/* Of these a server that relays the domain answers with; any other says nothing about that. */
static const int serving_codes[] = {250, 251, 450, 451, 452, 550};

static const struct phrase *phrase_first(const char *text)
{
	const struct phrase *first = NULL;
	const char *first_at = NULL;

	for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
		const char *at = strcasestr(text, phrases[i].text);

		if (at && (!first || at < first_at)) {
			first = &phrases[i];
			first_at = at;
		}
	}
	return first;
}

enum smtp_verdict smtp_verdict_of(int code, const char *text)
{
	const struct phrase *phrase = code >= 400 ? phrase_first(text) : NULL;

	if (phrase && !phrase->by_code)
		return phrase->verdict;
	for (size_t i = 0; i < sizeof serving_codes / sizeof serving_codes[0]; i++) {
		if (serving_codes[i] == code)
			return SMTP_SERVES;
	}
	return SMTP_UNKNOWN;
}

/* ---- steps ---- */

enum { STEP_BANNER, STEP_EHLO, STEP_HELO, STEP_MAIL, STEP_RCPT, STEP_QUIT, STEP_DONE };

static void command_put(struct smtp_dialogue *dialogue, unsigned step, const char *verb, const char *argument,
        const char *end)
{
	int length = snprintf(dialogue->output, sizeof dialogue->output, "%s%s%s\r\n", verb, argument, end);

	INVARIANT(length > 0 && (size_t)length < sizeof dialogue->output);
	dialogue->output_length = (size_t)length;
	dialogue->step = step;
}

static void quit_put(struct smtp_dialogue *dialogue)
{
	command_put(dialogue, STEP_QUIT, "QUIT", "", "");
}

static void banner_answered(struct smtp_dialogue *dialogue)
{
	dialogue->banner = dialogue->now;
	if (dialogue->now.code == 220)
		dialogue->banner.verdict = SMTP_SERVES;
	if (dialogue->now.code == 220 && dialogue->question->kind == SMTP_RCPT)
		command_put(dialogue, STEP_EHLO, "EHLO ", dialogue->question->helo, "");
	else
		quit_put(dialogue);
}

static void mail_put(struct smtp_dialogue *dialogue)
{
	command_put(dialogue, STEP_MAIL, "MAIL FROM:<>", "", "");
}

static void ehlo_answered(struct smtp_dialogue *dialogue)
{
	if (dialogue->now.code == 250)
		mail_put(dialogue);
	else if (dialogue->now.code >= 500)
		command_put(dialogue, STEP_HELO, "HELO ", dialogue->question->helo, "");
	else
		quit_put(dialogue);
}

static void helo_answered(struct smtp_dialogue *dialogue)
{
	if (dialogue->now.code == 250)
		mail_put(dialogue);
	else
		quit_put(dialogue);
}

static void rcpt_put(struct smtp_dialogue *dialogue)
{
	if (dialogue->asked == dialogue->question->count)
		quit_put(dialogue);
	else
		command_put(dialogue, STEP_RCPT, "RCPT TO:<", dialogue->question->recipients[dialogue->asked],
		        ">");
}

static void mail_answered(struct smtp_dialogue *dialogue)
{
	if (dialogue->now.code == 250)
		rcpt_put(dialogue);
	else
		quit_put(dialogue);
}

static void rcpt_answered(struct smtp_dialogue *dialogue)
{
	struct smtp_answer *answer = &dialogue->answers[dialogue->asked++];

	*answer = dialogue->now;
	answer->verdict = smtp_verdict_of(answer->code, answer->text);
	rcpt_put(dialogue);
}

static void quit_answered(struct smtp_dialogue *dialogue)
{
	dialogue->step = STEP_DONE;
}

static void (*const steps[])(struct smtp_dialogue *) = {
        [STEP_BANNER] = banner_answered,
        [STEP_EHLO] = ehlo_answered,
        [STEP_HELO] = helo_answered,
        [STEP_MAIL] = mail_answered,
        [STEP_RCPT] = rcpt_answered,
        [STEP_QUIT] = quit_answered,
};

/* 421 may come at any time and means: I close. What it answers stays unknown. */
static void answer_complete(struct smtp_dialogue *dialogue)
{
	unsigned step = dialogue->step;

	if (dialogue->now.code == 421) {
		if (step == STEP_BANNER)
			dialogue->banner = dialogue->now;
		if (step == STEP_RCPT)
			dialogue->answers[dialogue->asked] = dialogue->now;
		dialogue->step = STEP_DONE;
	} else {
		steps[step](dialogue);
	}
	dialogue->now = (struct smtp_answer){0};
	dialogue->lines = 0;
}

/* ---- lines ---- */

static void text_append(struct smtp_answer *answer, const char *text, size_t length)
{
	size_t used = strlen(answer->text);

	if (used > 0 && used + 1 < sizeof answer->text)
		answer->text[used++] = ' ';
	for (size_t i = 0; i < length && used + 1 < sizeof answer->text; i++)
		answer->text[used++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	answer->text[used] = '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "250-text", "250 text", "250". */
static enum result line_take(struct smtp_dialogue *dialogue, const char *line, size_t length)
{
	int code;

	if (length < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
		return RESULT_MALFORMED;
	if (length > 3 && line[3] != ' ' && line[3] != '-')
		return RESULT_MALFORMED;
	code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
	if (dialogue->lines > 0 && code != dialogue->now.code)
		return RESULT_MALFORMED;
	if (++dialogue->lines > SMTP_LINES_MAX)
		return RESULT_TOO_LARGE;
	dialogue->now.code = code;
	if (length > 4)
		text_append(&dialogue->now, line + 4, length - 4);
	if (length == 3 || line[3] == ' ')
		answer_complete(dialogue);
	return RESULT_OK;
}

static enum result line_end(struct smtp_dialogue *dialogue)
{
	size_t length = dialogue->line_length;

	dialogue->line_length = 0;
	if (length > 0 && dialogue->line[length - 1] == '\r')
		length--;
	return line_take(dialogue, dialogue->line, length);
}

static enum result byte_take(struct smtp_dialogue *dialogue, char byte)
{
	/* A server that speaks while a command waits to be sent answers what it wasn't asked. */
	if (dialogue->step == STEP_DONE || dialogue->output_length > 0)
		return RESULT_UNASKED;
	if (byte == '\n')
		return line_end(dialogue);
	if (dialogue->line_length == sizeof dialogue->line)
		return RESULT_TOO_LARGE;
	dialogue->line[dialogue->line_length++] = byte;
	return RESULT_OK;
}

void smtp_dialogue_init(struct smtp_dialogue *dialogue, const struct smtp_question *question)
{
	memset(dialogue, 0, sizeof *dialogue);
	dialogue->question = question;
}

enum result smtp_dialogue_feed(struct smtp_dialogue *dialogue, const char *bytes, size_t length)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < length && !result; i++)
		result = byte_take(dialogue, bytes[i]);
	if (result) {
		dialogue->step = STEP_DONE;
		dialogue->output_length = 0;
	}
	return result;
}

size_t smtp_dialogue_output(struct smtp_dialogue *dialogue, const char **bytes)
{
	size_t length = dialogue->output_length;

	*bytes = dialogue->output;
	dialogue->output_length = 0;
	return length;
}

bool smtp_dialogue_is_done(const struct smtp_dialogue *dialogue)
{
	return dialogue->step == STEP_DONE;
}
