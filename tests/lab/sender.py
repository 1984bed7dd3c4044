# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands messages with known ids to the node's own Postfix, which finds their way by DNS alone."""

import email.message
import itertools
import threading

from tests.lab import smtp

OWN_POSTFIX = "127.0.0.1"
SECONDS_TO_END = 2 * smtp.SECONDS_FOR_A_REPLY


def message(sender, recipient, message_id):
    made = email.message.EmailMessage()
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = "correomesh lab"
    made["Message-ID"] = message_id
    made.set_content("One of many.\n")
    return made


def message_id(sender, label):
    return f"<{label}@{sender.partition('@')[2]}>"


def send(node, sender, recipients, count, label, sent):
    """Send count messages, to these recipients in turn, and note them in sent; returns their ids."""
    ids = []
    with node.inside(), smtp.session(OWN_POSTFIX, f"{node.name}.test") as session:
        for number in range(count):
            ids.append(_send_one(session, sender, recipients[number % len(recipients)], f"{label}-{number}", sent))
    return ids


def _send_one(session, sender, recipient, label, sent):
    name = message_id(sender, label)
    sent.add(name, recipient)
    session.send_message(message(sender, recipient, name), sender, [recipient])
    return name


class Traffic:
    """One message every so often, to these recipients in turn, until it is ended."""

    def __init__(self, node, sender, recipients, seconds, sent):
        self._node, self._sender, self._seconds, self._sent = node, sender, seconds, sent
        self._recipients = recipients
        self._error = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            with self._node.inside():
                for number, recipient in enumerate(itertools.cycle(self._recipients)):
                    if self._ending.wait(self._seconds):
                        return
                    with smtp.session(OWN_POSTFIX, f"{self._node.name}.test") as session:
                        _send_one(session, self._sender, recipient, f"way-{number}", self._sent)
        except Exception as error:
            self._error = error

    def end(self):
        """Raises what stopped it before."""
        self._ending.set()
        self._thread.join(SECONDS_TO_END)
        if self._error:
            raise self._error
