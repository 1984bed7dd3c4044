#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints keyline.h: root keys and their written form, by Python's own base32 and BLAKE2b.

    /usr/bin/python3 tests/vectors/keyline.py > tests/vectors/keyline.h
"""
import base64
import hashlib

KEYS = [
    bytes(32),
    b"\xff" * 32,
    bytes(range(32)),
    hashlib.blake2b(b"correomesh key line vector rosa", digest_size=32).digest(),
]


def render(key):
    check = hashlib.blake2b(b"correomesh key line" + key, digest_size=32).digest()[:4]
    return base64.b32encode(key + check).decode().rstrip("=").lower()


def main():
    print("/* SPDX-License-Identifier: GPL-3.0-or-later")
    print(" *")
    print(" * Frozen, printed by keyline.py. Don't edit.")
    print(" */")
    print("#ifndef TESTS_VECTORS_KEYLINE_H")
    print("#define TESTS_VECTORS_KEYLINE_H")
    print()
    print("// clang-format off")
    print("static const struct {")
    print("\tconst char *root_key; /* hex */")
    print("\tconst char *text;")
    print("} vector_keys[] = {")
    for key in KEYS:
        print('\t{"%s",\n\t "%s"},' % (key.hex(), render(key)))
    print("};")
    print()
    print('#define VECTOR_KEYLINE "correomesh1 rosa %s 10.66.0.21 10655"' % render(KEYS[-1]))
    print('#define VECTOR_KEYLINE_V6 "correomesh1 rosa %s fd66::21 10655"' % render(KEYS[-1]))
    print("// clang-format on")
    print()
    print("#endif")


main()
