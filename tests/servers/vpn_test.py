#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""meshd as user meshd beside real tinc and Postfix, its VPN address coming and going: python3 vpn_test.py MESHD MESHCTL

luz runs in this script's network, as a service would: unprivileged, the file system read-only but for its own
directories. ana runs in another network, as root."""
import grp
import json
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time

import lab
from lab import equal, has, sh

lab.enter(["ip", "ping", "unshare", "tincd", "postfix", "postmap", "setpriv"])

MESHD, MESHCTL = sys.argv[1:3]
DIR = lab.directory()
NET = "demo"
LUZ, ANA = "10.66.0.2", "10.66.0.1"
UID, POSTDROP = 964, grp.getgrnam("postdrop").gr_gid
FRIEND, STRANGER = 965, 966  # in group meshd, and in none
TABLES = os.path.join(DIR, "luz/var/lib/meshd", NET, "postfix")
CONF = """name = "{name}"
vpn_address = {{"{vpn}"}}
public_address = {{"{public}"}}
mesh_prefix = {{"10.66.0.0/16"}}
carry = pins
observe = no
allow_test_names = yes
"""
POSTFIX = 'postfix { config_dir = "%s" }\n'
CONFIG_DIRS = {"luz": "/etc/postfix", "ana": os.path.join(DIR, "ana/postfix")}
# What ProtectSystem=strict, NoNewPrivileges=, CapabilityBoundingSet= and MemoryDenyWriteExecute= do.
SERVICE = """
import ctypes, os, sys
prctl = ctypes.CDLL(None).prctl
prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, from Linux 6.3 on
os.execvp("setpriv", ["setpriv", "--reuid=meshd", "--regid=meshd", "--init-groups", "--no-new-privs",
                      "--inh-caps=-all", "--bounding-set=-all", *sys.argv[1:]])
"""
READ_ONLY = 'for d in "$1" "$2" "$3"; do mount --bind "$d" "$d"; done; mount -o remount,bind,ro /; shift 3; exec "$@"'
SECONDS_UP = 30


def owner(path):
    found = os.lstat(path)
    return found.st_uid, found.st_gid


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self):
        self.path = os.path.join(DIR, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.socket.settimeout(15)

    def next_with(self, part):
        while True:
            text = self.socket.recv(4096).decode()
            if part in text:
                return text


class Node:
    def __init__(self, name, number, inside=()):
        self.name, self.vpn, self.public = name, "10.66.0.%d" % number, "192.0.2.%d" % number
        self.prefix, self.inside = os.path.join(DIR, name), list(inside)
        self.tinc = os.path.join(self.prefix, "etc/tinc", NET)
        self.process = self.tincd = None
        os.makedirs(os.path.join(self.tinc, "hosts"))

    def sh(self, *argv, **options):
        return sh(*self.inside, *argv, **options)

    def init(self):
        self.ctl("init", self.name, self.vpn, "--mesh-prefix", "10.66.0.0/16")
        with open(os.path.join(self.prefix, "etc/meshd", NET, "meshd.conf"), "w") as file:
            file.write(CONF.format(name=self.name, vpn=self.vpn, public=self.public))
            file.write(POSTFIX % CONFIG_DIRS[self.name])

    def ctl(self, *words, check=True, **options):
        return sh(MESHCTL, "--prefix", self.prefix, "--net", NET, *words, check=check, **options).stdout

    def ask(self, *words):
        reply = json.loads(self.ctl("--json", *words, check=False))
        return reply.get("data") if reply["ok"] else None

    def start(self, *service, **options):
        with open(os.path.join(self.prefix, "log"), "a") as log:
            self.process = subprocess.Popen(
                [*self.inside, *service, MESHD, "--prefix", self.prefix, "--net", NET], stderr=log, **options)
        lab.wait_for(lambda: self.process.poll() is not None or self.ask("status"), SECONDS_UP, self.name + " runs")
        assert self.process.poll() is None, self.log()

    def log(self):
        with open(os.path.join(self.prefix, "log")) as file:
            return file.read()

    def warnings(self):
        return [warning["text"] for warning in self.ask("status")["warnings"]]

    def is_waiting(self):
        return any("waiting for " + self.vpn in text for text in self.warnings())

    def is_up_with(self, other):
        return any(m["name"] == other.name and m["state"] == "up" for m in self.ask("status")["members"])

    def configure_tinc(self, other):
        connect = "ConnectTo = %s\n" % other.name if self.name > other.name else ""
        self.write("tinc.conf", "Name = %s\nInterface = vpn\nPingInterval = 5\nPingTimeout = 2\nMaxTimeout = 5\n%s" % (
            self.name, connect))
        self.write("hosts/" + self.name, "Address = %s\nSubnet = %s/32\nTCPOnly = yes\n" % (self.public, self.vpn))
        self.write("tinc-up", '#!/bin/sh\nip link set vpn up\nip addr add %s/16 dev vpn\n' % self.vpn, 0o755)
        sh("tincd", "-c", self.tinc, "-K2048", stdin=subprocess.DEVNULL)

    def write(self, name, text, mode=0o644):
        path = os.path.join(self.tinc, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)

    def start_tinc(self):
        with open(os.path.join(self.prefix, "tincd.log"), "a") as log:
            self.tincd = subprocess.Popen(
                [*self.inside, "tincd", "-n", NET, "-c", self.tinc, "-D", "-d2",
                 "--pidfile=" + os.path.join(self.prefix, "tincd.pid")], stderr=log, stdout=log)

    def stop_tinc(self):
        self.tincd.terminate()
        self.tincd.wait(10)


manager = Manager()
luz = ana = None
sessions = {}


def somebody(uid, gid, *argv):
    return sh("setpriv", "--reuid=%d" % uid, "--regid=%d" % gid, "--clear-groups", *argv, check=False)


def users():
    """What sysusers.d makes, and two more people, in copies that only this namespace sees."""
    with open("/etc/passwd") as passwd, open("/etc/group") as group:
        people = [line for line in passwd if not line.startswith("meshd:")]
        groups = [line for line in group if not line.startswith("meshd:")]
    people.append("meshd:x:%d:%d::/var/lib/meshd:/usr/sbin/nologin\n" % (UID, UID))
    groups = [line.rstrip("\n") + ("meshd" if line.rstrip("\n").endswith(":") else ",meshd") + "\n"
              if line.startswith("postdrop:") else line for line in groups]
    groups.append("meshd:x:%d:\n" % UID)
    for name, lines in (("passwd", people), ("group", groups)):
        path = os.path.join(DIR, name)
        with open(path, "w") as file:
            file.writelines(lines)
        sh("mount", "--bind", path, "/etc/" + name)
    equal(pwd.getpwnam("meshd").pw_uid, UID)


def networks():
    sh("mount", "-t", "tmpfs", "run", "/run")
    sh("ip", "netns", "add", "ana")
    sh("ip", "link", "add", "wan", "type", "veth", "peer", "name", "wan", "netns", "ana")
    for inside, address in (([], "192.0.2.2"), (["ip", "netns", "exec", "ana"], "192.0.2.1")):
        sh(*inside, "ip", "link", "set", "lo", "up")
        sh(*inside, "ip", "addr", "add", address + "/24", "dev", "wan")
        sh(*inside, "ip", "link", "set", "wan", "up")


def start_postfix():
    if os.path.exists("/dev/log"):
        sh("mount", "--bind", "/dev/null", "/dev/log")
    for path in ("/etc/postfix", "/var/lib/postfix", "/var/spool/postfix"):
        lab.free_of_mounts(path, copy_from=path)
    sh("postconf", "-e", "myhostname = luz.test", "mydestination = luz.test, localhost", "inet_interfaces = all",
       "alias_maps =", "alias_database =", "smtpd_peername_lookup = no", "mynetworks = 127.0.0.0/8")
    age()
    # ana's isn't started: it only says which domains are at home there
    sh("cp", "-a", "/etc/postfix", CONFIG_DIRS["ana"])
    sh("postconf", "-c", CONFIG_DIRS["ana"], "-e", "myhostname = ana.test", "mydestination = ana.test")


def age():
    """Every Postfix program waits until main.cf is two seconds old."""
    old = time.time() - 60
    for name in ("main.cf", "master.cf"):
        os.utime(os.path.join("/etc/postfix", name), (old, old))


def start_luz():
    """As systemd would."""
    own = [os.path.join(luz.prefix, part, "meshd") for part in ("etc", "var/lib", "run")]
    luz.start("unshare", "-m", "--propagation", "private", "sh", "-ec", READ_ONLY, "sh", *own, sys.executable, "-c",
              SERVICE, env=dict(os.environ, NOTIFY_SOCKET=manager.path))


def init_as_root_gives_everything_to_user_meshd():
    luz.init()
    ana.init()
    for part in ("etc/meshd", "var/lib/meshd", "run/meshd"):
        for directory, _, files in os.walk(os.path.join(luz.prefix, part, NET)):
            for path in [directory] + [os.path.join(directory, name) for name in files]:
                equal((path, owner(path)), (path, (UID, UID)))
    keys = os.path.join(luz.prefix, "var/lib/meshd", NET, "keys")
    equal(stat.S_IMODE(os.stat(keys).st_mode), 0o700)
    equal(stat.S_IMODE(os.stat(os.path.join(keys, "root.key")).st_mode), 0o600)


def it_is_ready_without_a_vpn_and_waits_for_the_address():
    start_luz()
    manager.next_with("READY=1")
    has(manager.next_with("STATUS="), "waiting for " + LUZ)
    assert luz.is_waiting(), luz.warnings()
    has(luz.ctl("status"), "waiting for %s: no interface of this machine has it" % LUZ)
    real = subprocess.run(["ps", "-o", "user=", "-C", "meshd"], stdout=subprocess.PIPE, text=True, check=True).stdout
    equal(set(real.split()), {"meshd"})


def setup_tinc_piped_to_a_shell_installs_the_hooks():
    for node, other in ((luz, ana), (ana, luz)):
        node.configure_tinc(other)
    sh("cp", os.path.join(luz.tinc, "hosts/luz"), os.path.join(ana.tinc, "hosts"))
    sh("cp", os.path.join(ana.tinc, "hosts/ana"), os.path.join(luz.tinc, "hosts"))
    for node in (luz, ana):
        script = sh(MESHCTL, "--prefix", node.prefix, "--net", NET, "setup", "tinc", check=False)
        equal(script.returncode, 1)
        script = subprocess.run([MESHCTL, "--prefix", node.prefix, "--net", NET, "setup", "tinc"], check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        sh("sh", "-e", input=script)
        has(node.ctl("setup", "tinc"), "nothing is missing")


def it_listens_as_soon_as_tinc_is_up():
    luz.start_tinc()
    lab.wait_for(lambda: "inet %s/" % LUZ in sh("ip", "addr", "show").stdout, what="tinc sets the address")
    started = time.monotonic()
    lab.wait_for(lambda: not luz.is_waiting(), 5, "it listens")
    took = time.monotonic() - started
    print("# listening %.2f s after the address" % took)
    assert took < 1 or os.environ.get("MESH_TEST_SLOW"), took
    has(manager.next_with("STATUS="), "MAIL FLOWS")


def two_members_meet_over_tinc():
    ana.start()
    ana.start_tinc()
    luz.ctl("pin", ana.ctl("key").strip())
    ana.ctl("pin", luz.ctl("key").strip())
    lab.wait_for(lambda: luz.is_up_with(ana) and ana.is_up_with(luz), 60, "a session")


def tables_are_written_and_asked_for_as_that_user():
    lab.wait_for(lambda: os.path.exists(TABLES + "/transport.lmdb"), what="tables")
    lines = subprocess.run([MESHCTL, "--prefix", luz.prefix, "--net", NET, "setup", "postfix"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    sh("sh", "-e", "-c", lines.replace("postfix -c /etc/postfix reload", "true"))
    age()
    sh("postfix", "start")
    ana.ctl("claim", "ana.test")
    luz.ctl("accept", "ana.test", "from", "ana")
    lab.wait_for(lambda: sh("postmap", "-q", "ana.test", "lmdb:%s/relay_domains" % TABLES, check=False).stdout.strip(),
                 40, "ana.test is in the tables")
    equal(sh("postmap", "-q", "ana.test", "lmdb:%s/transport" % TABLES).stdout.strip(), "mesh:[%s]:25" % ANA)
    for name in os.listdir(TABLES):
        equal((name, owner(os.path.join(TABLES, name))), (name, (UID, UID)))
    equal(luz.ask("status")["tables"]["state"], "ok")


def postqueue_works_without_new_privileges():
    as_meshd = ["setpriv", "--reuid=meshd", "--regid=meshd", "--init-groups", "--no-new-privs", "--bounding-set=-all"]
    equal(sh(*as_meshd, "postqueue", "-j").stdout, "")
    sh(*as_meshd, "postqueue", "-s", "ana.test")
    # without the group it doesn't: that is what SupplementaryGroups=postdrop is for
    assert sh("setpriv", "--reuid=meshd", "--regid=meshd", "--clear-groups", "--no-new-privs", "postqueue", "-j",
              check=False).returncode != 0


def the_groups_members_may_steer_and_others_not():
    ask = [MESHCTL, "--prefix", luz.prefix, "--net", NET, "status"]
    equal(somebody(FRIEND, UID, *ask).returncode, 0)
    refused = somebody(STRANGER, STRANGER, *ask)
    assert refused.returncode != 0, refused.stdout


def events_of_strangers_are_not_heard():
    def refused():
        return luz.ask("status")["counters"]["events_refused"]

    before = refused()
    luz.ctl("tinc-event", "host-up")
    equal(refused(), before)
    for words in (["host-up"], ["tinc-up"]):
        equal(somebody(STRANGER, STRANGER, MESHCTL, "--prefix", luz.prefix, "--net", NET, "tinc-event",
                       *words).returncode, 0)
    equal(refused(), before + 2)


def a_session_outlives_a_tinc_restart_or_comes_back_at_once():
    luz.stop_tinc()
    lab.wait_for(luz.is_waiting, 5, "luz waits for its address")
    luz.start_tinc()
    lab.wait_for(lambda: not luz.is_waiting(), 5, "luz listens")
    lab.wait_for(lambda: luz.is_up_with(ana) and ana.is_up_with(luz), 30, "a session again")


def without_its_address_nothing_is_dialled_and_with_it_at_once():
    sh("ip", "addr", "del", LUZ + "/16", "dev", "vpn")
    lab.wait_for(luz.is_waiting, 5, "luz waits")
    has(manager.next_with("waiting for"), LUZ)
    lab.wait_for(lambda: not luz.is_up_with(ana) and not ana.is_up_with(luz), 30, "the session is over")
    # there is a way around the VPN now, which isn't taken
    sh("ip", "route", "add", ANA, "via", "192.0.2.1")
    equal(sh("ping", "-c1", "-W1", ANA, check=False).returncode, 0)
    time.sleep(5)
    assert not luz.is_up_with(ana)
    has(luz.ctl("status"), "can't connect from our VPN address")
    sh("ip", "route", "del", ANA)
    sh("ip", "addr", "add", LUZ + "/16", "dev", "vpn")
    started = time.monotonic()
    lab.wait_for(lambda: luz.is_up_with(ana) and ana.is_up_with(luz), 10, "a session again")
    took = time.monotonic() - started
    print("# a session %.2f s after the address" % took)
    assert took < 4 or os.environ.get("MESH_TEST_SLOW"), took


def a_subnet_that_comes_back_is_dialled_at_once():
    ana.stop_tinc()
    lab.wait_for(lambda: not luz.is_up_with(ana), 40, "the session is over")
    time.sleep(10)
    ana.start_tinc()
    lab.wait_for(lambda: sh("ping", "-c1", "-W1", ANA, check=False).returncode == 0, 60, "tinc has found the way")
    started = time.monotonic()
    lab.wait_for(lambda: luz.is_up_with(ana), 10, "a session")
    print("# a session %.2f s after the first ping" % (time.monotonic() - started))


def a_reload_is_told():
    luz.process.send_signal(signal.SIGHUP)
    has(manager.next_with("RELOADING=1"), "MONOTONIC_USEC=")
    manager.next_with("READY=1")


def the_hook_returns_at_once_though_meshd_stands_still():
    luz.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    for _ in range(200):
        luz.ctl("tinc-event", "host-up")
    took = time.monotonic() - started
    luz.process.send_signal(signal.SIGCONT)
    print("# a hook takes %.1f ms" % (took / 200 * 1000))
    assert took < 10 or os.environ.get("MESH_TEST_SLOW"), took


def an_end_is_told():
    luz.process.terminate()
    has(manager.next_with("STOPPING=1"), "tables and zones stay")
    equal(luz.process.wait(20), 0)


def from_tinc_up_it_leaves_tincs_session_and_outlives_it():
    luz.stop_tinc()
    with open(os.path.join(luz.tinc, "tinc-up"), "a") as file:
        file.write("setsid -f setpriv --reuid=meshd --regid=meshd --init-groups --no-new-privs "
                   "%s --prefix %s --net %s </dev/null >>%s/log 2>&1\n" % (MESHD, luz.prefix, NET, luz.prefix))
    luz.start_tinc()
    lab.wait_for(lambda: luz.ask("status"), SECONDS_UP, "meshd runs")
    luz.stop_tinc()
    assert luz.ask("status"), luz.log()
    sid = sh("ps", "-o", "pid=,sid=,ppid=", "-C", "meshd").stdout
    assert all(line.split()[1] != str(luz.tincd.pid) for line in sid.splitlines()), sid


users()
networks()
os.chmod(DIR, 0o755)
luz, ana = Node("luz", 2), Node("ana", 1, ["ip", "netns", "exec", "ana"])
start_postfix()
status = lab.run([
    init_as_root_gives_everything_to_user_meshd,
    it_is_ready_without_a_vpn_and_waits_for_the_address,
    setup_tinc_piped_to_a_shell_installs_the_hooks,
    it_listens_as_soon_as_tinc_is_up,
    two_members_meet_over_tinc,
    tables_are_written_and_asked_for_as_that_user,
    postqueue_works_without_new_privileges,
    the_groups_members_may_steer_and_others_not,
    events_of_strangers_are_not_heard,
    a_session_outlives_a_tinc_restart_or_comes_back_at_once,
    without_its_address_nothing_is_dialled_and_with_it_at_once,
    a_subnet_that_comes_back_is_dialled_at_once,
    a_reload_is_told,
    the_hook_returns_at_once_though_meshd_stands_still,
    an_end_is_told,
    from_tinc_up_it_leaves_tincs_session_and_outlives_it,
])
sh("postfix", "stop", check=False)
sys.exit(status)
