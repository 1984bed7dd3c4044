# SPDX-License-Identifier: GPL-3.0-or-later
"""One meshd of the release build: its files below one directory, its process, its control socket."""

import json
import os
import socket
import subprocess

from tests.lab.daemon import Daemon
from tests.lab.wait import Failed, NotYet, expect, wait_until

NET = "bench"
PORT = 10655
SECONDS_TO_START = 30
SECONDS_TO_ANSWER = 60

_CONF = """name = {name}
vpn_address = {{"{address}"}}
public_address = {{{public}}}
mesh_prefix = {{"10.66.0.0/16"}}
observe = no
allow_test_names = yes
"""


class Agent:
    def __init__(self, directory, build, name, address, more=""):
        self.name, self.address, self._more = name, address, more
        self.prefix = os.path.join(directory, name)
        self._program = os.path.join(build, "agent/meshd")
        os.makedirs(self.prefix)
        self.line = self._run("--init", name, address, "--mesh-prefix", "10.66.0.0/16").strip()
        self.key = self.line.split()[2]
        self.daemon = None
        self.configure()

    def _argv(self, *arguments):
        return [self._program, "--prefix", self.prefix, "--net", NET, *arguments]

    def _run(self, *arguments):
        done = subprocess.run(self._argv(*arguments), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"{self.name}: meshd {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def _path(self, name):
        return os.path.join(self.prefix, "etc/meshd", NET, name)

    def configure(self, public=()):
        """Write meshd.conf; in force at the next start or reload."""
        addresses = ", ".join(f'"{address}"' for address in public)
        with open(self._path("meshd.conf"), "w", encoding="ascii") as file:
            file.write(_CONF.format(name=self.name, address=self.address, public=addresses) + self._more)

    def understands(self, option):
        """Whether this meshd knows the option, as it would stand in meshd.conf."""
        more, self._more = self._more, self._more + option
        self.configure()
        done = subprocess.run(self._argv("--key"), capture_output=True, check=False)
        if done.returncode != 0:
            self._more = more
            self.configure()
        return done.returncode == 0

    def pin(self, line):
        """In force at the next start or reload."""
        with open(self._path(os.path.join("members", line.split()[1])), "w", encoding="ascii") as file:
            file.write(line + "\n")

    def unpin(self, name):
        os.remove(self._path(os.path.join("members", name)))

    @property
    def log(self):
        return os.path.join(self.prefix, "log")

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return " / ".join(log.read().splitlines()[-3:])

    def spawn(self):
        self.daemon = Daemon(f"{self.name}: meshd", self._argv(), self.log)

    def start(self):
        """Returns when it answers."""
        self.spawn()
        wait_until(f"{self.name}: meshd answers", SECONDS_TO_START,
                   lambda: self.daemon.check_running() and self._answers())

    def _answers(self):
        try:
            return self.ask("reload") is not None
        except OSError as error:
            raise NotYet(str(error)) from error

    def ask(self, command, **arguments):
        """One request on the control socket; returns its data."""
        path = os.path.join(self.prefix, "run/meshd", NET, "control.sock")
        request = {"version": 1, "command": command, "args": arguments}
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS_TO_ANSWER)
            connection.connect(path)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                reply = json.loads(stream.readline() or b"{}")
        expect(reply.get("ok"), f"{self.name}: {command} is refused: {reply.get('error')}")
        return reply["data"]

    def held(self):
        """Whose statements it holds: {KEY: row}."""
        return {row["key"]: row for row in self.ask("held")["authors"] if row["seq"]}
