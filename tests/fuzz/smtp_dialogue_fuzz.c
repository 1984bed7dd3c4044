/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hostile SMTP server: whatever it says, the client sends one of its few commands at a time, never DATA,
 * ends, and comes to the same verdicts however the bytes were cut.
 */
#include <string.h>

#include "agent/smtp/smtp_dialogue.h"
#include "tests/fuzz/fuzz.h"

static const char *const recipients[] = {"a@luz.test", "b@ana.test", "c@eva.test"};
static const struct smtp_question questions[] = {
        {SMTP_RCPT, "rosa.test", recipients, 3},
        {SMTP_BANNER, NULL, NULL, 0},
};

static void command_check(const char *bytes, size_t length)
{
	static const char *const commands[] = {"EHLO rosa.test\r\n", "HELO rosa.test\r\n", "MAIL FROM:<>\r\n",
	        "RCPT TO:<a@luz.test>\r\n", "RCPT TO:<b@ana.test>\r\n", "RCPT TO:<c@eva.test>\r\n",
	        "QUIT\r\n"};

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (strlen(commands[i]) == length && memcmp(bytes, commands[i], length) == 0)
			return;
	}
	REQUIRE(length == 0);
}

/* Each answer ends at a line's end: a command is taken before the next byte is given, as a connection would.
 */
static void play(struct smtp_dialogue *dialogue, const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0; at < size && !smtp_dialogue_is_done(dialogue);) {
		const char *bytes, *newline = memchr(data + at, '\n', size - at);
		size_t take = size - at < piece ? size - at : piece, length;

		if (newline && (size_t)(newline - (const char *)(data + at)) < take)
			take = (size_t)(newline - (const char *)(data + at)) + 1;
		smtp_dialogue_feed(dialogue, (const char *)data + at, take);
		length = smtp_dialogue_output(dialogue, &bytes);
		command_check(bytes, length);
		at += take;
	}
}

static void answers_check(const struct smtp_dialogue *dialogue)
{
	for (size_t i = 0; i < SMTP_RECIPIENTS_MAX; i++) {
		const struct smtp_answer *answer = &dialogue->answers[i];

		REQUIRE(memchr(answer->text, '\0', sizeof answer->text));
		REQUIRE(answer->verdict == SMTP_UNKNOWN || (answer->code >= 200 && answer->code <= 599));
		REQUIRE(i < dialogue->question->count || answer->code == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct smtp_dialogue whole, pieces;

	if (size < 1)
		return 0;
	smtp_dialogue_init(&whole, &questions[data[0] & 1]);
	smtp_dialogue_init(&pieces, &questions[data[0] & 1]);
	play(&whole, data + 1, size - 1, SIZE_MAX);
	play(&pieces, data + 1, size - 1, 1 + (data[0] >> 1));
	answers_check(&whole);
	REQUIRE(whole.step == pieces.step && whole.asked == pieces.asked);
	REQUIRE(memcmp(whole.answers, pieces.answers, sizeof whole.answers) == 0);
	return 0;
}
