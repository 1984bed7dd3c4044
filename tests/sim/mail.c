/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/mail.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/mesh/must.h"
#include "tests/sim/sim.h"

enum { DAY_MS = 24 * 3600 * 1000, TRY_FIRST_MS = 60000, TRY_LAST_MS = 15 * 60000 };

void mail_fini(struct mail *mail)
{
	free(mail->letters);
	free(mail->answers);
	*mail = (struct mail){.count = 0};
}

/* --- public DNS ------------------------------------------------------------------------------------------
 */

static bool answers_dns(const struct sim *sim, const struct member *member)
{
	const struct fate *fate = sim_fate(sim, member);

	return !fate->absent && !fate->machine_dead;
}

/* One of the servers of a zone, whichever the resolver happens to ask; "" where none answers. */
static const char *ask_zone(struct sim *sim, const char *zone)
{
	const char *texts[64];
	unsigned count = 0;

	for (unsigned i = 0; i < sim->world->count && count < 64; i++) {
		const struct member *member = sim->world->members[i];

		if (answers_dns(sim, member) && files_find(&member->dns, zone) != NULL)
			texts[count++] = files_text(&member->dns, zone);
	}
	return count > 0 ? texts[dice_upto(&sim->mail.dice, count - 1)] : "";
}

/* The member whose public address stands behind "IN A" of that line. */
static struct member *member_at(const struct sim *sim, const char *line)
{
	unsigned high, low, index;

	if (sscanf(line, "%*s %*u IN A 198.18.%u.%u", &high, &low) != 2)
		return NULL;
	index = high * 256 + low - 1;
	return index < sim->world->count ? sim->world->members[index] : NULL;
}

/* First line of the zone that begins with `owner` and a blank, from there on. */
static const char *find_line(const char *text, const char *owner)
{
	size_t length = strlen(owner);

	while (*text != '\0') {
		const char *end = strchr(text, '\n');

		if (strncmp(text, owner, length) == 0 && text[length] == ' ')
			return text;
		text = end != NULL ? end + 1 : text + strlen(text);
	}
	return NULL;
}

static void add_server(struct answer *answer, struct member *server, unsigned preference)
{
	if (answer->count == ANSWER_MAX)
		return;
	answer->servers[answer->count] = server;
	answer->preferences[answer->count++] = preference;
}

/* MX lines of the domain's own zone, and the hosts' addresses from the pool's. */
static void resolve_own(struct sim *sim, const struct territory *to, struct answer *answer, unsigned *ttl_s)
{
	const char *zone = ask_zone(sim, to->name), *pool = ask_zone(sim, "pool.test");
	char owner[80], host[300];
	unsigned preference;

	snprintf(owner, sizeof owner, "%s.", to->name);
	for (const char *at = find_line(zone, owner); at != NULL;
	        at = find_line(strchr(at, '\n') + 1, owner)) {
		const char *address;

		if (sscanf(at, "%*s %u IN MX %u %299s", ttl_s, &preference, host) != 3)
			continue;
		address = find_line(pool, host);
		add_server(answer, address != NULL ? member_at(sim, address) : NULL, preference);
	}
}

/* The owner's registrar says "MX 10 D.mx.POOL" for good. */
static void resolve_pool(struct sim *sim, const struct territory *to, struct answer *answer, unsigned *ttl_s)
{
	const char *pool = ask_zone(sim, "pool.test");
	char owner[120];

	snprintf(owner, sizeof owner, "%s.mx.pool.test.", to->name);
	for (const char *at = find_line(pool, owner); at != NULL;
	        at = find_line(strchr(at, '\n') + 1, owner)) {
		if (sscanf(at, "%*s %u IN A", ttl_s) == 1)
			add_server(answer, member_at(sim, at), 10);
	}
}

static struct answer *answer_of(struct sim *sim, const struct letter *letter)
{
	return &sim->mail.answers[letter->sender * TERRITORIES_MAX +
	                          (unsigned)(letter->to - sim->territories)];
}

/* What the sender's resolver says, from its cache while that is believed. One resolver believes for a day. */
static const struct answer *resolve(struct sim *sim, const struct letter *letter)
{
	struct answer *kept = answer_of(sim, letter), answer = {.asked_ms = sim->world->now_ms};
	unsigned ttl_s = 60;

	if (kept->count > 0 && sim->world->now_ms < kept->believed_ms)
		return kept;
	if (letter->to->own_zone)
		resolve_own(sim, letter->to, &answer, &ttl_s);
	else
		resolve_pool(sim, letter->to, &answer, &ttl_s);
	answer.until_ms = answer.believed_ms = answer.asked_ms + (int64_t)ttl_s * 1000;
	if (letter->sender == 0)
		answer.believed_ms = answer.asked_ms + DAY_MS;
	letter->to->sought |= answer.count > 0;
	*kept = answer;
	return kept;
}

/* --- servers ---------------------------------------------------------------------------------------------
 */

static bool is_up(const struct sim *sim, const struct member *server)
{
	const struct fate *fate = sim_fate(sim, server);

	return !fate->absent && !fate->machine_dead && !server->mta.down;
}

static void arrive(struct sim *sim, struct letter *letter, struct member *at)
{
	if (at != letter->to->owner)
		sim_violated(sim, "mail for %s came to %s, its home is %s", letter->to->name, at->name,
		        letter->to->owner->name);
	letter->state = LETTER_DELIVERED;
	sim->mail.delivered++;
	sim_say(sim, "mail for %s is delivered after %u tries", letter->to->name, letter->tries);
}

static void put_off(struct sim *sim, struct letter *letter)
{
	int64_t wait_ms = TRY_FIRST_MS << (letter->tries < 5 ? letter->tries : 5);

	letter->tries++;
	sim->mail.deferred++;
	letter->next_ms = sim->world->now_ms + (wait_ms < TRY_LAST_MS ? wait_ms : TRY_LAST_MS);
}

static struct member *server_of(const struct sim *sim, const struct nexthop *hop)
{
	for (unsigned i = 0; i < sim->world->count; i++) {
		struct member *member = sim->world->members[i];

		if (address_compare(&member->said.vpn.at[0], &hop->address) == 0 &&
		        member->said.smtp_port == hop->port)
			return member;
	}
	return NULL;
}

/* A home that is asked takes it, or something is wrong with whoever sent it there. */
static void hand_over(struct sim *sim, struct letter *letter, struct member *home)
{
	const char *domain = letter->to->name;

	if (names_has(&home->mta.local, domain))
		arrive(sim, letter, home);
	else
		sim_violated(sim, "%s hands mail for %s to %s, which doesn't hold it: it bounces",
		        letter->relay->name, domain, home->name);
}

/* What a relay's queue manager does with it. */
static void forward(struct sim *sim, struct letter *letter)
{
	const char *domain = letter->to->name;
	struct member *relay = letter->relay;
	const struct table_row *row = table_rows_find(&relay->mta.rows, bytes_of(domain, strlen(domain)));

	if (names_has(&relay->mta.local, domain)) {
		arrive(sim, letter, relay);
		return;
	}
	if (row == NULL)
		sim_violated(sim, "%s has mail for %s queued and no transport for it: it bounces",
		        relay->name, domain);
	for (unsigned i = 0; i < row->route.count; i++) {
		struct member *home = server_of(sim, &row->route.hops[i]);

		if (home == relay)
			sim_violated(sim, "%s sends mail for %s to itself", relay->name, domain);
		if (home == NULL || !is_up(sim, home) || !net_reaches(&sim->world->net, relay, home))
			continue;
		hand_over(sim, letter, home);
		return;
	}
	put_off(sim, letter);
}

/* --- senders ---------------------------------------------------------------------------------------------
 */

/* Servers of equal preference are tried in any order. */
static void shuffle(struct sim *sim, struct answer *answer)
{
	for (unsigned i = 0; i + 1 < answer->count; i++) {
		unsigned k = i + (unsigned)dice_upto(&sim->mail.dice, answer->count - 1 - i);
		struct member *server = answer->servers[i];
		unsigned preference = answer->preferences[i];

		if (preference != answer->preferences[k])
			continue;
		answer->servers[i] = answer->servers[k];
		answer->servers[k] = server;
	}
}

/* A server that DNS names and that is up must not refuse. After the TTL it may, with 4xx. */
static void refused(struct sim *sim, const struct letter *letter, const struct member *server,
        const struct answer *answer)
{
	sim_say(sim, "mail for %s is refused by %s", letter->to->name, server->name);
	if (sim_fate(sim, server)->spoilt || letter->to->released || sim->world->now_ms > answer->until_ms)
		return;
	sim_violated(sim, "%s refuses mail for %s, for which DNS named it %lld s ago", server->name,
	        letter->to->name, (long long)(sim->world->now_ms - answer->asked_ms) / 1000);
}

/* True when the server took it. */
static bool try_server(
        struct sim *sim, struct letter *letter, struct member *server, const struct answer *answer)
{
	char verdict;

	if (server == NULL || !is_up(sim, server))
		return false;
	verdict = mta_rcpt(&server->mta, letter->to->name);
	if (verdict == 'r')
		refused(sim, letter, server, answer);
	if (verdict != 's')
		return false;
	letter->relay = server;
	letter->state = LETTER_AT_RELAY;
	letter->tries = 0;
	forward(sim, letter);
	return true;
}

static void post(struct sim *sim, struct letter *letter)
{
	struct answer answer = *resolve(sim, letter);

	shuffle(sim, &answer);
	for (unsigned i = 0; i < answer.count && i < 5; i++) {
		if (try_server(sim, letter, answer.servers[i], &answer))
			return;
	}
	put_off(sim, letter);
}

/* --- time ------------------------------------------------------------------------------------------------
 */

static void look_after(struct sim *sim, struct letter *letter)
{
	if (letter->state == LETTER_AT_SENDER)
		post(sim, letter);
	else if (letter->state == LETTER_AT_RELAY)
		forward(sim, letter);
}

void mail_step(struct sim *sim)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (letter->state != LETTER_DELIVERED && letter->next_ms <= sim->world->now_ms)
			look_after(sim, letter);
	}
}

void mail_plan(struct sim *sim)
{
	struct mail *mail = &sim->mail;

	mail->dice = scenario_dice(sim->request.seed, "mail", 0);
	mail->answers = must_alloc(SENDERS * TERRITORIES_MAX * sizeof *mail->answers);
	mail->letters = must_alloc((sim->scenario.letters + 1) * sizeof *mail->letters);
	for (unsigned i = 0; i < sim->scenario.letters && sim->territory_count > 0; i++) {
		struct letter *letter = &mail->letters[mail->count++];

		letter->to = &sim->territories[dice_upto(&mail->dice, sim->territory_count - 1)];
		letter->sender = (unsigned)dice_upto(&mail->dice, SENDERS - 1);
		letter->born_ms = letter->next_ms = dice_upto(&mail->dice, sim->scenario.trouble_ms);
	}
}

/* Senders and relays try now; a second round asks DNS again. */
static void hurry(struct sim *sim, bool ask_again)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (letter->state == LETTER_DELIVERED)
			continue;
		if (ask_again)
			answer_of(sim, letter)->believed_ms = 0;
		look_after(sim, letter);
	}
}

bool mail_finish(struct sim *sim, char why[256])
{
	hurry(sim, false);
	hurry(sim, true);
	for (unsigned i = 0; i < sim->mail.count; i++) {
		const struct letter *letter = &sim->mail.letters[i];

		if (letter->state == LETTER_DELIVERED || !letter->to->sought || letter->to->released ||
		        !sim_is_honest(sim, letter->to->owner))
			continue;
		snprintf(why, 256, "mail for %s is %s%s", letter->to->name,
		        letter->state == LETTER_AT_RELAY ? "still at " : "taken by nobody",
		        letter->state == LETTER_AT_RELAY ? letter->relay->name : "");
		return false;
	}
	return true;
}
