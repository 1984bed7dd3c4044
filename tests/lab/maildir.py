# SPDX-License-Identifier: GPL-3.0-or-later
"""The Maildirs of a node: BASE/DOMAIN/USER/new/MESSAGE."""

import email
import glob
import os


def create(base, uid):
    os.makedirs(base)
    os.chown(base, uid, uid)


def messages(base):
    """Each message as (mailbox address, message id)."""
    found = []
    for path in glob.glob(os.path.join(glob.escape(base), "*", "*", "new", "*")):
        domain, user = path.split(os.sep)[-4:-2]
        with open(path, "rb") as file:
            found.append((f"{user}@{domain}", email.message_from_binary_file(file)["Message-ID"]))
    return found
