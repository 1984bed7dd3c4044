# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that knows nothing joins a mesh that claims a million domains.

The first meshd gets all of it from the feeder, a core with a filled archive, over TCP on loopback. The
second gets it from the first. Seconds run from the start of the process to the moment at which the last
statement took effect, as the node itself tells it.
"""

import subprocess
import time

from tests.bench import program, traffic, usage
from tests.bench.agent import Agent
from tests.bench.result import Result
from tests.lab.wait import Failed, expect, wait_until

AUTHORS = 500
DOMAINS = 2000
FIGURE_S = 5
SECONDS_AT_MOST = 120  # then it is told as that


def _lines(options, authors):
    done = subprocess.run([program.path(options.build, "feeder"), "lines", str(authors)], capture_output=True,
                          text=True, check=True)
    return done.stdout.splitlines()


def _join(agent, keys):
    """Start it and wait; returns the seconds, by the node's own clock, and those of processor time."""
    began = time.time()
    agent.spawn()

    def holds_all():
        try:
            held = agent.held()
        except OSError:
            return None
        agent.daemon.check_running()
        return held if keys <= held.keys() else None

    try:
        held = wait_until(f"{agent.name} holds all", SECONDS_AT_MOST, holds_all, pause=0.5)
        seconds = max(held[key]["since_ms"] for key in keys) / 1000 - began
    except Failed:
        agent.daemon.check_running()
        seconds = SECONDS_AT_MOST
    return seconds, usage.cpu_ns(agent.daemon.pid) / 1e9


def _once(lab, options, number, authors):
    lines = _lines(options, authors)
    keys = {line.split()[2] for line in lines[1:]}
    first = Agent(lab, options.build, f"first{number}", "10.66.0.2")
    second = Agent(lab, options.build, f"second{number}", "10.66.0.3")
    for agent, other in ((first, second), (second, first)):
        agent.pin(lines[1])
        agent.pin(other.line)
    first.pin(lines[0])
    with subprocess.Popen([program.path(options.build, "feeder"), "serve", str(authors), str(DOMAINS), first.line],
                          stdout=subprocess.PIPE, text=True) as feeder:
        try:
            expect(feeder.stdout.readline() == "ready\n", "the feeder isn't ready")
            by_feeder = _join(first, keys)
            feeder.kill()
            by_meshd = _join(second, keys)
            return *by_feeder, *by_meshd, usage.memory(second.daemon.pid)["pss"]
        finally:
            feeder.kill()
            for agent in (first, second):
                if agent.daemon:
                    agent.daemon.end()


def run(lab, options):
    authors = options.authors or AUTHORS
    traffic.open_loopback()
    runs = [_once(lab, options, number, authors) for number in range(options.runs)]
    result = Result("join", f"join: {authors} authors of {DOMAINS:,} domains, over TCP on loopback")
    result.add("from the feeder, all held", "s", [run[0] for run in runs], most=FIGURE_S)
    result.add("processor time of that", "s", [run[1] for run in runs])
    result.add("from another meshd, all held", "s", [run[2] for run in runs], most=FIGURE_S)
    result.add("processor time of that", "s", [run[3] for run in runs])
    result.add("PSS with all held", "MiB", [run[4] for run in runs])
    return result
