# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that the lab started and ends by its pid, with the log that it writes."""

import signal
import subprocess

from tests.lab.wait import Failed

SECONDS_TO_END = 10


class Daemon:
    def __init__(self, name, argv, log):
        self.name = name
        self._log = log
        with open(log, "ab") as output:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    @property
    def pid(self):
        return self._process.pid

    def is_running(self):
        return self._process.poll() is None

    def check_running(self):
        """True; Failed if it ended. For use inside a wait's predicate."""
        if not self.is_running():
            raise Failed(f"{self.name} ended with status {self._process.returncode}, see {self._log}")
        return True

    def has_logged(self, words):
        """Whether it wrote this to its standard output or error."""
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return words in log.read()

    def end(self):
        """SIGTERM, and SIGKILL if that didn't help; returns its status (negative: the signal)."""
        self.tell_to_end()
        return self.wait()

    def kill(self):
        """SIGKILL, as a crash."""
        self._process.kill()
        self._process.wait()

    def tell_to_end(self):
        if self.is_running():
            self._process.send_signal(signal.SIGTERM)

    def wait(self):
        """Its status once it ended by itself; SIGKILL if it doesn't."""
        try:
            return self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(SECONDS_TO_END)
