# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on one machine: a disk from a backup, a store lost, a store damaged, a clock a day ahead."""

import os
import shutil
import time

from tests.lab import village
from tests.lab.wait import NotYet, expect, wait_until

SECONDS_TO_HEAL = 40
SECONDS_TO_NOTICE = 40
SECONDS_OF_PROOF = 10
PAGE = 4096


def tell(scene):
    began = time.monotonic()
    domains = list(village.HOME_OF)
    before = {domain: scene.history.now(domain) for domain in domains}
    for part in (_restore_backup, _lose_store, _damage_store, _turn_clock):
        scene.note(part(scene))
    for domain in domains:
        scene.history.expect_always("repairs change nothing in DNS", [domain], began, lambda found: found == before[domain])
    return "DNS and tables as before"


def _own_to_agent(agent, directory):
    owner = os.stat(agent.prefix)
    for path, _, files in os.walk(directory):
        for name in (path, *(os.path.join(path, file) for file in files)):
            os.lchown(name, owner.st_uid, owner.st_gid)


# A home's disk comes from a backup that doesn't know her latest claim: her own newer head is out there.

RESTORED, VIEWER = "luz", "rosa"
CLAIMED_SINCE = "nuevo.test"


def _restore_backup(scene):
    agent = scene.agent(RESTORED)
    directories = agent.state(), agent.etc()
    for number, directory in enumerate(directories):
        shutil.copytree(directory, agent.node.path("backup", str(number)), symlinks=True)
    newest = _claim_one_more(scene, agent)

    agent.end()
    for number, directory in enumerate(directories):
        shutil.rmtree(directory)
        shutil.copytree(agent.node.path("backup", str(number)), directory, symlinks=True)
        _own_to_agent(agent, directory)
    agent.start()
    warning = wait_until(f"{RESTORED}'s status tells of its own newer head, and of recover", SECONDS_TO_NOTICE,
                         lambda: _warns(agent, "recover"), pause=0.5)
    expect(_head_held_by(scene, VIEWER, RESTORED) == newest, f"{RESTORED} signed over its own newer head unasked")
    agent.ctl("recover", "--take-newer")
    wait_until(f"{RESTORED} signs heads again, above the newest", SECONDS_TO_HEAL,
               lambda: _signs_above(scene, newest), pause=0.2)
    wait_until(f"{RESTORED}'s status warns no more", SECONDS_TO_HEAL, lambda: not _warns(agent, "recover"), pause=0.5)
    expect(CLAIMED_SINCE in _claims(agent), f"recover --take-newer at {RESTORED}: {CLAIMED_SINCE} isn't claimed again")
    return (f"{RESTORED}'s disk from a backup: status says \"{warning.partition(' | ')[0]}\"; nothing signed until recover "
            f"--take-newer, then {CLAIMED_SINCE} claimed again")


def _claim_one_more(scene, agent):
    """Returns the seq of the head with it, which another member holds."""
    before = _head_held_by(scene, VIEWER, RESTORED)
    postfix = scene.places.postfix[RESTORED]
    postfix.set("virtual_mailbox_domains", f"{postfix.get('virtual_mailbox_domains')} {CLAIMED_SINCE}")
    postfix.reload()
    agent.claim(CLAIMED_SINCE)
    wait_until(f"{VIEWER} holds {RESTORED}'s head with {CLAIMED_SINCE}", SECONDS_TO_HEAL,
               lambda: _head_held_by(scene, VIEWER, RESTORED) > before, pause=0.2)
    return _head_held_by(scene, VIEWER, RESTORED)


def _claims(agent):
    with open(agent.etc("claims"), encoding="ascii") as claims:
        return claims.read()


def _head_held_by(scene, viewer, author):
    return scene.agent(viewer).held()[author]["seq"]


def _signs_above(scene, seq):
    held = _head_held_by(scene, VIEWER, RESTORED)
    if held <= seq:
        raise NotYet(f"{VIEWER} holds {held}")
    return True


def _warns(agent, word):
    """The warning with this word, "" if there is none."""
    return next((warning for warning in agent.warnings() if word in warning), "")


# A store is gone, or damaged: it is fetched again.

LOST, DAMAGED = "rosa", "paz"


def _lose_store(scene):
    return _without_store(scene, LOST, "none", lambda path: shutil.rmtree(path), "deleted")


def _damage_store(scene):
    return _without_store(scene, DAMAGED, "damaged", _flip_bytes, "damaged")


def _without_store(scene, name, expected, harm, word):
    agent = scene.agent(name)
    objects = agent.ask("status")["store"]["objects"]
    rows = _tables(agent)
    agent.end()
    harm(agent.state("store"))
    began = time.monotonic()
    agent.start()
    found = agent.ask("status")["store"]["found"]
    expect(found == expected, f"{name}'s store {word}: expected that status says {expected}, seen {found}")

    def is_whole():
        store = agent.ask("status")["store"]
        if store["state"] != "ok" or store["objects"] < objects:
            raise NotYet(f"state {store['state']}, {store['objects']} of {objects} objects")
        return True

    wait_until(f"{name}'s store {word}: whole again", SECONDS_TO_HEAL, is_whole, pause=0.2)
    expect(_tables(agent) == rows, f"{name}'s tables changed because its store was {word}")
    return f"{name}'s store {word}: whole after {time.monotonic() - began:.1f} s"


def _tables(agent):
    texts = []
    for name in ("transport", "relay_domains", "access"):
        with open(agent.table(name), encoding="ascii") as table:
            texts.append(table.read())
    return texts


def _flip_bytes(directory):
    """Some in each page behind the first two, which say where all others are."""
    path = os.path.join(directory, "data.mdb")
    with open(path, "r+b") as file:
        for page in range(2, os.path.getsize(path) // PAGE):
            for at in (page * PAGE + 20, page * PAGE + 1500, page * PAGE + 4000):
                file.seek(at)
                byte = file.read(1)
                file.seek(at)
                file.write(bytes([byte[0] ^ 0xFF]))


# A clock is a day ahead.

AHEAD = "paz"


def _turn_clock(scene):
    agent = scene.agent(AHEAD)
    before = _carriage_held_by(scene, "luz", AHEAD)
    agent.end()
    agent.start(clock="+1d")
    warning = wait_until(f"{AHEAD}'s status tells of its clock", SECONDS_TO_NOTICE, lambda: _warns(agent, "clock"), pause=0.5)
    time.sleep(SECONDS_OF_PROOF)
    ahead = _carriage_held_by(scene, "luz", AHEAD)
    expect(ahead == before, f"{AHEAD} signed a carriage with a clock a day ahead: {before} became {ahead}")
    agent.restart()
    wait_until(f"{AHEAD}'s status says nothing of its clock", SECONDS_TO_HEAL, lambda: not _warns(agent, "clock"), pause=0.5)
    for viewer in village.FRIENDS:
        if viewer != AHEAD:
            wait_until(f"{viewer} sees {AHEAD} up", SECONDS_TO_HEAL,
                       lambda: AHEAD in scene.agent(viewer).members_up(), pause=0.2)
    return f"{AHEAD}'s clock a day ahead: said ({warning.partition(' | ')[0]}), nothing signed"


def _carriage_held_by(scene, viewer, author):
    return scene.agent(viewer).held()[author]["carriage_seq"]
