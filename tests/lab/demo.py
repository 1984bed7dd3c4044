# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: friends carry each other's mail, told by one line per step. Started by dev/demo."""

import argparse
import os
import shutil
import signal
import sys
import time

from tests.lab import cpu, dns, sandbox, sender, smtp, village
from tests.lab.post import Post
from tests.lab.prober import Prober
from tests.lab.story import Story
from tests.lab.village import Village
from tests.lab.wait import Failed, NotYet, expect, wait_until
from tests.lab.watch import Watch

SECONDS_FOR_ALL = 170
SECONDS_TO_MEET = 20
SECONDS_TO_CHANGE = 15
SECONDS_TO_DELIVER = 60
SECONDS_TO_BE_REFUSED = 20
SECONDS_OF_IDLING = 8
MESSAGES_PER_DOMAIN = 60
REFUSALS_WANTED = 3
LINES_OF_LOG = 8
LENGTH_OF_LINE = 300
NOISE = (" connect from ", " disconnect from ", "statistics:", ": removed", smtp.PROBE)
LOGS_OF_A_STEP = ("meshd.log", "mail.log")

# What the figures may be at most.
SECONDS_TO_USE = 1.0
SECONDS_TO_DNS = 6.0
IDLE_PERCENT = 0.5


class Demo:
    def __init__(self, lab, build):
        self.places = Village(lab, build)
        self.prober = Prober(village.ROOT_SERVER)
        self.chain = dns.Chain(village.ROOT_SERVER)
        self.sent = {}
        self.seconds = {"claim_to_tables": None, "claim_to_dns": None, "table_to_postfix": None}
        self.seconds_to_use = None

    # ---- preparation

    def start_village(self):
        self.places.start()
        return f"{len(self.places.nodes)} machines with tinc, Postfix, NSD, unbound"

    def start_agents(self):
        for agent in self.places.agents.values():
            agent.start()
        for name in village.RELAYS:
            self._set_up_relay(name)
        return f"{len(self.places.agents)} agents as uid {os.stat(self.places.agents['rosa'].prefix).st_uid}"

    def _set_up_relay(self, name):
        """What the operator does once: run the lines that meshctl prints, and reload."""
        agent, postfix = self.places.agents[name], self.places.postfix[name]
        wait_until(f"{name}: the agent's tables are there", SECONDS_TO_CHANGE,
                   lambda: os.path.exists(agent.table("relay_domains") + ".lmdb"))
        commands = agent.ctl("setup", "postfix").stdout
        expect(commands.strip(), f"{name}: meshctl setup postfix has nothing to say to a fresh Postfix")
        postfix.apply_commands(commands)
        postfix.reload()
        left = agent.ctl("setup", "postfix").stdout.strip()
        expect(not left, f"{name}: meshctl setup postfix still wants after its own lines: {left}")

    # ---- step 1

    def join_and_claim(self):
        self._join()
        outside = self.places.nodes["outside"]
        self.prober.start(outside, [*village.HOME_OF, *village.NOT_RELAYED], outside.path("log/probes.jsonl"))
        self._agent("luz").claim(village.UNACCEPTED)
        self._agent("luz").claim("luz.test")
        by_accept = self._measure("luz.test", lambda: self._agent("rosa").accept("luz.test", "luz"))
        self._agent("rosa").accept("sol.test", "luz")
        by_claim = self._measure("sol.test", lambda: self._agent("luz").claim("sol.test"))
        return f"after the accept {by_accept}; after the claim {by_claim}"

    def _agent(self, name):
        return self.places.agents[name]

    def _join(self):
        for name in village.FRIENDS:
            for other in village.FRIENDS:
                if other != name:
                    self._agent(name).pin(self._agent(other))
        for name in village.FRIENDS:
            wait_until(f"{name} has sessions to all friends", SECONDS_TO_MEET, lambda: self._has_met_all(name))

    def _has_met_all(self, name):
        missing = set(village.FRIENDS) - {name} - self._agent(name).members_up()
        if missing:
            raise NotYet(f"no session to {', '.join(sorted(missing))}")
        return True

    def _measure(self, domain, complete):
        """Do the later of claim and accept and time what follows; returns it in words."""
        relay = self.places.nodes["rosa"]
        outside = self.places.nodes["outside"]
        watches = {
            "table": Watch(f"{domain} in rosa's tables", relay, lambda: self._is_in_tables(domain)),
            "postfix": Watch(f"rosa's Postfix relays for {domain}", outside, lambda: self._is_served(domain)),
            "dns": Watch(f"DNS names a relay for {domain}", outside, lambda: self.chain.mail_addresses(domain)),
        }
        for watch in watches.values():
            wait_until(f"{watch.what}: not before the claim", SECONDS_TO_CHANGE, lambda: watch.has_looked())
        began = time.monotonic()
        complete()
        for watch in watches.values():
            watch.wait(SECONDS_TO_CHANGE)
        return self._judge_order(domain, began, **watches)

    def _is_in_tables(self, domain):
        agent = self._agent("rosa")
        return self.places.postfix["rosa"].row(agent.table("relay_domains"), domain) is not None

    def _is_served(self, domain):
        recipient = f"{smtp.fresh_local_part()}@{domain}"
        return smtp.ask_recipient(village.PUBLIC["rosa"], recipient, "outside.test").is_served()

    def _judge_order(self, domain, began, table, postfix, dns):
        """Postfix decides on RCPT when it is asked; its answer waits until the home was asked too."""
        use = postfix.asked - began
        self._slowest("claim_to_tables", table.seen - began)
        self._slowest("table_to_postfix", max(0, postfix.asked - table.missing))
        self._slowest("claim_to_dns", dns.seen - began)
        self.seconds_to_use = max(self.seconds_to_use or 0, use)
        expect(postfix.asked <= dns.seen,
               f"DNS named rosa for {domain} {postfix.asked - dns.seen:.2f} s before her Postfix relayed for it")
        return f"{domain} is relayed after {use:.2f} s, in DNS after {dns.seen - began:.2f} s"

    def _slowest(self, name, seconds):
        self.seconds[name] = round(max(self.seconds[name] or 0, seconds), 3)

    # ---- step 2

    def send_mail(self):
        outside = self.places.nodes["outside"]
        for domain in village.HOME_OF:
            recipients = [f"{user}@{domain}" for user in village.USERS]
            self.sent |= sender.send(outside, village.STRANGER, recipients, MESSAGES_PER_DOMAIN, domain)
        wait_until("all mail is in the right Maildirs", SECONDS_TO_DELIVER, self._all_delivered, pause=0.2)
        for domain in village.HOME_OF:
            self._ask_unknown_recipient(domain)
        return f"{len(self.sent)} messages sent, all in the right Maildirs; an unknown recipient gets 550"

    def _all_delivered(self):
        post = Post(self.places, self.sent)
        for bounce in post.bounces():
            raise Failed(f"{bounce.message_id} to {bounce.recipient} bounced at {bounce.relay}: {bounce.text}")
        if post.delivered() < len(self.sent):
            raise NotYet(f"{post.delivered()} of {len(self.sent)}")
        return True

    def _ask_unknown_recipient(self, domain):
        """The first answer may be 450, while the relay still waits for the home's word."""
        recipient = f"{smtp.fresh_local_part()}@{domain}"

        def refused():
            reply = smtp.ask_recipient(address, recipient, "outside.test")
            if reply.code != 550:
                raise NotYet(f"{reply.code} {reply.text}")
            return True

        with self.places.nodes["outside"].inside():
            for address in self.chain.mail_addresses(domain):
                wait_until(f"{address} refuses {recipient} with 550", SECONDS_TO_CHANGE, refused)

    # ---- step 3

    def refuse_strangers(self):
        for domain in village.NOT_RELAYED:
            self._expect_refusals(domain)
        self._agent("mallory").pin(self._agent("rosa"))
        self._agent("mallory").ctl("claim", "luz.test", check=False)
        wait_until("mallory's status says that rosa hasn't pinned her", SECONDS_TO_MEET,
                   lambda: "rosa hasn't pinned you" in self._agent("mallory").status())
        for name in village.FRIENDS:
            expect("mallory" not in self._agent(name).members_up(), f"{name} has a session with mallory")
        expect(not self._agent("mallory").members_up(), "mallory has a session")
        self._expect_no_relaying_over_vpn()
        self._expect_mail_still_goes_home()
        return f"{', '.join(village.NOT_RELAYED)} relayed by no one; mallory has no session and knows why"

    def _expect_refusals(self, domain):
        """By the prober, who asks what DNS names all the time: never anything but a refusal, then and now."""
        enough = len(self.prober.replies(domain)) + REFUSALS_WANTED
        wait_until(f"the prober's questions about {domain}", SECONDS_TO_BE_REFUSED,
                   lambda: len(self.prober.replies(domain)) >= enough)
        for reply in self.prober.replies(domain):
            expect(reply.is_relay_refusal() and reply.code < 500,
                   f"{domain}: rosa must answer 4xx Relay access denied, not: {reply.code} {reply.text}")

    def _expect_no_relaying_over_vpn(self):
        with self.places.nodes["mallory"].inside():
            for domain in village.NOT_RELAYED:
                recipient = f"{smtp.fresh_local_part()}@{domain}"
                reply = smtp.ask_recipient(village.VPN["rosa"], recipient, "mallory.test")
                expect(reply.is_relay_refusal(), f"rosa relays {domain} for the VPN: {reply.code} {reply.text}")

    def _expect_mail_still_goes_home(self):
        row = self.places.postfix["rosa"].row(self._agent("rosa").table("transport"), "luz.test")
        expect(row == f"mesh:[{village.VPN['luz']}]:25", f"rosa's transport for luz.test became {row}")

    # ---- figures

    def measure_idling(self):
        """Processor time while nothing happens: the prober is ended first."""
        self.prober.end()
        families = {name: cpu.family(agent.daemon.pid) for name, agent in self.places.agents.items()}
        shares = cpu.share([pid for pids in families.values() for pid in pids], SECONDS_OF_IDLING)
        percent = {name: 100 * sum(shares[pid] for pid in pids) for name, pids in families.items()}
        worst = max(percent, key=percent.get)
        expect(percent[worst] <= IDLE_PERCENT,
               f"{worst}'s idle agent and helper use {percent[worst]:.2f} % of a core, more than {IDLE_PERCENT}")
        return f"agent and helper use at most {percent[worst]:.2f} % of a core ({worst})"

    def end_agents(self):
        for agent in self.places.agents.values():
            agent.end()
        return "all ended well"

    def figures(self):
        """The members of the result file beside the steps."""
        post = Post(self.places, self.sent)
        refusals = [probe.code for probe in self.prober.refusals(village.HOME_OF)]
        return {
            "sent": len(self.sent),
            "delivered": post.delivered(),
            "bounced": post.bounced(),
            "misrouted": post.misrouted(),
            "deferred_for_claimed": sum(code < 500 for code in refusals),
            "refused_for_claimed": sum(code >= 500 for code in refusals),
            "relays_used": post.relays_used(),
            "seconds": self.seconds,
        }

    def judge(self):
        """Holds the figures against what they must be."""
        for probe in self.prober.refusals(village.HOME_OF):
            at = time.strftime("%H:%M:%S", time.localtime(probe.time))
            raise Failed(f"{at} DNS named {probe.address} for {probe.domain}, it said {probe.code} {probe.text}")
        figures = self.figures()
        limits = [
            ("messages not delivered", figures["sent"] - figures["delivered"], 0),
            ("messages bounced", figures["bounced"], 0),
            ("messages misrouted", figures["misrouted"], 0),
            ("seconds from claim and accept to use by Postfix", self.seconds_to_use, SECONDS_TO_USE),
            ("seconds from claim and accept to DNS", figures["seconds"]["claim_to_dns"], SECONDS_TO_DNS),
        ]
        for name, value, limit in limits:
            expect(value <= limit, f"{name}: {value:g}, which must be at most {limit:g}")
        return "nothing bounced, misrouted, deferred or refused; all in time"

    # ---- when it fails

    def explain(self, logs=None):
        """What somebody who has to find the cause looks at first; logs: names, None for all."""
        for name, agent in self.places.agents.items():
            if agent.daemon and agent.daemon.is_running():
                _print_block(f"{name}: meshctl status", agent.ctl("status", check=False).stdout.splitlines())
        for name, node in self.places.nodes.items():
            for log in sorted(os.listdir(node.path("log"))):
                if not logs or log in logs:
                    _print_block(f"{name}: {log}", _tail(node.path("log", log)))


def _tail(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        lines = [line[:LENGTH_OF_LINE] for line in log.read().splitlines()
                 if not any(noise in line for noise in NOISE)]
    return lines[-LINES_OF_LOG:]


def _print_block(title, lines):
    if lines:
        print(f"--- {title}", *lines, sep="\n  ", flush=True)


def prepare(demo, story):
    try:
        story.prepare("machines", demo.start_village)
        story.prepare("agents", demo.start_agents)
    except Failed:
        demo.explain()
        raise


def tell(demo, story):
    try:
        story.step(1, "join, claim, accept", demo.join_and_claim)
        story.step(2, "mail by DNS alone", demo.send_mail)
        story.step(3, "nobody else", demo.refuse_strangers)
        story.prepare("idle", demo.measure_idling)
        story.prepare("end", demo.end_agents)
        story.prepare("figures", demo.judge)
    except Failed:
        demo.explain(LOGS_OF_A_STEP)
        raise


def _too_long(_signal, _frame):
    raise Failed(f"the whole demo took more than {SECONDS_FOR_ALL} s")


def run(lab, options):
    """Inside the sandbox; returns the exit status."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS_FOR_ALL)
    story = Story()
    result = os.path.join(options.out, "result.json")
    demo = Demo(lab, options.build)
    try:
        prepare(demo, story)
        tell(demo, story)
    except Failed:
        pass  # the story has said it
    finally:
        signal.alarm(0)
        story.write(result, demo.figures())
        if options.keep:
            _keep(demo.places, os.path.join(options.out, "kept"))
    return story.verdict(result)


def _keep(places, directory):
    """Copy logs and configurations out of the sandbox; not keys, queues and sockets."""
    shutil.rmtree(directory, ignore_errors=True)
    unwanted = shutil.ignore_patterns("*.key", "rsa_key.priv", "spool", "*.sock", "mail", "run")
    for name, node in places.nodes.items():
        shutil.copytree(node.directory, os.path.join(directory, name), ignore=unwanted)
    print(f"kept: {directory}")


def _options():
    parser = argparse.ArgumentParser(prog="dev/demo", description=__doc__)
    parser.add_argument("--build", default="build/release", help="build directory with agent/meshd and cli/meshctl")
    parser.add_argument("--out", default="build/demo", help="where result.json goes")
    parser.add_argument("--keep", action="store_true", help="copy all logs and configurations to OUT/kept")
    options = parser.parse_args()
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    return options


if __name__ == "__main__":
    OPTIONS = _options()
    sys.exit(sandbox.run(lambda lab: run(lab, OPTIONS)))
