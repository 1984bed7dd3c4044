# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's agent, meshd, as a user without rights, and meshctl beside it."""

import json
import os
import shutil
import socket

from tests.lab.wait import Failed, NotYet, expect, wait_until

NET = "demo"
UID = 64321
PROGRAMS = ("agent/meshd", "cli/meshctl")
SECONDS_TO_START = 10
_EXIT_DONE = 0
_EXIT_NOT_RUNNING = 3

_CONF = """name = "{name}"
vpn_address = {{"{vpn}"}}
public_address = {{"{public}"}}
mesh_prefix = {{"10.66.0.0/16"}}
mesh_port = 10655
smtp_port = 25
carry = {carry}
observe = no
allow_test_names = yes
pool_zone = {{"pool.test"}}
"""
_TIMING = """test_timing = yes
timing {{
{lines}}}
"""
_POSTFIX = """postfix {
	config_dir = "/etc/postfix"
}
"""
_ZONE = """zone "{name}" {{
	server = nsd
	base = "{base}"
	file = "{file}"
	control = {{{control}}}
	address = "{address}"
	ttl = {ttl}
}}
"""
# Another wall clock for one process; its monotonic clock stays, as on a machine whose date is wrong.
_FAKE_TIME = ("LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
              "FAKETIME_DONT_FAKE_MONOTONIC=1")


def install(build, directory):
    """Copy the programs to where every user may run them, wherever the source tree lies."""
    os.makedirs(directory)
    for program in PROGRAMS:
        source = os.path.join(build, program)
        expect(os.access(source, os.X_OK), f"{source} isn't there: build it first (dev/demo does)")
        shutil.copy(source, directory)
    return directory


class Zone:
    """A zone that the agent completes: the operator's base, and the file that NSD reads beside it."""

    def __init__(self, name, directory, base_text):
        self.name = name
        self.base = os.path.join(directory, f"{name}.base")
        self.file = os.path.join(directory, f"{name}.zone")
        for path in (self.base, self.file):
            with open(path, "w", encoding="ascii") as file:
                file.write(base_text)
            os.chown(path, UID, UID)


class Agent:
    """timing: {duration: milliseconds} that differ from meshd's own, or None."""

    def __init__(self, node, vpn, programs, groups, timing=None):
        self.node = node
        self.vpn = vpn
        self.prefix = node.path("mesh")
        self._programs = programs
        self._as_user = ["setpriv", f"--reuid={UID}", f"--regid={UID}", f"--groups={','.join(map(str, groups))}",
                         "--no-new-privs"]
        self._timing = timing
        self.daemon = None
        self._key = None

    def _argv(self, program, *arguments, environment=()):
        path = os.path.join(self._programs, program)
        env = ["env", *environment] if environment else []
        return [*self._as_user, *env, path, "--prefix", self.prefix, "--net", NET, *arguments]

    def table(self, name):
        """The path of one of the tables that the agent writes for Postfix."""
        return self.state("postfix", name)

    def init(self):
        os.makedirs(self.prefix)
        os.chown(self.prefix, UID, UID)
        self.ctl("init", self.node.name, self.vpn)

    def configure(self, carry, drives_postfix, zones=(), control=(), ttl_s=60):
        text = _CONF.format(name=self.node.name, vpn=self.vpn, public=self.node.public, carry=carry)
        if self._timing:
            text += _TIMING.format(lines="".join(f"\t{name} = {ms}\n" for name, ms in self._timing.items()))
        if drives_postfix:
            text += _POSTFIX
        words = ", ".join(f'"{word}"' for word in control)
        for zone in zones:
            text += _ZONE.format(name=zone.name, base=zone.base, file=zone.file, control=words,
                                 address=self.node.public, ttl=ttl_s)
        path = self.node.write(f"mesh/etc/meshd/{NET}/meshd.conf", text)
        os.chown(path, UID, UID)

    def start(self, clock=None):
        """Returns when the agent answers meshctl; clock: how far its wall clock is off, such as "+1d"."""
        environment = [*_FAKE_TIME, f"FAKETIME={clock}"] if clock else []
        self.daemon = self.node.start(*self._argv("meshd", environment=environment), log="meshd.log")
        wait_until(f"{self.node.name}: meshd answers meshctl", SECONDS_TO_START,
                   lambda: self.daemon.check_running() and self._answers())

    def restart(self):
        self.end()
        self.start()

    def _answers(self):
        done = self.node.run(*self._argv("meshctl", "status"), check=False)
        if done.returncode != _EXIT_DONE:
            raise NotYet(f"meshctl status exits with {done.returncode}: {done.stderr.strip()}")
        return True

    def end(self):
        """Ends meshd as systemd would; Failed if it didn't end well, or meshctl doesn't notice."""
        status = self.daemon.end()
        expect(status == 0, f"{self.node.name}: meshd ended with {status}, see log/meshd.log")
        status = self.ctl("status", check=False).returncode
        expect(status == _EXIT_NOT_RUNNING,
               f"{self.node.name}: without an agent meshctl status exits with {status}, not {_EXIT_NOT_RUNNING}")

    def ctl(self, *arguments, check=True):
        return self.node.run(*self._argv("meshctl", *arguments), check=check)

    def key(self):
        self._key = self._key or self.ctl("key").stdout.strip()
        return self._key

    def pin(self, other):
        self.ctl("pin", other.key())

    def claim(self, domain):
        self.ctl("claim", domain)

    def accept(self, domain, member):
        self.ctl("accept", domain, "from", member)

    def status(self):
        return self.ctl("status").stdout

    def ask(self, *command):
        """What meshctl COMMAND --json says: its `data`."""
        text = self.ctl(*command, "--json").stdout
        try:
            return json.loads(text)["data"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._not_as_agreed(command, error, text) from error

    def held(self):
        """{name: what this agent holds of that author}, which meshctl has no words for: by the control socket."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(SECONDS_TO_START)
            asking.connect(os.path.join(self.prefix, "run/meshd", NET, "control.sock"))
            asking.sendall(b'{"version":1,"command":"held"}\n')
            with asking.makefile("rb") as reply:
                text = reply.readline().decode("ascii")
        try:
            return {author["name"]: author for author in json.loads(text)["data"]["authors"]}
        except (ValueError, KeyError, TypeError) as error:
            raise self._not_as_agreed(("held",), error, text) from error

    def _not_as_agreed(self, command, error, said):
        return Failed(f"{self.node.name}: meshctl {' '.join(command)} --json isn't as agreed ({error!r}): {said}")

    def members(self):
        """{name: what status says of that member}"""
        data = self.ask("status")
        try:
            return {member["name"]: member for member in data["members"]}
        except (KeyError, TypeError) as error:
            raise self._not_as_agreed(("status",), error, data) from error

    def members_up(self):
        """The names of the members that this agent has a session with."""
        return {name for name, member in self.members().items() if member["state"] == "up"}

    def warnings(self):
        """The texts and tips of the status page's warnings, one string each."""
        return [f"{warning['text']} | {warning['tip']}" for warning in self.ask("status")["warnings"]]

    def state(self, *parts):
        """A path below the agent's /var/lib/meshd/NET."""
        return os.path.join(self.prefix, "var/lib/meshd", NET, *parts)

    def etc(self, *parts):
        """A path below the operator's /etc/meshd/NET."""
        return os.path.join(self.prefix, "etc/meshd", NET, *parts)
