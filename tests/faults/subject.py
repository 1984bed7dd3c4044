# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent that is killed (rosa: home, relay and publisher at once), its friend luz, a witness of all that is
signed, what rosa's operator does meanwhile, and what must hold whenever rosa is dead or back."""

import os
import random
import re
import signal
import subprocess
import time

from tests.faults import tables, world
from tests.faults.world import Node, NotRunning, Refused, Witness
from tests.lab.wait import Failed, NotYet, expect, wait_until

OWN = [f"r{number:03}.test" for number in range(300)]
CARRIED = [f"l{number:03}.test" for number in range(400)]
GHOSTS = [f"g{number}.test" for number in range(8)]  # nobody claims them
LUZ_AT_FIRST = 200
STRANGERS = 5  # key lines that are pinned and unpinned
CLOCK_S = 100  # each life's wall clock is off by up to this much
FAKE_TIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SECONDS_TO_SETTLE = 60

_TIMING = """test_timing = yes
timing {
	carriage_interval_ms = 50
	apply_retry_ms = 100
	verify_retry_ms = 100
	banner_ms = 500
	dial_first_ms = 20
	dial_last_ms = 200
}
"""

_machine = {}  # servers of the namespace, once; "zone": the file of the world in use


def _servers(directory):
    if not _machine:
        world.loopback()
        world.empty_queue(directory)
        world.mail_server()
        world.name_server("10.66.0.1", lambda: _machine["zone"])
    return _machine


def _lines(path):
    """Of an operator's file, without comments."""
    with open(path, encoding="ascii") as file:
        text = file.read()
    expect(text.endswith("\n"), f"{path} is cut: {text[-80:]!r}")
    lines = [line.split("#")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line]


def _has_ended(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


class Subject:
    def __init__(self, directory, build, seed, true_clock):
        self.directory, self.dice = directory, random.Random(seed)
        self._true_clock = true_clock or not os.path.exists(FAKE_TIME)
        os.makedirs(directory)
        self._make(build)
        self.facts = {}   # what the operator was told is so: {what: value}
        self._doubt = {}  # what was asked for when it died
        self._tables = {name: set() for name in tables.TABLES}
        self._zone, self._serial = set(), 0
        self._accepted = 0
        self._did = "nothing yet"
        self._settle_in(build)

    # --- the world --------------------------------------------------------------------------------------

    def _make(self, build):
        self._config = world.mail_configuration(os.path.join(self.directory, "rosa.mail"), OWN)
        luz_config = world.mail_configuration(os.path.join(self.directory, "luz.mail"), CARRIED)
        self.zone_path, zone = world.zone_files(self.directory, "10.66.0.1")
        _servers(os.path.dirname(self.directory))["zone"] = self.zone_path
        pool = f'pool_zone = {{"{world.ZONE}"}}\n'
        self.rosa = Node(self.directory, build, "rosa", "10.66.0.1", 'public_address = {"192.0.2.1"}\ncarry = pins\n' +
                         pool + f'postfix {{\n\tconfig_dir = "{self._config}"\n}}\n' + zone + _TIMING)
        self._luz_text = f'carry = none\n{pool}postfix {{\n\tconfig_dir = "{luz_config}"\n}}\n{_TIMING}'
        self.luz = Node(self.directory, build, "luz", "10.66.0.3", self._luz_text)
        with open(self.luz.etc("claims"), "w", encoding="ascii") as file:
            file.write("".join(f"{name}\n" for name in CARRIED[:LUZ_AT_FIRST]))
        self._luz_claims, self._luz_changes = LUZ_AT_FIRST, 0
        self.witness = Witness(build, self.directory)
        self.rosa.pin(self.luz.line)
        self.luz.pin(self.rosa.line)
        for node in (self.rosa, self.luz):
            node.pin(self.witness.line)
        self._strangers = [Node(self.directory, build, f"s{number}", f"10.66.1.{number + 1}").line
                           for number in range(STRANGERS)]

    def _settle_in(self, build):
        """Everybody knows everybody, and Postfix is set up for relaying."""
        self.witness.start([self.rosa.line, self.luz.line])
        self.luz.start()
        self.rosa.start()
        made = self.rosa.var("postfix/relay_domains.lmdb")
        wait_until("the tables are made", 20, lambda: os.path.exists(made))
        setup = [os.path.join(build, "cli/meshctl"), "--prefix", self.rosa.prefix, "--net", world.NET, "setup",
                 "postfix"]
        commands = subprocess.run(setup, capture_output=True, text=True, check=False).stdout
        subprocess.run(["sh", "-c", commands], capture_output=True, check=False)
        done = subprocess.run(setup, capture_output=True, text=True, check=False)
        expect("nothing is missing" in done.stdout, f"Postfix isn't set up: {done.stdout}{done.stderr}")
        wait_until("luz's claims are here", 20, lambda: self.rosa.ask("held") and any(
            row["key"] == self.luz.key and row["claims"] for row in self.rosa.ask("held")["authors"]))
        self.rosa.end()

    def start(self, environment):
        """Returns how long it took to answer. Its wall clock is another one each time: only what it has on disk
        keeps it from using an order again."""
        if not self._true_clock:
            environment = {**environment, "LD_PRELOAD": FAKE_TIME, "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                           "FAKETIME": f"{self.dice.randint(-CLOCK_S, CLOCK_S):+d}s"}
        return self.rosa.start(environment)

    def is_running(self):
        return self.rosa.is_running()

    def _helpers(self):
        found = subprocess.run(["pgrep", "-P", str(self.rosa.process.pid), "-f", "--", "--helper"],
                               capture_output=True, text=True, check=False).stdout.split()
        return [int(pid) for pid in found]

    def kill(self, whole):
        """Its helpers end with it, so that none writes beside those of its next life."""
        helpers = self._helpers()
        self.rosa.kill(whole)
        wait_until("its helpers ended with it", 5, lambda: all(_has_ended(pid) for pid in helpers))

    def kill_helper(self):
        """False: it has none."""
        helpers = self._helpers()
        for pid in helpers[:1]:
            os.kill(pid, signal.SIGKILL)
        return bool(helpers)

    def end(self):
        for node in (self.rosa, self.luz):
            node.end()
        self.witness.end()

    def abandon(self):
        for node in (self.rosa, self.luz):
            if node.is_running():
                node.kill(True)
        self.witness.end()

    # --- what its operator does --------------------------------------------------------------------------

    def _claim(self):
        number = sum(1 for what in self.facts if what[0] == "claim")
        return ("claim", {"domain": OWN[number]}, ("claim", OWN[number]), True) if number < len(OWN) else None

    def _accept(self):
        if self._accepted >= LUZ_AT_FIRST:
            return None
        name = CARRIED[self._accepted]
        return "accept", {"domain": name, "from": "luz"}, ("accept", name), True

    def _toggle(self, what, on, off, **arguments):
        """What is so ends, what isn't begins."""
        is_so = self.facts.get(what, False)
        return off if is_so else on, arguments, what, not is_so

    def _accept_ghost(self):
        name = self.dice.choice(GHOSTS)
        return self._toggle(("accept", name), "accept", "decline", domain=name, **{"from": "luz"})

    def _pin(self):
        line = self.dice.choice(self._strangers)
        name = line.split()[1]
        is_so = self.facts.get(("pin", name), False)
        return ("unpin", {"member": name}, ("pin", name), False) if is_so else (
            "pin", {"line": line}, ("pin", name), True)

    def _relay(self):
        return self._toggle(("relay", "luz"), "relay add", "relay del", relay="luz")

    def _carry(self):
        way = "view" if self.facts.get(("carry", "way"), "pins") == "pins" else "pins"
        return "relay carry", {"carry": way}, ("carry", "way"), way

    def _force(self):
        name = self.dice.choice(GHOSTS)
        if self.facts.get(("force", name), False):
            return "force clear", {"domain": name, "relay": "luz"}, ("force", name), False
        return ("force", {"domain": name, "way": "out", "relay": "luz", "for": "2h", "reason": "a test"},
                ("force", name), True)

    def _reload(self):
        return "reload", {}, None, None

    def _operator_acts(self):
        acts = (self._claim, self._accept, self._accept_ghost, self._pin, self._relay, self._carry, self._force,
                self._reload)
        act = self.dice.choice(acts)()
        if act is None:
            return
        command, arguments, what, value = act
        self._did = f"{command} {arguments}"
        if what is not None:
            self._doubt = {what: value}
        if what is not None and what[0] == "accept" and what[1] in CARRIED:
            self._accepted += 1
        try:
            self.rosa.ask(command, **arguments)
        except Refused as error:
            raise Failed(f"{self._did}: refused: {error}") from error
        self.facts.update(self._doubt)
        self._doubt = {}

    def _luz_acts(self):
        """Another head of hers, every second time with a claim more."""
        self._luz_changes += 1
        if self._luz_changes % 2 and self._luz_claims < len(CARRIED):
            self.luz.ask("claim", domain=CARRIED[self._luz_claims])
            self._luz_claims += 1
        else:
            address = f"198.18.{self._luz_changes // 250}.{self._luz_changes % 250 + 1}"
            self.luz.configure(f'public_address = {{"{address}"}}\n' + self._luz_text)
            self.luz.ask("reload")

    def work_until_dead(self, until):
        """Changes things, here and at luz, until rosa is dead or the time is over."""
        try:
            while self.is_running() and time.monotonic() < until:
                if self.dice.random() < 0.2:
                    self._luz_acts()
                self._operator_acts()
                time.sleep(0.02 * self.dice.random())
        except NotRunning:
            self.rosa.process.wait(5)

    def _bury(self):
        """What outlived its agent and has ended since is this process's to wait for."""
        own = {process.pid for process in (self.rosa.process, self.luz.process) if process is not None}
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in own or self.witness.is_process(found.si_pid):
                return
            os.waitpid(found.si_pid, 0)

    # --- what holds when it is dead ----------------------------------------------------------------------

    def check_dead(self, how):
        self._bury()
        try:
            self.witness.read()
            self._check_orders()
            self._check_told()
            self._check_tables()
            self._check_zone()
        except Failed as error:
            raise Failed(f"killed at {how}, after {self._did}: {error}") from error

    def _check_orders(self):
        """What others have seen is in its file: it knows what it may not use again."""
        with open(self.rosa.var("seq"), encoding="ascii") as file:
            words = file.read().split()
        expect(words, "the file seq is empty")
        last = int(words[0])
        for kind in ("head", "carriage"):
            seen = self.witness.last.get((kind, self.rosa.key), (0, 0))
            expect(seen[1] <= last, f"a {kind} {seen} was sent, its file seq has {last}")

    def _told(self):
        """{what: value} as the operator's files have it."""
        told = {("claim", line.split()[0]): True for line in _lines(self.rosa.etc("claims"))}
        told.update({("accept", line.split()[0]): True for line in _lines(self.rosa.etc("accepts"))})
        told.update({("pin", name): True for name in os.listdir(self.rosa.etc("members")) if name[0] != "."})
        told.update({("relay", "luz"): not line.endswith(" no") for line in _lines(self.rosa.etc("relays"))
                     if self.luz.key in line})
        told.update({("force", line.split()[1] if line.split()[0] == "force" else line.split()[0]): True
                     for line in _lines(self.rosa.etc("forced"))})
        with open(self.rosa.etc("meshd.conf"), encoding="ascii") as file:
            told[("carry", "way")] = re.search(r"^carry = \"?(\w+)", file.read(), re.MULTILINE).group(1)
        return told

    def _check_told(self):
        """What was in doubt may be so or not, and is known from here on."""
        told = self._told()
        for what, value in self.facts.items():
            now = told.get(what, False)
            expect(now == value or (what in self._doubt and now == self._doubt[what]),
                   f"{' '.join(what)} is {now}, its operator was told {value}")
        for what, value in self._doubt.items():
            now = told.get(what, False)
            if what[0] == "accept" and what[1] in CARRIED and not now:
                self._accepted -= 1
            if what in self.facts or now:
                self.facts[what] = now
        self._doubt = {}

    def _check_version(self, name, rows, at_least):
        """Domains come in in the order in which they were accepted and none goes: a complete version is a beginning
        of that order, and no shorter one than the last."""
        values = {"transport": "mesh:[10.66.0.3]:25", "access": "reject_unverified_recipient", "relay_domains": "mesh"}
        table = name.split(".")[0]
        accepted = [line.split()[0] for line in _lines(self.rosa.etc("accepts"))]
        accepted = [domain for domain in accepted if domain in CARRIED]
        expect(set(rows) == set(accepted[:len(rows)]), f"{name} is no complete version: {sorted(rows)} of {accepted}")
        expect(all(value == values[table] for value in rows.values()), f"{name} has another value: {rows}")
        expect(len(rows) >= at_least, f"{name} has {len(rows)} rows, {at_least} before")

    def _check_tables(self):
        sources = {name: tables.source(self.rosa, name) for name in tables.TABLES}
        built = {f"{name}.lmdb": tables.built(self.rosa, name, self._config) for name in tables.TABLES}
        for name, rows in {**sources, **built}.items():
            self._check_version(name, rows, len(self._tables.get(name, ())))
        for kind, suffix in ((sources, ""), (built, ".lmdb")):
            relayed = set(kind["relay_domains" + suffix])
            for other in ("transport", "access"):
                missing = relayed - set(kind[other + suffix])
                expect(not missing, f"relayed without {other}{suffix}: {sorted(missing)}")
        with open(self.rosa.var("applied"), encoding="ascii") as file:
            applied = set(re.findall(r"[lrg]\d+\.test", file.read()))
        expect(set(sources["transport"]) <= applied, f"not in applied: {set(sources['transport']) - applied}")
        self._tables = {**sources, **built}

    def _check_zone(self):
        """Names only come in: a complete version has all that the last one had."""
        with open(self.zone_path, encoding="ascii") as file:
            text = file.read()
        done = subprocess.run(["nsd-checkzone", world.ZONE, self.zone_path], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"the zone is no zone: {done.stdout}{done.stderr}")
        if not text.startswith("; written by meshd"):
            expect(not self._zone, "the zone is the operator's base file again")
            return
        serial = world.serial_of(text)
        records = {line for line in text.splitlines()[1:] if "\tSOA\t" not in line}
        names = set(re.findall(r"[lr]\d+\.test", text))
        expect(text.endswith("\n") and serial >= self._serial, f"serial {serial} after {self._serial}")
        expect(self._zone <= records, f"the zone lacks {sorted(self._zone - records)}")
        expect(names <= set(OWN) | set(CARRIED), f"the zone has {names}")
        expect(any(line.startswith("ns1.") for line in records), "the zone lacks the base file's records")
        self._zone, self._serial = records, serial

    # --- what holds when it runs -------------------------------------------------------------------------

    def check_running(self):
        """It works with what its files say, and doesn't take itself for a clone."""
        try:
            told = self.rosa.ask("domains")
            recovery = self.rosa.ask("recover").get("recovery")
        except NotRunning:
            return
        except Refused:
            recovery = None
        expect(not recovery, f"it heard a newer head of its own: {recovery}")
        known = {row["domain"] for row in told["domains"] if row.get("own")}
        for what, value in self.facts.items():
            expect(what[0] != "claim" or (what[1] in known) == value, f"{what[1]}: the agent doesn't know its claim")

    def settle(self):
        """Left alone, everything that was accepted and claimed takes effect, everywhere."""
        if not self.is_running():
            self.rosa.start()
        accepted = {what[1] for what, value in self.facts.items() if value and what[0] == "accept"} & set(CARRIED)
        claimed = {what[1] for what, value in self.facts.items() if value and what[0] == "claim"}

        def is_settled():
            self.witness.read()
            carried = set(tables.built(self.rosa, "relay_domains", self._config))
            with open(self.zone_path, encoding="ascii") as file:
                named = set(re.findall(r"[lr]\d+\.test", file.read()))
            if carried != accepted:
                raise NotYet(f"{len(carried)} of {len(accepted)} rows")
            if named != accepted | claimed:
                raise NotYet(f"{len(named)} of {len(accepted | claimed)} names in the zone")
            return True

        wait_until("all that was accepted is carried, all of it is in the zone", SECONDS_TO_SETTLE, is_settled, pause=0.2)
        self.rosa.end()
        self.check_dead("SIGTERM")
