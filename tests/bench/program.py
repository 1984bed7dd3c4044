# SPDX-License-Identifier: GPL-3.0-or-later
"""A program of tests/bench that tells its numbers as "NAME VALUE" lines, run several times."""

import os
import subprocess

from tests.lab.wait import Failed


def path(build, name):
    return os.path.join(build, "tests/bench", name)


def measure(build, name, *arguments, runs, seconds=300):
    """Run it so many times; returns {NAME: [value of each run]}."""
    numbers = {}
    for _ in range(runs):
        done = subprocess.run([path(build, name), *map(str, arguments)], capture_output=True, text=True, check=False,
                              timeout=seconds)
        if done.returncode != 0:
            raise Failed(f"{name} ended with {done.returncode}: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            word, value = line.split()
            numbers.setdefault(word, []).append(float(value))
    return numbers
