# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the release build, each number beside a peer or a limit of the same run. Started by dev/bench."""

import argparse
import os
import sys

from tests.bench import join, mesh, plan, results, tables, verify
from tests.lab import sandbox
from tests.lab.wait import Failed

# So that what else goes on at this machine shows less in the numbers.
NICE = -10

# Those that start daemons run in namespaces of their own, and take the directory that is gone afterwards.
PLAIN = {"verify": verify.run, "plan": plan.run}
BOXED = {"tables": tables.run, "join": join.run, "mesh": mesh.run}


def _options():
    parser = argparse.ArgumentParser(prog="dev/bench", description=__doc__)
    parser.add_argument("what", choices=[*PLAIN, *BOXED, "results"])
    parser.add_argument("count", type=int, nargs="?", default=10, help="mesh: how many agents")
    parser.add_argument("--build", default="build/release", help=argparse.SUPPRESS)
    parser.add_argument("--out", default="build/bench", help="where NAME.json goes")
    parser.add_argument("--runs", type=int, default=3, help="how often each number is taken")
    parser.add_argument("--authors", type=int, default=0, help="join: fewer authors than the figure asks for")
    parser.add_argument("--minutes", type=float, default=10, help="mesh: how long packets are lost")
    parser.add_argument("--idle", type=int, default=60, help="mesh: seconds of rest that are measured")
    parser.add_argument("--changes", type=int, default=10, help="mesh: how many")
    parser.add_argument("--joins", type=int, default=20, help="mesh: how many")
    parser.add_argument("--kills", type=int, default=20, help="mesh: how many")
    parser.add_argument("--quick", action="store_true", help="mesh: changes and rest only")
    parser.add_argument("--alone", action="store_true", help="mesh: without serf")
    options = parser.parse_args()
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    return options


def _tell(measure, options):
    try:
        return measure().tell(options.out)
    except Failed as error:
        print(f"dev/bench: {error}", file=sys.stderr)
        return 1


def main():
    options = _options()
    if os.geteuid() == 0:
        os.nice(NICE)
    if options.what == "results":
        return results.write(options)
    if options.what in PLAIN:
        return _tell(lambda: PLAIN[options.what](options), options)
    if os.geteuid() != 0:
        print("dev/bench: needs root, for namespaces: sudo dev/bench", options.what, file=sys.stderr)
        return 1
    return sandbox.run(lambda lab: _tell(lambda: BOXED[options.what](lab, options), options))


if __name__ == "__main__":
    sys.exit(main())
