# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the messages that were sent: read from all Maildirs and all Postfix logs of the village."""

import collections
import threading

from tests.lab import maildir, village
from tests.lab.maillog import MailLog
from tests.lab.sent import domain_of
from tests.lab.wait import Failed, NotYet


class Post:
    """Each question reads on first, and is answered as of that moment."""

    def __init__(self, places, sent):
        self._places = places
        self._sent = sent
        self._lock = threading.Lock()
        self._logs = {name: MailLog(places.log(name)) for name in village.MAIL_SERVERS}
        self._mailboxes = {name: maildir.Mailboxes(places.mailboxes(name)) for name in village.MAIL_SERVERS}

    def _read(self):
        """Returns what was sent; messages come to the reader's notice after they were noted as sent."""
        with self._lock:
            for source in (*self._logs.values(), *self._mailboxes.values()):
                source.read()
        return self._sent.all()

    def _arrivals(self, sent):
        """How often each message that was sent lies in a right mailbox."""
        counts = collections.Counter()
        for name, boxes in self._mailboxes.items():
            for address, message_id in boxes.messages:
                if message_id in sent and sent[message_id].recipient == address and name in sent[message_id].homes:
                    counts[message_id] += 1
        return counts

    def arrived(self):
        """The ids of those that are in the right mailbox at the right home."""
        return set(self._arrivals(self._read()))

    def delivered(self):
        return len(self.arrived())

    def doubled(self):
        """The ids of those that arrived more than once."""
        return {message_id for message_id, count in self._arrivals(self._read()).items() if count > 1}

    def arrived_at(self, name, domain):
        """The ids of those that lie in a mailbox of this domain on this node, rightly or not."""
        self._read()
        return {message_id for address, message_id in self._mailboxes[name].messages if domain_of(address) == domain}

    def misrouted(self):
        """How many are in a wrong mailbox, or in the log of a node that had nothing to do with them."""
        sent = self._read()
        astray = {message_id for name, boxes in self._mailboxes.items() for address, message_id in boxes.messages
                  if message_id in sent
                  and (sent[message_id].recipient != address or name not in sent[message_id].homes)}
        for name, log in self._logs.items():
            astray |= {message_id for message_id in log.message_ids if message_id in sent
                       and name not in ("outside", *village.RELAYS, *sent[message_id].homes)}
        return len(astray)

    def endings(self, status):
        """The deliveries of our messages with this status (sent, deferred, bounced), anywhere, node by node."""
        sent = self._read()
        return [delivery for log in self._logs.values() for delivery in log.deliveries
                if delivery.status == status and delivery.message_id in sent]

    def bounced(self):
        """How many messages were given up."""
        return len({delivery.message_id for status in ("bounced", "expired") for delivery in self.endings(status)})

    def taken_by(self, address):
        """The ids of those that the stranger's Postfix handed to this server."""
        self._read()
        return {delivery.message_id for delivery in self._logs["outside"].deliveries
                if delivery.status == "sent" and delivery.relay == address}

    def relays_used(self):
        """Per domain, how many different servers took its messages from the stranger."""
        sent = self._read()
        used = {domain: set() for domain in village.HOME_OF}
        for delivery in self._logs["outside"].deliveries:
            if delivery.status == "sent" and delivery.message_id in sent:
                used[domain_of(delivery.recipient)].add(delivery.relay)
        return {domain: len(relays) for domain, relays in used.items()}

    def have_arrived(self, ids):
        """True, for use inside a wait's predicate: all of these, and nothing bounced."""
        for bounce in self.endings("bounced"):
            raise Failed(f"{bounce.message_id} to {bounce.recipient} bounced at {bounce.relay}: {bounce.text}")
        missing = set(ids) - self.arrived()
        if missing:
            last = {delivery.message_id: delivery for delivery in self.endings("deferred")}
            deferral = next((f", {last[name].recipient}: {last[name].text}" for name in missing if name in last), "")
            raise NotYet(f"{len(missing)} of {len(ids)} missing, such as {min(missing)}{deferral}")
        return True
