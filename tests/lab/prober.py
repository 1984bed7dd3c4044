# SPDX-License-Identifier: GPL-3.0-or-later
"""The stranger who asks all the time: would a relay that DNS names for a domain refuse its mail?

One thread per domain. Each round follows the authoritative chain afresh and sends RCPT with a fresh
local part to every address that it finds: at once when it is new, then every so often. A domain without
an MX is asked nobody about.
"""

import collections
import json
import math
import threading
import time

from tests.lab import dns, smtp

SECONDS_BETWEEN_ROUNDS = 0.25
SECONDS_BETWEEN_QUESTIONS = 1
SECONDS_TO_END = 2 * smtp.SECONDS_FOR_A_REPLY

Probe = collections.namedtuple("Probe", "time domain address code text")


class Prober:
    def __init__(self, root):
        self._chain = dns.Chain(root)
        self._probes = []
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._threads = []
        self.seconds_between_questions = SECONDS_BETWEEN_QUESTIONS  # to one address about one domain

    def start(self, node, domains, log):
        """Ask from this node; every reply becomes a line of the file log too."""
        self._node = node
        self._log = log
        for domain in domains:
            thread = threading.Thread(target=self._probe, args=(domain,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self):
        self._ending.set()
        for thread in self._threads:
            thread.join(SECONDS_TO_END)

    def _probe(self, domain):
        asked = {}  # address: when it was asked last
        with self._node.inside():
            while not self._ending.wait(SECONDS_BETWEEN_ROUNDS):
                self._round(domain, asked)

    def _round(self, domain, asked):
        try:
            addresses = self._chain.mail_addresses(domain)
        except dns.Unanswered as error:
            self._keep(Probe(time.time(), domain, "", 0, str(error)))
            return
        for address in addresses:
            if time.monotonic() - asked.get(address, -math.inf) < self.seconds_between_questions:
                continue
            asked[address] = time.monotonic()
            recipient = f"{smtp.fresh_local_part()}@{domain}"
            reply = smtp.ask_recipient(address, recipient, f"{self._node.name}.test")
            self._keep(Probe(time.time(), domain, address, reply.code, reply.text))

    def _keep(self, probe):
        with self._lock:
            self._probes.append(probe)
            with open(self._log, "a", encoding="utf-8") as log:
                log.write(json.dumps(probe._asdict()) + "\n")

    def replies(self, domain):
        """All replies so far about this domain, in order."""
        with self._lock:
            return [_reply(probe) for probe in self._probes if probe.domain == domain]

    def refusals(self, domains):
        """The probes of these domains that a relay named in DNS wouldn't relay."""
        with self._lock:
            return [probe for probe in self._probes if probe.domain in domains and _reply(probe).is_relay_refusal()]


def _reply(probe):
    return smtp.Reply(probe.code, probe.text)
