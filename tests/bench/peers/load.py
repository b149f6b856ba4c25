"""One kind of request, put to one server by wrk, and every answer accounted for."""

import dataclasses
import http.client
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import time
from collections.abc import Callable

import rig

HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 64
SETTLE_SECONDS = 20
# How far the mean size of all answers may be from that of the one that was read: what is asked for again and again is answered
# alike; what is made has longer numbers as it goes. A refusal, a redirection or an empty answer is further off.
SIZE_TOLERANCE, SIZE_TOLERANCE_MADE = 0.03, 0.15
serial = itertools.count(1)


class Invalid(Exception):
    """What was measured is not what was meant to be."""


@dataclasses.dataclass
class Work:
    """A request, and how to tell that its answer is the one that was asked for."""

    method: str
    path: str
    headers: dict
    status: int
    right: Callable  # of the decoded body (None without one): is it what was asked for?
    body: str | None = None
    mark: str | None = None  # "{n}" in the body becomes a word of its own each time
    bodies: list | None = None  # or one of these each time
    rows: Callable | None = None  # how many rows there are of what a request makes
    size: int = 0  # of the answer that was read

    def ask(self, port, mark=None):
        """Puts it once, reads the answer in full, notes its size."""
        body = self.body
        if self.mark:
            body = body.replace("{n}", (mark or self.mark) + "-0-0")
        if self.bodies:
            body = self.bodies.pop()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(self.method, self.path, body=body, headers=self.headers)
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        if answer.status != self.status or not self.right(json.loads(raw) if raw else None):
            raise Invalid(f"{self.method} {self.path}: {answer.status} {raw[:500]!r}")
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        self.size = len(f"HTTP/1.1 {answer.status} {answer.reason}") + 4 + head + len(raw)
        if answer.getheader("Transfer-Encoding") == "chunked":
            self.size += len(f"{len(raw):x}\r\n\r\n0\r\n\r\n")


@dataclasses.dataclass
class Measure:
    rate: float  # a second
    p99: float | None = None  # ms
    cpu: float | None = None  # microseconds of the server's processors a request

    def __str__(self):
        return (f"{self.rate:,.0f}/s" + ("" if self.p99 is None else f", p99 {self.p99:,.1f} ms")
                + ("" if self.cpu is None else f", {self.cpu:,.0f} µs"))


def put(work, host, seconds, core=None, connections=CONNECTIONS):
    """A Measure of `seconds` of it (host has a port and pids()); wrk on one core alone when `core` says so."""
    port = host.port
    mark = f"{work.mark}{next(serial)}"  # nothing is asked for twice
    work.ask(port, mark)
    before = work.rows() if work.rows else 0
    with tempfile.NamedTemporaryFile("w", suffix=".bodies") as bodies:
        bodies.write("".join(line + "\n" for line in work.bodies or []))
        bodies.flush()
        said = {
            "PEER_METHOD": work.method,
            "PEER_PATH": work.path,
            "PEER_HEADERS": "\n".join(f"{name}: {value}" for name, value in work.headers.items()),
            "PEER_BODY": work.body,
            "PEER_MARK": mark if work.mark else None,
            "PEER_BODIES": bodies.name if work.bodies else None,
        }
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / "request.lua")]
        if core is not None:
            command = ["taskset", "-c", str(core), *command]
        used = rig.processor_seconds(host.pids())
        env = {k: v for k, v in os.environ.items() if not k.startswith("PEER_")}
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/"],
            env={**env, **{k: v for k, v in said.items() if v is not None}},
            capture_output=True, text=True, check=True, timeout=seconds + 90)
    used = rig.processor_seconds(host.pids()) - used
    settle(work)
    count = json.loads(done.stdout.strip().splitlines()[-1])
    examine(work, count, before, connections)
    return Measure(count["requests"] / count["microseconds"] * 1e6, count["p99"] / 1000, 1e6 * used / max(1, count["requests"]))


def settle(work):
    """Waits until the requests that wrk left behind at its end are through, so that they burden nobody else's measurement."""
    rows = work.rows() if work.rows else 0
    until = time.monotonic() + SETTLE_SECONDS
    while work.rows and time.monotonic() < until:
        time.sleep(0.3)
        before, rows = rows, work.rows()
        if rows == before:
            return


def examine(work, count, before, connections):
    """Refuses a measurement unless every answer was a success, of the right size, and (where it writes) left its row."""
    what = f"{work.method} {work.path}"
    if count["refused"] or count["broken"] or count["late"]:
        raise Invalid(f"{what}: {count}")
    size = count["bytes"] / max(1, count["requests"])
    tolerance = SIZE_TOLERANCE_MADE if work.rows else SIZE_TOLERANCE
    unfinished = connections / max(1, count["requests"])  # what had begun to come when the time was over
    if count["requests"] and not -tolerance <= size / work.size - 1 <= tolerance + unfinished:
        raise Invalid(f"{what}: answers of {size:.0f} bytes, where the one that was read has {work.size}")
    if work.rows:
        made = work.rows() - before
        if not count["requests"] <= made <= count["requests"] + connections:
            raise Invalid(f"{what}: {count['requests']} answers of success, {made} rows")
