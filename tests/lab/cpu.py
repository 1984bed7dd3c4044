# SPDX-License-Identifier: GPL-3.0-or-later
"""Processor time of a process and its children, in nanoseconds where the kernel tells them."""

import glob
import os
import time

_NANOSECONDS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def _fields(pid):
    """The fields of /proc/PID/stat behind the name: [0] state, [1] parent, [11] to [14] ticks, see below."""
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


def _ticks_ns(pid, first):
    """User and system time: the process's own from field 11 on, that of ended children from field 13 on."""
    return sum(map(int, _fields(pid)[first:first + 2])) * _NANOSECONDS_PER_TICK


def _own_ns(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as schedstat:
            total += int(schedstat.read().split()[0])
    return total or _ticks_ns(pid, 11)


def _used_ns(pid):
    """(own, by children that ended): what the process has used so far; nothing if it has ended itself."""
    try:
        return _own_ns(pid), _ticks_ns(pid, 13)
    except FileNotFoundError:
        return 0, 0


def percent(pids, seconds):
    """What these processes use over so many seconds from now, in per cent of one core:
    {pid: (own, by children that ended)}, the latter in steps of a clock tick."""
    before = {pid: _used_ns(pid) for pid in pids}
    began = time.monotonic()
    time.sleep(seconds)
    passed_ns = (time.monotonic() - began) * 1e9
    return {pid: tuple(100 * max(0, now - then) / passed_ns for now, then in zip(_used_ns(pid), before[pid]))
            for pid in pids}
