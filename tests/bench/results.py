# SPDX-License-Identifier: GPL-3.0-or-later
"""tests/RESULTS.md, from the files that the benchmarks have left."""

import glob
import json
import os

from tests.bench.result import Result

FILE = "tests/RESULTS.md"
ORDER = ("verify", "tables", "plan", "join", "mesh10", "mesh30", "mesh60", "mesh100")

_HEAD = """# Results

Written by `dev/bench results` from what the last runs of `dev/bench` left in build/bench; run each anew with the
command above its table. The release build, {machine}.
A row's limit is kept (pass) or not (FAIL) by its median; "not yet" marks what could not be measured. A ratio is held
against a peer or limit of the same run. Everything runs above the priority of what else the machine does.
"""


def _place(path):
    name = os.path.basename(path).removesuffix(".json")
    return ORDER.index(name) if name in ORDER else len(ORDER), name


def _command(name):
    return f"dev/bench mesh {name.removeprefix('mesh')}" if name.startswith("mesh") else f"dev/bench {name}"


def _others():
    """What others have written below, from the next title on."""
    if not os.path.exists(FILE):
        return ""
    with open(FILE, encoding="utf-8") as file:
        text = file.read()
    begin = text.find("\n# ", 1)
    return text[begin:] if begin >= 0 else ""


def write(options):
    text = _HEAD.format(machine=f"on {os.cpu_count()} cores of a virtual machine")
    for path in sorted(glob.glob(os.path.join(options.out, "*.json")), key=_place):
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        result = Result(found["name"], found["title"])
        for row in found["rows"]:
            result.add(row["what"], row["unit"], row["values"], row["most"], row["least"], row["against"])
        table = "\n".join(line.rstrip() for line in result.table())
        notes = "".join(f"\n{note}\n" for note in found["notes"])
        text += f"\n## {found['title']}\n\n`{_command(found['name'])}`, commit {found['commit']}\n\n{table}\n{notes}"
    text += _others()
    with open(FILE, "w", encoding="utf-8") as file:
        file.write(text)
    print(FILE)
    return 0
