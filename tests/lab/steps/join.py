# SPDX-License-Identifier: GPL-3.0-or-later
"""Members join by key lines; the home claims, the relays' operators accept, and the MX appear.

Both orders are timed: for the domains with a zone at ana's the accepts come last, for the others the claim.
The claim of eva.test goes before them, so that it has arrived everywhere when the others have.
"""

import collections
import time

from tests.lab import smtp, village
from tests.lab.wait import NotYet, expect, wait_until
from tests.lab.watch import Watch

SECONDS_TO_MEET = 20
SECONDS_TO_CHANGE = 15

Times = collections.namedtuple("Times", "use named")  # in seconds: by Postfix, in DNS


def tell(scene):
    _join(scene)
    domains = [*village.HOME_OF, *village.NOT_RELAYED]
    scene.prober.start(scene.outside, domains, scene.outside.path("log/probes.jsonl"))
    scene.agent(village.HOME_OF_UNACCEPTED).claim(village.UNACCEPTED)
    slowest = {"accept": Times(0, 0), "claim": Times(0, 0)}
    for domain in village.HOME_OF:
        last = "accept" if domain in village.ZONES_OF_ANA else "claim"
        times = (_accept_last if last == "accept" else _claim_last)(scene, domain)
        slowest[last] = Times(*map(max, zip(slowest[last], times)))
    return (f"{len(village.HOME_OF)} domains by {len(village.RELAYS)} relays; " + "; ".join(
        f"after the {last} relayed within {times.use:.2f} s, in DNS within {times.named:.2f} s"
        for last, times in slowest.items()))


def _accept_last(scene, domain):
    scene.agent(village.HOME_OF[domain]).claim(domain)
    return _measure(scene, domain, lambda: [_accept(scene, relay, domain) for relay in village.relays_for(domain)])


def _claim_last(scene, domain):
    """The home itself may be a relay: its own claim is all that it needs."""
    home = village.HOME_OF[domain]
    for relay in village.relays_for(domain):
        _accept(scene, relay, domain)

    def claim():
        began = time.monotonic()
        scene.agent(home).claim(domain)
        return [began] * len(village.relays_for(domain))

    return _measure(scene, domain, claim)


def _accept(scene, relay, domain):
    """Returns when the operator said it."""
    began = time.monotonic()
    scene.agent(relay).accept(domain, village.HOME_OF[domain])
    return began


def _join(scene):
    for name in village.FRIENDS:
        for other in village.FRIENDS:
            if other != name:
                scene.agent(name).pin(scene.agent(other))
    for name in village.FRIENDS:
        wait_until(f"{name} has sessions to all friends", SECONDS_TO_MEET, lambda: _has_met_all(scene, name))


def _has_met_all(scene, name):
    missing = set(village.FRIENDS) - {name} - scene.agent(name).members_up()
    if missing:
        raise NotYet(f"no session to {', '.join(sorted(missing))}")
    return True


def _measure(scene, domain, complete):
    """Do the later of claim and accepts and time what follows at each relay; returns the longest Times.
    complete returns the beginning for each of relays_for(domain)."""
    relays = village.relays_for(domain)
    watches = {relay: _watches(scene, domain, relay) for relay in relays}
    own = [_watch_dns(scene, domain, name) for name in village.RELAYS if name not in relays]
    everything = [watch for several in watches.values() for watch in several.values()] + own
    for watch in everything:
        watch.wait_for_first_look(SECONDS_TO_CHANGE)
    begun = complete()
    for watch in everything:
        watch.wait(SECONDS_TO_CHANGE)
    for watch in own:
        scene.timed("claim_to_dns", watch.seen - begun[0])
    times = [_judge(scene, domain, relay, began, **watches[relay]) for relay, began in zip(relays, begun)]
    return Times(*map(max, zip(*times)))


def _watches(scene, domain, relay):
    return {
        "table": Watch(f"{domain} in {relay}'s tables", scene.outside, lambda: _is_in_table(scene, domain, relay)),
        "postfix": Watch(f"{relay}'s Postfix relays for {domain}", scene.outside, lambda: _is_served(domain, relay)),
        "dns": _watch_dns(scene, domain, relay),
    }


def _watch_dns(scene, domain, relay):
    return Watch(f"DNS names {relay} for {domain}", scene.outside,
                 lambda: village.PUBLIC[relay] in scene.chain.mail_addresses(domain))


def _is_in_table(scene, domain, relay):
    return scene.places.postfix[relay].row(scene.agent(relay).table("relay_domains"), domain) is not None


def _is_served(domain, relay):
    recipient = f"{smtp.fresh_local_part()}@{domain}"
    return smtp.ask_recipient(village.PUBLIC[relay], recipient, "outside.test").is_served()


def _judge(scene, domain, relay, began, table, postfix, dns):
    """Postfix decides on RCPT when it is asked; its answer waits until the home was asked too."""
    times = Times(postfix.asked - began, dns.seen - began)
    scene.timed("claim_to_tables", table.seen - began)
    scene.timed("table_to_postfix", max(0, postfix.asked - table.missing))
    scene.timed("claim_to_postfix", times.use)
    scene.timed("claim_to_dns", times.named)
    expect(times.use <= times.named,
           f"DNS named {relay} for {domain} {times.use - times.named:.2f} s before its Postfix relayed for it")
    return times
