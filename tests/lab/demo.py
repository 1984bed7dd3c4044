# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo: friends carry each other's mail, told by one line per step. Started by dev/demo."""

import argparse
import os
import shutil
import signal
import sys

from tests.lab import sandbox, smtp, village
from tests.lab.scene import SECONDS_BETWEEN_MESSAGES, Scene
from tests.lab.steps import (agents_killed, by_hand, end, home_away, join, leaving, mail, paths_cut, repair, start,
                             strangers, vpn_lost)
from tests.lab.story import Story
from tests.lab.wait import Failed

SECONDS_FOR_A_SUNNY_DAY = 170
SECONDS_FOR_ALL = 720
SUNNY_DAY = (
    (1, "join, claim, accept", join.tell),
    (2, "mail by DNS alone", mail.tell),
    (3, "nobody else", strangers.tell),
)
BAD_DAYS = (
    (4, "a relay loses the VPN", vpn_lost.tell,
     "it leaves the MX sets, what it holds waits; then it is flushed and in again"),
    (5, "a home is away", home_away.tell,
     "MX sets stay, mail waits, its owner sees how much; once back all of it comes, the first at once"),
    (6, "paths are cut", paths_cut.tell,
     "tinc's short outages make nobody dead and no set empty"),
    (7, "agents die", agents_killed.tell,
     "mail server and DNS go on without them; without both, out"),
    (8, "release, drain, leave, move", leaving.tell,
     "a domain and a relay go, a domain moves, and no message notices"),
    (9, "backup, store, clock", repair.tell,
     "each heals by itself or says what to do; DNS doesn't change"),
    (10, "MX set by hand", by_hand.tell,
     "a relay that DNS still names goes on taking the mail, and says who must change what"),
)
# So that days and hours pass in seconds; ping, silence, probe and link are those of real life.
SHORT_DAYS = {
    "ttl_s": 5,
    "look_ms": 4000, "look_retry_ms": 2000, "clear_ms": 10000,
    "transport_ms": 15000, "transport_look_ms": 4000,
    "grace_ms": 45000, "breaker_ms": 5000, "host_ms": 10000,
    "queue_ms": 5000,
}

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


def _tell(scene, story, options):
    try:
        _walk(scene, story, SUNNY_DAY, options)
        if options.all:
            story.prepare("mail", lambda: _begin_bad_days(scene))
            _walk(scene, story, [step for step in BAD_DAYS if not options.only or step[0] in options.only],
                  options)
            story.prepare("every message", lambda: end.mail(scene))
        else:
            story.prepare("idle", lambda: end.idle(scene))
        story.prepare("end", lambda: end.agents(scene))
        story.prepare("figures", lambda: end.judge(scene, options.all))
    except Failed:
        _explain(scene, LOGS_OF_THE_STORY)
        raise


def _walk(scene, story, steps, options):
    for number, name, tell, *proof in steps:
        try:
            story.step(number, name, lambda: tell(scene), *proof)
        except Failed:
            if not options.go_on:
                raise
            _explain(scene, LOGS_OF_THE_STORY)


def _begin_bad_days(scene):
    scene.keep_mail_under_way()
    known = scene.let_relays_know_recipients()
    return (f"each relay knows {known} recipients; one message every {SECONDS_BETWEEN_MESSAGES} s from now on, by a sender "
            "that caches DNS for its TTL and tries again after 4xx")


def _explain(scene, logs=None):
    """What somebody who has to find the cause looks at first; logs: names, None for all."""
    for name, agent in scene.places.agents.items():
        if agent.daemon:
            _print_block(f"{name}: meshctl status", _said(agent, "status"))
    for domain in village.HOME_OF if village.PUBLISHER in scene.places.agents else ():
        _print_block(f"{village.PUBLISHER}: meshctl why {domain}", _said(scene.agent(village.PUBLISHER), "why", domain))
    for name, node in scene.places.nodes.items():
        for log in sorted(os.listdir(node.path("log"))):
            if not logs or log in logs:
                _print_block(f"{name}: {log}", _tail(node.path("log", log)))


def _said(agent, *command):
    try:
        done = agent.ctl(*command, check=False)
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


def _run(lab, options):
    """Inside the sandbox; returns the exit status."""
    seconds = SECONDS_FOR_ALL if options.all else SECONDS_FOR_A_SUNNY_DAY

    def too_long(_signal, _frame):
        raise Failed(f"the whole demo took more than {seconds} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    story = Story()
    scene = Scene(lab, options.build, story.note, SHORT_DAYS if options.all else None)
    result = os.path.join(options.out, "result.json")
    try:
        _prepare(scene, story)
        _tell(scene, story, options)
        story.end_well()
    except Failed:
        options.keep = True  # the story has said what; the logs say why
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
    print(f"all logs and configurations: {directory}/NODE/log, {directory}/NODE/mesh/etc")


def _options():
    parser = argparse.ArgumentParser(prog="dev/demo", description=__doc__)
    parser.add_argument("--build", default="build/release", help="build directory with agent/meshd and cli/meshctl")
    parser.add_argument("--out", default="build/demo", help="where result.json goes")
    parser.add_argument("--keep", action="store_true", help="copy all logs and configurations to OUT/kept (done after a failure anyway)")
    parser.add_argument("--all", action="store_true", help="go on with cuts, crashes, departures and repairs: 12 minutes")
    parser.add_argument("--only", type=int, action="append", metavar="STEP", choices=[step[0] for step in BAD_DAYS],
                        help="of these only this one (may be repeated): to look into it, not to judge by")
    parser.add_argument("--go-on", action="store_true", help="after a failed step tell the next one all the same")
    options = parser.parse_args()
    options.all = options.all or bool(options.only)
    options.build, options.out = os.path.abspath(options.build), os.path.abspath(options.out)
    return options


if __name__ == "__main__":
    OPTIONS = _options()
    sys.exit(sandbox.run(lambda lab: _run(lab, OPTIONS)))
