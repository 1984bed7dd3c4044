# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged stores: thousands through the loader, some through a real daemon beside an honest peer.

Whatever a store has become, the agent starts once and goes on, nothing is in effect that nobody signed, and
all of it is there again, from the peer, within a minute. Started by dev/faults stores.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time

from tests.bench.agent import NET, Agent
from tests.faults.rows import read_rows
from tests.lab import sandbox
from tests.lab.wait import Failed, expect, wait_until

FEEDER, PEER, NODE = "10.66.0.1", "10.66.0.2", "10.66.0.3"
AUTHORS, DOMAINS = 60, 200
UID = 64321
SECONDS_TO_REBUILD = 60
SECONDS_TO_FILL = 120
STEP = 7  # from one damage to the next at the daemon: so that few numbers have many kinds
METAS_BYTES = 2 * 4096
SLOW = 10 if os.environ.get("MESH_TEST_SLOW") else 1
# What none of the damages may bring out of a daemon.
BAD_WORDS = ("invariant failed", "Sanitizer", "runtime error")


class Node(Agent):
    """As root, who however is kept out where files say so."""

    def _argv(self, *arguments):
        return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *super()._argv(*arguments)]

    @property
    def store(self):
        return os.path.join(self.prefix, "var/lib/meshd", NET, "store")

    def statements(self):
        """{KEY: what it holds of that author, as far as meshctl tells}"""
        return {key: (row["seq"], row["claims"], row["carriage_seq"]) for key, row in self.held().items()}


# --- the loader ---------------------------------------------------------------------------------------------


def load(directory, options):
    """As a user without rights; its rows go to our output."""
    place = os.path.join(directory, "stores")
    os.mkdir(place)
    names = ("tests/faults/loader", "agent/meshd")
    programs = [shutil.copy(os.path.join(options.build, name), directory) for name in names]
    os.chown(place, UID, UID)
    words = os.path.join(directory, "loader.log")
    sys.stdout.flush()
    with open(words, "w", encoding="ascii") as log:
        done = subprocess.run(["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", programs[0], "load",
                               programs[1], place, str(options.seed), str(options.loader)], stderr=log, check=False)
    shutil.rmtree(place)
    if done.returncode != 0:
        with open(words, encoding="ascii", errors="replace") as log:
            raise Failed("the loader failed:\n  " + "\n  ".join(log.read().splitlines()[-6:]))
    print(f"{options.loader} damaged stores through the loader: nothing altered, each filled again", flush=True)


# --- the daemon ---------------------------------------------------------------------------------------------


def _feed(directory, options):
    """A peer that holds what many have signed, as lines of the feeder name them; and those lines."""
    feeder = os.path.join(options.build, "tests/faults/feeder")
    lines = subprocess.run([feeder, "lines", str(AUTHORS)], capture_output=True, text=True, check=True).stdout.splitlines()
    peer = Agent(directory, options.build, "eva", PEER)
    peer.pin(lines[0])
    peer.pin(lines[1])
    with subprocess.Popen([feeder, "serve", str(AUTHORS), str(DOMAINS), peer.line], stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            expect(process.stdout.readline() == "ready\n", "the feeder isn't ready")
            peer.start()
            keys = {line.split()[2] for line in lines[1:]}
            wait_until("the peer holds all", SECONDS_TO_FILL * SLOW, lambda: keys <= peer.held().keys())
        finally:
            process.kill()
    return peer, lines


def _read_metas(node):
    with open(os.path.join(node.store, "data.mdb"), "rb") as file:
        return file.read(METAS_BYTES)


def _fill(directory, options, peer, lines):
    """A node with the peer's statements in its store, ended; its older roots lie beside."""
    node = Node(directory, options.build, "luz", NODE)
    node.pin(peer.line)
    node.pin(lines[1])
    peer.pin(node.line)
    peer.ask("reload")
    node.spawn()
    wait_until("a store", SECONDS_TO_FILL, lambda: os.path.exists(os.path.join(node.store, "data.mdb")))
    metas = _read_metas(node)
    wait_until("the node holds all", SECONDS_TO_FILL * SLOW, lambda: len(node.held()) >= AUTHORS + 2)
    wait_until("it is written", SECONDS_TO_FILL, lambda: _read_metas(node) != metas)
    with open(os.path.join(directory, "metas"), "wb") as file:
        file.write(_read_metas(node))
    wanted = {key: statement for key, statement in node.statements().items() if key != node.key}
    expect(node.daemon.end() == 0, f"{node.name} ended badly: {node.last_words()}")
    shutil.copytree(node.store, os.path.join(directory, "good"))
    return node, wanted


def _put_damaged(directory, options, node, number):
    shutil.rmtree(node.store)
    shutil.copytree(os.path.join(directory, "good"), node.store)
    done = subprocess.run([os.path.join(options.build, "tests/faults/loader"), "damage", node.store,
                           os.path.join(directory, "metas"), str(number)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _check_held(node, wanted):
    """True when all is held; Failed if anything is that nobody stated."""
    held = node.statements()
    for key, statement in wanted.items():
        for now, then in zip(held.get(key, ()), statement):
            expect(now in (0, then), f"{key} is held as {held[key]}, not {statement}")
    return all(held.get(key) == statement for key, statement in wanted.items())


def _is_answering(node):
    node.daemon.check_running()
    try:
        return node.ask("held") is not None
    except OSError:
        return False


def _rebuild(directory, options, node, wanted, number):
    """Seconds from the start of the process to everything being held; with what it found."""
    kind = _put_damaged(directory, options, node, number)
    open(node.log, "w", encoding="ascii").close()
    began = time.monotonic()
    node.spawn()
    wait_until(f"{kind}: it answers", SECONDS_TO_REBUILD * SLOW, lambda: _is_answering(node))
    wait_until(f"{kind}: everything is held again", SECONDS_TO_REBUILD * SLOW, lambda: _check_held(node, wanted))
    seconds = time.monotonic() - began
    found = node.ask("status")["store"]
    expect(found["state"] == "ok", f"{kind}: the store is {found}")
    expect(node.daemon.end() == 0, f"{kind}: it ended badly: {node.last_words()}")
    with open(node.log, encoding="utf-8", errors="replace") as log:
        text = log.read()
    expect(not any(word in text for word in BAD_WORDS), f"{kind}: {text}")
    return kind, found["found"], seconds


def _signed_rows(meshd, store):
    """What others stated last: without the history."""
    return {key: value for key, value in read_rows(meshd, store).items() if key[32:33] != b"h"}


def run_daemon(directory, options):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (FEEDER, PEER, NODE):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
    meshd = os.path.join(options.build, "agent/meshd")
    peer, lines = _feed(directory, options)
    node, wanted = _fill(directory, options, peer, lines)
    rows = _signed_rows(meshd, os.path.join(directory, "good"))
    print(f"# a store of {len(rows)} objects of {len(wanted)} authors beside a peer that has them all")
    times = []
    for index in range(options.daemon):
        number = options.seed + index * STEP
        kind, found, seconds = _rebuild(directory, options, node, wanted, number)
        expect(_signed_rows(meshd, node.store) == rows, f"{number}, {kind}: the new store differs from the good one")
        print(f"  {number:5} {kind:24} {found:8} {seconds:6.2f} s", flush=True)
        times.append(seconds)
    peer.daemon.end()
    expect(SLOW > 1 or max(times) <= SECONDS_TO_REBUILD, f"a rebuild took {max(times):.0f} s")
    print(f"{len(times)} damaged stores through a daemon: all there again after {sorted(times)[len(times) // 2]:.2f} s, "
          f"{max(times):.2f} s at most", flush=True)


# --- both ---------------------------------------------------------------------------------------------------


def _options():
    parser = argparse.ArgumentParser(prog="dev/faults stores", description=__doc__)
    parser.add_argument("--build", default="build/faults", help=argparse.SUPPRESS)
    parser.add_argument("--loader", type=int, default=3000, help="how many through the loader")
    parser.add_argument("--daemon", type=int, default=100, help="how many through a daemon")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first damage")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    return options


def _run(directory, options):
    try:
        if options.loader > 0:
            load(directory, options)
        if options.daemon > 0:
            run_daemon(directory, options)
    except Failed as error:
        print(f"FAILED: {error}")
        return 1
    return 0


def main():
    options = _options()
    if os.geteuid() != 0:
        print("dev/faults: needs root, for namespaces", file=sys.stderr)
        return 77
    return sandbox.run(lambda directory: _run(directory, options))


if __name__ == "__main__":
    sys.exit(main())
