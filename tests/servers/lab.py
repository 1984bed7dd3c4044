# SPDX-License-Identifier: GPL-3.0-or-later
"""A place for real servers that leaves nothing behind: own mount, network and process namespaces, and the helper
process at the other end of a socket pair. Tests are functions named in sentences; their results are printed as TAP."""
import ctypes
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

INSIDE = "MESH_TEST_INSIDE"
PRCTL = ctypes.CDLL(None).prctl
PR_SET_PDEATHSIG = 1


def skip(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def enter(programs):
    """Starts this script again inside its namespaces; everything started there dies with it."""
    if os.geteuid() != 0:
        skip("needs root for namespaces")
    for program in programs:
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"):
            skip("needs " + program)
    if os.environ.get(INSIDE):
        return
    if subprocess.run(["unshare", "-mnpf", "true"], stderr=subprocess.DEVNULL).returncode:
        skip("needs namespaces")
    os.environ[INSIDE] = "1"
    path = tempfile.mkdtemp(prefix="mesh-test-")
    os.environ["MESH_TEST_DIR"] = path
    # a test that takes too long is sent SIGTERM; whatever ends us ends all that was started
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    inside = subprocess.Popen(["unshare", "-mnpf", "--mount-proc", "--kill-child", "--propagation", "private",
                               sys.executable] + sys.argv, preexec_fn=lambda: PRCTL(PR_SET_PDEATHSIG, signal.SIGKILL))
    try:
        status = inside.wait()
    finally:
        inside.kill()
        inside.wait()
        shutil.rmtree(path, ignore_errors=True)
    sys.exit(status)


def directory():
    return os.environ["MESH_TEST_DIR"]


def sh(*argv, check=True, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if check and done.returncode:
        raise AssertionError("%s: status %d: %s" % (" ".join(argv), done.returncode, done.stdout))
    return done


def addresses(*texts):
    """All on lo: every kernel has it, and who connects from one to another looks like two machines."""
    sh("ip", "link", "set", "lo", "up")
    for text in texts:
        sh("ip", "address", "add", text, "dev", "lo", *(["nodad"] if ":" in text else []))


def wait_for(condition, seconds=10, what="condition"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("%s not true within %s s" % (what, seconds))


def free_of_mounts(path, copy_from=None):
    """Covers `path` with an own directory that is gone with the namespace."""
    own = os.path.join(directory(), path.strip("/").replace("/", "-"))
    if copy_from:
        sh("cp", "-a", copy_from, own)
    else:
        os.mkdir(own)
    sh("mount", "--bind", own, path)


class Helper:
    """The helper process. `user` (uid, gid, groups) runs it without root."""

    def __init__(self, program, user=None):
        ours, theirs = socket.socketpair()
        options = dict(user=user[0], group=user[1], extra_groups=user[2]) if user else {}

        def on_three():
            os.dup2(theirs.fileno(), 3, inheritable=True)

        # user= is applied before preexec_fn, descriptors above 2 are closed after it
        self.process = subprocess.Popen([program], preexec_fn=on_three, pass_fds=(3,), **options)
        theirs.close()
        self.socket = ours
        self.number = 0

    def send_bytes(self, body):
        self.socket.sendall(struct.pack(">I", len(body)) + body)

    def receive(self):
        head = self.socket.recv(4, socket.MSG_WAITALL)
        return json.loads(self.socket.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))

    def ask(self, driver, op, **members):
        self.number += 1
        self.send_bytes(json.dumps(dict(members, id=self.number, driver=driver, op=op)).encode())
        reply = self.receive()
        assert reply["id"] == self.number, reply
        return reply

    def ok(self, driver, op, **members):
        reply = self.ask(driver, op, **members)
        assert reply["ok"], reply
        return reply

    def fails(self, driver, op, **members):
        reply = self.ask(driver, op, **members)
        assert not reply["ok"] and reply["error"], reply
        return reply

    def close(self):
        self.socket.close()
        return self.process.wait(10)


def equal(got, wanted):
    assert got == wanted, "got %r, wanted %r" % (got, wanted)


def has(text, part):
    assert part in text, "no %r in %r" % (part, text)


def run(tests):
    """TAP: each function is a test; they run in order and share what they build up."""
    print("1..%d" % len(tests), flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        started = time.monotonic()
        try:
            test()
            word = "ok"
        except Exception:  # pylint: disable=broad-except
            failed += 1
            word = "not ok"
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        print("%s %d - %s" % (word, number, test.__name__), flush=True)
        print("# %.2f s" % (time.monotonic() - started), flush=True)
    return 1 if failed else 0
