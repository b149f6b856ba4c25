"""Small disks of the tests' own, that can be full or read-only: tmpfs, mounted by root or in a namespace of its own."""

import ctypes
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000
MNT_DETACH = 2
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 1 << 14, 1 << 18
OWN_NAMESPACE = "PARVIS_TEST_MOUNTS"


def may_mount():
    return os.geteuid() == 0 or OWN_NAMESPACE in os.environ


def run_where_mounts_are_allowed(path):
    """The tests of a file once more, by a process that may mount though its user may not."""
    command = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", sys.executable, "-m", "pytest", "-q", path]
    done = subprocess.run(command, env={**os.environ, OWN_NAMESPACE: "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def call(what, *arguments):
    if getattr(LIBC, what)(*arguments):
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


@functools.cache
def own_mounts():
    """From here on nobody else sees what this process and those that it starts mount, and it goes with them."""
    call("unshare", CLONE_NEWNS)
    call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)


class Disk:
    def __init__(self, megabytes):
        own_mounts()
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="parvis-disk-"))
        self.size = f"size={megabytes}m,mode=700".encode()
        self._mount(0)

    def _mount(self, flags):
        call("mount", b"tmpfs", bytes(self.path), b"tmpfs", flags, self.size)

    def read_only(self, yes=True):
        self._mount(MS_REMOUNT | (MS_RDONLY if yes else 0))

    def fill(self):
        """To the last byte."""
        with open(self.path / "filler", "ab", buffering=0) as f:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass

    def make_room(self):
        (self.path / "filler").unlink()

    def remove(self):
        """For good; lazily, should something still be open."""
        call("umount2", bytes(self.path), MNT_DETACH)
        self.path.rmdir()
