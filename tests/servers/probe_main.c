/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * probe_main BIND TARGET PORT TIMEOUT_MS [RECIPIENT...]: one SMTP probe, its result as JSON. Without
 * recipients the banner only.
 */
#include "agent/smtp/smtp_probe.h"

#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static json_t *answer_json(const struct smtp_answer *answer)
{
	static const char *const verdicts[] = {"unknown", "serves", "refused"};

	return json_pack("{s:s, s:i, s:s}", "verdict", verdicts[answer->verdict], "code", answer->code,
	        "text", answer->text);
}

static void result_print(const struct smtp_probe_result *result, void *arg)
{
	static const char *const fates[] = {"done", "refused", "unreachable", "silent", "lost"};
	json_t *answers = json_array();
	json_t *all;

	(void)arg;
	for (size_t i = 0; i < result->count; i++)
		json_array_append_new(answers, answer_json(&result->answers[i]));
	all = json_pack("{s:s, s:s, s:o, s:o}", "fate", fates[result->fate], "text", result->text, "banner",
	        answer_json(result->banner), "answers", answers);
	json_dumpf(all, stdout, 0);
	json_decref(all);
}

int main(int argc, char **argv)
{
	struct smtp_probe_request request = {.question = {SMTP_BANNER, NULL, NULL, 0}};
	struct smtp_probe *probe;
	struct reason why;

	if (argc < 5 || address_parse(argv[1], strlen(argv[1]), &request.bind) ||
	        address_parse(argv[2], strlen(argv[2]), &request.target))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	request.port = (uint16_t)atoi(argv[3]);
	request.timeout_ms = (unsigned)atoi(argv[4]);
	if (argc > 5)
		request.question = (struct smtp_question){
		        SMTP_RCPT, "rosa.test", (const char *const *)argv + 5, (size_t)argc - 5};
	if (smtp_probe_start(&probe, uv_default_loop(), &request, result_print, NULL, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 2;
	}
	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
	return uv_loop_close(uv_default_loop()) != 0;
}
