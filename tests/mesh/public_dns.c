/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/mesh/public_dns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/lines.h"
#include "tests/mesh/member.h"
#include "tests/mesh/must.h"

void public_dns_fini(struct public_dns *dns)
{
	for (unsigned i = 0; i < dns->word_count; i++) {
		free(dns->words[i].mx);
		free(dns->words[i].error);
	}
	for (unsigned i = 0; i < dns->zone_count; i++)
		free(dns->zones[i].text);
	free(dns->words);
	free(dns->zones);
	*dns = (struct public_dns){.word_count = 0};
}

/* --- what is said of a domain -------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
	return must_copy(text, strlen(text));
}

static struct public_word *word_find(const struct public_dns *dns, const char *domain)
{
	for (unsigned i = 0; i < dns->word_count; i++) {
		if (strcmp(dns->words[i].domain, domain) == 0)
			return &dns->words[i];
	}
	return NULL;
}

/* The domain's word, with nothing in it. */
static struct public_word *word_anew(struct public_dns *dns, const char *domain)
{
	struct public_word *word = word_find(dns, domain);

	MUST(strlen(domain) <= DOMAIN_LENGTH_MAX, "%s is too long", domain);
	if (word == NULL) {
		dns->words = must_grow(dns->words, (dns->word_count + 1) * sizeof *dns->words);
		word = &dns->words[dns->word_count++];
	} else {
		free(word->mx);
		free(word->error);
	}
	*word = (struct public_word){.ttl_s = 60};
	memcpy(word->domain, domain, strlen(domain));
	return word;
}

void public_dns_say(struct public_dns *dns, const char *domain, unsigned ttl_s, const char *mx)
{
	struct public_word *word = word_anew(dns, domain);

	word->ttl_s = ttl_s;
	word->mx = copy_text(mx);
}

void public_dns_follow(struct public_dns *dns, const char *domain, const struct member *publisher)
{
	word_anew(dns, domain != NULL ? domain : "")->publisher = publisher;
}

void public_dns_break(struct public_dns *dns, const char *domain, const char *error)
{
	word_anew(dns, domain)->error = copy_text(error);
}

/* --- zones ------------------------------------------------------------------------------------------- */

/* Those that a newer one has taken the place of at every server. */
static void drop_replaced(struct public_dns *dns, const struct public_zone *by, int64_t now_ms)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < dns->zone_count; i++) {
		struct public_zone *zone = &dns->zones[i];

		if (by->at_ms <= now_ms && zone->publisher == by->publisher &&
		        strcmp(zone->name, by->name) == 0)
			free(zone->text);
		else
			dns->zones[kept++] = *zone;
	}
	dns->zone_count = kept;
}

void public_dns_written(struct public_dns *dns, const struct member *publisher, const char *zone,
        const char *text, int64_t now_ms)
{
	struct public_zone written = {.publisher = publisher, .at_ms = now_ms + dns->delay_ms};

	snprintf(written.name, sizeof written.name, "%s", zone);
	written.text = copy_text(text);
	drop_replaced(dns, &written, now_ms);
	dns->zones = must_grow(dns->zones, (dns->zone_count + 1) * sizeof *dns->zones);
	dns->zones[dns->zone_count++] = written;
}

/* NULL: no server has that zone yet. */
static const char *zone_text(
        const struct public_dns *dns, const struct member *publisher, const char *name, int64_t now_ms)
{
	const char *text = NULL;

	for (unsigned i = 0; i < dns->zone_count; i++) {
		const struct public_zone *zone = &dns->zones[i];

		if (zone->publisher == publisher && zone->at_ms <= now_ms && strcmp(zone->name, name) == 0)
			text = zone->text;
	}
	return text;
}

/* Of the names of a zone's lines "OWNER TTL IN TYPE DATA" one without its dot at the end. */
static bool field_is_name(struct bytes field, const char *name)
{
	return field.length == strlen(name) + 1 && memcmp(field.data, name, strlen(name)) == 0;
}

/* ",ADDRESS,..." of a host, "-" for none; the TTL of the last one to *ttl_s, if it is larger. */
static void put_host(const char *zone, const char *host, struct writer *w, uint64_t *ttl_s)
{
	struct lines lines = lines_of(bytes_of(zone, strlen(zone)));
	struct line line;
	unsigned count = 0;
	uint64_t ttl = 0;

	while (lines_next(&lines, &line)) {
		if (!field_is_name(line.fields[0], host) || line.count != 5 ||
		        !(field_is(line.fields[3], "A") || field_is(line.fields[3], "AAAA")))
			continue;
		field_number(line.fields[1], UINT32_MAX, &ttl);
		*ttl_s = ttl > *ttl_s ? ttl : *ttl_s;
		writer_format(w, "%s%.*s", count++ > 0 ? "," : "", (int)line.fields[4].length,
		        (const char *)line.fields[4].data);
	}
	if (count == 0)
		writer_format(w, "-");
}

/* --- answers ----------------------------------------------------------------------------------------- */

/* The MX lines of a domain's own zone. */
static void put_own_zone(const char *domain, const char *zone, const char *pool, struct writer *w)
{
	struct lines lines = lines_of(bytes_of(zone, strlen(zone)));
	struct line line;
	unsigned count = 0;
	char host[DOMAIN_LENGTH_MAX + 1];
	uint64_t ttl_s = 60;

	while (lines_next(&lines, &line)) {
		if (!field_is(line.fields[3], "MX"))
			continue;
		MUST(line.count == 6 && line.fields[5].length <= DOMAIN_LENGTH_MAX + 1, "an odd MX");
		field_number(line.fields[1], UINT32_MAX, &ttl_s);
		snprintf(host, sizeof host, "%.*s", (int)line.fields[5].length - 1,
		        (const char *)line.fields[5].data);
		writer_format(w, "%s %" PRIu64 " %.*s %s ", domain, ttl_s, (int)line.fields[4].length,
		        (const char *)line.fields[4].data, host);
		put_host(pool, host, w, &ttl_s);
		writer_format(w, "\n");
		count++;
	}
	if (count == 0)
		writer_format(w, "%s %" PRIu64 " none\n", domain, ttl_s);
}

static void put_followed(const struct public_dns *dns, int64_t now_ms, const char *domain,
        const struct member *publisher, struct writer *w)
{
	const char *pool_name = publisher->pools.list[0].text;
	const char *own = zone_text(dns, publisher, domain, now_ms);
	const char *pool = zone_text(dns, publisher, pool_name, now_ms);
	struct writer host;
	char name[2 * DOMAIN_LENGTH_MAX + 8];
	uint64_t ttl_s = 60;

	if (own != NULL) {
		put_own_zone(domain, own, pool != NULL ? pool : "", w);
		return;
	}
	snprintf(name, sizeof name, "%s.mx.%s", domain, pool_name);
	writer_init(&host, OBJECT_SIZE_MAX);
	put_host(pool != NULL ? pool : "", name, &host, &ttl_s);
	writer_format(w, "%s %" PRIu64 " 10 %s %.*s\n", domain, ttl_s, name, (int)host.length,
	        (const char *)host.data);
	writer_fini(&host);
}

static void put_said(const struct public_word *word, const char *domain, struct writer *w)
{
	struct lines lines = lines_of(bytes_of(word->mx, strlen(word->mx)));
	struct line line;

	if (word->mx[0] == '\0')
		writer_format(w, "%s %u none\n", domain, word->ttl_s);
	while (lines_next(&lines, &line)) {
		MUST(line.count == 3, "an odd MX of %s: %s", domain, word->mx);
		writer_format(w, "%s %u %.*s %.*s %.*s\n", domain, word->ttl_s, (int)line.fields[0].length,
		        (const char *)line.fields[0].data, (int)line.fields[1].length,
		        (const char *)line.fields[1].data, (int)line.fields[2].length,
		        (const char *)line.fields[2].data);
	}
}

static void put_domain(const struct public_dns *dns, int64_t now_ms, const char *domain, struct writer *w)
{
	const struct public_word *word = word_find(dns, domain);

	if (word == NULL)
		word = word_find(dns, "");
	if (word == NULL)
		writer_format(w, "%s 300 none\n", domain);
	else if (word->error != NULL)
		writer_format(w, "%s error %s\n", domain, word->error);
	else if (word->publisher != NULL)
		put_followed(dns, now_ms, domain, word->publisher, w);
	else
		put_said(word, domain, w);
}

void public_dns_look(struct public_dns *dns, int64_t now_ms, struct bytes names, struct writer *w)
{
	struct lines lines = lines_of(names);
	struct line line;
	char domain[DOMAIN_LENGTH_MAX + 1];

	while (lines_next(&lines, &line)) {
		MUST(line.count == 1 && line.fields[0].length <= DOMAIN_LENGTH_MAX, "no name is looked at");
		snprintf(domain, sizeof domain, "%.*s", (int)line.fields[0].length,
		        (const char *)line.fields[0].data);
		put_domain(dns, now_ms, domain, w);
		dns->looks++;
	}
}
