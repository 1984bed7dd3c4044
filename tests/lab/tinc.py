# SPDX-License-Identifier: GPL-3.0-or-later
"""tinc between the members: keys, configuration, one tincd per node.

TCPOnly, since without it a fresh pair now and then stays deaf for 40 s although tinc says that it is up.
"""

import os
import shutil
import socket

from tests.lab.wait import wait_until

NETWORK = "demo"
PREFIX_LENGTH = 16
PORT = 655
PORT_OF_NOBODY = 9
SECONDS_TO_MEET = 30

_TINC_CONF = """Name = {name}
Interface = vpn
Mode = router
PingInterval = 10
PingTimeout = 3
MaxTimeout = 30
"""
_HOST = """Address = {public}
Subnet = {vpn}/32
TCPOnly = yes
"""
_TINC_UP = """#!/bin/sh
ip link set dev "$INTERFACE" up
ip address add {vpn}/{length} dev "$INTERFACE"
"""


class Tinc:
    def __init__(self, node, vpn):
        self.node = node
        self.vpn = vpn

    def _configure(self, others):
        lines = [f"ConnectTo = {other.node.name}\n" for other in others]
        self.node.write("tinc/tinc.conf", _TINC_CONF.format(name=self.node.name) + "".join(lines))
        self.node.write(f"tinc/hosts/{self.node.name}", _HOST.format(public=self.node.public, vpn=self.vpn))
        up = self.node.write("tinc/tinc-up", _TINC_UP.format(vpn=self.vpn, length=PREFIX_LENGTH))
        os.chmod(up, 0o755)

    def _create_key(self):
        self.node.run("tincd", "-c", self.node.path("tinc"), "-K2048")

    def _hand_host_file_to(self, other):
        shutil.copy(self.node.path("tinc/hosts", self.node.name), other.node.path("tinc/hosts"))

    def start(self):
        self.daemon = self.node.start(
            "tincd", "-n", NETWORK, "-c", self.node.path("tinc"), "-D", "-d1",
            f"--pidfile={self.node.path('tincd.pid')}", log="tincd.log")
        wait_until(f"{self.node.name}: tincd listens", SECONDS_TO_MEET,
                   lambda: self.daemon.check_running() and self.daemon.has_logged("Ready"))

    def hears(self, other):
        """Whether a packet comes back over the VPN: also a refused connection is an answer."""
        with self.node.inside(), socket.socket() as asking:
            asking.settimeout(0.5)
            try:
                asking.connect((other.vpn, PORT_OF_NOBODY))
            except ConnectionRefusedError:
                return True
            except OSError:
                return False
            return True


def join(members):
    """Configure all; start each when those that it connects to listen; returns when every pair talks."""
    for number, member in enumerate(members):
        member._configure(members[:number])
        member._create_key()
    for member in members:
        for other in members:
            if other is not member:
                member._hand_host_file_to(other)
    for member in members:
        member.start()
    for member in members:
        for other in members:
            if other is not member:
                wait_until(f"tinc: {other.node.name} answers {member.node.name} over the VPN", SECONDS_TO_MEET,
                           lambda: member.daemon.check_running() and member.hears(other))
