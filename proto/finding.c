/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/key.h"
#include "proto/lines.h"
#include "proto/looks.h"
#include "proto/node.h"
#include "proto/serving.h"

const char *finding_word(enum finding_kind kind)
{
	static const char *const words[FINDINGS] = {
	        [FINDING_UNKNOWN] = "unknown",
	        [FINDING_ERROR] = "error",
	        [FINDING_AGREES] = "agrees",
	        [FINDING_EMPTY] = "empty",
	        [FINDING_NOT_YET] = "not-yet",
	        [FINDING_DEPARTED] = "departed",
	        [FINDING_LEAVING] = "leaving",
	        [FINDING_FOREIGN] = "foreign",
	        [FINDING_NONE] = "none",
	};

	return words[kind < FINDINGS ? kind : FINDING_UNKNOWN];
}

bool finding_is_wrong(enum finding_kind kind)
{
	return kind != FINDING_AGREES && kind != FINDING_UNKNOWN;
}

bool finding_is_answer(enum finding_kind kind)
{
	return kind != FINDING_UNKNOWN && kind != FINDING_ERROR;
}

bool finding_is_alarm(enum finding_kind kind)
{
	return kind == FINDING_DEPARTED || kind == FINDING_LEAVING;
}

/* --- lines ------------------------------------------------------------------------------------------- */

struct look_cursor look_cursor_of(const struct look *look)
{
	return (struct look_cursor){.at = look->mx != NULL ? look->mx : ""};
}

bool look_next(struct look_cursor *cursor, struct look_line *out)
{
	struct lines lines = lines_of(bytes_of(cursor->at, strlen(cursor->at)));
	struct line line;
	uint64_t preference = 0;

	if (!lines_next(&lines, &line) || line.count != 3 || line.fields[1].length > DOMAIN_LENGTH_MAX)
		return false;
	cursor->at = lines.at;
	field_number(line.fields[0], UINT16_MAX, &preference);
	*out = (struct look_line){.preference = (uint16_t)preference, .addresses = line.fields[2]};
	memcpy(out->host, line.fields[1].data, line.fields[1].length);
	return true;
}

bool look_address_next(struct bytes *addresses, struct address *out)
{
	const uint8_t *comma = addresses->length > 0 ? memchr(addresses->data, ',', addresses->length) : NULL;
	size_t length = comma != NULL ? (size_t)(comma - addresses->data) : addresses->length;

	if (length == 0 || address_parse((const char *)addresses->data, length, out) != RESULT_OK)
		return false;
	length += comma != NULL;
	*addresses = bytes_of(addresses->data + length, addresses->length - length);
	return true;
}

/* --- whose host is it? ------------------------------------------------------------------------------- */

/* What stands before ".POOL" in a host's name; 0: it isn't in that zone. */
static size_t length_below(const char *host, const char *pool)
{
	size_t length = strlen(host), end = strlen(pool) + 1;

	if (length <= end || host[length - end] != '.' || strcmp(host + length - end + 1, pool) != 0)
		return 0;
	return length - end;
}

/* "D.mx" below a pool zone. */
static bool is_pool_name(const struct node *node, const char *domain, const char *host)
{
	size_t length = strlen(domain);

	for (unsigned i = 0; i < node->settings->pool_count; i++) {
		size_t below = length_below(host, node->settings->pools[i].text);

		if (below == length + 3 && memcmp(host, domain, length) == 0 &&
		        memcmp(host + length, ".mx", 3) == 0)
			return true;
	}
	return false;
}

/* The end of a host label of the mesh, by which its member is known however it calls itself now. */
static bool host_key(const struct node *node, const char *host, char key[KEY_SHORT_BYTES])
{
	for (unsigned i = 0; i < node->settings->pool_count; i++) {
		size_t below = length_below(host, node->settings->pools[i].text);

		if (below > HOST_LABEL_BYTES || below < KEY_SHORT_LENGTH ||
		        memchr(host, '.', below) != NULL ||
		        (below > KEY_SHORT_LENGTH && host[below - KEY_SHORT_LENGTH - 1] != '-'))
			continue;
		memcpy(key, host + below - KEY_SHORT_LENGTH, KEY_SHORT_LENGTH);
		key[KEY_SHORT_LENGTH] = '\0';
		return true;
	}
	return false;
}

static const struct author *member_of_key(const struct node *node, const char *key)
{
	char text[KEY_SHORT_BYTES];

	for (unsigned i = 0; i < node->archive.count; i++) {
		key_short_render(node->archive.authors[i]->key, text);
		if (strcmp(text, key) == 0)
			return node->archive.authors[i];
	}
	return NULL;
}

static const struct author *member_at(const struct node *node, const struct address *address)
{
	for (unsigned i = 0; i < node->archive.count; i++) {
		const struct author *author = node->archive.authors[i];

		for (unsigned k = 0; author->head != NULL && k < author->head->head.public.count; k++) {
			if (address_compare(&author->head->head.public.at[k], address) == 0)
				return author;
		}
	}
	return NULL;
}

/* --- is it right? ------------------------------------------------------------------------------------ */

/* Who claims a domain: more than one, if they quarrel. */
enum { CLAIMANTS_MAX = 4 };

struct claimants {
	const struct author *authors[CLAIMANTS_MAX];
	struct claim claims[CLAIMANTS_MAX];
	unsigned count;
};

static struct claimants claimants_of(const struct node *node, const char *domain)
{
	struct bytes name = bytes_of(domain, strlen(domain));
	struct claimants claimants = {.count = 0};

	for (unsigned i = 0; i < node->archive.count && claimants.count < CLAIMANTS_MAX; i++) {
		if (!author_claim_find(node->archive.authors[i], name, &claimants.claims[claimants.count]))
			continue;
		claimants.authors[claimants.count++] = node->archive.authors[i];
	}
	return claimants;
}

enum host_kind { HOST_RIGHT, HOST_EMPTY, HOST_DEPARTED, HOST_LEAVING, HOST_FOREIGN, HOST_KINDS };

/* By the objects held; of whom too little is held, nothing bad is said. */
static enum host_kind judge_relay(
        const struct node *node, const struct claimants *claimants, const uint8_t *relay)
{
	enum host_kind kind = HOST_DEPARTED;

	for (unsigned i = 0; i < claimants->count; i++) {
		const struct claim *claim = &claimants->claims[i];
		struct relay_choice choice;
		struct carrier carrier;
		enum serving serving;

		if (!head_chooses(&claimants->authors[i]->head->head, claim->relayset, relay, &choice))
			continue;
		carrier = carrier_of(node, claimants->authors[i]->key, &choice);
		serving = carrier_serves(&carrier, claim->domain, claim->since);
		if (serving == SERVING_YES || serving == SERVING_NO_ADDRESS || serving == SERVING_NO_HEAD)
			return HOST_RIGHT;
		if (serving == SERVING_LEAVING)
			kind = HOST_LEAVING;
	}
	return kind;
}

static bool is_fixed(const struct claimants *claimants, const char *host)
{
	for (unsigned i = 0; i < claimants->count; i++) {
		struct fixed_mx_cursor cursor = fixed_mx_cursor_of(claimants->claims[i].fixed_mx);
		struct bytes fixed;
		uint16_t preference;

		while (fixed_mx_next(&cursor, &fixed, &preference)) {
			if (field_is(fixed, host))
				return true;
		}
	}
	return false;
}

/* A home takes mail for its domains, relay or not. */
static bool is_claimant(const struct claimants *claimants, const struct author *author)
{
	for (unsigned i = 0; i < claimants->count; i++) {
		if (claimants->authors[i] == author)
			return true;
	}
	return false;
}

/* A member's server: does it take mail for the domain? */
static enum host_kind judge_member(const struct node *node, const struct claimants *claimants,
        const struct author *member, struct finding *finding)
{
	enum host_kind kind = judge_relay(node, claimants, member->key);

	if (kind == HOST_RIGHT)
		return HOST_RIGHT;
	if (kind == HOST_DEPARTED && is_claimant(claimants, member))
		return HOST_FOREIGN;
	finding->has_relay = true;
	memcpy(finding->relay, member->key, KEY_SIZE);
	return kind;
}

/* By addresses; `else_kind` where none is a member's. A departed one among several decides, then a leaving
 * one. */
static enum host_kind judge_addresses(const struct node *node, const struct claimants *claimants,
        struct bytes addresses, enum host_kind else_kind, struct finding *finding)
{
	enum host_kind kind = else_kind;
	struct address address;

	while (kind != HOST_DEPARTED && look_address_next(&addresses, &address)) {
		const struct author *member = member_at(node, &address);
		struct finding next = {.line = finding->line};
		enum host_kind judged =
		        member != NULL ? judge_member(node, claimants, member, &next) : else_kind;

		if (judged == HOST_DEPARTED || judged == HOST_LEAVING || kind == else_kind) {
			*finding = next;
			kind = judged;
		}
	}
	return kind;
}

static enum host_kind judge_host(const struct node *node, const struct claimants *claimants,
        const char *domain, const struct look_line *line, struct finding *finding)
{
	char key[KEY_SHORT_BYTES];
	const struct author *member;
	enum host_kind kind;

	if (is_pool_name(node, domain, line->host)) {
		if (field_is(line->addresses, "-"))
			return HOST_EMPTY;
		kind = judge_addresses(node, claimants, line->addresses, HOST_RIGHT, finding);
		return kind == HOST_LEAVING ? HOST_RIGHT : kind; /* its publishers see to that */
	}
	if (is_fixed(claimants, line->host))
		return HOST_RIGHT;
	if (!host_key(node, line->host, key))
		return judge_addresses(node, claimants, line->addresses, HOST_FOREIGN, finding);
	member = member_of_key(node, key);
	return member != NULL ? judge_member(node, claimants, member, finding) : HOST_DEPARTED;
}

/* Of all lines; the first of a kind is remembered. */
struct tally {
	unsigned counts[HOST_KINDS];
	struct finding findings[HOST_KINDS]; /* of the first */
};

static struct tally tally_of(
        const struct node *node, const struct claimants *claimants, const struct look *look)
{
	struct look_cursor cursor = look_cursor_of(look);
	struct tally tally = {.counts = {0}};
	struct look_line line;

	for (unsigned i = 0; look_next(&cursor, &line); i++) {
		struct finding finding = {.line = i};
		enum host_kind kind = judge_host(node, claimants, look->domain.text, &line, &finding);

		if (tally.counts[kind]++ > 0)
			continue;
		tally.findings[kind] = finding;
	}
	return tally;
}

static struct finding judge_lines(
        const struct node *node, const struct claimants *claimants, const struct look *look)
{
	static const struct {
		enum host_kind host;
		enum finding_kind kind;
	} rows[] = {
	        {HOST_DEPARTED, FINDING_DEPARTED},
	        {HOST_LEAVING, FINDING_LEAVING},
	        {HOST_FOREIGN, FINDING_FOREIGN},
	        {HOST_RIGHT, FINDING_AGREES},
	        {HOST_EMPTY, FINDING_EMPTY},
	};
	struct tally tally = tally_of(node, claimants, look);
	struct finding finding;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (tally.counts[rows[i].host] == 0)
			continue;
		finding = tally.findings[rows[i].host];
		finding.kind = rows[i].kind;
		if (finding.kind == FINDING_FOREIGN && tally.counts[HOST_RIGHT] == 0)
			finding.kind = FINDING_NOT_YET;
		return finding;
	}
	return (struct finding){.kind = FINDING_NONE};
}

struct finding finding_of(const struct node *node, const struct look *look)
{
	struct claimants claimants = claimants_of(node, look->domain.text);
	struct finding finding = {.kind = FINDING_UNKNOWN};

	if (look->error != NULL)
		finding.kind = FINDING_ERROR;
	else if (look->mx != NULL && claimants.count > 0)
		finding = judge_lines(node, &claimants, look);
	if (claimants.count > 0) {
		finding.has_owner = true;
		memcpy(finding.owner, claimants.authors[0]->key, KEY_SIZE);
	}
	return finding;
}

/* --- words ------------------------------------------------------------------------------------------- */

/* The host that decided; "" without one. */
static void culprit_of(const struct look *look, struct look_line *out)
{
	struct look_cursor cursor = look_cursor_of(look);

	for (unsigned i = 0; i <= look->finding.line; i++) {
		if (!look_next(&cursor, out))
			*out = (struct look_line){.host = ""};
	}
}

struct words {
	const struct node *node;
	const struct look *look;
	const char *domain;
	char host[DOMAIN_LENGTH_MAX + 1];      /* that decided */
	char relay[MEMBER_NAME_MAX + 1];       /* who it is; "" unknown */
	char owner[MEMBER_NAME_MAX + 1];       /* the claimant; "" this node, or unknown */
	char line[DOMAIN_LENGTH_MAX + 1 + 64]; /* the MX line to be set; "" no pool zone */
	bool written;                          /* this node writes the domain's own zone */
	bool ours;                             /* the host is DOMAIN.mx.POOL */
};

static void name_render(const struct node *node, const uint8_t *key, char out[MEMBER_NAME_MAX + 1])
{
	struct bytes name = node_name_of(node, key);

	if (name.length > 0 && name.length <= MEMBER_NAME_MAX) {
		memcpy(out, name.data, name.length);
		out[name.length] = '\0';
	} else {
		key_short_render(key, out);
	}
}

static bool is_written(const struct node *node, const char *domain)
{
	for (unsigned i = 0; i < node->settings->zone_count; i++) {
		if (!node->settings->zones[i].pool && strcmp(node->settings->zones[i].name.text, domain) == 0)
			return true;
	}
	return false;
}

static struct words words_of(const struct node *node, const struct look *look)
{
	struct words words = {.node = node, .look = look, .domain = look->domain.text};
	const struct finding *finding = &look->finding;
	struct look_line line;

	culprit_of(look, &line);
	memcpy(words.host, line.host, sizeof words.host);
	if (finding->has_relay)
		name_render(node, finding->relay, words.relay);
	if (finding->has_owner && memcmp(finding->owner, node->key, KEY_SIZE) != 0 &&
	        !settings_claims(node->settings, bytes_of(words.domain, strlen(words.domain))))
		name_render(node, finding->owner, words.owner);
	if (node->settings->pool_count > 0)
		snprintf(words.line, sizeof words.line, "MX 10 %.120s.mx.%.120s.", words.domain,
		        node->settings->pools[0].text);
	words.written = is_written(node, words.domain);
	words.ours = is_pool_name(node, words.domain, words.host);
	return words;
}

typedef void (*words_fn)(const struct words *words, char *text);

static void say(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, FINDING_TEXT_SIZE, format, arguments);
	va_end(arguments);
}

static void say_nothing(const struct words *words, char *text)
{
	(void)words;
	text[0] = '\0';
}

static void say_unknown(const struct words *words, char *text)
{
	say(text, "public DNS %s",
	        words->look->done_ms == 0 ? "hasn't been looked at yet"
	                                  : "can't be judged: no claim is held");
}

static void say_error(const struct words *words, char *text)
{
	say(text, "public DNS can't be looked at: %s", words->look->error != NULL ? words->look->error : "");
}

static void say_agrees(const struct words *words, char *text)
{
	(void)words;
	say(text, "public DNS agrees");
}

static void say_empty(const struct words *words, char *text)
{
	say(text, "%s has no address yet: no publisher names a relay", words->host);
}

static void say_not_yet(const struct words *words, char *text)
{
	say(text, "registrar still names %s", words->host);
}

static void say_departed(const struct words *words, char *text)
{
	if (words->relay[0] == '\0')
		say(text, "public DNS names %s, a relay that nobody here knows any more", words->host);
	else
		say(text, "public DNS names %s (%s), which doesn't carry it", words->host, words->relay);
}

static void say_leaving(const struct words *words, char *text)
{
	say(text, "public DNS names %s (%s), which is leaving it", words->host, words->relay);
}

static void say_foreign(const struct words *words, char *text)
{
	say(text, "public DNS also names %s, neither a relay of it nor a fixed line", words->host);
}

static void say_none(const struct words *words, char *text)
{
	(void)words;
	say(text, "public DNS has no MX for it");
}

void finding_describe(const struct node *node, const struct look *look, char text[FINDING_TEXT_SIZE])
{
	static const words_fn rows[FINDINGS] = {
	        [FINDING_UNKNOWN] = say_unknown,
	        [FINDING_ERROR] = say_error,
	        [FINDING_AGREES] = say_agrees,
	        [FINDING_EMPTY] = say_empty,
	        [FINDING_NOT_YET] = say_not_yet,
	        [FINDING_DEPARTED] = say_departed,
	        [FINDING_LEAVING] = say_leaving,
	        [FINDING_FOREIGN] = say_foreign,
	        [FINDING_NONE] = say_none,
	};
	struct words words = words_of(node, look);

	rows[look->finding.kind](&words, text);
}

/* --- advice ------------------------------------------------------------------------------------------ */

static void advise_set(const struct words *words, char *text)
{
	if (words->written)
		say(text, "%s is written here: is it delegated to this name server?", words->domain);
	else if (words->line[0] == '\0')
		say(text, "name the relays' hosts where %s is written; no pool_zone is configured",
		        words->domain);
	else if (words->owner[0] == '\0')
		say(text, "set \"%s\" at your registrar", words->line);
	else
		say(text, "%s must set \"%s\"", words->owner, words->line);
}

static void advise_departed(const struct words *words, char *text)
{
	if (words->ours || words->written)
		say(text, "the publishers take it out by themselves; if it stays, see meshctl why %s there",
		        words->domain);
	else if (words->owner[0] == '\0')
		say(text, "take %s out at your registrar; best set \"%s\"", words->host, words->line);
	else
		say(text, "%s must take %s out at its registrar; best set \"%s\"", words->owner, words->host,
		        words->line);
}

static void advise_foreign(const struct words *words, char *text)
{
	if (words->owner[0] == '\0')
		say(text, "take it out, or say that it is meant: \"fixed_mx %s PREFERENCE\" in claims",
		        words->host);
	else
		say(text, "%s must take it out, or say in its claims that it is meant (fixed_mx)",
		        words->owner);
}

static void advise_error(const struct words *words, char *text)
{
	(void)words;
	say(text, "see whether all name servers of it answer; until then it counts as naming whom it named");
}

static void advise_empty(const struct words *words, char *text)
{
	(void)words;
	say(text, "it takes a publisher of the pool zone, and a relay that serves the domain");
}

void finding_advise(const struct node *node, const struct look *look, char tip[FINDING_TEXT_SIZE])
{
	static const words_fn rows[FINDINGS] = {
	        [FINDING_UNKNOWN] = say_nothing,
	        [FINDING_ERROR] = advise_error,
	        [FINDING_AGREES] = say_nothing,
	        [FINDING_EMPTY] = advise_empty,
	        [FINDING_NOT_YET] = advise_set,
	        [FINDING_DEPARTED] = advise_departed,
	        [FINDING_LEAVING] = advise_departed,
	        [FINDING_FOREIGN] = advise_foreign,
	        [FINDING_NONE] = advise_set,
	};
	struct words words = words_of(node, look);

	rows[look->finding.kind](&words, tip);
}
