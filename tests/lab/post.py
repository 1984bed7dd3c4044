# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the messages that were sent: read from all Maildirs and all Postfix logs of the village."""

from tests.lab import maildir, village
from tests.lab.maillog import MailLog


class Post:
    """A count at this moment. sent is {message id: recipient}."""

    def __init__(self, places, sent):
        self._sent = sent
        self._logs = {name: MailLog(places.log(name)) for name in village.MAIL_SERVERS}
        self._mailboxes = {name: maildir.messages(places.mailboxes(name)) for name in village.MAIL_SERVERS}

    def _home(self, message_id):
        return village.HOME_OF[_domain(self._sent[message_id])]

    def delivered(self):
        """How many are in the right mailbox at the right home."""
        return len({message_id for name, messages in self._mailboxes.items() for address, message_id in messages
                    if self._sent.get(message_id) == address and self._home(message_id) == name})

    def misrouted(self):
        """How many are in a wrong mailbox, or in the log of a node that had nothing to do with them."""
        astray = {message_id for name, messages in self._mailboxes.items() for address, message_id in messages
                  if message_id in self._sent
                  and (self._sent[message_id], self._home(message_id)) != (address, name)}
        for name, log in self._logs.items():
            astray |= {message_id for message_id in log.message_ids
                       if message_id in self._sent and not self._may_see(name, message_id)}
        return len(astray)

    def _may_see(self, name, message_id):
        return name in ("outside", *village.RELAYS) or name == self._home(message_id)

    def endings(self, status):
        """The deliveries of our messages with this status (sent, deferred, bounced), anywhere, node by node."""
        return [delivery for log in self._logs.values() for delivery in log.deliveries
                if delivery.status == status and delivery.message_id in self._sent]

    def bounced(self):
        """How many messages were given up."""
        return len({delivery.message_id for delivery in self.endings("bounced")})

    def relays_used(self):
        """Per domain, how many different servers took its messages from the stranger."""
        used = {domain: set() for domain in village.HOME_OF}
        for delivery in self._logs["outside"].deliveries:
            if delivery.status == "sent" and delivery.message_id in self._sent:
                used[_domain(delivery.recipient)].add(delivery.relay)
        return {domain: len(relays) for domain, relays in used.items()}


def _domain(address):
    return address.partition("@")[2]
