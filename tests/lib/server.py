"""The real server in a process of its own, in a folder of its own, with a clock that tests can move."""

import contextlib
import json
import mmap
import os
import pathlib
import re
import resource
import signal
import sqlite3
import struct
import subprocess
import threading
import time

from lib import postgres
from lib.client import Client

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PARVIS_BINARY", ROOT / "build/check/parvis")).resolve()
SANITIZER = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|detected memory leaks")
START_SECONDS = 30
STOP_SECONDS = 40
DEFAULT_SETTINGS = {
    "listen": "127.0.0.1:0",
    "rate_limits": "off",
    "invitations_per_hour": "1000000",
    "invitations_per_day": "1000000",
    "addresses_per_hour": "1000000",
}


class Clock:
    """The server's clock is ours plus what stands in this file. It only goes forward, as time does."""

    def __init__(self, path, before):
        self.path = path
        self.before = before
        path.write_bytes(bytes(8))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 8)
        self.shift = 0

    def advance(self, days=0, hours=0, minutes=0, seconds=0):
        self.before()
        self.shift += round(1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days))))
        self.map[0:8] = struct.pack("<q", self.shift)

    def now(self):
        """The server's time, in seconds."""
        return time.time() + self.shift / 1000


class Server:
    def __init__(self, folder, binary=BINARY, data=None, cheap_passwords=False, **settings):
        self.folder = pathlib.Path(folder)
        self.binary = pathlib.Path(binary)
        self.data = pathlib.Path(data or self.folder / "data")
        self.clock = Clock(self.folder / "clock", self.mails_at_rest)
        self.settings = {**DEFAULT_SETTINGS, "data": str(self.data), **settings}
        self.cheap_passwords = cheap_passwords
        self.log_path = self.folder / "log"
        self.process = None
        self.port = None
        self.file_limit = None
        self.made_at = time.time()
        self.beside = None  # the database's own URI, where the server's leads through something
        if postgres.WANTED and "database" not in settings:
            self.settings["database"] = postgres.database_of(self.data)

    # ---- the process

    def environment(self):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PARVIS_")}
        ours = {"PARVIS_" + k.upper(): str(v) for k, v in self.settings.items() if v is not None}
        levers = {"PARVIS_TEST_CLOCK": str(self.clock.path), **({"PARVIS_TEST_CHEAP_PASSWORDS": "1"} if self.cheap_passwords else {})}
        sanitizers = {
            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
            "TSAN_OPTIONS": "halt_on_error=0:exitcode=99:second_deadlock_stack=1",
        }
        return {**kept, "LANG": "C.UTF-8", **sanitizers, **levers, **ours}

    def start(self, wait=True):
        assert self.process is None
        self.migrate()
        self.log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve"], cwd=self.folder, env=self.environment(), stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=self._limit_files if self.file_limit else None)
        if wait:
            self.wait_ready()
        return self

    def migrate(self):
        """A database that other processes may share is migrated only when asked for."""
        if self.is_shared and self.data not in postgres.migrated:
            postgres.migrated.add(self.data)
            self.cli("migrate")

    def _limit_files(self):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.file_limit, self.file_limit))

    def wait_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            found = re.search(r"127\.0\.0\.1:(\d+)", self.log(self.log_start))
            if found:
                self.port = int(found.group(1))
                try:
                    if Client(self.port, timeout=5).send("GET", "/readyz").status == 200:
                        return
                except OSError:
                    pass
            time.sleep(0.01)
        raise AssertionError("the server did not start:\n" + self.log()[-4000:])

    def stop(self):
        """SIGTERM; the server must finish by itself, without a complaint of a sanitizer."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("the server did not stop on SIGTERM:\n" + self.log()[-4000:])
        complaint = SANITIZER.search(self.log())
        assert code == 0 and not complaint, f"exit {code}:\n{self.log()[-12000:]}"

    def kill(self):
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def restart(self):
        self.stop()
        return self.start()

    def log(self, since=0):
        if not self.log_path.exists():
            return ""
        with open(self.log_path, "rb") as f:
            f.seek(since)
            return f.read().decode("utf-8", "replace")

    # ---- doors

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, **kw):
        return Client(self.port, **kw)

    @property
    def operator(self):
        return Client(unix=self.data / "parvis.sock")

    def cli(self, *args, stdin=None, check=True, env=None):
        """Runs the command line beside the server."""
        if args[:1] == ("setup",) and "--email" in args:
            self.migrate()
        done = subprocess.run(
            [str(self.binary), *args], cwd=self.folder, env={**self.environment(), **(env or {})},
            input=stdin, capture_output=True, text=True, timeout=60)
        said = f"{args}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode in (0, 1, 2) and not SANITIZER.search(done.stderr), said  # a crash is no refusal
        assert not check or done.returncode == 0, said
        return done

    def setup(self, organization="Bar", email="olive.martin@example.org", given="Olive", family="Martin",
              password="orchard-lantern-42", slug=None, locale=None):
        """The first organization, by `parvis setup`."""
        args = ["setup", "--json", "--organization", organization, "--email", email, "--given-name", given,
                "--family-name", family, "--password-stdin"]
        args += ["--slug", slug] if slug else []
        args += ["--locale", locale] if locale else []
        return json.loads(self.cli(*args, stdin=password + "\n").stdout)

    # ---- the database, from beside

    @property
    def is_shared(self):
        """On PostgreSQL, whatever the other tests of this run are on."""
        return str(self.settings.get("database") or "").startswith("postgres")

    def mails_at_rest(self, seconds=3.0):
        """Waits until what became of each mail is written down: a jump of the clock past a lease would send it again."""
        until = time.monotonic() + seconds
        while self.process and self.query("SELECT count(*) FROM mail WHERE state = 'queued'") != [(0,)]:
            if time.monotonic() > until:
                return
            time.sleep(0.01)

    def query(self, sql, *args):
        if self.is_shared:
            return postgres.rows(self.beside or self.settings["database"], sql, args)
        connection = sqlite3.connect(f"file:{self.data}/parvis.db?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, args).fetchall()
        finally:
            connection.close()

    def tamper(self, sql):
        """Changes what the server keeps, behind its back. It must not be running."""
        assert self.process is None
        uri = self.settings.get("database")
        with contextlib.closing(postgres.connect(uri) if self.is_shared else sqlite3.connect(self.data / "parvis.db")) as db:
            db.cursor().execute(sql)
            db.commit()

    @contextlib.contextmanager
    def aside(self):
        """A connection under the rules of the database whose changes never reach the server."""
        if self.is_shared:
            db = postgres.connect(self.settings["database"])
            db.set_session(autocommit=False)
        else:
            db = sqlite3.connect(":memory:")
            source = sqlite3.connect(f"file:{self.data}/parvis.db?mode=ro", uri=True, timeout=30)
            source.backup(db)
            source.close()
            db.execute("PRAGMA foreign_keys = ON")
        try:
            yield db
        finally:
            db.rollback()
            db.close()

    def kept(self):
        """(name, bytes) of everything that it wrote, but for its key."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name != "key":
                yield str(path.relative_to(self.folder)), path.read_bytes()
        if self.is_shared:
            yield from postgres.kept(self.settings["database"], self.made_at)

    def dump(self, without=()):
        """Every row of every table; `without` names "table.column" that may change."""
        if self.is_shared:
            return self.dump_postgres(without)
        connection = sqlite3.connect(f"file:{self.data}/parvis.db?mode=ro", uri=True, timeout=30)
        try:
            tables = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]
            out = {}
            for table in tables:
                columns = [r[1] for r in connection.execute(f"PRAGMA table_info({table})")]
                kept = [c for c in columns if f"{table}.{c}" not in without]
                out[table] = sorted(map(repr, connection.execute(f"SELECT {', '.join(kept)} FROM {table}")))
            return out
        finally:
            connection.close()

    def dump_postgres(self, without):
        uri, out = self.beside or self.settings["database"], {}
        for table, columns in postgres.columns(uri).items():
            kept = ", ".join(f'"{c}"' for c in columns if f"{table}.{c}" not in without)
            out[table] = sorted(map(repr, postgres.rows(uri, f"SELECT {kept} FROM {table}")))
        return out


def together(count, work):
    """Runs work(i) in `count` threads that start at the same moment; the results in order, an exception raised."""
    barrier = threading.Barrier(count)
    results, errors = [None] * count, []

    def run(i):
        try:
            barrier.wait()
            results[i] = work(i)
        except Exception as e:  # handed to the test below
            errors.append(e)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]
    return results
