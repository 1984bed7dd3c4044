/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/glance/glance.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/key.h"

enum { TEXT_SIZE = 256 };

/* What a member's link tells. */
struct report {
	const char *state;
	char detail[TEXT_SIZE];
	char tip[TEXT_SIZE];
};

static void describe_trouble(
        const struct glance *glance, const struct link *link, const char *name, struct report *out)
{
	char address[ADDRESS_TEXT_BYTES] = "";

	if (link->tried_port != 0)
		address_render(&link->tried, address);
	switch (link->trouble) {
	case LINK_NOT_TRIED:
		snprintf(out->detail, TEXT_SIZE, "not tried yet");
		break;
	case LINK_NO_ANSWER:
		snprintf(out->detail, TEXT_SIZE, "no answer at %s port %u: %s", address, link->tried_port,
		        link->text);
		snprintf(
		        out->tip, TEXT_SIZE, "is meshd running at %s, and does ping %s work?", name, address);
		break;
	case LINK_OTHER_KEY:
		snprintf(out->detail, TEXT_SIZE, "at %s's address %s answers %s", name, address,
		        glance_name(glance, link->other));
		snprintf(out->tip, TEXT_SIZE, "ask %s for the key line again: meshctl key", name);
		break;
	case LINK_NOT_PINNED:
		snprintf(out->detail, TEXT_SIZE, "%s hasn't pinned you", name);
		snprintf(
		        out->tip, TEXT_SIZE, "give %s your key line (meshctl key), to be pinned there", name);
		break;
	case LINK_DENIED:
		snprintf(out->detail, TEXT_SIZE, "%s denies you", name);
		break;
	case LINK_REFUSED:
		snprintf(out->detail, TEXT_SIZE, "%s refused the session", name);
		break;
	case LINK_HANDSHAKE:
		snprintf(out->detail, TEXT_SIZE, "no handshake with what answers at %s port %u", address,
		        link->tried_port);
		snprintf(out->tip, TEXT_SIZE, "is it meshd, and has it the same secret in meshd.conf?");
		break;
	case LINK_SILENT:
		snprintf(out->detail, TEXT_SIZE, "went silent");
		break;
	case LINK_CLOSED:
		snprintf(out->detail, TEXT_SIZE, "closed: %s", link->text);
		break;
	case LINK_TROUBLES:
	default:
		snprintf(out->detail, TEXT_SIZE, "down");
		break;
	}
}

/* No session: what else is known. */
static const char *state_without_session(const struct link *link, const struct life *life)
{
	if (life != NULL && life->state == LIFE_RESTARTING)
		return "restarting";
	if (life != NULL && life->state == LIFE_UP)
		return "alive";
	if (link != NULL && (link->trouble == LINK_NOT_PINNED || link->trouble == LINK_DENIED ||
	                            link->trouble == LINK_REFUSED))
		return "refused";
	return link == NULL || link->trouble == LINK_NOT_TRIED ? "unknown" : "down";
}

static struct report report_of(const struct glance *glance, const uint8_t *key, const struct peer *peer,
        const struct link *link, const struct life *life)
{
	struct report report = {.state = "up"};

	if (peer != NULL)
		return report;
	report.state = state_without_session(link, life);
	if (settings_denies(glance->node->settings, key)) {
		report.state = "refused";
		snprintf(report.detail, TEXT_SIZE, "denied here");
	} else if (link != NULL) {
		describe_trouble(glance, link, glance_name(glance, key), &report);
	}
	return report;
}

static void add_evidence(json_t *array, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_evidence(json_t *array, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	json_array_append_new(array, json_string(text));
}

static void add_life(
        const struct glance *glance, const struct author *author, const struct life *life, json_t *array)
{
	if (author->beacon_held.data != NULL)
		add_evidence(array, "beacon %lld s ago",
		        (long long)(glance->mono_ms - author->beacon_heard_ms) / 1000);
	if (life->evidence == EVIDENCE_REFUSED)
		add_evidence(array, "refuses connections");
	if (life->evidence == EVIDENCE_SILENT)
		add_evidence(array, "answers nobody");
}

/* What shows whether it is there. */
static json_t *evidence_of(const struct glance *glance, const struct peer *peer, const struct author *author,
        const struct life *life)
{
	char address[ADDRESS_TEXT_BYTES];
	json_t *array = json_array();

	if (peer != NULL) {
		address_render(&peer->address, address);
		add_evidence(array, "session %s at %s", peer->outgoing ? "out" : "in", address);
	}
	if (life != NULL)
		add_life(glance, author, life, array);
	return array;
}

/* null where no head is held. */
static void add_head(json_t *data, const struct author *author)
{
	bool has = author != NULL && author->head != NULL;
	const struct head *head = has ? &author->head->head : NULL;

	json_object_set_new(data, "roles", has ? glance_roles(head->roles) : json_null());
	json_object_set_new(data, "claims", has ? json_integer(author->head->claim_count) : json_null());
	json_object_set_new(data, "head",
	        has ? json_pack("{s:o, s:o, s:o}", "serial", glance_number(head->serial), "seq",
	                      glance_number(head->seq), "signed_s", glance_number(head->seq / 1000))
	            : json_null());
}

/* Where it is, as far as known: of the session, the head, the key line. */
static void render_address(const struct glance *glance, const uint8_t *key, const struct peer *peer,
        const struct author *author, char text[ADDRESS_TEXT_BYTES])
{
	const struct pin *pin = settings_pin(glance->node->settings, key);

	text[0] = '\0';
	if (peer != NULL)
		address_render(&peer->address, text);
	else if (author != NULL && author->head != NULL)
		address_render(&author->head->head.vpn.at[0], text);
	else if (pin != NULL)
		address_render(&pin->address, text);
}

static json_t *voucher_of(const struct glance *glance, const uint8_t *key)
{
	const struct view_member *member = view_find(&glance->node->view, key);

	return member != NULL && member->level > 0 ? json_string(glance_name(glance, member->voucher))
	                                           : json_null();
}

/* Since when the state holds, as the link or else the life tells; null: unknown. */
static json_t *since(const struct glance *glance, const struct link *link, const struct life *life)
{
	if (link != NULL)
		return json_integer((glance->mono_ms - link->since_ms) / 1000);
	if (life != NULL && life->state != LIFE_UNKNOWN)
		return json_integer((glance->mono_ms - life->since_ms) / 1000);
	return json_null();
}

json_t *glance_member(const struct glance *glance, const uint8_t key[KEY_SIZE])
{
	const struct peer *peer = peers_up(glance->peers, key);
	const struct link *link = peers_link(glance->peers, key);
	const struct author *author = archive_find(&glance->node->archive, key);
	const struct life *life = author != NULL ? liveness_of(glance->liveness, author) : NULL;
	struct report report = report_of(glance, key, peer, link, life);
	char address[ADDRESS_TEXT_BYTES], text[KEY_TEXT_BYTES];
	json_t *data;

	key_render(key, text);
	render_address(glance, key, peer, author, address);
	data = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:b, s:o, s:o}", "name",
	        glance_name(glance, key), "key", text, "address", address, "state", report.state, "since_s",
	        since(glance, link, life), "direction",
	        peer == NULL     ? ""
	        : peer->outgoing ? "out"
	                         : "in",
	        "detail", report.detail, "tip", report.tip, "pinned",
	        settings_pin(glance->node->settings, key) != NULL, "voucher", voucher_of(glance, key),
	        "evidence", evidence_of(glance, peer, author, life));
	add_head(data, author);
	return data;
}

json_t *glance_members(const struct glance *glance)
{
	const struct operator_files *files = &glance->agent->files;
	const struct view *view = &glance->node->view;
	json_t *array = json_array();

	for (size_t i = 0; i < files->member_count; i++)
		json_array_append_new(array, glance_member(glance, files->members[i].keyline.key));
	for (unsigned i = 0; i < view->count; i++) {
		if (view->members[i].level > 0)
			json_array_append_new(array, glance_member(glance, view->members[i].key));
	}
	return array;
}
