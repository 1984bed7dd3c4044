# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile peer on a real socket: a member whom one of two friends has pinned, its 31 accomplices with as many
claims as are taken of them, a new head of each every second; and an outsider on the VPN with 10,000 connections
a second, most of them half a handshake. Beside it the friends go on telling each other what changes.

First the friends are alone for a while, then attacked; both are measured in the same run. Started by dev/faults;
`--smoke` is what dev/check runs: no time is judged, and its output is TAP.
"""

import argparse
import os
import subprocess
import sys
import time

from tests.bench import usage
from tests.bench.result import Result
from tests.faults import world
from tests.faults.world import Node
from tests.lab import sandbox
from tests.lab.wait import Failed, expect, wait_until

IDENTITIES = 32
CLAIMS = 32768     # of the pinned one: the most that counts
OTHERS_CLAIMS = 4700  # within the 256 KiB that an author has who is not pinned
CHUNKS_A_SECOND = 1
CONNECTIONS = 10_000
RSS_MIB = 64
CORE_PERCENT = 15
SLOWER = 2
CLOCK_MS = 1       # moments are told in so many
PAUSE_S = 0.25     # between two changes of the honest friend
SECONDS_TO_ARRIVE = 20
NICE = -10         # so that what else goes on at this machine shows less in the numbers
QUIET_S = 30       # at most a fifth of the attack

_SMALL = {"claims": 2000, "others": 200}


class Attacker:
    """One process of tests/faults/hostile, on a processor of its own where there are two."""

    def __init__(self, build, directory, *words):
        self._path = os.path.join(directory, "hostile-" + words[0])
        program = os.path.join(build, "tests/faults/hostile")
        with open(self._path, "wb") as output:
            self._process = subprocess.Popen([program, *words], stdout=output, stderr=subprocess.STDOUT,
                                             preexec_fn=lambda: _stay_on(-1))

    def said(self):
        """{what: how much}, of its last line."""
        expect(self._process.poll() is None, f"the attacker ended: {self._path}")
        with open(self._path, encoding="ascii") as file:
            lines = file.read().splitlines()
        words = lines[-1].split() if lines else []
        return dict(zip(words[::2], map(int, words[1::2])))

    def end(self):
        self._process.kill()
        self._process.wait()


def _stay_on(place):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[place]})


class Friends:
    """ana, whom all is sent to, and luz, whose changes she waits for."""

    def __init__(self, directory, build, lines):
        text = 'public_address = {{"192.0.2.{0}"}}\npool_zone = {{"pool.test"}}\nvouch = pins\ncarry = pins\n'
        self._text = text.format(3)
        self.ana = Node(directory, build, "ana", "10.66.0.2", text.format(2))
        self.luz = Node(directory, build, "luz", "10.66.0.3", self._text)
        self.ana.pin(self.luz.line)
        self.ana.pin(lines[0])
        self.luz.pin(self.ana.line)
        self._changes = 0
        for node in (self.ana, self.luz):
            node.start()
            os.sched_setaffinity(node.process.pid, {sorted(os.sched_getaffinity(0))[0]})
        wait_until("the friends know each other", 20, lambda: self._row(self.ana)["seq"])

    def _row(self, node):
        rows = [row for row in node.ask("held")["authors"] if row["key"] == self.luz.key]
        return rows[0] if rows else {"seq": 0}

    def change(self):
        """Milliseconds from the word of luz's operator until ana holds what luz says."""
        self._changes += 1
        before = self._row(self.luz)["seq"]
        address = f"198.18.{self._changes // 250}.{self._changes % 250 + 1}"
        self.luz.configure(f'public_address = {{"{address}"}}\n' + self._text.split("\n", 1)[1])
        asked = time.time()
        self.luz.ask("reload")
        seq = wait_until("luz states the change", 10, lambda: max(self._row(self.luz)["seq"] - before, 0)) + before
        row = wait_until("luz's change arrives at ana", SECONDS_TO_ARRIVE,
                         lambda: self._row(self.ana) if self._row(self.ana)["seq"] >= seq else None)
        return row["since_ms"] - asked * 1000

    def changes(self, seconds, each=lambda: None):
        took, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            took.append(self.change())
            each()
            time.sleep(PAUSE_S)
        return took

    def end(self):
        for node in (self.ana, self.luz):
            node.end()


def _measure(directory, options):
    world.loopback()
    done = subprocess.run([os.path.join(options.build, "tests/faults/hostile"), "lines", str(IDENTITIES)],
                          capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    friends = Friends(directory, options.build, lines)
    pid = friends.ana.process.pid
    quiet = friends.changes(min(QUIET_S, max(2, options.seconds / 5)))
    sizes = []
    began, used = time.monotonic(), usage.cpu_ns(pid)
    members = Attacker(options.build, directory, "members", str(IDENTITIES), str(options.claims), str(options.others),
                       str(options.chunks), friends.ana.line)
    wait_until("the hostile members are in", 60, lambda: members.said().get("up") == IDENTITIES, pause=0.2)
    attackers = [members, Attacker(options.build, directory, "flood", str(options.connections), friends.ana.line)]
    attacked = friends.changes(options.seconds, lambda: sizes.append(usage.memory(pid)["rss"]))
    percent = (usage.cpu_ns(pid) - used) / (time.monotonic() - began) / 1e7
    said = {**attackers[0].said(), **attackers[1].said()}
    status = friends.ana.ask("status")
    held = {row["key"]: row for row in friends.ana.ask("held")["authors"]}
    whole = sum(1 for line in lines if held.get(line.split()[2], {}).get("claims"))
    for attacker in attackers:
        attacker.end()
    friends.end()
    return {"quiet": quiet, "attacked": attacked, "rss": sizes, "core": percent, "said": said, "whole": whole,
            "seconds": options.seconds, "counters": status["counters"]}


def _result(found):
    quiet, attacked = sorted(found["quiet"]), sorted(found["attacked"])
    ratio = attacked[len(attacked) // 2] / max(quiet[len(quiet) // 2], CLOCK_MS)
    result = Result("hostile", f"hostile: {IDENTITIES} identities and a flood, {found['seconds']:g} s")
    result.add("RSS, highest", "MiB", max(found["rss"]), most=RSS_MIB)
    result.add("of a core", "%", found["core"], most=CORE_PERCENT)
    result.add("an honest change, alone", "ms", quiet)
    result.add("an honest change, attacked", "ms", attacked)
    result.add("slower by", "x", ratio, most=SLOWER)
    result.add("a change in twenty took, alone", "ms", quiet[len(quiet) * 19 // 20])
    result.add("a change in twenty took, attacked", "ms", attacked[len(attacked) * 19 // 20])
    result.add("connections tried", "/s", found["said"]["tried"] / found["seconds"])
    result.add("connections opened", "/s", found["said"]["opened"] / found["seconds"])
    result.add("sessions of the hostile", "", found["said"]["up"])
    result.add("heads signed by them", "/s", found["said"]["heads"] / found["seconds"])
    result.add("their authors with claims held", "", found["whole"])
    result.note(f"said by the attacker: {found['said']}; counted by meshd: {found['counters']}")
    return result


def _smoke(directory, options):
    options.seconds, options.claims, options.others = 8, _SMALL["claims"], _SMALL["others"]
    print("1..3", flush=True)
    try:
        found = _measure(directory, options)
    except Failed as error:
        print(f"# {error}\nnot ok 1 - honest changes arrive under attack\nnot ok 2 - memory\nnot ok 3 - the attack")
        return 1
    tests = [(len(found["attacked"]) > 3, "honest changes arrive while a hostile peer attacks"),
             (max(found["rss"]) <= RSS_MIB or os.environ.get("MESH_TEST_SLOW"), f"RSS stays below {RSS_MIB} MiB"),
             (found["said"]["up"] > IDENTITIES // 2 and found["said"]["opened"] > 100, "the attack took place")]
    for number, (good, name) in enumerate(tests, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)
    print("\n".join(f"# {line}" for line in _result(found).table().splitlines()))
    return 0 if all(good for good, _ in tests) else 1


def _run(directory, options):
    if options.smoke:
        return _smoke(directory, options)
    try:
        return _result(_measure(directory, options)).tell(options.out)
    except Failed as error:
        print(f"dev/faults hostile: {error}", file=sys.stderr)
        return 1


def main():
    parser = argparse.ArgumentParser(prog="dev/faults hostile", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=600, help="how long it attacks (600)")
    parser.add_argument("--build", default="build/faults", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="build/faults.results", help="where hostile.json goes")
    parser.add_argument("--claims", type=int, default=CLAIMS, help="of the one who is pinned")
    parser.add_argument("--others", type=int, default=OTHERS_CLAIMS, help="claims of each of the others")
    parser.add_argument("--chunks", type=int, default=CHUNKS_A_SECOND, help="changed with each head")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="a second")
    parser.add_argument("--smoke", action="store_true", help="8 s, as TAP; no time is judged")
    options = parser.parse_args()
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root for namespaces" if options.smoke
              else "dev/faults: needs root, for namespaces: sudo dev/faults hostile", flush=True)
        return 0 if options.smoke else 1
    if not options.smoke:
        os.nice(NICE)
    return sandbox.run(lambda directory: _run(directory, options))


if __name__ == "__main__":
    sys.exit(main())
