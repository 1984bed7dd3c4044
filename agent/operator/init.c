/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/operator/init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "agent/operator/directory.h"
#include "proto/assert.h"
#include "store/fact_file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define USER "meshd"
#define GUESS_V4_BITS 24
#define GUESS_V6_BITS 64
#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* What the steps share. */
struct making {
	const struct paths *paths;
	const struct init_options *options;
	struct address address;
	struct prefix prefix;
	struct directory_owner owner;
	struct init_report *report;
	struct complaint *why;
};

/*
 * Options.
 */

static enum result refuse_option(
        const struct making *making, const char *what, const char *value, const char *fault)
{
	complaint_set(making->why, "%s \"%s\" %s", what, complaint_quote(value, strlen(value)).text, fault);
	complaint_set_tip(making->why, "meshctl init NAME ADDRESS, as in: meshctl init rosa 10.66.0.21");
	return RESULT_BAD_CONFIG;
}

static enum result check_name(struct making *making)
{
	const char *name = making->options->name;
	const char *fault = member_name_fault(name, strlen(name));

	return fault == NULL ? RESULT_OK : refuse_option(making, "NAME", name, fault);
}

static enum result check_address(struct making *making)
{
	const char *text = making->options->address;
	const char *fault = address_fault(text, strlen(text));

	if (fault != NULL || address_parse(text, strlen(text), &making->address) != RESULT_OK)
		return refuse_option(making, "ADDRESS", text, fault == NULL ? "isn't one" : fault);
	if (!address_is_usable_host(&making->address))
		return refuse_option(making, "ADDRESS", text, "is no address of a host");
	return RESULT_OK;
}

static unsigned count_bits(const uint8_t *mask, size_t length)
{
	unsigned bits = 0;

	for (size_t i = 0; i < length; i++)
		bits += (unsigned)__builtin_popcount(mask[i]);
	return bits;
}

/* The bytes of an interface's address or mask; NULL for another family. */
static const uint8_t *socket_bytes(const struct sockaddr *socket_address, size_t length)
{
	const void *any = socket_address;

	if (any == NULL)
		return NULL;
	if (length == ADDRESS_V4_BYTES && socket_address->sa_family == AF_INET)
		return (const uint8_t *)&((const struct sockaddr_in *)any)->sin_addr;
	if (length == ADDRESS_V6_BYTES && socket_address->sa_family == AF_INET6)
		return (const uint8_t *)&((const struct sockaddr_in6 *)any)->sin6_addr;
	return NULL;
}

/* How many bits of the address its interface says are the network's; 0 if no interface has it, or says all.
 */
static unsigned find_bits(const struct address *address)
{
	struct ifaddrs *list = NULL;
	unsigned found = 0;

	if (getifaddrs(&list) != 0)
		return 0;
	for (struct ifaddrs *entry = list; entry != NULL; entry = entry->ifa_next) {
		const uint8_t *own = socket_bytes(entry->ifa_addr, address->length);
		const uint8_t *mask = socket_bytes(entry->ifa_netmask, address->length);

		if (own != NULL && mask != NULL && memcmp(own, address->bytes, address->length) == 0)
			found = count_bits(mask, address->length);
	}
	freeifaddrs(list);
	return found == 8U * address->length ? 0 : found;
}

static void cut_prefix(const struct address *address, unsigned bits, struct prefix *prefix)
{
	prefix->address = *address;
	prefix->bits = (uint8_t)bits;
	for (unsigned i = bits; i < 8U * address->length; i++)
		prefix->address.bytes[i / 8] &= (uint8_t) ~(0x80U >> (i % 8));
}

static void guess_prefix(struct making *making)
{
	unsigned bits = find_bits(&making->address);

	making->report->is_prefix_guessed = bits == 0;
	if (bits == 0)
		bits = making->address.length == ADDRESS_V4_BYTES ? GUESS_V4_BITS : GUESS_V6_BITS;
	cut_prefix(&making->address, bits, &making->prefix);
}

static enum result check_prefix(struct making *making)
{
	const char *text = making->options->mesh_prefix;
	const char *fault = text == NULL ? NULL : prefix_fault(text, strlen(text));

	if (text == NULL)
		guess_prefix(making);
	else if (fault != NULL || prefix_parse(text, strlen(text), &making->prefix) != RESULT_OK)
		return refuse_option(making, "--mesh-prefix", text, fault == NULL ? "isn't one" : fault);
	prefix_render(&making->prefix, making->report->mesh_prefix);
	if (!prefix_contains(&making->prefix, &making->address))
		return refuse_option(
		        making, "ADDRESS", making->options->address, "lies outside of --mesh-prefix");
	return RESULT_OK;
}

/*
 * Directories and files.
 */

static enum result check_absent(struct making *making)
{
	const char *const names[] = {
	        making->paths->op_key, making->paths->root_key, making->paths->seq, making->paths->config};
	struct stat st;

	for (size_t i = 0; i < COUNT(names); i++) {
		if (lstat(names[i], &st) != 0)
			continue;
		complaint_set(making->why, "%s is already there: nothing was made", names[i]);
		complaint_set_tip(making->why,
		        "this node has an identity: see meshctl key. To begin anew as a stranger to all "
		        "friends, "
		        "move %.160s and %.160s away first",
		        making->paths->var_dir, making->paths->etc_dir);
		return RESULT_REFUSED;
	}
	return RESULT_OK;
}

static enum result find_owner(struct making *making)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(USER) : NULL;

	making->owner.uid = user == NULL ? (uid_t)-1 : user->pw_uid;
	making->owner.gid = user == NULL ? (gid_t)-1 : user->pw_gid;
	return RESULT_OK;
}

static enum result make_directories(struct making *making)
{
	const struct paths *paths = making->paths;
	const struct {
		const char *path;
		mode_t mode;
	} rows[] = {
	        {paths->etc_dir, 0755},
	        {paths->members_dir, 0755},
	        {paths->var_dir, 0711}, /* the MTA goes through it to its tables */
	        {paths->keys_dir, 0700},
	        {paths->store_dir, 0700},
	        {paths->tables_dir, 0755},
	        {paths->run_dir, 0755},
	};
	enum result result = RESULT_OK;

	for (size_t i = 0; i < COUNT(rows) && result == RESULT_OK; i++)
		result = directory_make(rows[i].path, rows[i].mode, &making->owner, making->why);
	return result;
}

/* Creates DIR/name; leaves alone what is there if it may be there. */
static enum result create_file(
        const struct making *making, const char *path, const char *text, bool may_be_there)
{
	const struct fact_mode mode = {0644, making->owner.uid, making->owner.gid};
	char dir[PATHS_SIZE];
	char *slash;
	int dirfd = -1;
	enum result result;

	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	INVARIANT(slash != NULL);
	*slash = '\0';
	result = fact_dir_open_read(dir, &dirfd);
	if (result == RESULT_OK)
		result = fact_create(dirfd, slash + 1, text, strlen(text), &mode);
	fact_dir_close(dirfd);
	if (result == RESULT_REFUSED && may_be_there)
		return RESULT_OK;
	if (result != RESULT_OK)
		complaint_set(making->why, "%s can't be made: %s", path,
		        result == RESULT_IO ? strerror(errno) : result_text(result));
	return result;
}

static enum result make_lists(struct making *making)
{
	const struct {
		const char *path;
		const char *text;
	} rows[] = {
	        {making->paths->claims, "# Domains whose mailboxes are on this node, one a line. meshctl "
	                                "claim DOMAIN adds one.\n"
	                                "# After editing: meshctl reload\n"},
	        {making->paths->accepts,
	                "# Whose claim of a domain this node believes: DOMAIN from KEY, one a line.\n"
	                "# meshctl accept DOMAIN from MEMBER adds one. After editing: meshctl reload\n"},
	        {making->paths->denies,
	                "# Keys that don't count at this node, whatever others say, one a line.\n"
	                "# After editing: meshctl reload\n"},
	        {making->paths->forced,
	                "# What the operator said against what the mesh would do by itself: drain, leave,\n"
	                "# frozen, or DOMAIN in|out KEY until TIME REASON, one a line. meshctl drain, "
	                "leave,\n"
	                "# freeze and force write them. After editing: meshctl reload\n"},
	        {making->paths->relays,
	                "# Which relays carry this node's domains, where it isn't all pins that offer:\n"
	                "# KEY PREFERENCE or KEY no, one a line. meshctl relay add and relay del write "
	                "them.\n"
	                "# After editing: meshctl reload\n"},
	};
	enum result result = RESULT_OK;

	for (size_t i = 0; i < COUNT(rows) && result == RESULT_OK; i++)
		result = create_file(making, rows[i].path, rows[i].text, true);
	return result;
}

static const char config_head[] =
        "# What this node is and does; all options are in meshd.conf(5). After editing: meshctl reload\n"
        "\n"
        "# What tinc calls this node, and what friends see.\n";

static const char config_tail[] =
        "\n"
        "# Where the world reaches this mail server.\n"
        "# public_address = {\"192.0.2.21\"}\n"
        "\n"
        "# Look and tell, but write no table and no zone. When \"meshctl plan\" shows what you want: no.\n"
        "observe = yes\n"
        "\n"
        "# Whose mail this node relays: none, list, pins (those you pinned) or view (their friends too).\n"
        "# Nothing is relayed before you accept it: meshctl accept DOMAIN from MEMBER.\n"
        "carry = pins\n"
        "\n"
        "# The mesh's own DNS zones, the same on all nodes.\n"
        "# pool_zone = {\"mx.example.org\"}\n"
        "\n"
        "# A word that all nodes share and strangers on the VPN don't. The same on all nodes, or on none.\n"
        "# secret = \"\"\n"
        "\n"
        "# The mail server that meshd steers. What it needs once: meshctl setup postfix.\n"
        "postfix {\n"
        "	config_dir = \"/etc/postfix\"\n"
        "}\n"
        "\n"
        "# A zone that this node writes.\n"
        "# zone \"mx.example.org\" {\n"
        "# 	server = nsd\n"
        "# 	base = \"/etc/nsd/mx.example.org.base\"\n"
        "# 	file = \"/var/lib/nsd/mx.example.org.zone\"\n"
        "# 	control = {\"nsd-control\"}\n"
        "# }\n";

static enum result make_config(struct making *making)
{
	char text[sizeof config_head + sizeof config_tail + 1024];
	char address[ADDRESS_TEXT_BYTES];
	int length;

	address_render(&making->address, address);
	length = snprintf(text, sizeof text,
	        "%sname = %s\n\n"
	        "# This node's address in the VPN.\n"
	        "vpn_address = {\"%s\"}\n\n"
	        "# The range of the whole VPN: mail goes to no address outside of it.\n"
	        "mesh_prefix = {\"%s\"}\n"
	        "%s",
	        config_head, making->options->name, address, making->report->mesh_prefix, config_tail);
	INVARIANT(length > 0 && (size_t)length < sizeof text);
	return create_file(making, making->paths->config, text, false);
}

/* 0: nothing was ever signed, so that a new node needn't wait for what others know of it. */
static enum result make_seq(struct making *making)
{
	return create_file(making, making->paths->seq, "0\n", false);
}

/* The certificate is made by the agent at its first start: see certificate_file.c. */
static enum result make_identity(struct making *making)
{
	struct keyline keyline = {.address = making->address, .port = CONFIG_MESH_PORT};
	struct identity identity;
	enum result result = identity_make(&identity, making->why);

	if (result != RESULT_OK)
		return result;
	result = identity_save(&identity, making->paths, &making->owner, making->why);
	snprintf(keyline.name, sizeof keyline.name, "%s", making->options->name);
	memcpy(keyline.key, identity.root, KEY_BYTES);
	keyline_render(&keyline, making->report->keyline);
	identity_fini(&identity);
	return result;
}

/* The lock of var_dir, so that two runs don't make one node together. *dirfd is the caller's. */
static enum result lock(struct making *making, int *dirfd)
{
	enum result result = fact_dir_open(making->paths->var_dir, dirfd);

	if (result == RESULT_REFUSED) {
		complaint_set_at(making->why, making->paths->var_dir, 0, "another meshd is at work here");
		complaint_set_tip(making->why, "stop it first");
	} else if (result != RESULT_OK) {
		complaint_set_at(
		        making->why, making->paths->var_dir, 0, "can't be opened: %s", strerror(errno));
	}
	return result;
}

/* check_absent() has shown that these are ours. */
static void remove_files(const struct making *making)
{
	(void)unlink(making->paths->config);
	(void)unlink(making->paths->op_key);
	(void)unlink(making->paths->root_key);
	(void)unlink(making->paths->seq);
}

static enum result make_locked(struct making *making)
{
	static enum result (*const steps[])(struct making * making) = {
	        make_lists, make_seq, make_identity, make_config};
	int dirfd = -1;
	enum result result = lock(making, &dirfd);

	if (result == RESULT_OK)
		result = check_absent(making);
	if (result != RESULT_OK)
		goto out;
	for (size_t i = 0; i < COUNT(steps) && result == RESULT_OK; i++)
		result = steps[i](making);
	if (result != RESULT_OK)
		remove_files(making);
out:
	fact_dir_close(dirfd);
	return result;
}

enum result init_run(const struct paths *paths, const struct init_options *options,
        struct init_report *report, struct complaint *why)
{
	static enum result (*const steps[])(struct making * making) = {check_name, check_address,
	        check_prefix, check_absent, find_owner, make_directories, make_locked};
	struct making making = {.paths = paths, .options = options, .report = report, .why = why};
	enum result result = RESULT_OK;

	memset(report, 0, sizeof *report);
	for (size_t i = 0; i < COUNT(steps) && result == RESULT_OK; i++)
		result = steps[i](&making);
	return result;
}

/*
 * Modes.
 */

static int complain(const struct complaint *why)
{
	fprintf(stderr, "meshd: %s\n", why->text);
	if (why->tip[0] != '\0')
		fprintf(stderr, "tip: %s\n", why->tip);
	return EXIT_FAILED;
}

static void print_next(const struct paths *paths, const struct init_report *report)
{
	fprintf(stderr, "Made %s and the keys in %s.\n", paths->config, paths->keys_dir);
	fprintf(stderr, "mesh_prefix = %s%s\n", report->mesh_prefix,
	        report->is_prefix_guessed ? " is a guess: no interface has the address; look at it" : "");
	fprintf(stderr,
	        "Next:\n"
	        "  1. keep a copy of %s off this machine\n"
	        "  2. give the line below to a friend, who runs: meshctl pin LINE\n"
	        "  3. pin the friend's line here: meshctl pin LINE\n"
	        "  4. start meshd: systemctl enable --now meshd@%s; it only looks (observe = yes): meshctl "
	        "status\n"
	        "  5. have tinc tell it of links: meshctl setup tinc\n",
	        paths->root_key, paths->net);
}

int init_main(const struct paths *paths, const struct init_options *options)
{
	struct init_report report;
	struct complaint why;
	enum result result = init_run(paths, options, &report, &why);

	if (result != RESULT_OK) {
		complain(&why);
		return result == RESULT_BAD_CONFIG ? EXIT_USAGE : EXIT_FAILED;
	}
	print_next(paths, &report);
	printf("%s\n", report.keyline);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int init_key_main(const struct paths *paths)
{
	char line[KEYLINE_BYTES_MAX];
	struct identity identity;
	struct complaint why;
	struct config config;

	if (config_load(&config, paths, &why) != RESULT_OK)
		return complain(&why);
	if (identity_load(&identity, paths, &why) != RESULT_OK) {
		config_fini(&config);
		return complain(&why);
	}
	identity_keyline_render(&identity, &config, line);
	identity_fini(&identity);
	config_fini(&config);
	printf("%s\n", line);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
