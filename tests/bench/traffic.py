# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of the benchmark's own namespace: two ranges on lo, counters, loss, and splits.

Bytes are counted as they leave, IP and TCP or UDP headers included. What is lost is dropped as it comes in:
dropped on its way out, its sender would be told at once.
"""

import json
import subprocess

RANGES = "10.66.0.0/15"  # .66 the mesh, .67 its peer; what is said on 127.0.0.1 doesn't count

_RULES = f"""
table ip bench {{
	set sent {{
		type ipv4_addr
		size 65535
		flags dynamic
	}}
	set left {{
		type ipv4_addr
	}}
	chain leaving {{
		type filter hook output priority 0
		ip saddr {RANGES} update @sent {{ ip saddr counter }}
	}}
	chain coming {{
		type filter hook input priority 0
	}}
}}
"""


def _run(*argv, text=None):
    return subprocess.run(argv, input=text, capture_output=True, text=True, check=True).stdout


def _nft(text):
    _run("nft", "-f", "-", text=text)


def open_loopback():
    """Every address of both ranges is this machine."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "route", "replace", "local", RANGES, "dev", "lo")


def count():
    """Start to count, anew."""
    _run("nft", "flush", "ruleset")
    _nft(_RULES)


def sent():
    """{address: (bytes, packets)} since count()."""
    listed = json.loads(_run("nft", "-j", "list", "set", "ip", "bench", "sent"))
    counts = {}
    for item in listed["nftables"]:
        for element in item.get("set", {}).get("elem", []):
            counter = element["elem"]["counter"]
            counts[element["elem"]["val"]] = (counter["bytes"], counter["packets"])
    return counts


def lose(percent):
    """Lose so much of everything between agents; 0: nothing."""
    heal()
    if percent:
        _nft(f"add rule ip bench coming ip saddr {RANGES} numgen random mod 100 < {percent} drop")


def split(left):
    """Lose everything between these addresses and the others."""
    heal()
    _nft(f"add element ip bench left {{ {', '.join(left)} }}\n"
         f"add rule ip bench coming ip saddr {RANGES} ip saddr @left ip daddr != @left drop\n"
         f"add rule ip bench coming ip saddr {RANGES} ip saddr != @left ip daddr @left drop\n")


def heal():
    _nft("flush chain ip bench coming\nflush set ip bench left\n")
