# SPDX-License-Identifier: GPL-3.0-or-later
"""A stranger's Postfix sends by DNS alone; a recipient that doesn't exist is refused at the relay."""

from tests.lab import sender, smtp, together, village
from tests.lab.wait import NotYet, wait_until

SECONDS_TO_DELIVER = 60
SECONDS_TO_VERIFY = 15
MESSAGES_PER_DOMAIN = 60
NO_SUCH_USER = 550


def tell(scene):
    for domain in village.HOME_OF:
        recipients = [f"{user}@{domain}" for user in village.USERS]
        sender.send(scene.outside, village.STRANGER, recipients, MESSAGES_PER_DOMAIN, domain, scene.sent)
    wait_until("all mail is in the right Maildirs", SECONDS_TO_DELIVER,
               lambda: scene.post.have_arrived(scene.sent.all()), pause=0.2)
    together.for_each(village.HOME_OF, lambda domain: _ask_unknown_recipient(scene, domain))
    return f"{len(scene.sent)} messages sent, all in the right Maildirs; an unknown recipient gets {NO_SUCH_USER}"


def _ask_unknown_recipient(scene, domain):
    """The first answer may be 450, while the relay still waits for the home's word."""
    recipient = f"{smtp.fresh_local_part()}@{domain}"

    def is_refused():
        reply = smtp.ask_recipient(address, recipient, "outside.test")
        if reply.code != NO_SUCH_USER:
            raise NotYet(f"{reply.code} {reply.text}")
        return True

    with scene.outside.inside():
        for address in scene.chain.mail_addresses(domain):
            wait_until(f"{address} refuses {recipient} with {NO_SUCH_USER}", SECONDS_TO_VERIFY, is_refused)
