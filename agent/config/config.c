/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * config_scan() refuses what libconfuse would read wrongly, config_tree finds structure and names, and the
 * tables here turn texts into a struct config. An option is a row and, where its kind is new, one function
 * in config_value.
 */
#include "agent/config/config.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/config_scan.h"
#include "agent/config/config_timing.h"
#include "agent/config/config_tree.h"
#include "agent/config/config_value.h"
#include "proto/assert.h"
#include "store/fact_file.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define AT(field) .offset = offsetof(struct config, field)
#define LIST(field, counter)                                                                                 \
	.is_list = true, .offset = offsetof(struct config, field),                                           \
	.count_offset = offsetof(struct config, counter), .max = COUNT(((struct config *)NULL)->field),      \
	.size = sizeof((struct config *)NULL)->field[0]
#define AT_POSTFIX(field) .offset = offsetof(struct config_postfix, field)
#define AT_ZONE(field) .offset = offsetof(struct config_zone, field)

static const struct config_option top_options[] = {
        {"name", config_set_member_name, AT(name), .is_required = true,
                .tip = "choose the name that tinc has for this node: name = \"rosa\""},
        {"vpn_address", config_set_address, LIST(vpn_addresses, vpn_address_count), .is_required = true,
                .tip = "write this node's address in the VPN, as ip addr shows it: "
                       "vpn_address = {\"10.66.0.21\"}"},
        {"public_address", config_set_address, LIST(public_addresses, public_address_count),
                .tip = "write the addresses at which the world reaches this mail server"},
        {"mesh_prefix", config_set_prefix, LIST(mesh_prefixes, mesh_prefix_count), .is_required = true,
                .tip = "write the range that all tinc's Subnet lines lie in: "
                       "mesh_prefix = {\"10.66.0.0/16\"}"},
        {"mesh_port", config_set_port, AT(mesh_port), .tip = "leave it out for 10655"},
        {"smtp_port", config_set_port, AT(smtp_port), .tip = "leave it out for 25"},
        {"tinc_user", config_set_word, AT(tinc_user),
                .tip = "write the user that tincd runs as (its -U), or leave it out for root"},
        {"carry", config_set_carry, AT(carry), .tip = "leave it out to relay for those you pinned"},
        {"vouch", config_set_vouch, AT(vouch_pins),
                .tip = "pins: your friends' friends may count on those you pinned"},
        {"observe", config_set_yes_no, AT(observe), .tip = "yes: look and tell, write no table and no zone"},
        {"allow_test_names", config_set_yes_no, AT(allow_test_names),
                .tip = "for tests only: .test and example names count"},
        {"test_timing", config_set_yes_no, AT(test_timing), .tip = "for tests only: allows a timing section"},
        {"pool_zone", config_set_domain, LIST(pool_zones, pool_zone_count),
                .tip = "write what all nodes of this mesh have: pool_zone = {\"mx.example.org\"}"},
        {"resolvers", config_set_resolver, LIST(resolvers, resolver_count),
                .tip = "write ADDRESS or ADDRESS@PORT; leave it out for those of /etc/resolv.conf"},
        {"secret", config_set_secret, AT(secret), .tip = "the same on all nodes, or on none"},
};

static const struct config_option postfix_options[] = {
        {"config_dir", config_set_path, AT_POSTFIX(config_dir), .max = PATHS_SIZE,
                .tip = "write the directory of main.cf; leave it out for /etc/postfix"},
        {"tables", config_set_path, AT_POSTFIX(tables), .max = PATHS_SIZE,
                .tip = "leave it out for the directory that meshctl init made"},
};

static const struct config_option zone_options[] = {
        {"server", config_set_server, AT_ZONE(server), .is_required = true, .tip = "write server = nsd"},
        {"base", config_set_path, AT_ZONE(base), .max = PATHS_SIZE, .is_required = true,
                .tip = "write the zone file with your own records, SOA and NS at least"},
        {"file", config_set_path, AT_ZONE(file), .max = PATHS_SIZE, .is_required = true,
                .tip = "write the zone file that the server reads and meshd may write"},
        {"control", config_set_word, AT_ZONE(control), .is_list = true, .may_repeat = true,
                .count_offset = offsetof(struct config_zone, control_count), .max = CONFIG_CONTROL_WORDS_MAX,
                .size = CONFIG_WORD_SIZE, .tip = "one word an element: control = {\"nsd-control\"}"},
        {"address", config_set_address, AT_ZONE(address), .tip = "leave it out for 127.0.0.1"},
        {"port", config_set_port, AT_ZONE(port), .tip = "leave it out for 53"},
        {"ttl", config_set_ttl, AT_ZONE(ttl_s), .tip = "leave it out for 60 seconds"},
};

/* What the functions below share. */
struct reading {
	const char *file;
	struct config_tree *tree;
	struct config *config;
	struct complaint *why;
};

static enum result refuse_value(const struct reading *reading, const struct config_value *value,
        const char *name, const char *fault, const char *tip)
{
	struct complaint_quote quote = complaint_quote(value->text, value->length);

	complaint_set_at(reading->why, reading->file, value->line, "%s \"%s\" %s", name, quote.text, fault);
	complaint_set_tip(reading->why, "%s", tip);
	return RESULT_BAD_CONFIG;
}

static enum result refuse_option(
        const struct reading *reading, unsigned line, const struct config_option *option, const char *fault)
{
	complaint_set_at(reading->why, reading->file, line, "%s %s", option->name, fault);
	complaint_set_tip(reading->why, "%s", option->tip);
	return RESULT_BAD_CONFIG;
}

/* A secret is never shown, not even a wrong one. */
static enum result refuse_fault(const struct reading *reading, const struct config_value *value,
        const struct config_option *option, const char *fault)
{
	if (option->set == config_set_secret)
		return refuse_option(reading, value->line, option, fault);
	return refuse_value(reading, value, option->name, fault, option->tip);
}

static bool is_repeated(const char *list, size_t size, unsigned i)
{
	for (unsigned j = 0; j < i; j++) {
		if (memcmp(list + j * size, list + i * size, size) == 0)
			return true;
	}
	return false;
}

static enum result read_list(const struct reading *reading, const struct config_section *section,
        const struct config_option *option, char *target)
{
	char *list = target + option->offset;
	unsigned *count = (unsigned *)(void *)(target + option->count_offset);
	const struct config_value *value;

	for (unsigned i = 0; (value = config_section_value(section, option->name, i)) != NULL; i++) {
		const char *fault;

		if (i == option->max)
			return refuse_fault(reading, value, option, "is one value too many for this list");
		fault = option->set(list + i * option->size, option, value->text, value->length);
		if (fault == NULL && !option->may_repeat && is_repeated(list, option->size, i))
			fault = "is in this list twice";
		if (fault != NULL)
			return refuse_fault(reading, value, option, fault);
		*count = i + 1;
	}
	if (option->is_required && *count == 0)
		return refuse_option(reading, config_section_line(section), option, "is missing");
	return RESULT_OK;
}

static enum result read_one(const struct reading *reading, const struct config_section *section,
        const struct config_option *option, char *target)
{
	const struct config_value *value = config_section_value(section, option->name, 0);
	const char *fault;

	if (value == NULL && option->is_required)
		return refuse_option(reading, config_section_line(section), option, "is missing");
	if (value == NULL)
		return RESULT_OK;
	fault = option->set(target + option->offset, option, value->text, value->length);
	return fault == NULL ? RESULT_OK : refuse_fault(reading, value, option, fault);
}

static enum result read_options(const struct reading *reading, const struct config_section *section,
        const struct config_option *options, size_t count, void *target)
{
	enum result result = RESULT_OK;

	for (size_t i = 0; i < count && result == RESULT_OK; i++)
		result = (options[i].is_list ? read_list : read_one)(reading, section, &options[i], target);
	return result;
}

/*
 * Sections.
 */

static enum result read_top(const struct reading *reading)
{
	return read_options(
	        reading, config_tree_top(reading->tree), top_options, COUNT(top_options), reading->config);
}

/* The one section of this name, or NULL; a second one is refused. */
static enum result find_single(
        const struct reading *reading, const char *name, const struct config_section **section)
{
	const struct config_section *second = config_tree_section(reading->tree, name, 1);

	*section = config_tree_section(reading->tree, name, 0);
	if (second == NULL)
		return RESULT_OK;
	complaint_set_at(reading->why, reading->file, config_section_line(second),
	        "a second %s section ends here; there may be one", name);
	complaint_set_tip(reading->why, "put its lines into the first, which ends on line %u",
	        config_section_line(*section));
	return RESULT_BAD_CONFIG;
}

static enum result read_postfix(const struct reading *reading)
{
	const struct config_section *section;
	enum result result = find_single(reading, "postfix", &section);

	if (result != RESULT_OK || section == NULL)
		return result;
	reading->config->postfix.is_set = true;
	return read_options(
	        reading, section, postfix_options, COUNT(postfix_options), &reading->config->postfix);
}

static enum result read_duration(
        const struct reading *reading, const struct config_section *section, const struct config_timing *row)
{
	const struct config_value *value = config_section_value(section, row->name, 0);
	int64_t *target = (int64_t *)(void *)((char *)&reading->config->timing + row->offset);
	const char *fault;
	char tip[64];

	if (value == NULL)
		return RESULT_OK;
	fault = config_set_milliseconds(target, NULL, value->text, value->length);
	if (fault == NULL && *target < row->floor)
		fault = "is less than can be";
	if (fault == NULL)
		return RESULT_OK;
	snprintf(tip, sizeof tip, "at least %lld", (long long)row->floor);
	return refuse_value(reading, value, row->name, fault, tip);
}

static enum result read_timing(const struct reading *reading)
{
	const struct config_section *section;
	enum result result = find_single(reading, "timing", &section);

	if (result != RESULT_OK || section == NULL)
		return result;
	if (!reading->config->test_timing) {
		complaint_set_at(reading->why, reading->file, config_section_line(section),
		        "a timing section, but test_timing isn't yes");
		complaint_set_tip(reading->why, "remove the section: durations are for tests to change");
		return RESULT_BAD_CONFIG;
	}
	for (size_t i = 0; i < config_timing_count && result == RESULT_OK; i++)
		result = read_duration(reading, section, &config_timings[i]);
	return result;
}

static void set_zone_defaults(struct config_zone *zone)
{
	static const char loopback[] = "127.0.0.1";
	bool is_address = address_parse(loopback, sizeof loopback - 1, &zone->address) == RESULT_OK;

	INVARIANT(is_address);
	snprintf(zone->control[0], sizeof zone->control[0], "nsd-control");
	zone->port = 53;
	zone->ttl_s = 60;
}

static enum result read_zone_name(
        const struct reading *reading, const struct config_section *section, struct config_zone *zone)
{
	const char *title = config_section_title(section);
	const char *fault = domain_fault(title, strlen(title));
	struct complaint_quote quote = complaint_quote(title, strlen(title));

	if (fault == NULL) {
		memcpy(zone->name, title, strlen(title) + 1);
		return RESULT_OK;
	}
	complaint_set_at(reading->why, reading->file, config_section_line(section), "zone \"%s\" %s",
	        quote.text, fault);
	complaint_set_tip(reading->why, "write the zone's name without a dot at its end");
	return RESULT_BAD_CONFIG;
}

static enum result read_zone(
        const struct reading *reading, const struct config_section *section, struct config_zone *zone)
{
	enum result result = read_zone_name(reading, section, zone);

	set_zone_defaults(zone);
	if (result == RESULT_OK)
		result = read_options(reading, section, zone_options, COUNT(zone_options), zone);
	if (result != RESULT_OK)
		return result;
	if (zone->control_count == 0)
		zone->control_count = 1;
	zone->line = config_section_value(section, "file", 0)->line;
	return RESULT_OK;
}

static enum result read_zones(const struct reading *reading)
{
	struct config *config = reading->config;
	const struct config_section *section;
	enum result result = RESULT_OK;

	config->zones = calloc(CONFIG_ZONES_MAX, sizeof *config->zones);
	if (config->zones == NULL)
		return RESULT_NO_MEMORY;
	for (unsigned i = 0; (section = config_tree_section(reading->tree, "zone", i)) != NULL; i++) {
		if (i == CONFIG_ZONES_MAX) {
			complaint_set_at(reading->why, reading->file, config_section_line(section),
			        "more than %d zones", CONFIG_ZONES_MAX);
			complaint_set_tip(reading->why, "let another node publish some of them");
			return RESULT_BAD_CONFIG;
		}
		result = read_zone(reading, section, &config->zones[i]);
		if (result != RESULT_OK)
			return result;
		config->zone_count = i + 1;
	}
	return RESULT_OK;
}

/*
 * What no single option can see.
 */

static enum result check_vpn_addresses(const struct reading *reading)
{
	const struct config_section *top = config_tree_top(reading->tree);

	for (unsigned i = 0; i < reading->config->vpn_address_count; i++) {
		if (!config_is_in_mesh(reading->config, &reading->config->vpn_addresses[i]))
			return refuse_value(reading, config_section_value(top, "vpn_address", i),
			        "vpn_address", "lies in no mesh_prefix",
			        "correct the address, or add its range to mesh_prefix");
	}
	return RESULT_OK;
}

static enum result check_ports(const struct reading *reading)
{
	const struct config_section *top = config_tree_top(reading->tree);
	const struct config_value *value = config_section_value(top, "mesh_port", 0);

	if (reading->config->mesh_port != reading->config->smtp_port)
		return RESULT_OK;
	if (value == NULL)
		value = config_section_value(top, "smtp_port", 0);
	return refuse_value(reading, value, "mesh_port and smtp_port", "are the same port",
	        "leave mesh_port out for 10655 and smtp_port for 25");
}

/* meshd replaces `file`: it must be nobody else's. */
static enum result check_zone_files(const struct reading *reading)
{
	const struct config *config = reading->config;

	for (unsigned i = 0; i < config->zone_count; i++) {
		for (unsigned j = 0; j < config->zone_count; j++) {
			bool is_base = strcmp(config->zones[i].file, config->zones[j].base) == 0;
			bool is_file = i < j && strcmp(config->zones[i].file, config->zones[j].file) == 0;

			if (!is_base && !is_file)
				continue;
			complaint_set_at(reading->why, reading->file, config->zones[i].line,
			        "zone %s would write over the %s of zone %s", config->zones[i].name,
			        is_base ? "base" : "file", config->zones[j].name);
			complaint_set_tip(
			        reading->why, "give each zone a file of its own, which isn't a base");
			return RESULT_BAD_CONFIG;
		}
	}
	return RESULT_OK;
}

static enum result read_all(const struct reading *reading)
{
	static enum result (*const steps[])(const struct reading *reading) = {read_top, read_postfix,
	        read_timing, read_zones, check_vpn_addresses, check_ports, check_zone_files};
	enum result result = RESULT_OK;

	for (size_t i = 0; i < COUNT(steps) && result == RESULT_OK; i++)
		result = steps[i](reading);
	return result;
}

/*
 * Loading.
 */

static enum result set_defaults(struct config *config, const struct paths *paths)
{
	memset(config, 0, sizeof *config);
	config->mesh_port = CONFIG_MESH_PORT;
	config->smtp_port = CONFIG_SMTP_PORT;
	config->carry = CARRY_PINS;
	config->observe = true;
	config->timing = timing_default();
	snprintf(config->postfix.config_dir, sizeof config->postfix.config_dir, "/etc/postfix");
	snprintf(config->postfix.tables, sizeof config->postfix.tables, "%s", paths->tables_dir);
	return config_set_secret(&config->secret, NULL, "", 0) == NULL ? RESULT_OK : RESULT_NO_MEMORY;
}

static size_t put_names(struct config_name *names, const struct config_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		names[i] = (struct config_name){options[i].name, options[i].is_list};
	return count;
}

static enum result parse_tree(
        struct config_tree **tree, const char *file, char *text, size_t length, struct complaint *why)
{
	struct config_name names[4][CONFIG_TREE_NAMES_MAX];
	struct config_schema schemas[] = {
	        {NULL, false, names[0], put_names(names[0], top_options, COUNT(top_options))},
	        {"postfix", false, names[1], put_names(names[1], postfix_options, COUNT(postfix_options))},
	        {"zone", true, names[2], put_names(names[2], zone_options, COUNT(zone_options))},
	        {"timing", false, names[3], config_timing_count},
	};

	INVARIANT(config_timing_count <= CONFIG_TREE_NAMES_MAX);
	for (size_t i = 0; i < config_timing_count; i++)
		names[3][i] = (struct config_name){config_timings[i].name, false};
	return config_tree_parse(tree, file, text, length, schemas, COUNT(schemas), why);
}

/* Alters text, which ends with a line end of ours: fmemopen() takes no empty text. */
static enum result parse_copy(
        struct config *config, const char *file, char *text, size_t length, struct complaint *why)
{
	struct reading reading = {.file = file, .config = config, .why = why};
	enum result result = config_scan(file, text, length, why);

	if (result == RESULT_OK)
		result = parse_tree(&reading.tree, file, text, length, why);
	if (result == RESULT_OK)
		result = read_all(&reading);
	config_tree_destroy(reading.tree);
	return result;
}

enum result config_parse(struct config *config, const struct paths *paths, const char *text, size_t length,
        struct complaint *why)
{
	char *copy = malloc(length + 1);
	enum result result = set_defaults(config, paths);

	if (copy == NULL)
		result = RESULT_NO_MEMORY;
	if (result == RESULT_OK) {
		if (length > 0)
			memcpy(copy, text, length);
		copy[length] = '\n';
		result = parse_copy(config, paths->config, copy, length + 1, why);
		sodium_memzero(copy, length);
	}
	free(copy);
	if (result == RESULT_NO_MEMORY)
		complaint_set_at(why, paths->config, 0, "out of memory");
	if (result != RESULT_OK)
		config_fini(config);
	return result;
}

static void complain_file(struct complaint *why, const struct paths *paths, enum result result)
{
	static const struct {
		enum result result;
		const char *text;
		const char *tip;
	} rows[] = {
	        {RESULT_NOT_FOUND, "not there", "make it with: meshctl init NAME ADDRESS"},
	        {RESULT_TOO_LARGE, "larger than 256 KiB",
	                "compare it with meshd.conf(5); is it the right file?"},
	        {RESULT_REFUSED, "no regular file", "put the file itself there, no link"},
	        {RESULT_IO, "can't be read", "see ls -l: user meshd must be able to read it"},
	};

	complaint_set_at(why, paths->config, 0, "%s", result_text(result));
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].result != result)
			continue;
		complaint_set_at(why, paths->config, 0, "%s", rows[i].text);
		complaint_set_tip(why, "%s", rows[i].tip);
	}
}

enum result config_load(struct config *config, const struct paths *paths, struct complaint *why)
{
	const char *name = strrchr(paths->config, '/') + 1;
	uint8_t *bytes = NULL;
	size_t length = 0;
	int dirfd = -1;
	enum result result = fact_dir_open_read(paths->etc_dir, &dirfd);

	memset(config, 0, sizeof *config);
	if (result == RESULT_OK)
		result = fact_read(dirfd, name, CONFIG_SIZE_MAX, &bytes, &length);
	if (result == RESULT_OK)
		result = config_parse(config, paths, (const char *)bytes, length, why);
	else
		complain_file(why, paths, result);
	if (bytes != NULL)
		sodium_memzero(bytes, length);
	free(bytes);
	fact_dir_close(dirfd);
	return result == RESULT_REFUSED ? RESULT_IO : result;
}

void config_fini(struct config *config)
{
	sodium_free(config->secret);
	free(config->zones);
	memset(config, 0, sizeof *config);
}

bool config_is_in_mesh(const struct config *config, const struct address *address)
{
	for (unsigned i = 0; i < config->mesh_prefix_count; i++) {
		if (prefix_contains(&config->mesh_prefixes[i], address))
			return true;
	}
	return false;
}

const struct config_zone *config_zone_find(const struct config *config, const char *name)
{
	for (unsigned i = 0; i < config->zone_count; i++) {
		if (strcmp(config->zones[i].name, name) == 0)
			return &config->zones[i];
	}
	return NULL;
}
