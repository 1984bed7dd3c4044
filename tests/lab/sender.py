# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands messages with known ids to the node's own Postfix, which finds their way by DNS alone."""

import email.message
import smtplib

SECONDS_FOR_A_REPLY = 15


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
    with node.inside(), smtplib.SMTP("127.0.0.1", timeout=SECONDS_FOR_A_REPLY) as session:
        for number in range(count):
            recipient = recipients[number % len(recipients)]
            message_id = f"<{label}-{number}@{sender.partition('@')[2]}>"
            session.send_message(_message(sender, recipient, message_id), sender, [recipient])
            sent[message_id] = recipient
    return sent
