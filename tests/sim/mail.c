/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/mail.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/lines.h"
#include "tests/mesh/must.h"
#include "tests/sim/sim.h"

enum { OWNER_SIZE = 120 };
enum {
	DAY_MS = 24 * 3600 * 1000,
	DEFERRED_MAX_MS = DAY_MS + 3600 * 1000,
	TRY_FIRST_MS = 60000,
	TRY_LAST_MS = 15 * 60000
};

void mail_fini(struct mail *mail)
{
	free(mail->letters);
	free(mail->answers);
	*mail = (struct mail){.count = 0};
}

/* --- public DNS ------------------------------------------------------------------------------------------
 */

/* The machine runs, and with it its mail and name servers. */
static bool is_on(const struct sim *sim, const struct member *member)
{
	return !sim_fate(sim, member)->absent && !member->off;
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

/* One who answers for a zone that says something of `owner`, whichever the resolver happens to ask; NULL:
 * nobody. */
static const struct member *ask(struct sim *sim, const char *zone, const char *owner)
{
	const struct member *servers[64];
	unsigned count = 0;

	for (unsigned i = 0; i < sim->world->count && count < 64; i++) {
		const struct member *member = sim->world->members[i];

		if (is_on(sim, member) && find_line(files_text(&member->dns, zone), owner) != NULL)
			servers[count++] = member;
	}
	return count > 0 ? servers[dice_upto(&sim->mail.dice, count - 1)] : NULL;
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

static void add_server(struct answer *answer, struct member *server, unsigned preference)
{
	if (answer->count == ANSWER_MAX)
		return;
	answer->servers[answer->count] = server;
	answer->preferences[answer->count++] = preference;
}

/* MX lines of the domain's own zone, and the hosts' addresses from the pool's. */
static void read_own(const struct sim *sim, const struct territory *to, const char *zone, const char *pool,
        struct answer *answer, unsigned *ttl_s)
{
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
static void read_pool(const struct sim *sim, const struct territory *to, const char *pool,
        struct answer *answer, unsigned *ttl_s)
{
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

/* What stands first in the lines that name its servers: both with a dot at the end. */
static const char *owner_of(const struct territory *to, char owner[OWNER_SIZE])
{
	snprintf(owner, OWNER_SIZE, to->own_zone ? "%s." : "%s.mx.pool.test.", to->name);
	return owner;
}

/* Whom these zones, of one machine, name for it. The TTL stays where they name nobody. */
static void read_zones(const struct sim *sim, const struct territory *to, const struct files *zones,
        struct answer *answer, unsigned *ttl_s)
{
	const char *pool = files_text(zones, "pool.test");

	if (to->own_zone)
		read_own(sim, to, files_text(zones, to->name), pool, answer, ttl_s);
	else if (to->stale == NULL || !to->stale_only)
		read_pool(sim, to, pool, answer, ttl_s);
}

/* What the sender's resolver says, from its cache while that is believed. One resolver believes for a day. */
static const struct answer *resolve(struct sim *sim, const struct letter *letter)
{
	struct answer *kept = answer_of(sim, letter), answer = {.asked_ms = sim->world->now_ms};
	unsigned ttl_s = 60;
	char owner[OWNER_SIZE];
	const struct member *server;

	if (kept->count > 0 && sim->world->now_ms < kept->believed_ms)
		return kept;
	server = ask(sim, letter->to->own_zone ? letter->to->name : "pool.test", owner_of(letter->to, owner));
	answer.asked = server;
	if (server != NULL)
		read_zones(sim, letter->to, &server->dns, &answer, &ttl_s);
	if (letter->to->stale != NULL)
		add_server(&answer, letter->to->stale, 10);
	answer.until_ms = answer.believed_ms = answer.asked_ms + (int64_t)ttl_s * 1000;
	if (letter->sender == 0)
		answer.believed_ms = answer.asked_ms + DAY_MS;
	letter->to->sought |= answer.count > 0;
	*kept = answer;
	return kept;
}

/* --- looks of the cores at it ----------------------------------------------------------------------------
 */

static void put_server(struct writer *w, const char *domain, const struct member *server, unsigned preference)
{
	writer_format(w, "%s 60 %u h%u.pool.test 198.18.%u.%u\n", domain, preference, server->index,
	        (server->index + 1) >> 8, (server->index + 1) & 255);
}

/* Every server that any copy of its zones names; an error where a name server doesn't answer. */
static void look_at(struct sim *sim, struct territory *territory, struct writer *w)
{
	struct world *world = sim->world;
	unsigned named = 0, silent = 0, ttl_s;

	for (unsigned i = 0; i < world->count; i++) {
		const struct member *member = world->members[i];
		struct answer answer = {.count = 0};

		if (files_find(&member->dns, territory->own_zone ? territory->name : "pool.test") == NULL)
			continue;
		silent += member->off && !sim->fates[i].absent;
		read_zones(sim, territory, &member->dns, &answer, &ttl_s);
		for (unsigned k = 0; k < answer.count && silent == 0; k++) {
			if (answer.servers[k] != NULL)
				put_server(w, territory->name, answer.servers[k], answer.preferences[k]);
			named += answer.servers[k] != NULL;
		}
	}
	if (territory->stale != NULL && silent == 0) {
		put_server(w, territory->name, territory->stale, 10);
		named++;
	}
	if (silent > 0)
		writer_format(w, "%s error a name server is silent\n", territory->name);
	else if (named == 0)
		writer_format(w, "%s 60 none\n", territory->name);
}

void mail_look(struct world *world, const struct member *member, struct bytes names, struct writer *w)
{
	struct sim *sim = world->watch_context;
	struct lines lines = lines_of(names);
	struct line line;
	char domain[DOMAIN_LENGTH_MAX + 1];

	(void)member;
	while (lines_next(&lines, &line)) {
		struct territory *territory;

		snprintf(domain, sizeof domain, "%.*s", (int)line.fields[0].length,
		        (const char *)line.fields[0].data);
		territory = sim_territory(sim, domain);
		if (territory != NULL)
			look_at(sim, territory, w);
		else
			writer_format(w, "%s 300 none\n", domain);
	}
}

/* --- servers ---------------------------------------------------------------------------------------------
 */

static bool is_up(const struct sim *sim, const struct member *server)
{
	return is_on(sim, server) && !server->mta.down;
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

	if (!is_on(sim, relay)) {
		put_off(sim, letter);
		return;
	}
	if (names_has(&relay->mta.local, domain)) {
		arrive(sim, letter, relay);
		return;
	}
	if (row == NULL)
		sim_violated(sim, "%s has mail for %s queued and no transport for it: it bounces",
		        relay->name, domain);
	for (unsigned i = 0; i < row->route.count && !row->waits; i++) {
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

/* A disk from a backup lacks what came later; its relay has it again soon. Until then the mail waits. */
static bool was_restored(const struct sim *sim, const struct member *server)
{
	int64_t restored_ms = sim_fate(sim, server)->restored_ms;

	return restored_ms != NEVER_MS && sim->phase == PHASE_TROUBLE;
}

/* A name server on a disk from a backup names those of then, who may have left since. */
static bool is_named_by_backup(const struct sim *sim, const struct territory *to, const struct answer *answer,
        const struct member *server)
{
	const struct fate *fate = answer->asked != NULL ? sim_fate(sim, answer->asked) : NULL;
	struct answer then = {.count = 0};
	unsigned ttl_s;

	if (fate == NULL || !was_restored(sim, answer->asked) || answer->asked_ms < fate->restored_ms)
		return false;
	read_zones(sim, to, &fate->restored_dns, &then, &ttl_s);
	for (unsigned i = 0; i < then.count; i++) {
		if (then.servers[i] == server)
			return true;
	}
	return false;
}

/* What another process says in its name its server knows nothing of. */
static bool was_cloned(const struct sim *sim, const struct member *server)
{
	return sim_fate(sim, server)->was_cloned && sim->phase == PHASE_TROUBLE;
}

/* A server that DNS names and that is up must not refuse. After the TTL it may, with 4xx. */
static void refused(
        struct sim *sim, struct letter *letter, const struct member *server, const struct answer *answer)
{
	sim_say(sim, "mail for %s is refused by %s", letter->to->name, server->name);
	if (sim_fate(sim, server)->spoilt || letter->to->released || was_restored(sim, server) ||
	        was_cloned(sim, server) || is_named_by_backup(sim, letter->to, answer, server))
		return;
	/* Who believes an old answer asks anew after a day. */
	if (letter->refused_ms == 0)
		letter->refused_ms = sim->world->now_ms;
	if (sim->world->now_ms > letter->refused_ms + DEFERRED_MAX_MS)
		sim_violated(sim, "mail for %s is refused for more than a day", letter->to->name);
	if (sim->world->now_ms > answer->until_ms)
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
	letter->taken_ms = sim->world->now_ms;
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

static bool is_over(const struct letter *letter)
{
	return letter->state == LETTER_DELIVERED || letter->state == LETTER_LOST;
}

static void look_after(struct sim *sim, struct letter *letter)
{
	if (letter->state == LETTER_AT_SENDER)
		post(sim, letter);
	else if (letter->state == LETTER_AT_RELAY)
		forward(sim, letter);
}

/* The servers count what waits at them. */
static void list_letters(struct sim *sim)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];
		struct mta *mta;
		const struct queued *queued;
		uint64_t count;

		if (letter->relay == NULL || (is_over(letter) && !letter->listed) ||
		        letter->listed == (letter->state == LETTER_AT_RELAY))
			continue;
		mta = &letter->relay->mta;
		queued = mta_queued(mta, letter->to->name);
		count = queued != NULL ? queued->count : 0;
		letter->listed = letter->state == LETTER_AT_RELAY;
		count = letter->listed ? count + 1 : count - (count > 0);
		mta_queue(mta, letter->to->name, count,
		        member_now(letter->relay, sim->world->now_ms).wall_ms / 1000);
	}
}

void mail_step(struct sim *sim)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (!is_over(letter) && letter->next_ms <= sim->world->now_ms)
			look_after(sim, letter);
	}
	list_letters(sim);
}

void mail_flush(struct world *world, struct member *member, const char *domain)
{
	struct sim *sim = world->watch_context;

	member->mta.flushed_domains++;
	sim->checking = NULL;
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (letter->state == LETTER_AT_RELAY && letter->relay == member &&
		        strcmp(letter->to->name, domain) == 0)
			forward(sim, letter);
	}
	list_letters(sim);
}

void mail_restored(struct sim *sim, const struct member *member, int64_t saved_ms)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (letter->state != LETTER_AT_RELAY || letter->relay != member ||
		        letter->taken_ms <= saved_ms)
			continue;
		letter->state = LETTER_LOST;
		sim_say(sim, "mail for %s is lost with the disk of %s", letter->to->name, member->name);
	}
	list_letters(sim);
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

unsigned mail_count_named(const struct sim *sim, const struct member *publisher, const struct territory *to)
{
	const char *pool = files_text(&publisher->dns, "pool.test");
	struct answer answer = {.count = 0};
	unsigned ttl_s, count = 0;

	if (to->own_zone)
		read_own(sim, to, files_text(&publisher->dns, to->name), pool, &answer, &ttl_s);
	else
		read_pool(sim, to, pool, &answer, &ttl_s);
	for (unsigned i = 0; i < answer.count; i++)
		count += answer.servers[i] != NULL && !sim_fate(sim, answer.servers[i])->absent;
	return count;
}

/* Whether anybody who is left names servers for the domain that are still there. Where all of its relays have
 * left for good the mail waits at the senders until its owner chooses others. */
static bool is_answered(struct sim *sim, const struct territory *to)
{
	bool answered = false;

	for (unsigned i = 0; i < sim->world->count && !answered; i++)
		answered = is_on(sim, sim->world->members[i]) &&
		           mail_count_named(sim, sim->world->members[i], to) > 0;
	return answered;
}

/* Of those that its sender's resolver named last, is any left? Where all that the owner chose have gone,
 * there is nobody to name instead. */
static bool is_anybody_left(struct sim *sim, const struct letter *letter)
{
	const struct answer *answer = answer_of(sim, letter);

	for (unsigned i = 0; i < answer->count; i++) {
		if (answer->servers[i] != NULL && is_on(sim, answer->servers[i]))
			return true;
	}
	return letter->state != LETTER_AT_SENDER;
}

/* Senders and relays try now; a second round asks DNS again. */
static void hurry(struct sim *sim, bool ask_again)
{
	for (unsigned i = 0; i < sim->mail.count; i++) {
		struct letter *letter = &sim->mail.letters[i];

		if (is_over(letter))
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

		if (is_over(letter) || !letter->to->sought || letter->to->released ||
		        !sim_is_honest(sim, letter->to->owner) || !is_answered(sim, letter->to) ||
		        !is_anybody_left(sim, letter))
			continue;
		/* Who has left took it along. */
		if (letter->state == LETTER_AT_RELAY && !is_on(sim, letter->relay))
			continue;
		snprintf(why, 256, "mail for %s is %s%s", letter->to->name,
		        letter->state == LETTER_AT_RELAY ? "still at " : "taken by nobody",
		        letter->state == LETTER_AT_RELAY ? letter->relay->name : "");
		return false;
	}
	return true;
}
