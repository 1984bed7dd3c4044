# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's authoritative NSD; its control socket is open to NSD's own group, as on an operator's machine.

Its rate limit is off: in the lab one stranger asks more often than a whole internet would.
"""

import grp
import os

from tests.lab import dns
from tests.lab.wait import wait_until

SECONDS_TO_START = 10

_CONF = """server:
	ip-address: {address}
	server-count: 1
	username: nsd
	zonesdir: "{directory}"
	database: ""
	logfile: "/var/log/nsd.log"
	pidfile: "{directory}/nsd.pid"
	xfrdfile: "{directory}/xfrd.state"
	xfrdir: "{directory}"
	zonelistfile: "{directory}/zone.list"
	hide-version: yes
	rrl-ratelimit: 0
	verbosity: 1
remote-control:
	control-enable: yes
	control-interface: "{socket}"
"""
_ZONE = """zone:
	name: "{name}"
	zonefile: "{file}"
"""


def group():
    """The number of the group that may talk to the control socket."""
    return grp.getgrnam("nsd").gr_gid


class Nsd:
    def __init__(self, node):
        self.node = node
        self.directory = node.path("nsd")
        self._zones = {}
        os.makedirs(self.directory)

    @property
    def control(self):
        """The command before a verb such as `reload ZONE`."""
        return ["nsd-control", "-c", os.path.join(self.directory, "nsd.conf")]

    def add_zone(self, name, file):
        """Serve this zone from a file that exists."""
        self._zones[name] = file

    def write_zone(self, name, text):
        """Serve this zone with this text."""
        self.add_zone(name, self.node.write(f"nsd/{name.strip('.') or 'root'}.zone", text))

    def rewrite_zone(self, name, text):
        """Serve another text from now on; its serial may be the old one."""
        self.write_zone(name, text)
        self.node.run(*self.control, "reload", name)

    def start(self):
        socket = os.path.join(self.directory, "control.sock")
        conf = _CONF.format(address=self.node.public, directory=self.directory, socket=socket)
        conf += "".join(_ZONE.format(name=name, file=file) for name, file in self._zones.items())
        self.node.write("nsd/nsd.conf", conf)
        os.chmod(self.directory, 0o770)
        os.chown(self.directory, 0, group())
        self.daemon = self.node.start("nsd", "-d", "-c", os.path.join(self.directory, "nsd.conf"), log="nsd.out")
        for zone in self._zones:
            wait_until(f"{self.node.name}: NSD answers for {zone}", SECONDS_TO_START,
                       lambda: self.daemon.check_running() and self._answers(zone))

    def _answers(self, zone):
        with self.node.inside():
            return dns.ask(self.node.public, zone, "SOA").is_authoritative
