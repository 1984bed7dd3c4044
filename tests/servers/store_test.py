#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two agents on one machine; one is killed, its store lost or damaged: python3 store_test.py MESHD MESHCTL"""
import json
import os
import signal
import subprocess
import sys

import lab
from lab import equal, has, sh

lab.enter(["ip", "unshare"])

MESHD, MESHCTL = sys.argv[1:3]
DIR = lab.directory()
CONF = """name = "{name}"
vpn_address = {{"{address}"}}
public_address = {{"{public}"}}
mesh_prefix = {{"10.66.0.0/16"}}
mesh_port = 10655
smtp_port = 25
carry = none
observe = no
allow_test_names = yes
pool_zone = {{"pool.test"}}
"""
SECONDS_UP = 20


class Node:
    def __init__(self, name, number):
        self.name, self.address, self.public = name, "10.66.0.%d" % number, "192.0.2.%d" % number
        self.prefix = os.path.join(DIR, name)
        self.var = os.path.join(self.prefix, "var/lib/meshd/demo")
        self.store = os.path.join(self.var, "store")
        self.process = None
        os.mkdir(self.prefix)
        self.ctl("init", name, self.address)
        self.configure()

    def configure(self):
        with open(os.path.join(self.prefix, "etc/meshd/demo/meshd.conf"), "w") as file:
            file.write(CONF.format(name=self.name, address=self.address, public=self.public))

    def ctl(self, *words, check=True):
        return sh(MESHCTL, "--prefix", self.prefix, "--net", "demo", *words, check=check).stdout

    def ask(self, *words):
        reply = json.loads(self.ctl("--json", *words, check=False))
        return reply.get("data") if reply["ok"] else None

    def start(self):
        with open(os.path.join(self.prefix, "log"), "a") as log:
            self.process = subprocess.Popen([MESHD, "--prefix", self.prefix, "--net", "demo"], stderr=log)
        lab.wait_for(lambda: self.process.poll() is not None or self.ask("status"), SECONDS_UP, self.name + " runs")
        assert self.process.poll() is None, self.log()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(20)
        equal(status, 0 if number == signal.SIGTERM else -number)

    def log(self):
        with open(os.path.join(self.prefix, "log")) as file:
            return file.read()

    def knows(self, other):
        """How many statements of theirs are held: those whose head is in the log as held."""
        data = self.ask("log", other.name)
        return data is not None and any(head["held"] for head in data["heads"])

    def data(self):
        return os.path.join(self.store, "data.mdb")


ana = luz = None


def wait_until_fetched():
    lab.wait_for(lambda: luz.knows(ana) and ana.knows(luz), SECONDS_UP, "they know each other")
    lab.wait_for(lambda: luz.ask("status")["store"]["objects"] >= 2, what="luz's store is written")


def restart_alone(break_store, number=signal.SIGTERM):
    """luz comes up while ana is away; what its store gave is in the status that is returned."""
    luz.end(number)
    ana.end()
    break_store()
    luz.start()
    return luz.ask("status")


def fetch_again():
    ana.start()
    wait_until_fetched()


def change(path, work):
    with open(path, "r+b") as file:
        work(file)


def two_members_fetch_each_others_statements():
    global ana, luz
    lab.addresses("10.66.0.1/32", "10.66.0.2/32")
    ana, luz = Node("ana", 1), Node("luz", 2)
    for node in (ana, luz):
        node.start()
    equal(luz.ask("status")["store"]["found"], "none")
    assert not any("store" in note for note in luz.ask("status")["notes"])
    luz.ctl("pin", ana.ctl("key").strip())
    ana.ctl("pin", luz.ctl("key").strip())
    wait_until_fetched()
    store = luz.ask("status")["store"]
    equal((store["state"], store["error"]), ("ok", ""))


def a_member_that_is_away_is_known_after_a_restart():
    status = restart_alone(lambda: None)
    equal((status["store"]["found"], status["store"]["objects"]), ("whole", 2))
    assert luz.knows(ana)
    assert status["members"][0]["state"] in ("down", "unknown"), status["members"]
    assert not any("store" in w["text"] for w in status["warnings"])
    equal(sorted(os.listdir(luz.store)), ["data.mdb"])
    fetch_again()


def what_was_written_is_there_after_a_kill():
    status = restart_alone(lambda: None, signal.SIGKILL)
    equal((status["store"]["found"], status["store"]["objects"]), ("whole", 2))
    assert luz.knows(ana)
    fetch_again()


def a_lost_store_is_a_note_and_fetched_again():
    status = restart_alone(lambda: sh("rm", "-r", luz.store))
    equal((status["store"]["found"], status["store"]["objects"]), ("none", 0))
    assert not luz.knows(ana)
    has(" ".join(status["notes"]), "there was no store at the start")
    assert not any("store" in w["text"] for w in status["warnings"])
    fetch_again()
    equal(luz.ask("status")["store"]["objects"], 2)


DAMAGES = [
    ("cut in half", lambda file: file.truncate(os.path.getsize(luz.data()) // 2)),
    ("cut off", lambda file: file.truncate(100)),
    ("emptied", lambda file: file.truncate(0)),
    ("its roots overwritten", lambda file: file.write(os.urandom(8192))),
    ("noise behind its roots", lambda file: (file.seek(8192), file.write(os.urandom(8 * 4096)))),
    ("text", lambda file: file.write(b"hello " * 4096)),
]


def a_damaged_store_is_told_set_aside_and_fetched_again():
    for name, work in DAMAGES:
        status = restart_alone(lambda w=work: change(luz.data(), w))
        store = status["store"]
        equal((name, store["state"], store["found"]), (name, "ok", "damaged"))
        assert store["detail"], store
        warnings = [w for w in status["warnings"] if "the store was damaged" in w["text"]]
        equal(len(warnings), 1)
        has(warnings[0]["tip"], luz.store + ".damaged")
        assert os.path.exists(luz.store + ".damaged/data.mdb")
        fetch_again()
    equal(sorted(n for n in os.listdir(luz.var) if "store" in n), ["store", "store.damaged"])
    status = restart_alone(lambda: None)
    equal((status["store"]["found"], status["store"]["objects"]), ("whole", 2))
    fetch_again()
    has(luz.log(), "the store is damaged: ")


def log_tells_what_members_changed():
    ana.public = "192.0.2.77"
    ana.configure()
    ana.ctl("reload")
    heads = lab.wait_for(lambda: [h for h in luz.ask("log", "ana")["heads"] if h["held"] and {
        "what": "public_addresses", "text": "+192.0.2.77 -192.0.2.1"} in h["changes"]], what="the change is told")
    equal((heads[0]["member"], heads[0]["name"], heads[0]["claims"]), ("ana", "ana", 0))
    everybody = luz.ask("log")["heads"]
    assert [h["first_seen_s"] for h in everybody] == sorted((h["first_seen_s"] for h in everybody), reverse=True)
    text = luz.ctl("log", "ana")
    has(text.splitlines()[0], "public addresses: +192.0.2.77 -192.0.2.1")
    has(luz.ctl("log", "nobody", check=False), "nobody")
    assert luz.ask("log", "luz") is None
    before = [(h["seq"], h["first_seen_s"]) for h in everybody]
    luz.end()
    luz.start()
    equal([(h["seq"], h["first_seen_s"]) for h in luz.ask("log")["heads"]], before)


def an_unwritable_place_is_told_and_nothing_else_waits():
    luz.end()
    sh("mount", "--bind", luz.store, luz.store)  # it can be read but not be renamed
    luz.start()
    status = luz.ask("status")
    equal(status["store"]["state"], "failed")
    assert any("aren't stored" in w["text"] for w in status["warnings"]), status["warnings"]
    assert luz.knows(ana)
    lab.wait_for(lambda: luz.ask("status")["members"][0]["state"] == "up", what="a session all the same")
    luz.end()
    sh("umount", luz.store)
    luz.start()
    equal(luz.ask("status")["store"]["state"], "ok")
    assert luz.knows(ana)


def the_store_is_not_open_in_other_processes():
    sh("test", "-d", "/proc/%d" % luz.process.pid)
    children = sh("pgrep", "-P", str(luz.process.pid), check=False).stdout.split()
    for child in children:
        files = [os.readlink("/proc/%s/fd/%s" % (child, fd)) for fd in os.listdir("/proc/%s/fd" % child)]
        assert not any("store" in file for file in files), files
    for node in (ana, luz):
        node.end()


sys.exit(lab.run([
    two_members_fetch_each_others_statements,
    a_member_that_is_away_is_known_after_a_restart,
    what_was_written_is_there_after_a_kill,
    a_lost_store_is_a_note_and_fetched_again,
    a_damaged_store_is_told_set_aside_and_fetched_again,
    log_tells_what_members_changed,
    an_unwritable_place_is_told_and_nothing_else_waits,
    the_store_is_not_open_in_other_processes,
]))
