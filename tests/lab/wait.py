# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for a time; and the one exception that says what went wrong."""

import time


class Failed(Exception):
    """Something that the lab expected isn't so; the text is for whoever reads the demo's output."""


class NotYet(Failed):
    """Raised by a predicate instead of returning False, to say what it saw: it is asked again."""


def expect(condition, text):
    if not condition:
        raise Failed(text)


def wait_until(what, seconds, predicate, pause=0.02):
    """Ask predicate until it is true; returns its value. Failed with `what` and the last NotYet otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        reason = ""
        try:
            value = predicate()
            if value:
                return value
        except NotYet as seen:
            reason = f": {seen}"
        if time.monotonic() >= deadline:
            raise Failed(f"{what}: not within {seconds:g} s{reason}")
        time.sleep(pause)
