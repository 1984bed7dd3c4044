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
import tempfile
import threading

from tests.fuzz import report

BUILD = "build/fuzz"
CORPUS = "tests/fuzz/corpus"
RESULTS = f"{BUILD}/results.json"
FINDS = f"{BUILD}/finds"
LOCK = threading.Lock()
RUNS = 10_000_000
SLOW_RUNS = 1_000_000
# Freed memory is kept for the run that freed it, not for the many before: it costs half of the speed.
ASAN = "malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
PIECES = 10  # of a campaign; after each the results are written
INPUT_MAX = 4096  # bytes; the formats' own bounds have tests of their own

# In the order of a campaign, the most exposed first: what differs from the usual. "entropic" off: its bookkeeping
# takes more than the run where one run reaches 10,000 edges.
TARGETS = {
    "session_door": {"runs": SLOW_RUNS, "max_len": 1100},
    "session_frames": {"max_len": 512},
    "handshake": {"runs": SLOW_RUNS, "max_len": 1100},
    "message": {},
    "reader": {"max_len": 512},
    "certificate": {"max_len": 512},
    "head": {},
    "chunk": {},
    "carriage": {},
    "beacon": {"max_len": 512},
    "domain": {"max_len": 300},
    "cores": {"runs": SLOW_RUNS, "max_len": 256, "flags": ["-entropic=0"]},
    "smtp_dialogue": {"max_len": 1024},
    "dns_reply": {"max_len": 1024},
    "look_answer": {"max_len": 1024},
    "control": {"max_len": 1024},
    "tinc_event": {"max_len": 512},
    "helper_frame": {"max_len": 1024},
    "table_rows": {"max_len": 512},
    "postfix_queue": {"max_len": 1024},
    "keyline": {"max_len": 512},
    "zone_record": {"max_len": 512},
    "store_values": {"runs": SLOW_RUNS},
    "facts": {"max_len": 1024},
    "line_file": {"max_len": 1024},
    "keys_file": {"max_len": 1024},
    "operator_files": {"max_len": 512},
    "config": {"max_len": 1024},
}

# What reads foreign bytes: of these files the campaign tells how many lines were reached.
DECODERS = ("proto/reader.c", "proto/object.c", "proto/certificate.c", "proto/head.c", "proto/chunk.c",
            "proto/carriage.c", "proto/beacon.c", "proto/message.c", "proto/session.c", "proto/noise.c",
            "proto/keyline.c", "proto/key.c", "proto/domain.c", "proto/facts.c", "proto/lines.c", "proto/met.c",
            "store/store_row.c", "store/store_frame.c", "agent/config/config_scan.c", "agent/operator/line_file.c",
            "agent/control/control_request.c", "agent/driver/frame.c", "agent/driver/zone_record.c",
            "agent/driver/postfix_queue.c", "agent/driver/postfix_row.c", "agent/driver/dns_reply.c", "agent/smtp/smtp_dialogue.c",
            "agent/tinc/tinc_event.c", "proto/looks.c", "proto/heard.c", "proto/address.c", "proto/beacon_bits.c",
            "agent/config/config_tree.c", "agent/config/config_value.c", "agent/operator/operator_files.c",
            "agent/operator/forced_file.c", "agent/operator/identity.c")

# Their functions that make bytes are left out by name, and those that keep, look up, edit or plan what was read.
WRITERS = re.compile(r"(_|^)(encode|render|put|write|send|sign|make|describe|format|text)(_|$)")
KEEPERS = re.compile(
    r"^(forced_edit_.*|set_line|drop_over|is_over|is_about|line_file_(add|change|remove)|replace|splice|line_of|"
    r"line_entry_comment|identity_save|save_file|fill_fields|smtp_question_check|recipient_check|helo_is_address|"
    r"local_part_is_plain|look_(alarm|fill|judge|names|plan)|looks_(find|hurry|move|settle|step)|met_remove|oldest_of|"
    r"heard_(note|tick|is_dirty)|noise_pattern_name|store_frame_header)$")


def targets():
    """All that are built, in the order of a campaign."""
    found = glob.glob(f"{BUILD}/tests/fuzz/*_fuzz")
    names = {os.path.basename(path).removesuffix("_fuzz") for path in found}
    return [name for name in TARGETS if name in names] + sorted(names - set(TARGETS))


def _options():
    parser = argparse.ArgumentParser(prog="dev/fuzz", description=__doc__)
    parser.add_argument("target", nargs="?")
    parser.add_argument("seconds", type=int, nargs="?", default=60)
    parser.add_argument("--campaign", type=int, nargs="?", const=RUNS, metavar="RUNS")
    parser.add_argument("--resume", action="store_true", help="only targets that haven't had their runs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="targets at a time")
    parser.add_argument("--coverage", action="store_true")
    parser.add_argument("--merge", action="store_true", help="take in what was grown")
    parser.add_argument("--results", action="store_true", help="write them into tests/RESULTS.md")
    parser.add_argument("--unreached", action="store_true", help="the lines that --coverage misses")
    options = parser.parse_args()
    if options.target and options.target not in targets():
        parser.error(f"no target {options.target}; there are: {' '.join(targets())}")
    return options


def _commit():
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def _command(target, limits):
    said = TARGETS.get(target, {})
    words = f"tests/fuzz/dict/{target}"
    return [f"{BUILD}/tests/fuzz/{target}_fuzz", f"-artifact_prefix={FINDS}/{target}-", "-timeout=25",
            f"-max_len={said.get('max_len', INPUT_MAX)}", "-rss_limit_mb=2048", "-print_final_stats=1",
            *said.get("flags", []), *([f"-dict={words}"] if os.path.exists(words) else []), *limits,
            f"{BUILD}/corpus/{target}", f"{CORPUS}/{target}"]


def _fuzz(target, limits):
    """One target until its limit or a find; returns its row of the results."""
    os.makedirs(f"{BUILD}/corpus/{target}", exist_ok=True)
    before = set(glob.glob(f"{FINDS}/{target}-*"))
    with tempfile.TemporaryFile("w+", errors="replace") as log, \
            subprocess.Popen(_command(target, limits), stdout=subprocess.DEVNULL, stderr=log,
                             env={"ASAN_OPTIONS": ASAN, **os.environ}) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        told = log.read()
    runs = re.search(r"number_of_executed_units: (\d+)", told)
    edges = re.findall(r"cov: (\d+)", told)
    row = {"target": target, "runs": int(runs[1]) if runs else 0, "edges": int(edges[-1]) if edges else 0,
           "cpu_s": usage.ru_utime + usage.ru_stime, "finds": sorted(set(glob.glob(f"{FINDS}/{target}-*")) - before)}
    if process.returncode != 0:
        row["error"] = next((line for line in told.splitlines() if "ERROR" in line or "runtime error" in line),
                            f"exit status {process.returncode}")
        with open(f"{FINDS}/{target}.log", "w", encoding="utf-8") as file:
            file.write(told)
    return row


def _tell(row):
    print(f"{row['target']:16} {row['runs']:>12,} runs {row['cpu_s']:>8.0f} s of CPU {row['edges']:>6} edges  "
          f"{row.get('error', 'nothing found')}", flush=True)


def results():
    if not os.path.exists(RESULTS):
        return {}
    with open(RESULTS, encoding="utf-8") as file:
        return {row["target"]: row for row in json.load(file)}


def _keep(row):
    """Into the results: a target's last row stands for it."""
    with LOCK:
        known = {**results(), row["target"]: row}
        with open(f"{RESULTS}.new", "w", encoding="utf-8") as file:
            json.dump([known[name] for name in sorted(known)], file, indent=1)
        os.replace(f"{RESULTS}.new", RESULTS)


def wanted_runs(target, runs=RUNS):
    return min(runs, TARGETS.get(target, {}).get("runs", runs))


def _campaign(target, runs):
    """In pieces, so that one that is broken off tells how far it came."""
    whole = {"target": target, "runs": 0, "cpu_s": 0, "commit": _commit()}
    while whole["runs"] < runs and "error" not in whole:
        row = _fuzz(target, [f"-runs={min(runs - whole['runs'], max(1, runs // PIECES))}"])
        whole = {**whole, **row, "runs": whole["runs"] + row["runs"], "cpu_s": whole["cpu_s"] + row["cpu_s"]}
        _keep(whole)
    _tell(whole)
    return whole


def _for_a_while(target, seconds):
    row = _fuzz(target, [f"-max_total_time={seconds}"])
    _tell(row)
    return row


def _has_had_its_runs(target, runs):
    row = results().get(target, {"runs": 0})
    return "error" not in row and row["runs"] >= runs


def _run(options):
    os.makedirs(FINDS, exist_ok=True)
    chosen = [options.target] if options.target else targets()

    def run(target):
        if not options.campaign:
            return _for_a_while(target, options.seconds)
        runs = wanted_runs(target, options.campaign)
        if options.resume and _has_had_its_runs(target, runs):
            return results()[target]
        return _campaign(target, runs)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(run, chosen))
    bad = [row["target"] for row in rows if "error" in row]
    print(f"{len(rows) - len(bad)} targets clean" + (f", finds in {FINDS}: {' '.join(bad)}" if bad else ""))
    return 1 if bad else 0


# --- the corpora in the tree ------------------------------------------------------------------------------


def _take_in(target):
    """Of what was grown, the inputs that reach edges which nothing in the tree reaches, the smallest first."""
    corpus = f"{CORPUS}/{target}"
    before = set(os.listdir(corpus))
    subprocess.run([f"{BUILD}/tests/fuzz/{target}_fuzz", "-merge=1", "-use_counters=0", f"-max_len={INPUT_MAX}", corpus,
                    f"{BUILD}/corpus/{target}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    added = set(os.listdir(corpus)) - before
    for name in added:
        os.rename(f"{corpus}/{name}", f"{corpus}/grown_{name[:12]}")
    size = sum(os.path.getsize(f"{corpus}/{name}") for name in os.listdir(corpus))
    print(f"{target:16} {len(before) + len(added):>4} inputs, {len(added)} new, {size:>7,} bytes", flush=True)


def _merge(options):
    for target in [options.target] if options.target else targets():
        if os.path.isdir(f"{BUILD}/corpus/{target}"):
            _take_in(target)
    return 0


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
    """Each target over its corpus in the tree; returns the merged profile."""
    names = targets() or []
    for target in names:
        subprocess.run([f"{COVERED}/tests/fuzz/{target}_fuzz", "-runs=0", f"{CORPUS}/{target}"], check=True,
                       stderr=subprocess.DEVNULL, timeout=300,
                       env={**os.environ, "LLVM_PROFILE_FILE": f"{COVERED}/{target}.profraw"})
    merged = f"{COVERED}/all.profdata"
    subprocess.run(["llvm-profdata", "merge", "-o", merged,
                    *[f"{COVERED}/{target}.profraw" for target in names]], check=True)
    return merged, [f"{COVERED}/tests/fuzz/{target}_fuzz" for target in names]


def _told(profile, programs):
    """What llvm-cov says, with each line of each function."""
    objects = [word for program in programs[1:] for word in ("-object", program)]
    told = subprocess.run(["llvm-cov", "export", f"-instr-profile={profile}", programs[0], *objects],
                          capture_output=True, text=True, check=True)
    return json.loads(told.stdout)["data"][0]


def _line_counts(segments):
    """{line: how often}, as llvm-cov counts: its most frequent region, or what reaches into it from above."""
    counts, wrapped = {}, None
    for line, _, count, has_count, is_entry, is_gap in segments:
        if wrapped is not None:
            for between in range(wrapped[0] + 1, line + (0 if line > wrapped[0] else 1)):
                if wrapped[2]:
                    counts[between] = wrapped[1]
            if line > wrapped[0] and wrapped[2]:
                counts[line] = max(counts.get(line, 0), wrapped[1])
        if has_count and is_entry and not is_gap:
            counts[line] = max(counts.get(line, 0), count)
        wrapped = (line, count, has_count)
    return counts


def _decoder_lines(told):
    """{file: {line: how often}}, of the functions that read."""
    counts = {os.path.relpath(file["filename"]): _line_counts(file["segments"]) for file in told["files"]}
    files = {}
    for function in told["functions"]:
        name, own = os.path.relpath(function["filenames"][0]), function["name"].split(":")[-1]
        if name not in DECODERS or WRITERS.search(own) or KEEPERS.search(own):
            continue
        first, _, last = function["regions"][0][:3]
        files.setdefault(name, {}).update(
            {line: counts[name][line] for line in range(first, last + 1) if line in counts[name]})
    return files


def coverage(show):
    """{file: (reached, lines)}"""
    _build_covered()
    files = _decoder_lines(_told(*_replay_covered()))
    if show:
        for name, lines in files.items():
            for line in sorted(line for line in lines if lines[line] == 0):
                print(f"{name}:{line}")
    return {name: (sum(1 for count in files[name].values() if count), len(files[name])) for name in sorted(files)}


def _coverage(options):
    rows = coverage(options.unreached)
    for name, (reached, lines) in rows.items():
        print(f"{name:36} {reached:>5} of {lines:>5} lines  {100 * reached / lines:5.1f} %")
    reached, lines = (sum(row[i] for row in rows.values()) for i in (0, 1))
    print(f"{'all decoders':36} {reached:>5} of {lines:>5} lines  {100 * reached / lines:5.1f} %")
    print(f"left out: functions that write, {WRITERS.pattern}, and that don't read, {KEEPERS.pattern}")
    return 0


def _results():
    known = results()
    report.write([known[target] for target in targets() if target in known], wanted_runs, coverage(False),
                 "Left out are functions that write, by\nname, and some that keep, look up, edit or plan what was read "
                 "(WRITERS, KEEPERS in tests/fuzz/campaign.py).")
    return 0


def main():
    options = _options()
    if options.results:
        return _results()
    if options.merge:
        return _merge(options)
    return _coverage(options) if options.coverage or options.unreached else _run(options)


if __name__ == "__main__":
    sys.exit(main())
