# SPDX-License-Identifier: GPL-3.0-or-later
"""A sender that remembers what DNS said once, longer than it should, and otherwise behaves: it tries the hosts in
any order, goes on to the next one on a failure or a 4xx, and comes back later. It never asks DNS again until
it is told to forget."""

import collections
import json
import random
import threading
import time

from tests.lab import sender, smtp

SECONDS_BETWEEN_TRIES = 3
SECONDS_TO_END = 4 * smtp.SECONDS_FOR_A_REPLY

Try = collections.namedtuple("Try", "time message_id recipient address code text")


class StaleSender:
    """tries: what was said to each attempt."""

    def __init__(self, node, chain, me, sent, log):
        self._node, self._chain, self._me, self._sent, self._log = node, chain, me, sent, log
        self._addresses = {}  # domain: what DNS said
        self._waiting = collections.deque()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._counter = 0
        self.tries = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def remember(self, domain):
        """Ask DNS now; returns the addresses."""
        with self._node.inside():
            self._addresses[domain] = self._chain.mail_addresses(domain)
        return self._addresses[domain]

    def send(self, recipients, only_by=None):
        """One message to each; only_by: an address, instead of all that is remembered. Returns their ids."""
        ids = []
        for recipient in recipients:
            self._counter += 1
            ids.append(sender.message_id(self._me, f"stale-{self._counter}"))
            self._sent.add(ids[-1], recipient)
            with self._lock:
                self._waiting.append((ids[-1], recipient, only_by))
        return ids

    def waiting(self):
        """The ids of those that nobody took yet."""
        with self._lock:
            return [message_id for message_id, _, _ in self._waiting]

    def refused_for_good(self):
        """The tries that a real sender would have bounced after."""
        return [one for one in self.tries if one.code >= 500]

    def _run(self):
        with self._node.inside():
            while not self._ending.is_set():
                self._round()
                self._ending.wait(SECONDS_BETWEEN_TRIES if self._waiting else 0.1)

    def _round(self):
        for _ in range(len(self._waiting)):
            with self._lock:
                message_id, recipient, only_by = self._waiting[0]
            if not self._try_all(message_id, recipient, only_by):
                with self._lock:
                    self._waiting.rotate(-1)
                continue
            with self._lock:
                self._waiting.popleft()

    def _try_all(self, message_id, recipient, only_by):
        addresses = [only_by] if only_by else list(self._addresses[recipient.partition("@")[2]])
        random.shuffle(addresses)
        for address in addresses:
            reply = smtp.deliver(address, self._me, recipient, sender.message(self._me, recipient, message_id),
                                 f"{self._node.name}.test")
            self._keep(Try(time.time(), message_id, recipient, address, reply.code, reply.text))
            if reply.code // 100 in (2, 5):
                return True
        return False

    def _keep(self, one):
        self.tries.append(one)
        with open(self._log, "a", encoding="utf-8") as log:
            log.write(json.dumps(one._asdict()) + "\n")

    def end(self):
        self._ending.set()
        self._thread.join(SECONDS_TO_END)
