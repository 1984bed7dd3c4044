/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client's side of an SMTP session that only asks: is a mail server there, and would it take mail for
 * these recipients? It never sends DATA. Pure: bytes in, bytes out, verdicts.
 */
#ifndef AGENT_SMTP_DIALOGUE_H
#define AGENT_SMTP_DIALOGUE_H

#include "agent/driver/reason.h"

#include <stddef.h>

enum {
	/* What a caller may ask in one session. Postfix sleeps 1 s before an answer from the 10th refused
	 * recipient on and hangs up at the 20th (smtpd_soft_error_limit, smtpd_hard_error_limit), and our
	 * recipients are refused as unknown: up to 9 are quick, from the 20th on they stay unknown. */
	SMTP_RECIPIENTS_MAX = 50,
	SMTP_RECIPIENT_BYTES = 64 + 1 + 253 + 1, /* RFC 5321 4.5.3.1, and NUL */
	SMTP_LINE_MAX_BYTES = 2048, /* of an answer; RFC 5321 allows 512, Postfix writes up to 2048 */
	SMTP_LINES_MAX = 128,       /* of one answer */
	SMTP_TEXT_BYTES = 512,      /* what is kept of an answer's text */
};

enum smtp_kind {
	SMTP_BANNER, /* banner, QUIT */
	SMTP_RCPT,   /* banner, EHLO, MAIL FROM:<>, RCPT TO for each, QUIT */
};

enum smtp_verdict {
	SMTP_UNKNOWN = 0, /* no answer, or one that says nothing about relaying */
	SMTP_SERVES,      /* takes it, knows that there is no such mailbox, or can't ask the home just now */
	SMTP_REFUSED,     /* relay access denied */
};

/* One answer: what it means, its code (0: none came) and the beginning of its text, printable ASCII. */
struct smtp_answer {
	enum smtp_verdict verdict;
	int code;
	char text[SMTP_TEXT_BYTES];
};

/* What is asked; borrowed until the dialogue ends. */
struct smtp_question {
	enum smtp_kind kind;
	const char *helo;              /* a host name, or "[10.66.0.11]" */
	const char *const *recipients; /* of SMTP_RCPT: "local@domain", each checked by smtp_question_check */
	size_t count;                  /* 1 to SMTP_RECIPIENTS_MAX for SMTP_RCPT */
};

struct smtp_dialogue {
	const struct smtp_question *question;
	unsigned step;             /* private: row of the table of steps */
	size_t asked;              /* recipients that have their answer */
	struct smtp_answer banner; /* SMTP_SERVES: 220 */
	struct smtp_answer answers[SMTP_RECIPIENTS_MAX];
	struct smtp_answer now; /* private: the answer that is coming in */
	unsigned lines;
	char line[SMTP_LINE_MAX_BYTES];
	size_t line_length;
	char output[SMTP_RECIPIENT_BYTES + 32];
	size_t output_length;
};

/* RESULT_BAD_NAME, RESULT_MALFORMED: a name or a local part (letters, digits, ".", "_", "-" only; it is ours
 * to choose) that could be more than that on an SMTP line; RESULT_TOO_LARGE: too many. */
enum result smtp_question_check(const struct smtp_question *question, struct reason *why);

/* The question must have passed smtp_question_check. */
void smtp_dialogue_init(struct smtp_dialogue *dialogue, const struct smtp_question *question);

/* Takes what the server sent. RESULT_OK; RESULT_MALFORMED, RESULT_TOO_LARGE, RESULT_UNASKED (it answers what
 * wasn't asked): the dialogue is done, what it knows so far stands. */
enum result smtp_dialogue_feed(struct smtp_dialogue *dialogue, const char *bytes, size_t length);

/* What is to be sent now, borrowed until the next feed; each command is given once. Its length, 0: nothing.
 */
size_t smtp_dialogue_output(struct smtp_dialogue *dialogue, const char **bytes);

/* Whether nothing more is to come: close the connection. */
bool smtp_dialogue_is_done(const struct smtp_dialogue *dialogue);

/* What an answer to RCPT means. */
enum smtp_verdict smtp_verdict_of(int code, const char *text);

#endif
