/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * meshd.conf: any bytes are read without harm; a refusal names the file and says what is wrong, in plain
 * ASCII; what is taken keeps the rules; and no input changes how the next file is read (libconfuse has a
 * memory).
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/config.h"
#include "agent/config/config_scan.h"
#include "tests/fuzz/fuzz.h"

static const char good[] = "name = rosa vpn_address = 10.66.0.21 mesh_prefix = 10.66.0.0/16 # end\n";

static void require_plain(const char *text)
{
	for (; *text != '\0'; text++)
		REQUIRE(*text >= 0x20 && *text < 0x7f);
}

static void require_rules(const struct config *config)
{
	REQUIRE(config->vpn_address_count >= 1 && config->vpn_address_count <= CONFIG_ADDRESSES_MAX);
	for (unsigned i = 0; i < config->vpn_address_count; i++)
		REQUIRE(config_is_in_mesh(config, &config->vpn_addresses[i]));
	for (unsigned i = 0; i < config->pool_zone_count; i++)
		REQUIRE(domain_check(config->pool_zones[i], strlen(config->pool_zones[i])) == RESULT_OK);
	for (unsigned i = 0; i < config->zone_count; i++) {
		REQUIRE(domain_check(config->zones[i].name, strlen(config->zones[i].name)) == RESULT_OK);
		REQUIRE(config->zones[i].file[0] == '/' && config->zones[i].control_count >= 1);
	}
	REQUIRE(member_name_check(config->name, strlen(config->name)) == RESULT_OK);
}

/* Whether libconfuse has seen it. */
static bool is_scanned(const uint8_t *data, size_t size)
{
	struct complaint why;
	char *copy = malloc(size + 1);

	REQUIRE(copy != NULL);
	if (size > 0)
		memcpy(copy, data, size);
	copy[size] = '\n';
	enum result result = config_scan("", copy, size + 1, &why);

	free(copy);
	return result == RESULT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct paths paths;
	struct complaint why = {.text = ""};
	struct config config;
	bool ready = paths.config[0] != '\0' ||
	             (sodium_init() >= 0 && paths_init(&paths, "", "libre", &why) == RESULT_OK);

	REQUIRE(ready);
	if (config_parse(&config, &paths, (const char *)data, size, &why) == RESULT_OK) {
		require_rules(&config);
		config_fini(&config);
	} else {
		REQUIRE(strncmp(why.text, "/etc/meshd/libre/meshd.conf:", 28) == 0);
		require_plain(why.text);
		require_plain(why.tip);
	}
	if (is_scanned(data, size)) {
		REQUIRE(config_parse(&config, &paths, good, sizeof good - 1, &why) == RESULT_OK);
		config_fini(&config);
	}
	return 0;
}
