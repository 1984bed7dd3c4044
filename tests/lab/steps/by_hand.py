# SPDX-License-Identifier: GPL-3.0-or-later
"""An owner once wrote a relay into the registrar's zone by hand, and forgot. That relay leaves: the mail that still
comes to it has nowhere else to go, so it goes on taking it, and says to whom somebody must talk."""

import time

from tests.lab import village
from tests.lab.wait import NotYet, expect, wait_until

DOMAIN, RELAY = "sol.test", "flor"
HAND_MADE = f"{RELAY}.relay.test"
OTHER = "luz.test"
SECONDS_TO_LEAVE = 60
SECONDS_TO_ALARM = 40
SECONDS_OF_PROOF = 20  # twice what it would take if nobody named the relay
SECONDS_TO_ARRIVE = 30


def tell(scene):
    owner = scene.sent.homes_of[DOMAIN][0]
    scene.places.set_at_registrar(DOMAIN, village.pool_mx(DOMAIN) + f"@ {village.TTL_OF_OWNERS} IN MX 10 {HAND_MADE}.\n")
    scene.agent(RELAY).ctl("leave")
    wait_until(f"{RELAY} leaves: {OTHER} is out of her tables", SECONDS_TO_LEAVE,
               lambda: not _serves(scene, OTHER), pause=0.5)
    scene.note(f"the registrar's zone of {DOMAIN} names {HAND_MADE}; {RELAY} leaves, and is rid of all but {DOMAIN}")
    time.sleep(SECONDS_OF_PROOF)
    expect(_serves(scene, DOMAIN), f"{RELAY} refuses {DOMAIN}, and the registrar's zone still names her")
    alarm = wait_until(f"{RELAY}'s status names {DOMAIN}, {HAND_MADE} and {owner}", SECONDS_TO_ALARM,
                       lambda: _alarm(scene, RELAY, (DOMAIN, HAND_MADE, owner)), pause=0.5)
    wait_until(f"{owner}'s status names {DOMAIN} and {HAND_MADE}", SECONDS_TO_ALARM,
               lambda: _alarm(scene, owner, (DOMAIN, HAND_MADE)), pause=0.5)
    ids = scene.stale.send([f"{user}@{DOMAIN}" for user in village.USERS], only_by=village.PUBLIC[RELAY])
    scene.arrive(ids, SECONDS_TO_ARRIVE, f"messages for {DOMAIN} that came to {RELAY}")
    scene.note(f"{len(ids)} messages taken there; status at both: {alarm}")

    scene.places.set_at_registrar(DOMAIN, village.pool_mx(DOMAIN))
    mended = time.monotonic()
    wait_until(f"{RELAY} serves {DOMAIN} no more, once the registrar's zone is mended", SECONDS_TO_LEAVE,
               lambda: not _serves(scene, DOMAIN), pause=0.5)
    return f"zone mended by {owner}, {RELAY} serves it no more {time.monotonic() - mended:.0f} s later"


def _serves(scene, domain):
    return scene.places.postfix[RELAY].row(scene.agent(RELAY).table("relay_domains"), domain)


def _alarm(scene, name, words):
    """The first warning with all of these words."""
    warnings = scene.agent(name).warnings()
    found = next((warning for warning in warnings if all(word in warning for word in words)), None)
    if not found:
        raise NotYet(f"warnings there: {warnings or 'none'}")
    return found
