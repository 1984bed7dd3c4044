# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes take: memory in MiB, processor time in nanoseconds, and what the rest of the machine takes."""

import glob
import os

_NAMES = {"Rss:": "rss", "Pss:": "pss"}
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def memory(pid):
    """{"rss", "pss"} of one process."""
    sizes = dict.fromkeys(_NAMES.values(), 0)
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as rollup:
        for line in rollup:
            words = line.split()
            if words[0] in _NAMES:
                sizes[_NAMES[words[0]]] = int(words[1]) / 1024
    return sizes


def cpu_ns(pid):
    """So far, by all its threads; 0 when it is gone."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(path, encoding="ascii") as schedstat:
                total += int(schedstat.read().split()[0])
        except FileNotFoundError:
            pass
    return total


def machine_ns():
    """Of all processors of the machine, not idle."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) * _TICK_NS
