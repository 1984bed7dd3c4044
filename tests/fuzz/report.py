# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of tests/RESULTS.md that is about fuzzing, from what the last campaign left."""

import os
import platform
import re

FILE = "tests/RESULTS.md"
FOUND = "tests/fuzz/found.md"
TITLE = "# Fuzzing"

_HEAD = """{title}

Written by `dev/fuzz --results` from what the last `dev/fuzz --campaign` left in build/fuzz. libFuzzer, ASan and UBSan
(any report ends a run), this tree's libraries instrumented, on {machine}, below the
priority of what else the machine does. Edges are those of target and libraries that the whole corpus reaches. A find
is an input that ended a run; one that was mended is listed below, and its target's campaign was run anew.
"""


def _machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return f"{os.cpu_count()} cores of a virtual machine ({model[1] if model else platform.machine()})"


def _table(head, rows):
    """The first column is text, the others are numbers or short words."""
    rows = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _campaign(rows, wanted):
    cells = []
    for row in rows:
        short = f" of {wanted(row['target']):,}" if row["runs"] < wanted(row["target"]) else ""
        speed = f"{row['runs'] / max(row['cpu_s'], 0.01):,.0f}"
        found = row.get("error", "none")
        cells.append((row["target"], f"{row['runs']:,}{short}", speed, f"{row['edges']:,}", found, row["commit"]))
    total = sum(row["runs"] for row in rows)
    cells.append((f"all {len(rows)}", f"{total:,}", "", "", "", ""))
    return _table(("target", "runs", "runs/s of CPU", "edges", "finds", "commit"), cells)


def _coverage(files):
    rows = [(name, *reached, f"{100 * reached[0] / reached[1]:.1f}") for name, reached in files.items()]
    whole = tuple(sum(reached[i] for reached in files.values()) for i in (0, 1))
    rows.append(("all", *whole, f"{100 * whole[0] / whole[1]:.1f}"))
    return _table(("decoders in", "lines reached", "of", "%"), rows)


def write(rows, wanted, files, left_out):
    """Replaces this part, or adds it: from its title to the next of that rank."""
    with open(FOUND, encoding="utf-8") as file:
        found = file.read()
    part = (_HEAD.format(title=TITLE, machine=_machine()) + f"\n{_campaign(rows, wanted)}\n"
            f"\n## what was found\n\n{found}"
            "\n## lines of the decoders that the corpora in the tree reach\n\n"
            f"`dev/fuzz --coverage`; the others: `dev/fuzz --unreached`. {left_out}\n\n{_coverage(files)}\n")
    with open(FILE, encoding="utf-8") as file:
        text = file.read()
    begin = text.find(f"\n{TITLE}\n") + 1
    end = text.find("\n# ", begin)
    if begin == 0:
        text = f"{text.rstrip()}\n\n{part}"
    else:
        text = text[:begin] + part + (text[end:] if end >= 0 else "")
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(text)
    print(FILE)
