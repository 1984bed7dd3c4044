# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: friends carry each other's mail, told by one line per step. Started by dev/demo."""

import argparse
import os
import shutil
import signal
import sys

from tests.lab import sandbox, smtp
from tests.lab.scene import Scene
from tests.lab.steps import end, join, mail, start, strangers
from tests.lab.story import Story
from tests.lab.wait import Failed

SECONDS_FOR_ALL = 170
STEPS = (
    (1, "join, claim, accept", join.tell),
    (2, "mail by DNS alone", mail.tell),
    (3, "nobody else", strangers.tell),
)

# On a failure, from each log: so many lines of such a length, but for the noise.
LINES_OF_LOG = 8
LENGTH_OF_LINE = 300
NOISE = (" connect from ", " disconnect from ", "statistics:", ": removed", smtp.PROBE)
LOGS_OF_THE_STORY = ("meshd.log", "mail.log")


def _prepare(scene, story):
    try:
        story.prepare("machines", lambda: start.machines(scene))
        story.prepare("agents", lambda: start.agents(scene))
    except Failed:
        _explain(scene)
        raise


def _tell(scene, story):
    try:
        for number, name, tell in STEPS:
            story.step(number, name, lambda: tell(scene))
        story.prepare("idle", lambda: end.idle(scene))
        story.prepare("end", lambda: end.agents(scene))
        story.prepare("figures", lambda: end.judge(scene))
    except Failed:
        _explain(scene, LOGS_OF_THE_STORY)
        raise


def _explain(scene, logs=None):
    """What somebody who has to find the cause looks at first; logs: names, None for all."""
    for name, agent in scene.places.agents.items():
        if agent.daemon:
            _print_block(f"{name}: meshctl status", _status_lines(agent))
    for name, node in scene.places.nodes.items():
        for log in sorted(os.listdir(node.path("log"))):
            if not logs or log in logs:
                _print_block(f"{name}: {log}", _tail(node.path("log", log)))


def _status_lines(agent):
    try:
        done = agent.ctl("status", check=False)
    except Failed as error:
        return [str(error)]
    return (done.stdout + done.stderr).splitlines()


def _tail(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        lines = [line[:LENGTH_OF_LINE] for line in log.read().splitlines()
                 if not any(noise in line for noise in NOISE)]
    return lines[-LINES_OF_LOG:]


def _print_block(title, lines):
    if lines:
        print(f"--- {title}", *lines, sep="\n  ", flush=True)


def _too_long(_signal, _frame):
    raise Failed(f"the whole demo took more than {SECONDS_FOR_ALL} s")


def _run(lab, options):
    """Inside the sandbox; returns the exit status."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS_FOR_ALL)
    story = Story()
    scene = Scene(lab, options.build)
    result = os.path.join(options.out, "result.json")
    try:
        _prepare(scene, story)
        _tell(scene, story)
        story.end_well()
    except Failed:
        pass  # the story has said it
    finally:
        signal.alarm(0)
        story.write(result, end.figures(scene))
        if options.keep:
            _keep(scene.places, os.path.join(options.out, "kept"))
    return story.verdict(result)


def _keep(places, directory):
    """Copy logs and configurations out of the sandbox; not keys, queues and sockets."""
    shutil.rmtree(directory, ignore_errors=True)
    unwanted = shutil.ignore_patterns("*.key", "rsa_key.priv", "spool", "*.sock", "mail", "run")
    for name, node in places.nodes.items():
        shutil.copytree(node.directory, os.path.join(directory, name), ignore=unwanted)
    print(f"kept: {directory}")


def _options():
    parser = argparse.ArgumentParser(prog="dev/demo", description=__doc__)
    parser.add_argument("--build", default="build/release", help="build directory with agent/meshd and cli/meshctl")
    parser.add_argument("--out", default="build/demo", help="where result.json goes")
    parser.add_argument("--keep", action="store_true", help="copy all logs and configurations to OUT/kept")
    options = parser.parse_args()
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    return options


if __name__ == "__main__":
    OPTIONS = _options()
    sys.exit(sandbox.run(lambda lab: _run(lab, OPTIONS)))
