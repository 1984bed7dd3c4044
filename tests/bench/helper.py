# SPDX-License-Identifier: GPL-3.0-or-later
"""meshd's helper process, asked as meshd asks it: four bytes of length, then a JSON object."""

import json
import os
import socket
import struct
import subprocess

from tests.lab.wait import Failed


class Helper:
    def __init__(self, build):
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [os.path.join(build, "agent/meshd"), "--helper", str(theirs.fileno())], pass_fds=(theirs.fileno(),))
        self._socket = ours
        self._number = 0

    def _receive(self, length):
        data = b""
        while len(data) < length:
            part = self._socket.recv(length - len(data))
            if not part:
                raise Failed("the helper process ended")
            data += part
        return data

    def ask(self, operation, **members):
        """One operation of the driver for Postfix; returns its reply."""
        self._number += 1
        body = json.dumps(dict(members, id=self._number, driver="postfix", op=operation)).encode()
        self._socket.sendall(struct.pack(">I", len(body)) + body)
        length, = struct.unpack(">I", self._receive(4))
        reply = json.loads(self._receive(length))
        if not reply["ok"]:
            raise Failed(f"the helper refuses {operation}: {reply.get('error')}")
        return reply

    def end(self):
        self._socket.close()
        return self._process.wait(10)
