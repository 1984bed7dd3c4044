/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/driver/dns_chain.h"

#include "agent/memory.h"

#include <search.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- memory of a batch ------------------------------------------------------------------------------- */

struct memory {
	const struct chain_setup *setup;
	void *root; /* of all queries, a tree */
	struct dns_query **queries;
	unsigned count;
	unsigned asked; /* the first of them are answered */
	struct dns_servers servers;
	int64_t end_ms;
};

static int compare_queries(const void *a, const void *b)
{
	const struct dns_query *left = a, *right = b;
	int order = strcmp(left->question.name, right->question.name);

	if (order == 0)
		order = (left->question.type > right->question.type) -
		        (left->question.type < right->question.type);
	if (order == 0)
		order = left->question.recurse - right->question.recurse;
	if (order == 0)
		order = left->server.port - right->server.port;
	return order != 0 ? order : address_compare(&left->server.address, &right->server.address);
}

/* The question to that server, noted if it is new; NULL: there are too many. */
static const struct dns_query *memory_ask(struct memory *memory, const struct dns_server *server,
        const char *name, ldns_rr_type type, bool recurse)
{
	struct dns_query wanted = {.server = *server, .question = {.type = type, .recurse = recurse}};
	struct dns_query *const *found, *query;

	snprintf(wanted.question.name, sizeof wanted.question.name, "%s", name);
	found = tfind(&wanted, &memory->root, compare_queries);
	if (found)
		return *found;
	if (memory->count == CHAIN_QUERIES_MAX)
		return NULL;
	query = malloc(sizeof *query);
	MEMORY(query != NULL);
	*query = wanted;
	MEMORY(tsearch(query, &memory->root, compare_queries) != NULL);
	memory->queries[memory->count++] = query;
	return query;
}

static void memory_fini(struct memory *memory)
{
	for (unsigned i = 0; i < memory->count; i++) {
		tdelete(memory->queries[i], &memory->root, compare_queries);
		dns_reply_fini(&memory->queries[i]->reply);
		free(memory->queries[i]);
	}
	free(memory->queries);
	dns_servers_fini(&memory->servers);
}

/* --- one domain -------------------------------------------------------------------------------------- */

struct mx {
	uint16_t preference;
	char host[DNS_NAME_BYTES];
	struct address addresses[LOOK_ADDRESSES_MAX];
	unsigned count;
};

struct search {
	struct memory *memory;
	const char *domain;
	bool is_waiting; /* something isn't known yet */
	bool has_failed;
	char error[LOOK_ERROR_MAX + 1];
	uint32_t ttl_s;
	uint32_t negative_ttl_s;
	struct mx mx[LOOK_MX_MAX];
	unsigned count;
	unsigned addresses; /* of all hosts */
	bool refuses_mail;  /* a null MX (RFC 7505) */
};

/* The first error is told. False, for returning it. */
__attribute__((format(printf, 2, 3))) static bool fail(struct search *search, const char *format, ...)
{
	va_list arguments;

	if (search->has_failed)
		return false;
	search->has_failed = true;
	va_start(arguments, format);
	vsnprintf(search->error, sizeof search->error, format, arguments);
	va_end(arguments);
	return false;
}

/* Is everything known so far, and nothing wrong? */
static bool goes_on(const struct search *search)
{
	return !search->is_waiting && !search->has_failed;
}

/* An answer to a question; NULL: not yet, or there are too many, which was told. */
static const struct dns_query *ask(struct search *search, const struct dns_server *server, const char *name,
        ldns_rr_type type, bool recurse)
{
	const struct dns_query *query = memory_ask(search->memory, server, name, type, recurse);

	if (!query)
		fail(search, "it takes too many questions");
	else if (query->state == DNS_WAITS)
		search->is_waiting = true;
	return query && query->state != DNS_WAITS ? query : NULL;
}

static const char *code_text(ldns_pkt_rcode code)
{
	static const char *const texts[] = {
	        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMPL", "REFUSED"};

	return (size_t)code < sizeof texts / sizeof texts[0] ? texts[code] : "an error";
}

/* What is wrong with an answer; NULL: nothing. */
static const char *query_fault(const struct dns_query *query)
{
	switch (query->state) {
	case DNS_WAITS:
	case DNS_SILENT:
		return "doesn't answer";
	case DNS_NO_WAY:
		return "can't be reached: no route";
	case DNS_NONSENSE:
		return "answers nonsense";
	case DNS_ANSWERED:
		break;
	}
	if (query->reply.code != LDNS_RCODE_NOERROR && query->reply.code != LDNS_RCODE_NXDOMAIN)
		return code_text(query->reply.code);
	return NULL;
}

static void ttl_note(struct search *search, uint32_t ttl_s)
{
	if (ttl_s > search->ttl_s)
		search->ttl_s = ttl_s;
}

/* --- by the resolvers -------------------------------------------------------------------------------- */

/* Of the first resolver that has a good answer. */
static const struct dns_query *resolve(struct search *search, const char *name, ldns_rr_type type)
{
	const struct chain_setup *setup = search->memory->setup;
	const struct dns_query *query = NULL;
	char address[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < setup->resolver_count; i++) {
		query = ask(search, &setup->resolvers[i], name, type, true);
		if (!query || !query_fault(query))
			return query;
	}
	address_render(&setup->resolvers[setup->resolver_count - 1].address, address);
	fail(search, "resolver %s, asked for %.100s: %s", address, name[0] ? name : ".", query_fault(query));
	return NULL;
}

/* A zone by the end of a name in it, and the hosts that serve it. */
struct zone {
	const char *name; /* "": the root */
	const char *hosts[CHAIN_HOSTS_MAX];
	unsigned count;
};

/* The name without its first label; "" of a top-level one. */
static const char *name_above(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot ? dot + 1 : "";
}

/* Where `end` begins in `name`, whose proper end it is, by labels; NULL: it isn't. */
static const char *name_end(const char *name, const char *end)
{
	size_t length = strlen(name), end_length = strlen(end);

	if (end_length == 0)
		return name + length;
	if (length <= end_length || name[length - end_length - 1] != '.' ||
	        strcmp(name + length - end_length, end) != 0)
		return NULL;
	return name + length - end_length;
}

static bool host_add(struct search *search, const char *host, struct zone *zone)
{
	for (unsigned i = 0; i < zone->count; i++) {
		if (strcmp(zone->hosts[i], host) == 0)
			return true;
	}
	if (zone->count == CHAIN_HOSTS_MAX)
		return fail(search, "%.100s has more than %d name servers", zone->name, CHAIN_HOSTS_MAX);
	zone->hosts[zone->count++] = host;
	return true;
}

static bool hosts_take(struct search *search, const struct dns_reply *reply, struct zone *zone)
{
	bool ok = true;

	for (unsigned i = 0; ok && i < reply->count; i++) {
		const struct dns_record *record = &reply->records[i];

		if (record->type != LDNS_RR_TYPE_NS)
			continue;
		ok = record->is_odd || record->name[0] == '\0'
		             ? fail(search, "%.100s has a name server whose name is none", zone->name)
		             : host_add(search, record->name, zone);
	}
	return ok;
}

/* Has the name an alias? Then what a resolver says besides is about somebody else. */
static bool is_alias(const struct dns_reply *reply)
{
	for (unsigned i = 0; i < reply->count; i++) {
		if (reply->records[i].type == LDNS_RR_TYPE_CNAME)
			return true;
	}
	return false;
}

/* The zone that a name is in by its own word: the closest name at or above it that has name servers. A denial
 * says whence it comes, which saves steps. */
static bool zone_find_itself(struct search *search, const char *name, struct zone *zone)
{
	*zone = (struct zone){.name = name};
	for (unsigned i = 0; i < CHAIN_CUTS_MAX; i++) {
		const struct dns_query *query = resolve(search, zone->name, LDNS_RR_TYPE_NS);
		const char *above = NULL;

		if (!query)
			return false;
		if (!is_alias(&query->reply) && !hosts_take(search, &query->reply, zone))
			return false;
		if (zone->count > 0)
			return true;
		if (zone->name[0] == '\0')
			break;
		if (query->reply.has_zone && !is_alias(&query->reply))
			above = name_end(zone->name, query->reply.zone);
		zone->name = above ? above : name_above(zone->name);
	}
	return fail(search, "no zone is found for %.100s", name);
}

/* --- of the servers themselves ------------------------------------------------------------------------ */

struct servers {
	const struct zone *zone;
	struct dns_server at[CHAIN_ADDRESSES_MAX];
	unsigned host[CHAIN_ADDRESSES_MAX]; /* of the zone */
	unsigned count;
};

static bool servers_take(
        struct search *search, const struct dns_reply *reply, unsigned host, struct servers *servers)
{
	const char *name = servers->zone->hosts[host];

	for (unsigned i = 0; i < reply->count; i++) {
		const struct dns_record *record = &reply->records[i];

		if (record->type == LDNS_RR_TYPE_CNAME)
			continue;
		if (record->is_odd || !address_is_usable_host(&record->address) ||
		        address_is_loopback(&record->address))
			return fail(search, "name server %.100s has an address where no server can be", name);
		if (servers->count == CHAIN_ADDRESSES_MAX)
			return fail(search, "the name servers of %.80s have more than %d addresses",
			        servers->zone->name, CHAIN_ADDRESSES_MAX);
		servers->host[servers->count] = host;
		servers->at[servers->count++] = (struct dns_server){
		        .address = record->address, .port = search->memory->setup->server_port};
	}
	return true;
}

/* All addresses of all of a zone's servers. */
static bool servers_find(struct search *search, const struct zone *zone, struct servers *servers)
{
	*servers = (struct servers){.zone = zone};
	for (unsigned i = 0; i < zone->count; i++) {
		const struct dns_query *v4 = resolve(search, zone->hosts[i], LDNS_RR_TYPE_A);
		const struct dns_query *v6 = resolve(search, zone->hosts[i], LDNS_RR_TYPE_AAAA);
		unsigned before = servers->count;

		if (!v4 || !v6)
			continue;
		if (!servers_take(search, &v4->reply, i, servers) ||
		        !servers_take(search, &v6->reply, i, servers))
			return false;
		if (servers->count == before)
			return fail(search, "name server %.100s has no address", zone->hosts[i]);
	}
	return goes_on(search);
}

/* Adds the servers that the zone above refers to, of which one good answer is enough. */
static bool zone_add_referred(struct search *search, struct zone *zone)
{
	struct servers servers;
	struct zone above;

	if (zone->name[0] == '\0')
		return true;
	if (!zone_find_itself(search, name_above(zone->name), &above) ||
	        !servers_find(search, &above, &servers))
		return false;
	for (unsigned i = 0; i < servers.count; i++) {
		const struct dns_query *query =
		        ask(search, &servers.at[i], zone->name, LDNS_RR_TYPE_NS, false);

		if (!query)
			return false;
		if (!query_fault(query))
			return hosts_take(search, &query->reply, zone);
	}
	return fail(search, "no name server of %.60s says who serves %.100s",
	        above.name[0] ? above.name : ".", zone->name);
}

static bool zone_find(struct search *search, const char *name, struct zone *zone)
{
	return zone_find_itself(search, name, zone) && zone_add_referred(search, zone);
}

/* Takes one server's good answer. */
typedef bool (*take_fn)(struct search *search, const struct dns_reply *reply, void *context);

/* A zone's server answers as its authority, or says whom it doesn't know. */
static bool answer_check(
        struct search *search, const struct servers *servers, unsigned place, const struct dns_query *query)
{
	const char *fault = query_fault(query), *host = servers->zone->hosts[servers->host[place]];
	char address[ADDRESS_TEXT_BYTES];

	address_render(&servers->at[place].address, address);
	if (fault)
		return fail(search, "name server %.100s (%s): %s", host, address, fault);
	if (!query->reply.authoritative)
		return fail(search, "name server %.100s (%s) isn't authoritative for %.60s (lame)", host,
		        address, servers->zone->name[0] ? servers->zone->name : ".");
	return true;
}

/* Addresses of a family that this machine has no way to are left out, if the same host answers at another. */
static bool hosts_check(struct search *search, const struct servers *servers, const bool *answered)
{
	for (unsigned i = 0; i < servers->zone->count; i++) {
		if (!answered[i])
			return fail(search,
			        "name server %.100s can't be reached: this machine has no route to it",
			        servers->zone->hosts[i]);
	}
	return true;
}

/* Asks each server of the zone. True: all have answered. */
static bool servers_ask(struct search *search, const struct servers *servers, const char *name,
        ldns_rr_type type, take_fn take, void *context)
{
	bool answered[CHAIN_HOSTS_MAX] = {false};

	for (unsigned i = 0; i < servers->count; i++) {
		const struct dns_query *query = ask(search, &servers->at[i], name, type, false);

		if (!query || query->state == DNS_NO_WAY)
			continue;
		answered[servers->host[i]] = true;
		if (!answer_check(search, servers, i, query) || !take(search, &query->reply, context))
			return false;
	}
	return goes_on(search) && hosts_check(search, servers, answered);
}

/* Names to be asked for: one, and what aliases it has. Borrowed from replies. */
struct names {
	const char *at[CHAIN_ALIASES_MAX];
	unsigned count;
};

static bool names_add(struct search *search, struct names *names, const struct dns_record *record)
{
	for (unsigned i = 0; i < names->count; i++) {
		if (strcmp(names->at[i], record->name) == 0)
			return true;
	}
	if (record->is_odd || record->name[0] == '\0')
		return fail(search, "%.100s is an alias of what is no name", names->at[0]);
	if (names->count == CHAIN_ALIASES_MAX)
		return fail(search, "%.100s leads to too many aliases", names->at[0]);
	names->at[names->count++] = record->name;
	ttl_note(search, record->ttl_s);
	return true;
}

static void negative_note(struct search *search, const struct dns_reply *reply)
{
	uint32_t ttl_s = reply->has_zone && reply->negative_ttl_s < CHAIN_NEGATIVE_TTL_MAX
	                         ? reply->negative_ttl_s
	                         : CHAIN_NEGATIVE_TTL_MAX;

	if (reply->count == 0 && ttl_s > search->negative_ttl_s)
		search->negative_ttl_s = ttl_s;
}

/* --- MX ---------------------------------------------------------------------------------------------- */

static bool mx_add(struct search *search, uint16_t preference, const char *host)
{
	for (unsigned i = 0; i < search->count; i++) {
		if (search->mx[i].preference == preference && strcmp(search->mx[i].host, host) == 0)
			return true;
	}
	if (search->count == LOOK_MX_MAX)
		return fail(search, "it has more than %d MX", LOOK_MX_MAX);
	search->mx[search->count].preference = preference;
	snprintf(search->mx[search->count++].host, DNS_NAME_BYTES, "%s", host);
	return true;
}

/* One server's MX set. context: names */
static bool mx_take(struct search *search, const struct dns_reply *reply, void *context)
{
	bool ok = true;

	negative_note(search, reply);
	for (unsigned i = 0; ok && i < reply->count; i++) {
		const struct dns_record *record = &reply->records[i];

		if (record->type == LDNS_RR_TYPE_CNAME) {
			ok = names_add(search, context, record);
			continue;
		}
		ttl_note(search, record->ttl_s);
		if (record->is_odd)
			ok = fail(search, "one of its MX is no name: %.100s", record->name);
		else if (record->name[0] == '\0')
			search->refuses_mail = true;
		else
			ok = mx_add(search, record->preference, record->name);
	}
	return ok;
}

/* What to do with a name of a list in its zone. */
typedef bool (*name_fn)(struct search *search, const struct servers *servers, const char *name,
        struct names *names, void *context);

/* Goes through a name and its aliases, each at the servers of its own zone. */
static bool names_each(struct search *search, const char *name, name_fn look, void *context)
{
	struct names names = {.at = {name}, .count = 1};

	for (unsigned i = 0; i < names.count; i++) {
		struct servers servers;
		struct zone zone;

		if (!zone_find(search, names.at[i], &zone) || !servers_find(search, &zone, &servers) ||
		        !look(search, &servers, names.at[i], &names, context))
			return false;
	}
	return true;
}

static bool look_mx(struct search *search, const struct servers *servers, const char *name,
        struct names *names, void *context)
{
	(void)context;
	return servers_ask(search, servers, name, LDNS_RR_TYPE_MX, mx_take, names);
}

/* --- addresses --------------------------------------------------------------------------------------- */

struct host {
	struct mx *mx;
	struct names *names;
};

static bool address_add(struct search *search, struct mx *mx, const struct address *address)
{
	for (unsigned i = 0; i < mx->count; i++) {
		if (address_compare(&mx->addresses[i], address) == 0)
			return true;
	}
	if (search->addresses == LOOK_ADDRESSES_MAX)
		return fail(search, "its hosts have more than %d addresses", LOOK_ADDRESSES_MAX);
	mx->addresses[mx->count++] = *address;
	search->addresses++;
	return true;
}

/* One server's addresses of a host. context: struct host */
static bool address_take(struct search *search, const struct dns_reply *reply, void *context)
{
	const struct host *host = context;
	bool ok = true;

	negative_note(search, reply);
	for (unsigned i = 0; ok && i < reply->count; i++) {
		const struct dns_record *record = &reply->records[i];

		if (record->type == LDNS_RR_TYPE_CNAME) {
			ok = names_add(search, host->names, record);
			continue;
		}
		ttl_note(search, record->ttl_s);
		ok = record->is_odd ? fail(search, "%.100s has an address that is none", host->mx->host)
		                    : address_add(search, host->mx, &record->address);
	}
	return ok;
}

static bool look_addresses(struct search *search, const struct servers *servers, const char *name,
        struct names *names, void *context)
{
	struct host host = {.mx = context, .names = names};
	bool v4 = servers_ask(search, servers, name, LDNS_RR_TYPE_A, address_take, &host);
	bool v6 = servers_ask(search, servers, name, LDNS_RR_TYPE_AAAA, address_take, &host);

	return v4 && v6;
}

/* --- the whole --------------------------------------------------------------------------------------- */

/* Each host by itself: what one waits for doesn't hold up the others. */
static void hosts_run(struct search *search)
{
	bool is_waiting = false;

	for (unsigned i = 0; i < search->count; i++) {
		search->is_waiting = false;
		names_each(search, search->mx[i].host, look_addresses, &search->mx[i]);
		is_waiting |= search->is_waiting;
	}
	search->is_waiting = is_waiting;
}

/* Without any MX mail goes to the domain's own addresses (RFC 5321 §5.1). */
static void search_run(struct search *search)
{
	bool implicit;

	if (!names_each(search, search->domain, look_mx, NULL))
		return;
	implicit = search->count == 0 && !search->refuses_mail;
	if (implicit)
		mx_add(search, 0, search->domain);
	hosts_run(search);
	if (goes_on(search) && implicit && search->addresses == 0)
		search->count = 0;
}

/* Runs from the start with what is known by now. False: something isn't. */
static bool search_try(struct search *search, struct memory *memory, const char *domain)
{
	*search = (struct search){.memory = memory, .domain = domain};
	search_run(search);
	return search->has_failed || !search->is_waiting;
}

static int compare_mx(const void *a, const void *b)
{
	const struct mx *left = a, *right = b;
	int order = (left->preference > right->preference) - (left->preference < right->preference);

	return order != 0 ? order : strcmp(left->host, right->host);
}

static int compare_addresses(const void *a, const void *b)
{
	return address_compare(a, b);
}

static void mx_put(const struct search *search, struct mx *mx, struct text *lines)
{
	char address[ADDRESS_TEXT_BYTES];

	qsort(mx->addresses, mx->count, sizeof *mx->addresses, compare_addresses);
	text_print(lines, "%s %u %u %s ", search->domain, search->ttl_s, mx->preference, mx->host);
	for (unsigned i = 0; i < mx->count; i++) {
		address_render(&mx->addresses[i], address);
		text_print(lines, "%s%s", i > 0 ? "," : "", address);
	}
	text_print(lines, "%s\n", mx->count == 0 ? "-" : "");
}

/* An error's words stand in a line that knows comments. */
static void error_put(const struct search *search, struct text *lines)
{
	char words[sizeof search->error];

	for (size_t i = 0; i < sizeof words; i++) {
		char c = search->error[i];

		words[i] = (char)(c == '\0' || (c >= ' ' && c <= '~' && c != '#') ? c : '?');
	}
	text_print(lines, "%s error %s\n", search->domain, words);
}

static void search_put(struct search *search, struct text *lines)
{
	if (search->has_failed) {
		error_put(search, lines);
		return;
	}
	qsort(search->mx, search->count, sizeof *search->mx, compare_mx);
	for (unsigned i = 0; i < search->count; i++)
		mx_put(search, &search->mx[i], lines);
	if (search->count == 0)
		text_print(lines, "%s %u none\n", search->domain,
		        search->negative_ttl_s > search->ttl_s ? search->negative_ttl_s : search->ttl_s);
}

/* Tries all that aren't done; how many are left. */
static unsigned round_run(struct memory *memory, struct search *search, const char *const *domains,
        bool *done, unsigned count, struct text *lines)
{
	bool late = dns_clock_ms() >= memory->end_ms;
	unsigned left = 0;

	for (unsigned i = 0; i < count; i++) {
		if (done[i])
			continue;
		done[i] = search_try(search, memory, domains[i]);
		if (!done[i] && late)
			done[i] = !fail(search, "no answer in time");
		if (done[i])
			search_put(search, lines);
		left += !done[i];
	}
	return left;
}

void chain_look(
        const struct chain_setup *setup, const char *const *domains, unsigned count, struct text *lines)
{
	struct memory memory = {.setup = setup, .end_ms = dns_clock_ms() + CHAIN_BATCH_MS};
	struct search *search = malloc(sizeof *search);
	bool *done = calloc(count + 1, sizeof *done);

	memory.queries = calloc(CHAIN_QUERIES_MAX, sizeof(struct dns_query *));
	MEMORY(search != NULL && done != NULL && memory.queries != NULL);
	while (round_run(&memory, search, domains, done, count, lines) > 0) {
		dns_ask(&memory.servers, memory.queries + memory.asked, memory.count - memory.asked,
		        memory.end_ms);
		memory.asked = memory.count;
	}
	memory_fini(&memory);
	free(done);
	free(search);
}
