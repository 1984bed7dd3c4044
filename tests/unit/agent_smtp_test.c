/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The SMTP dialogue as a machine, and the probe over the loopback.
 */
#include "tests/unit/cmocka.h"

#include "agent/smtp/smtp_dialogue.h"
#include "agent/smtp/smtp_probe.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const two[] = {"a@luz.test", "b@ana.test"};
static const struct smtp_question rcpt = {SMTP_RCPT, "rosa.test", two, 2};
static const struct smtp_question banner = {SMTP_BANNER, NULL, NULL, 0};

/* One turn: what the server says, what the client must say then. */
struct turn {
	const char *server;
	const char *client;
};

static void play(struct smtp_dialogue *dialogue, const struct turn *turns, size_t piece)
{
	for (; turns->server; turns++) {
		size_t length = strlen(turns->server), output = 0;
		const char *bytes;

		for (size_t at = 0; at < length; at += piece) {
			size_t take = length - at < piece ? length - at : piece;

			assert_int_equal(output, 0);
			assert_int_equal(smtp_dialogue_feed(dialogue, turns->server + at, take), RESULT_OK);
			output = smtp_dialogue_output(dialogue, &bytes);
		}
		assert_int_equal(output, strlen(turns->client));
		assert_memory_equal(bytes, turns->client, output);
	}
}

static void asks_each_recipient_whatever_the_pieces(void **state)
{
	static const struct turn turns[] = {
	        {"220-wait\r\n220 luz ESMTP\r\n", "EHLO rosa.test\r\n"},
	        {"250-luz\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n", "MAIL FROM:<>\r\n"},
	        {"250 2.1.0 Ok\r\n", "RCPT TO:<a@luz.test>\r\n"},
	        {"454 4.7.1 <a@luz.test>: Relay access denied\r\n", "RCPT TO:<b@ana.test>\r\n"},
	        {"250 2.1.5 Ok\n", "QUIT\r\n"},
	        {"221 2.0.0 Bye\r\n", ""},
	        {NULL, NULL},
	};

	(void)state;
	for (size_t piece = 1; piece < 64; piece++) {
		struct smtp_dialogue dialogue;

		smtp_dialogue_init(&dialogue, &rcpt);
		play(&dialogue, turns, piece);
		assert_true(smtp_dialogue_is_done(&dialogue));
		assert_int_equal(dialogue.banner.verdict, SMTP_SERVES);
		assert_string_equal(dialogue.banner.text, "wait luz ESMTP");
		assert_int_equal(dialogue.answers[0].verdict, SMTP_REFUSED);
		assert_int_equal(dialogue.answers[0].code, 454);
		assert_int_equal(dialogue.answers[1].verdict, SMTP_SERVES);
	}
}

static void asks_only_for_the_banner(void **state)
{
	static const struct turn turns[] = {{"220 luz\r\n", "QUIT\r\n"}, {"221\r\n", ""}, {NULL, NULL}};
	struct smtp_dialogue dialogue;

	(void)state;
	smtp_dialogue_init(&dialogue, &banner);
	play(&dialogue, turns, 100);
	assert_true(smtp_dialogue_is_done(&dialogue));
	assert_int_equal(dialogue.banner.verdict, SMTP_SERVES);
}

static void leaves_unknown_what_was_not_answered(void **state)
{
	static const struct turn sessions[][7] = {
	        {{"554 no\r\n", "QUIT\r\n"}, {NULL, NULL}},
	        {{"421 busy\r\n", ""}, {NULL, NULL}},
	        {{"220 x\r\n", "EHLO rosa.test\r\n"}, {"450 later\r\n", "QUIT\r\n"}, {NULL, NULL}},
	        {{"220 x\r\n", "EHLO rosa.test\r\n"}, {"502 what\r\n", "HELO rosa.test\r\n"},
	                {"550 no\r\n", "QUIT\r\n"}, {NULL, NULL}},
	        {{"220 x\r\n", "EHLO rosa.test\r\n"}, {"500 what\r\n", "HELO rosa.test\r\n"},
	                {"250 x\r\n", "MAIL FROM:<>\r\n"}, {"550 5.7.1 Relay access denied\r\n", "QUIT\r\n"},
	                {NULL, NULL}},
	        {{"220 x\r\n", "EHLO rosa.test\r\n"}, {"250 x\r\n", "MAIL FROM:<>\r\n"},
	                {"250 x\r\n", "RCPT TO:<a@luz.test>\r\n"}, {"421 4.7.0 too many errors\r\n", ""},
	                {NULL, NULL}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
		struct smtp_dialogue dialogue;

		smtp_dialogue_init(&dialogue, &rcpt);
		play(&dialogue, sessions[i], 100);
		assert_int_equal(dialogue.answers[0].verdict, SMTP_UNKNOWN);
		assert_int_equal(dialogue.answers[1].verdict, SMTP_UNKNOWN);
	}
}

static void tells_a_denial_from_all_else(void **state)
{
	static const struct {
		enum smtp_verdict verdict;
		int code;
		const char *text;
	} cases[] = {
	        {SMTP_SERVES, 250, "2.1.5 Ok"},
	        {SMTP_SERVES, 550,
	                "5.1.1 <x@luz.test>: Recipient address rejected: undeliverable address: host "
	                "10.66.0.21[10.66.0.21] said: 454 4.7.1 <x@luz.test>: Relay access denied"},
	        {SMTP_SERVES, 550, "5.1.1 <x@luz.test>: Recipient address rejected: User unknown"},
	        {SMTP_SERVES, 550, "no such user here"},
	        {SMTP_SERVES, 450,
	                "4.1.1 <x@luz.test>: Recipient address rejected: unverified address: Address "
	                "verification in progress"},
	        {SMTP_SERVES, 450, "4.2.0 <x@luz.test>: Recipient address rejected: Greylisted"},
	        {SMTP_SERVES, 452, "4.3.1 Insufficient system storage"},
	        {SMTP_REFUSED, 454, "4.7.1 <x@luz.test>: Relay access denied"},
	        {SMTP_REFUSED, 554, "5.7.1 <x@luz.test>: RELAY ACCESS DENIED"},
	        {SMTP_REFUSED, 550, "relay not permitted"},
	        {SMTP_REFUSED, 550, "5.7.1 Relaying denied"},
	        {SMTP_UNKNOWN, 554, "5.7.1 <x@luz.test>: Recipient address rejected: Access denied"},
	        {SMTP_UNKNOWN, 554, "5.7.1 Service unavailable; Client host [10.66.0.11] blocked"},
	        {SMTP_UNKNOWN, 450, "4.7.25 Client host rejected: cannot find your hostname, [10.66.0.11]"},
	        {SMTP_UNKNOWN, 550, "5.7.1 <rosa>: Helo command rejected: not yours"},
	        {SMTP_UNKNOWN, 450, "4.1.8 <>: Sender address rejected: no"},
	        {SMTP_UNKNOWN, 451, "4.3.0 <x@luz.test>: Temporary lookup failure"},
	        {SMTP_UNKNOWN, 451, "4.3.5 Server configuration error"},
	        {SMTP_UNKNOWN, 454, "4.7.0 TLS not available"},
	        {SMTP_UNKNOWN, 503, "5.5.1 bad sequence"},
	        {SMTP_UNKNOWN, 252, "can't say"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(smtp_verdict_of(cases[i].code, cases[i].text), cases[i].verdict);
}

static void ends_with_what_is_no_smtp(void **state)
{
	static const struct {
		const char *bytes;
		enum result result;
	} cases[] = {
	        {"SSH-2.0-OpenSSH\r\n", RESULT_MALFORMED},
	        {"\r\n", RESULT_MALFORMED},
	        {"22\r\n", RESULT_MALFORMED},
	        {"2200 x\r\n", RESULT_MALFORMED},
	        {"120 x\r\n", RESULT_MALFORMED},
	        {"620 x\r\n", RESULT_MALFORMED},
	        {"220-a\r\n250 b\r\n", RESULT_MALFORMED},
	        {"220 x\r\n250 too soon\r\n", RESULT_UNASKED},
	};
	char long_line[SMTP_LINE_MAX_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smtp_dialogue dialogue;
		const char *bytes;

		smtp_dialogue_init(&dialogue, &rcpt);
		assert_int_equal(smtp_dialogue_feed(&dialogue, cases[i].bytes, strlen(cases[i].bytes)),
		        cases[i].result);
		assert_true(smtp_dialogue_is_done(&dialogue));
		assert_int_equal(smtp_dialogue_output(&dialogue, &bytes), 0);
		assert_int_equal(smtp_dialogue_feed(&dialogue, "x", 1), RESULT_UNASKED);
	}
	memset(long_line, 'x', sizeof long_line);
	for (int i = 0; i < 2; i++) {
		struct smtp_dialogue dialogue;
		enum result result = RESULT_OK;

		smtp_dialogue_init(&dialogue, &rcpt);
		if (i == 0)
			result = smtp_dialogue_feed(&dialogue, long_line, sizeof long_line);
		for (int line = 0; i == 1 && line <= SMTP_LINES_MAX && !result; line++)
			result = smtp_dialogue_feed(&dialogue, "220-x\r\n", 7);
		assert_int_equal(result, RESULT_TOO_LARGE);
	}
}

static void refuses_recipients_that_could_be_more(void **state)
{
	static const char *const bad[] = {"", "a", "@luz.test", "a@", "a@Luz.test", "a b@luz.test",
	        "a@luz.test\r\nDATA", "a>@luz.test", ".a@luz.test", "a..b@luz.test", "a.@luz.test",
	        "\"a\"@luz.test", "a@b@luz.test", "a@[10.66.0.1]",
	        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@luz.test"};
	static const char *const bad_helo[] = {
	        "", "rosa", "rosa.test\r\nx", "[rosa]", "[10.66.0.11", "[fd66::1]"};
	struct smtp_question question = {SMTP_RCPT, "[10.66.0.11]", two, 2};
	struct reason why;

	(void)state;
	assert_int_equal(smtp_question_check(&question, &why), RESULT_OK);
	question.helo = "[IPv6:fd66::1]";
	assert_int_equal(smtp_question_check(&question, &why), RESULT_OK);
	for (size_t i = 0; i < sizeof bad_helo / sizeof bad_helo[0]; i++) {
		question.helo = bad_helo[i];
		assert_int_equal(smtp_question_check(&question, &why), RESULT_BAD_NAME);
	}
	question.helo = "rosa.test";
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		question.recipients = &bad[i];
		question.count = 1;
		assert_int_not_equal(smtp_question_check(&question, &why), RESULT_OK);
	}
	question.count = 0;
	assert_int_equal(smtp_question_check(&question, &why), RESULT_TOO_LARGE);
	question.count = SMTP_RECIPIENTS_MAX + 1;
	assert_int_equal(smtp_question_check(&question, &why), RESULT_TOO_LARGE);
}

/* ---- the probe, with a server that says `words` and keeps what it heard ---- */

struct outcome {
	unsigned calls;
	enum smtp_probe_fate fate;
	enum smtp_verdict banner;
	enum smtp_verdict first;
	char text[160];
};

static void outcome_keep(const struct smtp_probe_result *result, void *arg)
{
	struct outcome *outcome = arg;

	outcome->calls++;
	outcome->fate = result->fate;
	outcome->banner = result->banner->verdict;
	outcome->first = result->answers[0].verdict;
	snprintf(outcome->text, sizeof outcome->text, "%s", result->text);
}

static int listener_open(uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static struct smtp_probe_request request_for(uint16_t port, unsigned timeout_ms)
{
	struct smtp_probe_request request = {.port = port, .question = rcpt, .timeout_ms = timeout_ms};

	assert_int_equal(address_parse("127.0.0.1", 9, &request.target), RESULT_OK);
	assert_int_equal(address_parse("127.0.0.2", 9, &request.bind), RESULT_OK);
	return request;
}

static struct outcome probe_run(const struct smtp_probe_request *request)
{
	struct outcome outcome = {0};
	struct smtp_probe *probe;
	struct reason why;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(smtp_probe_start(&probe, &loop, request, outcome_keep, &outcome, &why), RESULT_OK);
	assert_int_equal(outcome.calls, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(outcome.calls, 1);
	return outcome;
}

struct server {
	int listener;
	const char *words;
	char heard[256];
	uv_thread_t thread;
};

/* One line of `words` after each command. */
static void server_run(void *arg)
{
	struct server *server = arg;
	const char *words = server->words;
	int fd = accept(server->listener, NULL, NULL);
	size_t heard = 0;

	while (*words) {
		size_t line = strcspn(words, "\n") + 1;
		ssize_t got;

		if (write(fd, words, line) < 0)
			break;
		words += line;
		got = read(fd, server->heard + heard, sizeof server->heard - 1 - heard);
		heard += got > 0 ? (size_t)got : 0;
	}
	close(fd);
}

static struct outcome probe_with(const char *words, struct server *server)
{
	struct smtp_probe_request request;
	struct outcome outcome;
	uint16_t port;

	memset(server, 0, sizeof *server);
	server->listener = listener_open(&port);
	server->words = words;
	uv_thread_create(&server->thread, server_run, server);
	request = request_for(port, 20000);
	outcome = probe_run(&request);
	uv_thread_join(&server->thread);
	close(server->listener);
	return outcome;
}

static void carries_a_dialogue_over_a_connection(void **state)
{
	struct server server;
	struct outcome outcome = probe_with(
	        "220 x\r\n250 x\r\n250 x\r\n454 4.7.1 Relay access denied\r\n250 x\r\n221 x\r\n", &server);

	(void)state;
	assert_int_equal(outcome.fate, SMTP_PROBE_DONE);
	assert_int_equal(outcome.first, SMTP_REFUSED);
	assert_string_equal(server.heard, "EHLO rosa.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@luz.test>\r\nRCPT "
	                                  "TO:<b@ana.test>\r\nQUIT\r\n");
}

static void tells_lost_and_garbled_connections(void **state)
{
	struct server server;
	struct outcome outcome = probe_with("220 x\r\n250 x\r\n", &server);

	(void)state;
	assert_int_equal(outcome.fate, SMTP_PROBE_LOST);
	assert_int_equal(outcome.banner, SMTP_SERVES);
	assert_int_equal(outcome.first, SMTP_UNKNOWN);
	assert_string_equal(outcome.text, "it closed the connection");
	outcome = probe_with("SSH-2.0\r\n", &server);
	assert_int_equal(outcome.fate, SMTP_PROBE_LOST);
	assert_string_equal(outcome.text, "what it says isn't SMTP");
}

static void tells_nobody_there_from_silence(void **state)
{
	uint16_t port;
	int listener = listener_open(&port);
	struct smtp_probe_request request = request_for(port, 30);
	struct outcome outcome = probe_run(&request);

	(void)state;
	assert_int_equal(outcome.fate, SMTP_PROBE_SILENT);
	assert_string_equal(outcome.text, "no answer in time");
	close(listener);
	outcome = probe_run(&request);
	assert_int_equal(outcome.fate, SMTP_PROBE_REFUSED);
	assert_int_equal(address_parse("192.0.2.1", 9, &request.bind), RESULT_OK);
	outcome = probe_run(&request);
	assert_int_equal(outcome.fate, SMTP_PROBE_UNREACHABLE);
}

static void calls_nobody_after_a_cancel(void **state)
{
	uint16_t port;
	int listener = listener_open(&port);
	struct smtp_probe_request request = request_for(port, 60000);
	struct outcome outcome = {0};
	struct smtp_probe *probe;
	struct reason why;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(smtp_probe_start(&probe, &loop, &request, outcome_keep, &outcome, &why), RESULT_OK);
	smtp_probe_cancel(probe);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_int_equal(outcome.calls, 0);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(asks_each_recipient_whatever_the_pieces),
	        cmocka_unit_test(asks_only_for_the_banner),
	        cmocka_unit_test(leaves_unknown_what_was_not_answered),
	        cmocka_unit_test(tells_a_denial_from_all_else),
	        cmocka_unit_test(ends_with_what_is_no_smtp),
	        cmocka_unit_test(refuses_recipients_that_could_be_more),
	        cmocka_unit_test(carries_a_dialogue_over_a_connection),
	        cmocka_unit_test(tells_lost_and_garbled_connections),
	        cmocka_unit_test(tells_nobody_there_from_silence),
	        cmocka_unit_test(calls_nobody_after_a_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
