# SPDX-License-Identifier: GPL-3.0-or-later
"""The durable points, as store/durable_point.h names them; run as a program, whether a meshd has them as it should,
and whether each is passed somewhere: python3 -m tests.faults.points --with|--without MESHD"""

import glob
import os
import re
import sys

_TREE = os.path.join(os.path.dirname(__file__), "../..")

with open(os.path.join(_TREE, "store/durable_point.h"), encoding="ascii") as _file:
    NAMES = dict(re.findall(r'POINT\(([A-Z_]+), "([a-z-]+)"\)', _file.read()))
POINTS = list(NAMES.values())


def _passed():
    """The names that stand in the sources of meshd."""
    names = set()
    for path in glob.glob(os.path.join(_TREE, "store/*.c")) + glob.glob(os.path.join(_TREE, "agent/**/*.c"), recursive=True):
        with open(path, encoding="utf-8") as file:
            names.update(re.findall(r"DURABLE_POINT\(([A-Z_]+)\)", file.read()))
    return names


def main():
    with open(sys.argv[2], "rb") as file:
        program = file.read()
    has = b"MESH_DIE_AT" in program or any(point.encode() in program for point in POINTS)
    tests = [(has == (sys.argv[1] == "--with"), "meshd has durable points only where it was built with them"),
             (_passed() == set(NAMES), "each durable point of the table is passed somewhere, and no other")]
    print(f"1..{len(tests)}")
    for number, (good, name) in enumerate(tests, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
    return 0 if all(good for good, _ in tests) else 1


if __name__ == "__main__":
    sys.exit(main())
