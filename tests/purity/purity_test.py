#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""proto is pure, and folders only know the folders below them.

    purity_test.py SOURCE_ROOT LIBPROTO_A

The symbols that libproto.a wants from outside are held against an allow list: no clock, socket, file or
random device can be reached but through one of these. Needs nm; prints TAP.
"""
import pathlib
import re
import subprocess
import sys

LIBC = {
    # memory
    "malloc", "calloc", "realloc", "free",
    # bytes and text, with the names that compilers and fortified headers give them
    "memchr", "memcmp", "bcmp", "memcpy", "memmove", "memset", "memmem", "__memcpy_chk", "__memmove_chk", "__memset_chk",
    "strchr", "strcmp", "strcspn", "strlen", "strncmp", "strnlen", "strrchr", "strstr",
    "snprintf", "vsnprintf", "__snprintf_chk", "__vsnprintf_chk",
    "qsort", "bsearch",
    # address literals: no resolver
    "inet_pton", "inet_ntop",
    # the compiler's
    "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail",
}

# Of one member only: the last words of a broken invariant.
LAST_WORDS = {"assert.c": {"abort", "stderr", "fprintf", "__fprintf_chk", "fwrite"}}

SODIUM = re.compile(r"^(crypto_[a-z0-9_]+|sodium_(memzero|memcmp|compare|is_zero|bin2hex|hex2bin))$")
# What draws randomness inside libsodium.
SODIUM_RANDOM = re.compile(r"^crypto_(box_seal|.*_keypair$|.*_keygen$|core_.*_random$|pwhash)")
SEEDED = re.compile(r"_seed_keypair$")

# Folder -> what its files must not include.
FORBIDDEN = {
    "proto": [r"<(uv|lmdb|time|unistd|fcntl|netdb|poll|pthread|threads|signal)\.h>", r"<sys/", r'"(store|agent|cli)/'],
    "store": [r'"(agent|cli)/', r"<uv\.h>"],
    "agent": [r'"cli/'],
    "cli": [r'"(store|agent)/', r"<lmdb\.h>"],
}


def is_allowed(symbol, member):
    if symbol in LIBC or symbol in LAST_WORDS.get(member, ()):
        return True
    return bool(SODIUM.match(symbol)) and (not SODIUM_RANDOM.match(symbol) or bool(SEEDED.search(symbol)))


def members(library):
    """Yields (member's source, symbols it wants, symbols it has)."""
    text = subprocess.run(["nm", library], check=True, capture_output=True, text=True).stdout
    for part in re.split(r"\n(?=\S+\.o:\n)", text):
        head, _, rows = part.strip().partition(":\n")
        fields = [row.split() for row in rows.splitlines() if row]
        wants = {f[-1] for f in fields if f[-2] in "Uw"}
        has = {f[-1] for f in fields if f[-2] in "TDBRCVW"}
        yield pathlib.PurePath(head.rstrip(":")).name.removesuffix(".o"), wants, has


def impure_symbols(library):
    all_members = list(members(library))
    own = set().union(*(has for _, _, has in all_members))
    for member, wants, _ in all_members:
        for symbol in sorted(wants - own):
            if not is_allowed(symbol, member):
                yield "%s wants %s" % (member, symbol)
    if len(all_members) < 30:
        yield "only %d members were found in %s" % (len(all_members), library)


def crossing_includes(folder, patterns):
    for path in sorted(folder.rglob("*.[ch]")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            include = re.match(r"\s*#\s*include\s*(\S+)", line)
            if include and any(re.match(pattern, include[1]) for pattern in patterns):
                yield "%s:%d includes %s" % (path, number, include[1])


def report(number, name, faults):
    faults = list(faults)
    print("%sok %d - %s" % ("not " if faults else "", number, name))
    for fault in faults:
        print("# " + fault)
    return not faults


def main():
    root, library = pathlib.Path(sys.argv[1]), sys.argv[2]
    print("1..%d" % (2 + len(FORBIDDEN)))
    good = [report(1, "proto_wants_nothing_that_is_not_pure", impure_symbols(library))]
    probes = ["time", "socket", "open", "getrandom", "randombytes_buf", "crypto_box_seal", "crypto_sign_keypair", "abort"]
    good.append(report(2, "the_allow_list_lets_no_clock_socket_file_or_dice_through",
                       [p for p in probes if is_allowed(p, "head.c")]))
    for number, (folder, patterns) in enumerate(FORBIDDEN.items(), 3):
        good.append(report(number, "%s_includes_only_what_stands_below_it" % folder,
                           crossing_includes(root / folder, patterns)))
    return 0 if all(good) else 1


if len(sys.argv) == 2 and sys.argv[1] == "--skip":
    print("1..0 # SKIP sanitizer build")
    sys.exit(0)
sys.exit(main())
