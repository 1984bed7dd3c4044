# SPDX-License-Identifier: GPL-3.0-or-later
"""The Maildirs of a node: BASE/DOMAIN/USER/new/MESSAGE."""

import email
import glob
import os


def create(base, uid):
    os.makedirs(base)
    os.chown(base, uid, uid)


class Mailboxes:
    """What lies in all of them, as far as it was read: a list of (mailbox address, message id)."""

    def __init__(self, base):
        self.messages = []
        self._pattern = os.path.join(glob.escape(base), "*", "*", "new", "*")
        self._known = set()

    def read(self):
        """Read what came since the last call."""
        for path in glob.glob(self._pattern):
            if path in self._known:
                continue
            self._known.add(path)
            domain, user = path.split(os.sep)[-4:-2]
            with open(path, "rb") as file:
                self.messages.append((f"{user}@{domain}", email.message_from_binary_file(file)["Message-ID"]))
