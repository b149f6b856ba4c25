"""Whether one tenant's work costs another's writes: part of `make bench`, or alone: fair_writes.py [--engine E] [--markdown].

Four organizations invite somebody or change a role, ten times a second in all, on a quiet server and then beside each of: one tenant's
invitations in bulk, a link that is refused under the lock shown by 24 callers, one account's own changes by 24 callers, and all of it,
for BENCH_SECONDS (at least 5). Every write must be answered, none after more than three seconds, the median within twice of quiet; or
within MIDDLE, or within what one bulk takes by itself, whose end whoever meets it on SQLite waits for. Floods and writers are processes of their own.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time

import fairness

BULKS, ROWS, CALLERS, TENANTS = 2, 1000, 24, 4
MIDDLE = 0.025  # seconds


# ---- clients, in a process of their own: fair_writes.py --play PORT SECONDS < SPEC


def request(n, method, path, headers, body):
    """{n} in the body is another number each time."""
    sent = json.dumps(body).replace("{n}", str(n)).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return (f"{method} /api/v1{path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{head}"
            f"Content-Length: {len(sent)}\r\n\r\n").encode() + sent


async def write_one(port, sent, waits):
    """(status, seconds)"""
    began = time.monotonic()
    try:
        status, connection = await fairness.ask(None, port, sent)
        if connection:
            connection[1].close()
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as trouble:
        status = type(trouble).__name__
    waits.append((status, time.monotonic() - began))


async def writers(port, until, wanted, serial):
    waits, tasks = [], []
    for row in itertools.cycle(wanted):
        if time.monotonic() >= until:
            break
        tasks.append(asyncio.create_task(write_one(port, request(next(serial), *row), waits)))
        await asyncio.sleep(fairness.EVERY)
    await asyncio.gather(*tasks)
    return waits


async def flooder(port, until, row, serial, counts):
    connection = None
    while time.monotonic() < until:
        try:
            status, connection = await fairness.ask(connection, port, request(next(serial), *row))
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            status, connection = 0, None
        counts[status] = counts.get(status, 0) + 1


async def floods(port, until, wanted, serial):
    counts = {}
    await asyncio.gather(*(flooder(port, until, row, serial, counts) for row in wanted))
    return counts


def play(port, seconds):
    spec, until = json.loads(sys.stdin.read()), time.monotonic() + seconds
    play_them = writers if spec["paced"] else floods
    print(json.dumps(asyncio.run(play_them(port, until, spec["rows"], itertools.count(time.time_ns())))))


def started(server, rows, seconds, paced=False):
    process = subprocess.Popen([sys.executable, __file__, "--play", str(server.port), str(seconds)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write(json.dumps({"paced": paced, "rows": rows}))
    process.stdin.close()
    return process


# ---- who writes


class Town:
    """The busy tenant and the others, made through the server's own doors."""

    def __init__(self, world):
        self.world, self.server = world, world.server
        self.others = [row for n in range(TENANTS) for row in self.writes(world.found(f"Quiet {n}"))]
        busy, self.elsewhere = world.found("Busy"), world.found("Elsewhere")
        self.busy = busy
        link = self.link(busy, "shown@example.org")
        signed_in = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.elsewhere.owner.api.cookies.items()), "Origin": self.server.url}
        rows = [{"email": f"b{n}.{{n}}@example.org", "role": "member"} for n in range(ROWS)]
        self.bulk = bulk = ["POST", busy.path + "/invitations", self.key(busy), {"invitations": rows, "deliver": False}]
        shown = ["POST", "/invitations/accept", signed_in, {"token": link}]
        own = ["PATCH", "/me", signed_in, {"given_name": "Olive", "family_name": "Martin"}]
        self.floods = {
            "invitations in bulk": [bulk] * BULKS,
            "a link of another's, 24 callers": [shown] * CALLERS,
            "one account's changes, 24 callers": [own] * CALLERS,
            "all of these": [bulk] * BULKS + [shown] * CALLERS + [own] * CALLERS,
        }

    def key(self, org):
        made = org.api.post(org.path + "/api-keys", {"name": "bench"}).ok(201)
        return {"Authorization": "Bearer " + made["api_key"]}

    def link(self, org, email):
        return org.link(org.invite(email, deliver=False)).ok()["url"].rpartition("/")[2]

    def writes(self, org):
        """Inviting one, and changing a role to and fro."""
        key, email = self.key(org), f"member@{org.slug}.example"
        self.world.enrol(self.link(org, email)).ok(201)
        (member,) = [m["id"] for m in org.members() if m["account"]["email"] == email]
        invite = ["POST", org.path + "/invitations", key, {"invitations": [{"email": "i{n}@example.org", "role": "member"}], "deliver": False}]
        roles = [["PATCH", f"{org.path}/members/{member}", key, {"role": role}] for role in ("administrator", "member")]
        return [invite, roles[0], invite, roles[1]]


def one_bulk(town):
    """How long one takes by itself, in seconds: the median of three."""
    took = [waits[0][1] for waits in (fairness.finished(started(town.server, [town.bulk], fairness.EVERY / 2, paced=True), 1) for _ in range(3))]
    return statistics.median(took)


def beside(town, kind, seconds):
    """What the others met with beside a flood, or on a quiet server."""
    flood = started(town.server, town.floods[kind], seconds + 2) if kind else None
    time.sleep(1 if flood else 0)
    waits = fairness.finished(started(town.server, town.others, seconds, paced=True), seconds)
    return fairness.Run(waits, fairness.finished(flood, seconds) if flood else {}, good=200)


def measure(town, seconds):
    """[(what, quiet, flooded)]"""
    return [(kind, beside(town, None, seconds), beside(town, kind, seconds)) for kind in town.floods]


HEAD = ("beside", "others' writes answered", "median when quiet", "median", "of quiet", "longest", "what the others got")


def run_on(engine, markdown):
    import rig
    from lib.people import World
    seconds = max(5, rig.SECONDS)
    with rig.engine_in_folder(engine) as (folder, _):
        server = rig.Bench(folder / "server", engine)
        server.start()
        town = Town(World(server, None))
        bulk = one_bulk(town)
        runs = measure(town, seconds)
        server.stop()
    print(f"\n{engine}: {TENANTS} others write {1 / fairness.EVERY:.0f} times a second, {seconds} s each; one bulk by itself takes {1000 * bulk:.0f} ms\n")
    rig.table(HEAD, list(fairness.rows(runs)), markdown)
    fairness.judge(runs, max(MIDDLE, bulk) if engine == "sqlite" else MIDDLE)


def main():
    if sys.argv[1:2] == ["--play"]:
        return play(int(sys.argv[2]), float(sys.argv[3]))
    import rig
    return rig.on_each_engine(run_on)


if __name__ == "__main__":
    main()
