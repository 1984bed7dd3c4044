# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is behind MX(D) by the authoritative chain, all the time: each change with its moment."""

import threading
import time

from tests.lab import dns
from tests.lab.wait import Failed

SECONDS_BETWEEN_LOOKS = 0.2


class MxHistory:
    """Sets are frozensets of names (of `names`, by address; another address stands for itself), times those of
    time.monotonic(). A look without an answer is none."""

    def __init__(self, root, names):
        self._chain = dns.Chain(root)
        self._names = names
        self._lock = threading.Condition()
        self._changes = {}  # domain: [(time, set)]

    def start(self, node, domains, log):
        """Each change becomes a line of the file log too."""
        self._log = log
        for domain in domains:
            threading.Thread(target=self._watch, args=(node, domain), daemon=True).start()

    def _watch(self, node, domain):
        with node.inside():
            while True:
                self._look(domain)
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def _look(self, domain):
        try:
            addresses = self._chain.mail_addresses(domain)
        except dns.Unanswered:
            return
        found = frozenset(self._names.get(address, address) for address in addresses)
        with self._lock:
            changes = self._changes.setdefault(domain, [])
            if not changes or changes[-1][1] != found:
                changes.append((time.monotonic(), found))
                with open(self._log, "a", encoding="ascii") as log:
                    log.write(f"{time.strftime('%H:%M:%S')} {domain}: {_words(found)}\n")
                self._lock.notify_all()

    def now(self, domain):
        with self._lock:
            changes = self._changes.get(domain)
            return changes[-1][1] if changes else frozenset()

    def since(self, domain, began):
        """[(time, set)] from the one that held at that moment on."""
        with self._lock:
            changes = list(self._changes.get(domain, ()))
        first = max((at for at, _ in changes if at <= began), default=0)
        return [(at, found) for at, found in changes if at >= first]

    def wait_for(self, what, domains, since, seconds, is_so):
        """Waits until is_so(set) holds for each of these domains; returns when it did for the last of them, seen
        from `since`. Failed `seconds` after that: with who is still in which set."""
        deadline = since + seconds
        with self._lock:
            while True:
                missing = [domain for domain in domains if not is_so(self._last(domain))]
                if not missing:
                    return max([since] + [self._changes[domain][-1][0] for domain in domains])
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Failed(f"{what}: expected within {seconds:g} s; seen: " + "; ".join(
                        f"{domain} has {_words(self._last(domain))}" for domain in missing))
                self._lock.wait(left)

    def _last(self, domain):
        changes = self._changes.get(domain)
        return changes[-1][1] if changes else frozenset()

    def expect_always(self, what, domains, since, is_so):
        """Failed if any set that held since then isn't so."""
        for domain in domains:
            changes = self.since(domain, since)
            ends = [at for at, _ in changes[1:]] + [time.monotonic()]
            for (at, found), end in zip(changes, ends):
                if not is_so(found):
                    raise Failed(f"{what}: expected at every moment; seen: {domain} had {_words(found)} "
                                 f"{max(0, at - since):.1f} s later, for {end - max(at, since):.1f} s (log/mx.log)")


def _words(found):
    return " ".join(sorted(found)) or "nobody"
