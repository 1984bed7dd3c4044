# SPDX-License-Identifier: GPL-3.0-or-later
"""What the whole lab runs in: a process namespace, a mount namespace and a network of its own.

Problem: tens of daemons, mounts and interfaces must be gone after a success, a failure, a Ctrl-C and a
kill -9 alike. So nothing is undone step by step: the lab's first process is process 1 of a namespace,
and when it ends the kernel ends all others, and with them mounts and networks. All files lie on a
tmpfs that only this mount namespace sees. Outside there is one empty directory, removed at the end.
"""

import os
import signal
import subprocess
import sys
import tempfile
import traceback

from tests.lab import namespaces

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_CLEAN_UP = 20
STATUS_INTERRUPTED = 130


def run(main):
    """Run main(directory) in the sandbox; returns its exit status."""
    directory = tempfile.mkdtemp(prefix="correomesh-")
    try:
        namespaces.unshare(namespaces.PID)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        first = os.fork()
        if first == 0:
            os._exit(_first_process(main, directory))
        return _wait_for(first)
    finally:
        os.rmdir(directory)


def _wait_for(first):
    """Pass the first signal on to the lab as an interrupt, the second as a kill; wait for its end."""
    def interrupt(_signal, _frame):
        for number in (*SIGNALS, signal.SIGALRM):
            signal.signal(number, kill)
        signal.alarm(SECONDS_TO_CLEAN_UP)
        os.kill(first, signal.SIGINT)

    def kill(_signal, _frame):
        os.kill(first, signal.SIGKILL)

    for number in SIGNALS:
        signal.signal(number, interrupt)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    _, status = os.waitpid(first, 0)
    return os.waitstatus_to_exitcode(status)


def _first_process(main, directory):
    """The inside: set up the namespaces, run main, tell its status. Never returns into the caller's stack."""
    status = 1
    try:
        os.setsid()  # Ctrl-C reaches us by way of the parent only, once
        namespaces.die_with_parent()
        signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the caller ignores it
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        namespaces.unshare(namespaces.MOUNT | namespaces.NETWORK)
        _mount("--make-rprivate", "/")
        _mount("-t", "proc", "proc", "/proc")
        _mount("-t", "tmpfs", "-o", "mode=1777", "correomesh", "/dev/shm")
        _mount("-t", "tmpfs", "-o", "mode=0755", "correomesh", directory)
        status = main(directory)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = STATUS_INTERRUPTED
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)
