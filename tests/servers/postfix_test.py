#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Postfix driver against a real Postfix: python3 postfix_test.py HELPER SETUP PROBE"""
import json
import os
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

import lab
from lab import equal, has, sh

lab.enter(["postfix", "postconf", "postmap", "ip", "unshare"])

HELPER, SETUP, PROBE = sys.argv[1:4]
CONF, TABLES = "/etc/postfix", os.path.join(lab.directory(), "tables")
VPN, PUBLIC, OUTSIDE, HOME = "10.66.0.11", "203.0.113.1", "198.51.100.9", "10.66.0.21"
ROW = {"domain": "luz.test", "nexthop": ["[%s]:25" % HOME]}
helper = None


class Home(socketserver.ThreadingTCPServer):
    """A home: knows `users`; keeps what it was asked and for whom it took mail. Closed, it says 421."""
    allow_reuse_address = daemon_threads = True

    class Session(socketserver.StreamRequestHandler):
        def handle(self):
            if self.server.closed:
                self.wfile.write(b"421 closed\r\n")
                return
            self.wfile.write(b"220 home ESMTP\r\n")
            recipients = []
            for line in self.rfile:
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while self.rfile.readline() not in (b".\r\n", b""):
                        pass
                    self.server.taken += recipients
                    recipients = []
                    self.wfile.write(b"250 taken\r\n")
                elif verb == b"RCPT":
                    recipients.append(line.decode().split("<")[1].split(">")[0])
                    user = line.decode().split("<")[1].split("@")[0]
                    self.server.asked.append(line.decode().split("<")[1].split(">")[0])
                    self.wfile.write(b"250 ok\r\n" if user in self.server.users else b"550 5.1.1 unknown\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 ok\r\n")

    def __init__(self, address, users):
        self.users, self.asked, self.taken, self.closed = users, [], [], False
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 25), Home.Session)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def smtp(source, *commands, target=PUBLIC):
    """The last answers to a few commands."""
    answers = []
    with socket.create_connection((target, 25), 20, (source, 0)) as connection:
        stream = connection.makefile("rb")
        for command in (None,) + commands:
            if command is not None:
                connection.sendall(command.encode() + b"\r\n")
            line = stream.readline()
            while line[3:4] == b"-":
                line = stream.readline()
            answers.append(line.decode().strip())
        connection.sendall(b"QUIT\r\n")
    return answers


def rcpt(address, source=OUTSIDE):
    return smtp(source, "EHLO outside.example", "MAIL FROM:<>", "RCPT TO:<%s>" % address)[-1]


def probe(*recipients, source=VPN, target=VPN, timeout_ms=30000):
    return json.loads(sh(PROBE, source, target, "25", str(timeout_ms), *recipients).stdout)


def fresh(domain):
    return "meshd-%d@%s" % (time.monotonic_ns(), domain)


def paths(**more):
    return dict(config_dir=CONF, tables=TABLES, vpn_addresses=[VPN], **more)


def apply(*rows, **more):
    return helper.ok("postfix", "apply", **paths(rows=list(rows), **more))


def check():
    reply = helper.ok("postfix", "check", **paths())
    return {f["what"]: f for f in reply["missing"]}, {f["what"]: f for f in reply["dangers"]}


def source(name):
    with open(os.path.join(TABLES, name)) as stream:
        return stream.read()


def age():
    """Every Postfix program waits until main.cf is two seconds old."""
    old = time.time() - 60
    for name in ("main.cf", "master.cf"):
        os.utime(os.path.join(CONF, name), (old, old))


def postconf(*settings):
    sh("postconf", "-e", *settings)
    age()


def mend(command):
    sh("sh", "-e", "-c", command)
    age()


def start():
    # No maillog_file here: postlogd writes to its own socket when it starts, and waits for itself if that is full, as it
    # easily is when Postfix is reloaded under load. Then every program of Postfix that logs hangs.
    if os.path.exists("/dev/log"):
        sh("mount", "--bind", "/dev/null", "/dev/log")
    for path in ("/etc/postfix", "/var/lib/postfix", "/var/spool/postfix"):
        lab.free_of_mounts(path, copy_from=path)
    lab.addresses(VPN + "/24", HOME + "/24", "10.66.0.22/24", "fd66::21/64", PUBLIC + "/24", OUTSIDE + "/24")
    sh("postconf", "-e", "myhostname = rosa.test", "mydestination = rosa.test, localhost",
       "inet_interfaces = 127.0.0.1, %s, %s" % (VPN, PUBLIC), "alias_maps =",
       "alias_database =", "smtpd_peername_lookup = no", "smtp_host_lookup = native")


# ---- before Postfix runs ----

def helper_answers_what_it_does_not_understand():
    has(helper.fails("postfix", "fly")["error"], 'no driver "postfix" with an operation "fly"')
    has(helper.fails("exim", "apply")["error"], 'no driver "exim"')
    helper.send_bytes(b"[1]")
    reply = helper.receive()
    equal((reply["id"], reply["ok"]), (None, False))
    helper.send_bytes(b'{"id":"x","driver":7}')
    equal(helper.receive()["id"], "x")


def check_says_which_lines_are_missing():
    missing, dangers = check()
    for what in ("relay_domains", "transport_maps", "fast_flush_domains", "parent_domain_matches_subdomains",
                 "smtpd_recipient_restrictions", "unverified_recipient_reject_code", "maximal_queue_lifetime",
                 "address_verify_negative_expire_time", "address_verify_poll_delay", "mesh/unix",
                 "mesh/unix/smtp_tls_policy_maps", "smtpd_forbid_bare_newline"):
        assert what in missing, (what, sorted(missing))
        assert missing[what]["cure"].startswith("postconf -c /etc/postfix -"), missing[what]
        assert missing[what]["why"], missing[what]
    equal(sorted(dangers), [TABLES + "/transport.lmdb", "parent_domain_matches_subdomains"])


def setup_prints_no_lines_before_the_tables_exist():
    done = sh(SETUP, CONF, TABLES, VPN, check=False)
    assert "postconf" not in done.stdout, done.stdout
    has(done.stdout, "start meshd")
    assert subprocess.run(["sh"], input=done.stdout, text=True, stderr=subprocess.DEVNULL).returncode != 0


def empty_tables_are_made_and_read_back_as_empty():
    equal(apply()["changed"], True)
    for name in ("transport", "access", "tls", "relay_domains"):
        assert os.path.exists("%s/%s.lmdb" % (TABLES, name)), name
    equal(helper.ok("postfix", "read", **paths())["rows"], [])
    equal(apply()["changed"], False)


def setup_piped_to_a_shell_leaves_nothing_missing():
    postconf("relay_domains = old.example", "transport_maps = inline:{old.example=smtp:[192.0.2.7]}",
             "smtpd_recipient_restrictions = check_sender_access inline:{x@y=OK} permit")
    printed = sh(SETUP, CONF, TABLES, VPN, check=False).stdout
    for line in printed.splitlines():
        assert line.startswith(("#", "postconf -c /etc/postfix -", "postfix -c")), line
    commands = "\n".join(line for line in printed.splitlines() if line.startswith("postconf"))
    mend(commands)
    missing, dangers = check()
    equal((missing, dangers), ({}, {}))
    has(sh(SETUP, CONF, TABLES, VPN).stdout, "nothing is missing")
    lines = sh("postconf", "relay_domains", "transport_maps", "smtpd_recipient_restrictions").stdout
    equal(lines.splitlines(), [
        "relay_domains = old.example, lmdb:%s/relay_domains" % TABLES,
        "transport_maps = inline:{old.example=smtp:[192.0.2.7]}, lmdb:%s/transport" % TABLES,
        "smtpd_recipient_restrictions = check_sender_access inline:{x@y=OK} "
        "check_recipient_access lmdb:%s/access, permit" % TABLES])
    postconf("smtpd_recipient_restrictions = check_recipient_access lmdb:%s/access" % TABLES)


def each_line_taken_away_is_missed_and_its_cure_mends_it():
    for setting in ("relay_domains = x.example", "transport_maps =", "fast_flush_domains = $relay_domains",
                    "smtpd_recipient_restrictions =", "unverified_recipient_reject_code = 450",
                    "parent_domain_matches_subdomains = mynetworks,relay_domains", "smtpd_relay_restrictions =",
                    "smtpd_relay_restrictions = permit_mynetworks, permit",
                    "address_verify_negative_expire_time = 60", "address_verify_negative_refresh_time = 3h",
                    "address_verify_negative_cache = no", "address_verify_poll_delay = 3s",
                    "address_verify_transport_maps = static:smtp:[192.0.2.1]",
                    "maximal_queue_lifetime = 5d", "smtpd_forbid_bare_newline = no",
                    "smtpd_recipient_restrictions = permit_mynetworks permit check_recipient_access lmdb:%s/access"
                    % TABLES, "smtpd_recipient_restrictions = permit_auth_destination"):
        name = setting.split(" ")[0]
        old = sh("postconf", name).stdout.strip()
        postconf(setting)
        missing, _ = check()
        equal(sorted(missing), [name])
        mend(missing[name]["cure"])
        equal(check(), ({}, {}))
        postconf(old)


def master_cf_lines_are_missed_and_mended_too():
    for option in ("-PX", "-P"):
        for name in ("syslog_name", "smtp_fallback_relay", "smtp_bind_address", "smtp_tls_policy_maps"):
            sh("postconf", option, "mesh/unix/%s%s" % (name, "" if option == "-PX" else "=x"))
            missing, _ = check()
            equal(sorted(missing), ["mesh/unix/" + name])
            mend(missing["mesh/unix/" + name]["cure"])
            equal(check(), ({}, {}))
    sh("postconf", "-MX", "mesh/unix")
    missing, _ = check()
    equal(len(missing), 7)
    for finding in missing.values():
        mend(finding["cure"])
    equal(check(), ({}, {}))


def overrides_of_the_public_service_are_judged_as_well():
    sh("postconf", "-P", "smtp/inet/smtpd_recipient_restrictions=permit_mynetworks,reject")
    missing, _ = check()
    equal(sorted(missing), ["smtp/inet/smtpd_recipient_restrictions"])
    mend(missing["smtp/inet/smtpd_recipient_restrictions"]["cure"])
    equal(check(), ({}, {}))
    has(sh("postconf", "-P").stdout, "= permit_mynetworks,check_recipient_access,lmdb:%s/access,,reject" % TABLES)
    sh("postconf", "-PX", "smtp/inet/smtpd_recipient_restrictions")
    # a submission service has rules of its own, for those who log in
    sh("postconf", "-M", "submission/inet=submission inet n - y - - smtpd")
    sh("postconf", "-P", "submission/inet/smtpd_recipient_restrictions=permit_sasl_authenticated,reject")
    equal(check(), ({}, {}))
    sh("postconf", "-MX", "submission/inet")


def dangers_refuse_and_say_how_to_mend():
    networks = os.path.join(lab.directory(), "networks")
    with open(networks, "w") as stream:
        stream.write("# mine\n192.0.2.0/24\n10.66.0.0/24\n")
    with open(networks + ".cidr", "w") as stream:
        stream.write("10.64.0.0/10 OK\n")
    cases = [("mynetworks = 127.0.0.0/8, 10.66.0.0/16", True), ("mynetworks = 10.66.0.11 [::1]/128", True),
             ("mynetworks = $mydestination 10.66.0.0/16", True), ("mynetworks = 127.0.0.0/8 " + networks, False),
             ("mynetworks = cidr:%s.cidr" % networks, False), ("relay_recipient_maps = hash:/nowhere", True),
             ("smtpd_relay_restrictions = permit_mynetworks permit_mx_backup reject_unauth_destination", True),
             ("smtpd_relay_restrictions = permit_inet_interfaces, defer_unauth_destination", True),
             ("smtpd_recipient_restrictions = check_recipient_access lmdb:%s/access, permit_mx_backup" % TABLES,
              True)]
    for setting, is_command in cases:
        name = setting.split(" ")[0]
        old = sh("postconf", name).stdout.strip()
        postconf(setting)
        missing, dangers = check()
        equal((setting, missing, sorted(dangers)), (setting, {}, [name]))
        equal(dangers[name]["cure"].startswith("postconf"), is_command)
        printed = sh(SETUP, CONF, TABLES, VPN, check=False).stdout
        has(printed, "# REFUSED: " + name)
        assert all(line.startswith("#") for line in printed.splitlines()), printed
        if is_command:
            mend(dangers[name]["cure"])
            equal(check(), ({}, {}))
        else:
            has(dangers[name]["cure"], networks)
        postconf(old)
    postconf("mynetworks = !10.66.0.11, 10.66.0.0/16")
    equal(check(), ({}, {}))


def mynetworks_unset_is_a_danger_at_every_level():
    for level in ("0", "1", "2", "3.6"):
        sh("postconf", "-X", "mynetworks")
        postconf("compatibility_level = " + level)
        _, dangers = check()
        equal(sorted(dangers), ["mynetworks"])
        mend(dangers["mynetworks"]["cure"])
        equal(check(), ({}, {}))


def a_request_that_cannot_be_judged_is_refused():
    for bad in ([], ["10.66.0.11\n10.66.0.12"], ["rosa"], [7], "10.66.0.11"):
        helper.fails("postfix", "check", config_dir=CONF, tables=TABLES, vpn_addresses=bad)
    helper.fails("postfix", "check", config_dir=CONF, tables=TABLES)
    reply = helper.fails("postfix", "check", config_dir="/nonexistent", tables=TABLES, vpn_addresses=[VPN])
    has(reply["error"], "/nonexistent/main.cf")
    for bad in ("relative", "/a b", "/a;b", "/a/../b", "/a'b", ""):
        has(helper.fails("postfix", "check", config_dir=bad, tables=TABLES)["error"], '"config_dir" is no path')
        has(helper.fails("postfix", "read", config_dir=CONF, tables=bad)["error"], '"tables" is no path')


# ---- with Postfix running ----

def postfix_starts_with_empty_tables():
    postconf("compatibility_level = 3.6")
    sh("/usr/lib/postfix/configure-instance.sh", "-", check=False)
    sh("postfix", "start")
    lab.wait_for(lambda: not socket.socket().connect_ex((PUBLIC, 25)), what="SMTP")


def an_unclaimed_domain_is_refused_for_now():
    has(rcpt("x@luz.test"), "454 4.7.1 <x@luz.test>: Relay access denied")


def tables_are_golden():
    reply = apply(ROW, {"domain": "ana.test", "nexthop": ["[fd66::21]:2501", "[10.66.0.22]:25"]})
    equal((reply["applied"], reply["changed"], reply["shadowed"], reply["unasked"]), (2, True, [], []))
    header = "# written by meshd; what is changed here by hand is refused or lost\n"
    equal(source("transport"), header + "ana.test mesh:[fd66::21]:2501, [10.66.0.22]:25\n"
          "luz.test mesh:[10.66.0.21]:25\n")
    equal(source("access"), header + "ana.test reject_unverified_recipient\nluz.test reject_unverified_recipient\n")
    equal(source("relay_domains"), header + "ana.test mesh\nluz.test mesh\n")
    equal(source("tls"), header)
    equal(sorted(os.listdir(TABLES)), sorted([n + s for n in ("transport", "access", "relay_domains", "tls")
                                             for s in ("", ".lmdb")]))
    for name in os.listdir(TABLES):
        equal(os.stat(os.path.join(TABLES, name)).st_mode & 0o777, 0o644)
    equal(apply(ROW, {"domain": "ana.test", "nexthop": ["[fd66::21]:2501", "[10.66.0.22]:25"]})["changed"], False)


def the_change_is_seen_without_reload_and_recipients_are_verified_at_the_home():
    has(rcpt("known@luz.test"), "250 2.1.5")
    has(rcpt("nobody@luz.test"), "550 5.1.1 <nobody@luz.test>: Recipient address rejected")
    equal(sorted(set(home.asked)), ["known@luz.test", "nobody@luz.test"])


def a_subdomain_is_not_relayed():
    has(rcpt("x@mail.luz.test"), "454 4.7.1")
    has(rcpt("x@uz.test"), "454 4.7.1")


def another_domain_goes_in_while_postfix_runs():
    rows = [ROW, {"domain": "ana.test", "nexthop": ["[10.66.0.22]:25"]}, {"domain": "neu.test", "nexthop":
            ["[10.66.0.21]:25"]}]
    has(rcpt("known@neu.test"), "454")
    apply(*rows)
    has(rcpt("known2@neu.test"), "550 5.1.1")
    home.users.add("late")
    has(rcpt("late@neu.test"), "250")
    equal(helper.ok("postfix", "read", **paths())["rows"], [
        {"domain": "ana.test", "nexthop": ["[10.66.0.22]:25"], "retry": False, "relayed": True},
        {"domain": "luz.test", "nexthop": ["[10.66.0.21]:25"], "retry": False, "relayed": True},
        {"domain": "neu.test", "nexthop": ["[10.66.0.21]:25"], "retry": False, "relayed": True}])


def the_probe_from_the_vpn_address_tells_what_postfix_would_do():
    equal(probe()["banner"]["verdict"], "serves")
    got = probe("known@luz.test", fresh("luz.test"), fresh("foreign.test"), fresh("mail.luz.test"), fresh("neu.test"))
    equal(got["fate"], "done")
    equal([a["verdict"] for a in got["answers"]], ["serves", "serves", "refused", "refused", "serves"])
    equal([a["code"] for a in got["answers"]], [250, 550, 454, 454, 550])
    # its home is away: nobody is at 10.66.0.22
    got = probe(fresh("ana.test"))["answers"][0]
    equal((got["verdict"], got["code"]), ("serves", 450))
    equal(probe(target=VPN, source="127.0.0.1", timeout_ms=3000)["fate"], "done")
    equal(probe(target="192.0.2.77", timeout_ms=2000)["fate"], "unreachable")
    equal(probe(target="10.66.0.22", timeout_ms=2000)["fate"], "refused")


def a_session_with_too_many_refusals_leaves_the_rest_unknown():
    got = probe(*[fresh("foreign.test") for _ in range(25)], timeout_ms=60000)
    verdicts = [a["verdict"] for a in got["answers"]]
    equal((verdicts[:19], verdicts[20:]), (["refused"] * 19, ["unknown"] * 5))


def row(domain, **more):
    return dict(domain=domain, nexthop=["[%s]:25" % HOME], **more)


def what_no_row_names_stays_and_is_reported():
    before = {name: source(name) for name in ("transport", "access", "relay_domains")}
    reply = apply(ROW)
    equal(reply["changed"], False)
    equal(reply["found"], [{"domain": "ana.test", "nexthop": ["[10.66.0.22]:25"], "retry": False, "relayed": True},
                           {"domain": "neu.test", "nexthop": ["[10.66.0.21]:25"], "retry": False, "relayed": True}])
    equal({name: source(name) for name in before}, before)
    equal(apply(*ROWS)["found"], [])
    # what is only in relay_domains would be taken and bounced
    with open(TABLES + "/relay_domains", "a") as stream:
        stream.write("zz.test mesh\n")
    equal(apply(ROW)["changed"], True)
    equal(source("relay_domains"), before["relay_domains"])


def queued(domain):
    """The messages for a domain in the queue, and why each waits."""
    lines = [json.loads(line) for line in sh("postqueue", "-j").stdout.splitlines()]
    return [r.get("delay_reason", "") for m in lines for r in m["recipients"] if r["address"].endswith("@" + domain)]


def send(recipient):
    answers = smtp(OUTSIDE, "EHLO outside.example", "MAIL FROM:<x@outside.example>", "RCPT TO:<%s>" % recipient, "DATA",
                   "Subject: x\r\n\r\nx\r\n.")
    assert answers[3].startswith("250") and answers[-1].startswith("250"), answers


def bounces():
    """Every message that isn't for somebody of ours is a bounce."""
    lines = [json.loads(line) for line in sh("postqueue", "-j").stdout.splitlines()]
    return [m for m in lines if m["sender"] == "MAILER-DAEMON"]


def a_domain_goes_out_while_mail_for_it_is_queued_and_nothing_bounces():
    home.users.add("goer")
    apply(*ROWS, row("out.test"))
    has(rcpt("goer@out.test"), "250")
    home.closed = True
    for _ in range(3):
        send("goer@out.test")
    lab.wait_for(lambda: len(queued("out.test")) == 3 and all(queued("out.test")), what="deferred mail")
    # leaving: everything serves; ending: new mail is deferred, what is queued stays on its way
    apply(*ROWS, row("out.test", state="leaving"))
    has(rcpt("goer@out.test"), "250")
    apply(*ROWS, row("out.test", state="ending"))
    assert "out.test" in source("transport") and "out.test" not in source("relay_domains") + source("access")
    has(rcpt("other%d@out.test" % time.monotonic_ns()), "454 4.7.1")
    sh("postqueue", "-s", "out.test")
    time.sleep(2)
    equal((len(queued("out.test")), bounces()), (3, []))
    home.closed = False
    sh("postqueue", "-s", "out.test")
    lab.wait_for(lambda: not queued("out.test"), what="delivery after relaying has ended")
    equal(bounces(), [])
    equal(len([m for m in home.taken if m == "goer@out.test"]), 3)
    apply(*ROWS, row("out.test", state="gone"))
    assert "out.test" not in source("transport")
    equal(apply(*ROWS)["found"], [])


def back_in_from_any_state():
    for state in ("leaving", "ending", "gone", "local"):
        apply(*ROWS, row("out.test", state=state))
        apply(*ROWS, row("out.test", state="in"))
        has(rcpt("goer@out.test"), "250")
    apply(*ROWS, row("out.test", state="gone"))


def mail_with_retry_waits_and_goes_on_when_it_is_taken_back():
    apply(*ROWS, row("hold.test"))
    has(rcpt("goer@hold.test"), "250")
    home.closed = True
    send("goer@hold.test")
    lab.wait_for(lambda: all(queued("hold.test")) and queued("hold.test"), what="deferred mail")
    home.closed = False
    send("known@luz.test")
    apply(*ROWS, row("hold.test", retry=True, state="leaving"))
    equal([r for r in helper.ok("postfix", "read", **paths())["rows"] if r["retry"]],
          [{"domain": "hold.test", "nexthop": [], "retry": True, "relayed": True}])
    equal(apply(*ROWS, row("hold.test", retry=True, state="leaving"))["shadowed"], [])
    # Postfix knows what retry: means: the sender is told to come again
    has(rcpt(fresh("hold.test")), "450 4.")
    sh("postqueue", "-s", "hold.test")
    lab.wait_for(lambda: any("held by meshd" in why for why in queued("hold.test")), what="held mail")
    apply(*ROWS, row("hold.test", retry=True, state="ending"))
    sh("postqueue", "-s", "hold.test")
    time.sleep(2)
    equal((len(queued("hold.test")), bounces()), (1, []))
    apply(*ROWS, row("hold.test", state="ending"))
    send("known@luz.test")  # qmgr keeps its last answer for 30 s
    lab.wait_for(lambda: "known@luz.test" in home.taken, what="other mail")
    sh("postqueue", "-s", "hold.test")
    lab.wait_for(lambda: not queued("hold.test"), what="what was held goes on")
    equal(bounces(), [])
    apply(*ROWS, row("hold.test", state="gone"))
    # one without any next hop left can only wait
    apply(*ROWS, {"domain": "hold.test", "nexthop": [], "retry": True})
    apply(*ROWS, {"domain": "hold.test", "nexthop": [], "state": "gone"})


def a_name_that_becomes_local_is_delivered_here():
    apply(*ROWS, row("mine.test"))
    has(rcpt("goer@mine.test"), "250")
    home.closed = True
    send("goer@mine.test")
    lab.wait_for(lambda: queued("mine.test"), what="deferred mail")
    postconf("mydestination = rosa.test, localhost, mine.test", "local_recipient_maps =",
             "mailbox_transport = discard:")
    sh("postfix", "reload")
    apply(*ROWS, row("mine.test", state="local"))
    assert "mine.test" not in source("transport") + source("relay_domains") + source("access")
    lab.wait_for(lambda: sh("postqueue", "-s", "mine.test", check=False).returncode is not None
                 and sh("postqueue", "-f") and not queued("mine.test"), what="local delivery")
    equal(bounces(), [])
    home.closed = False
    postconf("mydestination = rosa.test, localhost", "mailbox_transport =")
    sh("postfix", "reload")


def keys_of(name):
    lines = sh("postmap", "-s", "lmdb:%s/%s" % (TABLES, name)).stdout.splitlines()
    return {line.split()[0] for line in lines}


def a_power_cut_between_any_two_steps_leaves_every_relayed_name_a_way_home():
    """postmap is the step: the helper is killed before it, or after it, the n-th time that it runs."""
    global helper
    real, count, fake = "/usr/sbin/postmap", os.path.join(lab.directory(), "count"), os.path.join(lab.directory(), "cut")
    copy = os.path.join(lab.directory(), "postmap.real")
    sh("cp", real, copy)
    with open(fake, "w") as stream:
        stream.write("""#!/bin/sh
case " $* " in *" -q "*|*" -s "*) exec %s "$@";; esac
n=$(($(cat %s) - 1)); echo $n > %s
[ $n = 0 ] && { kill -9 $PPID; exit 1; }
%s "$@" || exit $?
[ $n = 1000 ] && { kill -9 $PPID; exit 1; }
exit 0
""" % (copy, count, count, copy))
    os.chmod(fake, 0o755)
    sh("mount", "--bind", fake, real)
    ways = [[row("cut.test")], [row("cut.test", state="leaving")], [row("cut.test", state="ending")],
            [row("cut.test", state="gone")], [row("cut.test")], [row("cut.test", retry=True)], [row("cut.test")],
            [row("cut.test", state="gone")]]
    cuts = 0
    for number in range(len(ways)):
        for after in (0, 1000):
            for step in range(1, 9):
                with open(count, "w") as stream:
                    stream.write("100000")
                helper = lab.Helper(HELPER)
                for rows in ways[:number]:
                    apply(*ROWS, *rows)
                with open(count, "w") as stream:
                    stream.write(str(step + after))
                try:
                    reply = helper.ok("postfix", "apply", **paths(rows=ROWS + ways[number]))
                except (struct.error, ConnectionError):
                    reply = None
                missing = keys_of("relay_domains") - keys_of("transport")
                equal((number, after, step, missing), (number, after, step, set()))
                equal(keys_of("relay_domains") - keys_of("access"), set())
                with open(count, "w") as stream:
                    stream.write("100000")
                if reply is None:
                    cuts += 1
                    helper = lab.Helper(HELPER)
                again = helper.ok("postfix", "apply", **paths(rows=ROWS + ways[number]))
                equal(again["found"], [])
                for name, states in (("transport", ("in", "leaving", "ending")), ("relay_domains", ("in", "leaving"))):
                    is_there = ways[number][0].get("state", "in") in states
                    equal((number, step, name, "cut.test" in keys_of(name)), (number, step, name, is_there))
                apply(*ROWS, row("cut.test", state="gone"))
                if reply is not None:
                    helper.close()
                    break
                helper.close()
    print("# %d power cuts" % cuts)
    assert cuts > 20, cuts
    sh("umount", real)
    helper = lab.Helper(HELPER)


def hostile_rows_are_refused_and_nothing_changes():
    before = {name: source(name) for name in ("transport", "access", "relay_domains", "tls")}
    names = ["evil.test\n* smtp:[192.0.2.1]", "evil.test smtp:x", "*", "*.test", ".luz.test", "-a.test", "a-.test",
             "test", "Evil.test", "evil.test.", "a..test", "ev\til.test", "#evil.test", "evil.test\r", "", "é.test",
             "10.66.0.1", "a" * 64 + ".test", "x@evil.test", "/evil/", "[10.66.0.1]", "a_b.test"]
    for name in names:
        reply = helper.fails("postfix", "apply", **paths(rows=[ROW, {"domain": name, "nexthop": ROW["nexthop"]}]))
        has(reply["error"], "refused")
    hops = ["[10.66.0.21]:25\n* smtp:[1.2.3.4]", "10.66.0.21:25", "[10.66.0.21]", "[10.66.0.21]:0", "[10.66.0.21]:65536",
            "[10.66.0.21]:25, smtp:[x]", "[home.test]:25", "[10.66.0.021]:25", "[::ffff:10.66.0.21]:25", "[224.0.0.1]:25",
            "[0.0.0.0]:25", "[FD66::21]:25", "[fd66::21%lo]:25", "[10.66.0.21]:+25", "[10.66.0.21]:025", "", 7, None,
            "[" + VPN + "]:25"]
    for hop in hops:
        helper.fails("postfix", "apply", **paths(rows=[ROW, {"domain": "evil.test", "nexthop": [hop]}]))
    for row in ({}, {"domain": "evil.test"}, {"domain": "evil.test", "nexthop": []}, {"domain": "evil.test", "nexthop":
                ["[10.66.0.21]:25"] * 9}, {"domain": 5, "nexthop": []}, [], "evil.test", ROW):
        helper.fails("postfix", "apply", **paths(rows=[ROW, row]))
    helper.fails("postfix", "apply", **paths(rows={"a": 1}))
    helper.send_bytes(b'{"id":1,"driver":"postfix","op":"apply","rows":[{"domain":"a\\u0000.test"}]}')
    equal(helper.receive()["ok"], False)
    equal({name: source(name) for name in before}, before)
    has(rcpt("x@evil.test"), "454")


def a_broken_line_is_named_and_nothing_changes():
    good = source("transport")
    for line in ("luz.test smtp:[192.0.2.1]", "* mesh:[10.66.0.21]:25", " luz.test x", "luz.test", "bad"):
        with open(TABLES + "/transport", "w") as stream:
            stream.write(good + line + "\n")
        has(helper.fails("postfix", "read", **paths())["error"], "%s/transport:5 is no line" % TABLES)
        has(helper.fails("postfix", "apply", **paths(rows=ROWS))["error"], "transport:5")
        equal(source("transport"), good + line + "\n")
    with open(TABLES + "/transport", "w") as stream:
        stream.write(good)


def a_table_that_is_missing_old_or_half_built_is_built_again():
    os.unlink(TABLES + "/relay_domains.lmdb")
    apply(*ROWS)
    has(sh("postmap", "-q", "luz.test", "lmdb:%s/relay_domains" % TABLES).stdout, "mesh")
    os.utime(TABLES + "/transport.lmdb", (1, 1))
    apply(*ROWS)
    assert os.stat(TABLES + "/transport.lmdb").st_mtime > 1
    # killed after the source was renamed: the .lmdb may be newer and hold nothing of it
    sh("postmap", "-d", "luz.test", "lmdb:%s/access" % TABLES)
    with open(TABLES + "/access.building", "w"):
        pass
    apply(*ROWS)
    has(sh("postmap", "-q", "luz.test", "lmdb:%s/access" % TABLES).stdout, "reject_unverified_recipient")
    assert not os.path.exists(TABLES + "/access.building")
    sh("postmap", "-d", "luz.test", "lmdb:%s/access" % TABLES)
    apply(*ROWS, rebuild=True)
    has(sh("postmap", "-q", "luz.test", "lmdb:%s/access" % TABLES).stdout, "reject_unverified_recipient")


def an_admins_map_before_or_behind_ours_is_noticed():
    regexp = os.path.join(lab.directory(), "admin.regexp")
    with open(regexp, "w") as stream:
        stream.write("/@luz\\.test$/ error:5.7.9 by the admin\n/^ana\\.test$/ smtp:[192.0.2.5]\n")
    ours = "lmdb:%s/transport" % TABLES
    for maps in ("regexp:%s, %s" % (regexp, ours), "%s, regexp:%s" % (ours, regexp)):
        postconf("transport_maps = " + maps)
        equal(apply(*ROWS)["shadowed"], [{"domain": "luz.test", "map": "regexp:" + regexp,
                                          "answer": "error:5.7.9 by the admin"}])
        sh("postfix", "reload")
        lab.wait_for(lambda: "by the admin" in rcpt("n%d@luz.test" % time.monotonic_ns()), what="what Postfix does")
    postconf("transport_maps = inline:{luz.test=smtp:[192.0.2.1]}, " + ours)
    equal([s["map"] for s in apply(*ROWS)["shadowed"]], ["inline:{luz.test=smtp:[192.0.2.1]}"])
    postconf("transport_maps = ")
    equal([(s["map"], s["answer"]) for s in apply(*ROWS)["shadowed"]], [("transport_maps", "")] * len(ROWS))
    postconf("transport_maps = lmdb:/nonexistent, " + ours)
    reply = apply(*ROWS)
    equal((reply["shadowed"], [u["map"] for u in reply["unasked"]]), ([], ["lmdb:/nonexistent"]))
    postconf("transport_maps = " + ours, "relay_domains = !luz.test, lmdb:%s/relay_domains" % TABLES)
    equal(apply(*ROWS)["shadowed"], [{"domain": "luz.test", "map": "relay_domains", "answer": "!luz.test"}])
    postconf("relay_domains = lmdb:%s/relay_domains" % TABLES)
    equal(apply(*ROWS)["shadowed"], [])
    sh("postfix", "reload")


def the_dangers_are_real():
    for setting, address, answer in (
            ("relay_recipient_maps = inline:{a@b.example=x}", lambda: "known@luz.test",
             "550 5.1.1 <known@luz.test>: Recipient address rejected: User unknown in relay recipient table"),
            ("parent_domain_matches_subdomains = relay_domains", lambda: "known@sub.luz.test", "250"),
            ("address_verify_transport_maps = static:smtp:[127.0.0.1]:1", lambda: fresh("luz.test"), "450")):
        name = setting.split(" ")[0]
        old = sh("postconf", name).stdout.strip()
        for value, there in ((setting, True), (old, False)):
            postconf(value)
            sh("postfix", "reload")
            lab.wait_for(lambda: (answer in rcpt(address())) == there, what=value)


def names_that_this_mta_holds_are_told():
    listed = os.path.join(lab.directory(), "local-names")
    with open(listed, "w") as stream:
        stream.write("# a comment.test\nfile.test\n!not.test\n")
    postconf("mydestination = $myhostname, !no.test no.test, Upper.test, %s, not.test" % listed,
             "virtual_mailbox_domains = inline:{box.test=x}, proxy:inline:{proxied.test=x}",
             "virtual_alias_maps = regexp:{{/^alias\\.test$$/ x}}")
    names = ["rosa.test", "no.test", "upper.test", "file.test", "not.test", "comment.test", "box.test", "proxied.test",
             "alias.test", "sub.box.test", "luz.test"]
    equal(helper.ok("postfix", "local", config_dir=CONF, names=names)["local"],
          ["rosa.test", "upper.test", "file.test", "box.test", "proxied.test", "alias.test"])
    equal(helper.ok("postfix", "local", config_dir=CONF, names=[])["local"], [])
    has(helper.fails("postfix", "local", config_dir=CONF, names=["a b"])["error"], "refused")
    postconf("virtual_mailbox_domains = hash:/nonexistent")
    has(helper.fails("postfix", "local", config_dir=CONF, names=names)["error"], "hash:/nonexistent can't be asked")
    postconf("mydestination = rosa.test, localhost", "virtual_mailbox_domains =", "virtual_alias_maps =")


def a_user_without_root_does_all_this():
    global TABLES
    postdrop = __import__("grp").getgrnam("postdrop").gr_gid
    os.chmod(lab.directory(), 0o755)
    own = os.path.join(lab.directory(), "own")
    os.mkdir(own)
    os.chown(own, 64999, 64999)
    plain = lab.Helper(HELPER, user=(64999, 64999, [postdrop]))
    TABLES = own + "/postfix"
    for rows in ([], ROWS):
        reply = plain.ok("postfix", "apply", **paths(rows=rows))
        equal(reply["changed"], True)
    equal(os.stat(TABLES + "/transport.lmdb").st_uid, 64999)
    mend(sh(SETUP, CONF, TABLES, VPN, check=False).stdout)
    reply = plain.ok("postfix", "check", **paths())
    equal((reply["missing"], reply["dangers"]), ([], []))
    has(rcpt("known@luz.test"), "250")
    plain.ok("postfix", "apply", **paths(rows=ROWS + [{"domain": "more.test", "nexthop": ROW["nexthop"]}]))
    has(rcpt("known@more.test"), "250")
    equal(plain.close(), 0)


def a_hundred_thousand_rows_are_taken_and_looked_through_in_turns():
    rows = ROWS + [{"domain": "more.test", "nexthop": ROW["nexthop"]}]
    many = rows + [{"domain": "d%05d.example" % i, "nexthop": ["[10.66.0.%d]:25" % (i % 200 + 20)]}
                   for i in range(100000)]
    started = time.monotonic()
    equal(apply(*many)["changed"], True)
    print("# %d rows: %.2f s" % (len(many), time.monotonic() - started))
    has(rcpt("known@d99999.example"), "450")
    started = time.monotonic()
    equal(apply(*many)["changed"], False)
    print("# again: %.2f s" % (time.monotonic() - started))
    shadow = {"d00060.example", "d00110.example"}
    postconf("transport_maps = inline:{d00060.example=smtp:x d00110.example=smtp:x}, lmdb:%s/transport" % TABLES)
    seen = set()
    for rotation in range(0, 4):
        seen |= {s["domain"] for s in apply(*many, rotation=rotation)["shadowed"]}
    equal(seen, shadow)


def the_helper_ends_when_its_parent_is_gone():
    equal(helper.close(), 0)


ROWS = [ROW, {"domain": "ana.test", "nexthop": ["[10.66.0.22]:25"]}, {"domain": "neu.test", "nexthop": ["[10.66.0.21]:25"]}]
start()
home = Home(HOME, {"known"})
helper = lab.Helper(HELPER)
status = lab.run([
    helper_answers_what_it_does_not_understand,
    check_says_which_lines_are_missing,
    setup_prints_no_lines_before_the_tables_exist,
    empty_tables_are_made_and_read_back_as_empty,
    setup_piped_to_a_shell_leaves_nothing_missing,
    each_line_taken_away_is_missed_and_its_cure_mends_it,
    master_cf_lines_are_missed_and_mended_too,
    overrides_of_the_public_service_are_judged_as_well,
    dangers_refuse_and_say_how_to_mend,
    mynetworks_unset_is_a_danger_at_every_level,
    a_request_that_cannot_be_judged_is_refused,
    postfix_starts_with_empty_tables,
    an_unclaimed_domain_is_refused_for_now,
    tables_are_golden,
    the_change_is_seen_without_reload_and_recipients_are_verified_at_the_home,
    a_subdomain_is_not_relayed,
    another_domain_goes_in_while_postfix_runs,
    the_probe_from_the_vpn_address_tells_what_postfix_would_do,
    a_session_with_too_many_refusals_leaves_the_rest_unknown,
    what_no_row_names_stays_and_is_reported,
    a_domain_goes_out_while_mail_for_it_is_queued_and_nothing_bounces,
    back_in_from_any_state,
    mail_with_retry_waits_and_goes_on_when_it_is_taken_back,
    a_name_that_becomes_local_is_delivered_here,
    a_power_cut_between_any_two_steps_leaves_every_relayed_name_a_way_home,
    hostile_rows_are_refused_and_nothing_changes,
    a_broken_line_is_named_and_nothing_changes,
    a_table_that_is_missing_old_or_half_built_is_built_again,
    an_admins_map_before_or_behind_ours_is_noticed,
    the_dangers_are_real,
    names_that_this_mta_holds_are_told,
    a_user_without_root_does_all_this,
    a_hundred_thousand_rows_are_taken_and_looked_through_in_turns,
    the_helper_ends_when_its_parent_is_gone,
])
sh("postfix", "stop", check=False)
sys.exit(status)
