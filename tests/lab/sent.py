# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that were sent, by any sender of the village: what for, and where they may end."""

import collections
import threading
import time

Message = collections.namedtuple("Message", "recipient homes time")


class Sent:
    """homes_of: {domain: names of the homes where its mail may arrive now}; steps that move a domain change it."""

    def __init__(self, homes_of):
        self.homes_of = {domain: (home,) for domain, home in homes_of.items()}
        self._lock = threading.Lock()
        self._messages = {}

    def add(self, message_id, recipient):
        """Before it is handed to anybody."""
        homes = self.homes_of[domain_of(recipient)]
        with self._lock:
            self._messages[message_id] = Message(recipient, homes, time.monotonic())

    def forget(self, message_id):
        """It was never handed over."""
        with self._lock:
            del self._messages[message_id]

    def may_arrive_at(self, domain, homes):
        """From now on, also those that are under way."""
        self.homes_of[domain] = homes
        with self._lock:
            for message_id, message in self._messages.items():
                if domain_of(message.recipient) == domain:
                    self._messages[message_id] = message._replace(homes=tuple({*message.homes, *homes}))

    def all(self):
        """{message id: Message}, a copy."""
        with self._lock:
            return dict(self._messages)

    def __len__(self):
        with self._lock:
            return len(self._messages)


def domain_of(address):
    return address.partition("@")[2]
