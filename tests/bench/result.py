# SPDX-License-Identifier: GPL-3.0-or-later
"""What one benchmark found: a short table for people, and build/bench/NAME.json for whoever compares.

A row is a quantity: its median, least and greatest value over the runs, what it is held against, measured in
the same run, and whether that is kept. A row without a limit is for reading only.
"""

import json
import os
import statistics
import subprocess


def plain(value):
    """Four digits that matter, however large or small the number."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Row:
    def __init__(self, what, unit, values, most=None, least=None, against=""):
        self.what, self.unit, self.values = what, unit, [value for value in values if value is not None]
        self.most, self.least, self.against = most, least, against

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    @property
    def verdict(self):
        """Of the median against the limit; where each run must keep it, the worst run is a row of its own."""
        if self.most is None and self.least is None:
            return ""
        if not self.values:
            return "not yet"
        good = (self.most is None or self.median <= self.most) and (self.least is None or self.median >= self.least)
        return "pass" if good else "FAIL"

    def limit_text(self):
        if self.most is not None:
            return f"<= {plain(self.most)}"
        return f">= {plain(self.least)}" if self.least is not None else ""

    def as_json(self):
        return {"what": self.what, "unit": self.unit, "median": self.median,
                "min": min(self.values, default=None), "max": max(self.values, default=None),
                "runs": len(self.values), "values": self.values, "most": self.most, "least": self.least,
                "against": self.against, "verdict": self.verdict}


class Result:
    def __init__(self, name, title):
        self.name, self.title = name, title
        self.rows, self.notes = [], []

    def add(self, what, unit, values, most=None, least=None, against=""):
        """values: one number per run. most, least: the figure that the median is held against."""
        values = values if isinstance(values, (list, tuple)) else [values]
        self.rows.append(Row(what, unit, values, most, least, against))
        return self.rows[-1]

    def note(self, text):
        self.notes.append(text)

    def failed(self):
        return [row.what for row in self.rows if row.verdict == "FAIL"]

    def table(self):
        """Lines of a Markdown table, readable as it is."""
        cells = [("what", "unit", "median", "min", "max", "n", "limit", "", "against")]
        for row in self.rows:
            cells.append((row.what, row.unit, plain(row.median), plain(min(row.values, default=None)),
                          plain(max(row.values, default=None)), str(len(row.values)), row.limit_text(), row.verdict,
                          row.against))
        widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
        cells.insert(1, tuple("-" * width for width in widths))
        return ["| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |" for line in cells]

    def tell(self, directory):
        """Print it and write the file; the exit status."""
        print(f"\n{self.title}", *self.table(), *self.notes, sep="\n", flush=True)
        os.makedirs(directory, exist_ok=True)
        path = os.path.join(directory, f"{self.name}.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"name": self.name, "title": self.title, "commit": commit(), "cores": os.cpu_count(),
                       "rows": [row.as_json() for row in self.rows], "notes": self.notes}, file, indent=1)
            file.write("\n")
        return 1 if self.failed() else 0


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
