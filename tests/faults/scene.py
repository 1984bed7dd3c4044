# SPDX-License-Identifier: GPL-3.0-or-later
"""One life of a relay and publisher, luz, beside a home, ana, from the same files each time: it starts, is told to
accept and to claim, reads its files anew, writes tables and zone, and ends. And what must hold afterwards, and in
the next life. Both begin with what an earlier life has left, or, fresh, with nothing."""

import os
import re
import shutil
import signal
import subprocess
import time

from tests.faults import tables, world
from tests.faults.world import Node, NotRunning, Refused
from tests.lab.wait import Failed, NotYet, expect, wait_until

HOME, RELAY = "10.66.0.1", "10.66.0.2"
EARLIER, ACCEPTED, CLAIMED = "early.test", "late.test", "own.test"
VALUES = {"transport": f"mesh:[{HOME}]:25", "access": "reject_unverified_recipient", "relay_domains": "mesh"}
ZONE_HEADER = "; written by meshd"
SECONDS = 20 * (5 if os.environ.get("MESH_TEST_SLOW") else 1)
TRIES = 8
# Besides words to itself at the start.
BAD_WORDS = ("invariant failed", "Sanitizer", "runtime error:", "stack smashing", "double free", "corrupted", "free():")
LOG_LINE = re.compile(r"^<([0-7])>meshd: |^meshd: |^  tip: ")
WARNING = 4
# No Postfix runs here, which has nothing to do with the fault.
EXPECTED = "mail that waits can't be flushed: postqueue -s said"

_TIMING = """test_timing = yes
timing {
	exchange_wait_ms = 3000
	carriage_interval_ms = 20
	apply_retry_ms = 100
	verify_ms = 500
	verify_retry_ms = 100
	banner_ms = 300
	dial_first_ms = 20
	dial_last_ms = 200
	ping_ms = 500
	silence_ms = 1500
}
"""


class Ended(Exception):
    """luz isn't there any more."""


class Scene:
    def __init__(self, directory, build):
        self.directory, self._build = directory, build
        self._meshd = os.path.join(build, "agent/meshd")
        self._zone_path = os.path.join(directory, "pool.zone")
        world.loopback()
        world.mail_server()
        world.name_server(RELAY, lambda: self._zone_path)
        self._make()
        self._save("fresh")
        self._settle()
        self._save("settled")

    # --- the files that each life begins with -----------------------------------------------------------------

    def _make(self):
        self._config = world.mail_configuration(os.path.join(self.directory, "luz.mail"), [CLAIMED, "luz.test"])
        home_config = world.mail_configuration(os.path.join(self.directory, "ana.mail"), [EARLIER, ACCEPTED])
        _, zone = world.zone_files(self.directory, RELAY)
        pool = f'pool_zone = {{"{world.ZONE}"}}\n' + _TIMING
        self.ana = Node(self.directory, self._build, "ana", HOME,
                        f'carry = none\npostfix {{\n\tconfig_dir = "{home_config}"\n}}\n' + pool)
        self.luz = Node(self.directory, self._build, "luz", RELAY, 'public_address = {"192.0.2.2"}\ncarry = pins\n'
                        f'postfix {{\n\tconfig_dir = "{self._config}"\n}}\n' + zone + pool)
        self.ana.pin(self.luz.line)
        self.luz.pin(self.ana.line)
        with open(self.ana.etc("claims"), "w", encoding="ascii") as file:
            file.write(f"{EARLIER}\n{ACCEPTED}\n")

    def _set_up_postfix(self):
        wait_until("the tables are made", SECONDS, lambda: os.path.exists(self.luz.var("postfix/relay_domains.lmdb")))
        setup = [self._meshd, "--prefix", self.luz.prefix, "--net", world.NET, "--setup", "postfix"]
        commands = subprocess.run(setup, capture_output=True, text=True, check=False).stdout
        subprocess.run(["sh", "-c", commands], capture_output=True, check=False)
        past = time.time() - 60
        for name in ("main.cf", "master.cf"):
            os.utime(os.path.join(self._config, name), (past, past))

    def _settle(self):
        self.ana.start()
        self.luz.start()
        self._set_up_postfix()
        self.luz.ask("accept", domain=EARLIER, **{"from": "ana"})
        self._wait_for([EARLIER])
        for node in (self.luz, self.ana):
            node.end()

    def _places(self):
        return [self.ana.prefix, self.luz.prefix, self._zone_path]

    def _save(self, name):
        place = os.path.join(self.directory, name)
        os.mkdir(place)
        for path in self._places():
            subprocess.run(["cp", "-a", path, place], check=True)

    def reset(self, name):
        place = os.path.join(self.directory, name)
        for path in self._places():
            subprocess.run(["rm", "-rf", path], check=True)
            subprocess.run(["cp", "-a", os.path.join(place, os.path.basename(path)), path], check=True)
        for left in os.listdir(self.directory):
            if left.startswith("faults."):
                os.remove(os.path.join(self.directory, left))

    def write_plan(self, text):
        path = os.path.join(self.directory, "faults.plan")
        if text is None:
            os.remove(path)
            return
        with open(path, "w", encoding="ascii") as file:
            file.write(text + "\n")

    def was_hit(self):
        return os.path.exists(os.path.join(self.directory, "faults.hit"))

    # --- a life -----------------------------------------------------------------------------------------------

    def _spawn(self, program):
        self.luz.program = program
        os.chdir(self.directory)
        self.luz.spawn()

    def _check_there(self):
        if self.luz.process.poll() is not None:
            raise Ended

    def _ask(self, command, must=True, **arguments):
        """A fault may cost an answer, or refuse the command with a reason: then it is asked again. What only looks
        may go on being refused, such as a history while there is no store."""
        refused = False
        for _ in range(TRIES):
            self._check_there()
            try:
                return self.luz.ask(command, **arguments)
            except NotRunning:
                pass
            except Refused as error:
                expect(error.args[0], f"{command} is refused without a word")
                refused = True
            time.sleep(0.1)
        self._check_there()
        expect(refused and not must, f"no answer to {command} in {TRIES} tries: {self.luz.last_words()}")
        return None

    def _is_up(self):
        self._check_there()
        try:
            return any(member["state"] == "up" for member in self.luz.ask("status")["members"])
        except (NotRunning, Refused) as error:
            raise NotYet(str(error)) from error

    def _wait_for(self, domains):
        """Tables and zone have just these."""
        def is_so():
            self._check_there()
            with open(self._zone_path, encoding="ascii") as file:
                named = set(re.findall(r"(?:early|late|own)\.test", file.read()))
            rows = set(tables.source(self.luz, "relay_domains"))
            if named != set(domains) or rows != set(domains) - {CLAIMED}:
                raise NotYet(f"the zone has {sorted(named)}, the table {sorted(rows)}; {self.luz.last_words()}")
            return True

        try:
            wait_until("tables and zone are written", SECONDS, is_so)
        except Failed as error:
            raise Failed(f"{error}; {self._explain()}") from error

    def _explain(self):
        """What the agent itself says."""
        words = []
        for command, arguments in (("why", {"domain": ACCEPTED}), ("why", {"domain": EARLIER}), ("status", {})):
            try:
                words.append(f"{command}: {self.luz.ask(command, **arguments)}")
            except (NotRunning, Refused, Failed) as error:
                words.append(f"{command}: {error}")
        return "; ".join(words)

    def _is_in(self, name, domain):
        with open(self.luz.etc(name), encoding="ascii") as file:
            return any(line.split()[:1] == [domain] for line in file)

    def _work(self):
        wait_until("a session", SECONDS, self._is_up)
        for command, file, domain, more in (("accept", "accepts", ACCEPTED, {"from": "ana"}),
                                            ("accept", "accepts", EARLIER, {"from": "ana"}),
                                            ("claim", "claims", CLAIMED, {})):
            if not self._is_in(file, domain):
                self._ask(command, domain=domain, **more)
        self.luz.process.send_signal(signal.SIGHUP)
        for command in ("status", "domains", "relays", "log", "queue", "why"):
            self._ask(command, must=False, **({"domain": ACCEPTED} if command == "why" else {}))
        self._ask("reload")
        self._wait_for([EARLIER, ACCEPTED, CLAIMED])

    def live(self, program):
        """One life of luz; returns its exit status, 0 if it had to be told to end."""
        open(self.luz.log, "w", encoding="ascii").close()
        self._spawn(program)
        try:
            self._work()
            self._check_there()
        except Ended:
            status = self.luz.process.returncode
            expect(status != 0, "it ended with 0, though nobody told it to")
            return status
        self.luz.end()
        return self.luz.process.returncode

    def begin(self, name, plan):
        self.reset(name)
        if plan is not None:
            self.write_plan(plan)
        self.ana.program = self._meshd
        self.ana.start()

    def over(self):
        for node in (self.luz, self.ana):
            if node.is_running():
                node.kill(True)

    # --- what holds when it has ended ---------------------------------------------------------------------------

    def log(self):
        with open(self.luz.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def said(self):
        """What it complained of."""
        return [line for line in self.log().splitlines()
                if not (line.startswith("<") and int(line[1]) > WARNING) and not line.startswith("  tip")
                and EXPECTED not in line]

    def _check_tables(self, name):
        least = {EARLIER} if name == "settled" else set()
        for found in ({table: tables.source(self.luz, table) for table in tables.TABLES},
                      {table: tables.built(self.luz, table, self._config) for table in tables.TABLES}):
            for table, rows in found.items():
                expect(least <= set(rows) <= {EARLIER, ACCEPTED}, f"{table} has {sorted(rows)}")
                expect(all(value == VALUES[table] for value in rows.values()), f"{table} has {rows}")
            expect(set(found["relay_domains"]) <= set(found["transport"]), f"relayed without a transport: {found}")

    def _check_zone(self, name):
        with open(self._zone_path, encoding="ascii") as file:
            text = file.read()
        done = subprocess.run(["nsd-checkzone", world.ZONE, self._zone_path], capture_output=True, text=True,
                              check=False)
        expect(done.returncode == 0 and text.endswith("\n"), f"the zone is no zone: {done.stdout}{done.stderr}")
        expect(name == "fresh" or text.startswith(ZONE_HEADER), "the zone is the operator's base file again")
        expect(name == "fresh" or EARLIER in text, "the zone lost a name")

    def _check_operator_files(self):
        """Each is as it was, or with a line more."""
        key = self.ana.key
        for name, lines in (("accepts", {f"{EARLIER} from {key}", f"{ACCEPTED} from {key}"}), ("claims", {CLAIMED})):
            with open(self.luz.etc(name), encoding="ascii") as file:
                text = file.read()
            have = [re.sub(r"\s*#.*", "", line).strip() for line in text.splitlines()]
            have = [line for line in have if line]
            expect(text.endswith("\n") or text == "", f"{name} is cut: {text[-80:]!r}")
            expect(len(have) == len(set(have)) and set(have) <= lines, f"{name} has {have}")
        with open(self.luz.etc("meshd.conf"), encoding="ascii") as file:
            expect("timing {" in file.read(), "meshd.conf is cut")

    def check_dead(self, name):
        text = self.log()
        expect(not any(word in text for word in BAD_WORDS), f"it said: {text[-3000:]}")
        expect(not re.search(r"[:,;(] *$", text, re.MULTILINE), f"something is missing in what it said: {text[-3000:]}")
        self._check_tables(name)
        self._check_zone(name)
        self._check_operator_files()

    def _leftovers(self):
        """What only a fault leaves."""
        found = []
        for place, _, names in os.walk(self.luz.prefix):
            found += [os.path.join(place, name) for name in names
                      if name.endswith((".tmp", ".new", ".edit")) or name.startswith(".")]
        return found

    def check_next_life(self):
        """Started as ever, it has everything, and nothing of the fault is left."""
        self.write_plan(None)
        status = self.live(self._meshd)
        expect(status == 0, f"the next life ended with {status}: {self.luz.last_words()}")
        self.check_dead("settled")
        expect(not self._leftovers(), f"left behind: {self._leftovers()}")
        text = self.log()
        for word in ("newer head", "equivocat", "is damaged"):
            expect(word not in text, f"the next life said: {text}")
        with open(self.ana.log, encoding="utf-8", errors="replace") as file:
            expect("equivocat" not in file.read(), "ana heard two statements under one order")
        self.ana.end()
