# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the story: machines with everything that isn't ours, then an agent on each member's."""

import os

from tests.lab import meshd, together, village
from tests.lab.wait import expect, wait_until

SECONDS_TO_CREATE_TABLES = 15


def machines(scene):
    scene.places.start()
    return f"{len(scene.places.nodes)} machines with tinc, Postfix, NSD, unbound"


def agents(scene):
    together.for_each(scene.places.agents.values(), lambda agent: agent.start())
    together.for_each(village.RELAYS, lambda name: _set_up_relay(scene, name))
    together.for_each(scene.places.tinc, lambda tinc: _set_up_hooks(scene, tinc))
    return f"{len(scene.places.agents)} agents as uid {meshd.UID}"


def _set_up_relay(scene, name):
    """What the operator does once: run the lines that meshctl prints, and reload."""
    agent, postfix = scene.agent(name), scene.places.postfix[name]
    wait_until(f"{name}: the agent's tables are there", SECONDS_TO_CREATE_TABLES,
               lambda: os.path.exists(agent.table("relay_domains") + ".lmdb"))
    commands = agent.ctl("setup", "postfix").stdout
    expect(commands.strip(), f"{name}: meshctl setup postfix has nothing to say to a fresh Postfix")
    postfix.apply_commands(commands)
    postfix.reload()
    left = [line for line in agent.ctl("setup", "postfix").stdout.splitlines() if not line.startswith("#")]
    expect(not left, f"{name}: meshctl setup postfix still wants after its own lines: {left}")


def _set_up_hooks(scene, tinc):
    """The same for tinc's hooks; what is missing makes meshctl fail."""
    agent, directory = scene.agent(tinc.node.name), tinc.node.path("tinc")
    tinc.node.run("sh", "-e", input=agent.ctl("setup", "tinc", directory, check=False).stdout)
    done = agent.ctl("setup", "tinc", directory, check=False)
    expect(done.returncode == 0, f"{tinc.node.name}: meshctl setup tinc still wants after its own lines: {done.stdout}")
