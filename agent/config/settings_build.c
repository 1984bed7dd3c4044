/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/config/settings_build.h"

#include <stdlib.h>
#include <string.h>

/* Nobody here is home for these; a slip of an operator's finger must not take their mail. */
static const char *const forbidden[] = {
        "aol.com",
        "disroot.org",
        "fastmail.com",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "mail.ru",
        "mailbox.org",
        "me.com",
        "msn.com",
        "outlook.com",
        "pm.me",
        "posteo.de",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "riseup.net",
        "t-online.de",
        "tuta.com",
        "tutanota.com",
        "web.de",
        "yahoo.com",
        "yandex.ru",
        "ymail.com",
        "zoho.com",
};

psl_ctx_t *public_suffixes_load(void)
{
	return psl_latest(NULL);
}

static bool is_public_suffix(void *context, const char *domain)
{
	return psl_is_public_suffix(context, domain) != 0;
}

static void name_set(struct domain_name *name, const char *text)
{
	memcpy(name->text, text, strlen(text) + 1);
}

static bool build_pins(const struct operator_files *files, struct settings *out)
{
	struct pin *pins = calloc(files->member_count + 1, sizeof *pins);

	for (size_t i = 0; pins != NULL && i < files->member_count; i++) {
		const struct member *member = &files->members[i];

		memcpy(pins[i].key, member->keyline.key, KEY_SIZE);
		memcpy(pins[i].name, member->name, strlen(member->name) + 1);
		pins[i].address = member->keyline.address;
		pins[i].port = member->keyline.port;
	}
	out->pins = pins;
	out->pin_count = (unsigned)files->member_count;
	return pins != NULL;
}

static bool build_claims(const struct operator_files *files, struct settings *out)
{
	struct domain_name *claims = calloc(files->claim_count + 1, sizeof *claims);

	for (size_t i = 0; claims != NULL && i < files->claim_count; i++)
		name_set(&claims[i], files->claims[i].domain);
	out->claims = claims;
	out->claim_count = (unsigned)files->claim_count;
	return claims != NULL;
}

static bool build_fixed_mx(const struct operator_files *files, struct settings *out)
{
	struct fixed_mx_setting *lines = calloc(files->claim_mx_count + 1, sizeof *lines);

	for (size_t i = 0; lines != NULL && i < files->claim_mx_count; i++) {
		name_set(&lines[i].domain, files->claim_mxs[i].domain);
		name_set(&lines[i].host, files->claim_mxs[i].host);
		lines[i].preference = files->claim_mxs[i].preference;
	}
	out->fixed_mx = lines;
	out->fixed_mx_count = (unsigned)files->claim_mx_count;
	return lines != NULL;
}

static bool build_accepts(const struct operator_files *files, struct settings *out)
{
	struct acceptance *accepts = calloc(files->accept_count + 1, sizeof *accepts);

	for (size_t i = 0; accepts != NULL && i < files->accept_count; i++) {
		name_set(&accepts[i].domain, files->accepts[i].domain);
		memcpy(accepts[i].author, files->accepts[i].key, KEY_SIZE);
	}
	out->accepts = accepts;
	out->accept_count = (unsigned)files->accept_count;
	return accepts != NULL;
}

static bool build_relay_choices(const struct operator_files *files, struct settings *out)
{
	struct relay_choice_setting *choices = calloc(files->relay_count + 1, sizeof *choices);

	for (size_t i = 0; choices != NULL && i < files->relay_count; i++) {
		memcpy(choices[i].key, files->relays[i].key, KEY_SIZE);
		choices[i].preference = files->relays[i].preference;
		choices[i].excluded = files->relays[i].is_excluded;
	}
	out->relay_choices = choices;
	out->relay_choice_count = (unsigned)files->relay_count;
	return choices != NULL;
}

static bool build_forces(const struct operator_files *files, struct settings *out)
{
	const struct forced *forced = &files->forced;
	struct force_setting *forces = calloc(forced->relay_count + 1, sizeof *forces);

	for (size_t i = 0; forces != NULL && i < forced->relay_count; i++) {
		const struct forced_relay *relay = &forced->relays[i];

		name_set(&forces[i].domain, relay->domain);
		memcpy(forces[i].relay, relay->key, KEY_SIZE);
		memcpy(forces[i].reason, relay->reason, sizeof forces[i].reason);
		forces[i].in = relay->in;
		forces[i].until_wall_ms = relay->until_s * 1000;
	}
	out->frozen = forced->frozen_line != 0;
	out->departure = forced->departure;
	out->departure_now = forced->departure_now;
	out->forces = forces;
	out->force_count = (unsigned)forced->relay_count;
	return forces != NULL;
}

static bool build_denials(const struct operator_files *files, struct settings *out)
{
	uint8_t(*denials)[KEY_SIZE] = calloc(files->deny_count + 1, sizeof *denials);

	for (size_t i = 0; denials != NULL && i < files->deny_count; i++)
		memcpy(denials[i], files->denies[i].key, KEY_SIZE);
	out->denials = (const uint8_t(*)[KEY_SIZE])denials;
	out->denial_count = (unsigned)files->deny_count;
	return denials != NULL;
}

static bool is_pool(const struct config *config, const char *zone)
{
	for (unsigned i = 0; i < config->pool_zone_count; i++) {
		if (strcmp(config->pool_zones[i], zone) == 0)
			return true;
	}
	return false;
}

static bool build_zones(const struct config *config, struct settings *out)
{
	struct zone_setting *zones = calloc(config->zone_count + 1, sizeof *zones);
	struct domain_name *pools = calloc(config->pool_zone_count + 1, sizeof *pools);

	for (unsigned i = 0; zones != NULL && i < config->zone_count; i++) {
		name_set(&zones[i].name, config->zones[i].name);
		zones[i].pool = is_pool(config, config->zones[i].name);
		zones[i].ttl_s = config->zones[i].ttl_s;
	}
	for (unsigned i = 0; pools != NULL && i < config->pool_zone_count; i++)
		name_set(&pools[i], config->pool_zones[i]);
	out->zones = zones;
	out->zone_count = config->zone_count;
	out->pools = pools;
	out->pool_count = config->pool_zone_count;
	return zones != NULL && pools != NULL;
}

static bool build_forbidden(struct settings *out)
{
	enum { COUNT = sizeof forbidden / sizeof forbidden[0] };
	struct domain_name *names = calloc(COUNT, sizeof *names);

	for (unsigned i = 0; names != NULL && i < COUNT; i++)
		name_set(&names[i], forbidden[i]);
	out->forbidden = names;
	out->forbidden_count = COUNT;
	return names != NULL;
}

static void build_node(const struct config *config, psl_ctx_t *suffixes, struct settings *out)
{
	*out = (struct settings){
	        .smtp_port = config->smtp_port,
	        .mesh_port = config->mesh_port,
	        .mesh_prefixes = config->mesh_prefixes,
	        .mesh_prefix_count = config->mesh_prefix_count,
	        .carry = config->carry,
	        .vouch_pins = config->vouch_pins,
	        .observe = config->observe,
	        .has_mta = config->postfix.is_set,
	        .allow_test_names = config->allow_test_names,
	        .is_public_suffix = is_public_suffix,
	        .public_suffix_context = suffixes,
	};
	memcpy(out->name, config->name, strlen(config->name) + 1);
	out->vpn.count = config->vpn_address_count;
	memcpy(out->vpn.at, config->vpn_addresses, config->vpn_address_count * sizeof out->vpn.at[0]);
	out->public.count = config->public_address_count;
	memcpy(out->public.at, config->public_addresses,
	        config->public_address_count * sizeof out->public.at[0]);
}

enum result settings_build(const struct config *config, const struct operator_files *files,
        psl_ctx_t *suffixes, struct settings *out)
{
	bool whole = true;

	build_node(config, suffixes, out);
	whole &= build_pins(files, out);
	whole &= build_claims(files, out);
	whole &= build_fixed_mx(files, out);
	whole &= build_accepts(files, out);
	whole &= build_denials(files, out);
	whole &= build_relay_choices(files, out);
	whole &= build_forces(files, out);
	whole &= build_zones(config, out);
	whole &= build_forbidden(out);
	if (whole)
		return RESULT_OK;
	settings_build_fini(out);
	return RESULT_NO_MEMORY;
}

static void drop(const void *array)
{
	free((void *)(uintptr_t)array);
}

void settings_build_fini(struct settings *settings)
{
	drop(settings->pins);
	drop(settings->claims);
	drop(settings->fixed_mx);
	drop(settings->accepts);
	drop(settings->denials);
	drop(settings->relay_choices);
	drop(settings->forces);
	drop(settings->zones);
	drop(settings->pools);
	drop(settings->forbidden);
	*settings = (struct settings){.pin_count = 0};
}
