"""`make costs`: what one request of each hot path costs: statements, allocations, system calls, commits; on both engines.

One client, one request after the other, so that nothing is shared: under load a commit is shared by all that wait. What the
server does by itself meanwhile is measured first and taken off. Then what each route costs at its worst (worst.py). --markdown for
ARCHITECTURE.md.
"""

import argparse
import itertools
import mmap
import os
import re
import signal
import struct
import subprocess
import time
import urllib.parse

import fixture
import pgbench
import rig
import worst

COUNTERS = ("allocations", "bytes", "statements", "commits", "sends")
REQUESTS = 200
serial = itertools.count()


class Counts:
    """The numbers that count.c adds to, and the system calls that strace sees."""

    def __init__(self, folder):
        self.path = folder / "counts"
        self.path.write_bytes(bytes(8 * len(COUNTERS)))
        with open(self.path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 8 * len(COUNTERS))
        self.folder = folder

    def read(self):
        return dict(zip(COUNTERS, struct.unpack(f"{len(COUNTERS)}Q", self.map[:])))

    def during(self, work):
        """(what was counted while work ran, the seconds it took)"""
        before, at = self.read(), time.monotonic()
        work()
        took = time.monotonic() - at
        return {name: n - before[name] for name, n in self.read().items()}, took

    def calls_during(self, pid, work):
        """(system calls while work ran, the seconds it took)"""
        out = self.folder / "strace"
        strace = subprocess.Popen(["strace", "-f", "-c", "-o", str(out), "-p", str(pid)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        at = time.monotonic()
        work()
        took = time.monotonic() - at
        strace.send_signal(signal.SIGINT)
        strace.wait()
        return int(re.search(r"(\d+)(?:\s+\d+)? total$", out.read_text().strip()).group(1)), took + 1


class Paths:
    """Each hot path as a function that makes so many requests of it."""

    def __init__(self, server, key, session, people):
        self.server, self.key, self.people = server, key, people
        self.by_key = server.client(key=key)
        self.by_session = server.client()
        self.by_session.cookies["parvis_session"] = session
        self.tokens = []

    def prepare(self, name, count):
        """What must stand before `count` requests can be made."""
        if name == "accept, a new person":
            rows = [{"email": f"accept.{next(serial)}@example.org", "role": "member"} for _ in range(count)]
            made = self.by_key.post("/organizations/bench/invitations", {"invitations": rows, "deliver": False}).ok()["results"]
            for row in made:
                url = self.by_key.post(f"/organizations/bench/invitations/{row['invitation']['id']}/link").ok()["url"]
                self.tokens.append(urllib.parse.urlparse(url).path.rpartition("/")[2])

    def check(self, client):
        client.post("/check", {"organization": "bench", "permission": "invitations.create"}).ok()

    def invite(self, rows):
        body = [{"email": f"cost.{next(serial)}@example.org", "role": "member"} for _ in range(rows)]
        self.by_key.post("/organizations/bench/invitations", {"invitations": body}).ok()

    def accept(self):
        self.server.client().post("/invitations/accept", {"token": self.tokens.pop(), "given_name": "Zoe", "family_name": "Durand",
                                                          "password": rig.PASSWORD}).ok(201)

    def sign_in(self):
        self.by_nobody.post("/sessions", {"email": next(self.people), "password": rig.PASSWORD}).ok(201)
        self.by_nobody.cookies.clear()

    @property
    def by_nobody(self):
        if not hasattr(self, "nobody"):
            self.nobody = self.server.client()
        return self.nobody

    def all(self):
        """(name, requests, one request)"""
        return (
            ("permission check, session", REQUESTS, lambda: self.check(self.by_session)),
            ("permission check, API key", REQUESTS, lambda: self.check(self.by_key)),
            ("GET /me, session", REQUESTS, lambda: self.by_session.get("/me").ok()),
            ("members, a page of 50", REQUESTS, lambda: self.by_key.get("/organizations/bench/members").ok()),
            ("single invitation", REQUESTS, lambda: self.invite(1)),
            ("bulk invitation of 1,000", 3, lambda: self.invite(1000)),
            ("accept, a new person", 20, self.accept),
            ("sign-in", 20, self.sign_in),
        )


def repeated(one, count):
    def work():
        for _ in range(count):
            one()
    return work


def measure_one(counts, paths, name, count, one, idle, database):
    pid = paths.server.process.pid
    paths.prepare(name, 2 * count + 4)
    repeated(one, 2)()  # whatever is made once
    found, took = counts.during(repeated(one, count))
    calls, traced = counts.calls_during(pid, repeated(one, count))
    per = {key: max(0.0, (n - idle[key] * took) / count) for key, n in found.items()}
    per["calls"] = max(0.0, (calls - idle["calls"] * traced) / count)
    if database:
        per |= told(pgbench.statements_of(database, one), 1)
    return per


def told(said, count):
    """Of statements in the database's log: how many a request, and how many commits."""
    control = re.compile("BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|START")
    return {"statements": sum(not control.match(text) for text, _ in said) / count,
            "commits": sum(text.startswith("COMMIT") for text, _ in said) / count}


def measure_mails(counts, folder, paths, idle, database):
    """Mails that wait when the server starts: all that it does until the last is gone, for each."""
    server = paths.server
    server.stop()
    db = fixture.open_database(server)
    db.queue_mails(REQUESTS)
    db.close()
    sink = rig.Sink(folder)
    server.settings["mail"] = sink.uri

    def deliver():
        server.start()
        until = time.monotonic() + 30
        while server.query("SELECT COUNT(*) FROM mail WHERE state = 'queued' AND next_at IS NOT NULL") != [(0,)]:
            assert time.monotonic() < until
            time.sleep(0.05)
    said = []
    found, took = counts.during((lambda: said.extend(pgbench.logged(database, deliver))) if database else deliver)
    server.stop()
    started, began = counts.during(server.start)
    server.stop()
    sink.stop()
    per = {key: max(0.0, (n - started[key] - idle[key] * (took - began)) / REQUESTS) for key, n in found.items()}
    ours = [(text, given) for text, given in said if "mail" in text or text.startswith("COMMIT")]
    return per | (told(ours, REQUESTS) if database else {})


def idle_of(counts, server):
    """What a second of doing nothing comes to."""
    found, took = counts.during(lambda: time.sleep(3))
    calls, traced = counts.calls_during(server.process.pid, lambda: time.sleep(3))
    return {**{name: n / took for name, n in found.items()}, "calls": calls / traced}


def measure(folder, engine, database):
    counts = Counts(folder)
    out = folder / "count.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(out), str(rig.HERE / "count.c"), "-ldl"], check=True)
    server = rig.Bench(folder / "server", engine, log_level="info")
    port = re.search(r":(\d+)/", server.uri).group(1) if database else ""
    environment = server.environment
    server.environment = lambda: {**environment(), "LD_PRELOAD": str(out), "COUNTS": str(counts.path), "COUNTS_PORT": port}
    server.start()
    key = server.setup("Bench", slug="bench")["api_key"]
    server.stop()
    organization, password_hash = fixture.first_of(server)
    db = fixture.open_database(server)
    crowd = fixture.add_members(db, organization, 1000, password_hash)
    session, = fixture.add_sessions(db, crowd, 1)
    db.close()
    server.start()
    paths = Paths(server, key, session, iter(crowd.emails))
    repeated(lambda: paths.invite(1), 100)()  # the worker claims some mails, and waits for the mail server from then on
    time.sleep(2)
    idle = idle_of(counts, server)
    rows = []
    for name, count, one in paths.all():
        rig.progress(f"{engine}: {name}")
        rows.append((name, measure_one(counts, paths, name, count, one, idle, database)))
    rows.append(("mail, from the outbox to the mail server", measure_mails(counts, folder, paths, idle, database)))
    return rows


def shown(number):
    """A count; what is not known is a dash."""
    return "–" if number is None else f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=rig.ENGINES)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    for engine in rig.ENGINES:
        if options.engine not in (None, engine):
            continue
        with rig.engine_in_folder(engine) as (folder, database):
            rows = measure(folder, engine, database)
        head = ["hot path", "statements", "commits", "allocations", "KB allocated", "system calls"]
        names = ["statements", "commits", "allocations", "bytes", "calls"]
        if database:
            head, names = head + ["sends to the database"], names + ["sends"]
        cells = [(name, *(shown(per["bytes"] / 1024 if n == "bytes" else per.get(n)) for n in names)) for name, per in rows]
        print(f"{engine}, a request\n")
        rig.table(head, cells, options.markdown)
    if options.engine in (None, "sqlite"):
        worst.run(options.markdown)
    rig.conclude()


if __name__ == "__main__":
    main()
