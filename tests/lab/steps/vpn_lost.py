# SPDX-License-Identifier: GPL-3.0-or-later
"""A relay's tinc is cut off while its own internet goes on: strangers still reach its port 25."""

import time

from tests.lab import cut, smtp, village
from tests.lab.wait import NotYet, expect, wait_until

RELAY = "rosa"
SECONDS_OF_CUT = 30  # by then tinc has noticed too
SECONDS_TO_LEAVE_DNS = 60  # the figure's limit is judged in the end, by what was measured
SECONDS_TO_RETURN = 75
SECONDS_TO_QUEUE = 20
SECONDS_TO_MEET = 40
SECONDS_TO_FLUSH = 30
DOMAINS_ELSEWHERE = [domain for domain, home in village.HOME_OF.items() if home != RELAY]


def tell(scene):
    others = frozenset(village.RELAYS) - {RELAY}
    domains = list(village.HOME_OF)
    began = time.monotonic()
    with cut.healed_in_the_end(cut.tinc_of(scene.node(RELAY))) as made:
        scene.note(f"{RELAY}'s tinc is cut off; strangers still reach her")
        held = _send_by_old_mx(scene)
        scene.note(f"{RELAY} took {len(held)} messages for recipients that she knows")
        out = scene.history.wait_for(f"{RELAY} without VPN is out of every MX set", domains, made.began,
                                     SECONDS_TO_LEAVE_DNS, lambda found: RELAY not in found)
        scene.timed("vpn_cut_to_dns", out - made.began)
        scene.note(f"{RELAY} out of all {len(domains)} MX sets, {out - made.began:.1f} s after the cut")
        time.sleep(max(0, made.began + SECONDS_OF_CUT - time.monotonic()))
        _expect_held(scene, held)
    healed = time.monotonic()
    scene.history.expect_always(f"only {RELAY} leaves the MX sets", domains, began, lambda found: found >= others)
    scene.note("the others stayed in; the cut is healed")
    reached = _wait_for_path(scene)
    last = scene.arrive(held, SECONDS_TO_FLUSH, f"what {RELAY} held")
    scene.note(f"{RELAY} reached the homes {reached - healed:.1f} s later; all that she held was home in another "
               f"{last - reached:.1f} s")
    back = scene.history.wait_for(f"{RELAY} is in every MX set again", domains, healed, SECONDS_TO_RETURN,
                                  lambda found: RELAY in found)
    return f"out after {out - made.began:.1f} s, in again {back - healed:.1f} s after the VPN came back"


def _send_by_old_mx(scene):
    """To recipients that the relay knows to exist; returns the ids, all of them taken."""
    recipients = [f"{user}@{domain}" for user in village.USERS for domain in DOMAINS_ELSEWHERE]
    held = scene.stale.send(recipients, only_by=village.PUBLIC[RELAY])
    wait_until(f"{RELAY} takes mail for known recipients without VPN", SECONDS_TO_QUEUE,
               lambda: not scene.stale.waiting())
    return held


def _expect_held(scene, held):
    queued = sum(map(len, scene.places.postfix[RELAY].queued().values()))
    expect(queued >= len(held), f"{RELAY}'s queue: expected {len(held)} messages or more, seen {queued}")
    early = set(held) & scene.post.arrived()
    expect(not early, f"without VPN {len(early)} of {RELAY}'s messages arrived all the same: the cut doesn't cut")


def _wait_for_path(scene):
    """When the relay reaches the SMTP server of each home again."""
    def reaches_all():
        with scene.node(RELAY).inside():
            for home in village.HOMES:
                if not smtp.says_banner(village.VPN[home], 1):
                    raise NotYet(f"no banner of {home}")
        return True

    wait_until(f"{RELAY} reaches the homes by tinc again", SECONDS_TO_MEET, reaches_all)
    return time.monotonic()
