# SPDX-License-Identifier: GPL-3.0-or-later
"""Many agents of Debian's serf on loopback, LAN profile: the peer that the mesh is measured beside.

One connection to each agent's RPC port streams what that agent learns; moments are those at which it was
read here.
"""

import os
import random
import selectors
import signal
import socket
import threading
import time

import msgpack

from tests.lab.daemon import Daemon
from tests.lab.wait import Failed, NotYet, wait_until

SECONDS_TO_MEET = 300
SECONDS_TO_JOIN = 150
_SEQ_HANDSHAKE, _SEQ_STREAM, _SEQ_ORDER, _SEQ_MEMBERS = 0, 1, 2, 3


class Rpc:
    """What one agent tells. `alive`: names of the members that it takes for alive."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._socket.setblocking(False)
        self._unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, unicode_errors="surrogateescape",
                                          max_buffer_size=64 * 1024 * 1024)
        self._header = None
        self.alive, self.failed = set(), set()
        self.heard = []  # (moment, event, names)
        self.counted = False
        self.order("handshake", _SEQ_HANDSHAKE, Version=1)
        self.order("stream", _SEQ_STREAM, Type="*")
        self.order("members", _SEQ_MEMBERS)

    def fileno(self):
        return self._socket.fileno()

    def order(self, command, seq=_SEQ_ORDER, **body):
        data = msgpack.packb({"Command": command, "Seq": seq}, use_bin_type=False)
        if body or command in ("event",):
            data += msgpack.packb(body, use_bin_type=False)
        self._socket.setblocking(True)
        self._socket.sendall(data)
        self._socket.setblocking(False)

    def read(self):
        """Returns False at the end of the connection."""
        try:
            data = self._socket.recv(1 << 20)
        except BlockingIOError:
            return True
        except OSError:
            return False
        now = time.time()
        self._unpacker.feed(data)
        for item in self._unpacker:
            self._take(item, now)
        return bool(data)

    def _take(self, item, now):
        if "Seq" in item:
            if item.get("Error"):
                raise Failed(f"serf refuses: {item['Error']}")
            self._header = item["Seq"]
        elif self._header == _SEQ_MEMBERS or "Event" not in item:
            self.alive |= {member["Name"] for member in item.get("Members", ()) if member["Status"] == "alive"}
            self.counted = True
        else:
            self._learn(item, now)

    def _learn(self, item, now):
        names = [member["Name"] for member in item.get("Members", ())] or [item.get("Name", "")]
        event = item["Event"]
        if event == "member-join":
            self.alive.update(names)
            self.failed.difference_update(names)
        elif event in ("member-failed", "member-leave", "member-reap"):
            self.alive.difference_update(names)
            if event == "member-failed":
                self.failed.update(names)
        self.heard.append((now, event, names))

    def close(self):
        self._socket.close()


class Member:
    def __init__(self, directory, index):
        self.name = f"s{index}"
        self.address = f"10.67.{index // 250}.{index % 250 + 1}"
        self.port = 20000 + index
        self.log = os.path.join(directory, f"{self.name}.log")
        self.daemon = self.rpc = None

    def spawn(self, join):
        argv = ["serf", "agent", f"-node={self.name}", f"-bind={self.address}:7946", f"-advertise={self.address}:7946",
                f"-rpc-addr=127.0.0.1:{self.port}", "-profile=lan", "-log-level=err"]
        if join:
            argv.append(f"-join={join.address}:7946")
        self.daemon = Daemon(f"{self.name}: serf", argv, self.log)

    def connect(self):
        def reach():
            self.daemon.check_running()
            try:
                return Rpc(self.port)
            except OSError as error:
                raise NotYet(str(error)) from error

        self.rpc = wait_until(f"{self.name}: serf answers", 30, reach)


class Serf:
    NAME = "serf"

    def __init__(self, lab, _build, count, seed=1):
        self._directory = os.path.join(lab, "serf")
        os.makedirs(self._directory)
        self._dice = random.Random(seed)
        self._events = 0
        self._joiners = 0
        self.agents = [Member(self._directory, index) for index in range(count)]
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while not self._ended:
            for key, _ in self._selector.select(0.05):
                with self._lock:
                    if not key.fileobj.read():
                        self._forget(key.fileobj)

    def _forget(self, rpc):
        try:
            self._selector.unregister(rpc)
        except (KeyError, ValueError):
            pass

    def _watch(self, member):
        member.connect()
        self._selector.register(member.rpc, selectors.EVENT_READ)

    def addresses(self):
        return [member.address for member in self.agents]

    def pids(self):
        return [member.daemon.pid for member in self.agents]

    def _wait_all_alive(self, what, seconds, agents=None):
        agents = agents or self.agents
        names = {member.name for member in agents}

        def settled():
            with self._lock:
                lacking = [member.name for member in agents if not names <= member.rpc.alive]
            if lacking:
                raise NotYet(f"{len(lacking)} agents lack some, {lacking[0]} among them")
            return True

        wait_until(what, seconds, settled, pause=0.1)

    def _last(self, event, name, since, agents):
        """When the last agent heard that; None while one hasn't."""
        with self._lock:
            times = [next((at for at, kind, names in reversed(member.rpc.heard)
                           if kind == event and name in names and at >= since), None) for member in agents]
        return max(times) if all(times) else None

    def start(self):
        began = time.time()
        for member in self.agents:
            member.spawn(self.agents[0] if member is not self.agents[0] else None)
            if member is self.agents[0]:
                self._watch(member)
        for member in self.agents[1:]:
            self._watch(member)
        self._wait_all_alive("all serf agents know all", SECONDS_TO_MEET)
        return time.time() - began

    def change(self):
        self._events += 1
        name = f"change{self._events}"
        asked = time.time()
        self._dice.choice(self.agents).rpc.order("event", Name=name, Payload=b"", Coalesce=False)
        last = wait_until("all serf agents heard the event", 60, lambda: self._last("user", name, asked, self.agents),
                          pause=0.2)
        return last - asked, last - asked

    def join(self):
        self._joiners += 1
        joiner = Member(self._directory, 1000 + self._joiners)
        began = time.time()
        joiner.spawn(self._dice.choice(self.agents))
        self._watch(joiner)
        last = None
        try:
            self._wait_all_alive("the joiner and all know each other", SECONDS_TO_JOIN, self.agents + [joiner])
            with self._lock:
                moments = [at for member in self.agents for at, kind, names in member.rpc.heard
                           if kind == "member-join" and joiner.name in names]
                moments += [at for at, kind, _ in joiner.rpc.heard if kind == "member-join"]
            last = max(moments)
        except Failed:
            last = began + SECONDS_TO_JOIN
        joiner.rpc.order("leave")
        time.sleep(4)
        joiner.daemon.end()
        with self._lock:
            self._forget(joiner.rpc)
        return last - began

    def kill(self):
        victim = self._dice.choice(self.agents[1:])
        others = [member for member in self.agents if member is not victim]
        killed = time.time()
        os.kill(victim.daemon.pid, signal.SIGKILL)
        last = wait_until(f"all know that {victim.name} is gone", 90,
                          lambda: self._last("member-failed", victim.name, killed, others), pause=0.1)
        victim.daemon.end()
        with self._lock:
            self._forget(victim.rpc)
        victim.spawn(self.agents[0])
        self._watch(victim)
        self._wait_all_alive("the killed one is back", SECONDS_TO_JOIN)
        return last - killed

    def false_marks(self, seconds):
        began = time.time()
        time.sleep(seconds)
        with self._lock:
            marks = {(name, int(at - began) // 30) for member in self.agents for at, kind, names in member.rpc.heard
                     if kind == "member-failed" and at >= began for name in names}
        return len(marks)

    def part(self, seconds):
        time.sleep(seconds)
        return {}

    def agree(self, _stated, healed):
        self._wait_all_alive("all know all again", 180)
        return time.time() - healed

    def end(self):
        self._ended = True
        for member in self.agents:
            member.daemon.end()
