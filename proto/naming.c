/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/naming.h"

#include <stdio.h>

enum { CLOCK_BYTES = 24, TEXT_BYTES = 160 };

/* HH:MM:SS */
static const char *clock_of(int64_t ms, char text[CLOCK_BYTES])
{
	long long seconds = ms > 0 ? (long long)(ms + 999) / 1000 : 0;

	snprintf(text, CLOCK_BYTES, "%02lld:%02lld:%02lld", seconds / 3600, seconds / 60 % 60, seconds % 60);
	return text;
}

/* --- evidence ------------------------------------------------------------------------------------------- */

static void tell_silent(const struct watched *watched, const struct node *node, char text[TEXT_BYTES])
{
	char silent[CLOCK_BYTES], grace[CLOCK_BYTES];
	int64_t now_ms = node->now.mono_ms;

	clock_of(now_ms - watched->heard_ms, silent);
	if (watched->down == DOWNFALL_GRACE)
		snprintf(text, TEXT_BYTES, "agent silent %s, longer than the grace", silent);
	else if (watched->down == DOWNFALL_SMTP || watched->failures > 0)
		snprintf(text, TEXT_BYTES, "agent silent %s, SMTP doesn't answer", silent);
	else
		snprintf(text, TEXT_BYTES, "agent silent %s, SMTP %s, grace ends in %s", silent,
		        watched->is_good ? "answers" : "is being asked",
		        clock_of(watched->doubt_ms + node->timing.grace_ms - now_ms, grace));
}

static void tell_mta(const struct watched *watched, char text[TEXT_BYTES])
{
	if (watched->down != DOWNFALL_NONE)
		snprintf(text, TEXT_BYTES, "its mail server is down, it says, and doesn't answer us");
	else
		snprintf(text, TEXT_BYTES, "it says that its mail server is down; %s",
		        watched->is_good ? "it answers us" : "it is being asked");
}

void naming_evidence(const struct publisher *publisher, const struct node *node,
        const uint8_t relay[KEY_SIZE], char text[TEXT_BYTES])
{
	const struct watched *watched = evidence_find(&publisher->evidence, relay);

	text[0] = '\0';
	if (watched == NULL)
		return;
	if (watched->doubt == DOUBT_SILENT)
		tell_silent(watched, node, text);
	else if (watched->doubt == DOUBT_MTA)
		tell_mta(watched, text);
	else if (watched->down != DOWNFALL_NONE)
		snprintf(text, TEXT_BYTES, "it was down; back after a session and one good SMTP banner");
}

void naming_outlook(const struct publisher *publisher, const struct node *node, char text[TEXT_BYTES])
{
	const struct outlook *outlook = &publisher->outlook;
	char since[CLOCK_BYTES];

	text[0] = '\0';
	if (outlook->may_remove)
		return;
	clock_of(node->now.mono_ms - outlook->since_ms, since);
	if (!outlook->is_started && outlook_exchanges_missing(outlook) > 0)
		snprintf(text, TEXT_BYTES, "tables were not exchanged with %u more member%s yet (%s)",
		        outlook_exchanges_missing(outlook),
		        outlook_exchanges_missing(outlook) == 1 ? "" : "s", since);
	else if (!outlook->is_started)
		snprintf(text, TEXT_BYTES, "it has just started (%s)", since);
	else
		snprintf(text, TEXT_BYTES, "only %u of %u members heard of late are seen from here, for %s",
		        outlook->seen, outlook->of, since);
}

/* --- naming -----------------------------------------------------------------------------------------------
 */

/* What speaks against the relay. */
static void tell_cause(const struct publisher *publisher, const struct node *node,
        const struct contender *contender, char text[TEXT_BYTES])
{
	naming_evidence(publisher, node, contender->relay, text);
	if (contender->ousting == OUSTING_BAR)
		snprintf(text, TEXT_BYTES, "killed, or denied here");
	else if (contender->ousting == OUSTING_WORD)
		snprintf(text, TEXT_BYTES, "taken out by its claimant, by itself, or by you");
	else if (contender->ousting == OUSTING_UNHELD)
		snprintf(text, TEXT_BYTES, "too little of it is held here to judge it");
	else if (contender->ousting == OUSTING_FAILURE && contender->up && !contender->linked)
		snprintf(text, TEXT_BYTES, "it doesn't reach the home");
	else if (contender->ousting == OUSTING_FAILURE && text[0] == '\0')
		snprintf(text, TEXT_BYTES, "denied by others whom you trust");
}

static void tell_holding(const struct publisher *publisher, const struct node *node, const char *domain,
        const struct contender *contender, char text[TEXT_BYTES])
{
	char wait[CLOCK_BYTES];

	text[0] = '\0';
	if (contender->holding == HOLDING_BREAKER)
		snprintf(text, TEXT_BYTES, "removal waits %s",
		        clock_of(publisher_breaker_ms(publisher, node, domain) - node->now.mono_ms, wait));
	else if (contender->holding == HOLDING_STATIC)
		snprintf(text, TEXT_BYTES, "nothing goes now: see status");
	else if (contender->holding == HOLDING_LEAST)
		snprintf(text, TEXT_BYTES, "stays: fewer than two would be left");
	else if (contender->holding == HOLDING_MAKE)
		snprintf(text, TEXT_BYTES, "stays until another is in");
	else if (contender->holding == HOLDING_LAST)
		snprintf(text, TEXT_BYTES, "stays: nobody would be left");
	else if (contender->holding == HOLDING_UNSEEN)
		snprintf(text, TEXT_BYTES, "not seen alive with an SMTP banner in the last minute");
	else if (contender->holding == HOLDING_ENOUGH)
		snprintf(text, TEXT_BYTES, "enough others are named");
}

static const char *word_of(const struct contender *contender)
{
	static const char *const oustings[] = {
	        [OUSTING_NONE] = "named",
	        [OUSTING_UNHELD] = "unheld",
	        [OUSTING_FAILURE] = "failing",
	        [OUSTING_WORD] = "leaving",
	        [OUSTING_BAR] = "barred",
	};

	if (contender->forced)
		return "forced";
	if (contender->ousting == OUSTING_NONE && !contender->chosen)
		return contender->holding == HOLDING_ENOUGH ? "spare" : "unseen";
	return oustings[contender->ousting];
}

struct naming naming_of(const struct publisher *publisher, const struct node *node, const char *domain,
        const struct contender *contender)
{
	struct naming naming = {.in = contender->named, .word = word_of(contender)};
	char cause[TEXT_BYTES], holding[TEXT_BYTES];
	const char *head = contender->forced ? "forced in by you" : "";

	tell_cause(publisher, node, contender, cause);
	tell_holding(publisher, node, domain, contender, holding);
	naming.warns = cause[0] != '\0';
	if (contender->chosen && !contender->named)
		snprintf(holding, sizeof holding, "about to be named");
	if (!contender->chosen && contender->named)
		snprintf(holding, sizeof holding, "about to go");
	snprintf(naming.text, sizeof naming.text, "%s%s%.100s%s%.100s", head,
	        head[0] != '\0' && cause[0] != '\0' ? "; " : "", cause,
	        (head[0] != '\0' || cause[0] != '\0') && holding[0] != '\0' ? "; " : "", holding);
	if (naming.text[0] == '\0')
		snprintf(naming.text, sizeof naming.text, "named");
	return naming;
}
