/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/settings.h"

#include <stdlib.h>

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct domain_name *)a)->text, ((const struct domain_name *)b)->text);
}

static int compare_keys(const void *a, const void *b)
{
	return memcmp(a, b, KEY_SIZE);
}

static int compare_accepts(const void *a, const void *b)
{
	const struct acceptance *left = a, *right = b;
	int order = compare_names(&left->domain, &right->domain);

	return order != 0 ? order : memcmp(left->author, right->author, KEY_SIZE);
}

static int compare_pins(const void *a, const void *b)
{
	return memcmp(((const struct pin *)a)->key, ((const struct pin *)b)->key, KEY_SIZE);
}

static int compare_fixed_mx(const void *a, const void *b)
{
	const struct fixed_mx_setting *left = a, *right = b;
	int order = compare_names(&left->domain, &right->domain);

	if (order == 0)
		order = (left->preference > right->preference) - (left->preference < right->preference);
	return order != 0 ? order : compare_names(&left->host, &right->host);
}

static int compare_relay_choices(const void *a, const void *b)
{
	return memcmp(((const struct relay_choice_setting *)a)->key,
	        ((const struct relay_choice_setting *)b)->key, KEY_SIZE);
}

static int compare_forces(const void *a, const void *b)
{
	const struct force_setting *left = a, *right = b;
	int order = compare_names(&left->domain, &right->domain);

	return order != 0 ? order : memcmp(left->relay, right->relay, KEY_SIZE);
}

/* A line that stands twice in a file would be signed twice, which no decoder accepts. Returns how many are
 * left of sorted elements. */
static unsigned drop_doubles(
        char *array, unsigned count, size_t size, int (*compare)(const void *, const void *))
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		if (kept > 0 && compare(array + (kept - 1) * size, array + i * size) == 0)
			continue;
		memmove(array + kept++ * size, array + i * size, size);
	}
	return kept;
}

/* *array becomes an own copy of its *count elements, sorted and each once if there is an order; false without
 * memory. */
static bool own_array(
        const void **array, unsigned *count, size_t size, int (*compare)(const void *, const void *))
{
	void *copy = malloc(*count * size + 1);

	if (copy == NULL) {
		*array = NULL;
		return false;
	}
	if (*count > 0)
		memcpy(copy, *array, *count * size);
	if (compare != NULL) {
		qsort(copy, *count, size, compare);
		*count = drop_doubles(copy, *count, size, compare);
	}
	*array = copy;
	return true;
}

struct settings *settings_copy(const struct settings *settings)
{
	struct settings *copy = malloc(sizeof *copy);
	bool whole = true;

	if (copy == NULL)
		return NULL;
	*copy = *settings;
#define OWN(array, count, compare)                                                                           \
	whole &= own_array((const void **)&copy->array, &copy->count, sizeof *copy->array, compare)
	OWN(mesh_prefixes, mesh_prefix_count, NULL);
	OWN(pools, pool_count, NULL);
	OWN(zones, zone_count, NULL);
	OWN(pins, pin_count, compare_pins);
	OWN(denials, denial_count, compare_keys);
	OWN(claims, claim_count, compare_names);
	OWN(accepts, accept_count, compare_accepts);
	OWN(fixed_mx, fixed_mx_count, compare_fixed_mx);
	OWN(relay_choices, relay_choice_count, compare_relay_choices);
	OWN(ends, end_count, compare_names);
	OWN(forces, force_count, compare_forces);
	OWN(forbidden, forbidden_count, compare_names);
#undef OWN
	if (whole)
		return copy;
	settings_destroy(copy);
	return NULL;
}

static void drop(const void *array)
{
	free((void *)(uintptr_t)array);
}

void settings_destroy(struct settings *settings)
{
	if (settings == NULL)
		return;
	drop(settings->mesh_prefixes);
	drop(settings->pools);
	drop(settings->zones);
	drop(settings->pins);
	drop(settings->denials);
	drop(settings->claims);
	drop(settings->accepts);
	drop(settings->fixed_mx);
	drop(settings->relay_choices);
	drop(settings->ends);
	drop(settings->forces);
	drop(settings->forbidden);
	free(settings);
}

const struct pin *settings_pin(const struct settings *settings, const uint8_t key[KEY_SIZE])
{
	struct pin wanted = {.port = 0};

	memcpy(wanted.key, key, KEY_SIZE);
	return bsearch(&wanted, settings->pins, settings->pin_count, sizeof wanted, compare_pins);
}

bool settings_denies(const struct settings *settings, const uint8_t key[KEY_SIZE])
{
	return bsearch(key, settings->denials, settings->denial_count, KEY_SIZE, compare_keys) != NULL;
}

const struct relay_choice_setting *settings_relay_choice(
        const struct settings *settings, const uint8_t key[KEY_SIZE])
{
	struct relay_choice_setting wanted = {.preference = 0};

	memcpy(wanted.key, key, KEY_SIZE);
	return bsearch(&wanted, settings->relay_choices, settings->relay_choice_count, sizeof wanted,
	        compare_relay_choices);
}

static bool name_of(struct bytes domain, struct domain_name *out)
{
	if (domain.length > DOMAIN_LENGTH_MAX)
		return false;
	memcpy(out->text, domain.data, domain.length);
	out->text[domain.length] = '\0';
	return true;
}

static bool names_contain(const struct domain_name *names, unsigned count, struct bytes domain)
{
	struct domain_name wanted;

	return name_of(domain, &wanted) &&
	       bsearch(&wanted, names, count, sizeof wanted, compare_names) != NULL;
}

bool settings_claims(const struct settings *settings, struct bytes domain)
{
	return names_contain(settings->claims, settings->claim_count, domain);
}

const struct force_setting *settings_force(
        const struct settings *settings, const char *domain, const uint8_t relay[KEY_SIZE])
{
	struct force_setting wanted = {.in = false};

	if (strlen(domain) > DOMAIN_LENGTH_MAX || settings->force_count == 0)
		return NULL;
	memcpy(wanted.domain.text, domain, strlen(domain) + 1);
	memcpy(wanted.relay, relay, KEY_SIZE);
	return bsearch(&wanted, settings->forces, settings->force_count, sizeof wanted, compare_forces);
}

bool settings_ends(const struct settings *settings, struct bytes domain)
{
	return (settings->departure != DEPARTURE_NONE && settings->departure_now) ||
	       names_contain(settings->ends, settings->end_count, domain);
}

bool settings_forbids(const struct settings *settings, struct bytes domain)
{
	return names_contain(settings->forbidden, settings->forbidden_count, domain);
}

bool settings_accepts(const struct settings *settings, struct bytes domain, const uint8_t author[KEY_SIZE])
{
	struct acceptance wanted;

	if (!name_of(domain, &wanted.domain))
		return false;
	memcpy(wanted.author, author, KEY_SIZE);
	return bsearch(&wanted, settings->accepts, settings->accept_count, sizeof wanted, compare_accepts) !=
	       NULL;
}

const struct fixed_mx_setting *settings_fixed_mx(
        const struct settings *settings, struct bytes domain, unsigned *count)
{
	struct domain_name wanted;
	unsigned low = 0, high = settings->fixed_mx_count;

	*count = 0;
	if (!name_of(domain, &wanted))
		return NULL;
	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (compare_names(&settings->fixed_mx[middle].domain, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + *count < settings->fixed_mx_count &&
	        compare_names(&settings->fixed_mx[low + *count].domain, &wanted) == 0)
		++*count;
	return *count > 0 ? &settings->fixed_mx[low] : NULL;
}

bool settings_in_mesh(const struct settings *settings, const struct address *address)
{
	for (unsigned i = 0; i < settings->mesh_prefix_count; i++) {
		if (prefix_contains(&settings->mesh_prefixes[i], address))
			return true;
	}
	return false;
}
