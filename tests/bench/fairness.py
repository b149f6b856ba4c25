"""Whether a flood from one source costs others their sign-in: part of `make bench`, or alone: fairness.py [--engine E] [--markdown].

People sign in with the right password, each from a source of their own, a few in a second, on a quiet server and then beside a flood
of each kind, for BENCH_SECONDS (at least 5). Every one must be let in, none after more than three seconds, the median within twice
of quiet. Floods and people are processes of their own; sources are told by X-Forwarded-For, as a proxy does.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time

FLOOD_CONNECTIONS, PATIENCE, EVERY = 80, 10, 0.1
SLOWEST, TIMES = 3.0, 2.0
SIGN_INS, SIGN_UPS = "/api/v1/sessions", "/api/v1/signups"


# ---- clients, in processes of their own: fairness.py --play KIND PORT SECONDS PASSWORD < ADDRESSES


def request(path, body, source):
    sent = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Forwarded-For: {source}\r\n"
            f"Content-Length: {len(sent)}\r\n\r\n").encode() + sent


async def ask(connection, port, sent):
    """(status, connection to go on with)"""
    reader, writer = connection or await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    await reader.readexactly(int(fields.get(b"content-length", 0)))
    if b"close" in fields.get(b"connection", b""):
        writer.close()
        return int(head[9:12]), None
    return int(head[9:12]), (reader, writer)


def sign_up(n, email, password):
    return request(SIGN_UPS, {"email": f"flood.{n}@example.org", "given_name": "Flo", "family_name": "Od", "organization": "Flood",
                              "password": "orchard-lantern-77"}, "203.0.113.1")


def wrong(n, email, password):
    return request(SIGN_INS, {"email": email, "password": f"wrong-{n}-wrong"}, "203.0.113.2")


def right(n, email, password):
    return request(SIGN_INS, {"email": email, "password": password}, "203.0.113.3")


async def flood_client(make, port, until, serial, people, password, counts):
    connection = None
    while time.monotonic() < until:
        try:
            status, connection = await ask(connection, port, make(next(serial), next(people), password))
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            status, connection = 0, None
        counts[status] = counts.get(status, 0) + 1


async def flood(make, port, until, people, password):
    counts, serial = {}, itertools.count()
    await asyncio.gather(*(flood_client(make, port, until, serial, people, password, counts) for _ in range(FLOOD_CONNECTIONS)))
    return counts


async def slow_client(port, until, counts):
    """A head that never ends, a byte at a time."""
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            for byte in b"POST /api/v1/sessions HTTP/1.1\r\nHost: bench\r\nX-Slow: " + b"x" * 100000:
                if time.monotonic() > until:
                    break
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.25)
            writer.close()
        except OSError:
            counts["cut"] = counts.get("cut", 0) + 1


async def slow(port, until):
    counts = {}
    await asyncio.gather(*(slow_client(port, until, counts) for _ in range(FLOOD_CONNECTIONS)))
    return counts


async def one_person(port, n, email, password, waits):
    """Waits for their turn like anybody: (status, seconds)"""
    began = time.monotonic()
    sent = request(SIGN_INS, {"email": email, "password": password}, f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
    try:
        status, connection = await ask(None, port, sent)
        if connection:
            connection[1].close()
    except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as trouble:
        status = type(trouble).__name__
    waits.append((status, time.monotonic() - began))


async def persons(port, until, people, password):
    waits, tasks, n = [], [], itertools.count(1)
    while time.monotonic() < until:
        tasks.append(asyncio.create_task(one_person(port, next(n), next(people), password, waits)))
        await asyncio.sleep(EVERY)
    await asyncio.gather(*tasks)
    return waits


FLOODS = {"sign-ups over their limit": sign_up, "wrong sign-ins": wrong, "right sign-ins": right, "80 slow connections": None}


def play(kind, port, seconds, password):
    people, until = itertools.cycle(sys.stdin.read().split()), time.monotonic() + seconds
    if kind == "people":
        done = persons(port, until, people, password)
    elif FLOODS[kind]:
        done = flood(FLOODS[kind], port, until, people, password)
    else:
        done = slow(port, until)
    print(json.dumps(asyncio.run(done)))


# ---- the measurement


def started(kind, port, seconds, people, password):
    process = subprocess.Popen([sys.executable, __file__, "--play", kind, str(port), str(seconds), password],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("\n".join(people))
    process.stdin.close()
    return process


def finished(process, seconds):
    process.wait(seconds + 3 * PATIENCE)
    return json.loads(process.stdout.read())


class Run:
    """What people met with: (status, seconds) each, and what the flood beside them got; none on a quiet server."""

    def __init__(self, waits, flood, good):
        self.flood = flood
        self.asked = len(waits)
        self.refused = [status for status, _ in waits if status != good]
        took = sorted(seconds for _, seconds in waits)
        self.median, self.longest = statistics.median(took), took[-1]

    def beyond(self, quiet, middle=0):
        """What was not as it must be; a median below `middle` is well however quick it was before."""
        if self.refused:
            yield f"refused: {sorted(map(str, self.refused))}"
        if self.longest > SLOWEST:
            yield f"one waited {self.longest:.1f} s"
        if self.median > max(TIMES * quiet.median, middle):
            yield f"median {self.median / quiet.median:.1f} times that of quiet"


def sign_ins(server, people, password, kind, seconds):
    half = len(people) // 2
    other = started(kind, server.port, seconds + 2, people[half:], password) if kind else None
    time.sleep(1 if other else 0)  # it is under way, and over its limits
    waits = finished(started("people", server.port, seconds, people[:half], password), seconds)
    return Run(waits, finished(other, seconds) if other else {}, good=201)


def measure(server, people, password, seconds):
    """[(what, quiet, flooded)]: each flood right after a quiet run, so that both meet the same machine."""
    return [(kind, sign_ins(server, people, password, None, seconds), sign_ins(server, people, password, kind, seconds)) for kind in FLOODS]


def judge(runs, middle=0):
    import rig
    for what, quiet, run in runs:
        for fault in run.beyond(quiet, middle):
            rig.BAD.append((f"{what}: {fault}", 1))


def rows(runs):
    for what, quiet, run in runs:
        flood = ", ".join(f"{count:,} × {status}" for status, count in sorted(run.flood.items())) or "–"
        yield (what, f"{run.asked - len(run.refused)} of {run.asked}", f"{1000 * quiet.median:.1f} ms", f"{1000 * run.median:.1f} ms", f"{run.median / quiet.median:.2f}",
               f"{1000 * run.longest:.0f} ms", flood)


HEAD = ("flood from one source", "others let in", "median when quiet", "median", "of quiet", "longest", "what the flood got")


def run_on(engine, markdown):
    import fixture
    import rig
    seconds = max(5, rig.SECONDS)
    with rig.engine_in_folder(engine) as (folder, _):
        server = rig.Bench(folder / "server", engine, trusted_proxies="127.0.0.1", rate_limits="on", signup="on")
        server.start()
        server.setup("Bench", slug="bench")
        server.stop()
        organization, password_hash = fixture.first_of(server)
        db = fixture.open_database(server)
        people = fixture.add_members(db, organization, 2000, password_hash).emails
        db.close()
        server.start()
        runs = measure(server, people, rig.PASSWORD, seconds)
        server.stop()
    print(f"\n{engine}: {FLOOD_CONNECTIONS} connections flood from one source, {1 / EVERY:.0f} others a second sign in, {seconds} s each\n")
    rig.table(HEAD, list(rows(runs)), markdown)
    judge(runs)


def main():
    if sys.argv[1:2] == ["--play"]:
        kind, port, seconds, password = sys.argv[2:]
        return play(kind, int(port), float(seconds), password)
    import rig
    return rig.on_each_engine(run_on)


if __name__ == "__main__":
    main()
