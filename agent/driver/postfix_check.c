/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One table: a row is one line of Postfix's configuration or one danger, with the function that judges it.
 */
#include "agent/driver/postfix_check.h"

#include "agent/driver/driver.h"
#include "agent/driver/postfix_conf.h"
#include "agent/driver/postfix_list.h"
#include "agent/driver/postfix_table.h"
#include "agent/driver/text.h"
#include "proto/assert.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE = 1,    /* its cure is a command that only adds or keeps: goes to `missing` */
	REFUSES = 2, /* relaying is refused until it is mended: goes to `dangers` */
};

struct checking {
	struct postfix_conf conf;
	const char *tables;
	const json_t *vpn_addresses;
	json_t *servers; /* services of master.cf that take mail from outside */
	json_t *missing;
	json_t *dangers;
	struct reason *why;
};

struct row {
	enum result (*judge)(struct checking *checking, const struct row *row);
	const char *parameter;
	const char *value; /* what is wanted, or words looked for; "@name" is our table of that name */
	unsigned flags;
	char unit; /* of a time without one */
	const char *why;
};

/* A parameter where it stands: main.cf, or -o of a service. */
struct setting {
	const char *service; /* NULL: main.cf */
	const char *written;
	const char *expanded;
};

/* ---- findings ---- */

static void finding_put(
        const struct checking *checking, const struct row *row, const char *what, const char *cure)
{
	json_t *finding = json_pack("{s:s, s:s, s:s}", "what", what, "why", row->why, "cure", cure);

	INVARIANT(finding != NULL);
	if (row->flags & LINE)
		json_array_append(checking->missing, finding);
	if (row->flags & REFUSES)
		json_array_append(checking->dangers, finding);
	json_decref(finding);
}

static void command_print(
        struct text *text, const struct checking *checking, const char *option, const char *assignment)
{
	text_print(text, "postconf -c %s %s ", checking->conf.dir, option);
	text_put_quoted(text, assignment);
}

/* postconf -P takes no blanks in a value; commas say the same. */
static void blanks_to_commas(char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == ' ' || *value == '\t')
			*value = ',';
	}
}

static void assignment_put(
        const struct checking *checking, const struct row *row, const char *service, const char *value)
{
	struct text what = {0}, assignment = {0}, cure = {0};

	text_print(&what, "%s%s%s", service ? service : "", service ? "/" : "", row->parameter);
	text_print(&assignment, "%s%s%s", text_get(&what), service ? "=" : *value ? " = " : " =", value);
	if (service)
		blanks_to_commas(assignment.bytes + what.length);
	command_print(&cure, checking, service ? "-P" : "-e", text_get(&assignment));
	finding_put(checking, row, text_get(&what), text_get(&cure));
	text_fini(&cure);
	text_fini(&assignment);
	text_fini(&what);
}

/* "@access" → "lmdb:/var/lib/meshd/net/postfix/access". */
static void value_print(struct text *text, const struct checking *checking, const char *value)
{
	if (value[0] == '@')
		text_print(text, "lmdb:%s/%s", checking->tables, value + 1);
	else
		text_print(text, "%s", value);
}

/* ---- settings ---- */

static bool setting_get(
        const struct checking *checking, const char *parameter, const char *service, struct setting *setting)
{
	const json_t *written = checking->conf.written, *expanded = checking->conf.expanded;
	char key[256];

	snprintf(key, sizeof key, "%s%s%s", service ? service : "", service ? "/" : "", parameter);
	if (service) {
		written = checking->conf.overrides_written;
		expanded = checking->conf.overrides_expanded;
	}
	setting->service = service;
	setting->written = json_string_value(json_object_get(written, key));
	setting->expanded = json_string_value(json_object_get(expanded, key));
	return setting->written && setting->expanded;
}

typedef enum result (*setting_judge_fn)(
        struct checking *checking, const struct row *row, const struct setting *setting);

/* In main.cf, and wherever a service that takes mail from outside has its own. */
static enum result settings_each(struct checking *checking, const struct row *row, setting_judge_fn judge)
{
	enum result result = RESULT_OK;
	struct setting setting;
	json_t *service;
	size_t index;

	if (setting_get(checking, row->parameter, NULL, &setting))
		result = judge(checking, row, &setting);
	json_array_foreach(checking->servers, index, service)
	{
		if (!result && setting_get(checking, row->parameter, json_string_value(service), &setting))
			result = judge(checking, row, &setting);
	}
	return result;
}

/* The place of the first of `words` in `list`, or -1. */
static int first_of(const char *list, const char *words)
{
	const char *item;
	size_t length;
	int first = -1;

	while (postfix_list_next(&words, &item, &length)) {
		char word[128];
		int at;

		snprintf(word, sizeof word, "%.*s", (int)length, item);
		at = postfix_list_find(list, word);
		if (at >= 0 && (first < 0 || at < first))
			first = at;
	}
	return first;
}

/* What an edit starts from: as written, but where a $name hides the place that is looked for, expanded. */
static const char *edit_base(const struct setting *setting, const char *words)
{
	bool is_hidden = first_of(setting->expanded, words) >= 0 && first_of(setting->written, words) < 0;

	return is_hidden ? setting->expanded : setting->written;
}

static void edit_put(const struct checking *checking, const struct row *row, const struct setting *setting,
        const char *without, const char *add, const char *before)
{
	const char *base = edit_base(setting, *without ? without : before);
	struct text value = {0};

	postfix_list_edit(&value, base, without, add, first_of(base, before));
	assignment_put(checking, row, setting->service, text_get(&value));
	text_fini(&value);
}

/* ---- judges of simple lines ---- */

static enum result judge_item(struct checking *checking, const struct row *row)
{
	struct text item = {0};
	struct setting setting;

	value_print(&item, checking, row->value);
	if (setting_get(checking, row->parameter, NULL, &setting) &&
	        postfix_list_find(setting.expanded, text_get(&item)) < 0)
		edit_put(checking, row, &setting, "", text_get(&item), "");
	text_fini(&item);
	return RESULT_OK;
}

/* Its default is $transport_maps, in which ours is or comes. */
static enum result judge_verify_maps(struct checking *checking, const struct row *row)
{
	struct setting setting;

	if (setting_get(checking, row->parameter, NULL, &setting) &&
	        strcmp(setting.written, "$transport_maps") == 0)
		return RESULT_OK;
	return judge_item(checking, row);
}

static enum result judge_without(struct checking *checking, const struct row *row)
{
	struct setting setting;

	if (setting_get(checking, row->parameter, NULL, &setting) &&
	        first_of(setting.expanded, row->value) >= 0)
		edit_put(checking, row, &setting, row->value, NULL, "");
	return RESULT_OK;
}

/* Any of the values is good, the first is the cure. */
static enum result judge_value(struct checking *checking, const struct row *row)
{
	const char *values = row->value, *item;
	struct setting setting;
	size_t length;
	char first[64];

	if (!setting_get(checking, row->parameter, NULL, &setting) ||
	        postfix_list_find(row->value, setting.expanded) >= 0)
		return RESULT_OK;
	postfix_list_next(&values, &item, &length);
	snprintf(first, sizeof first, "%.*s", (int)length, item);
	assignment_put(checking, row, NULL, first);
	return RESULT_OK;
}

long long postfix_time_parse(const char *text, char unit)
{
	static const char units[] = "smhdw";
	static const long long seconds[] = {1, 60, 3600, 86400, 604800};
	char *end;
	long long number;
	const char *at;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (end == text || errno || number < 0 || number > INT32_MAX)
		return -1;
	if (end[0] != '\0' && end[1] != '\0')
		return -1;
	at = strchr(units, end[0] ? end[0] : unit);
	return at ? number * seconds[at - units] : -1;
}

static enum result judge_time(struct checking *checking, const struct row *row, int sign)
{
	struct setting setting;
	long long present, wanted = postfix_time_parse(row->value, row->unit);

	if (!setting_get(checking, row->parameter, NULL, &setting))
		return RESULT_OK;
	present = postfix_time_parse(setting.expanded, row->unit);
	if (present < 0 || (present - wanted) * sign < 0)
		assignment_put(checking, row, NULL, row->value);
	return RESULT_OK;
}

static enum result judge_at_least(struct checking *checking, const struct row *row)
{
	return judge_time(checking, row, 1);
}

static enum result judge_at_most(struct checking *checking, const struct row *row)
{
	return judge_time(checking, row, -1);
}

/* ---- judges of master.cf ---- */

static enum result judge_service(struct checking *checking, const struct row *row)
{
	char command[128], chroot[16] = "y";
	struct text cure = {0}, line = {0};

	if (postfix_conf_service_field(&checking->conf, "mesh/unix", 7, command, sizeof command) &&
	        strcmp(command, row->value) == 0)
		return RESULT_OK;
	/* Chrooted or not as the admin's own smtp client is. */
	postfix_conf_service_field(&checking->conf, "smtp/unix", 4, chroot, sizeof chroot);
	text_print(&line, "%s=mesh unix - - %s - - %s", row->parameter, chroot, row->value);
	command_print(&cure, checking, "-M", text_get(&line));
	finding_put(checking, row, row->parameter, text_get(&cure));
	text_fini(&line);
	text_fini(&cure);
	return RESULT_OK;
}

static enum result judge_override(struct checking *checking, const struct row *row)
{
	struct text value = {0};
	struct setting setting;

	value_print(&value, checking, row->value);
	if (!setting_get(checking, row->parameter, "mesh/unix", &setting) ||
	        strcmp(setting.expanded, text_get(&value)) != 0)
		assignment_put(checking, row, "mesh/unix", text_get(&value));
	text_fini(&value);
	return RESULT_OK;
}

/* ---- judges of restrictions ---- */

static const char debian_restrictions[] =
        "permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination";

static enum result relay_setting_judge(
        struct checking *checking, const struct row *row, const struct setting *setting)
{
	int guard = first_of(setting->expanded, row->value);
	int permit = postfix_list_find(setting->expanded, "permit");

	if (guard >= 0 && (permit < 0 || guard < permit))
		return RESULT_OK;
	if (setting->expanded[0] == '\0')
		assignment_put(checking, row, setting->service, debian_restrictions);
	else
		edit_put(checking, row, setting, "", "defer_unauth_destination", "permit");
	return RESULT_OK;
}

static enum result judge_relay_restrictions(struct checking *checking, const struct row *row)
{
	return settings_each(checking, row, relay_setting_judge);
}

/* What ends the walk over a recipient of ours, whatever comes later. */
static const char finals[] = "permit reject defer permit_auth_destination permit_mx_backup";

/* The place of our table behind "check_recipient_access", or -1. */
static int access_find(const char *list, const char *table)
{
	const char *item;
	size_t length;
	bool is_access = false;

	for (int i = 0; postfix_list_next(&list, &item, &length); i++) {
		if (is_access && strlen(table) == length && memcmp(item, table, length) == 0)
			return i;
		is_access = length == 22 && memcmp(item, "check_recipient_access", 22) == 0;
	}
	return -1;
}

static enum result recipient_setting_judge(
        struct checking *checking, const struct row *row, const struct setting *setting)
{
	struct text table = {0}, check = {0};
	int ours, final;

	value_print(&table, checking, row->value);
	text_print(&check, "check_recipient_access %s", text_get(&table));
	ours = access_find(setting->expanded, text_get(&table));
	final = first_of(setting->expanded, finals);
	if (ours < 0 || (final >= 0 && final < ours))
		edit_put(checking, row, setting, "", text_get(&check), finals);
	text_fini(&check);
	text_fini(&table);
	return RESULT_OK;
}

static enum result judge_recipient_restrictions(struct checking *checking, const struct row *row)
{
	return settings_each(checking, row, recipient_setting_judge);
}

static enum result forbidden_setting_judge(
        struct checking *checking, const struct row *row, const struct setting *setting)
{
	if (first_of(setting->expanded, row->value) >= 0)
		edit_put(checking, row, setting, row->value, NULL, "");
	return RESULT_OK;
}

static enum result judge_forbidden(struct checking *checking, const struct row *row)
{
	return settings_each(checking, row, forbidden_setting_judge);
}

/* ---- judges of the rest ---- */

static enum result judge_lmdb(struct checking *checking, const struct row *row)
{
	if (!json_object_get(checking->conf.map_types, row->parameter))
		finding_put(checking, row, row->parameter, row->value);
	return RESULT_OK;
}

static enum result judge_tables(struct checking *checking, const struct row *row)
{
	const char *name = postfix_tables_missing(checking->tables);
	char what[640];

	if (!name)
		return RESULT_OK;
	snprintf(what, sizeof what, "%s/%s.lmdb", checking->tables, name);
	finding_put(checking, row, what, row->value);
	return RESULT_OK;
}

static enum result judge_empty(struct checking *checking, const struct row *row)
{
	struct setting setting;

	if (setting_get(checking, row->parameter, NULL, &setting) && setting.expanded[0] != '\0')
		assignment_put(checking, row, NULL, "");
	return RESULT_OK;
}

static const char only_itself[] = "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128";

static bool item_has_address(const char *item, const json_t *addresses)
{
	json_t *address;
	size_t index;

	json_array_foreach(addresses, index, address)
	{
		if (postfix_match_address(item, json_string_value(address)))
			return true;
	}
	return false;
}

/* The networks of the list that a VPN address is in: to be taken out. */
static void networks_collect(struct text *words, const char *list, const json_t *addresses)
{
	const char *item;
	size_t length;

	while (postfix_list_next(&list, &item, &length)) {
		char network[128];

		snprintf(network, sizeof network, "%.*s", (int)length, item);
		if (length < sizeof network && item_has_address(network, addresses))
			text_print(words, "%s ", network);
	}
}

/* Networks that stand in a file or a table can't be taken out by a command of ours. */
static void networks_cure_put(
        struct checking *checking, const struct row *row, const struct setting *setting, const char *verdict)
{
	struct text words = {0}, cure = {0};

	networks_collect(&words, setting->expanded, checking->vpn_addresses);
	if (words.length > 0) {
		edit_put(checking, row, setting, text_get(&words), NULL, "");
	} else {
		text_print(&cure, "take this node's VPN addresses out of %s (%s)", setting->written, verdict);
		finding_put(checking, row, row->parameter, text_get(&cure));
	}
	text_fini(&cure);
	text_fini(&words);
}

static enum result networks_setting_judge(
        struct checking *checking, const struct row *row, const struct setting *setting)
{
	json_t *verdicts = json_object(), *verdict;
	const char *address, *item = NULL;
	enum result result;

	INVARIANT(verdicts != NULL);
	result = postfix_list_match(checking->conf.dir, setting->expanded, checking->vpn_addresses,
	        postfix_match_address, verdicts, checking->why);
	json_object_foreach(verdicts, address, verdict)
	{
		if (json_string_value(verdict)[0] != '!')
			item = json_string_value(verdict);
	}
	if (item)
		networks_cure_put(checking, row, setting, item);
	json_decref(verdicts);
	return result;
}

/* Where nobody has set it, each of the machine's own addresses is in it, or its whole networks: the VPN's
 * too, as soon as that is up. */
static enum result judge_networks(struct checking *checking, const struct row *row)
{
	if (json_object_get(checking->conf.set, row->parameter))
		return settings_each(checking, row, networks_setting_judge);
	assignment_put(checking, row, NULL, only_itself);
	return RESULT_OK;
}

/* ---- the table ---- */

static const struct row rows[] = {
        {judge_lmdb, "lmdb", "apt install postfix-lmdb", REFUSES, 0,
                "this Postfix can't read LMDB tables, the only kind that is changed in one step while it "
                "runs"},
        {judge_tables, "tables", "start meshd: it makes its tables, empty, before any line names them",
                REFUSES, 0, "a table that is named but isn't there makes Postfix answer 451 to everybody"},
        {judge_item, "relay_domains", "@relay_domains", LINE, 0, "names the domains that are carried"},
        {judge_item, "transport_maps", "@transport", LINE, 0,
                "says to which home each domain goes, after your own maps, which keep the first word"},
        {judge_item, "fast_flush_domains", "@transport", LINE, 0,
                "lets waiting mail be sent at once when its home is back, also for a domain that is leaving"},
        {judge_verify_maps, "address_verify_transport_maps", "@transport", LINE, 0,
                "recipients must be verified at the home where their mail goes"},
        {judge_without, "parent_domain_matches_subdomains",
                "relay_domains fast_flush_domains smtpd_access_maps", LINE | REFUSES, 0,
                "as long as these are in it, a carried domain opens the relay to each of its subdomains"},
        {judge_relay_restrictions, "smtpd_relay_restrictions",
                "defer_unauth_destination reject_unauth_destination", LINE | REFUSES, 0,
                "nothing before a final permit turns away mail for foreign domains: an open relay"},
        {judge_forbidden, "smtpd_relay_restrictions", "permit_mx_backup", REFUSES, 0,
                "permit_mx_backup lets anybody who names this host as MX relay through it"},
        {judge_forbidden, "smtpd_recipient_restrictions", "permit_mx_backup", REFUSES, 0,
                "permit_mx_backup lets anybody who names this host as MX past the checks of recipients"},
        {judge_forbidden, "smtpd_relay_restrictions", "permit_inet_interfaces", REFUSES, 0,
                "permit_inet_interfaces says yes to this machine's own addresses, so also to our test of a "
                "domain"},
        {judge_recipient_restrictions, "smtpd_recipient_restrictions", "@access", LINE, 0,
                "refuses recipients that the home doesn't know; otherwise spam to them comes back from here"},
        {judge_value, "unverified_recipient_reject_code", "550", LINE, 0,
                "says at once that a recipient is unknown; with 450 senders go on trying for days"},
        {judge_value, "address_verify_negative_cache", "yes", LINE, 0,
                "without it an unknown recipient is told 450 for ever"},
        {judge_at_most, "address_verify_negative_expire_time", "60s", LINE, 'd',
                "an old \"unknown\" must not outlive a new mailbox"},
        {judge_at_most, "address_verify_negative_refresh_time", "60s", LINE, 'h',
                "an old \"unknown\" must not outlive a new mailbox"},
        {judge_at_most, "address_verify_poll_delay", "1s", LINE, 's',
                "an address that is seen for the first time is answered after 1 s instead of 3 s"},
        {judge_at_least, "maximal_queue_lifetime", "14d", LINE, 'd',
                "mail waits for a home that is away during a holiday; after 5 d it would bounce"},
        {judge_value, "smtpd_forbid_bare_newline", "normalize yes reject", LINE, 0,
                "keeps smuggled messages from being handed on to the homes"},
        {judge_service, "mesh/unix", "smtp", LINE, 0,
                "an SMTP client of the mesh's own, so that your settings for the outside don't touch it"},
        {judge_override, "syslog_name", "postfix/mesh", LINE, 0,
                "tells the mesh's deliveries apart in the log"},
        {judge_override, "smtp_fallback_relay", "", LINE, 0, "mail for a home goes to that home or waits"},
        {judge_override, "smtp_bind_address", "", LINE, 0, "a public source address can't reach the VPN"},
        {judge_override, "smtp_bind_address6", "", LINE, 0, "a public source address can't reach the VPN"},
        {judge_override, "smtp_tls_policy_maps", "@tls", LINE, 0, "TLS to homes by the keys that they sign"},
        {judge_override, "smtp_tls_fingerprint_digest", "sha256", LINE, 0, "the digest that homes sign"},
        {judge_networks, "mynetworks", "", REFUSES, 0,
                "it has this node's VPN address in it: the VPN could relay to everywhere, and our test of a "
                "domain "
                "would always be told yes"},
        {judge_empty, "relay_recipient_maps", "", REFUSES, 0,
                "recipients of carried domains aren't in it: they would be refused with 550 before they are "
                "verified; verify your own relayed domains with reject_unverified_recipient too"},
};

/* Each parameter once; it ends with NULL. */
static void names_collect(const char **names)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].judge != judge_override && rows[i].judge != judge_service &&
		        rows[i].judge != judge_lmdb && rows[i].judge != judge_tables)
			names[count++] = rows[i].parameter;
	}
	names[count] = NULL;
}

/* Without them nobody could tell that Postfix takes the VPN for its own. */
static enum result addresses_check(const json_t *vpn_addresses, struct reason *why)
{
	if (json_array_size(vpn_addresses) == 0)
		return reason_set(why, RESULT_MALFORMED, "name this node's VPN address in the configuration",
		        "Postfix can't be judged without this node's VPN addresses");
	return driver_addresses_check(vpn_addresses, why);
}

enum result postfix_check(const char *config_dir, const char *tables, const json_t *vpn_addresses,
        json_t *missing, json_t *dangers, struct reason *why)
{
	struct checking checking = {.tables = tables,
	        .vpn_addresses = vpn_addresses,
	        .missing = missing,
	        .dangers = dangers,
	        .why = why};
	const char *names[sizeof rows / sizeof rows[0] + 1];
	enum result result;

	result = addresses_check(vpn_addresses, why);
	if (result)
		return result;
	names_collect(names);
	result = postfix_conf_load(&checking.conf, config_dir, names, why);
	if (result)
		return result;
	checking.servers = json_array();
	INVARIANT(checking.servers != NULL);
	postfix_conf_servers_list(&checking.conf, checking.servers);
	for (size_t i = 0; !result && i < sizeof rows / sizeof rows[0]; i++)
		result = rows[i].judge(&checking, &rows[i]);
	json_decref(checking.servers);
	postfix_conf_fini(&checking.conf);
	return result;
}
