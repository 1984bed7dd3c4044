/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What postconf says of one Postfix: parameters as written and expanded, services, their overrides, map
 * types.
 */
#ifndef AGENT_POSTFIX_CONF_H
#define AGENT_POSTFIX_CONF_H

#include "agent/driver/reason.h"

#include <jansson.h>

struct postfix_conf {
	const char *dir;
	json_t *written;            /* name → value as it stands, defaults too */
	json_t *expanded;           /* name → value with every $name replaced */
	json_t *set;                /* name → value of those that stand in main.cf */
	json_t *overrides_written;  /* "smtp/inet/name" → value, of master.cf's -o */
	json_t *overrides_expanded; /* the same, expanded */
	json_t *services;           /* array of lines of master.cf, "smtp inet n - y - - smtpd ..." */
	json_t *map_types;          /* type → true */
};

/* Asks for `names` (ends with NULL) and all of master.cf. `dir` is borrowed for as long as `conf` is used. */
enum result postfix_conf_load(
        struct postfix_conf *conf, const char *dir, const char *const *names, struct reason *why);

/* Asks for the expanded values of `names` only. */
enum result postfix_conf_load_values(
        struct postfix_conf *conf, const char *dir, const char *const *names, struct reason *why);

void postfix_conf_fini(struct postfix_conf *conf);

/* Expanded; NULL for a parameter that this version of Postfix doesn't know. */
const char *postfix_conf_get(const struct postfix_conf *conf, const char *name);

/* The number of services that take mail from outside (smtpd on port 25, or behind postscreen); their names,
 * as "smtp/inet", are put into `services` (an array). */
void postfix_conf_servers_list(const struct postfix_conf *conf, json_t *services);

/* Field `index` of the line of `service` ("mesh/unix") in master.cf, copied; false without such a service. */
bool postfix_conf_service_field(
        const struct postfix_conf *conf, const char *service, unsigned index, char *field, size_t size);

/* Lines "name = value" → members; for postconf's output and tests. `text` is cut up. */
void postfix_conf_parse(char *text, json_t *values);

#endif
