# SPDX-License-Identifier: GPL-3.0-or-later
"""Everybody may go, and no message notices: a domain leaves the mesh, a relay leaves its friends, and a domain
moves from one home to another. Senders go on by what DNS said before."""

import time

from tests.lab import village
from tests.lab.wait import NotYet, expect, wait_until

SECONDS_TO_QUEUE = 30
SECONDS_TO_CHANGE = 30
SECONDS_TO_GO = 90
SECONDS_TO_RETURN = 60
SECONDS_TO_ARRIVE = 60
SECONDS_OF_PROOF = 12  # longer than serving would go on if nobody looked at public DNS


def tell(scene):
    for part in (_release, _drain, _leave, _move, _return):
        scene.note(part(scene))
    return "every message went on its way"


# A domain leaves: her owner opens a port 25 of her own and tells the registrar.

RELEASED = "ola.test"
OWNER = village.HOME_OF[RELEASED]


def _release(scene):
    scene.stale.remember(RELEASED)
    postfix = scene.places.postfix[OWNER]
    postfix.stop()
    queued = _queue_at_each_relay(scene)

    began = time.monotonic()
    scene.agent(OWNER).ctl("release", RELEASED)
    time.sleep(SECONDS_OF_PROOF)
    _expect_serving(scene, RELEASED, village.RELAYS)  # DNS still leads there: the registrar says so
    _open_own_door(scene, postfix)
    stale = scene.stale.send([f"{user}@{RELEASED}" for user in village.USERS * 2])
    scene.arrive(queued, SECONDS_TO_ARRIVE, f"messages for {RELEASED} that were queued at relays")
    for relay in village.RELAYS:
        _wait_until_gone(scene, relay, RELEASED, SECONDS_TO_GO)
    took = time.monotonic() - began
    late = scene.stale.send([f"{user}@{RELEASED}" for user in village.USERS])  # refused now for a while: 4xx
    time.sleep(1)
    scene.stale.remember(RELEASED)
    scene.arrive([*stale, *late], SECONDS_TO_ARRIVE, f"messages for {RELEASED} by senders with the old MX")
    return (f"{RELEASED} released with {len(queued)} messages queued: served until the registrar's MX was another, "
            f"out of all tables {took:.0f} s after the word")


def _queue_at_each_relay(scene):
    """While the home is away; returns the ids, all of which relays have taken."""
    ids = []
    for relay in village.RELAYS:
        ids += scene.stale.send([f"{user}@{RELEASED}" for user in village.USERS], only_by=village.PUBLIC[relay])
    wait_until(f"relays take mail for {RELEASED}", SECONDS_TO_QUEUE, lambda: not scene.stale.waiting())
    return ids


def _open_own_door(scene, postfix):
    node = scene.node(OWNER)
    postfix.set("inet_interfaces", f"127.0.0.1, {village.VPN[OWNER]}, {node.public}")
    postfix.start_again()
    scene.places.set_at_registrar(RELEASED, f"@ {village.TTL_OF_OWNERS} IN MX 10 door.{RELEASED}.\n"
                                            f"door {village.TTL_OF_OWNERS} IN A {node.public}\n")


def _row(scene, relay, table, domain):
    return scene.places.postfix[relay].row(scene.agent(relay).table(table), domain)


def _expect_serving(scene, domain, relays):
    for relay in relays:
        expect(_row(scene, relay, "relay_domains", domain), f"{relay} serves {domain} no more, and DNS still names it")


def _wait_until_gone(scene, relay, domain, seconds):
    """First out of relay_domains, and only later out of transport."""
    def is_gone():
        serves, leads = _row(scene, relay, "relay_domains", domain), _row(scene, relay, "transport", domain)
        expect(leads or not serves, f"{relay} serves {domain}, but its transport is gone")
        if serves or leads:
            raise NotYet(f"still in {'relay_domains' if serves else 'transport'}; {_progress(scene, relay, domain)}")
        return True

    wait_until(f"{domain} is out of {relay}'s tables", seconds, is_gone, pause=0.5)


def _progress(scene, relay, domain):
    """What the operator is told of a domain that leaves."""
    lines = scene.agent(relay).ctl("why", domain, check=False).stdout.splitlines()
    return " / ".join(line.strip() for line in lines[:6])


# A relay drains, comes back, and leaves.

LEAVER = "flor"
CARRIED = [domain for domain, home in village.HOME_OF.items() if home != LEAVER and domain != RELEASED]
OTHERS = frozenset(village.RELAYS) - {LEAVER}


def _drain(scene):
    began = time.monotonic()
    scene.agent(LEAVER).ctl("drain")
    out = scene.history.wait_for(f"{LEAVER} drains: out of every MX set", CARRIED, began, SECONDS_TO_CHANGE,
                                 lambda found: LEAVER not in found)
    scene.agent(LEAVER).ctl("undrain")
    undrained = time.monotonic()
    back = scene.history.wait_for(f"{LEAVER} drains no more: in every MX set", CARRIED, undrained, SECONDS_TO_CHANGE,
                                  lambda found: LEAVER in found)
    _expect_serving(scene, CARRIED[0], [LEAVER])
    return f"{LEAVER} drains: out of DNS after {out - began:.1f} s, and back {back - undrained:.1f} s after undrain"


def _leave(scene):
    for domain in CARRIED:
        scene.stale.remember(domain)
    began = time.monotonic()
    scene.agent(LEAVER).ctl("leave")
    stale = scene.stale.send([f"{user}@{domain}" for domain in CARRIED for user in village.USERS])
    scene.history.wait_for(f"{LEAVER} leaves: out of every MX set", CARRIED, began, SECONDS_TO_CHANGE,
                           lambda found: LEAVER not in found)
    for domain in CARRIED:
        _wait_until_gone(scene, LEAVER, domain, SECONDS_TO_GO)
    took = time.monotonic() - began
    scene.history.expect_always(f"{LEAVER} leaves: the others stay", CARRIED, began, lambda found: found >= OTHERS)
    scene.arrive(stale, SECONDS_TO_ARRIVE, f"messages by senders who still have {LEAVER} as MX")
    queued = scene.places.postfix[LEAVER].queued()
    expect(not queued, f"{LEAVER} has left with mail in her queue: {queued}")
    return f"{LEAVER} leaves: nothing in her tables and queue after {took:.0f} s"


# A domain moves from one home to another.

MOVED, OLD_HOME, NEW_HOME = "sol.test", "luz", "mar"


def _move(scene):
    began = time.monotonic()
    _open_mailboxes(scene)
    scene.sent.may_arrive_at(MOVED, (OLD_HOME, NEW_HOME))
    scene.agent(NEW_HOME).claim(MOVED)
    for relay in OTHERS:
        scene.agent(relay).accept(MOVED, NEW_HOME)
    scene.agent(OLD_HOME).ctl("release", MOVED)
    nexthop = f"mesh:[{village.VPN[NEW_HOME]}]:25"
    for relay in sorted(OTHERS):
        wait_until(f"{relay}'s transport for {MOVED} leads to {NEW_HOME}", SECONDS_TO_CHANGE,
                   lambda: _leads_to(scene, relay, nexthop), pause=0.2)
    took = time.monotonic() - began
    scene.history.expect_always(f"{MOVED} moves, and its MX set stays", [MOVED], began,
                                lambda found: len(found) >= len(OTHERS))
    _expect_new_mail_at_new_home(scene)
    return f"{MOVED} moved from {OLD_HOME} to {NEW_HOME} within {took:.1f} s"


def _leads_to(scene, relay, nexthop):
    row = _row(scene, relay, "transport", MOVED)
    if row != nexthop:
        raise NotYet(f"it says {row}; {_progress(scene, relay, MOVED)}")
    return True


def _open_mailboxes(scene):
    """The new home holds the domain before anybody says so."""
    postfix = scene.places.postfix[NEW_HOME]
    users = village.USERS + village.USERS_NEVER_SEEN
    postfix.append("mailboxes", "".join(f"{user}@{MOVED} {MOVED}/{user}/\n" for user in users))
    domains = [domain for domain, home in village.HOME_OF.items() if home == NEW_HOME]
    postfix.set("virtual_mailbox_domains", " ".join([*domains, MOVED]))
    postfix.reload()


def _expect_new_mail_at_new_home(scene):
    """A relay's queue manager may have asked for the old way a moment before: so a moment later."""
    time.sleep(2)
    scene.sent.homes_of[MOVED] = (NEW_HOME,)
    ids = scene.send([f"{user}@{MOVED}" for user in village.USERS], "moved")
    scene.arrive(ids, SECONDS_TO_ARRIVE, f"messages sent after {MOVED} moved")


def _return(scene):
    """The relay that left comes back, for the steps that follow."""
    began = time.monotonic()
    scene.agent(LEAVER).ctl("undrain")
    scene.agent(LEAVER).accept(MOVED, NEW_HOME)
    back = scene.history.wait_for(f"{LEAVER} is back in every MX set", CARRIED, began, SECONDS_TO_RETURN,
                                  lambda found: LEAVER in found)
    return f"{LEAVER} back after {back - began:.1f} s"
