/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kinds of values that meshd.conf knows: from the text of one value to its place in a struct. Pure, but
 * for config_set_secret, which takes locked memory.
 */
#ifndef AGENT_CONFIG_VALUE_H
#define AGENT_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>

struct config_option;

/* Writes the value to *target, of the type said below. NULL, or what is wrong, as the end of a sentence that
 * begins with the option and the quoted value; static storage. `text` is printable ASCII, NUL-terminated. */
typedef const char *config_set_fn(
        void *target, const struct config_option *option, const char *text, size_t length);

/* A row of a section's table. */
struct config_option {
	const char *name;
	config_set_fn *set;
	size_t offset;       /* of the value, or a list's first element, in the section's struct */
	size_t count_offset; /* lists: of the unsigned that counts elements */
	size_t size;         /* lists: bytes of an element */
	unsigned max;        /* lists: elements; paths: bytes with NUL */
	bool is_list;
	bool is_required;
	bool may_repeat; /* lists: the same element may come twice */
	const char *tip; /* said with each fault of this option */
};

/* bool: yes or no. */
config_set_fn config_set_yes_no;
/* uint16_t: 1 to 65535. */
config_set_fn config_set_port;
/* uint32_t: seconds, 1 to CONFIG_TTL_MAX. */
config_set_fn config_set_ttl;
/* int64_t: 0 to CONFIG_MS_MAX. */
config_set_fn config_set_milliseconds;
/* char[MEMBER_NAME_BYTES]. */
config_set_fn config_set_member_name;
/* struct address: one that a host can be reached at. */
config_set_fn config_set_address;
/* struct config_resolver: "ADDRESS" or "ADDRESS@PORT". */
config_set_fn config_set_resolver;
/* struct prefix. */
config_set_fn config_set_prefix;
/* char[DOMAIN_LENGTH_MAX + 1]. */
config_set_fn config_set_domain;
/* char[option->max]: absolute. */
config_set_fn config_set_path;
/* char[CONFIG_WORD_SIZE]: not empty. */
config_set_fn config_set_word;
/* char *: sodium_malloc; the one there before is freed. */
config_set_fn config_set_secret;
/* enum carry. */
config_set_fn config_set_carry;
/* bool: true for "pins", false for "none". */
config_set_fn config_set_vouch;
/* char[]: the name of a driver that writes zones. */
config_set_fn config_set_server;

#endif
