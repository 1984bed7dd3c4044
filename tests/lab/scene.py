# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of the demo share: the village, the prober, and what was sent and measured so far."""

from tests.lab import dns, village
from tests.lab.prober import Prober
from tests.lab.village import Village


class Scene:
    def __init__(self, lab, build):
        self.places = Village(lab, build)
        self.prober = Prober(village.ROOT_SERVER)
        self.chain = dns.Chain(village.ROOT_SERVER)
        self.sent = {}  # message id: recipient
        self._slowest = {}

    def agent(self, name):
        return self.places.agents[name]

    @property
    def outside(self):
        """The stranger's machine, from which DNS and relays are asked."""
        return self.places.nodes["outside"]

    def timed(self, name, seconds):
        """Keep a measured time; of several by one name the longest counts."""
        self._slowest[name] = max(self._slowest.get(name, 0), seconds)

    def seconds(self, name):
        """The longest time measured by this name, None if it never was."""
        return round(self._slowest[name], 3) if name in self._slowest else None
