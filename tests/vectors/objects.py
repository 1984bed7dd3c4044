#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints objects.h: one frozen example of each object and message, with fixed keys.

Made by msgpack-python and PyNaCl (Debian: python3-msgpack, python3-nacl), which share no code with
proto/reader.c, proto/writer.c and the decoders:

    /usr/bin/python3 tests/vectors/objects.py > tests/vectors/objects.h
"""
import hashlib

import msgpack
from nacl.bindings import crypto_scalarmult_base
from nacl.signing import SigningKey

KILL = 2**64 - 1
CERTIFICATE, HEAD, CHUNK, CARRIAGE, BEACON = 1, 2, 3, 4, 5
PREFIXES = {CERTIFICATE: b"correomesh certificate", HEAD: b"correomesh head", CARRIAGE: b"correomesh carriage",
            BEACON: b"correomesh beacon"}


def pack(value):
    return msgpack.packb(value, use_bin_type=True)


def blake(data):
    return hashlib.blake2b(data, digest_size=32).digest()


def name_hashes(*names):
    """As a carriage lists names: sorted, packed."""
    return b"".join(sorted(blake(name.encode())[:8] for name in names))


class Identity:
    """The same from the same byte as identity_of() in the unit tests makes."""

    def __init__(self, seed):
        self.root = SigningKey(bytes([seed]) * 32)
        self.op = SigningKey(bytes([seed + 0x40]) * 32)
        self.key = bytes(self.root.verify_key)
        self.op_key = bytes(self.op.verify_key)
        self.session_key = crypto_scalarmult_base(bytes([seed + 0x80]) * 32)


def signed(kind, body, key):
    return body + key.sign(PREFIXES[kind] + b"\0" + body).signature


ROSA, LUZ, ANA = Identity(1), Identity(2), Identity(3)


def certificate(who, serial, cutoff=bytes(32), not_after_s=1893456000):
    body = pack([1, who.key, serial, who.op_key, who.session_key, cutoff, not_after_s, {}])
    return signed(CERTIFICATE, body, who.root)


def chunk():
    """Three claims: a plain one, one with everything, one with the largest numbers."""
    claims = [
        ["a.test", 1000, 0, b"\x0a" * 16, [], []],
        ["luz.test", 70000, 1, b"\x0b" * 16, [LUZ.key, ANA.key], [["mx1.out.test", 0], ["mx2.out.test", 65535]]],
        ["xn--rosa-ga.test", KILL, 15, b"\x0c" * 16, [], []],
    ]
    return pack([1, claims, {}])


def relayset(*choices):
    return sorted([list(choice) for choice in choices], key=lambda choice: choice[0])


def head():
    """Every field used, with numbers of each width."""
    body = [
        1, ROSA.key, 1, 1767225600123, b"\x11" * 32, "rosa",
        [bytes([10, 66, 0, 1]), bytes.fromhex("fd660000000000000000000000000001")],
        [bytes([192, 0, 2, 1])],
        25, 10655, 7, 1767225600000,
        [b"\xd1" * 32, b"\xd0" * 32],
        sorted([LUZ.key, ANA.key]),
        [b"\xde" * 32],
        [relayset((ROSA.key, 10, 0), (LUZ.key, 10, 1), (ANA.key, 65535, 0)), []],
        [["gone.test", LUZ.key], ["sold.test", ANA.key]],
        [blake(chunk())],
        {},
    ]
    return signed(HEAD, pack(body), ROSA.op)


def small_head():
    body = [
        1, LUZ.key, 1, 5, bytes(32), "luz_2", [bytes([10, 66, 0, 2])], [], 25, 10655, 0, 0,
        [], [], [], [], [], [], {},
    ]
    return signed(HEAD, pack(body), LUZ.op)


def carriage():
    entries = [
        [ROSA.key, 1767225600000, 0, name_hashes("b.test", "a.test"), b""],
        [ANA.key, 7, 1, name_hashes("one.test", "two.test", "three.test"), name_hashes("two.test")],
    ]
    body = [1, LUZ.key, 1, 1767225600456, sorted(entries), {}]
    return signed(CARRIAGE, pack(body), LUZ.op)


def beacon():
    """Luz's, of the carriage above: MTA up and writing, and bits of its two claimants."""
    body = [1, LUZ.key, 1, 1767225600789, 9, 2, 7, blake(carriage()), b"\xd0", {}]
    return signed(BEACON, pack(body), LUZ.op)


def messages():
    offer = [1, [[ROSA.key, CERTIFICATE, 1, 0, blake(certificate(ROSA, 1))],
                 [ROSA.key, HEAD, 1, 1767225600123, blake(head())],
                 [LUZ.key, CARRIAGE, 1, 1767225600456, blake(carriage())]]]
    return {
        "offer": offer,
        "offer_end": [1, []],
        "want": [2, [[ROSA.key, HEAD, blake(head())], [ROSA.key, CHUNK, blake(chunk())]]],
        "give": [3, ROSA.key, CHUNK, chunk()],
        "ping": [4, 0x0123456789abcdef, 1767225600789],
        "refuse": [5, 1],
        "table": [6, 2, [[ROSA.key, 0, 0], [LUZ.key, 0x0123456789abcdef, 1767225600789]]],
        "table_end": [6, 0, []],
        "question": [7, LUZ.key, 1767225600789, True],
        "waiting": [8, 1209600, [["luz.test", 20, 1767225600, 1768435200], ["sol.test", 2, 1767225650, 0]]],
        "waiting_none": [8, 0, []],
    }


def vectors():
    yield "certificate", certificate(ROSA, 1)
    yield "certificate_kill", certificate(ROSA, KILL, b"\xcc" * 32, 0)
    yield "head", head()
    yield "head_small", small_head()
    yield "chunk", chunk()
    yield "carriage", carriage()
    yield "beacon", beacon()
    for name, message in messages().items():
        yield "message_" + name, pack(message)
    yield "name_hash_a_test", blake(b"a.test")[:8]


def array(name, data):
    rows = ["\t" + " ".join("0x%02x," % byte for byte in data[at:at + 16]) for at in range(0, len(data), 16)]
    return "static const uint8_t vector_%s[] = {\n%s\n};" % (name, "\n".join(rows))


def main():
    print("/* SPDX-License-Identifier: GPL-3.0-or-later")
    print(" *")
    print(" * Frozen, printed by objects.py. Don't edit; regenerate with")
    print(" *	/usr/bin/python3 tests/vectors/objects.py > tests/vectors/objects.h")
    print(" */")
    print("#ifndef TESTS_VECTORS_OBJECTS_H")
    print("#define TESTS_VECTORS_OBJECTS_H")
    print()
    print("#include <stdint.h>")
    print()
    print("// clang-format off")
    for name, data in vectors():
        print(array(name, data))
        print()
    print("// clang-format on")
    print()
    print("#endif")


main()
