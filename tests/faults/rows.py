# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of a store, as meshd's own reader tells them: `meshd --store-reader FD DIR` (store/store_frame.h)."""

import os
import subprocess

from tests.lab.wait import expect

FD = 3
LENGTH_BYTES = 4


def read_rows(meshd, directory):
    """{key: value} of a store that is whole; Failed if it isn't."""
    ours, theirs = os.pipe()
    with subprocess.Popen([meshd, "--store-reader", str(FD), directory], stdin=subprocess.DEVNULL,
                          preexec_fn=lambda: os.dup2(theirs, FD, inheritable=True), pass_fds=(FD,)) as reader:
        os.close(theirs)
        with os.fdopen(ours, "rb") as stream:
            rows, end = _split(stream.read())
    expect(reader.returncode == 0 and end == b"", f"the store {directory}: {end}, status {reader.returncode}")
    return rows


def _split(stream):
    rows, end, at = {}, None, 0
    while at < len(stream):
        length = int.from_bytes(stream[at:at + LENGTH_BYTES], "big")
        frame = stream[at + LENGTH_BYTES:at + LENGTH_BYTES + length]
        key, value = frame[1:1 + frame[0]], frame[1 + frame[0]:]
        if key:
            rows[key] = value
        else:
            end = value
        at += LENGTH_BYTES + length
    return rows, end
