# SPDX-License-Identifier: GPL-3.0-or-later
"""One agent of a small mesh is killed again and again while its operator and its peers change things: at each
durable point (store/durable_point.h), and at random moments. Each time it must be back in 5 s; no order is used
twice; tables and zone are one complete version; what its operator was told is done stays done.

Started by dev/faults. `--smoke` is what dev/check runs: its output is TAP.
"""

import argparse
import collections
import os
import shutil
import sys
import time

from tests.faults.points import POINTS
from tests.faults.subject import Subject
from tests.faults.world import NotRunning
from tests.lab import sandbox
from tests.lab.wait import Failed, expect

SECONDS_BACK = 5
SECONDS_TO_REACH = 6
ROUNDS_OF_A_WORLD = 60  # then another one, with another seed
MISSES = 4  # on a busy machine
SMOKE_RANDOM = 20
ONCE_A_START = ("store-created", "store-aside", "store-placed", "store-replaced", "store-settled")


class Campaign:
    def __init__(self, directory, options):
        self._directory, self._options = directory, options
        self._subject = None
        self._worlds = self._rounds = 0
        self.starts = []
        self.reached = collections.Counter()
        self.missed = collections.Counter()
        self.kills = collections.Counter()
        self._passages = dict.fromkeys(POINTS, 1 if options.smoke else 4)  # how late a point is tried

    # --- one round ------------------------------------------------------------------------------------------

    def subject(self):
        """The agent that is killed, in a world that isn't used up."""
        if self._subject is None or self._rounds >= ROUNDS_OF_A_WORLD:
            self.end_world()
            self._worlds += 1
            seed = self._options.seed + self._worlds
            place = os.path.join(self._directory, f"world{self._worlds}")
            self._subject = Subject(place, self._options.build, seed, self._options.true_clock)
            self._rounds = 0
        self._rounds += 1
        return self._subject

    def end_world(self):
        if self._subject is not None:
            self._subject.settle()
            self._subject.end()
            shutil.rmtree(self._subject.directory)
        self._subject = None

    def give_up_world(self):
        """After a failure: the next round begins in another one."""
        if self._subject is not None:
            self._subject.abandon()
            shutil.rmtree(self._subject.directory)
        self._subject = None

    def keep(self):
        """What a failure leaves for people to look at."""
        kept = os.path.join(os.path.dirname(self._options.build), "faults.kept")
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self._directory, kept, symlinks=True, ignore=shutil.ignore_patterns("*.sock"))
        print(f"kept: {kept}", file=sys.stderr)

    def _start(self, subject, environment):
        """False: killed before it answered."""
        try:
            seconds = subject.start(environment)
        except NotRunning:
            return False
        self.starts.append(seconds)
        expect(seconds <= SECONDS_BACK, f"it answered after {seconds:.1f} s")
        subject.check_running()
        return True

    def at(self, point):
        """Whether it died there."""
        subject = self.subject()
        passage = 1 if point in ONCE_A_START else subject.dice.randint(1, self._passages[point])
        began = time.monotonic()
        if self._start(subject, {"MESH_DIE_AT": f"{point}:{passage}"}):
            subject.work_until_dead(began + SECONDS_TO_REACH)
        died = not subject.is_running()
        if not died:
            subject.kill(True)
            self._passages[point] = max(1, self._passages[point] // 2)
            self.missed[point] += 1
        elif time.monotonic() - began < 0.5:
            self._passages[point] = min(200, self._passages[point] * 2)
        self.reached[point] += died
        subject.check_dead(f"{point}:{passage}")
        return died

    def random(self):
        subject = self.subject()
        dice = subject.dice
        how = dice.choice(("all", "all", "all", "agent", "agent", "helper"))
        after = dice.choice((0.05, 0.3, 1.0)) * dice.random()
        began = time.monotonic()
        if self._start(subject, {}):
            subject.work_until_dead(began + after)
        if how == "helper" and subject.kill_helper():
            subject.work_until_dead(time.monotonic() + 0.3)
            expect(subject.is_running(), "the agent died with its helper")
        subject.kill(how != "agent")
        self.kills[how] += 1
        subject.check_dead(f"{how} after {after:.3f} s")

    # --- all of them ----------------------------------------------------------------------------------------

    def points(self, points, rounds):
        for point in points:
            while self.reached[point] < rounds and self.missed[point] <= rounds + MISSES:
                self.at(point)
            yield point, self.reached[point]

    def randoms(self, count):
        for _ in range(count):
            self.random()


def _figures(campaign):
    starts = sorted(campaign.starts)
    return (f"{len(starts)} starts, answered after {starts[len(starts) // 2] * 1000:.0f} ms (median), "
            f"{starts[-1] * 1000:.0f} ms (worst)")


def _smoke(campaign, options):
    """As TAP: one test a point, one for the random kills."""
    points = options.points or list(POINTS)
    print(f"1..{len(points) + 1}", flush=True)
    failed, number = 0, 0
    jobs = [(f"killed at {point}", lambda point=point: _must_reach(campaign, point)) for point in points]
    jobs.append((f"killed {options.random} times at random", lambda: campaign.randoms(options.random)))
    for number, (name, job) in enumerate(jobs, 1):
        try:
            job()
            if number == len(jobs):
                campaign.end_world()
            print(f"ok {number} - {name}", flush=True)
        except Failed as error:
            failed += 1
            print(f"# {error}\nnot ok {number} - {name}", flush=True)
            campaign.give_up_world()
    print(f"# {_figures(campaign)}")
    return 1 if failed else 0


def _must_reach(campaign, point):
    reached = dict(campaign.points([point], 1))[point]
    expect(reached, f"{point} was never reached")


def _full(campaign, options):
    points = options.points or list(POINTS)
    began = time.monotonic()
    for point, reached in campaign.points(points, options.rounds):
        print(f"{point:22} {reached} kills, {campaign.missed[point]} rounds missed it, "
              f"{time.monotonic() - began:.0f} s", flush=True)
        expect(reached >= options.rounds, f"{point} was reached {reached} times of {options.rounds}")
    for number in range(0, options.random, 100):
        campaign.randoms(min(100, options.random - number))
        print(f"random                 {sum(campaign.kills.values())} kills ({dict(campaign.kills)}), "
              f"{time.monotonic() - began:.0f} s", flush=True)
    campaign.end_world()
    print(_figures(campaign))
    return 0


def _options():
    parser = argparse.ArgumentParser(prog="dev/faults kills", description=__doc__)
    parser.add_argument("points", nargs="*", metavar="POINT", help="only these durable points")
    parser.add_argument("--build", default="build/faults", help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=25, help="kills at each point (25)")
    parser.add_argument("--random", type=int, default=1000, help="kills at random moments (1000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is done and when (1)")
    parser.add_argument("--true-clock", action="store_true", help="don't turn its clock at each start")
    parser.add_argument("--smoke", action="store_true", help="each point once and a few random kills, as TAP")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    unknown = set(options.points) - set(POINTS)
    if unknown:
        parser.error(f"no such point: {', '.join(sorted(unknown))}; there are {', '.join(POINTS)}")
    if options.smoke:
        options.random = min(options.random, SMOKE_RANDOM)
    return options


def _run(directory, options):
    campaign = Campaign(directory, options)
    try:
        return (_smoke if options.smoke else _full)(campaign, options)
    except Failed as error:
        print(f"dev/faults kills: {error}", file=sys.stderr)
        campaign.keep()
        return 1


def main():
    options = _options()
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root for namespaces" if options.smoke
              else "dev/faults: needs root, for namespaces: sudo dev/faults kills", flush=True)
        return 0 if options.smoke else 1
    return sandbox.run(lambda directory: _run(directory, options))


if __name__ == "__main__":
    sys.exit(main())
