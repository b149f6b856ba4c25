"""A node that loses its database: in time, truthfully, and back by itself. The times are printed (pytest -s)."""

import os
import signal
import threading
import time

import pytest

from lib.pg_database import moments, probe

PROMISED = 2.0
ROOM = 0.5  # for a crowded machine
CALM, GONE, AFTER = 1.0, 3.5, 3.5  # seconds: before, without a database, and to look at it afterwards
PER_SECOND = 10


class Line:
    """Asks one thing all the time: [(when, status, Retry-After, how long it took)]."""

    def __init__(self, ask):
        self.found = []
        self.threads = []
        self.ask = ask

    def run(self, start, over):
        for _ in moments(PER_SECOND, 60):
            if over.is_set():
                return
            thread = threading.Thread(target=self.once, args=(start,))
            thread.start()
            self.threads.append(thread)

    def once(self, start):
        at = time.monotonic() - start
        self.found.append((at, *self.ask()))


def write(server, key):
    """A change, asked for like a probe."""
    client, start = key.twin(), time.monotonic()
    client.timeout = 8.0
    try:
        answer = client.patch("/organizations/bar", {"name": "Bar"})
        return answer.status, answer.headers.get("Retry-After"), time.monotonic() - start
    except OSError:
        return None, None, time.monotonic() - start
    finally:
        client.close()


def watch(server, key, lose, give_back):
    """Lines over the whole time, and the moments of loss and return."""
    bearer = {"Authorization": "Bearer " + key.key}
    lines = {
        "read": Line(lambda: probe(server, "/api/v1/organizations/bar", **bearer)),
        "write": Line(lambda: write(server, key)),
        "readyz": Line(lambda: probe(server, "/readyz")),
        "healthz": Line(lambda: probe(server, "/healthz")),
    }
    start, over = time.monotonic(), threading.Event()
    threads = [threading.Thread(target=line.run, args=(start, over)) for line in lines.values()]
    for thread in threads:
        thread.start()
    time.sleep(CALM)
    lost = time.monotonic() - start
    lose()
    pages(server, "gone")
    time.sleep(max(0, lost + GONE - (time.monotonic() - start)))
    give_back()
    back = time.monotonic() - start
    time.sleep(AFTER)
    over.set()
    for thread in threads:
        thread.join()
    for line in lines.values():
        for thread in line.threads:
            thread.join()
        line.found.sort()
    return {name: line.found for name, line in lines.items()}, lost, back


def pages(server, state):
    """Once the loss is known, people get a page in their language."""
    until = time.monotonic() + PROMISED + ROOM
    while probe(server, "/readyz")[0] == 200 and time.monotonic() < until:
        time.sleep(0.05)
    for language, title in (("en", "The server cannot do this right now"),
                            ("fr", "Le serveur ne peut pas le faire pour l’instant")):
        client = server.client(language=language, timeout=8)
        page = client.page("/o/bar/users")
        assert page.status == 503 and int(page.headers["Retry-After"]) >= 1, (state, page.status)
        assert "text/html" in page.headers["Content-Type"] and title in page.text and f'lang="{language}"' in page.text
        assert "<h1>" in page.text


def judge(name, lines, lost, back):
    def of(line, since, until):
        return [f for f in lines[line] if since <= f[0] < until]
    settled = back + PROMISED + ROOM
    for line in ("read", "write"):
        slowest = max(f[3] for f in lines[line])
        first = min((f[0] + f[3] - lost for f in lines[line] if f[1] == 503), default=None)
        good = [f[0] for f in lines[line] if f[0] >= back and f[1] == 200]
        print(f"{name}: {line}: first 503 {first:.2f} s after the loss, no answer slower than {slowest:.2f} s, "
              f"good again {min(good) - back:.2f} s after the return")
        assert all(f[1] in (200, 503) for f in lines[line]), lines[line]
        assert all(f[2] for f in lines[line] if f[1] == 503)
        assert slowest < PROMISED + ROOM
        assert all(f[1] == 503 for f in of(line, lost + PROMISED, back - 0.2))
        assert all(f[1] == 200 for f in of(line, settled, 1e9)) and of(line, settled, 1e9)
        assert all(f[1] == 200 for f in of(line, 0, lost - 0.3))
    said_no = [f[0] for f in lines["readyz"] if f[1] == 503]
    ready = [f[0] for f in lines["readyz"] if f[0] >= back and f[1] == 200]
    print(f"{name}: readyz says no {min(said_no) - lost:.2f} s after the loss and yes {min(ready) - back:.2f} s after the "
          f"return; slowest {max(f[3] for f in lines['readyz']):.2f} s")
    assert all(f[1] == 503 for f in of("readyz", lost + PROMISED, back - 0.2))
    assert all(f[1] == 200 for f in of("readyz", settled, 1e9) + of("readyz", 0, lost - 0.1))
    assert all(f[1] == 200 and f[3] < 1.0 for f in lines["healthz"]), lines["healthz"]


def told(server):
    log = server.log(server.log_start)
    assert log.count("the database is gone") == 1 and log.count("the database is there again") == 1, log[-3000:]
    assert log.count("the database cannot be reached") <= 2 and log.count("the database does not answer") <= 2


def test_stopped_at_once(database, on_database):
    server = on_database()
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
    judge("stopped", *watch(server, key, database.stop, database.start))
    told(server)


def test_frozen(database, on_database):
    server = on_database()
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
    frozen = []

    def freeze():
        frozen.extend(database.processes())
        for process in frozen:
            os.kill(process, signal.SIGSTOP)

    def thaw():
        while frozen:
            os.kill(frozen.pop(), signal.SIGCONT)
    try:
        judge("frozen", *watch(server, key, freeze, thaw))
    finally:
        thaw()
    told(server)


@pytest.mark.parametrize("breaks", [False, True], ids=["silent", "broken and silent"])
def test_behind_a_network_that_swallows(database, proxy, on_database, breaks):
    server = on_database(through=proxy)
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])

    def lose():
        proxy.hold()
        if breaks:
            proxy.drop()
    try:
        judge("swallowed" + " after a break" * breaks, *watch(server, key, lose, proxy.go_on))
    finally:
        proxy.go_on()
    told(server)
