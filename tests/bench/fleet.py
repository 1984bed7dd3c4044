# SPDX-License-Identifier: GPL-3.0-or-later
"""Many meshd on loopback, each with files, address and pins of its own.

Nobody is asked while something is measured: each agent notes when a statement took effect, and is asked
afterwards. All share one clock. Where meshd knows `vouch = pins` each pins a few others, both ways, in a
connected random graph; before that everybody pins everybody.
"""

import os
import random
import time

from tests.bench.agent import Agent
from tests.lab.wait import Failed, NotYet, expect, wait_until

PINS = 2  # that each makes among those before it
VOUCH = "vouch = pins\n"
SECONDS_TO_MEET = 240
SECONDS_TO_JOIN = 150
SECONDS_TO_KNOW = 30  # of a death, and of a return; then it is told as that


def _address(index):
    return f"10.66.{index // 250}.{index % 250 + 1}"


class Fleet:
    NAME = "meshd"

    def __init__(self, lab, build, count, seed=1):
        self._directory, self._build = os.path.join(lab, "fleet"), build
        self._dice = random.Random(seed)
        self._changes = 0
        self.agents = []
        self._joiners = 0
        os.makedirs(self._directory)
        probe = self._make("probe", 50000)
        self.vouches = probe.understands(VOUCH)
        self.agents = [self._make(f"m{index}", index) for index in range(count)]
        for index, agent in enumerate(self.agents):
            self._befriend(agent, self.agents[:index])

    def _make(self, name, index):
        vouches = getattr(self, "vouches", False)
        return Agent(self._directory, self._build, name, _address(index), VOUCH if vouches else "")

    def _befriend(self, agent, others):
        """Pins between an agent and a few others, or all; returns these."""
        chosen = self._dice.sample(others, min(PINS, len(others))) if self.vouches else others
        for other in chosen:
            agent.pin(other.line)
            other.pin(agent.line)
        return chosen

    def addresses(self):
        return [agent.address for agent in self.agents]

    def pids(self):
        return [agent.daemon.pid for agent in self.agents]

    # --- all hold all ---------------------------------------------------------------------------------

    def start(self):
        """Returns the seconds until each held a statement of everybody."""
        began = time.time()
        for agent in self.agents:
            agent.spawn()
        return self._all_hold({agent.key: 1 for agent in self.agents}, SECONDS_TO_MEET) - began

    def _all_hold(self, seqs, seconds, agents=None):
        """Waits until each agent holds of each KEY that seq or a later one; returns when the last one did."""
        done = {}

        def everybody():
            for agent in agents or self.agents:
                if agent in done:
                    continue
                try:
                    held = agent.held()
                except OSError as error:
                    raise NotYet(str(error)) from error
                have = [held[key] for key, seq in seqs.items() if key in held and held[key]["seq"] >= seq]
                if len(have) < len(seqs):
                    raise NotYet(f"{agent.name} holds {len(have)} of {len(seqs)}, {len(done)} agents hold all")
                done[agent] = max(row["since_ms"] for row in have) / 1000
            return True

        wait_until("everybody holds what was stated", seconds, everybody, pause=0.5)
        return max(done.values())

    # --- one change ---------------------------------------------------------------------------------------

    def _state_something(self, agent):
        """Gives the agent another public address and reloads it; returns its new seq, and when it was asked and
        the statement was durable."""
        before = agent.held()[agent.key]["seq"]
        self._changes += 1
        agent.configure(public=[f"198.18.{self._changes // 250}.{self._changes % 250 + 1}"])
        asked = time.time()
        agent.ask("reload")

        def stated():
            row = agent.held()[agent.key]
            return row if row["seq"] > before else None

        row = wait_until(f"{agent.name} states the change", 10, stated)
        return row["seq"], asked, row["since_ms"] / 1000

    def change(self):
        """Seconds until the last one knew of a change, from the word of its operator; and from its being durable."""
        agent = self._dice.choice(self.agents)
        seq, asked, durable = self._state_something(agent)
        time.sleep(1)
        last = self._all_hold({agent.key: seq}, 60)
        return last - asked, last - durable

    # --- join -----------------------------------------------------------------------------------------------

    def join(self):
        """Seconds from the start of one more, whose friends know of it, until all hold it and it holds all."""
        self._joiners += 1
        joiner = self._make(f"j{self._joiners}", 10000 + self._joiners)
        friends = self._befriend(joiner, self.agents)
        for friend in friends:
            friend.ask("reload")
        time.sleep(3)
        began = time.time()
        joiner.spawn()
        time.sleep(2)
        everybody = self.agents + [joiner]
        last = self._all_hold({agent.key: 1 for agent in everybody}, SECONDS_TO_JOIN, everybody)
        joiner.daemon.end()
        for friend in friends:
            friend.unpin(joiner.name)
            friend.ask("reload")
        time.sleep(1)
        return last - began

    # --- death, loss, split -----------------------------------------------------------------------------------

    def _life(self, agent, key):
        """What the agent takes that member for: {"state", "since_ms", "marks"}."""
        return next(row["life"] for row in agent.ask("held")["authors"] if row["key"] == key)

    def kill(self):
        """Seconds from kill -9 of one until the last of the others takes it for gone."""
        victim = self._dice.choice(self.agents)
        others = [agent for agent in self.agents if agent is not victim]
        killed = time.time()
        victim.daemon.kill()
        time.sleep(1.5)

        def all_in(state):
            lives = [self._life(agent, victim.key) for agent in others]
            unlike = sum(life["state"] != state for life in lives)
            if unlike:
                raise NotYet(f"not {state} at {unlike} of {len(lives)}")
            return max(life["since_ms"] for life in lives) / 1000

        try:
            seconds = wait_until(f"everybody knows that {victim.name} is gone", SECONDS_TO_KNOW,
                                 lambda: all_in("down"), pause=1) - killed
        except Failed as error:
            print(f"  {error}", flush=True)
            seconds = SECONDS_TO_KNOW
        victim.start()
        wait_until(f"everybody knows that {victim.name} is back", SECONDS_TO_KNOW, lambda: all_in("up"), pause=1)
        return seconds

    def _marks(self):
        """{(who, of whom): how often it was taken for gone}, by those who hold its statements."""
        return {(agent.key, row["key"]): row["life"]["marks"] for agent in self.agents
                for row in agent.ask("held")["authors"]}

    def false_marks(self, seconds):
        """How many times one who lives was taken for gone within these seconds: those who do so within the same
        30 s count as one."""
        marks, before = 0, self._marks()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(min(30, max(0, ends - time.monotonic())))
            after = self._marks()
            marks += len({whom for (who, whom), count in after.items() if count > before.get((who, whom), 0)})
            before = after
        return marks

    def part(self, seconds):
        """While the net is split: each half states something."""
        began = time.monotonic()
        time.sleep(seconds / 2)
        half = len(self.agents) // 2
        stated = [(agent, self._state_something(agent)[0]) for agent in (self.agents[0], self.agents[half])]
        time.sleep(max(0, seconds - (time.monotonic() - began)))
        return {agent.key: seq for agent, seq in stated}

    def agree(self, stated, healed):
        """Seconds from healing until all hold what either half stated."""
        time.sleep(2)
        return self._all_hold(stated, 180) - healed

    def end(self):
        for agent in self.agents:
            if agent.daemon:
                agent.daemon.tell_to_end()
        for agent in self.agents:
            if agent.daemon:
                status = agent.daemon.wait()
                expect(status == 0, f"{agent.name} ended with {status}; its last words: {agent.last_words()}")
