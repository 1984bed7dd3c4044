# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts the cables of a node, by nftables in its own network: packets vanish, nothing is refused or reset."""

import contextlib
import time

from tests.lab import tinc

_RULES = """table inet cut {{
	chain in {{
		type filter hook input priority -1
		{incoming}
	}}
	chain out {{
		type filter hook output priority -1
		{outgoing}
	}}
}}
"""
_PORTS = f"meta l4proto {{ tcp, udp }} th dport {tinc.PORT} drop", f"meta l4proto {{ tcp, udp }} th sport {tinc.PORT} drop"


def _rules(match, actions):
    return "\n\t\t".join(f"{match} {action}".strip() for action in actions)


class Cut:
    """One cut of one node, from its making to heal(). began: time.monotonic() when it held."""

    def __init__(self, node, incoming, outgoing):
        self._node = node
        node.run("nft", "-f", "-", input=_RULES.format(incoming=incoming, outgoing=outgoing))
        self.began = time.monotonic()

    def heal(self):
        """Returns when (monotonic) packets pass again."""
        self._node.run("nft", "delete", "table", "inet", "cut")
        return time.monotonic()


def tinc_of(node):
    """All tinc traffic of the node; the rest of its internet goes on."""
    return Cut(node, _rules("", _PORTS), _rules("", _PORTS))


def tinc_between(node, other):
    """The tinc traffic of this pair only: tinc finds another way."""
    return Cut(node, _rules(f"ip saddr {other.public}", _PORTS), _rules(f"ip daddr {other.public}", _PORTS))


def everything_of(node):
    """As if the machine were off, for everybody else."""
    return Cut(node, 'iifname "wan" drop', 'oifname "wan" drop')


@contextlib.contextmanager
def healed_in_the_end(made):
    """A cut for the time of a block."""
    try:
        yield made
    finally:
        made.heal()
