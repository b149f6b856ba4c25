"""`make bench-peers`: the same work on Parvis and on what people would pick instead, and on what the machine allows.

Everybody gets the same load (wrk, two threads, 64 connections that stay open) in turn: one round of each, then the next, so
that a machine that slows down slows all of them. What is shown are medians of the rounds, and their ratios: how many a second,
99 % of them within so many milliseconds, and microseconds of the server's own processor time for each, which says the same
on a busy machine too. Every answer is accounted for; one that is no success, has another size than the one that was read in full, or (where it writes) left no row
in the database makes the run invalid.

BENCH_SECONDS (default 4) a measurement, PEER_ROUNDS (default 3); --markdown prints tables for the documents; --only
better_auth, glewlwyd or limits (again for another) leaves out the rest.
"""

import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import pgbench  # noqa: E402
import rig  # noqa: E402
from hosts import Bare, BetterAuth, BetterAuthSeed, Glewlwyd, MEMBERS, Parvis, equal_hashes  # noqa: E402
from load import CONNECTIONS, Invalid, Measure, put  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("PEER_ROUNDS", "3"))
PARTS = ("better_auth", "glewlwyd", "limits")
WARM_REQUESTS, WARM_SECONDS = 500, 3
HASHING = 8  # connections where a password is hashed: enough for every core, and few enough for a short round to be even
CORES = set(range(os.cpu_count()))


def median(values):
    values = list(values)
    return None if None in values else statistics.median(values)


def warm_up(run):
    """Node compiles what is asked for often: a few hundred times, or some seconds where that takes too long."""
    answered = 0
    for _ in range(WARM_SECONDS):
        answered += run(1).rate
        if answered >= WARM_REQUESTS:
            return


def take_turns(what, contestants):
    """{name: Measure}, medians; contestants are {name: function of seconds}."""
    for run in contestants.values():
        warm_up(run)
    measured = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            measured[name].append(run(SECONDS))
            if not measured[name][-1].rate:
                raise Invalid(f"{what}: no answer of {name} in {SECONDS} s")
    medians = {name: Measure(*(median(getattr(m, part) for m in rounds) for part in ("rate", "p99", "cpu")))
               for name, rounds in measured.items()}
    rig.progress(f"{what}: " + "; ".join(f"{name} {m}" for name, m in medians.items()))
    return medians


def asked(host, work):
    return lambda seconds: put(work, host, seconds)


def one_transaction(statements):
    """The longest one that was sent: the server asks after the database's health meanwhile, in short ones."""
    transactions = [[]]
    for statement in statements:
        transactions[-1].append(statement)
        if re.match("COMMIT|ROLLBACK", statement[0]):
            transactions.append([])
    longest = max(transactions, key=len)
    if len(longest) < 3 or not longest[0][0].startswith("BEGIN"):
        raise Invalid(f"no transaction of a check in {statements}")
    return longest


def ratio(ours, theirs):
    return f"{ours / theirs:,.0f} ×" if ours >= 10 * theirs else f"{ours / theirs:.2g} ×"


def judged(text, met):
    return f"{text}: {'met' if met else 'missed'}"


def bars(bar, ours, theirs):
    """What is asked for (times the peer, a second, ms), and whether it is reached."""
    if bar is None:
        return "–"
    times, rate, p99 = bar
    found = [judged(f"{times} ×", ours.rate >= times * theirs.rate), judged(f"{rate:,}/s", ours.rate >= rate)]
    if p99 is not None:
        found.append(judged(f"p99 < {p99} ms", ours.p99 < p99))
    return "; ".join(found)


class Run:
    def __init__(self, folder, parts):
        self.folder, self.parts = folder, parts
        self.hosts = []
        self.hashes = ""
        self.tables = []
        self.cleanup = []

    def host(self, made):
        self.hosts.append(made)
        return made

    def table(self, *rows):
        self.tables.append(rows)

    # ---- Better Auth

    def better_auth(self, parvis):
        seeded = BetterAuthSeed(self.folder)
        one = self.host(BetterAuth(self.folder, seeded))
        two = self.host(BetterAuth(self.folder, seeded, workers=2))
        rows = [(f"Beside Better Auth {seeded.version} (Node {seeded.node[1:]})", "Parvis", "one process", "ratio",
                 "two workers", "ratio", "by processor time", "bar")]
        for what, name, bar in (
            ("session check", "session", None),
            ("permission check", "permission", (100, 70_000, 5)),
            ("single invitation, durable", "invite", (30, 12_000, None)),
            (f"list of {MEMBERS} members", "members", None),
        ):
            m = take_turns(what, {host: asked(at, getattr(at, name)()) for host, at in
                                  (("Parvis", parvis), ("one process", one), ("two workers", two))})
            ours, single, double = m.values()
            rows.append((what, str(ours), str(single), ratio(ours.rate, single.rate), str(double),
                         ratio(ours.rate, double.rate), ratio(single.cpu, ours.cpu), bars(bar, ours, single)))
        sizes = [host.memory() for host in (parvis, one, two)]
        mb = [f"{size:,.0f} MB" for size in sizes]
        rows.append(("memory after these", mb[0], mb[1], ratio(sizes[0], sizes[1]), mb[2], ratio(sizes[0], sizes[2]),
                     "–", judged("40 MB", sizes[0] <= 40)))
        self.table(*rows)
        one.stop()
        two.stop()

    # ---- Glewlwyd

    def glewlwyd(self, parvis):
        iterations, milliseconds = equal_hashes()
        peer = self.host(Glewlwyd(self.folder, iterations))
        peer.populate()
        rows = [(f"Beside Glewlwyd {peer.version}", "Parvis", "Glewlwyd", "ratio", "by processor time")]

        def compare(what, contestants):
            ours, theirs = take_turns(what, contestants).values()
            rows.append((what, str(ours), str(theirs), ratio(ours.rate, theirs.rate), ratio(theirs.cpu, ours.cpu)))
        for what, name in (("session check", "session"), (f"list of {MEMBERS} people", "members")):
            compare(what, {"Parvis": asked(parvis, getattr(parvis, name)()), "Glewlwyd": asked(peer, getattr(peer, name)())})

        most = len(CORES) * 1000 / milliseconds * 2  # a second: nobody hashes twice as fast as the cores can

        def enrolling(core):
            return {
                "Parvis": lambda s: put(parvis.enrol(parvis.enrolments(int(s * most) + 100)), parvis, s, core, HASHING),
                "Glewlwyd": lambda s: put(peer.enrol(), peer, s, core, HASHING),
            }
        compare(f"new person with a password, {HASHING} connections", enrolling(None))
        if len(CORES) > 1:
            for host in (parvis, peer):
                host.pin({0})
            compare("the same, each on one core", enrolling(1))
            for host in (parvis, peer):
                host.pin(CORES)
        sizes = parvis.memory(), peer.memory()
        rows.append(("memory after these", *(f"{size:,.0f} MB" for size in sizes), ratio(*sizes), "–"))
        self.table(*rows)
        self.hashes = (f"One hash costs {milliseconds:.1f} ms of one core on both sides: argon2id (2 passes, 19 MiB) for Parvis, "
                       f"PBKDF2-HMAC-SHA256 with {iterations:,} iterations for Glewlwyd.\n")
        peer.stop()

    # ---- what the machine allows

    def limits(self, parvis):
        bare, grouped = self.host(Bare(self.folder)), []

        def constant(seconds):
            work = parvis.permission()
            work.path, work.headers, work.right = "/", {}, lambda a: a["allowed"] is True
            return put(work, bare, seconds)

        def commits(seconds):
            command = [rig.yardstick(self.folder, "commits"), str(self.folder), str(max(1, seconds / 2))]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            for leftover in self.folder.glob("commits.db*"):
                leftover.unlink()
            one_by_one, together = map(float, done.stdout.split())
            grouped.append(together)
            return Measure(one_by_one)
        m = take_turns("permission check", {"Parvis": asked(parvis, parvis.permission()), "bare libmicrohttpd": constant})
        bare.stop()
        rows = [("Beside what the machine allows", "Parvis", "limit", "ratio", "bar")]

        def row(what, ours, theirs, limit, bar="–"):
            rows.append((what, str(ours), f"{limit}: {theirs}", f"{ours.rate / theirs.rate:.2f}", bar))
        row("permission check", *m.values(), "libmicrohttpd, a constant answer")
        m = take_turns("single invitation", {"Parvis": asked(parvis, parvis.invite()), "SQLite commits": commits})
        row("single invitation, durable", *m.values(), "raw SQLite, a row a commit")
        row("the same", m["Parvis"], Measure(statistics.median(grouped)), "raw SQLite, 64 rows a commit")
        shared = self.on_postgres()
        m = take_turns("permission check on PostgreSQL", shared)
        names = list(shared)
        row("permission check on PostgreSQL", m[names[0]], m[names[1]], "pgbench, one SELECT by primary key")
        half = m[names[0]].rate / m[names[2]].rate
        row("the same", m[names[0]], m[names[2]], "pgbench, a check's own statements in a transaction",
            judged("half", half >= 0.5))
        self.table(*rows)

    def on_postgres(self):
        """Parvis's check on PostgreSQL, and pgbench with statements of the same kind on the same rows."""
        database = rig.Postgres(self.folder / "postgresql")
        self.cleanup.append(database.remove)
        parvis = self.host(Parvis(self.folder / "parvis", "postgres"))
        uri, work = parvis.server.uri, parvis.permission()
        own, defined = pgbench.script_of(one_transaction(pgbench.statements_of(database, lambda: work.ask(parvis.port))))
        ((account,),) = parvis.server.query("SELECT account_id FROM membership")
        scripts = {
            "one SELECT": ("SELECT id, email FROM account WHERE id = :account;\n", ["-D", f"account={account}"]),
            "a check's own statements": (own, defined),
        }

        def replayed(name):
            script, options = scripts[name]
            file = self.folder / (name.replace(" ", "-") + ".sql")
            file.write_text(script)

            def run(seconds):
                done = subprocess.run(
                    ["pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j2", "-T", str(max(2, seconds)), *options,
                     "-f", str(file), uri], capture_output=True, text=True)
                rate = re.search(r"tps = ([\d.]+)", done.stdout)
                whole = "number of failed transactions: 0 " in done.stdout and "aborted" not in done.stderr
                if done.returncode or not rate or not whole:
                    raise Invalid(f"pgbench: {done.stdout} {done.stderr}")
                return Measure(float(rate[1]))
            return run
        return {"Parvis": asked(parvis, work), **{name: replayed(name) for name in scripts}}

    # ---- all of it

    def measure(self):
        parvis = self.host(Parvis(self.folder))
        parvis.populate()
        for part in self.parts:
            getattr(self, part)(parvis)

    def stop(self):
        for host in self.hosts:
            host.stop()
        for work in self.cleanup:
            work()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--only", action="append", choices=PARTS)
    args = parser.parse_args()
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended before the end."))
    with rig.Folder() as folder:
        run = Run(folder, args.only or PARTS)
        try:
            run.measure()
        except Invalid as why:
            sys.exit(f"This run is invalid: {why}")
        finally:
            run.stop()
    print(f"{len(CORES)} cores, wrk on the same machine, {CONNECTIONS} connections; medians of {ROUNDS} rounds of {SECONDS} s, "
          f"in turn; {(time.monotonic() - began) / 60:.0f} minutes in all.\n{run.hashes}")
    for head, *rows in run.tables:
        rig.table(head, rows, args.markdown)


if __name__ == "__main__":
    main()
