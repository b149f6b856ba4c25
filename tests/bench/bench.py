"""`make bench`: what the server does in a second, beside the bars it is held to and what the machine allows, in one run.

On SQLite, then on PostgreSQL. BENCH_SECONDS (default 5) a measurement; --engine sqlite|postgres for one alone; --members
how many the large organization has, --invitations how many there are before the last measurement of them (default 1,000,000
each); --markdown for docs/performance.md.
"""

import argparse
import itertools
import os
import subprocess
import threading
import time

import fair_writes
import fairness
import fixture
import pgbench
import rig
from rig import SECONDS, in_ms, progress, wrk

SMALL, MANY = 1000, 1000
STORMING = 200
PAGE = "/api/v1/organizations/bench/members?limit=50"
MAILS = 10000
HEAD = ("what", "measured", "in this run", "bar")
marks = itertools.count(1)


class Stage:
    """A server over a large organization, one with a small one beside it, and who calls them."""

    def __init__(self, folder, engine, members):
        self.folder, self.engine = folder, engine
        self.server = server = rig.Bench(folder / f"server-{engine}", engine)
        self.began = rig.start_time(server)
        server.start()
        self.key = server.setup("Bench", slug="bench")["api_key"]
        time.sleep(1)
        self.idle = rig.memory(server.process.pid)
        self.bars = []
        server.stop()
        self.organization, self.hash = fixture.first_of(server)
        progress(f"{engine}: {members:,} members")
        db = fixture.open_database(server)
        self.crowd = fixture.add_members(db, self.organization, members, self.hash)
        sessions = fixture.add_sessions(db, self.crowd, 1000)
        keys = fixture.add_organizations(db, MANY, 10, self.hash)
        (_, small_key), = fixture.add_organizations(db, 1, SMALL, self.hash, "small")
        db.close()
        self.sessions = self.file("sessions", (f"bench {token}" for token in sessions))
        self.many = self.file("many", (f"{slug} {key}" for slug, key in keys))
        self.small = self.file("small", [f"small-0 {small_key}"])
        self.large = self.file("large", [f"bench {self.key}"])
        self.people = self.file("people", self.crowd.emails[:2000])
        server.start()

    def file(self, name, lines):
        path = self.folder / f"{self.engine}-{name}"
        path.write_text("".join(line + "\n" for line in lines))
        return path

    def row(self, what, measured, beside="", bar=""):
        progress(f"{what}: {measured}")
        self.bars.append((what, str(measured), beside, bar))

    # ---- loads

    def check(self, callers=None, **more):
        return rig.check(self.server.port, callers or self.large, **more)

    def page(self, callers, more="", **others):
        path = PAGE.replace("bench", "{org}") + more
        return wrk(self.server.port, "request.lua", BENCH_PATH=path, BENCH_CALLERS=callers, **others)

    def invite(self, rows=1, callers=None, **more):
        return wrk(self.server.port, "invite.lua", BENCH_CALLERS=callers or self.large, BENCH_MARK=f"i{next(marks)}",
                   BENCH_ROWS=rows, **more)

    def invited(self):
        return self.server.query("SELECT COUNT(*) FROM invitation")[0][0]

    def counted(self, rows=1, **more):
        """Invitations, and none of them missing in the database."""
        before = self.invited()
        load = self.invite(rows, **more)
        there = self.invited() - before
        if there < load.done * rows:
            rig.BAD.append(("invitations answered and not there", load.done * rows - there))
        return load


# ---- the rows


def checks(stage, beside):
    for who, callers in (("API key", stage.large), ("1,000 sessions in turn", stage.sessions)):
        load = stage.check(callers)
        stage.row(f"permission check, {who}", load, beside(load.rate), "70,000/s, p99 < 5 ms")


def pages(stage, database=None):
    asked = {"page of 50": "", "search, an address": "&q={email}", "search, a family name": "&q={family}",
             "search, one letter": "&q=b",
             "search, everybody's domain": "&q=@example.org", "sorted by family name": "&sort=family_name", "sorted by role": "&sort=role"}
    small_crowd = fixture.Crowd(stage.organization, SMALL, "", "small0m", owned=True)
    for what, more in asked.items():
        loads = []
        for callers, crowd in ((stage.small, small_crowd), (stage.large, stage.crowd)):
            given = more.format(email=crowd.emails[crowd.count // 2], family=crowd.names[crowd.count // 2][1])
            loads.append(stage.page(callers, given, connections=16, seconds=max(2, SECONDS // 2)))
        small, large = loads
        stage.row(f"members, {what}", f"{large.rate:,.0f}/s, p50 {in_ms(large.p50)}",
                  f"{large.p50 / small.p50:.2f} of the time with {SMALL:,} ({in_ms(small.p50)})", "≤ 1.5")
    if database:
        rate = pgbench.replay(stage, database, lambda: stage.server.client(key=stage.key).get(
            "/organizations/bench/members?limit=50").ok(), connections=16)
        load = stage.page(stage.large, connections=16)
        stage.row("members, page of 50, 16 connections", load, f"{load.rate / rate:.2f} of pgbench ({rate:,.0f}/s)", "≥ 0.5")


def fill(stage, until):
    """Invites in bulk until so many are there: gives the loads."""
    loads = [stage.counted(1000, connections=4)]
    while stage.invited() < until:
        loads.append(stage.counted(1000, connections=4, seconds=max(SECONDS, 10)))
    return loads


def invitations(stage, beside, grouped, until):
    one = stage.counted()
    stage.row("single invitations", one, beside(one.rate), "12,000/s" if stage.engine == "sqlite" else "≥ 0.5 of TPC-B")
    spread = stage.counted(callers=stage.many)
    stage.row(f"single invitations, into {MANY:,} organizations in turn", spread, beside(spread.rate))
    bulk = stage.counted(1000, connections=4)
    stage.row("invitations in bulk, 1,000 each", f"{bulk.rate * 1000:,.0f}/s, p99 {in_ms(bulk.p99)}", grouped(bulk.rate * 1000),
              "35,000/s" if stage.engine == "sqlite" else "")
    loads = []
    other = threading.Thread(target=lambda: loads.append(stage.invite(1000, connections=2)))
    other.start()
    single = stage.invite(connections=16)
    other.join()
    stage.row("single ones beside bulk", f"{single.rate:,.0f}/s, p99 {in_ms(single.p99)}", f"{loads[0].rate * 1000:,.0f}/s in bulk",
              "p99 < 50 ms")
    if until:
        fill(stage, until)
        there = stage.invited()
        load = stage.counted()
        stage.row(f"single invitations with {there:,} there", load, beside(load.rate),
                  "8,000/s" if stage.engine == "sqlite" else "")


def sign_ins(stage):
    threads = max(1, (os.cpu_count() or 1) - 1)
    limit = float(subprocess.run([rig.yardstick(stage.folder, "argon"), str(threads), str(SECONDS)], check=True,
                                 capture_output=True, text=True).stdout)

    def sign_in(**more):
        return wrk(stage.server.port, "sign_in.lua", connections=4, BENCH_PEOPLE=stage.people, BENCH_PASSWORD=rig.PASSWORD, **more)
    alone = sign_in()
    stage.row(f"sign-ins, {threads} thread(s)", f"{alone.rate:.1f}/s", f"{alone.rate / limit:.2f} of argon2id alone ({limit:.1f}/s)", "≥ 0.9")
    beside_checks(stage, "permission checks meanwhile", lambda: f"{sign_in(seconds=SECONDS + 1).rate:.1f} sign-ins/s")
    before = rig.memory(stage.server.process.pid)[0]
    storm = rig.Storm(stage.server.port, stage.people.read_text().split(), STORMING)
    beside_checks(stage, f"permission checks, {STORMING} clients signing in without pause", lambda: storm.run(SECONDS + 1))
    after = rig.memory(stage.server.process.pid)[0]
    stage.row("memory before and after the storm", f"{before:.1f} MB, {after:.1f} MB", "", "bounded")


def beside_checks(stage, what, load):
    """Permission checks while another load runs; what that one came to stands beside."""
    other = []
    thread = threading.Thread(target=lambda: other.append(load()))
    thread.start()
    time.sleep(0.5)
    checks = stage.check()
    thread.join()
    stage.row(what, checks, other[0], "45,000/s, p99 < 10 ms")


def mails(stage):
    """Mails that wait when the server starts, handed to a mail server that takes everything."""
    server = stage.server
    before = server.query("SELECT COUNT(*) FROM mail WHERE state = 'sent'")[0][0]
    server.stop()
    db = fixture.open_database(server)
    db.queue_mails(MAILS)
    db.close()
    sink, tarpit = rig.Sink(stage.folder), server.settings["mail"]
    server.settings["mail"] = sink.uri
    server.start()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        sent, first, last = server.query("SELECT COUNT(*), MIN(done_at), MAX(done_at) FROM"
                                         " (SELECT done_at FROM mail WHERE state = 'sent' ORDER BY done_at DESC LIMIT ?) AS m", MAILS)[0]
        if server.query("SELECT COUNT(*) FROM mail WHERE state = 'sent'")[0][0] >= before + MAILS:
            break
        time.sleep(0.1)
    stage.row("mails to a local sink", f"{1000 * (sent - 1) / max(last - first, 1):,.0f}/s", f"{sent:,} of {MAILS:,}", "1,000/s")
    server.stop()
    sink.stop()
    server.settings["mail"] = tarpit
    server.start()


def machine(folder):
    """What the machine allows: (bare answers a second, commits one by one, rows 64 a commit)."""
    port = rig.free_port()
    bare = subprocess.Popen([rig.yardstick(folder, "bare"), str(port)])
    time.sleep(0.3)
    load = wrk(port)
    bare.kill()
    bare.wait()
    done = subprocess.run([rig.yardstick(folder, "commits"), str(folder), "3"], check=True, capture_output=True, text=True)
    return load, *map(float, done.stdout.split())


def sqlite(folder, members, until):
    progress("what the machine allows")
    bare, single, grouped = machine(folder)
    stage = Stage(folder, "sqlite", members)
    stage.row("a bare libmicrohttpd answer", bare)
    stage.row("SQLite commits, one by one", f"{single:,.0f}/s")
    stage.row("SQLite rows, 64 a commit", f"{grouped:,.0f}/s")
    checks(stage, lambda rate: f"{rate / bare.rate:.2f} of bare")
    sign_ins(stage)
    pages(stage)
    invitations(stage, lambda rate: f"{rate / grouped:.2f} of SQLite's rows", lambda rate: f"{rate / grouped:.2f} of SQLite's rows", until)
    busy = rig.memory(stage.server.process.pid)
    mails(stage)
    stage.row("memory idle", f"RSS {stage.idle[0]:.1f} MB, PSS {stage.idle[1]:.1f} MB", "", "15 MB")
    stage.row("memory after all of these", f"RSS {busy[0]:.1f} MB, PSS {busy[1]:.1f} MB", "", "40 MB")
    stage.row("start to first answer", f"{stage.began:.0f} ms", "", "50 ms")
    stage.row("binary, stripped", f"{rig.stripped_size(folder):.1f} MB", "", "5 MB")
    stage.server.stop()
    return stage.bars


def on_postgres(folder, members):
    database = rig.Postgres(folder / "postgres")
    try:
        progress("postgres: pgbench")
        tpcb = pgbench.tpcb(database)
        stage = Stage(folder, "postgres", members)
        stage.row("pgbench, TPC-B-like, prepared, 64 clients", f"{tpcb:,.0f}/s")
        client = stage.server.client(key=stage.key)
        body = {"organization": "bench", "permission": "invitations.create"}
        limit = pgbench.replay(stage, database, lambda: client.post("/check", body).ok())
        load = stage.check()
        stage.row("permission check, API key", load, f"{load.rate / limit:.2f} of pgbench ({limit:,.0f}/s)", "≥ 0.5")
        pages(stage, database)
        invitations(stage, lambda rate: f"{rate / tpcb:.2f} of TPC-B", lambda rate: "", 0)
        mails(stage)
        busy = rig.memory(stage.server.process.pid)
        stage.row("memory, the server alone", f"RSS {busy[0]:.1f} MB, PSS {busy[1]:.1f} MB")
        stage.server.stop()
        return stage.bars
    finally:
        database.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=rig.ENGINES)
    parser.add_argument("--members", type=int, default=1000000)
    parser.add_argument("--invitations", type=int, default=1000000)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    with rig.Folder() as folder:
        for engine in rig.ENGINES:
            if options.engine not in (None, engine):
                continue
            rows = sqlite(folder, options.members, options.invitations) if engine == "sqlite" else on_postgres(folder, options.members)
            print(f"\n{engine}: {os.cpu_count()} cores, wrk on the same machine, {rig.CONNECTIONS} connections where nothing else"
                  f" is said, {SECONDS} s each, {options.members:,} members\n")
            rig.table(HEAD, rows, options.markdown)
            fairness.run_on(engine, options.markdown)
            fair_writes.run_on(engine, options.markdown)
    progress(f"{time.monotonic() - began:.0f} s in all")
    rig.conclude()


if __name__ == "__main__":
    main()
