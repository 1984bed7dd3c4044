# SPDX-License-Identifier: GPL-3.0-or-later
"""After the story: how much the idle agents use, whether they end well, and the figures."""

import time

from tests.lab import cpu, village
from tests.lab.wait import Failed, expect, wait_until

SECONDS_OF_IDLING = 11  # an agent tests its own MTA every 10 s

# What the figures may be at most.
IDLE_PERCENT = 0.5
SECONDS_OF_SUNNY_DAYS = {"claim_to_tables": None, "claim_to_postfix": 1, "claim_to_dns": 6, "table_to_postfix": None}
SECONDS_OF_BAD_DAYS = {
    "vpn_cut_to_dns": 45,  # a relay loses the VPN: it is out of every authoritative answer
    "home_back_to_first": 5,  # the SMTP server of a home answers: the first waiting message is in its mailbox
    "home_back_to_last": 60,  # and the last, which waits for no retry of Postfix's own (5 min)
    "smtp_stop_to_dns": 20,  # a relay without its agent loses its SMTP server too: out
}
SECONDS_TO_SETTLE = 100  # a new recipient's "not now" is remembered for a minute


def idle(scene):
    """Processor time while nothing happens: the prober is ended first. Tools that the helper runs count apart."""
    scene.prober.end()
    families = {name: cpu.family(agent.daemon.pid) for name, agent in scene.places.agents.items()}
    used = cpu.percent([pid for pids in families.values() for pid in pids], SECONDS_OF_IDLING)
    own, tools = ({name: sum(used[pid][part] for pid in pids) for name, pids in families.items()} for part in (0, 1))
    worst = max(own, key=own.get)
    expect(own[worst] <= IDLE_PERCENT,
           f"{worst}'s idle agent and helper use {own[worst]:.2f} % of a core, more than {IDLE_PERCENT}")
    return (f"agent and helper use at most {own[worst]:.2f} % of a core ({worst}), "
            f"tools that they run {max(tools.values()):.1f} %")


def agents(scene):
    for agent in scene.places.agents.values():
        agent.end()
    return "all ended well"


def mail(scene):
    """The senders stop; every message is followed to its end."""
    scene.traffic.end()
    scene.prober.end()
    wait_until("every message is in the right mailbox", SECONDS_TO_SETTLE,
               lambda: scene.post.have_arrived(scene.sent.all()), pause=0.5)
    scene.stale.end()
    return f"{len(scene.sent)} messages, each in the right mailbox"


def figures(scene):
    """The members of the result file beside the steps."""
    post = scene.post
    refusals = [probe.code for probe in scene.prober.refusals(village.HOME_OF)]
    stale = scene.stale.refused_for_good() if scene.stale else []
    delivered = post.delivered()
    return {
        "sent": len(scene.sent),
        "delivered": delivered,
        "delivered_twice": len(post.doubled()),
        "waiting": len(scene.sent) - delivered,
        "bounced": post.bounced() + len(stale),
        "misrouted": post.misrouted(),
        "deferred_for_claimed": sum(code < 500 for code in refusals),
        "refused_for_claimed": sum(code >= 500 for code in refusals) + len(stale),
        "relays_used": post.relays_used(),
        "seconds": {name: scene.seconds(name) for name in (*SECONDS_OF_SUNNY_DAYS, *SECONDS_OF_BAD_DAYS)},
    }


def judge(scene, bad_days):
    """Holds the figures against what they must be."""
    for probe in scene.prober.refusals(village.HOME_OF):
        at = time.strftime("%H:%M:%S", time.localtime(probe.time))
        raise Failed(f"{at} DNS named {probe.address} for {probe.domain}, it said {probe.code} {probe.text}")
    for one in scene.stale.refused_for_good() if scene.stale else ():
        at = time.strftime("%H:%M:%S", time.localtime(one.time))
        raise Failed(f"{at} a sender with an old MX came to {one.address} for {one.recipient}: {one.code} {one.text}")
    found = figures(scene)
    for domain, relays in found["relays_used"].items():
        expect(relays >= len(village.RELAYS), f"mail of {domain} went through {relays} of {len(village.RELAYS)} relays")
    limits = [
        ("messages not delivered", found["waiting"], 0),
        ("messages delivered twice", found["delivered_twice"], 0),
        ("messages bounced", found["bounced"], 0),
        ("messages misrouted", found["misrouted"], 0),
    ]
    if not bad_days:
        deferred = {delivery.message_id for delivery in scene.post.endings("deferred")}
        limits.append(("messages deferred", len(deferred), 0))
    for name, value, limit in limits:
        expect(value <= limit, f"{name}: {value:g}, which must be at most {limit:g}")
    seconds = {**SECONDS_OF_SUNNY_DAYS, **(SECONDS_OF_BAD_DAYS if bad_days else {})}
    for name, limit in seconds.items():
        _judge_seconds(scene, name, limit)
    measured = ", ".join(f"{name} {scene.seconds(name):.1f} s" for name in seconds if scene.seconds(name) is not None)
    return f"nothing bounced, misrouted, lost or refused; {measured}"


def _judge_seconds(scene, name, limit):
    seconds = scene.seconds(name)
    if limit is not None and seconds is not None:
        expect(seconds <= limit, f"{name}: {seconds:g} s, which must be at most {limit:g}")
