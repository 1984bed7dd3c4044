# SPDX-License-Identifier: GPL-3.0-or-later
"""What an SMTP server answers to RCPT. No mail is sent."""

import collections
import contextlib
import email.policy
import random
import smtplib
import socket

PORT = 25
SECONDS_FOR_A_REPLY = 15
PROBE = "probe-"
_REFUSAL = "Relay access denied"

_random = random.SystemRandom()


class Reply(collections.namedtuple("Reply", "code text")):
    """code is 0 if there was no reply; text then says why."""

    def is_relay_refusal(self):
        """The server won't relay for that domain at all, now (4xx) or ever (5xx)."""
        return _REFUSAL in self.text

    def is_served(self):
        """The server relays for the domain, whatever it thinks of the recipient."""
        return self.code != 0 and not self.is_relay_refusal()


def fresh_local_part():
    """One that nobody asked for before: servers remember answers."""
    return f"{PROBE}{_random.getrandbits(64):016x}"


@contextlib.contextmanager
def session(server, me):
    """An SMTP session that greets as me. (smtplib's own context hides an interrupt behind its QUIT.)"""
    opened = smtplib.SMTP(server, PORT, local_hostname=me, timeout=SECONDS_FOR_A_REPLY)
    try:
        opened.ehlo_or_helo_if_needed()
        yield opened
        with contextlib.suppress(OSError, smtplib.SMTPException):
            opened.quit()
    finally:
        opened.close()


def ask_recipient(server, recipient, me):
    """The reply of server (an address) to RCPT TO:<recipient> from a host that calls itself me."""
    try:
        with session(server, me) as asking:
            asking.mail(f"prober@{me}")
            code, text = asking.rcpt(recipient)
            return Reply(code, text.decode("utf-8", "replace").replace("\n", " "))
    except (OSError, smtplib.SMTPException) as error:
        return Reply(0, f"{type(error).__name__}: {error}")


def deliver(server, sender, recipient, message, me):
    """Send a message to one server; returns the reply that ended it: to DATA's end, or the first that isn't 2xx."""
    try:
        with session(server, me) as sending:
            for say in (lambda: sending.mail(sender), lambda: sending.rcpt(recipient),
                        lambda: sending.data(message.as_bytes(policy=email.policy.SMTP))):
                code, text = say()
                if code // 100 != 2:
                    break
            return Reply(code, text.decode("utf-8", "replace").replace("\n", " "))
    except (OSError, smtplib.SMTPException) as error:
        return Reply(0, f"{type(error).__name__}: {error}")


def says_banner(server, seconds):
    """Whether an SMTP server answers there within that time."""
    try:
        with socket.create_connection((server, PORT), seconds) as asking:
            asking.settimeout(seconds)
            return asking.recv(64).startswith(b"220")
    except OSError:
        return False
