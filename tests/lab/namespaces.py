# SPDX-License-Identifier: GPL-3.0-or-later
"""The few system calls about namespaces that Python 3.11 doesn't have."""

import contextlib
import ctypes
import os
import signal

MOUNT = 0x00020000
PID = 0x20000000
NETWORK = 0x40000000
_SET_PARENT_DEATH_SIGNAL = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(kinds):
    """Leave the namespaces of these kinds for new ones; a new PID namespace begins with the next child."""
    _check(_libc.unshare(kinds), "unshare")


def die_with_parent():
    """Ask the kernel for SIGKILL when the parent ends, however that happens."""
    _check(_libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0), "prctl")


def _enter_network(path):
    with open(path, "rb") as namespace:
        _check(_libc.setns(namespace.fileno(), NETWORK), f"setns {path}")


@contextlib.contextmanager
def network_of(pid):
    """Within the block, sockets of this thread (of no other) belong to the network of process pid."""
    with open("/proc/thread-self/ns/net", "rb") as own:
        _enter_network(f"/proc/{pid}/ns/net")
        try:
            yield
        finally:
            _check(_libc.setns(own.fileno(), NETWORK), "setns back")
