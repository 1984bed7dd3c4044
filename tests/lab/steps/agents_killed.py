# SPDX-License-Identifier: GPL-3.0-or-later
"""An agent dies while its mail server goes on; then that one stops too; then every agent restarts."""

import time

from tests.lab import together, village
from tests.lab.wait import NotYet, expect, wait_until

RELAY = "flor"
SECONDS_OF_PROOF = 30  # silence and two questions would be over by then
SECONDS_TO_LEAVE_DNS = 40
SECONDS_TO_RETURN = 75
SECONDS_TO_RESTART_ALL = 10
SECONDS_TO_MEET = 20
SECONDS_OF_QUIET = 10
SECONDS_OF_PINGS = 6  # everybody who has a session is heard once in that time


def tell(scene):
    """The grace counts from an agent's last word: the step before may have cut it off for a while."""
    domains = list(village.HOME_OF)
    wait_until("all have sessions", SECONDS_TO_MEET, lambda: _all_have_met(scene), pause=0.2)
    time.sleep(SECONDS_OF_PINGS)
    killed = time.monotonic()
    before = scene.post.taken_by(village.PUBLIC[RELAY])
    scene.agent(RELAY).daemon.kill()
    time.sleep(SECONDS_OF_PROOF)
    scene.history.expect_always(f"{RELAY}, whose SMTP server answers, stays in DNS without her agent", domains, killed,
                                lambda found: RELAY in found)
    taken = scene.post.taken_by(village.PUBLIC[RELAY]) - before
    expect(taken, f"{RELAY}'s Postfix took no mail in {SECONDS_OF_PROOF} s without her agent")
    scene.note(f"{RELAY}'s agent killed {SECONDS_OF_PROOF} s ago: in DNS all the time, her Postfix took {len(taken)} messages")

    stopped = time.monotonic()
    scene.places.postfix[RELAY].stop()
    out = scene.history.wait_for(f"{RELAY} without agent and SMTP is out of every MX set", domains, stopped,
                                 SECONDS_TO_LEAVE_DNS, lambda found: RELAY not in found)
    scene.timed("smtp_stop_to_dns", out - stopped)
    scene.note(f"her Postfix stopped: out of all MX sets after {out - stopped:.1f} s")
    scene.note(f"both back: in again after {_come_back(scene, domains):.1f} s")
    restart = _restart_all(scene, domains)
    return f"all {len(village.FRIENDS)} agents restarted within {restart:.1f} s: DNS unchanged"


def _come_back(scene, domains):
    scene.places.postfix[RELAY].start_again()
    scene.agent(RELAY).start()
    began = time.monotonic()
    return scene.history.wait_for(f"{RELAY} is in every MX set again", domains, began, SECONDS_TO_RETURN,
                                  lambda found: RELAY in found) - began


def _restart_all(scene, domains):
    before = {domain: scene.history.now(domain) for domain in domains}
    began = time.monotonic()
    together.for_each(village.FRIENDS, lambda name: scene.agent(name).restart())
    took = time.monotonic() - began
    expect(took <= SECONDS_TO_RESTART_ALL, f"restarting all agents took {took:.1f} s, more than {SECONDS_TO_RESTART_ALL}")
    wait_until("all have sessions again", SECONDS_TO_MEET, lambda: _all_have_met(scene), pause=0.2)
    time.sleep(SECONDS_OF_QUIET)
    for domain in domains:
        scene.history.expect_always("all agents restart and DNS doesn't change", [domain], began,
                                    lambda found: found == before[domain])
    return took


def _all_have_met(scene):
    for name in village.FRIENDS:
        missing = set(village.FRIENDS) - {name} - scene.agent(name).members_up()
        if missing:
            raise NotYet(f"{name} has no session to {', '.join(sorted(missing))}")
    return True
