# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the steps of a demo, one line of output each, and keeps the result as JSON."""

import json
import os
import time

FORMAT_VERSION = 1


class Story:
    def __init__(self):
        self._began = time.monotonic()
        self._steps = []
        self._ok = False
        self._step_began = self._began

    def prepare(self, name, body):
        """Something that must work but is no step of the story."""
        self._run(name, body)

    def step(self, number, name, body, proof=""):
        """Run body, which returns in a few words what happened; Failed ends the story. proof: what the step is to
        prove, said before it begins."""
        step = {"n": number, "name": name, "ok": False, "seconds": None}
        self._steps.append(step)
        began = self._step_began = time.monotonic()
        if proof:
            print(f"{number:<6}           {name}: {proof}", flush=True)
        try:
            self._run(f"{number} {name}", body)
            step["ok"] = True
        finally:
            step["seconds"] = round(time.monotonic() - began, 2)

    def note(self, text):
        """Something seen on the way, with the seconds since the step began."""
        print(f"       {time.monotonic() - self._step_began:6.1f} s    {text}", flush=True)

    def _run(self, title, body):
        began = time.monotonic()
        try:
            said = body()
        except BaseException as error:
            self._say("FAILED", title, began, str(error) or "interrupted")
            raise
        self._say("ok", title, began, said)

    def _say(self, word, title, began, said):
        seconds = time.monotonic() - began
        print(f"{word:6} {seconds:5.1f} s  {title}: {said}", flush=True)

    def end_well(self):
        """To be called after the last line; until then the story has failed, and if any step has."""
        self._ok = all(step["ok"] for step in self._steps)

    def write(self, path, figures):
        """The result file; figures are its further members."""
        result = {"version": FORMAT_VERSION, "ok": self._ok, "steps": self._steps, **figures}
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            json.dump(result, file, indent=2)
            file.write("\n")

    def verdict(self, path):
        """Print the last line; returns the exit status."""
        word = "PASSED" if self._ok else "FAILED"
        print(f"{word} in {time.monotonic() - self._began:.0f} s, {path}", flush=True)
        return 0 if self._ok else 1
