/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "agent/look.h"

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
        const struct look *look, const struct link *link, const char *name, struct report *out)
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
		        look_name(look, link->other));
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

static struct report report_of(const struct look *look, const struct member *member, const struct peer *peer,
        const struct link *link)
{
	struct report report = {.state = "down"};

	if (peer != NULL) {
		report.state = "up";
		return report;
	}
	if (link == NULL) {
		report.state = "refused";
		snprintf(report.detail, TEXT_SIZE, "denied here");
		return report;
	}
	if (link->trouble == LINK_NOT_PINNED || link->trouble == LINK_DENIED || link->trouble == LINK_REFUSED)
		report.state = "refused";
	else if (link->trouble == LINK_NOT_TRIED)
		report.state = "unknown";
	describe_trouble(look, link, member->name, &report);
	return report;
}

/* What shows that it is there: at present a session. */
static json_t *evidence_of(const struct peer *peer)
{
	char address[ADDRESS_TEXT_BYTES];
	json_t *array = json_array();

	if (peer == NULL)
		return array;
	address_render(&peer->address, address);
	json_array_append_new(
	        array, json_sprintf("session %s at %s", peer->outgoing ? "out" : "in", address));
	return array;
}

/* null where no head is held. */
static void add_head(json_t *data, const struct look *look, const struct author *author)
{
	bool has = author != NULL && author->head != NULL;
	const struct head *head = has ? &author->head->head : NULL;

	(void)look;
	json_object_set_new(data, "roles", has ? look_roles(head->roles) : json_null());
	json_object_set_new(data, "claims", has ? json_integer(author->head->claim_count) : json_null());
	json_object_set_new(data, "head",
	        has ? json_pack("{s:o, s:o, s:o}", "serial", look_number(head->serial), "seq",
	                      look_number(head->seq), "signed_s", look_number(head->seq / 1000))
	            : json_null());
}

json_t *look_member(const struct look *look, const struct member *member)
{
	const uint8_t *key = member->keyline.key;
	const struct peer *peer = peers_up(look->peers, key);
	const struct link *link = peers_link(look->peers, key);
	struct report report = report_of(look, member, peer, link);
	char address[ADDRESS_TEXT_BYTES], text[KEY_TEXT_BYTES];
	json_t *data;

	key_render(key, text);
	address_render(peer != NULL ? &peer->address : &member->keyline.address, address);
	data = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o}", "name", member->name, "key", text,
	        "address", address, "state", report.state, "since_s",
	        link != NULL ? (json_int_t)((look->mono_ms - link->since_ms) / 1000) : 0, "direction",
	        peer == NULL     ? ""
	        : peer->outgoing ? "out"
	                         : "in",
	        "detail", report.detail, "tip", report.tip, "evidence", evidence_of(peer));
	add_head(data, look, archive_find(&look->node->archive, key));
	return data;
}
