"""What the measurements share: the load generator, a server of one's own on either engine, memory, tables."""

import argparse
import atexit
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
os.environ.setdefault("PARVIS_BINARY", str(ROOT / "build/release/parvis"))
sys.path.insert(0, str(ROOT / "tests"))

from lib import postgres  # noqa: E402
from lib.server import BINARY, Server  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
CONNECTIONS = 64
ENGINES = ("sqlite", "postgres")
PASSWORD = "orchard-lantern-42"
# What a machine with a few gigabytes would be given, so that a million members are not read from disk each time.
POSTGRES_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "2GB", "checkpoint_timeout": "15min"}
LIBRARIES = {"bare": ["-lmicrohttpd", "-lpthread"], "commits": ["-lsqlite3"], "argon": ["-lsodium", "-lpthread"],
             "sink": ["-lpthread"]}


signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))  # so that nothing is left running


class Folder:
    """A folder on the disk that is measured (BENCH_DIR, else build/), gone at the end."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="parvis-bench-", dir=os.environ.get("BENCH_DIR", ROOT / "build")))
        self.path.chmod(0o711)  # the database runs under an account of its own
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def yardstick(folder, name):
    """A yardstick of this folder, compiled."""
    out = folder / name
    if not out.exists():
        subprocess.run(["cc", "-O2", "-o", str(out), str(HERE / f"{name}.c"), *LIBRARIES[name]], check=True)
    return str(out)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- load


class Load:
    """What a run of wrk came to. Times in milliseconds; cpu: microseconds of the server's processors a request."""

    def __init__(self, text, cpu):
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
        self.done = int(re.search(r"(\d+) requests in ", text).group(1))
        self.p50, self.p99 = (self._time(text, share) for share in ("50", "99"))
        self.cpu = 1e6 * cpu / max(self.done, 1)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
        self.bad = (int(bad.group(1)) if bad else 0) + (sum(map(int, errors.groups())) if errors else 0)

    @staticmethod
    def _time(text, share):
        number, unit = re.search(rf"{share}%\s+([\d.]+)(us|ms|s|m)\b", text).groups()
        return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]

    def __str__(self):
        if not self.done:
            return "no answer"
        return f"{self.rate:,.0f}/s, p50 {in_ms(self.p50)}, p99 {in_ms(self.p99)}"


def in_ms(ms):
    return f"{ms:.2f} ms" if ms < 10 else f"{ms:,.0f} ms"


BAD = []  # (what, how many answers were no success): figures with some are worth nothing


def processor_seconds(pids):
    """What these processes have used so far."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def wrk(port, script=None, connections=CONNECTIONS, seconds=SECONDS, pids=(), **env):
    """env: BENCH_… for the script; see request.lua, invite.lua, sign_in.lua. pids: whose processor time is counted."""
    threads = min(2, connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "20s"]
    command += ["-s", str(HERE / script)] if script else []
    before = processor_seconds(pids)
    done = subprocess.run([*command, f"http://127.0.0.1:{port}/"],
                          env={**os.environ, **{k: str(v) for k, v in env.items()}}, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"wrk: {done.stdout}{done.stderr}")
    load = Load(done.stdout, processor_seconds(pids) - before)
    if load.bad:
        BAD.append((f"{script} {env.get('BENCH_PATH', '')}", load.bad))
    return load


def check(port, callers, **more):
    """Permission checks by the callers of a file, each in its organization."""
    body = '{"organization":"{org}","permission":"invitations.create"}'
    return wrk(port, "request.lua", BENCH_PATH="/api/v1/check", BENCH_BODY=body, BENCH_CALLERS=callers, **more)


class Storm:
    """Clients that sign in without pause, each on a connection of its own; every answer is counted. A process apart: wrk takes
    what is no success for a fault, and a thread of ours would wait for the measurement's own."""

    def __init__(self, port, people, clients):
        self.port, self.people, self.clients = port, people, clients

    def run(self, seconds):
        done = subprocess.run([sys.executable, str(HERE / "storm.py"), str(self.port), str(self.clients), str(seconds), PASSWORD],
                              input="\n".join(self.people), check=True, capture_output=True, text=True)
        said, strange = done.stdout.strip().rsplit("; ", 1)
        if int(strange):
            BAD.append(("sign-ins in a storm: neither 201 nor 503 with Retry-After", int(strange)))
        return said


# ---- servers


class Tarpit:
    """A mail server that takes the line and never speaks: mails stay in the outbox, delivery takes no time."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.uri = f"smtp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.held = []
        threading.Thread(target=self._hold, daemon=True).start()

    def _hold(self):
        while True:
            self.held.append(self.socket.accept()[0])


class Sink:
    """A mail server that takes everything at once (sink.c)."""

    def __init__(self, folder):
        port = free_port()
        self.process = subprocess.Popen([yardstick(folder, "sink"), str(port)])
        self.uri = f"smtp://127.0.0.1:{port}"
        time.sleep(0.2)

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Postgres:
    """A PostgreSQL of our own in a folder, with settings of a small real one."""

    def __init__(self, folder):
        self.folder = folder
        self._call("start")
        with open(folder / "data/postgresql.conf", "a") as f:
            f.writelines(f"{name} = {value}\n" for name, value in POSTGRES_SETTINGS.items())
        self._call("stop")
        self.base = self._call("start")
        postgres.base = self.base

    def _call(self, command):
        done = subprocess.run([str(postgres.SCRIPT), command, str(self.folder)], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def set(self, **settings):
        connection = postgres.connect(self.base + "postgres")
        for name, value in settings.items():
            connection.cursor().execute(f"ALTER SYSTEM SET {name} = %s", [value])
        connection.cursor().execute("SELECT pg_reload_conf()")
        connection.close()
        time.sleep(0.3)

    def log(self):
        return self.folder / "log"

    def remove(self):
        self._call("remove")


@contextlib.contextmanager
def engine_in_folder(engine):
    """(a folder to measure in, the database of its own in it; None on SQLite)"""
    with Folder() as folder:
        database = Postgres(folder / "postgres") if engine == "postgres" else None
        try:
            yield folder, database
        finally:
            if database:
                database.remove()


class Bench(Server):
    """A server on `engine` in a folder of its own; limits off, mail to a tarpit unless said otherwise."""

    def __init__(self, folder, engine="sqlite", **settings):
        folder.mkdir(exist_ok=True)
        self.engine = engine
        if engine == "postgres":
            settings["database"] = postgres.database_of(folder)
        super().__init__(folder, mail=settings.pop("mail", None) or Tarpit().uri, **settings)
        atexit.register(self.end)

    def end(self):
        """When a measurement failed, its server is still there."""
        if self.process:
            self.kill()

    @property
    def uri(self):
        return self.settings.get("database")

    def pids(self):
        """Of the server, and of the database's processes that work for it."""
        if self.engine == "sqlite":
            return [self.process.pid]
        backends = self.query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        return [self.process.pid, *(pid for (pid,) in backends)]

    def migrate(self):
        if self.engine == "postgres" and self.data not in postgres.migrated:
            postgres.migrated.add(self.data)
            self.cli("migrate")

    def query(self, sql, *args):
        if self.engine == "postgres":
            return postgres.rows(self.uri, sql, args)
        return super().query(sql, *args)

    def mails_at_rest(self, seconds=0):
        """Nobody moves this server's clock."""


def memory(pid):
    """(RSS, PSS) in MB."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"(?m)^{name}:\s+(\d+)", text).group(1)) / 1024 for name in ("Rss", "Pss"))


def start_time(server, starts=5):
    """Milliseconds from exec to the first answer, the best of some starts. Leaves the server stopped."""
    best = 1e9
    for _ in range(starts):
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
    server.settings["listen"] = "127.0.0.1:0"
    return best


def stripped_size(folder):
    """MB."""
    copy = folder / "stripped"
    subprocess.run(["strip", "-o", str(copy), str(BINARY)], check=True)
    return copy.stat().st_size / 1e6


# ---- what is printed


def progress(text):
    print(f"  {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def table(head, rows, markdown):
    if markdown:
        print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
        for row in rows:
            print("| " + " | ".join(map(str, row)) + " |")
    else:
        widths = [max(len(str(row[i])) for row in (head, *rows)) + 2 for i in range(len(head))]
        for row in (head, *rows):
            print("".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip())
    print(flush=True)


def on_each_engine(run):
    """run(engine, markdown) as the command line asks for: the whole of a program that measures on both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for engine in ENGINES:
        if options.engine in (None, engine):
            run(engine, options.markdown)
    conclude()


def conclude():
    if BAD:
        sys.exit("\n".join(f"{count} answers were no success: {what}" for what, count in BAD)
                 + "\nThese figures are worth nothing")
