# SPDX-License-Identifier: GPL-3.0-or-later
"""The people of the demo and their machines: who is who, which address, which zone where.

    outside   a stranger's mail server with a caching resolver; also the prober's place
    registry  root, test. and the registrar's static zones
    rosa      relay: takes mail for her friends' domains
    flor      relay, the same
    paz       both: relay for her friends' domains, home of paz.test (static zone)
    luz       home of luz.test (zone at ana's) and sol.test (static zone at the registrar)
    mar       home of mar.test (zone at ana's) and ola.test (static zone)
    ana       publisher: her name server has the pool zone, luz.test and mar.test
    mallory   in the same VPN, with an agent of her own; nobody's friend

Each relay's operator accepts all domains of the others; each domain's MX are all three relays.
"""

import grp
import os

from tests.lab import internet, maildir, meshd, nsd, postfix, tinc, together
from tests.lab.node import Node
from tests.lab.unbound import Unbound

PUBLIC = {
    "registry": "203.0.113.2", "outside": "203.0.113.3",
    "rosa": "203.0.113.11", "ana": "203.0.113.12", "flor": "203.0.113.13", "paz": "203.0.113.14",
    "luz": "203.0.113.21", "mar": "203.0.113.22", "mallory": "203.0.113.66",
}
VPN = {"rosa": "10.66.0.11", "ana": "10.66.0.12", "flor": "10.66.0.13", "paz": "10.66.0.14",
       "luz": "10.66.0.21", "mar": "10.66.0.22", "mallory": "10.66.0.66"}
FRIENDS = ("rosa", "flor", "paz", "luz", "mar", "ana")
RELAYS = ("rosa", "flor", "paz")
PUBLISHER = "ana"
HOME_OF = {"luz.test": "luz", "sol.test": "luz", "mar.test": "mar", "ola.test": "mar", "paz.test": "paz"}
HOMES = tuple(dict.fromkeys(HOME_OF.values()))
MAIL_SERVERS = tuple(dict.fromkeys(("outside", *RELAYS, *HOMES)))
ZONES_OF_ANA = ("luz.test", "mar.test")
UNCLAIMED = "nobody.test"
SUBDOMAIN = "sub.luz.test"
UNACCEPTED = "eva.test"
HOME_OF_UNACCEPTED = "luz"
NOT_RELAYED = (UNCLAIMED, SUBDOMAIN, UNACCEPTED)
USERS = ("marta", "pepe", "nina")
USERS_NEVER_SEEN = ("iris", "otto", "zoe")  # they have mailboxes, and got no mail yet
STRANGER = "stranger@outside.test"
ROOT_SERVER = PUBLIC["registry"]

# What people write into zones themselves; a relay that leaves waits for the largest TTL that it saw.
TTL_OF_OWNERS = 5
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
ana 300 IN A {ana}
pool 300 IN NS ana
"""


def _zone_text(zone, server, records=""):
    return f"$ORIGIN {zone}\n" + _SOA.format(zone=zone, server=server) + records


def _test_zone():
    """The relays stand there by names that aren't any domain's, so that each domain can be a zone of its own."""
    text = _TEST_ZONE.format(**PUBLIC)
    text += "".join(f"{name}.relay {TTL_OF_OWNERS} IN A {PUBLIC[name]}\n" for name in RELAYS)
    text += "".join(f"{zone}. 300 IN NS ana.test.\n" for zone in ZONES_OF_ANA)
    text += _at_all_relays(f"{UNCLAIMED}.") + _at_all_relays(f"{UNACCEPTED}.")
    return _zone_text("test.", "a.root.test.", text)


def _at_all_relays(name):
    """What somebody can write into a zone that nobody of the mesh agreed to."""
    return "".join(f"{name} 300 IN MX 10 {relay}.relay.test.\n" for relay in RELAYS)


def pool_mx(domain):
    """What the owner of a static zone is told to set at the registrar."""
    return f"@ {TTL_OF_OWNERS} IN MX 10 {domain}.mx.pool.test.\n"


def relays_for(domain):
    """The relays that need the accept of their operators: the home itself needs none."""
    return [name for name in RELAYS if name != HOME_OF[domain]]


class Village:
    """All machines with everything on them that isn't ours running, and the agents configured."""

    """timing: durations of all agents, in milliseconds, and the pool's "ttl_s"; None: as meshd has them."""

    def __init__(self, lab, build, timing=None):
        self._lab = lab
        self._build = build
        self._timing = dict(timing or {})
        self._ttl_s = self._timing.pop("ttl_s", 60)
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
        together.for_each(MAIL_SERVERS, self._start_mail_server)
        self._configure_agents(zones)

    def _start_name_servers(self):
        """Returns the zones that ana's agent is to write."""
        registry = self.registry = nsd.Nsd(self.nodes["registry"])
        registry.write_zone(".", _ROOT_ZONE.format(**PUBLIC))
        registry.write_zone("test.", _test_zone())
        for domain in HOME_OF:
            if domain not in ZONES_OF_ANA:
                registry.write_zone(f"{domain}.", _zone_text(
                    f"{domain}.", "a.root.test.", pool_mx(domain)))
        registry.start()

        self.publisher = nsd.Nsd(self.nodes["ana"])
        directory = self.nodes["ana"].path("zones")
        os.makedirs(directory)
        os.chown(directory, meshd.UID, meshd.UID)
        zones = [meshd.Zone("pool.test", directory, _zone_text("pool.test.", "ana.test."))]
        for domain in ZONES_OF_ANA:
            others = _at_all_relays(f"{SUBDOMAIN}.") if SUBDOMAIN.endswith(f".{domain}") else ""
            zones.append(meshd.Zone(domain, directory, _zone_text(f"{domain}.", "ana.test.", others)))
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

    def _start_mail_server(self, name):
        if name in HOMES:
            self._start_home(name)
        elif name in RELAYS:
            self._start_postfix(name, {})
        else:
            self._start_stranger()

    def _start_stranger(self):
        """A deferred message is tried again within the demo's time; bounces come to the stranger's mailbox.
        Each message has a connection of its own, as if sent over days: so each finds its relay by chance."""
        self._start_with_mailboxes("outside", ["outside.test"], [STRANGER.partition("@")[0]], {
            "inet_interfaces": "loopback-only", "smtp_connection_cache_on_demand": "no",
            "queue_run_delay": "5s", "minimal_backoff_time": "5s", "maximal_backoff_time": "10s"})

    def _start_home(self, name):
        """A home that is no relay can't be reached but over the VPN."""
        domains = [domain for domain, home in HOME_OF.items() if home == name]
        if name == HOME_OF_UNACCEPTED:
            domains.append(UNACCEPTED)
        self._start_with_mailboxes(name, domains, USERS + USERS_NEVER_SEEN, {} if name in RELAYS else {
            "inet_interfaces": f"127.0.0.1, {VPN[name]}"})

    def _configure_agents(self, zones):
        groups = [grp.getgrnam("postdrop").gr_gid, nsd.group()]
        for name, address in VPN.items():
            self.agents[name] = meshd.Agent(self.nodes[name], address, self._programs, groups, self._timing)
            self.agents[name].init()
        for name in RELAYS:
            self.agents[name].configure("pins", drives_postfix=True)
        for name in HOMES:
            if name not in RELAYS:
                self.agents[name].configure("none", drives_postfix=True)
        self.agents["ana"].configure("none", False, zones, self.publisher.control, self._ttl_s)
        self.agents["mallory"].configure("none", drives_postfix=False)

    def set_at_registrar(self, domain, records):
        """The owner of a static zone writes its records anew."""
        self.registry.rewrite_zone(f"{domain}.", _zone_text(f"{domain}.", "a.root.test.", records))

    def mailboxes(self, name):
        """The directory of the Maildirs on this node."""
        return os.path.join(self._lab, name, "mail")

    def log(self, name):
        """The path of the node's Postfix log."""
        return os.path.join(self._lab, name, "log/mail.log")
