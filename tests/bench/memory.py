# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of a process, in MiB."""

_NAMES = {"Rss:": "rss", "Pss:": "pss", "Private_Dirty:": "dirty"}


def of(pid):
    """{"rss", "pss", "dirty"} of one process."""
    sizes = dict.fromkeys(_NAMES.values(), 0)
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as rollup:
        for line in rollup:
            words = line.split()
            if words[0] in _NAMES:
                sizes[_NAMES[words[0]]] = int(words[1]) / 1024
    return sizes
