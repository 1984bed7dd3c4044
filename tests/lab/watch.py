# SPDX-License-Identifier: GPL-3.0-or-later
"""When did something become true? Looks all the time, in a thread, and keeps the moments around the change."""

import threading
import time

from tests.lab.wait import Failed, NotYet, wait_until

SECONDS_BETWEEN_LOOKS = 0.01


class Watch:
    """Times are of time.monotonic(). `missing` is when the last look that saw nothing began, `asked` when
    the first that saw it began, `seen` when that one ended: the change lies between missing and seen."""

    def __init__(self, what, node, look):
        self.what = what
        self.missing = self.asked = self.seen = None
        self._node = node
        self._look = look
        self._error = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        try:
            with self._node.inside():
                while not self._ending.wait(SECONDS_BETWEEN_LOOKS):
                    began = time.monotonic()
                    try:
                        if self._look():
                            self.asked, self.seen = began, time.monotonic()
                            return
                        self.missing = began
                    except NotYet:
                        pass  # no answer is none: look again
        except Exception as error:
            self._error = error

    def wait_for_first_look(self, seconds):
        wait_until(f"{self.what}: the first look", seconds, lambda: self.missing or self.seen or self._error)

    def wait(self, seconds):
        """Returns when it was seen; Failed if not within this time, or if it had been there from the first look."""
        self._thread.join(seconds)
        self._ending.set()
        if self._error:
            raise Failed(f"{self.what}: {self._error}") from self._error
        if self.seen is None:
            raise Failed(f"{self.what}: not within {seconds:g} s")
        if self.missing is None:
            raise Failed(f"{self.what}: was so before anybody did anything")
