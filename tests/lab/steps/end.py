# SPDX-License-Identifier: GPL-3.0-or-later
"""After the story: how much the idle agents use, whether they end well, and the figures."""

import time

from tests.lab import cpu, village
from tests.lab.post import Post
from tests.lab.wait import Failed, expect

SECONDS_OF_IDLING = 11  # an agent tests its own MTA every 10 s

# What the figures may be at most.
IDLE_PERCENT = 0.5
SECONDS_TO_POSTFIX = 1.0
SECONDS_TO_DNS = 6.0


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


def figures(scene):
    """The members of the result file beside the steps."""
    post = Post(scene.places, scene.sent)
    refusals = [probe.code for probe in scene.prober.refusals(village.HOME_OF)]
    return {
        "sent": len(scene.sent),
        "delivered": post.delivered(),
        "bounced": post.bounced(),
        "misrouted": post.misrouted(),
        "deferred_for_claimed": sum(code < 500 for code in refusals),
        "refused_for_claimed": sum(code >= 500 for code in refusals),
        "relays_used": post.relays_used(),
        "seconds": {name: scene.seconds(name) for name in ("claim_to_tables", "claim_to_dns", "table_to_postfix")},
    }


def judge(scene):
    """Holds the figures against what they must be."""
    for probe in scene.prober.refusals(village.HOME_OF):
        at = time.strftime("%H:%M:%S", time.localtime(probe.time))
        raise Failed(f"{at} DNS named {probe.address} for {probe.domain}, it said {probe.code} {probe.text}")
    found = figures(scene)
    for domain, relays in found["relays_used"].items():
        expect(relays == len(village.RELAYS), f"mail of {domain} went through {relays} of {len(village.RELAYS)} relays")
    deferred = {delivery.message_id for delivery in Post(scene.places, scene.sent).endings("deferred")}
    limits = [
        ("messages deferred", len(deferred), 0),
        ("messages not delivered", found["sent"] - found["delivered"], 0),
        ("messages bounced", found["bounced"], 0),
        ("messages misrouted", found["misrouted"], 0),
        ("seconds from claim and accept to use by Postfix", scene.seconds("claim_to_postfix"), SECONDS_TO_POSTFIX),
        ("seconds from claim and accept to DNS", scene.seconds("claim_to_dns"), SECONDS_TO_DNS),
    ]
    for name, value, limit in limits:
        expect(value <= limit, f"{name}: {value:g}, which must be at most {limit:g}")
    return "nothing bounced, misrouted, deferred or refused; all in time"
