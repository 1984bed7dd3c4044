#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits in a real Postfix: listed, flushed, held: python3 queue_test.py HELPER SETUP MESHD MESHCTL"""
import grp
import os
import smtplib
import socket
import socketserver
import subprocess
import sys
import threading
import time

import lab
from lab import equal, has, sh

lab.enter(["postfix", "postconf", "postmap", "ip", "unshare", "setpriv"])

HELPER, SETUP, MESHD, MESHCTL = sys.argv[1:5]
CONF, TABLES = "/etc/postfix", os.path.join(lab.directory(), "own", "tables")
VPN, HOME, ELSEWHERE = "10.66.0.11", "10.66.0.21", "10.66.0.22"
ROWS = [{"domain": "luz.test", "nexthop": ["[%s]:25" % HOME]}, {"domain": "sol.test", "nexthop": ["[%s]:25" % HOME]},
        {"domain": "ana.test", "nexthop": ["[%s]:25" % ELSEWHERE]}]
NAMES = [row["domain"] for row in ROWS]
POSTDROP = grp.getgrnam("postdrop").gr_gid
helper = None


class Home(socketserver.ThreadingTCPServer):
    """Takes all mail, and notes when the first came."""
    allow_reuse_address = daemon_threads = True

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 home ESMTP\r\n")
            for line in self.rfile:
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    for text in self.rfile:
                        if text == b".\r\n":
                            break
                    self.server.taken.append(time.monotonic())
                self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
                if verb == b"QUIT":
                    return

    def __init__(self, address):
        self.taken = []
        super().__init__((address, 25), Home.Session)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def age():
    """Every Postfix program waits until main.cf is two seconds old."""
    old = time.time() - 60
    for name in ("main.cf", "master.cf"):
        os.utime(os.path.join(CONF, name), (old, old))


def postconf(*settings):
    sh("postconf", "-e", *settings)
    age()


def send(*recipients):
    sh("sendmail", "-f", "a@far.test", "--", *recipients, input="Subject: x\n\nx\n")


def paths(**more):
    return dict(config_dir=CONF, tables=TABLES, vpn_addresses=[VPN], **more)


def listing(by=None):
    reply = (by or helper).ok("postfix", "queue", **paths(names=NAMES))
    return {row["domain"]: row for row in reply["rows"]}


def waits(domain, count, key="deferred"):
    lab.wait_for(lambda: listing().get(domain, {}).get(key, 0) == count, 20, "%d %s for %s" % (count, key, domain))


def start():
    # no maillog_file: see postfix_test.py
    if os.path.exists("/dev/log"):
        sh("mount", "--bind", "/dev/null", "/dev/log")
    for path in ("/etc/postfix", "/var/lib/postfix", "/var/spool/postfix"):
        lab.free_of_mounts(path, copy_from=path)
    lab.addresses(VPN + "/24", HOME + "/24", ELSEWHERE + "/24")
    sh("postconf", "-e", "myhostname = rosa.test", "mydestination = rosa.test, localhost", "compatibility_level = 3.6",
       "inet_interfaces = 127.0.0.1, " + VPN, "mynetworks = 127.0.0.0/8", "alias_maps =", "alias_database =",
       "smtpd_peername_lookup = no", "smtp_host_lookup = native")
    os.chmod(lab.directory(), 0o755)
    os.mkdir(os.path.dirname(TABLES))
    os.chown(os.path.dirname(TABLES), 64999, 64999)


def plain(*wrapper, groups=(POSTDROP,)):
    """The helper as the agent's user."""
    program = HELPER
    if wrapper:
        program = os.path.join(lab.directory(), "wrapped")
        with open(program, "w") as stream:
            stream.write("#!/bin/sh\nexec %s %s\n" % (" ".join(wrapper), HELPER))
        os.chmod(program, 0o755)
    return lab.Helper(program, user=(64999, 64999, list(groups)))


def what_a_relay_needs_is_set_up():
    helper.ok("postfix", "apply", **paths(rows=[]))
    sh("sh", "-e", "-c", sh(SETUP, CONF, TABLES, VPN, check=False).stdout, check=False)
    age()
    sh("/usr/lib/postfix/configure-instance.sh", "-", check=False)
    sh("postfix", "start")
    lab.wait_for(lambda: not socket.socket().connect_ex((VPN, 25)), what="SMTP")
    helper.ok("postfix", "apply", **paths(rows=ROWS))


def an_empty_queue_is_empty_and_mail_lives_14_days():
    reply = helper.ok("postfix", "queue", **paths(names=NAMES))
    equal((reply["rows"], reply["more"], reply["skipped"]), ([], False, 0))
    equal(reply["lifetime_s"], 14 * 86400)


def mail_for_a_home_that_is_away_is_counted_by_domain():
    begun = int(time.time())
    for _ in range(3):
        send("x@luz.test", "y@luz.test", "z@sol.test")
    send("X@Luz.Test")
    waits("luz.test", 4)
    rows = listing()
    equal((rows["luz.test"]["count"], rows["sol.test"]["count"], "ana.test" in rows), (4, 3, False))
    assert begun - 1 <= rows["luz.test"]["oldest_s"] <= time.time(), rows
    equal(rows["luz.test"]["expiring_s"], rows["luz.test"]["oldest_s"])


def what_comes_after_the_home_is_back_would_wait_too():
    global home
    home = Home(HOME)
    send("new@luz.test")
    waits("luz.test", 5)
    equal(home.taken, [])


def a_flush_delivers_all_of_it_within_seconds_and_leaves_the_rest():
    send("x@ana.test")
    waits("ana.test", 1)
    begun = time.monotonic()
    equal(helper.ok("postfix", "flush", **paths(names=["luz.test", "sol.test"]))["flushed"], 2)
    lab.wait_for(lambda: len(home.taken) >= 5, 20, "5 deliveries")
    lab.wait_for(lambda: "luz.test" not in listing() and "sol.test" not in listing(), 20, "an empty queue")
    print("# first after %.2f s, last after %.2f s" % (home.taken[0] - begun, home.taken[-1] - begun))
    assert home.taken[0] - begun < 5, home.taken
    equal(listing()["ana.test"]["deferred"], 1)


def a_domain_that_may_not_be_flushed_is_said_and_the_others_are():
    home.taken.clear()
    home.shutdown()
    home.server_close()
    send("x@luz.test")
    waits("luz.test", 1)
    reply = helper.fails("postfix", "flush", **paths(names=["far.test", "luz.test"]))
    has(reply["error"], "exit status 69")
    has(reply["cure"], "fast_flush_domains")


def who_may_is_said():
    postconf("authorized_flush_users = root")
    reply = helper.fails("postfix", "flush", **paths(names=["luz.test"]))
    has(reply["cure"], "authorized_flush_users")
    postconf("authorized_flush_users = static:anyone", "authorized_mailq_users = root")
    has(helper.fails("postfix", "queue", **paths(names=NAMES))["cure"], "authorized_mailq_users")
    postconf("authorized_mailq_users = static:anyone")
    equal(listing()["luz.test"]["count"], 1)


def a_hardened_unit_needs_the_group_and_is_told_so():
    wrapped = plain("setpriv", "--no-new-privs")
    equal(listing(wrapped)["luz.test"]["count"], 1)
    wrapped.ok("postfix", "flush", **paths(names=["luz.test"]))
    wrapped.close()
    wrapped = plain("setpriv", "--no-new-privs", groups=())
    has(wrapped.fails("postfix", "queue", **paths(names=NAMES))["cure"], "postdrop")
    wrapped.close()


def hostile_names_are_refused():
    for name in ("-j", "luz.test\nana.test", "*", "ALL", "../x.test", ""):
        helper.fails("postfix", "flush", **paths(names=[name]))
        helper.fails("postfix", "queue", **paths(names=[name]))


def hostile_recipients_do_no_harm():
    for local in ('"a@luz.test"', '"\\"}\\n{"', "a{b}", "a'b;c", "-j"):
        send(local + "@sol.test")
    lab.wait_for(lambda: listing().get("sol.test", {}).get("deferred", 0) >= 3, 20, "hostile recipients")
    equal(helper.ok("postfix", "queue", **paths(names=NAMES))["skipped"], 0)


def meshctl(*words, check=True, **options):
    return sh(MESHCTL, "--prefix", os.path.join(lab.directory(), "p"), "--net", "libre", *words, check=check, **options)


def held_mail_stays_and_is_released():
    meshctl("init", "rosa", VPN)
    has(meshctl("queue", "--hold", "luz.test").stdout, "1 message for luz.test put on hold")
    equal((listing()["luz.test"]["held"], listing()["luz.test"]["expiring_s"]), (1, 0))
    has(meshctl("queue", "--hold", "luz.test").stdout, "0 messages")
    helper.ok("postfix", "flush", **paths(names=["luz.test"]))
    time.sleep(1)
    equal(listing()["luz.test"]["held"], 1)
    has(meshctl("queue", "--release", "luz.test").stdout, "1 message for luz.test released")
    waits("luz.test", 0, "held")


def only_root_holds_mail_and_only_by_a_configuration_of_roots():
    done = meshctl("queue", "--hold", "luz.test", check=False, user=64999, group=64999)
    equal(done.returncode, 1)
    has(done.stdout, "tip: sudo meshctl --net libre")
    os.chmod(CONF, 0o777)
    done = meshctl("queue", "--hold", "luz.test", check=False)
    os.chmod(CONF, 0o755)
    equal(done.returncode, 1)
    has(done.stdout, "must be root's alone")


def five_thousand_messages_are_listed_in_a_second():
    postconf("smtpd_client_message_rate_limit = 0", "default_process_limit = 20")
    begun = time.monotonic()

    def fill(count):
        with smtplib.SMTP("127.0.0.1", 25) as client:
            for _ in range(count):
                client.sendmail("a@far.test", ["x@ana.test"], "Subject: x\n\nx\n")

    # Held from the start, as by hand: the machine is to be busy with the listing only.
    postconf("smtpd_sender_restrictions = check_sender_access static:HOLD", "smtpd_recipient_restrictions =")
    sh("postfix", "reload")
    lab.wait_for(lambda: not socket.socket().connect_ex(("127.0.0.1", 25)), what="SMTP")
    fillers = [threading.Thread(target=fill, args=(500,)) for _ in range(10)]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join()
    print("# filled in %.1f s" % (time.monotonic() - begun))
    begun = time.monotonic()
    rows = listing()
    took = time.monotonic() - begun
    print("# listed in %.2f s" % took)
    equal((rows["ana.test"]["count"], rows["ana.test"]["held"]), (5001, 5000))
    assert took < (1.5 if not os.environ.get("MESH_TEST_SLOW") else 15), took


start()
home = None
helper = plain()
status = lab.run([
    what_a_relay_needs_is_set_up,
    an_empty_queue_is_empty_and_mail_lives_14_days,
    mail_for_a_home_that_is_away_is_counted_by_domain,
    what_comes_after_the_home_is_back_would_wait_too,
    a_flush_delivers_all_of_it_within_seconds_and_leaves_the_rest,
    a_domain_that_may_not_be_flushed_is_said_and_the_others_are,
    who_may_is_said,
    a_hardened_unit_needs_the_group_and_is_told_so,
    hostile_names_are_refused,
    hostile_recipients_do_no_harm,
    held_mail_stays_and_is_released,
    only_root_holds_mail_and_only_by_a_configuration_of_roots,
    five_thousand_messages_are_listed_in_a_second,
])
sh("postfix", "stop", check=False)
sys.exit(status)
