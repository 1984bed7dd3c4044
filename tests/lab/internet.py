# SPDX-License-Identifier: GPL-3.0-or-later
"""The network that joins all nodes: a bridge in the sandbox's own network, one cable to each node."""

import subprocess

PREFIX_LENGTH = 24
_BRIDGE = "internet"


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def create():
    _ip("link", "add", "name", _BRIDGE, "type", "bridge")
    _ip("link", "set", "dev", _BRIDGE, "up")


def attach(node):
    """Give the node an interface `wan` with its public address."""
    cable = f"to-{node.name}"
    _ip("link", "add", "name", cable, "type", "veth", "peer", "name", "wan", "netns", str(node.pid))
    _ip("link", "set", "dev", cable, "master", _BRIDGE, "up")
    node.run("ip", "address", "add", f"{node.public}/{PREFIX_LENGTH}", "dev", "wan")
    node.run("ip", "link", "set", "dev", "wan", "up")
