/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the operator decided about others, as files in /etc/meshd/NET: members/ (a key line a file), claims
 * (DOMAIN, fixed_mx HOST PREFERENCE), accepts (DOMAIN from KEY), denies (KEY), relays (KEY PREFERENCE or KEY
 * no), forced (agent/operator/forced_file.h). These are inputs to planning, so all of them are checked before
 * any counts: one broken line fails the whole load, and what was loaded before stays in force.
 *
 * A file that has gone is a fault too, not an empty one: removing it by mistake must not end every claim. But
 * relays and forced may be missing: they hold exceptions only.
 *
 * Keys bind, names don't: meshctl writes the KEY into accepts and denies, so that pinning another key under
 * an old name never hands over what the old one was trusted with. A NAME written by hand is looked up in
 * members/ at each load and marked by_name, so that `status` can advise against it.
 *
 * Not pure: files. sodium_init() comes first.
 */
#ifndef AGENT_OPERATOR_FILES_H
#define AGENT_OPERATOR_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/operator/complaint.h"
#include "agent/operator/forced_file.h"
#include "agent/operator/paths.h"
#include "proto/domain.h"
#include "proto/key.h"
#include "proto/keyline.h"
#include "proto/limits.h"
#include "proto/result.h"

enum {
	OPERATOR_MEMBERS_MAX = 1024, /* = the carry set: more could never count */
	OPERATOR_CLAIMS_MAX = 32768, /* what one head's chunks hold */
};

struct member {
	char name[MEMBER_NAME_BYTES]; /* the file's: what this operator calls it */
	struct keyline keyline;       /* what it calls itself, its key, where to dial first */
};

struct own_claim {
	char domain[DOMAIN_LENGTH_MAX + 1];
	unsigned line;
};

/* "fixed_mx HOST PREFERENCE" behind a claim: an MX line that is published whatever relays do. */
struct claim_mx {
	char domain[DOMAIN_LENGTH_MAX + 1];
	char host[DOMAIN_LENGTH_MAX + 1];
	uint16_t preference;
};

struct accept {
	char domain[DOMAIN_LENGTH_MAX + 1];
	uint8_t key[KEY_BYTES];
	bool by_name;
	unsigned line;
};

struct deny {
	uint8_t key[KEY_BYTES];
	bool by_name;
	unsigned line;
};

/* What this operator says of one relay for the domains of this node; it may be this node itself. */
struct relay_entry {
	uint8_t key[KEY_BYTES];
	bool is_excluded; /* "no": left out */
	uint16_t preference;
	bool by_name;
	unsigned line;
};

/* Sorted, without doubles: members by name, claims by domain, accepts by domain and key, denies and relays by
 * key. */
struct operator_files {
	struct member *members;
	size_t member_count;
	struct own_claim *claims;
	size_t claim_count;
	struct claim_mx *claim_mxs; /* in order of the file */
	size_t claim_mx_count;
	struct accept *accepts;
	size_t accept_count;
	struct deny *denies;
	size_t deny_count;
	struct relay_entry *relays;
	size_t relay_count;
	struct forced forced;
};

/* Loads all files into *files, which need not be initialised. own_key may be NULL; if not, a file that pins,
 * accepts or denies it is refused. operator_files_fini() after success. On failure *files holds nothing and
 * why says file, line, what was expected and what to try: BAD_CONFIG, NOT_FOUND, TOO_LARGE, IO, NO_MEMORY. */
enum result operator_files_load(struct operator_files *files, const struct paths *paths,
        const uint8_t *own_key, struct complaint *why);

void operator_files_fini(struct operator_files *files);

/* Borrowed from *files; NULL if there is none. */
const struct member *operator_files_member_named(const struct operator_files *files, const char *name);
const struct member *operator_files_member_keyed(
        const struct operator_files *files, const uint8_t key[KEY_BYTES]);
const struct own_claim *operator_files_claim_find(const struct operator_files *files, const char *domain);
const struct accept *operator_files_accept_find(
        const struct operator_files *files, const char *domain, const uint8_t key[KEY_BYTES]);
/* All of one domain, which stand together; *count of them, 0: none. */
const struct accept *operator_files_accepts_of(
        const struct operator_files *files, const char *domain, size_t *count);
const struct deny *operator_files_deny_find(const struct operator_files *files, const uint8_t key[KEY_BYTES]);
const struct relay_entry *operator_files_relay_find(
        const struct operator_files *files, const uint8_t key[KEY_BYTES]);

/* A preference of an MX: 0 to 65535 in decimal, without leading zeros. */
bool operator_preference_parse(const char *word, size_t length, uint16_t *preference);

/* Reads a word that is a KEY or the name of a member. BAD_CONFIG: neither; why, if not NULL, says what is
 * wrong and lists the names that there are, without file and line. */
enum result operator_files_resolve(const struct operator_files *files, const char *word, size_t length,
        uint8_t key[KEY_BYTES], bool *by_name, struct complaint *why);

#endif
