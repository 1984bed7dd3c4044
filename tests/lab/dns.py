# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks name servers directly, without any cache: what the authoritative chain says at this moment.

Just what the lab's zones need: A, NS, MX and SOA over UDP, referrals, no CNAME, no DNSSEC.
"""

import collections
import random
import socket
import struct

from tests.lab.wait import NotYet

TYPES = {"A": 1, "NS": 2, "SOA": 6, "MX": 15}
PORT = 53
SECONDS_FOR_AN_ANSWER = 2
REFERRALS_MAX = 6
_IN = 1
_FLAG_AUTHORITATIVE = 0x0400
_CODE_MASK = 0x000F
_CODE_NAME_ERROR = 3

Record = collections.namedtuple("Record", "name type value")


class Unanswered(NotYet):
    """No server of the chain gave an answer that can be used."""


class Answer:
    """code (0, or 3 for no such name), is_authoritative, and records of all three sections."""

    def __init__(self, code, is_authoritative, records):
        self.code = code
        self.is_authoritative = is_authoritative
        self.records = records

    def values(self, name, kind):
        return [record.value for record in self.records if record.name == name and record.type == kind]


def _canonical(name):
    return name.rstrip(".").lower() + "."


def _encode_name(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in labels) + b"\0"


def _decode_name(packet, at):
    """The name at this offset and the offset behind it."""
    labels, behind = [], None
    while packet[at] != 0:
        if packet[at] >= 0xC0:
            behind = behind or at + 2
            at = struct.unpack_from("!H", packet, at)[0] & 0x3FFF
            continue
        labels.append(packet[at + 1:at + 1 + packet[at]].decode("ascii"))
        at += 1 + packet[at]
    return ".".join(labels).lower() + ".", behind or at + 1


def _decode_value(packet, kind, at, size):
    if kind == TYPES["A"]:
        return socket.inet_ntoa(packet[at:at + 4])
    if kind == TYPES["NS"]:
        return _decode_name(packet, at)[0]
    if kind == TYPES["MX"]:
        return struct.unpack_from("!H", packet, at)[0], _decode_name(packet, at + 2)[0]
    return packet[at:at + size]


def _decode(packet):
    _, flags, questions, *counts = struct.unpack_from("!6H", packet)
    at = 12
    for _ in range(questions):
        at = _decode_name(packet, at)[1] + 4
    records = []
    for _ in range(sum(counts)):
        name, at = _decode_name(packet, at)
        kind, _, _, size = struct.unpack_from("!HHIH", packet, at)
        records.append(Record(name, kind, _decode_value(packet, kind, at + 10, size)))
        at += 10 + size
    return Answer(flags & _CODE_MASK, bool(flags & _FLAG_AUTHORITATIVE), records)


def ask(server, name, kind):
    """One question to one server, without recursion; Unanswered if nothing comes back."""
    number = random.randrange(0x10000)
    question = struct.pack("!6H", number, 0, 1, 0, 0, 0) + _encode_name(name) + struct.pack("!2H", TYPES[kind], _IN)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(SECONDS_FOR_AN_ANSWER)
        try:
            asking.connect((server, PORT))
            asking.send(question)
            packet = asking.recv(4096)
        except OSError as error:
            raise Unanswered(f"{server} gives no answer for {name} {kind}: {error}") from error
    if packet[:2] != question[:2]:
        raise Unanswered(f"{server} answers another question than {name} {kind}")
    return _decode(packet)


class Chain:
    """Follows the delegations from the root server, afresh for each question."""

    def __init__(self, root):
        self._root = root

    def values(self, name, kind):
        """The values of an RRset, [] if authoritatively there is none; Unanswered otherwise."""
        name = _canonical(name)
        server = self._root
        for _ in range(REFERRALS_MAX):
            answer = ask(server, name, kind)
            if answer.code not in (0, _CODE_NAME_ERROR):
                raise Unanswered(f"{server} answers {name} {kind} with code {answer.code}")
            if answer.is_authoritative:
                return answer.values(name, TYPES[kind])
            server = self._next_server(server, answer)
        raise Unanswered(f"{name} {kind}: too many referrals")

    def _next_server(self, server, answer):
        hosts = [record.value for record in answer.records if record.type == TYPES["NS"]]
        for host in hosts:
            for address in answer.values(host, TYPES["A"]) or self.values(host, "A"):
                return address
        raise Unanswered(f"{server} refers to servers without an address: {hosts}")

    def mail_hosts(self, domain):
        """The MX hosts of domain, by preference."""
        return [host for _, host in sorted(self.values(domain, "MX"))]

    def mail_addresses(self, domain):
        """The addresses of all MX hosts of domain."""
        return [address for host in self.mail_hosts(domain) for address in self.values(host, "A")]
