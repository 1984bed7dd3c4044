# SPDX-License-Identifier: GPL-3.0-or-later
"""Members join by key lines; the home claims, the relay's operator accepts, and the MX appears.

Both orders are timed: for luz.test the accept comes last, for sol.test the claim. The claim of eva.test
goes before them, so that it has arrived everywhere when sol.test's has.
"""

import time

from tests.lab import smtp, village
from tests.lab.wait import NotYet, expect, wait_until
from tests.lab.watch import Watch

SECONDS_TO_MEET = 20
SECONDS_TO_CHANGE = 15


def tell(scene):
    _join(scene)
    domains = [*village.HOME_OF, *village.NOT_RELAYED]
    scene.prober.start(scene.outside, domains, scene.outside.path("log/probes.jsonl"))
    home, relay = scene.agent("luz"), scene.agent("rosa")
    home.claim(village.UNACCEPTED)
    home.claim("luz.test")
    by_accept = _measure(scene, "luz.test", lambda: relay.accept("luz.test", "luz"))
    relay.accept("sol.test", "luz")
    by_claim = _measure(scene, "sol.test", lambda: home.claim("sol.test"))
    return f"after the accept {by_accept}; after the claim {by_claim}"


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
    """Do the later of claim and accept and time what follows; returns it in words."""
    watches = {
        "table": Watch(f"{domain} in rosa's tables", scene.outside, lambda: _is_in_table(scene, domain)),
        "postfix": Watch(f"rosa's Postfix relays for {domain}", scene.outside, lambda: _is_served(domain)),
        "dns": Watch(f"DNS names a relay for {domain}", scene.outside, lambda: scene.chain.mail_addresses(domain)),
    }
    for watch in watches.values():
        watch.wait_for_first_look(SECONDS_TO_CHANGE)
    began = time.monotonic()
    complete()
    for watch in watches.values():
        watch.wait(SECONDS_TO_CHANGE)
    return _judge(scene, domain, began, **watches)


def _is_in_table(scene, domain):
    return scene.places.postfix["rosa"].row(scene.agent("rosa").table("relay_domains"), domain) is not None


def _is_served(domain):
    recipient = f"{smtp.fresh_local_part()}@{domain}"
    return smtp.ask_recipient(village.PUBLIC["rosa"], recipient, "outside.test").is_served()


def _judge(scene, domain, began, table, postfix, dns):
    """Postfix decides on RCPT when it is asked; its answer waits until the home was asked too."""
    use, named = postfix.asked - began, dns.seen - began
    scene.timed("claim_to_tables", table.seen - began)
    scene.timed("table_to_postfix", max(0, postfix.asked - table.missing))
    scene.timed("claim_to_postfix", use)
    scene.timed("claim_to_dns", named)
    expect(use <= named, f"DNS named rosa for {domain} {use - named:.2f} s before her Postfix relayed for it")
    return f"{domain} is relayed after {use:.2f} s, in DNS after {named:.2f} s"
