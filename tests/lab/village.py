# SPDX-License-Identifier: GPL-3.0-or-later
"""The people of the demo and their machines: who is who, which address, which zone where.

    outside   a stranger's mail server with a caching resolver; also the prober's place
    registry  root, test. and the registrar's static zones
    rosa      relay: takes mail for her friends' domains
    luz       home of luz.test (zone at ana's) and sol.test (static zone at the registrar)
    ana       publisher: her name server has the pool zone and luz.test
    mallory   in the same VPN, with an agent of her own; nobody's friend
"""

import grp
import os

from tests.lab import internet, maildir, meshd, nsd, postfix, tinc
from tests.lab.node import Node
from tests.lab.unbound import Unbound

PUBLIC = {
    "registry": "203.0.113.2", "outside": "203.0.113.3", "rosa": "203.0.113.11", "ana": "203.0.113.12",
    "luz": "203.0.113.21", "mallory": "203.0.113.66",
}
VPN = {"rosa": "10.66.0.11", "ana": "10.66.0.12", "luz": "10.66.0.21", "mallory": "10.66.0.66"}
FRIENDS = ("rosa", "ana", "luz")
RELAYS = ("rosa",)
HOME_OF = {"luz.test": "luz", "sol.test": "luz"}
MAIL_SERVERS = ("outside", *RELAYS, *sorted(set(HOME_OF.values())))
UNCLAIMED = "nobody.test"
SUBDOMAIN = "sub.luz.test"
UNACCEPTED = "eva.test"
NOT_RELAYED = (UNCLAIMED, SUBDOMAIN, UNACCEPTED)
USERS = ("marta", "pepe", "nina")
STRANGER = "stranger@outside.test"
ROOT_SERVER = PUBLIC["registry"]

_SOA = "@ 300 IN SOA {server} hostmaster.{zone} 1 3600 600 2419200 5\n@ 300 IN NS {server}\n"
_ROOT_ZONE = """$ORIGIN .
. 300 IN SOA a.root.test. hostmaster.test. 1 3600 600 2419200 5
. 300 IN NS a.root.test.
test. 300 IN NS a.root.test.
a.root.test. 300 IN A {registry}
"""
_TEST_ZONE = """$ORIGIN test.
a.root 300 IN A {registry}
outside 300 IN A {outside}
rosa 300 IN A {rosa}
ana 300 IN A {ana}
pool 300 IN NS ana
luz 300 IN NS ana
nobody 300 IN MX 10 rosa
eva 300 IN MX 10 rosa
"""
_SOL_ZONE = "@ 300 IN MX 10 sol.test.mx.pool.test.\n"
_LUZ_BASE = "sub 300 IN MX 10 rosa.test.\n"


def _zone_text(zone, server, records=""):
    return f"$ORIGIN {zone}\n" + _SOA.format(zone=zone, server=server) + records


class Village:
    """All machines with everything on them that isn't ours running, and the agents configured."""

    def __init__(self, lab, build):
        self._lab = lab
        self._build = build
        self.nodes = {}
        self.postfix = {}
        self.agents = {}

    def start(self):
        self._programs = meshd.install(self._build, os.path.join(self._lab, "bin"))
        internet.create()
        for name, address in PUBLIC.items():
            self.nodes[name] = Node(self._lab, name, address)
            internet.attach(self.nodes[name])
        zones = self._start_name_servers()
        self._start_vpn()
        self._start_stranger()
        self._start_home()
        self._start_relay()
        self._configure_agents(zones)

    def _start_name_servers(self):
        """Returns the zones that ana's agent is to write."""
        registry = nsd.Nsd(self.nodes["registry"])
        registry.write_zone(".", _ROOT_ZONE.format(**PUBLIC))
        registry.write_zone("test.", _zone_text("test.", "a.root.test.", _TEST_ZONE.format(**PUBLIC)))
        registry.write_zone("sol.test.", _zone_text("sol.test.", "a.root.test.", _SOL_ZONE))
        registry.start()

        self.publisher = nsd.Nsd(self.nodes["ana"])
        directory = self.nodes["ana"].path("zones")
        os.makedirs(directory)
        os.chown(directory, meshd.UID, meshd.UID)
        zones = [meshd.Zone("pool.test", directory, _zone_text("pool.test.", "ana.test.")),
                 meshd.Zone("luz.test", directory, _zone_text("luz.test.", "ana.test.", _LUZ_BASE))]
        for zone in zones:
            self.publisher.add_zone(zone.name, zone.file)
        self.publisher.start()

        self.resolver = Unbound(self.nodes["outside"])
        self.resolver.start("a.root.test.", ROOT_SERVER)
        for node in self.nodes.values():
            node.resolve_by(PUBLIC["outside"])
        return zones

    def _start_vpn(self):
        self.tinc = [tinc.Tinc(self.nodes[name], address) for name, address in VPN.items()]
        tinc.join(self.tinc)

    def _start_postfix(self, name, settings, files=None):
        self.postfix[name] = postfix.Postfix(self.nodes[name], f"{name}.test", settings)
        self.postfix[name].start(files)

    def _start_with_mailboxes(self, name, domains, users, settings):
        base = self.mailboxes(name)
        maildir.create(base, postfix.MAIL_UID)
        mailboxes, rows = postfix.mailbox_settings(base, domains, users)
        self._start_postfix(name, {"mydestination": "localhost", **mailboxes, **settings}, {"mailboxes": rows})

    def _start_stranger(self):
        """A deferred message is tried again within the demo's time; bounces come to the stranger's mailbox."""
        self._start_with_mailboxes("outside", ["outside.test"], [STRANGER.partition("@")[0]], {
            "inet_interfaces": "loopback-only",
            "queue_run_delay": "5s", "minimal_backoff_time": "5s", "maximal_backoff_time": "10s"})

    def _start_home(self):
        self._start_with_mailboxes("luz", [*HOME_OF, UNACCEPTED], USERS, {
            "inet_interfaces": f"127.0.0.1, {VPN['luz']}"})

    def _start_relay(self):
        for name in RELAYS:
            self._start_postfix(name, {})

    def _configure_agents(self, zones):
        groups = [grp.getgrnam("postdrop").gr_gid, nsd.group()]
        for name, address in VPN.items():
            self.agents[name] = meshd.Agent(self.nodes[name], address, self._programs, groups)
            self.agents[name].init()
        for name in RELAYS:
            self.agents[name].configure("pins", drives_postfix=True)
        for name in set(HOME_OF.values()):
            self.agents[name].configure("none", drives_postfix=True)
        self.agents["ana"].configure("none", False, zones, self.publisher.control)
        self.agents["mallory"].configure("none", drives_postfix=False)

    def mailboxes(self, name):
        """The directory of the Maildirs on this node."""
        return os.path.join(self._lab, name, "mail")

    def log(self, name):
        """The path of the node's Postfix log."""
        return os.path.join(self._lab, name, "log/mail.log")
