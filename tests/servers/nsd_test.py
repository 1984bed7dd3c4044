#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The zone driver against a real NSD: python3 nsd_test.py HELPER"""
import os
import re
import socket
import subprocess
import sys
import threading
import time

import lab
from lab import equal, has, sh

lab.enter(["nsd", "nsd-control", "nsd-checkzone", "dig", "ip", "unshare"])

HELPER = sys.argv[1]
DIR = lab.directory()
ZONE, BASE, FILE, CONF = "pool.test", DIR + "/pool.base", DIR + "/pool.zone", DIR + "/nsd.conf"
PORT = 5300
CONTROL = ["nsd-control", "-c", CONF]
BASE_TEXT = """$TTL 300
$ORIGIN pool.test.
@ IN SOA ns1 hostmaster ( 7 ; serial
    3600 600 2419200 60 )
@       NS ns1
ns1     A 203.0.113.53
www     A 203.0.113.80
"""
RECORDS = ["luz-abcdefgh.pool.test. 60 IN A 203.0.113.11", "luz-abcdefgh.pool.test. 60 IN AAAA 2001:db8::11",
           "rosa.test.mx.pool.test. 60 IN A 203.0.113.11", "_relays._smtp._tcp.pool.test. 60 IN SRV 10 0 25 "
           "luz-abcdefgh.pool.test.", "_spf.pool.test. 60 IN TXT \"v=spf1 ip4:203.0.113.11 -all\"",
           "_25._tcp.luz-abcdefgh.pool.test. 60 IN TLSA 3 1 1 " + "ab" * 32,
           "pool.test. 60 IN MX 10 luz-abcdefgh.pool.test."]
helper = None
nsd = None


def request(records=None, **more):
    return {**dict(zone=ZONE, base=BASE, file=FILE, control=CONTROL, server="127.0.0.1", port=PORT,
                   records=RECORDS if records is None else records, serial_floor=1000), **more}


def apply(records=None, **more):
    return helper.ok("nsd", "apply", **request(records, **more))


def fails(records=None, **more):
    return helper.fails("nsd", "apply", **request(records, **more))


def dig(*words):
    return sh("dig", "@127.0.0.1", "-p", str(PORT), "+short", "+time=1", "+tries=1", *words, check=False).stdout.split("\n")


def text(path):
    with open(path) as stream:
        return stream.read()


def write(path, content):
    with open(path, "w") as stream:
        stream.write(content)


def start_nsd():
    global nsd
    nsd = subprocess.Popen(["nsd", "-d", "-c", CONF], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.wait_for(lambda: not sh(*CONTROL, "status", check=False).returncode, what="nsd-control")


def stop_nsd():
    sh(*CONTROL, "stop")
    nsd.wait(10)


def start():
    lab.addresses()
    write(BASE, BASE_TEXT)
    write(CONF, """
server:
    ip-address: 127.0.0.1@%d
    username: ""
    zonesdir: "%s"
    database: ""
    pidfile: "%s/nsd.pid"
    xfrdir: "%s"
    xfrdfile: "%s/xfrd"
    zonelistfile: "%s/zones"
    logfile: "%s/log"
    zonefiles-check: no
remote-control:
    control-enable: yes
    control-interface: %s/control
zone:
    name: "pool.test"
    zonefile: "%s"
""" % (PORT, DIR, DIR, DIR, DIR, DIR, DIR, DIR, FILE))


def a_server_that_is_down_is_said_with_its_cure_and_the_file_stands():
    reply = fails()
    has(reply["error"], "NSD isn't running")
    has(reply["cure"], "systemctl start nsd")
    has(text(FILE), "luz-abcdefgh.pool.test.")


def the_server_loads_what_was_written_while_it_was_down():
    start_nsd()
    reply = apply()
    equal((reply["serial"], reply["changed"]), (1000, False))
    equal(dig("luz-abcdefgh.pool.test", "A")[0], "203.0.113.11")


def the_file_is_golden():
    equal(text(FILE).expandtabs(1).splitlines(), [
        "; written by meshd; edit %s instead" % BASE,
        "pool.test. 300 IN SOA ns1.pool.test. hostmaster.pool.test. 1000 3600 600 2419200 60",
        "pool.test. 300 IN NS ns1.pool.test.",
        "pool.test. 60 IN MX 10 luz-abcdefgh.pool.test.",
        '_spf.pool.test. 60 IN TXT "v=spf1 ip4:203.0.113.11 -all"',
        "_relays._smtp._tcp.pool.test. 60 IN SRV 10 0 25 luz-abcdefgh.pool.test.",
        "luz-abcdefgh.pool.test. 60 IN A 203.0.113.11",
        "luz-abcdefgh.pool.test. 60 IN AAAA 2001:db8::11",
        "_25._tcp.luz-abcdefgh.pool.test. 60 IN TLSA 3 1 1 " + "ab" * 32,
        "rosa.test.mx.pool.test. 60 IN A 203.0.113.11",
        "ns1.pool.test. 300 IN A 203.0.113.53",
        "www.pool.test. 300 IN A 203.0.113.80"])
    sh("nsd-checkzone", ZONE, FILE)
    equal(os.stat(FILE).st_mode & 0o777, 0o644)


def the_serial_rises_with_content_only():
    for floor in (1000, 5000):
        equal(apply(serial_floor=floor)["serial"], 1000)
    reply = apply(RECORDS + ["ana-abcdefgh.pool.test. 60 IN A 203.0.113.12"])
    equal((reply["serial"], reply["changed"]), (1001, True))
    equal(dig("ana-abcdefgh.pool.test", "A")[0], "203.0.113.12")
    reply = apply(serial_floor=5000)
    equal((reply["serial"], reply["changed"]), (5000, True))
    equal(dig("ana-abcdefgh.pool.test", "A")[0], "")
    has(dig("pool.test", "SOA")[0], " 5000 ")


def order_and_repetition_of_records_change_nothing():
    equal(apply(RECORDS[::-1] + RECORDS + ["www.pool.test. 300 IN A 203.0.113.80"])["changed"], False)


def the_operators_edit_of_the_base_is_taken_over():
    write(BASE, BASE_TEXT + "new 120 IN CNAME www\n")
    equal(apply()["serial"], 5001)
    equal(dig("new.pool.test")[0], "www.pool.test.")
    write(BASE, BASE_TEXT)
    apply()


def a_later_serial_of_the_base_is_kept():
    write(BASE, BASE_TEXT.replace("( 7 ;", "( 2026010101 ;").replace("203.0.113.80", "203.0.113.81"))
    equal(apply()["serial"], 2026010102)
    equal(apply(RECORDS[:-1] + ["pool.test. 60 IN MX 20 luz-abcdefgh.pool.test."])["serial"], 2026010103)


def a_lost_file_of_ours_begins_at_the_servers_serial():
    os.unlink(FILE)
    equal(apply()["serial"], 2026010104)
    write(FILE, "damaged (")
    equal(apply()["serial"], 2026010105)
    os.unlink(FILE)
    write(BASE, BASE_TEXT)
    equal(apply()["serial"], 2026010106)


def a_server_that_kept_an_older_serial_is_reloaded_again():
    saved = text(FILE)
    write(FILE, saved.replace("2026010106", "2026010001"))
    stop_nsd()
    start_nsd()
    write(FILE, saved)
    reply = apply()
    equal((reply["serial"], reply["changed"]), (2026010106, False))
    has(dig("pool.test", "SOA")[0], " 2026010106 ")


def one_rrset_has_one_ttl():
    apply(RECORDS + ["ns1.pool.test. 60 IN A 203.0.113.54"])
    has(text(FILE).expandtabs(1), "ns1.pool.test. 60 IN A 203.0.113.53\nns1.pool.test. 60 IN A 203.0.113.54\n")
    apply()


def hostile_records_are_refused_and_nothing_changes():
    before = text(FILE)
    for record in ("luz.other.test. 60 IN A 203.0.113.1", "luz.pool.test 60 IN A 203.0.113.1", "@ 60 IN A 203.0.113.1",
                   "*.pool.test. 60 IN A 203.0.113.1", "luz.pool.test. 60 IN NS ns.evil.test.", "luz.pool.test. 60 IN "
                   "CNAME x.test.", "pool.test. 60 IN SOA a. b. 1 2 3 4 5", "luz.pool.test. 0 IN A 203.0.113.1",
                   "luz.pool.test. IN A 203.0.113.1", "luz.pool.test. 604801 IN A 203.0.113.1",
                   "luz.pool.test. 60 CH A 203.0.113.1", "luz.pool.test. 60 IN A 203.0.113", "luz.pool.test. 60 IN A "
                   "0.0.0.0", "luz.pool.test. 60 IN AAAA ::ffff:1.2.3.4", "luz.pool.test. 60 IN A 203.0.113.1\n"
                   "evil.pool.test. 60 IN A 203.0.113.2", "Luz.pool.test. 60 IN A 203.0.113.1",
                   "-luz.pool.test. 60 IN A 203.0.113.1", "_x.pool.test. 60 IN A 203.0.113.1",
                   "pool.test. 60 IN MX 10 .", "pool.test. 60 IN MX 10 *.pool.test.", "pool.test. 60 IN MX 10 "
                   "l\\010z.pool.test.", "_a._b.pool.test. 60 IN SRV 1 1 25 .", "$INCLUDE /etc/passwd", "; comment",
                   "", "luz.pool.test.", "luz.pool.test. 60 IN TXT \"" + "x" * 5000 + "\"", "evilpool.test. 60 IN A "
                   "203.0.113.1", "l\\.z.pool.test. 60 IN A 203.0.113.1", "luz.pool.test. 60 IN TXT \"\u00e9\"",
                   "luz.pool.test. 60 IN A \\# 4 00000000"):
        has(fails(RECORDS + [record])["error"], "refused")
        equal(text(FILE), before)
    for bad in (dict(records=[7]), dict(records={}), dict(zone="Pool.test"), dict(zone="pool.test\n"), dict(zone=3),
                dict(zone="../x"), dict(base="x"), dict(file="/a b"), dict(file=BASE), dict(control=[]),
                dict(control=[1]), dict(control=["x"] * 17), dict(server="ns.test"), dict(port=0), dict(port=65536),
                dict(serial_floor=-1), dict(serial_floor=1 << 32)):
        helper.fails("nsd", "apply", **request(**bad))
    equal(text(FILE), before)


def a_base_without_soa_or_with_a_mistake_is_refused():
    before = text(FILE)
    write(BASE, "$ORIGIN pool.test.\n@ 60 IN NS ns1\n")
    has(fails()["error"], BASE + " has no SOA record")
    write(BASE, BASE_TEXT + "@ SOA ns1 x 1 2 3 4 5\n")
    has(fails()["error"], BASE + " has more than one SOA record")
    write(BASE, BASE_TEXT + "bad line here\n")
    has(fails()["error"], BASE + ":8: ")
    write(BASE, BASE_TEXT + "$INCLUDE /etc/passwd\n")
    has(fails()["error"], BASE + ":8: ")
    write(BASE, BASE_TEXT + "evil.test. 60 IN A 203.0.113.1\n")
    has(fails()["error"], "evil.test. in it, which isn't within the zone")
    write(BASE, BASE_TEXT.replace("pool.test", "other.test"))
    has(fails()["error"], "SOA")
    os.unlink(BASE)
    reply = fails()
    has(reply["error"], "opening " + BASE)
    equal(text(FILE), before)
    write(BASE, BASE_TEXT)


def mx_lines_of_the_operator_and_ours_do_not_mix():
    write(BASE, BASE_TEXT + "@ MX 5 old\nold A 203.0.113.5\nalias CNAME www\n")
    reply = fails()
    has(reply["error"], BASE + " has MX lines of its own for pool.test.")
    has(reply["cure"], "take them out")
    has(fails(["alias.pool.test. 60 IN A 203.0.113.1"])["error"], "has CNAME lines of its own for alias.pool.test.")
    equal(apply(RECORDS[:-1])["changed"], True)
    equal(dig("pool.test", "MX")[0], "5 old.pool.test.")
    write(BASE, BASE_TEXT)
    apply()


def the_last_mx_of_a_zone_never_goes():
    before = text(FILE)
    has(fails(RECORDS[:-1])["error"], "the last MX of pool.test would go")
    equal(text(FILE), before)


def read_lists_what_stands_in_the_file():
    reply = helper.ok("nsd", "read", zone=ZONE, file=FILE)
    equal(reply["serial"], int(re.search(r"hostmaster\S+ (\d+)", text(FILE)).group(1)))
    equal(len(reply["records"]), len(RECORDS) + 3)
    equal(sorted(helper.ok("nsd", "read", zone=ZONE, file=FILE, base=BASE)["records"]), sorted(RECORDS))
    equal(helper.ok("nsd", "read", zone=ZONE, file=DIR + "/none")["records"], [])


def a_zone_that_the_server_does_not_know_is_said():
    write(DIR + "/other.base", BASE_TEXT.replace("pool.test", "other.test"))
    reply = fails([], zone="other.test", base=DIR + "/other.base", file=DIR + "/other.zone")
    has(reply["error"], "nsd-control")
    has(reply["cure"], "zone and file")


def a_server_that_does_not_load_the_file_is_said_within_its_time():
    started = time.monotonic()
    reply = fails(RECORDS + ["new1.pool.test. 60 IN A 203.0.113.9"], control=["true"])
    has(reply["error"], "still has serial")
    assert 1.5 < time.monotonic() - started < 4, time.monotonic() - started
    reply = fails(control=["true"], port=5399)
    has(reply["error"], "no answer from the name server at 127.0.0.1 port 5399")
    has(fails(control=["no-such-control"])["error"], "no program no-such-control")
    apply()


def an_answer_comes_by_tcp_where_udp_is_deaf():
    # an own server: UDP swallows, TCP hands on to NSD
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 5301))
    tcp = socket.create_server(("127.0.0.1", 5301))

    def serve():
        client, _ = tcp.accept()
        with client, socket.create_connection(("127.0.0.1", PORT)) as server:
            server.sendall(client.recv(4096))
            client.sendall(server.recv(65536))

    threading.Thread(target=serve, daemon=True).start()
    equal(apply(port=5301)["changed"], False)


def ten_thousand_names_are_written_and_served():
    many = RECORDS + ["n%d-abcdefgh.pool.test. 60 IN A 203.0.113.%d" % (i, i % 200 + 1) for i in range(10000)]
    started = time.monotonic()
    equal(apply(many)["changed"], True)
    print("# %d records: %.2f s" % (len(many), time.monotonic() - started))
    equal(dig("n9999-abcdefgh.pool.test", "A")[0], "203.0.113.200")
    equal(apply(many)["changed"], False)


def the_helper_ends_when_its_parent_is_gone():
    equal(helper.close(), 0)


start()
helper = lab.Helper(HELPER)
status = lab.run([
    a_server_that_is_down_is_said_with_its_cure_and_the_file_stands,
    the_server_loads_what_was_written_while_it_was_down,
    the_file_is_golden,
    the_serial_rises_with_content_only,
    order_and_repetition_of_records_change_nothing,
    the_operators_edit_of_the_base_is_taken_over,
    a_later_serial_of_the_base_is_kept,
    a_lost_file_of_ours_begins_at_the_servers_serial,
    a_server_that_kept_an_older_serial_is_reloaded_again,
    one_rrset_has_one_ttl,
    hostile_records_are_refused_and_nothing_changes,
    a_base_without_soa_or_with_a_mistake_is_refused,
    mx_lines_of_the_operator_and_ours_do_not_mix,
    the_last_mx_of_a_zone_never_goes,
    read_lists_what_stands_in_the_file,
    a_zone_that_the_server_does_not_know_is_said,
    a_server_that_does_not_load_the_file_is_said_within_its_time,
    an_answer_comes_by_tcp_where_udp_is_deaf,
    ten_thousand_names_are_written_and_served,
    the_helper_ends_when_its_parent_is_gone,
])
sys.exit(status)
