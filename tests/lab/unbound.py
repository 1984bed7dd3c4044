# SPDX-License-Identifier: GPL-3.0-or-later
"""The caching resolver: real recursion from the lab's root server, for its own node and the whole internet."""

from tests.lab import dns
from tests.lab.wait import wait_until

SECONDS_TO_START = 10

_CONF = """server:
	interface: 127.0.0.1
	interface: {address}
	access-control: 0.0.0.0/0 allow
	directory: "{directory}"
	chroot: ""
	username: ""
	pidfile: "{directory}/unbound.pid"
	use-syslog: no
	module-config: "iterator"
	root-hints: "{directory}/root.hints"
	local-zone: "test." nodefault
	num-threads: 1
remote-control:
	control-enable: no
"""


class Unbound:
    def __init__(self, node):
        self.node = node

    def start(self, root_name, root_address):
        self.node.write("unbound/root.hints", f". 3600 NS {root_name}\n{root_name} 3600 A {root_address}\n")
        conf = self.node.write("unbound/unbound.conf", _CONF.format(
            address=self.node.public, directory=self.node.path("unbound")))
        self.daemon = self.node.start("unbound", "-d", "-c", conf, log="unbound.log")
        wait_until(f"{self.node.name}: unbound answers", SECONDS_TO_START,
                   lambda: self.daemon.check_running() and self._answers())

    def _answers(self):
        with self.node.inside():
            return dns.ask("127.0.0.1", "test.", "NS")
