# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the fuzz targets, counts, and keeps what they found. Started by dev/fuzz."""

import argparse
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import sys
import time

BUILD = "build/fuzz"
CORPUS = "tests/fuzz/corpus"
RESULTS = f"{BUILD}/results.json"
FINDS = f"{BUILD}/finds"
RUNS = 10_000_000
SLOW = {"handshake": 1_000_000, "cores": 1_000_000, "store_values": 1_000_000}  # runs of a campaign
INPUT_MAX = 4096  # bytes; the formats' own bounds have tests of their own
# What reads foreign bytes: of these files the campaign tells how many lines were reached.
DECODERS = ("proto/reader.c", "proto/object.c", "proto/certificate.c", "proto/head.c", "proto/chunk.c",
            "proto/carriage.c", "proto/beacon.c", "proto/message.c", "proto/session.c", "proto/noise.c",
            "proto/keyline.c", "proto/key.c", "proto/domain.c", "proto/facts.c", "proto/lines.c", "proto/met.c",
            "store/store_row.c", "store/store_frame.c", "agent/config/config_scan.c", "agent/operator/line_file.c",
            "agent/control/control_request.c", "agent/driver/frame.c", "agent/driver/zone_record.c",
            "agent/driver/postfix_queue.c", "agent/driver/dns_reply.c", "agent/smtp/smtp_dialogue.c",
            "agent/tinc_event.c", "proto/looks.c")


def targets():
    found = glob.glob(f"{BUILD}/tests/fuzz/*_fuzz")
    return sorted(os.path.basename(path).removesuffix("_fuzz") for path in found)


def _options():
    parser = argparse.ArgumentParser(prog="dev/fuzz", description=__doc__)
    parser.add_argument("target", nargs="?")
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("--campaign", type=int, nargs="?", const=RUNS, metavar="RUNS")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time")
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args()
    if options.target and options.target not in targets():
        parser.error(f"no target {options.target}; there are: {' '.join(targets())}")
    return options


def _fuzz(target, limits):
    """One target until its limit or a find; returns its row of the results."""
    grown = f"{BUILD}/corpus/{target}"
    finds = f"{FINDS}/{target}-"
    os.makedirs(grown, exist_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [f"{BUILD}/tests/fuzz/{target}_fuzz", f"-artifact_prefix={finds}", f"-max_len={INPUT_MAX}", "-timeout=25",
         "-rss_limit_mb=2048", "-print_final_stats=1", *limits, grown, f"{CORPUS}/{target}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    edges = re.findall(r"cov: (\d+)", done.stderr)
    row = {"target": target, "runs": int(runs[1]) if runs else 0, "edges": int(edges[-1]) if edges else 0,
           "seconds": round(time.monotonic() - began), "finds": sorted(glob.glob(finds + "*"))}
    if done.returncode != 0:
        row["error"] = next((line for line in done.stderr.splitlines() if "ERROR" in line or "SUMMARY" in line),
                            f"exit status {done.returncode}")
    print(f"{target:16} {row['runs']:>12,} runs {row['seconds']:>6} s  {row['edges']:>6} edges  "
          f"{row.get('error', 'nothing found')}", flush=True)
    return row


def _merge(rows):
    """Into the results: a target's last row stands for it."""
    known = {}
    if os.path.exists(RESULTS):
        with open(RESULTS, encoding="utf-8") as file:
            known = {row["target"]: row for row in json.load(file)["targets"]}
    known.update({row["target"]: row for row in rows})
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    with open(RESULTS, "w", encoding="utf-8") as file:
        json.dump({"commit": commit.stdout.strip(), "targets": [known[name] for name in sorted(known)]}, file, indent=1)


def _run(options):
    os.makedirs(FINDS, exist_ok=True)
    chosen = [options.target] if options.target else targets()

    def limits(target):
        if not options.campaign:
            return [f"-max_total_time={options.seconds}"]
        return [f"-runs={min(options.campaign, SLOW.get(target, options.campaign))}"]

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(lambda target: _fuzz(target, limits(target)), chosen))
    _merge(rows)
    bad = [row["target"] for row in rows if "error" in row]
    print(f"{len(rows) - len(bad)} targets clean" + (f", finds in {FINDS}: {' '.join(bad)}" if bad else ""))
    return 1 if bad else 0


# --- coverage -------------------------------------------------------------------------------------------

COVERED = "build/coverage"


def _build_covered():
    flags = "-fprofile-instr-generate -fcoverage-mapping"
    if not os.path.exists(f"{COVERED}/build.ninja"):
        subprocess.run(["meson", "setup", COVERED, "-Dfuzz=true", "-Dtests=false", "-Db_lundef=false",
                        "-Db_pie=false", f"-Dc_args={flags}", f"-Dc_link_args={flags}"],
                       env={**os.environ, "CC": "clang"}, check=True, stdout=subprocess.DEVNULL)
    programs = [f"tests/fuzz/{target}_fuzz" for target in targets()]
    subprocess.run(["ninja", "-C", COVERED, *programs], check=True, stdout=subprocess.DEVNULL)


def _replay_covered():
    """Each target over its corpora; returns the merged profile."""
    names = targets() or []
    for target in names:
        inputs = [path for path in (f"{CORPUS}/{target}", f"{BUILD}/corpus/{target}") if os.path.isdir(path)]
        subprocess.run([f"{COVERED}/tests/fuzz/{target}_fuzz", "-runs=0", *inputs], check=True,
                       stderr=subprocess.DEVNULL,
                       env={**os.environ, "LLVM_PROFILE_FILE": f"{COVERED}/{target}.profraw"})
    merged = f"{COVERED}/all.profdata"
    subprocess.run(["llvm-profdata", "merge", "-o", merged,
                    *[f"{COVERED}/{target}.profraw" for target in names]], check=True)
    return merged, [f"{COVERED}/tests/fuzz/{target}_fuzz" for target in names]


def _coverage():
    _build_covered()
    profile, programs = _replay_covered()
    objects = [word for program in programs[1:] for word in ("-object", program)]
    told = subprocess.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={profile}", programs[0], *objects],
                          capture_output=True, text=True, check=True)
    files = {os.path.relpath(row["filename"]): row["summary"]["lines"] for row in
             json.loads(told.stdout)["data"][0]["files"]}
    lines = covered = 0
    for name in DECODERS:
        if name not in files:
            continue
        lines, covered = lines + files[name]["count"], covered + files[name]["covered"]
        print(f"{name:36} {files[name]['covered']:>5} of {files[name]['count']:>5} lines  "
              f"{files[name]['percent']:5.1f} %")
    print(f"{'all decoders':36} {covered:>5} of {lines:>5} lines  {100 * covered / lines:5.1f} %")
    return 0


def main():
    options = _options()
    return _coverage() if options.coverage else _run(options)


if __name__ == "__main__":
    sys.exit(main())
