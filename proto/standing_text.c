/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "proto/standing_text.h"

#include "proto/lines.h"

static const struct standing_text texts[STANDINGS] = {
        [STANDING_ACTIVE] = {"active", "accepted and counted", ""},
        [STANDING_DRAIN] = {"drain", "this node is being drained", "meshctl undrain"},
        [STANDING_LEAVE] = {"leave", "this node is leaving the mesh", "meshctl undrain"},
        [STANDING_NO_CARRY] = {"no-carry", "this node carries nothing (carry = none)",
                "meshctl relay carry pins"},
        [STANDING_DENIED] = {"denied", "its claimant is denied here",
                "the file denies names it; waiting mail stays until you say where to: meshctl accept DOMAIN "
                "from "
                "ANOTHER, or take the denial back"},
        [STANDING_KILLED] = {"killed", "its claimant's identity was ended by its owner",
                "pin the owner's new key; waiting mail stays until you say where to: meshctl accept DOMAIN "
                "from "
                "MEMBER"},
        [STANDING_NOT_IN_VIEW] = {"not-in-view", "its claimant doesn't count here",
                "pin the claimant: meshctl pin KEYLINE"},
        [STANDING_NOT_PINNED] = {"not-pinned", "this node carries for its pins only (carry = pins)",
                "pin the claimant, or set carry = view in meshd.conf and reload"},
        [STANDING_NOT_CHOSEN] = {"not-chosen", "its claimant hasn't chosen us as a relay",
                "ask the claimant to pin us"},
        [STANDING_FORBIDDEN] = {"forbidden", "the forbid list names it", ""},
        [STANDING_SPECIAL_USE] = {"special-use", "a special-use name",
                "test names need allow_test_names = yes in meshd.conf"},
        [STANDING_PUBLIC_SUFFIX] = {"public-suffix", "a public suffix", "nobody can claim a public suffix"},
        [STANDING_MESH_ZONE] = {"mesh-zone", "lies in the mesh's own zone", ""},
        [STANDING_OWN] = {"own", "we claim it ourselves", ""},
        [STANDING_LOCAL] = {"local", "our own MTA holds it as local",
                "take it out of mydestination and the virtual maps, or decline it"},
        [STANDING_OVER_QUOTA] = {"over-quota", "its claimant claims too many domains", ""},
        [STANDING_NOT_ACCEPTED] = {"not-accepted", "nobody here has accepted it",
                "meshctl accept DOMAIN from MEMBER"},
        [STANDING_TAKEN] = {"taken", "another claimant was accepted first",
                "take the other's line out of the file accepts, and reload"},
        [STANDING_UNASKED] = {"unasked", "our MTA hasn't said yet whether the name is its own",
                "wait a moment; then see the tables' error in status"},
        [STANDING_NOT_MET] = {"not-met", "its claimant was never met at the VPN address that it names",
                "see whether a session to the claimant comes up: meshctl status"},
        [STANDING_RELEASED] = {"released", "its claimant doesn't claim it any more", ""},
        [STANDING_FOUND] = {"found", "it was in our tables, and nobody knew since when",
                "meshctl accept DOMAIN from MEMBER, if it is to stay"},
        [STANDING_UNHEARD] = {"unheard", "its claimant's statements haven't been heard since the start", ""},
};

const struct standing_text *standing_text(enum standing standing)
{
	return &texts[standing < STANDINGS ? standing : STANDING_NOT_IN_VIEW];
}

bool standing_parse(struct bytes word, enum standing *out)
{
	for (unsigned i = 0; i < STANDINGS; i++) {
		if (field_is(word, texts[i].word)) {
			*out = (enum standing)i;
			return true;
		}
	}
	return false;
}
