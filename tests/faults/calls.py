# SPDX-License-Identifier: GPL-3.0-or-later
"""Each allocation and each read, write, fsync, rename of meshd fails once.

A test variant of meshd (fail_call.c) lives one life in which every call is counted, by the path on which it is
reached; then one more for each path, in which the call fails. It has to go on, or to end with a word; every file
is a complete version; and the next life has everything. Started by dev/faults calls.
"""

import argparse
import collections
import glob
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time

from tests.faults.scene import LOG_LINE, Scene
from tests.lab import sandbox
from tests.lab.wait import Failed, expect

DEPTH = 5
PATH_FORMAT = f"=QQ16s{DEPTH}Q"
PATH_BYTES = struct.calcsize(PATH_FORMAT)
STARTS = ("settled", "fresh")
EXIT_USAGE = 2  # after which the service manager doesn't start it again
# What can't happen: libconfuse always gets its memory (memory_reserve() in agent/config/config_tree.c), libuv the
# first descriptors (has_descriptors() in agent/loop.c). Neither would look.
SURE = re.compile(r"(\w*alloc|str\w*dup) .*\bcfg_|.*\buv__signal_global_reinit\b")


class Point:
    """The time-th call along a path, in a role, in a life that begins so."""

    def __init__(self, start, role, path, call, count, offsets, nth=1):
        self.start, self.role, self.path, self.call = start, role, path, call
        self.count, self.offsets, self.nth = count, offsets, nth

    def plan(self):
        return f"fail {self.role} {self.path:x} {self.nth}"

    def name(self):
        return f"{self.start}:{self.role}:{self.path:x}:{self.nth}"

    def to_json(self):
        return [self.start, self.role, self.path, self.call, self.count, self.offsets, self.nth]


def read_counts(directory, start):
    """The points of a life that was counted: of each path the first call."""
    found = collections.Counter()
    where = {}
    for name in glob.glob(os.path.join(directory, "faults.counts.*")):
        role = name.split(".")[-2]
        with open(name, "rb") as file:
            data = file.read()
        for at in range(0, len(data), PATH_BYTES):
            path, count, call, *offsets = struct.unpack_from(PATH_FORMAT, data, at)
            if path:
                found[role, path] += count
                where[role, path] = (call.rstrip(b"\0").decode(), [o for o in offsets if o])
    return [Point(start, role, path, where[role, path][0], count, where[role, path][1])
            for (role, path), count in sorted(found.items())]


class Names:
    """Of functions and lines, by addr2line."""

    def __init__(self, program):
        self._program, self._known = program, {}

    def of(self, offset):
        if offset not in self._known:
            done = subprocess.run(["addr2line", "-f", "-s", "-e", self._program, hex(offset - 1)], capture_output=True,
                                  text=True, check=False)
            function, line = (done.stdout.splitlines() + ["?", "?"])[:2]
            self._known[offset] = f"{function} ({line.split(' ')[0]})"
        return self._known[offset]

    def path(self, point):
        return f"{point.call} < " + " < ".join(self.of(offset) for offset in point.offsets)


# --- one fault ----------------------------------------------------------------------------------------------------


def _outcome(scene, status):
    """In a word, how it ended and what it said; Failed where that isn't good enough."""
    said = scene.said()
    if status == 0:
        return "went on and said so" if said else "went on"
    expect(status > 0, f"it died of signal {-status}: {scene.log()[-2000:]}")
    expect(any(LOG_LINE.match(line) for line in said) and status != EXIT_USAGE,
           f"it ended with {status} without a word: {scene.log()[-2000:]}")
    return "ended with a word"


def fail_once(scene, point, program):
    """(whether the call was reached, outcome, what it said)"""
    try:
        scene.begin(point.start, point.plan())
        status = scene.live(program)
        hit, outcome, said = scene.was_hit(), _outcome(scene, status), scene.said()
        expect(hit or status == 0, f"it ended with {status} though nothing failed: {scene.log()[-2000:]}")
        scene.check_dead(point.start)
        scene.check_next_life()
        return hit, outcome, said
    finally:
        scene.over()


def count(scene, start, program):
    try:
        scene.begin(start, "count")
        status = scene.live(program)
        expect(status == 0, f"it ended with {status} though nothing failed: {scene.log()[-2000:]}")
        points = read_counts(scene.directory, start)
        scene.check_dead(start)
        scene.check_next_life()
        return points
    finally:
        scene.over()


# --- all of them ---------------------------------------------------------------------------------------------------


class Worker:
    """In a sandbox of its own; what it says, a JSON line each, goes to the parent."""

    def __init__(self, directory, options):
        self.options = options
        self._scene = Scene(directory, options.build)
        self._program = os.path.join(options.build, "tests/faults/meshd_faults")

    def _say(self, **words):
        print(json.dumps(words), flush=True)

    def count(self):
        for start in self.options.starts:
            self._say(points=[point.to_json() for point in count(self._scene, start, self._program)])

    def fail(self):
        for line in sys.stdin:
            point = Point(*json.loads(line))
            try:
                hit, outcome, said = fail_once(self._scene, point, self._program)
                self._say(point=point.to_json(), hit=hit, outcome=outcome, said=said[-4:])
            except Exception as error:  # pylint: disable=broad-except
                self._say(point=point.to_json(), hit=self._scene.was_hit(), outcome="FAILED",
                          said=[f"{type(error).__name__}: {error}"])


def _spawn_worker(options, *words):
    argv = [sys.executable, "-B", "-m", "tests.faults.calls", "--build", options.build, "--start", ",".join(options.starts),
            *words]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _counted(options):
    """The paths of a few lives: not every life goes the same way."""
    points = {}
    for _ in range(options.lives):
        with _spawn_worker(options, "--worker", "count") as worker:
            out, _ = worker.communicate()
        expect(worker.returncode == 0, "a life that is only counted fails")
        for line in out.splitlines():
            for row in json.loads(line)["points"]:
                point = Point(*row)
                points.setdefault((point.role, point.path), point)  # those with a past come first
    names = Names(os.path.join(options.build, "tests/faults/meshd_faults"))
    return [point for point in points.values() if not SURE.match(names.path(point))]


def _chosen(points, options):
    """Of each path the first call; with --later also the second and one in the middle."""
    chosen = list(points)
    if options.later:
        chosen += [Point(p.start, p.role, p.path, p.call, p.count, p.offsets, nth)
                   for p in points for nth in {2, p.count // 2} if 1 < nth < p.count]
    if options.only:
        names = Names(os.path.join(options.build, "tests/faults/meshd_faults"))
        chosen = [point for point in chosen if re.search(options.only, f"{point.name()} {names.path(point)}")]
    random.Random(options.seed).shuffle(chosen)
    return chosen[:options.sample] if options.sample else chosen


class Campaign:
    def __init__(self, options):
        self._options = options
        self._names = Names(os.path.join(options.build, "tests/faults/meshd_faults"))
        self.outcomes = collections.Counter()
        self.by_call = collections.defaultdict(collections.Counter)
        self.failures = 0
        self.said = collections.Counter()
        self._log = open(os.path.join(options.build, "faults.calls"), "w", encoding="utf-8")

    def take(self, result):
        point = Point(*result["point"])
        outcome = result["outcome"] if result["hit"] or result["outcome"] == "FAILED" else "not reached"
        self.outcomes[outcome] += 1
        self.by_call[point.call][outcome] += 1
        text = f"{outcome}: {point.name()}\n  {self._names.path(point)}\n" + "".join(
            f"    {line}\n" for line in result["said"])
        self._log.write(text)
        self._log.flush()
        if outcome == "FAILED":
            self.failures += 1
            print(text, end="", flush=True)

    def run(self, points):
        workers = [_spawn_worker(self._options, "--worker", "fail") for _ in range(min(self._options.jobs, len(points)))]
        queue = list(points)
        began = time.monotonic()
        import selectors  # pylint: disable=import-outside-toplevel
        ready = selectors.DefaultSelector()
        for worker in workers:
            ready.register(worker.stdout, selectors.EVENT_READ, worker)
            self._give(worker, queue)
        done = 0
        while ready.get_map():
            for key, _ in ready.select():
                line = key.data.stdout.readline()
                if not line:
                    ready.unregister(key.fileobj)
                    expect(key.data.wait() == 0, "a worker ended badly")
                    continue
                self.take(json.loads(line))
                done += 1
                if done % 100 == 0:
                    print(f"# {done} of {len(points)}, {time.monotonic() - began:.0f} s: {dict(self.outcomes)}", flush=True)
                self._give(key.data, queue)
        return time.monotonic() - began

    def _give(self, worker, queue):
        if queue:
            worker.stdin.write(json.dumps(queue.pop().to_json()) + "\n")
            worker.stdin.flush()
        else:
            worker.stdin.close()

    def tell(self, seconds):
        columns = sorted(self.outcomes)
        print(f"{'call':16}" + "".join(f" {column:>24}" for column in columns))
        for call, outcomes in sorted(self.by_call.items()):
            print(f"{call:16}" + "".join(f" {outcomes[column]:24}" for column in columns))
        print(f"{'all':16}" + "".join(f" {self.outcomes[column]:24}" for column in columns))
        print(f"{sum(self.outcomes.values())} lives with one failing call in {seconds:.0f} s, {self.failures} failed")


def _options():
    parser = argparse.ArgumentParser(prog="dev/faults calls", description=__doc__)
    parser.add_argument("only", nargs="?", help="only points whose name or path has this (a regular expression)")
    parser.add_argument("--build", default="build/faults", help=argparse.SUPPRESS)
    parser.add_argument("--sample", type=int, default=0, help="only so many, drawn by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--later", action="store_true", help="also a later call on each path")
    parser.add_argument("--lives", type=int, default=3, help="how many are counted (3)")
    parser.add_argument("--jobs", type=int, default=2, help="so many at once (2)")
    parser.add_argument("--start", default=",".join(STARTS), help="settled, fresh, or both: what a life begins with")
    parser.add_argument("--worker", choices=("count", "fail"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.starts = options.start.split(",")
    return options


def _run(options):
    try:
        points = _counted(options)
        calls = sum(point.count for point in points)
        print(f"# {calls} calls on {len(points)} paths", flush=True)
        chosen = _chosen(points, options)
        campaign = Campaign(options)
        campaign.tell(campaign.run(chosen))
        return 1 if campaign.failures or not chosen else 0
    except Failed as error:
        print(f"FAILED: {error}")
        return 1


def main():
    options = _options()
    if os.geteuid() != 0 or not all(map(shutil.which, ("postmap", "nsd-checkzone", "addr2line"))):
        print("dev/faults: needs root, for namespaces, Postfix, NSD and binutils", file=sys.stderr)
        return 77
    if options.worker:
        def work(directory):
            getattr(Worker(directory, options), options.worker)()
            return 0
        return sandbox.run(work)
    return _run(options)


if __name__ == "__main__":
    sys.exit(main())
