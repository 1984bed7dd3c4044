# SPDX-License-Identifier: GPL-3.0-or-later
"""Short outages of the VPN, such as tinc makes by itself: nobody may be taken for dead."""

import time

from tests.lab import cut, village
from tests.lab.wait import expect

RELAY, HOME = "rosa", "luz"
STOPPED = "flor"
SECONDS_OF_ONE_PATH = 25  # tinc finds another way after about 11 s
SECONDS_OF_STOP = 12
SECONDS_TO_BE_AS_BEFORE = 30


def tell(scene):
    domains = list(village.HOME_OF)
    everybody = frozenset(village.RELAYS)
    _wait_until_whole(scene, domains, time.monotonic(), 30, "before the cut")

    marks = _marks(scene)
    with cut.healed_in_the_end(cut.tinc_between(scene.node(RELAY), scene.node(HOME))) as made:
        time.sleep(SECONDS_OF_ONE_PATH)
    scene.history.expect_always(f"the path {RELAY}-{HOME} cut: at most one relay changes", domains, made.began,
                                lambda found: len(everybody - found) <= 1)
    _expect_nobody_marked(scene, marks)
    scene.note(f"path {RELAY}-{HOME} cut for {SECONDS_OF_ONE_PATH} s: nobody declared down, left out of a set: "
               f"{_left_out(scene, domains, made.began)}")

    with cut.healed_in_the_end(cut.tinc_of(scene.node(STOPPED))) as made:
        time.sleep(SECONDS_OF_STOP)
    healed = time.monotonic()
    back = _wait_until_whole(scene, domains, healed, SECONDS_TO_BE_AS_BEFORE, f"after {SECONDS_OF_STOP} s without {STOPPED}")
    scene.history.expect_always(f"all tinc traffic of {STOPPED} stopped for {SECONDS_OF_STOP} s: no set without two relays",
                                domains, made.began, lambda found: len(found) >= 2)
    scene.note(f"{STOPPED} without tinc for {SECONDS_OF_STOP} s: left out of a set: {_left_out(scene, domains, made.began)}")
    return f"no set empty, all as before {max(0, back - healed):.1f} s after the stop"


def _wait_until_whole(scene, domains, since, seconds, when):
    return scene.history.wait_for(f"MX sets are whole {when}", domains, since, seconds,
                                  lambda found: found >= frozenset(village.RELAYS))


def _marks(scene):
    """{(viewer, member): how often the viewer took that member for down}"""
    return {(viewer, name): author["life"]["marks"]
            for viewer in village.FRIENDS for name, author in scene.agent(viewer).held().items()}


def _expect_nobody_marked(scene, before):
    fresh = [f"{viewer} took {member} for down" for (viewer, member), marks in _marks(scene).items()
             if marks > before.get((viewer, member), 0)]
    expect(not fresh, f"expected that nobody is declared down; seen: {', '.join(fresh)}")


def _left_out(scene, domains, began):
    """Who was missing in any set since then, in words."""
    missing = frozenset(village.RELAYS)
    missing = {relay for domain in domains for _, found in scene.history.since(domain, began) for relay in missing - found}
    return " ".join(sorted(missing)) or "nobody"
