/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/cmocka.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/config/config.h"
#include "tests/unit/scratch.h"

#define FILE_NAME "/etc/meshd/libre/meshd.conf"

static const char full[] = "# meshd.conf of rosa, café\n"
                           "name = rosa\n"
                           "vpn_address = {\"10.66.0.21\", \"fd66::21\"}\n"
                           "public_address = 192.0.2.21   // one needs no braces\n"
                           "mesh_prefix = {10.66.0.0/16, \"fd66::/64\"}\n"
                           "mesh_port = 10656\n"
                           "smtp_port = 2525\n"
                           "tinc_user = \"nobody\"\n"
                           "carry = view\n"
                           "observe = no\n"
                           "allow_test_names = yes\n"
                           "test_timing = yes\n"
                           "timing {\n"
                           "	ping_ms = 100\n"
                           "	silence_ms = 300\n"
                           "}\n"
                           "pool_zone = {\"mx.example.org\", \"mx.example.net\"}\n"
                           "resolvers = {\"192.0.2.53\", \"fd66::53@5353\"}\n"
                           "secret = 'it is # {no} secret'\n"
                           "postfix {\n"
                           "	config_dir = \"/etc/postfix-out\"\n"
                           "}\n"
                           "/* two zones */\n"
                           "zone \"mx.example.org\" {\n"
                           "	server = nsd\n"
                           "	base = \"/etc/nsd/base\"\n"
                           "	file = \"/var/lib/nsd/mx.example.org\"\n"
                           "	control = {\"nsd-control\", \"-c\", \"/etc/nsd/nsd.conf\"}\n"
                           "	address = \"10.66.0.21\"\n"
                           "	port = 5300\n"
                           "	ttl = 300\n"
                           "}\n"
                           "zone \"rosa.example\" {\n"
                           "	server = nsd\n"
                           "	base = \"/etc/nsd/rosa\"\n"
                           "	file = \"/var/lib/nsd/rosa.example\"\n"
                           "}\n";

#define LEAST                                                                                                \
	"name = rosa\n"                                                                                      \
	"vpn_address = 10.66.0.21\n"                                                                         \
	"mesh_prefix = 10.66.0.0/16\n"

static struct paths paths;
static struct complaint why;

static enum result parse_length(struct config *config, const char *text, size_t length)
{
	memset(&why, 0, sizeof why);
	return config_parse(config, &paths, text, length, &why);
}

static enum result parse(struct config *config, const char *text)
{
	return parse_length(config, text, strlen(text));
}

static void assert_address(const struct address *address, const char *text)
{
	char rendered[ADDRESS_TEXT_BYTES];

	address_render(address, rendered);
	assert_string_equal(rendered, text);
}

static void reads_every_option(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, full), RESULT_OK);
	assert_string_equal(config.name, "rosa");
	assert_int_equal(config.vpn_address_count, 2);
	assert_address(&config.vpn_addresses[1], "fd66::21");
	assert_int_equal(config.public_address_count, 1);
	assert_address(&config.public_addresses[0], "192.0.2.21");
	assert_int_equal(config.mesh_prefix_count, 2);
	assert_int_equal(config.mesh_prefixes[0].bits, 16);
	assert_int_equal(config.mesh_port, 10656);
	assert_int_equal(config.smtp_port, 2525);
	assert_string_equal(config.tinc_user, "nobody");
	assert_int_equal(config.carry, CARRY_VIEW);
	assert_false(config.observe);
	assert_true(config.allow_test_names);
	assert_true(config.test_timing);
	assert_int_equal(config.timing.ping_ms, 100);
	assert_int_equal(config.timing.silence_ms, 300);
	assert_int_equal(config.timing.ttl_s, timing_default().ttl_s);
	assert_int_equal(config.pool_zone_count, 2);
	assert_string_equal(config.pool_zones[1], "mx.example.net");
	assert_int_equal(config.resolver_count, 2);
	assert_address(&config.resolvers[0].address, "192.0.2.53");
	assert_int_equal(config.resolvers[0].port, 53);
	assert_address(&config.resolvers[1].address, "fd66::53");
	assert_int_equal(config.resolvers[1].port, 5353);
	assert_string_equal(config.secret, "it is # {no} secret");
	config_fini(&config);
}

static void reads_sections(void **state)
{
	struct config config;
	const struct config_zone *zone;

	(void)state;
	assert_int_equal(parse(&config, full), RESULT_OK);
	assert_true(config.postfix.is_set);
	assert_string_equal(config.postfix.config_dir, "/etc/postfix-out");
	assert_string_equal(config.postfix.tables, "/var/lib/meshd/libre/postfix");
	assert_int_equal(config.zone_count, 2);
	zone = config_zone_find(&config, "mx.example.org");
	assert_string_equal(zone->server, "nsd");
	assert_string_equal(zone->base, "/etc/nsd/base");
	assert_int_equal(zone->control_count, 3);
	assert_string_equal(zone->control[2], "/etc/nsd/nsd.conf");
	assert_address(&zone->address, "10.66.0.21");
	assert_int_equal(zone->port, 5300);
	assert_int_equal(zone->ttl_s, 300);
	assert_int_equal(zone->line, 27);
	zone = config_zone_find(&config, "rosa.example");
	assert_string_equal(zone->base, "/etc/nsd/rosa");
	assert_int_equal(zone->control_count, 1);
	assert_string_equal(zone->control[0], "nsd-control");
	assert_address(&zone->address, "127.0.0.1");
	assert_int_equal(zone->port, 53);
	assert_int_equal(zone->ttl_s, 60);
	assert_null(config_zone_find(&config, "example"));
	config_fini(&config);
}

static void has_careful_defaults(void **state)
{
	struct config config;

	(void)state;
	assert_int_equal(parse(&config, LEAST), RESULT_OK);
	assert_true(config.observe);
	assert_false(config.allow_test_names);
	assert_false(config.test_timing);
	assert_int_equal(config.carry, CARRY_PINS);
	assert_string_equal(config_carry_text(config.carry), "pins");
	assert_int_equal(config.mesh_port, 10655);
	assert_int_equal(config.smtp_port, 25);
	assert_int_equal(config.timing.silence_ms, 12000);
	assert_string_equal(config.secret, "");
	assert_false(config.postfix.is_set);
	assert_int_equal(config.zone_count, 0);
	assert_true(config_is_in_mesh(&config, &config.vpn_addresses[0]));
	config_fini(&config);
}

struct refusal {
	const char *text;
	const char *says; /* after the file's name */
};

static void assert_refused(const struct refusal *row)
{
	struct config config;
	const char *rest = why.text + strlen(FILE_NAME);

	assert_int_equal(parse(&config, row->text), RESULT_BAD_CONFIG);
	assert_memory_equal(why.text, FILE_NAME, strlen(FILE_NAME));
	if (strncmp(rest, row->says, strlen(row->says)) != 0)
		fail_msg("%s\nexpected %s", why.text, row->says);
	assert_true(why.tip[0] != '\0');
	assert_null(config.secret);
}

static void says_line_and_tip_for_bad_values(void **state)
{
	static const struct refusal rows[] = {
	        {LEAST "name = ana", ":4: name is given twice, first on line 1"},
	        {LEAST "mesh_prefix = 10.0.0.0/8", ":4: mesh_prefix is given twice, first on line 3"},
	        {LEAST "\nmash_port = 1", ":5: no such option 'mash_port'"},
	        {LEAST "mesh_port = 0", ":4: mesh_port \"0\" isn't a port"},
	        {LEAST "mesh_port = 65536", ":4: mesh_port \"65536\" isn't a port"},
	        {LEAST "mesh_port = 010655", ":4: mesh_port \"010655\" isn't a port"},
	        {LEAST "mesh_port = \"\"", ":4: mesh_port \"\" isn't a port"},
	        {LEAST "mesh_port = 25", ":4: mesh_port and smtp_port \"25\" are the same port"},
	        {LEAST "carry = all", ":4: carry \"all\" isn't none, list, pins or view"},
	        {LEAST "observe = maybe", ":4: observe \"maybe\" isn't yes or no"},
	        {LEAST "public_address = {\n192.0.2.1,\n 192.0.2.300}",
	                ":6: public_address \"192.0.2.300\" "},
	        {LEAST "public_address = {192.0.2.1, 192.0.2.1}",
	                ":4: public_address \"192.0.2.1\" is in this list twice"},
	        {LEAST "public_address = {0.0.0.0}",
	                ":4: public_address \"0.0.0.0\" is no address of a host"},
	        {LEAST "public_address = {1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,"
	               "1.1.1.9}",
	                ":4: public_address \"1.1.1.9\" is one value too many"},
	        {LEAST "pool_zone = {\"*.example.org\"}", ":4: pool_zone \"*.example.org\" "},
	        {LEAST "pool_zone = {\"mx.example.org.\"}", ":4: pool_zone \"mx.example.org.\" "},
	        {LEAST "resolvers = {1.1.1.1, \"1.1.1.1@53\"}",
	                ":4: resolvers \"1.1.1.1@53\" is in this list"},
	        {LEAST "resolvers = \"1.1.1.1@\"", ":4: resolvers \"1.1.1.1@\" isn't a port"},
	        {LEAST "resolvers = \"1.1.1.1@0\"", ":4: resolvers \"1.1.1.1@0\" isn't a port"},
	        {LEAST "resolvers = \"1.1.1.1@65536\"", ":4: resolvers \"1.1.1.1@65536\" isn't a port"},
	        {LEAST "resolvers = \"localhost\"", ":4: resolvers \"localhost\" "},
	        {LEAST "resolvers = {1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4}",
	                ":4: resolvers \"1.1.1.4\" is one value too many"},
	        {LEAST "mesh_port = {1}", ":4: "},
	        {LEAST "carry pins", ":4: "},
	        {LEAST "carry = ", ":5: premature end of file"},
	        {LEAST "# one\n# two\n/* 3\n4 */ // 5\n\n\n/**/\ncarry = x", ":11: carry \"x\" "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(&rows[i]);
}

static void says_what_is_missing(void **state)
{
	static const struct refusal rows[] = {
	        {"", ": name is missing"},
	        {"name = rosa", ": vpn_address is missing"},
	        {"name = rosa vpn_address = {}", ": vpn_address is missing"},
	        {"name = rosa vpn_address = 10.1.1.1", ": mesh_prefix is missing"},
	        {LEAST "zone \"a.example\" {\nserver = nsd base = \"/b\"\n}", ":6: file is missing"},
	        {LEAST "zone \"a.example\" {\nserver = nsd\n}", ":6: base is missing"},
	        {LEAST "zone \"a.example\" {\nfile = \"/z\"\n}", ":6: server is missing"},
	        {LEAST "zone {}", ":4: missing title"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(&rows[i]);
}

static void checks_sections(void **state)
{
	static const struct refusal rows[] = {
	        {LEAST "postfix {\nconfig_dir = \"etc\"\n}", ":5: config_dir \"etc\" isn't an absolute path"},
	        {LEAST "postfix {\nmain = 1\n}", ":5: no such option 'main'"},
	        {LEAST "postfix {}\npostfix {\n}", ":6: a second postfix section ends here"},
	        {LEAST "timing {\nping_ms = 1\n}", ":6: a timing section, but test_timing isn't yes"},
	        {LEAST "test_timing = yes timing {\nping_ms = 1\n}", ":5: ping_ms \"1\" is less than can be"},
	        {LEAST "test_timing = yes timing {\nping_ms = 9999999999\n}",
	                ":5: ping_ms \"9999999999\" isn't"},
	        {LEAST "test_timing = yes timing {\npong_ms = 1\n}", ":5: no such option 'pong_ms'"},
	        {LEAST "zone \"A.example\" {server = nsd\nfile = \"/a\"\n}", ":6: zone \"A.example\" "},
	        {LEAST "zone \"a.example\" {server = bond}", ":4: server \"bond\" isn't a server"},
	        {LEAST "zone \"a.example\" {server = nsd base = \"/b\" file = \"/a\" ttl = 0}",
	                ":4: ttl \"0\" isn't a TTL"},
	        {LEAST "zone \"a.example\" {server = nsd base = \"/b\" file = \"/a\" }\nzone \"a.example\" "
	               "{}",
	                ":5: found duplicate title 'a.example'"},
	        {LEAST "zone \"a.example\" {server = nsd base = \"/b\" file = \"/a\" }\n"
	               "zone \"b.example\" {server = nsd base = \"/b\" file = \"/a\" }",
	                ":4: zone a.example would write over the file of zone b.example"},
	        {LEAST "zone \"a.example\" {server = nsd file = \"/a\" base = \"/a\"}",
	                ":4: zone a.example would write over the base of zone a.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_refused(&rows[i]);
}

static void wants_vpn_addresses_inside_of_the_mesh(void **state)
{
	static const struct refusal rows[] = {
	        {"name = rosa\nmesh_prefix = 10.66.0.0/16\nvpn_address = {10.66.0.21,\n10.67.0.21}\n",
	                ":4: vpn_address \"10.67.0.21\" lies in no mesh_prefix"},
	        {"name = rosa\nmesh_prefix = 10.66.0.0/16\nvpn_address = \"fd66::1\"\n",
	                ":3: vpn_address \"fd66::1\" lies in no mesh_prefix"},
	        {"name = rosa\nmesh_prefix = 10.66.0.1/16\n", ":2: mesh_prefix \"10.66.0.1/16\" "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256];
		struct refusal row = rows[i];

		snprintf(text, sizeof text, "%s%s", rows[i].text,
		        strstr(rows[i].text, "vpn_address") ? "" : "vpn_address = 10.66.0.21\n");
		row.text = text;
		assert_refused(&row);
	}
}

static void refuses_what_libconfuse_would_read_wrongly(void **state)
{
	static const struct refusal rows[] = {
	        {LEAST "secret = \"open\n", ":4: a quote is opened here and not closed on this line"},
	        {LEAST "secret = 'open", ":4: a quote is opened here and not closed on this line"},
	        {LEAST "secret = \"a\\x0ab\"", ":4: a backslash in a value"},
	        {LEAST "secret = \"${HOME}\"", ":4: ${ in a value"},
	        {LEAST "name = ${HOME}", ":4: $ can't stand here"},
	        {LEAST "/* open\n\n", ":4: a comment is opened here and never closed"},
	        {LEAST "postfix {\n\n", ":4: a brace is opened here and never closed"},
	        {LEAST "zone \"a.example\" {\ncontrol = {\n", ":5: a brace is opened here and never closed"},
	        {LEAST "}", ":4: } closes nothing"},
	        {LEAST "a { b { c {", ":4: a brace too many"},
	        {LEAST "postfix|config_dir = \"/x\"", ":4: | can't stand here"},
	        {LEAST "mesh_port = *10655", ":4: * can't stand here"},
	        {LEAST "mesh_port = +10655", ":4: + can't stand here"},
	        {LEAST "public_address = 192.0.2.1/*\"*/", ":4: / can't stand here"},
	        {LEAST "secret = \"\x1b[2J\"", ":4: byte 0x1b"},
	        {LEAST "secret = caf\xc3\xa9", ":4: byte 0xc3; expected plain ASCII"},
	        {LEAST "# bell \a", ":4: byte 0x07"},
	};
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_refused(&rows[i]);
		assert_int_equal(parse(&config, LEAST), RESULT_OK);
		config_fini(&config);
	}
}

static void shows_no_secret(void **state)
{
	char text[1024];
	char secret[400];
	struct config config;

	(void)state;
	memset(secret, 'q', sizeof secret - 1);
	secret[sizeof secret - 1] = '\0';
	snprintf(text, sizeof text, LEAST "secret = \"%s\"", secret);
	assert_int_equal(parse(&config, text), RESULT_BAD_CONFIG);
	assert_string_equal(why.text, FILE_NAME ":4: secret is longer than 256 characters");
}

static void survives_being_cut_anywhere(void **state)
{
	struct config config;

	(void)state;
	for (size_t length = 0; length < sizeof full; length++) {
		enum result result = parse_length(&config, full, length);

		if (result == RESULT_OK)
			config_fini(&config);
		else
			assert_memory_equal(why.text, FILE_NAME ":", strlen(FILE_NAME) + 1);
	}
}

static void survives_any_byte_anywhere(void **state)
{
	struct config config;
	char text[sizeof full];

	(void)state;
	for (size_t at = 0; at < sizeof full - 1; at++) {
		static const char bytes[] = {
		        0, '\n', '"', '\'', '{', '}', '=', ',', '#', '\\', '\x80', '|', '/', '*'};

		for (size_t i = 0; i < sizeof bytes; i++) {
			memcpy(text, full, sizeof full);
			text[at] = bytes[i];
			if (parse_length(&config, text, sizeof full - 1) == RESULT_OK)
				config_fini(&config);
			else
				assert_memory_equal(why.text, FILE_NAME ":", strlen(FILE_NAME) + 1);
		}
	}
	assert_int_equal(parse(&config, full), RESULT_OK);
	config_fini(&config);
}

static void loads_a_file(void **state)
{
	const struct scratch *scratch = *state;
	struct paths own;
	struct config config;

	assert_int_equal(paths_init(&own, scratch->dir, "libre", &why), RESULT_OK);
	assert_int_equal(config_load(&config, &own, &why), RESULT_NOT_FOUND);
	assert_non_null(strstr(why.tip, "meshctl init"));
	scratch_mkdir(scratch, "etc/meshd/libre");
	assert_int_equal(config_load(&config, &own, &why), RESULT_NOT_FOUND);
	scratch_write(scratch, "etc/meshd/libre/meshd.conf", LEAST "postfix {}");
	assert_int_equal(config_load(&config, &own, &why), RESULT_OK);
	assert_string_equal(config.postfix.tables, own.tables_dir);
	config_fini(&config);
}

static void does_not_load_what_is_no_file(void **state)
{
	const struct scratch *scratch = *state;
	struct paths own;
	struct config config;
	char *large = calloc(1, CONFIG_SIZE_MAX + 1);

	assert_int_equal(paths_init(&own, scratch->dir, "libre", &why), RESULT_OK);
	scratch_mkdir(scratch, "etc/meshd/libre/meshd.conf");
	assert_int_equal(config_load(&config, &own, &why), RESULT_IO);
	assert_non_null(strstr(why.text, "no regular file"));
	assert_int_equal(paths_init(&own, scratch->dir, "other", &why), RESULT_OK);
	scratch_mkdir(scratch, "etc/meshd/other");
	memset(large, '\n', CONFIG_SIZE_MAX + 1);
	scratch_write_bytes(scratch, "etc/meshd/other/meshd.conf", large, CONFIG_SIZE_MAX + 1);
	assert_int_equal(config_load(&config, &own, &why), RESULT_TOO_LARGE);
	assert_non_null(strstr(why.text, "larger than 256 KiB"));
	free(large);
}

#define scratch_test(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_every_option),
	        cmocka_unit_test(reads_sections),
	        cmocka_unit_test(has_careful_defaults),
	        cmocka_unit_test(says_line_and_tip_for_bad_values),
	        cmocka_unit_test(says_what_is_missing),
	        cmocka_unit_test(checks_sections),
	        cmocka_unit_test(wants_vpn_addresses_inside_of_the_mesh),
	        cmocka_unit_test(refuses_what_libconfuse_would_read_wrongly),
	        cmocka_unit_test(shows_no_secret),
	        cmocka_unit_test(survives_being_cut_anywhere),
	        cmocka_unit_test(survives_any_byte_anywhere),
	        scratch_test(loads_a_file),
	        scratch_test(does_not_load_what_is_no_file),
	};

	if (sodium_init() < 0 || paths_init(&paths, "", "libre", &why) != RESULT_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
