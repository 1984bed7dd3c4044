# SPDX-License-Identifier: GPL-3.0-or-later
"""A home's machine is off for most of a minute, and its SMTP server is the last thing to come back."""

import time

from tests.lab import cut, smtp, village
from tests.lab.wait import NotYet, expect, wait_until
from tests.lab.watch import Watch

HOME = "luz"
SECONDS_TO_NOTICE = 100  # a home that answers is asked once a minute, and is down after 15 s of failures
SECONDS_TO_QUEUE = 45
SECONDS_TO_MEET = 40
SECONDS_TO_COUNT = 20
SECONDS_TO_FLUSH = 60
SECONDS_TO_FORGET = 100  # "not now" to a recipient never seen is remembered for a minute
DOMAINS = [domain for domain, home in village.HOME_OF.items() if home == HOME]


def tell(scene):
    began = time.monotonic()
    before = {domain: scene.history.now(domain) for domain in DOMAINS}
    gone = cut.everything_of(scene.node(HOME))
    try:
        scene.places.postfix[HOME].stop()
        seen, unseen = _send(scene)
        scene.note(f"{HOME}'s machine is off; {len(seen)} messages to known and {len(unseen)} to new recipients sent")
        _wait_until_relays_know(scene)
        scene.note(f"meshctl homes says so on all {len(village.RELAYS)} relays")
        waiting = _wait_until_held(scene, seen)
        _expect_sets_stay(scene, before, began)
        scene.note(f"{len(waiting)} messages wait at relays; MX sets stayed")
    finally:
        gone.heal()
    counted = _wait_until_owner_knows(scene, waiting)
    scene.note(f"{HOME} is back without her mail server; meshctl waiting there: {counted.text}")
    first, last = _let_smtp_come_back(scene, waiting)
    scene.note(f"her SMTP answers: first message home after {first:.1f} s, last of {len(waiting)} after {last:.1f} s")
    _expect_sets_stay(scene, before, began)
    slowest = scene.arrive(unseen, SECONDS_TO_FORGET, "messages to recipients never seen before") - began
    return f"sets stayed, all {len(waiting) + len(unseen)} are home, those to new recipients after {slowest:.0f} s"


def _send(scene):
    """To recipients whom the relays know and to such as they have never heard of; returns the ids of both."""
    seen = scene.send([f"{user}@{domain}" for domain in DOMAINS for user in village.USERS * 2], "away-seen")
    unseen = scene.send([f"{user}@{domain}" for domain in DOMAINS for user in village.USERS_NEVER_SEEN], "away-new")
    return seen, unseen


def _wait_until_relays_know(scene):
    def all_know():
        for relay in village.RELAYS:
            state = home_state(scene.agent(relay), HOME)
            if state != "down":
                raise NotYet(f"{relay} says that {HOME} is {state}")
        return True

    wait_until(f"meshctl homes on each relay says that {HOME} is down", SECONDS_TO_NOTICE, all_know, pause=0.5)


def home_state(agent, home):
    return next((row["state"] for row in agent.ask("homes")["homes"] if row["home"] == home), "unknown")


def _wait_until_held(scene, ids):
    """The ids, once every one of them left the sender for a relay and none arrived."""
    taken_by = [village.PUBLIC[relay] for relay in village.RELAYS]

    def are_taken():
        taken = set().union(*map(scene.post.taken_by, taken_by))
        if not set(ids) <= taken:
            raise NotYet(f"{len(set(ids) - taken)} of {len(ids)} still at the sender")
        return True

    wait_until("mail to known recipients is taken by relays", SECONDS_TO_QUEUE, are_taken, pause=0.5)
    return ids


def _expect_sets_stay(scene, before, began):
    """One relay may be left out while the relays notice one after the other; never more, and not for long."""
    for domain, relays in before.items():
        scene.history.expect_always(f"{domain} keeps its MX set while {HOME} is off", [domain], began,
                                    lambda found: found <= relays and len(found) >= len(relays) - 1)
    scene.history.wait_for(f"MX sets are whole while {HOME} is off", list(before), time.monotonic(), 15,
                           lambda found: len(found) == len(village.RELAYS))


class _Counted:
    def __init__(self, seconds, text):
        self.seconds, self.text = seconds, text


def _wait_until_owner_knows(scene, waiting):
    """The machine is back, its SMTP server not yet: meshctl waiting tells how many messages are where. What was heard
    before she went doesn't count."""
    back = time.monotonic()

    def knows():
        rows = [row for row in scene.agent(HOME).ask("waiting")["relays"]
                if row["count"] and row["session"] and row["heard_s"] < time.monotonic() - back]
        count = sum(row["count"] for row in rows)
        if count < len(waiting):
            raise NotYet(f"meshctl waiting counts {count}")
        oldest = max(row["oldest_s"] for row in rows)
        relays = " ".join(sorted(row["relay"] for row in rows))
        return _Counted(oldest, f"{count} at {relays}, oldest {oldest} s")

    counted = wait_until(f"{HOME}'s meshctl waiting counts {len(waiting)} messages or more",
                         SECONDS_TO_MEET + SECONDS_TO_COUNT, knows, pause=0.2)
    expect(counted.seconds >= 5, f"{HOME}'s meshctl waiting: expected an age of 5 s or more, seen {counted.text}")
    return counted


def _let_smtp_come_back(scene, waiting):
    """Returns the seconds from her first banner at a relay to the first and last of the waiting messages."""
    early = set(waiting) & scene.post.arrived()
    expect(not early, f"{len(early)} messages arrived while {HOME}'s Postfix was stopped")
    up = [Watch(f"{relay} sees {HOME}'s banner", scene.node(relay), lambda: smtp.says_banner(village.VPN[HOME], 1))
          for relay in village.RELAYS]
    first = Watch("the first waiting message is home", scene.outside, lambda: set(waiting) & scene.post.arrived())
    scene.places.postfix[HOME].start_again()
    for watch in (*up, first):
        watch.wait(SECONDS_TO_FLUSH)
    answered = min(watch.seen for watch in up)
    last = scene.arrive(waiting, SECONDS_TO_FLUSH, "all that waited at relays")
    scene.timed("home_back_to_first", max(0, first.seen - answered))
    scene.timed("home_back_to_last", last - answered)
    return first.seen - answered, last - answered
