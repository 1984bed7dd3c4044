# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor time of a process and its children, in nanoseconds where the kernel tells them."""

import glob
import os
import time

_NANOSECONDS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _fields(pid):
    """The fields of /proc/PID/stat behind the name: [0] state, [1] parent, [11] and [12] user and system ticks."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        return stat.read().rpartition(")")[2].split()


def family(pid):
    """The process and its children."""
    pids = [pid]
    for path in glob.glob("/proc/[0-9]*"):
        try:
            if int(_fields(os.path.basename(path))[1]) == pid:
                pids.append(int(os.path.basename(path)))
        except FileNotFoundError:
            pass  # ended while we looked
    return pids


def _used_ns(pid):
    try:
        total = 0
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as schedstat:
                total += int(schedstat.read().split()[0])
        if total:
            return total
        return sum(map(int, _fields(pid)[11:13])) * _NANOSECONDS_PER_TICK
    except FileNotFoundError:
        return 0


def share(pids, seconds):
    """What part of one core each of these processes uses over so many seconds from now: {pid: share}."""
    before = {pid: _used_ns(pid) for pid in pids}
    began = time.monotonic()
    time.sleep(seconds)
    passed_ns = (time.monotonic() - began) * 1e9
    return {pid: max(0, _used_ns(pid) - before[pid]) / passed_ns for pid in pids}
