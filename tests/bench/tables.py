# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a relay's tables through the helper process and using them in a real Postfix, against plain postmap
of the same sources and against mail for a domain that Postfix holds without any table."""

import os
import random
import shutil
import socket
import subprocess
import time

from tests.bench import traffic
from tests.bench.helper import Helper
from tests.bench.result import Result
from tests.lab.postfix import STOCK, STOCK_IN_ETC
from tests.lab.wait import NotYet, expect, wait_until

DOMAINS = 100_000
QUESTIONS = 500
ADDRESS, OUTSIDE = "10.66.0.11", "10.67.0.9"
FILLED = ("transport", "access", "relay_domains")

_MAIN = """compatibility_level = 3.6
queue_directory = /var/spool/postfix
daemon_directory = /usr/lib/postfix/sbin
data_directory = /var/lib/postfix
myhostname = rosa.test
mydestination = rosa.test
local_recipient_maps =
inet_interfaces = {address}
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
alias_maps =
alias_database =
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
smtpd_recipient_limit = 5000
smtpd_relay_restrictions = reject_unauth_destination
relay_domains = lmdb:{tables}/relay_domains
transport_maps = lmdb:{tables}/transport
relay_recipient_maps =
maillog_file = /var/spool/postfix/log
"""


def _mount_stock(lab):
    """Stock files of the package, whatever the host's Postfix is set up for."""
    for path in ("/etc/postfix", "/var/lib/postfix", "/var/spool/postfix"):
        own = os.path.join(lab, path.strip("/").replace("/", "-"))
        os.makedirs(own)
        if path == "/etc/postfix":
            for name in STOCK_IN_ETC:
                subprocess.run(["cp", "-a", os.path.join(path, name), own], check=True)
            shutil.copy(os.path.join(STOCK, "makedefs.out"), own)
            shutil.copy(os.path.join(STOCK, "master.cf.dist"), os.path.join(own, "master.cf"))
        subprocess.run(["mount", "--bind", own, path], check=True)
    shutil.chown("/var/lib/postfix", "postfix", "postfix")


def _configure(tables):
    with open("/etc/postfix/main.cf", "w", encoding="ascii") as file:
        file.write(_MAIN.format(address=ADDRESS, tables=tables))
    old = time.time() - 60  # Postfix's programs wait until main.cf is two seconds old
    for name in ("main.cf", "master.cf"):
        os.utime(f"/etc/postfix/{name}", (old, old))
    subprocess.run(["/usr/lib/postfix/configure-instance.sh", "-"], check=True, capture_output=True)


def _postfix(what):
    done = subprocess.run(["postfix", what], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"postfix {what}: {done.stdout}{done.stderr}")


class Dialogue:
    """One SMTP connection from outside."""

    def __init__(self):
        self._socket = socket.create_connection((ADDRESS, 25), 30, (OUTSIDE, 0))
        self._stream = self._socket.makefile("rb")
        self._answer()
        self.say("EHLO outside.test")
        self.say("MAIL FROM:<>")

    def _answer(self):
        line = self._stream.readline()
        while line[3:4] == b"-":
            line = self._stream.readline()
        return line.decode("ascii", "replace").strip()

    def say(self, command):
        self._socket.sendall(command.encode() + b"\r\n")
        return self._answer()

    def end(self):
        self.say("QUIT")
        self._socket.close()


def _rcpt_ms(domains):
    """Milliseconds of RCPT for each, on one connection."""
    dialogue = Dialogue()
    times = []
    for number, domain in enumerate(domains):
        began = time.perf_counter()
        answer = dialogue.say(f"RCPT TO:<user{number}@{domain}>")
        times.append((time.perf_counter() - began) * 1000)
        if not answer.startswith("250"):
            raise NotYet(f"{domain}: {answer}")
    dialogue.end()
    return times


def _takes(domain):
    try:
        return bool(_rcpt_ms([domain]))
    except OSError as error:
        raise NotYet(str(error)) from error


def _timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _postmap(tables, directory):
    """Seconds of plain postmap of copies of the filled sources."""
    os.makedirs(directory)
    for name in FILLED:
        shutil.copy(os.path.join(tables, name), directory)
    return _timed(lambda: [subprocess.run(["postmap", f"lmdb:{directory}/{name}"], check=True) for name in FILLED])


def _row(index):
    return {"domain": f"d{index:06d}.bench.test", "nexthop": [f"[10.66.{index % 200}.21]:25"]}


def _once(lab, options, number):
    tables = os.path.join(lab, f"tables{number}")
    rows = [_row(index) for index in range(DOMAINS)]
    helper = Helper(options.build)
    numbers = {}

    def apply(some):
        return helper.ask("apply", config_dir="/etc/postfix", tables=tables, vpn_addresses=[ADDRESS], rows=some)

    _configure(tables)
    apply([])
    _postfix("start")
    try:
        wait_until("Postfix answers", 30, lambda: _takes("rosa.test"))
        numbers["all"] = _timed(lambda: apply(rows))
        numbers["postmap"] = _postmap(tables, tables + ".peer")
        numbers["same"] = _timed(lambda: apply(rows))
        rows.append(_row(DOMAINS))
        began = time.perf_counter()
        apply(rows)
        numbers["one"] = time.perf_counter() - began
        wait_until("the new domain is relayed", 30, lambda: _takes(rows[-1]["domain"]))
        numbers["seen"] = time.perf_counter() - began - numbers["one"]
        dice = random.Random(number)
        numbers["rcpt"] = sorted(_rcpt_ms(row["domain"] for row in dice.sample(rows, QUESTIONS)))[QUESTIONS // 2]
        numbers["local"] = sorted(_rcpt_ms(["rosa.test"] * QUESTIONS))[QUESTIONS // 2]
    finally:
        _postfix("stop")
        helper.end()
    return numbers


def run(lab, options):
    traffic.open_loopback()
    subprocess.run(["ip", "address", "add", f"{ADDRESS}/32", "dev", "lo"], check=True)
    _mount_stock(lab)
    runs = [_once(lab, options, number) for number in range(options.runs)]
    result = Result("tables", f"tables: {DOMAINS:,} domains through the helper process into Postfix")

    def add(what, unit, name, **more):
        result.add(what, unit, [numbers[name] for numbers in runs], **more)

    add("plain postmap of the same sources", "s", "postmap")
    add("all domains, sources to asking back", "s", "all")
    result.add("all domains", "ratio", [numbers["all"] / numbers["postmap"] for numbers in runs],
               against="plain postmap")
    add("the same again, nothing to do", "s", "same")
    add("one more domain", "s", "one")
    result.add("one more domain", "ratio", [numbers["one"] / numbers["postmap"] for numbers in runs],
               against="plain postmap")
    add("until Postfix relays it, then", "s", "seen")
    add("RCPT for a local domain", "ms", "local")
    add("RCPT for a relayed domain", "ms", "rcpt")
    result.add("RCPT", "ratio", [numbers["rcpt"] / numbers["local"] for numbers in runs],
               against="a local domain")
    return result
