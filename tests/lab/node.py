# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine of the lab: a network and mounts of its own, held by a process that sleeps, and one directory.

`DIRECTORY/log` stands at the node's /var/log; other files of the system are replaced by mounts too, so
that stock programs find their stock paths. All nodes see all of the lab's directory at the same path.
"""

import os
import subprocess

from tests.lab import namespaces
from tests.lab.daemon import Daemon
from tests.lab.wait import Failed

SECONDS_FOR_A_COMMAND = 30


class Node:
    def __init__(self, lab, name, public):
        self.name = name
        self.public = public
        self.directory = os.path.join(lab, name)
        os.makedirs(self.path("log"))
        self._holder = subprocess.Popen(
            ["sleep", "infinity"], cwd="/",
            preexec_fn=lambda: namespaces.unshare(namespaces.MOUNT | namespaces.NETWORK))
        self.mount(self.path("log"), "/var/log")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self):
        """Of the process that holds the namespaces."""
        return self._holder.pid

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, path, text):
        """Write a file below the node's directory; returns its full path."""
        full = self.path(path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="ascii") as file:
            file.write(text)
        return full

    def mount(self, source, target):
        """Show the lab's file or directory source at the system's path target, in this node only."""
        self.run("mount", "--bind", source, target)

    def resolve_by(self, server):
        """Use this name server: for programs started from now on."""
        target = os.path.realpath("/etc/resolv.conf")
        if not os.path.exists(target):
            raise Failed(f"/etc/resolv.conf leads to {target}, which doesn't exist: make it a file")
        self.mount(self.write("resolv.conf", f"nameserver {server}\n"), target)

    def inside(self):
        """Context: sockets of this thread belong to the node's network."""
        return namespaces.network_of(self.pid)

    def _argv(self, argv):
        return ["nsenter", "--target", str(self.pid), "--net", "--mount", "--root", "--wd", "--", *argv]

    def run(self, *argv, input=None, check=True):
        """Run a command to its end; returns the CompletedProcess with text output."""
        try:
            done = subprocess.run(
                self._argv(argv), input=input, stdin=None if input else subprocess.DEVNULL,
                capture_output=True, text=True, timeout=SECONDS_FOR_A_COMMAND)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{self.name}: {' '.join(argv)} didn't end within {SECONDS_FOR_A_COMMAND} s") from error
        if check and done.returncode != 0:
            said = (done.stderr or done.stdout).strip()
            raise Failed(f"{self.name}: {' '.join(argv)} exited with {done.returncode}: {said}")
        return done

    def start(self, *argv, log):
        """Start a daemon that stays in the foreground; log is a file name in the node's /var/log."""
        return Daemon(f"{self.name}: {argv[0]}", self._argv(argv), self.path("log", log))
