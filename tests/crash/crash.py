"""`make crash`: kill -9 under load, again and again. What was answered is there, what was committed is mailed, nothing twice.

On SQLite the server is killed CRASH_KILLS times (500). On PostgreSQL the database is killed, all its processes at once,
CRASH_DATABASE_KILLS times (100), while the server lives on: it answers 503 until the database is back, and then goes on by
itself. Every fifth time the server is killed with it, and once more alone. CRASH_SEED, PARVIS_BINARY. `crash.py sqlite` or `postgres` does one.
"""

import atexit
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ENGINE = sys.argv[1] if len(sys.argv) > 1 else None
if ENGINE == "postgres":
    os.environ["PARVIS_TEST_DATABASE"] = "postgres"
else:
    os.environ.pop("PARVIS_TEST_DATABASE", None)
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib.mailbox import Mailbox  # noqa: E402
from lib.people import World  # noqa: E402
from lib.server import Server  # noqa: E402

from database import Database, integrity  # noqa: E402
from load import Load, Record, check, mails_went_out  # noqa: E402

SEED = int(os.environ.get("CRASH_SEED") or time.time())
LEASE_MINUTES = 11  # a mail that a killed server had in hand is free again
CAMPAIGN = 100  # kills until everything is checked to the last mail, and begun anew
SERVER_TOO = 5  # every fifth time
REFUSED_WITHIN, BACK_WITHIN = 2.0, 2.0  # seconds; the promises
SLACK = 1.0  # seconds that the measuring threads of a busy machine may add


def whole(server):
    """The file is sound, and no row points to one that is not there."""
    if ENGINE == "sqlite":
        assert server.query("PRAGMA integrity_check") == [("ok",)]
        assert server.query("PRAGMA foreign_key_check") == []
    else:
        integrity(server.settings["database"])


class Campaign:
    """One server, its mail and one organization; from its start to its end."""

    def __init__(self, dice, **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="parvis-crash-"))
        self.dice, self.box, self.record = dice, Mailbox(), Record()
        self.server = Server(self.folder, mail=self.box.uri, **settings)
        atexit.register(self.end)
        self.server.start()
        self.org = World(self.server, self.box).found("Crash")
        self.restarts, self.backs = [], []

    def end(self):
        if self.server.process:
            self.server.kill()

    def load(self, mortal):
        return Load(self.server, self.org, self.box, self.record, self.dice, mortal)

    def restart(self):
        at = time.monotonic()
        self.server.start()
        self.restarts.append(time.monotonic() - at)

    def kill_server(self):
        load = self.load(mortal=True)
        time.sleep(self.dice.uniform(0.05, 0.8))
        self.server.kill()
        load.end()
        self.restart()

    def kill_database(self, database, server_too):
        """The load goes on while the database is away, for a moment or for longer than anybody waits for it."""
        load = self.load(mortal=server_too)
        time.sleep(self.dice.uniform(0.05, 0.8))
        database.kill()
        away = time.monotonic()
        time.sleep(self.dice.choice((0, 0.2, 0.5, 2.2)))
        if server_too:
            self.server.kill()
            load.end()
        if time.monotonic() - away > REFUSED_WITHIN and not server_too:
            assert self.server.client(timeout=5).send("GET", "/readyz").status == 503, "ready without a database"
        database.start()
        if server_too:
            self.restart()
            return
        self.wait_for_writing(time.monotonic(), load)
        load.end()
        self.wait_for_ready()

    def wait_for_ready(self):
        """Who watches the database says so a moment after the first write went through."""
        began = time.monotonic()
        while self.server.client(timeout=5).send("GET", "/readyz").status != 200:
            assert time.monotonic() - began < BACK_WITHIN + SLACK, "the database is back, and the server is not ready"
            time.sleep(0.01)

    def wait_for_writing(self, back, load):
        while self.record.last_written < back:
            took = time.monotonic() - back
            if load.failures or took > BACK_WITHIN + SLACK:
                load.end()
                raise AssertionError(f"nothing was written {took:.1f} s after the database's return")
            time.sleep(0.005)
        self.backs.append(self.record.last_written - back)

    def leases_pass(self):
        """Nobody touches the leases of a process that may still live; they pass with time."""
        if ENGINE == "postgres":
            self.server.clock.advance(minutes=LEASE_MINUTES)

    def finish(self):
        self.leases_pass()
        extra = mails_went_out(self.server, self.org, self.box, self.record)
        whole(self.server)
        self.server.stop()
        self.box.stop()
        shutil.rmtree(self.folder)
        return extra


class Sums:
    """Over all campaigns."""

    def __init__(self):
        self.invited = self.joined = self.revoked = self.mails = self.extra = self.refused = 0
        self.slowest, self.restarts, self.backs = 0.0, [], []

    def add(self, campaign, extra):
        r = campaign.record
        self.invited += len(r.invited)
        self.joined += len(r.joined)
        self.revoked += len(r.revoked)
        self.mails += len(campaign.box.mails)
        self.extra += extra
        self.refused += r.refused
        self.slowest = max(self.slowest, r.slowest)
        self.restarts += campaign.restarts
        self.backs += campaign.backs

    def line(self, kills):
        return (
            f"{self.invited} invitations and {self.joined} acceptances answered, all there; {self.revoked} revoked, none came"
            f" back; every committed invitation mailed ({self.mails} mails, {self.extra} sent again under the same"
            f" Message-ID); integrity clean{times('restart', self.restarts)}"
        )


def times(what, seconds):
    if not seconds:
        return ""
    return f"; {what} {statistics.median(seconds):.2f} s in the median, {max(seconds):.2f} s at most"


def sqlite(kills, dice):
    sums, done = Sums(), 0
    while done < kills:
        campaign = Campaign(dice)
        for _ in range(min(CAMPAIGN, kills - done)):
            campaign.kill_server()
            check(campaign.server, campaign.org, campaign.record)
            done += 1
            if done % 10 == 0:
                whole(campaign.server)
        sums.add(campaign, campaign.finish())
        print(f"  {done:4} kills: {sums.invited} invited, {sums.joined} joined, {sums.mails} mails", flush=True)
    print(f"crash: SQLite, {done} kills of the server survived; {sums.line(done)}", flush=True)


def postgres(kills, dice):
    database, sums = Database(), Sums()
    campaign, servers = Campaign(dice, database=database.make("crash")), 0
    for done in range(1, kills + 1):
        server_too = done % SERVER_TOO == 0
        servers += server_too
        campaign.kill_database(database, server_too)
        if server_too:  # and once more alone, its database at work
            campaign.kill_server()
            servers += 1
        check(campaign.server, campaign.org, campaign.record)
        if done % 10 == 0 or done == kills:
            r = campaign.record
            print(f"  {done:4} kills: {len(r.invited)} invited, {len(r.joined)} joined, {r.refused} refused", flush=True)
    slowest = campaign.record.slowest
    assert slowest < REFUSED_WITHIN + SLACK, f"a refusal took {slowest:.1f} s"
    sums.add(campaign, campaign.finish())
    database.remove()
    print(
        f"crash: PostgreSQL, {kills} kills of the database survived, and {servers} of the server; {sums.line(kills)};"
        f" {sums.refused} requests refused with 503 and Retry-After, each within {sums.slowest:.2f} s"
        f"{times('writing again after the return', sums.backs)}",
        flush=True,
    )


ENGINES = {"sqlite": (sqlite, "CRASH_KILLS", 500), "postgres": (postgres, "CRASH_DATABASE_KILLS", 100)}


def main():
    if ENGINE is None:
        for engine in ENGINES:
            subprocess.run([sys.executable, __file__, engine], check=True)
        return
    run, setting, default = ENGINES[ENGINE]
    kills = int(os.environ.get(setting) or default)
    print(f"crash: {ENGINE}, {kills} kills, seed {SEED}", flush=True)
    run(kills, random.Random(SEED))


if __name__ == "__main__":
    main()
