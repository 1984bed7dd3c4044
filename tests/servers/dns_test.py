#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public DNS as the driver sees it: a root, a top-level domain and zones on real NSDs, a real recursive resolver, and
servers that lag, don't know their zone, are silent, or lie: python3 dns_test.py HELPER"""
import os
import socket
import struct
import subprocess
import sys
import threading
import time

import lab
from lab import equal, has

lab.enter(["nsd", "unbound", "ip", "unshare"])

HELPER = sys.argv[1]
DIR = lab.directory()
ROOT, NS1, NS2, LAME, SILENT, FAKE, BIG = ("203.0.113.%d" % n for n in (1, 11, 12, 13, 14, 15, 16))
RESOLVER = "127.0.0.1"
CHAIN_BATCH_S = 40
helper = None

SOA = "@ 300 IN SOA ns1 hostmaster %d 3600 600 2419200 60\n"
GLUE = """ns1.net.test. 300 A %s
ns2.net.test. 300 A %s
lame.net.test. 300 A %s
silent.net.test. 300 A %s
fake.net.test. 300 A %s
big.net.test. 300 A %s
""" % (NS1, NS2, LAME, SILENT, FAKE, BIG)
GOOD = "ns1.net.test. ns2.net.test."


def ns(hosts, owner="@"):
    return "".join("%s 300 IN NS %s\n" % (owner, host) for host in hosts.split())


# zone -> (name servers, what stands in it besides at the good servers)
ZONES = {
    "net.test": (GOOD, GLUE),
    "pool.test": (GOOD, """rosa.test.mx 60 A 198.51.100.1
rosa.test.mx 60 AAAA 2001:db8::1
ana-abcdefgh 60 A 198.51.100.1
eva-abcdefgh 60 A 198.51.100.2
"""),
    "rosa.test": (GOOD, "@ 120 MX 10 rosa.test.mx.pool.test.\n"),
    "own.test": (GOOD, "@ 60 MX 10 ana-abcdefgh.pool.test.\n@ 60 MX 20 EVA-abcdefgh.Pool.test.\n@ 60 MX 20 gone.pool.test.\n"
                 "plain A 198.51.100.9\nalias 7200 CNAME plain\nwww CNAME rosa.test.\n"),
    "stale.test": (GOOD, "@ 60 MX 10 ana-abcdefgh.pool.test.\n"),
    "orphan.test": ("ns1.net.test.", "@ 60 MX 10 ana-abcdefgh.pool.test.\n"),  # the zone above still knows ns2
    "lame.test": ("ns1.net.test. lame.net.test.", "@ 60 MX 10 ana-abcdefgh.pool.test.\n"),
    "silent.test": ("ns1.net.test. silent.net.test.", "@ 60 MX 10 ana-abcdefgh.pool.test.\n"),
    "bare.test": (GOOD, "@ 900 A 198.51.100.7\n"),
    "empty.test": (GOOD, ""),
    "null.test": (GOOD, "@ 60 MX 0 .\n@ 60 A 198.51.100.8\n"),
    "alias.test": (GOOD, "@ 60 MX 10 mx\nmx 7200 CNAME ana-abcdefgh.pool.test.\n"),
    "loop.test": (GOOD, "@ 60 MX 10 a\na CNAME b\nb CNAME a\n"),
    "odd.test": (GOOD, "@ 60 MX 10 mx_1\nmx_1 A 198.51.100.3\n"),
    "many.test": (GOOD, "".join("@ 60 MX 10 h%d\nh%d A 198.51.100.3\n" % (n, n) for n in range(33))),
    "set.test": (GOOD, "".join("@ 60 MX 10 h%02d\nh%02d A 198.51.100.%d\n" % (n, n, n + 1) for n in range(32))),
    "loopback.test": ("ns1.net.test. here.loopback.test.", "@ 60 MX 10 ana-abcdefgh.pool.test.\nhere A 127.0.0.1\n"),
}


def write(name, text):
    path = os.path.join(DIR, name)
    with open(path, "w") as stream:
        stream.write(text)
    return path


def zone_file(server, zone, hosts, text):
    return write("%s-%s.zone" % (server, zone or "root"), "$ORIGIN %s.\n" % zone + SOA % 1 + ns(hosts) + text)


def start_nsd(server, address, zones):
    """zones: name -> file"""
    conf = write("nsd-%s.conf" % server, """server:
    ip-address: %s
    username: ""
    zonesdir: "%s"
    database: ""
    xfrdir: "%s"
    pidfile: "%s/%s.pid"
    xfrdfile: "%s/%s.xfrd"
    zonelistfile: "%s/%s.zones"
    logfile: "%s/%s.log"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
""" % (address, DIR, DIR, DIR, server, DIR, server, DIR, server, DIR, server) +
                 "".join('zone:\n    name: "%s"\n    zonefile: "%s"\n' % row for row in zones.items()))
    subprocess.Popen(["nsd", "-d", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_servers():
    root = zone_file("root", "", "a.root.test.", "a.root.test. A %s\n" % ROOT + ns("a.root.test.", "test."))
    above = dict({zone: hosts for zone, (hosts, _) in ZONES.items()}, **{"orphan.test": GOOD})
    top = zone_file("root", "test", "a.root.test.", "a.root.test. A %s\n" % ROOT + GLUE +
                    "".join(ns(hosts, zone + ".") for zone, hosts in above.items()) +
                    ns("fake.net.test.", "fake.test.") + ns("fake.net.test.", "cache.test.") + ns("big.net.test.", "big.test.") +
                    "here.loopback.test. A 127.0.0.1\n")
    start_nsd("root", ROOT, {".": root, "test": top})
    good = {zone: zone_file("good", zone, *rest) for zone, rest in ZONES.items()}
    start_nsd("ns1", NS1, good)
    start_nsd("ns2", NS2, dict(good, **{zone: zone_file(
        "ns2", zone, ZONES[zone][0], "@ 4000 MX 10 eva-abcdefgh.pool.test.\n") for zone in ("stale.test", "orphan.test")}))
    start_nsd("lame", LAME, {"other.test": zone_file("lame", "other.test", GOOD, "")})


def start_resolver():
    hints = write("root.hints", ". 3600 NS a.root.test.\na.root.test. 3600 A %s\n" % ROOT)
    conf = write("unbound.conf", """server:
    interface: %s
    directory: "%s"
    chroot: ""
    username: ""
    pidfile: "%s/unbound.pid"
    use-syslog: no
    logfile: "%s/unbound.log"
    module-config: "iterator"
    root-hints: "%s"
    local-zone: "test." nodefault
    num-threads: 1
    do-not-query-localhost: no
remote-control:
    control-enable: no
""" % (RESOLVER, DIR, DIR, DIR, hints))
    subprocess.Popen(["unbound", "-d", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start():
    lab.addresses(ROOT, NS1, NS2, LAME, SILENT, FAKE, BIG)
    start_servers()
    start_resolver()
    keep = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # a port that takes packets and says nothing
    keep.bind((SILENT, 53))
    start.keep = keep


def look(*domains, **more):
    reply = helper.ok("dns", "look", domains=list(domains), **dict(dict(resolvers=[RESOLVER]), **more))
    return reply["looks"]


def is_up():
    return "error" not in look("rosa.test")[0]


def mx_and_addresses_of_a_domain_are_found():
    lab.wait_for(is_up, what="name servers")
    equal(look("rosa.test"), ["rosa.test 120 10 rosa.test.mx.pool.test 198.51.100.1,2001:db8::1"])


def a_whole_set_is_in_order_and_in_lower_case():
    equal(look("own.test"), ["own.test 60 10 ana-abcdefgh.pool.test 198.51.100.1",
                             "own.test 60 20 eva-abcdefgh.pool.test 198.51.100.2", "own.test 60 20 gone.pool.test -"])


def a_server_that_lags_counts_with_its_ttl():
    equal(look("stale.test"), ["stale.test 4000 10 ana-abcdefgh.pool.test 198.51.100.1",
                               "stale.test 4000 10 eva-abcdefgh.pool.test 198.51.100.2"])


def a_server_that_only_the_zone_above_still_knows_counts():
    equal(look("orphan.test"), ["orphan.test 4000 10 ana-abcdefgh.pool.test 198.51.100.1",
                                "orphan.test 4000 10 eva-abcdefgh.pool.test 198.51.100.2"])


def a_lame_server_is_an_error_that_names_it():
    equal(look("lame.test"), ["lame.test error name server lame.net.test (%s): REFUSED" % LAME])


def a_silent_server_is_an_error_that_names_it():
    began = time.monotonic()
    equal(look("silent.test"), ["silent.test error name server silent.net.test (%s): doesn't answer" % SILENT])
    assert time.monotonic() - began < 8, "too long"


def without_mx_the_domains_own_address_counts():
    equal(look("bare.test"), ["bare.test 900 0 bare.test 198.51.100.7"])


def neither_mx_nor_address_is_none():
    equal(look("empty.test"), ["empty.test 60 none"])
    equal(look("nowhere.test"), ["nowhere.test 60 none"])
    equal(look("sub.nowhere.test"), ["sub.nowhere.test 60 none"])


def a_null_mx_is_none():
    equal(look("null.test"), ["null.test 60 none"])


def names_below_a_zone_are_looked_for_there():
    equal(look("plain.own.test"), ["plain.own.test 3600 0 plain.own.test 198.51.100.9"])


def aliases_are_followed_into_other_zones():
    equal(look("alias.test"), ["alias.test 7200 10 mx.alias.test 198.51.100.1"])
    equal(look("alias.own.test"), ["alias.own.test 7200 0 alias.own.test 198.51.100.9"])
    has(look("www.own.test")[0], " 10 rosa.test.mx.pool.test 198.51.100.1,2001:db8::1")


def an_alias_that_leads_back_is_an_error():
    equal(look("loop.test"), ["loop.test error resolver 127.0.0.1, asked for a.loop.test: SERVFAIL"])


def what_is_no_name_or_too_much_is_an_error():
    equal(look("odd.test"), ["odd.test error one of its MX is no name: mx_1.odd.test"])
    equal(look("many.test"), ["many.test error it has more than 32 MX"])


def a_set_that_needs_tcp_is_whole():
    lines = look("set.test")
    equal(len(lines), 32)
    equal(lines[31], "set.test 3600 10 h31.set.test 198.51.100.32")


def a_name_server_on_loopback_is_not_asked():
    has(look("loopback.test")[0], "error name server here.loopback.test has an address where no server can be")


def many_domains_are_looked_at_together():
    began = time.monotonic()
    lines = look(*sorted(ZONES)[:8], *("n%d.test" % n for n in range(22)), "silent.test", "rosa.test")
    assert time.monotonic() - began < 12, "too long"
    has(lines, "rosa.test 120 10 rosa.test.mx.pool.test 198.51.100.1,2001:db8::1")
    equal(sum(" none" in line for line in lines), 24)  # empty, net
    equal(sum(" error " in line for line in lines), 5)  # lame, loop, loopback, many, silent


def a_resolver_that_is_down_is_passed_over():
    equal(look("rosa.test", resolvers=[SILENT, "%s@53" % RESOLVER]), look("rosa.test"))
    has(look("rosa.test", resolvers=["%s@5354" % RESOLVER])[0], "error resolver 127.0.0.1, asked for rosa.test: doesn't answer")


def resolv_conf_is_read():
    path = write("resolv.conf", "# nameserver 203.0.113.99\noptions edns0\nnameserver fe80::1%%eth0\nnameserver %s # own\n" % RESOLVER)
    lab.sh("mount", "--bind", path, "/etc/resolv.conf")
    equal(helper.ok("dns", "look", domains=["rosa.test"])["looks"], look("rosa.test"))


def what_is_asked_is_checked():
    for domain in ("Rosa.test", "test", "a_b.test", "rosa.test.", "*.test", "a\nb.test"):
        has(helper.fails("dns", "look", domains=[domain], resolvers=[RESOLVER])["error"], "refused")
    for resolver in ("", "localhost", "127.0.0.1@", "127.0.0.1@0", "127.0.0.1@65536", "127.0.0.1@53x", "@53"):
        has(helper.fails("dns", "look", domains=["rosa.test"], resolvers=[resolver])["error"], "is no resolver's address")
    has(helper.fails("dns", "look", domains=["a.test"] * 33, resolvers=[RESOLVER])["error"], "more than 32 domains")
    equal(look(), [])


def serve_by_udp(address, answer):
    """answer(question, its kind) -> packets; whatever follows the question (EDNS) is cut off"""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((address, 53))

    def run():
        while True:
            question, peer = server.recvfrom(4096)
            end = question.index(b"\0", 12) + 5
            for packet in answer(question[:end], struct.unpack("!H", question[end - 4:end - 2])[0]):
                server.sendto(packet, peer)
    threading.Thread(target=run, daemon=True).start()


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def record(owner, kind, data, ttl=60):
    return name(owner) + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data


def reply(question, answers, flags=0x8400, **change):
    number = struct.unpack("!H", question[:2])[0] + change.get("shift", 0)
    return struct.pack("!6H", number & 0xFFFF, flags, 1, len(answers), 0, 0) + question[12:] + b"".join(answers)


def answers_that_are_not_ours_are_passed_over():
    """A guesser's packets come first: another id, no reply, another question; the right one counts."""
    def answer(question, kind):
        if b"\x05cache" in question[12:18]:  # as a resolver would, of what it has in its cache
            known = {2: record("cache.test", 2, name("fake.net.test")), 15: record("cache.test", 15, b"\0\1" + name("a.test"))}
            return [reply(question, [known[kind]] if kind in known else [], flags=0x8400 if question[11] else 0x8080)]
        if b"\x04fake" not in question[12:18]:
            return [reply(question, [])]
        good = {2: record("fake.test", 2, name("fake.net.test")), 6: b"", 1: record("fake.test", 1, b"\xcb\x00\x71\x63")}
        right = reply(question, [good[kind]] if good.get(kind) else [])
        if question[11]:  # EDNS: it is the resolver that asks
            return [right]
        wrong = record("fake.test", 15, b"\0\1" + name("evil.test"))
        return [reply(question, [wrong], shift=1), reply(question, [wrong], flags=0x0400),
                question[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + name("evil.test") + b"\0\x0f\0\1" + wrong, b"x", right]
    serve_by_udp(FAKE, answer)
    equal(look("fake.test"), ["fake.test 60 0 fake.test 203.0.113.99"])


def an_answer_without_authority_is_lame():
    equal(look("cache.test"), ["cache.test error name server fake.net.test (%s) isn't authoritative for cache.test (lame)" % FAKE])


def a_server_that_wants_tcp_and_has_none_does_not_hold_us():
    def answer(question, kind):
        if kind == 2:
            return [reply(question, [record("big.test", 2, name("big.net.test"))])]
        return [reply(question, [], flags=0x8600)]
    serve_by_udp(BIG, answer)
    equal(look("big.test"), ["big.test error name server big.net.test (%s): doesn't answer" % BIG])


if __name__ == "__main__":
    start()
    helper = lab.Helper(HELPER)
    status = lab.run([
        mx_and_addresses_of_a_domain_are_found,
        a_whole_set_is_in_order_and_in_lower_case,
        a_server_that_lags_counts_with_its_ttl,
        a_server_that_only_the_zone_above_still_knows_counts,
        a_lame_server_is_an_error_that_names_it,
        a_silent_server_is_an_error_that_names_it,
        without_mx_the_domains_own_address_counts,
        neither_mx_nor_address_is_none,
        a_null_mx_is_none,
        names_below_a_zone_are_looked_for_there,
        aliases_are_followed_into_other_zones,
        an_alias_that_leads_back_is_an_error,
        what_is_no_name_or_too_much_is_an_error,
        a_set_that_needs_tcp_is_whole,
        a_name_server_on_loopback_is_not_asked,
        many_domains_are_looked_at_together,
        a_resolver_that_is_down_is_passed_over,
        resolv_conf_is_read,
        what_is_asked_is_checked,
        answers_that_are_not_ours_are_passed_over,
        an_answer_without_authority_is_lame,
        a_server_that_wants_tcp_and_has_none_does_not_hold_us,
    ])
    sys.exit(status or helper.close())
