/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A newer head of our own, and what it claims otherwise than our files.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/agent.h"
#include "agent/glance/glance.h"

/* "fixed_mx HOST PREFERENCE ...", as the file claims has it. */
static json_t *more_json(const struct claim *claim)
{
	struct fixed_mx_cursor cursor = fixed_mx_cursor_of(claim->fixed_mx);
	char text[CLAIM_FIXED_MX_MAX * (DOMAIN_LENGTH_MAX + 24)] = "";
	struct bytes host;
	uint16_t preference;
	size_t used = 0;

	while (fixed_mx_next(&cursor, &host, &preference) && used < sizeof text)
		used += (size_t)snprintf(text + used, sizeof text - used, "%sfixed_mx %.*s %u",
		        used > 0 ? " " : "", (int)host.length, (const char *)host.data, preference);
	return json_string(text);
}

static json_t *only_newer(const struct glance *glance)
{
	struct author_claims claims = author_claims_of(node_self(glance->node));
	json_t *array = json_array();
	struct claim claim;

	while (author_claims_next(&claims, &claim)) {
		if (!settings_claims(glance->node->settings, claim.domain))
			json_array_append_new(
			        array, json_pack("{s:s%, s:o}", "domain", (const char *)claim.domain.data,
			                       claim.domain.length, "more", more_json(&claim)));
	}
	return array;
}

static json_t *only_files(const struct glance *glance)
{
	const struct settings *settings = glance->node->settings;
	json_t *array = json_array();
	struct claim claim;

	for (unsigned i = 0; i < settings->claim_count; i++) {
		const char *domain = settings->claims[i].text;

		if (!author_claim_find(node_self(glance->node), bytes_of(domain, strlen(domain)), &claim))
			json_array_append_new(array, json_pack("{s:s}", "domain", domain));
	}
	return array;
}

json_t *glance_recovery(const struct glance *glance)
{
	const struct author *self = node_self(glance->node);
	const struct order *newer = author_order_here(self, OBJECT_HEAD);
	time_t seconds = (time_t)(newer->seq / 1000);
	char date[32] = "";
	struct tm tm;

	if (!core_own(glance->agent->core)->newer_heard)
		return NULL;
	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(date, sizeof date, "%Y-%m-%d %H:%M UTC", &tm);
	return json_pack("{s:s, s:b, s:o, s:o, s:o}", "signed", date, "pending", self->pending != NULL, "seq",
	        glance_number(newer->seq), "only_newer", only_newer(glance), "only_files",
	        only_files(glance));
}
