# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of the demo share: the village, who watches it, and what was sent and measured so far."""

import time

from tests.lab import dns, sender, village
from tests.lab.mx_history import MxHistory
from tests.lab.post import Post
from tests.lab.prober import Prober
from tests.lab.sent import Sent
from tests.lab.stale_sender import StaleSender
from tests.lab.village import Village
from tests.lab.wait import wait_until

SECONDS_BETWEEN_MESSAGES = 0.4
SECONDS_BETWEEN_QUESTIONS = 4  # of the prober, while the village has other work
SECONDS_TO_ARRIVE = 30


class Scene:
    """note(text): says what was seen on the way."""

    def __init__(self, lab, build, note, timing=None):
        self.note = note
        self.places = Village(lab, build, timing)
        self.prober = Prober(village.ROOT_SERVER)
        self.chain = dns.Chain(village.ROOT_SERVER)
        self.history = MxHistory(village.ROOT_SERVER, {village.PUBLIC[name]: name for name in village.RELAYS})
        self.sent = Sent(village.HOME_OF)
        self.post = Post(self.places, self.sent)
        self.traffic = self.stale = None
        self._slowest = {}

    def agent(self, name):
        return self.places.agents[name]

    def node(self, name):
        return self.places.nodes[name]

    @property
    def outside(self):
        """The stranger's machine, from which DNS and relays are asked."""
        return self.places.nodes["outside"]

    def send(self, recipients, label):
        """By the stranger's Postfix, one message each; returns their ids."""
        return sender.send(self.outside, village.STRANGER, recipients, len(recipients), label, self.sent)

    def keep_mail_under_way(self):
        """From now on mail is sent all the time, and every MX set is watched."""
        recipients = [f"{user}@{domain}" for user in village.USERS for domain in village.HOME_OF]
        self.prober.seconds_between_questions = SECONDS_BETWEEN_QUESTIONS
        self.history.start(self.outside, village.HOME_OF, self.outside.path("log/mx.log"))
        self.stale = StaleSender(self.outside, self.chain, village.STRANGER, self.sent,
                                 self.outside.path("log/stale.jsonl"))
        self.traffic = sender.Traffic(self.outside, village.STRANGER, recipients, SECONDS_BETWEEN_MESSAGES, self.sent)

    def let_relays_know_recipients(self):
        """A relay goes on taking mail for those whom it has once found at their home. Returns how many."""
        recipients = [f"{user}@{domain}" for user in village.USERS for domain in village.HOME_OF]
        ids = [name for relay in village.RELAYS
               for name in self.stale.send(recipients, only_by=village.PUBLIC[relay])]
        self.arrive(ids, SECONDS_TO_ARRIVE, "messages to every recipient by every relay")
        return len(recipients)

    def arrive(self, ids, seconds, what):
        """Returns (monotonic) when all of these were in their mailboxes."""
        wait_until(f"{what} arrive", seconds, lambda: self.post.have_arrived(ids), pause=0.1)
        return time.monotonic()

    def timed(self, name, seconds):
        """Keep a measured time; of several by one name the longest counts."""
        self._slowest[name] = max(self._slowest.get(name, 0), seconds)

    def seconds(self, name):
        """The longest time measured by this name, None if it never was."""
        return round(self._slowest[name], 3) if name in self._slowest else None
