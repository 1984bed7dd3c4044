# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands messages with known ids to the node's own Postfix, which finds their way by DNS alone."""

import email.message

from tests.lab import smtp

OWN_POSTFIX = "127.0.0.1"


def _message(sender, recipient, message_id):
    message = email.message.EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = "correomesh lab"
    message["Message-ID"] = message_id
    message.set_content("One of many.\n")
    return message


def send(node, sender, recipients, count, label):
    """Send count messages, to these recipients in turn; returns {message id: recipient}."""
    sent = {}
    with node.inside(), smtp.session(OWN_POSTFIX, f"{node.name}.test") as session:
        for number in range(count):
            recipient = recipients[number % len(recipients)]
            message_id = f"<{label}-{number}@{sender.partition('@')[2]}>"
            session.send_message(_message(sender, recipient, message_id), sender, [recipient])
            sent[message_id] = recipient
    return sent
