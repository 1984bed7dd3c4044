# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a Postfix log: which message ids passed, and how each delivery ended."""

import collections
import re

Delivery = collections.namedtuple("Delivery", "message_id recipient relay status text")

_LINE = re.compile(r"postfix(?:/[\w-]+)*/[\w-]+\[\d+\]: (?P<queue_id>[0-9A-Za-z]+): (?P<text>.*)$")
_MESSAGE_ID = re.compile(r"message-id=(?P<message_id><[^>]*>)")
_DELIVERY = re.compile(r"to=<(?P<recipient>[^>]*)>,.* relay=(?P<relay>[^,]*),.* status=(?P<status>\w+) (?P<text>.*)$")
_RELAY_ADDRESS = re.compile(r"\[(?P<address>[^]]+)\]")


class MailLog:
    """The log as far as it was read: message_ids (a set) and deliveries (a list)."""

    def __init__(self, path):
        self.message_ids = set()
        self.deliveries = []
        self._path = path
        self._offset = 0
        self._id_of = {}

    def read(self):
        """Read on where the last call ended."""
        try:
            with open(self._path, "rb") as log:
                log.seek(self._offset)
                text = log.read()
        except FileNotFoundError:
            return
        whole = text[:text.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            self._read(line)

    def _read(self, line):
        match = _LINE.search(line)
        if not match:
            return
        message_id = _MESSAGE_ID.match(match["text"])
        if message_id:
            self.message_ids.add(message_id["message_id"])
            self._id_of[match["queue_id"]] = message_id["message_id"]
            return
        delivery = _DELIVERY.match(match["text"])
        if delivery:
            self.deliveries.append(Delivery(
                self._id_of.get(match["queue_id"], ""), delivery["recipient"],
                _address(delivery["relay"]), delivery["status"], delivery["text"]))


def _address(relay):
    match = _RELAY_ADDRESS.search(relay)
    return match["address"] if match else relay
