# SPDX-License-Identifier: GPL-3.0-or-later
"""N agents on loopback beside as many of serf, one fleet after the other, each number taken of both."""

import time

from tests.bench import traffic, usage
from tests.bench.fleet import Fleet
from tests.bench.result import Result
from tests.bench.serf import Serf
from tests.lab.wait import Failed

CHANGE_MS = 60  # at 100 agents
PSS_MIB = 6
CPU_PERCENT = 0.1
JOIN_S = 1
KILL_S = 1
AGREE_S = 5
LOSS_PERCENT = 25
SPLIT_S = 60
REST_S = 10  # after the start, before anything is measured


class Numbers:
    """Of one fleet: {quantity: [values]}."""

    def __init__(self, fleet, options):
        self.fleet, self.options = fleet, options
        self.values = {}
        self.notes = []

    def keep(self, quantity, *values):
        self.values.setdefault(quantity, []).extend(values)

    def _say(self, text):
        print(f"  {self.fleet.NAME}: {text}", flush=True)

    def measure(self):
        options, fleet = self.options, self.fleet
        steps = [("changes", self._changes), ("idle", self._idle)]
        if not options.quick:
            steps += [("joins", self._joins), ("kills", self._kills), ("split", self._split), ("loss", self._loss)]
        traffic.count()
        self.keep("start", fleet.start())
        self._say(f"all know all after {self.values['start'][0]:.1f} s")
        time.sleep(REST_S)
        for name, step in steps:
            began = time.monotonic()
            try:
                step()
                self._say(f"{name} done in {time.monotonic() - began:.0f} s")
            except Failed as error:
                self._say(f"{name}: {error}")
                self.notes.append(f"{self.fleet.NAME}, {name}: {error}")

    def _changes(self):
        for _ in range(self.options.changes):
            asked, durable = self.fleet.change()
            self.keep("change", asked * 1000)
            self.keep("change from durable", durable * 1000)

    def _idle(self):
        pids = self.fleet.pids()
        before = {pid: usage.cpu_ns(pid) for pid in pids}
        machine, began = usage.machine_ns(), time.monotonic()
        traffic.count()
        time.sleep(self.options.idle)
        sent = traffic.sent()
        seconds = time.monotonic() - began
        used = [usage.cpu_ns(pid) - before[pid] for pid in pids]
        others = usage.machine_ns() - machine - sum(used)
        self.keep("bytes", sum(count for count, _ in sent.values()) / len(pids) / seconds)
        self.keep("packets", sum(count for _, count in sent.values()) / len(pids) / seconds)
        self.keep("cpu", *[ns / seconds / 1e9 * 100 for ns in used])
        self.keep("others", others / seconds / 1e9 * 100)
        sizes = [usage.memory(pid) for pid in pids]
        self.keep("rss", *[size["rss"] for size in sizes])
        self.keep("pss", *[size["pss"] for size in sizes])

    def _joins(self):
        for _ in range(self.options.joins):
            self.keep("join", self.fleet.join())

    def _kills(self):
        for _ in range(self.options.kills):
            self.keep("kill", self.fleet.kill())

    def _split(self):
        addresses = self.fleet.addresses()
        traffic.split(addresses[:len(addresses) // 2])
        try:
            stated = self.fleet.part(SPLIT_S)
        finally:
            healed = time.time()
            traffic.heal()
        self.keep("agree", self.fleet.agree(stated, healed))

    def _loss(self):
        traffic.count()
        traffic.lose(LOSS_PERCENT)
        try:
            marks = self.fleet.false_marks(self.options.minutes * 60)
            sent = traffic.sent()
        finally:
            traffic.heal()
        self.keep("marks", marks)
        if self.values.get("bytes"):
            rate = sum(count for count, _ in sent.values()) / len(self.fleet.pids()) / (self.options.minutes * 60)
            self.keep("loss bytes", rate / self.values["bytes"][0])


def _fleet(kind, lab, options):
    fleet = kind(lab, options.build, options.count)
    numbers = Numbers(fleet, options)
    try:
        numbers.measure()
    finally:
        fleet.end()
    return numbers


def _rows(result, mesh, serf, options):
    def both(what, unit, quantity, **limit):
        result.add(f"meshd: {what}", unit, mesh.get(quantity, []), **limit)
        if quantity in serf:
            result.add(f"serf: {what}", unit, serf[quantity])

    both("all know all after the start", "s", "start")
    both("one change known to all", "ms", "change", most=CHANGE_MS)
    result.add("meshd: the same, from its being durable", "ms", mesh.get("change from durable", []))
    peer = {"most": serf["bytes"][0], "against": "serf"} if serf.get("bytes") else {}
    both("idle, sent per agent", "B/s", "bytes", **peer)
    both("idle, sent per agent", "packets/s", "packets")
    both("idle, PSS", "MiB", "pss", most=PSS_MIB)
    both("idle, RSS", "MiB", "rss")
    both("idle, of a core", "%", "cpu", most=CPU_PERCENT)
    both("others on this machine meanwhile", "% of a core", "others")
    if options.quick:
        return
    both("a join, all know all", "s", "join", most=JOIN_S)
    result.add("meshd: worst join", "s", max(mesh.get("join", []), default=None), most=JOIN_S)
    both("kill -9 known to all", "s", "kill", most=KILL_S)
    result.add("meshd: worst kill -9", "s", max(mesh.get("kill", []), default=None), most=KILL_S)
    both(f"split of {SPLIT_S} s, agreement after healing", "s", "agree", most=AGREE_S)
    both(f"false marks in {options.minutes:g} min at {LOSS_PERCENT} % loss", "marks", "marks", most=0)
    both(f"sent at {LOSS_PERCENT} % loss", "x idle", "loss bytes")


def run(lab, options):
    traffic.open_loopback()
    mesh = _fleet(Fleet, lab, options)
    serf = None if options.alone else _fleet(Serf, lab, options)
    result = Result(f"mesh{options.count}", f"mesh: {options.count} agents on loopback, serf's LAN profile beside them")
    _rows(result, mesh.values, serf.values if serf else {}, options)
    for numbers in (mesh, serf):
        for note in numbers.notes if numbers else ():
            result.note(note)
    return result
