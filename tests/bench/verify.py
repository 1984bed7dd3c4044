# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking in others' objects, against libsodium alone verifying the same signatures."""

from tests.bench import program
from tests.bench.result import Result

AUTHORS = 500
DOMAINS = 2000
OF_RAW = 0.8


def run(options):
    numbers = program.measure(options.build, "verify_bench", AUTHORS, DOMAINS, runs=options.runs)
    result = Result("verify", f"verify: {AUTHORS} authors of {DOMAINS:,} domains through archive_put()")
    raw = "of libsodium alone"
    result.add("libsodium alone", "signatures/s", numbers["raw_per_s"])
    result.add("signed objects taken in", "objects/s", numbers["put_per_s"])
    result.add("certificates", "ratio", numbers["certificate_of_raw"], least=OF_RAW, against=raw)
    result.add("heads", "ratio", numbers["head_of_raw"], least=OF_RAW, against=raw)
    result.add("carriages", "ratio", numbers["carriage_of_raw"], least=OF_RAW, against=raw)
    result.add("all signed objects", "ratio", numbers["signed_of_raw"], least=OF_RAW, against=raw)
    result.add("a chunk", "us", numbers["chunk_us"])
    result.add("domains, in heads and chunks", "domains/s", numbers["domains_per_s"])
    result.add("domains", "ratio", numbers["domain_of_raw"], least=OF_RAW, against="one signature for each")
    return result
