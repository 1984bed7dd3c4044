# SPDX-License-Identifier: GPL-3.0-or-later
"""Real agents on the loopback of a namespace, and what they need of a machine: a mail server's configuration with
the real postmap, an SMTP server that takes every recipient, a name server that knows the serial of one zone."""

import json
import os
import re
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import threading
import time

from tests.lab.postfix import STOCK, STOCK_IN_ETC
from tests.lab.wait import Failed, expect

NET = "faults"
PORT = 10655
ZONE = "pool.test"
SECONDS_TO_ANSWER = 20

_MAIN = """compatibility_level = 3.6
queue_directory = /var/spool/postfix
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
myhostname = rosa.test
mydestination = {local}
local_recipient_maps =
inet_interfaces = all
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
"""
_BASE = f"""$TTL 300
$ORIGIN {ZONE}.
@ IN SOA ns1 hostmaster ( 7 3600 600 2419200 60 )
@ NS ns1
ns1 A 203.0.113.53
"""


class NotRunning(Exception):
    """Nobody answers on the control socket, or the one who did is gone before the reply."""


class Refused(Exception):
    """The agent answered that it won't."""


def loopback():
    """All of 10.66.0.0/16 is this machine."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "replace", "local", "10.66.0.0/16", "dev", "lo"], check=True)


class Node:
    """One meshd: its files below one directory, its process group, its control socket."""

    def __init__(self, directory, build, name, address, text=""):
        self.name, self.address = name, address
        self.prefix = os.path.join(directory, name)
        self.program = os.path.join(build, "agent/meshd")
        self.process = None
        os.makedirs(self.prefix)
        self.line = self._init()
        self.key = self.line.split()[2]
        self.configure(text)

    def _argv(self, *words):
        return [self.program, "--prefix", self.prefix, "--net", NET, *words]

    def _init(self):
        argv = self._argv("--init", self.name, self.address, "--mesh-prefix", "10.66.0.0/16")
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    def configure(self, text):
        with open(self.etc("meshd.conf"), "w", encoding="ascii") as file:
            file.write(f'name = {self.name}\nvpn_address = {{"{self.address}"}}\n'
                       'mesh_prefix = {"10.66.0.0/16"}\nobserve = no\nallow_test_names = yes\n' + text)

    def etc(self, *parts):
        return os.path.join(self.prefix, "etc/meshd", NET, *parts)

    def var(self, *parts):
        return os.path.join(self.prefix, "var/lib/meshd", NET, *parts)

    def pin(self, line, name=None):
        words = line.split()
        with open(self.etc("members", name or words[1]), "w", encoding="ascii") as file:
            file.write(line + "\n")

    @property
    def log(self):
        return os.path.join(self.prefix, "log")

    def spawn(self, environment=None):
        """In a process group of its own: whoever dies with it is in it."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self._argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env={**os.environ, **(environment or {})}, start_new_session=True)

    def start(self, environment=None, seconds=SECONDS_TO_ANSWER):
        """Returns how long it took until it answered."""
        began = time.monotonic()
        self.spawn(environment)
        while time.monotonic() - began < seconds:
            expect(self.process.poll() is None or self.process.returncode == -signal.SIGKILL,
                   f"{self.name}: meshd ended with {self.process.returncode}: {self.last_words()}")
            try:
                self.ask("status")
                return time.monotonic() - began
            except NotRunning as error:
                if self.process.poll() is not None:
                    raise NotRunning("killed at its start") from error
                time.sleep(0.01)
        raise Failed(f"{self.name}: no answer within {seconds} s: {self.last_words()}")

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, whole):
        """kill -9: the agent, or also all that it has started."""
        if whole:
            os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()

    def end(self):
        if self.is_running():
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(True)
                raise Failed(f"{self.name}: doesn't end at SIGTERM") from None

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return " / ".join(log.read().splitlines()[-4:])

    def ask(self, command, **arguments):
        """One request on the control socket; returns its data. Refused, or NotRunning if no reply came."""
        request = {"version": 1, "command": command, "args": arguments}
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(SECONDS_TO_ANSWER)
                asking.connect(os.path.join(self.prefix, "run/meshd", NET, "control.sock"))
                asking.sendall(json.dumps(request).encode() + b"\n")
                with asking.makefile("rb") as stream:
                    line = stream.readline()
        except TimeoutError as error:
            raise Failed(f"{self.name}: no reply to {command} in {SECONDS_TO_ANSWER} s") from error
        except OSError as error:
            raise NotRunning(str(error)) from error
        if not line.endswith(b"\n"):
            raise NotRunning("the reply ended")
        reply = json.loads(line)
        if not reply.get("ok"):
            raise Refused(reply.get("error"))
        return reply["data"]


# --- servers of the machine ------------------------------------------------------------------------------

class _Mail(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            try:
                self.wfile.write(b"220 here ESMTP\r\n")
                for line in self.rfile:
                    self.wfile.write(b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 ok\r\n")
            except OSError:
                pass  # who asked was killed


def mail_server():
    """Takes every recipient at every address, port 25."""
    server = _Mail(("0.0.0.0", 25), _Mail.Session)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def empty_queue(directory):
    """A postqueue that has nothing to tell, at once: the real one waits a second for a mail server that is down."""
    path = os.path.join(directory, "postqueue")
    with open(path, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\n")
    os.chmod(path, 0o755)
    subprocess.run(["mount", "--bind", path, shutil.which("postqueue", path="/usr/sbin:/usr/bin")], check=True)


def serial_of(text):
    """Of a zone file that meshd wrote."""
    found = re.search(r"\sSOA\s+\S+\s+\S+\s+(\d+)", text)
    return int(found.group(1)) if found else None


def name_server(address, path):
    """Answers every question with the SOA of the zone in the file path()."""
    name = b"".join(bytes([len(label)]) + label.encode() for label in ZONE.split(".")) + b"\0"

    def answer(question):
        with open(path(), encoding="ascii") as file:
            serial = serial_of(file.read()) or 0
        end = question.index(b"\0", 12) + 5
        soa = b"\xc0\x0c\xc0\x0c" + struct.pack(">5I", serial, 3600, 600, 2419200, 60)
        record = name + struct.pack(">HHIH", 6, 1, 60, len(soa)) + soa
        return question[:2] + b"\x84\0" + struct.pack(">4H", 1, 1, 0, 0) + question[12:end] + record

    def serve():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind((address, 53))
            while True:
                question, asker = server.recvfrom(4096)
                server.sendto(answer(question), asker)

    threading.Thread(target=serve, daemon=True).start()


def mail_configuration(directory, local):
    """main.cf and master.cf of a mail server that is never started; returns their directory, which is made."""
    place = directory
    os.makedirs(place)
    for name in STOCK_IN_ETC:
        subprocess.run(["cp", "-a", os.path.join("/etc/postfix", name), place], check=True)
    shutil.copy(os.path.join(STOCK, "makedefs.out"), place)
    shutil.copy(os.path.join(STOCK, "master.cf.dist"), os.path.join(place, "master.cf"))
    with open(os.path.join(place, "main.cf"), "w", encoding="ascii") as file:
        file.write(_MAIN.format(local=", ".join(local)))
    return place


def zone_files(directory, address):
    """The operator's base file and the file that meshd writes; returns the latter and the section for meshd.conf."""
    base, path = os.path.join(directory, "pool.base"), os.path.join(directory, "pool.zone")
    for name in (base, path):
        with open(name, "w", encoding="ascii") as file:
            file.write(_BASE)
    return path, (f'zone "{ZONE}" {{\n\tserver = nsd\n\tbase = "{base}"\n\tfile = "{path}"\n'
                  f'\tcontrol = {{"/bin/true"}}\n\taddress = "{address}"\n\tttl = 60\n}}\n')


# --- the witness ------------------------------------------------------------------------------------------

class Witness:
    """Runs tests/faults/witness; what it wrote down is in `statements`: {(kind, key, serial, seq): hash}."""

    def __init__(self, build, directory):
        self._program = os.path.join(build, "tests/faults/witness")
        self._path = os.path.join(directory, "witness")
        self.line = subprocess.run([self._program, "0"], capture_output=True, text=True, check=True).stdout.strip()
        self.key = self.line.split()[2]
        self.statements, self.last = {}, {}
        self._process = None
        self._offset = 0

    def start(self, lines):
        with open(self._path, "wb") as output:
            self._process = subprocess.Popen([self._program, "0", *lines], stdout=output, stderr=subprocess.STDOUT)

    def read(self):
        """Takes in what is new; Failed if an order came back, or was used for two things."""
        with open(self._path, encoding="ascii", errors="replace") as file:
            file.seek(self._offset)
            text = file.read()
        whole = text[:text.rfind("\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            self._take(line.split())
        expect(self._process.poll() is None, f"the witness ended: {whole[-200:]}")

    def _take(self, words):
        expect(words[0] != "equivocation", f"two statements of {words[-1]} under one order")
        if words[0] not in ("head", "carriage"):
            return
        kind, key, order, digest = words[0], words[1], (int(words[2]), int(words[3])), words[4]
        seen = self.statements.setdefault((kind, key, order), digest)
        expect(seen == digest, f"two {kind}s of {key} under one order {order}")
        last = self.last.get((kind, key), (0, 0))
        expect(order >= last, f"a {kind} of {key} went back from {last} to {order}")
        self.last[(kind, key)] = order

    def is_process(self, pid):
        return self._process.pid == pid

    def end(self):
        self._process.kill()
        self._process.wait()
