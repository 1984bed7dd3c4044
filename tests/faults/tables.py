# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's tables for Postfix, each read as its source and as what postmap made of it."""

import os
import subprocess

from tests.lab.wait import expect

TABLES = ("transport", "access", "relay_domains")
_HEADER = "# written by meshd; what is changed here by hand is refused or lost"


def source(node, name):
    """{key: value}; empty while there is none."""
    path = node.var("postfix", name)
    if not os.path.exists(path):
        return {}
    with open(path, encoding="ascii") as file:
        text = file.read()
    lines = text.splitlines()
    expect(text.endswith("\n") and lines and lines[0] == _HEADER, f"{name} is cut: {text[-80:]!r}")
    return dict(line.split(" ", 1) for line in lines[1:])


def built(node, name, config):
    """What Postfix with that configuration reads; empty while there is none."""
    path = node.var("postfix", name)
    if not os.path.exists(path + ".lmdb"):
        return {}
    done = subprocess.run(["postmap", "-c", config, "-s", f"lmdb:{path}"], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"{name}.lmdb can't be read: {done.stderr}")
    return dict(line.split("\t", 1) for line in done.stdout.splitlines())
