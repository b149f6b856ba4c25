#!/usr/bin/python3
"""Runs a command and ends whatever it started and left behind, also when it fails or is interrupted: servers, databases,
browsers, however far they detached themselves, and its temporary files. Only SIGKILL to this very process gets around it.

    fenced.py COMMAND…
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2): a signal when our parent dies; orphans below become our children
FINISH_SECONDS = 30  # after an interrupt, for the command to clean up by itself
END_SECONDS = 5
# Files of databases that are made by the hundred and thrown away: in memory, where there is plenty.
MEMORY, ROOM = pathlib.Path("/dev/shm"), 10 << 30


def processes():
    """{pid: (parent, name)} of all that live."""
    found = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = stat.read_text(errors="replace").split(" ", 1)
        except OSError:
            continue  # gone meanwhile
        name, fields = rest[1:].rsplit(") ", 1)
        state, parent = fields.split()[:2]
        if state != "Z":
            found[int(pid)] = (int(parent), name)
    return found


def below():
    """Our descendants: {pid: name}."""
    everybody = processes()
    mine = {os.getpid()}
    while True:
        more = {pid for pid, (parent, _) in everybody.items() if parent in mine} - mine
        if not more:
            return {pid: everybody[pid][1] for pid in mine if pid in everybody and pid != os.getpid()}
        mine |= more


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_what_is_left():
    """What was left: {pid: name}."""
    left, until = below(), time.monotonic() + END_SECONDS
    asked = set()
    while (now := below()) and time.monotonic() < until + 1:
        for pid, name in now.items():
            sign = signal.SIGQUIT if name == "postgres" else signal.SIGTERM
            if time.monotonic() > until:
                sign = signal.SIGKILL
            elif pid in asked:
                continue
            asked.add(pid)
            try:
                os.kill(pid, sign)
            except ProcessLookupError:
                pass
        time.sleep(0.05)
        reap()
    return left


def apart():
    """A group of its own, which an interrupt reaches once and through us; a shell's background job would ignore it."""
    os.setpgrp()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def place():
    """Where the folder is made; None: where temporary files are."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return None
    there = os.statvfs(MEMORY)
    return MEMORY if there.f_bavail * there.f_frsize >= ROOM else None


def kept(folder):
    """What is to be looked at later, on the disk: memory is not its place."""
    to = tempfile.mkdtemp(prefix="parvis-", dir="/tmp")
    subprocess.run(["cp", "-a", f"{folder}/.", to], check=False, stderr=subprocess.DEVNULL)
    return to


def main():
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    folder = tempfile.mkdtemp(prefix="parvis-", dir=place())
    os.chmod(folder, 0o711)  # the database's account passes through
    interrupted = []
    child = subprocess.Popen(sys.argv[1:], env={**os.environ, "TMPDIR": folder, "FENCED": folder}, preexec_fn=apart)

    def interrupt(sign, _):
        if not interrupted:
            os.killpg(child.pid, signal.SIGINT)
            signal.alarm(FINISH_SECONDS)
        elif sign == signal.SIGALRM:
            child.kill()
        interrupted.append(sign)

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(sign, interrupt)
    status = child.wait()
    signal.alarm(0)
    left = end_what_is_left()
    if left and not interrupted:
        print("ended what was left behind:", ", ".join(sorted(set(left.values()))), file=sys.stderr)
    if status and not interrupted:
        print(f"what the tests' servers wrote is in {kept(folder)}", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    return 128 + interrupted[0] if interrupted else status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
