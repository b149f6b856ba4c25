"""`make bench`: what the server does in a second, beside what the machine allows, measured in the same run.

BENCH_SECONDS (default 10) a measurement; PARVIS_BINARY (default build/release/parvis).
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("PARVIS_BINARY", str(ROOT / "build/release/parvis"))
sys.path.insert(0, str(ROOT / "tests"))

from lib.server import BINARY, Server  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "10"))
HERE = pathlib.Path(__file__).resolve().parent
CONNECTIONS = 64


def compile_yardsticks(folder):
    for name, libraries in (("bare", ["-lmicrohttpd", "-lpthread"]), ("commits", ["-lsqlite3"])):
        subprocess.run(["cc", "-O2", "-o", str(folder / name), str(HERE / f"{name}.c"), *libraries], check=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wrk(port, script=None, connections=CONNECTIONS, seconds=SECONDS, **env):
    """(requests a second, p99 in ms, answers that were no 2xx)."""
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
    command += ["-s", str(HERE / script)] if script else []
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}/"], env={**os.environ, **env}, capture_output=True, text=True, check=True
    )
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    return rate, float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit], int(bad.group(1)) if bad else 0


class Tarpit:
    """A mail server that takes the line and never speaks: mails stay in the outbox, delivery takes no time."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.held = []
        threading.Thread(target=self._hold, daemon=True).start()

    def _hold(self):
        while True:
            self.held.append(self.socket.accept()[0])


def memory(pid):
    """(RSS, PSS) in MB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"(?m)^{name}:\s+(\d+)", text).group(1)) / 1024 for name in ("Rss", "Pss"))


def start_time(server):
    """Milliseconds from exec to the first answer, the best of five starts."""
    best = 1e9
    for _ in range(5):
        port = free_port()
        server.settings["listen"] = f"127.0.0.1:{port}"
        at = time.perf_counter()
        server.start(wait=False)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 1) as s:
                    s.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    if b" 200 " in s.recv(100):
                        break
            except OSError:
                time.sleep(0.0005)
        best = min(best, 1000 * (time.perf_counter() - at))
        server.port = port
        server.stop()
    return best


def stripped_size(folder):
    copy = folder / "stripped"
    subprocess.run(["strip", "-o", str(copy), str(BINARY)], check=True)
    return copy.stat().st_size / 1e6


def beside_bulk(port, key):
    """(p99 of single invitations while bulk ones go on, answers that were no success)."""
    bulk = []
    other = threading.Thread(
        target=lambda: bulk.append(
            wrk(port, "invite.lua", connections=2, BENCH_KEY=key, BENCH_MARK="load", BENCH_ROWS="1000")
        )
    )
    other.start()
    _, p99, bad = wrk(port, "invite.lua", connections=16, BENCH_KEY=key, BENCH_MARK="beside")
    other.join()
    return p99, bad + bulk[0][2]


def measure(folder):
    pit = Tarpit()
    compile_yardsticks(folder)
    single, grouped = map(
        float,
        subprocess.run(
            [str(folder / "commits"), str(folder), "3"], capture_output=True, text=True, check=True
        ).stdout.split(),
    )
    port = free_port()
    bare = subprocess.Popen([str(folder / "bare"), str(port)])
    time.sleep(0.3)
    bare_rate, bare_p99, _ = wrk(port, seconds=min(SECONDS, 5))
    bare.kill()
    bare.wait()

    server = Server(folder, mail=f"smtp://127.0.0.1:{pit.port}", log_level="warning")
    began = start_time(server)
    server.settings["listen"] = "127.0.0.1:0"
    server.settings["log_level"] = "info"  # the address is in it
    server.start()
    key = server.setup("Bench", slug="bench")["api_key"]
    time.sleep(1)
    idle = memory(server.process.pid)
    check_rate, check_p99, check_bad = wrk(server.port, "check.lua", BENCH_KEY=key)
    one_rate, one_p99, one_bad = wrk(server.port, "invite.lua", BENCH_KEY=key, BENCH_MARK="one")
    bulk_rate, bulk_p99, bulk_bad = wrk(
        server.port, "invite.lua", connections=4, BENCH_KEY=key, BENCH_MARK="bulk", BENCH_ROWS="1000"
    )
    beside_p99, beside_bad = beside_bulk(server.port, key)
    busy = memory(server.process.pid)
    server.stop()
    bad = check_bad + one_bad + bulk_bad + beside_bad
    rows = [
        ("a bare libmicrohttpd answer", f"{bare_rate:,.0f}/s, p99 {bare_p99:.1f} ms", "", ""),
        (
            "permission check",
            f"{check_rate:,.0f}/s, p99 {check_p99:.1f} ms",
            f"{check_rate / bare_rate:.2f} of bare",
            "70,000/s, p99 < 5 ms",
        ),
        ("SQLite commits, one by one", f"{single:,.0f}/s", "", ""),
        ("SQLite rows, 64 a commit", f"{grouped:,.0f}/s", "", ""),
        (
            "durable single invitations",
            f"{one_rate:,.0f}/s, p99 {one_p99:.1f} ms",
            f"{one_rate / single:.2f} of one by one, {one_rate / grouped:.2f} of grouped",
            "12,000/s",
        ),
        (
            "invitations in bulk (1,000 each)",
            f"{bulk_rate * 1000:,.0f}/s, p99 {bulk_p99:.0f} ms",
            f"{bulk_rate * 1000 / grouped:.2f} of grouped",
            "35,000/s",
        ),
        ("single invitations beside bulk", f"p99 {beside_p99:.0f} ms", "", "p99 < 50 ms"),
        ("memory idle", f"RSS {idle[0]:.1f} MB, PSS {idle[1]:.1f} MB", "", "15 MB"),
        ("memory after all of these", f"RSS {busy[0]:.1f} MB, PSS {busy[1]:.1f} MB", "", "40 MB"),
        ("start to first answer", f"{began:.0f} ms", "", "50 ms"),
        ("binary, stripped", f"{stripped_size(folder):.1f} MB", "", "5 MB"),
    ]
    return rows, bad


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parvis-bench-", dir=os.environ.get("BENCH_DIR", ROOT / "build")))
    try:
        rows, bad = measure(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{os.cpu_count()} cores, wrk on the same machine, {CONNECTIONS} connections, {SECONDS} s each\n")
    for row in (("what", "measured", "ratio in this run", "bar"), *rows):
        print(f"{row[0]:34}{row[1]:38}{row[2]:46}{row[3]}")
    if bad:
        sys.exit(f"\n{bad} answers were no success: these numbers are worth nothing")


if __name__ == "__main__":
    main()
