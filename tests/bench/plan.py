# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning tables, carriage and zones for many domains, against hashing each pair of domain and relay once."""

from tests.bench import program
from tests.bench.result import Result

AUTHORS = 50
DOMAINS = 2000
RELAYS = 8
PARTS = ("tables", "carriage", "published")


def run(options):
    numbers = program.measure(options.build, "plan_bench", AUTHORS, DOMAINS, runs=options.runs)
    result = Result("plan", f"plan: {AUTHORS * DOMAINS:,} domains of {AUTHORS} authors, {RELAYS} relays each")
    for name in ("blake2b", "siphash"):
        result.add(f"limit: {name} over all pairs", "s", numbers[f"{name}_s"])
    for when, words in (("scratch", "from nothing"), ("change", "after one change")):
        for part in PARTS:
            result.add(f"{words}: plan_{part}", "s", numbers[f"{when}_{part}_s"])
        result.add(f"{words}: all", "s", numbers[f"{when}_s"])
        result.add(f"{words}: all", "ratio", numbers[f"{when}_of_blake2b"], against="the limit by BLAKE2b")
    return result
