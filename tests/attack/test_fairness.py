"""Whoever asks for much waits behind the others: floods of sign-ins from one source, heavy answers, large bodies.

`make bench` measures it (tests/bench/fairness.py, worst.py); the clients are that measurement's."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest

from lib.people import PASSWORD, World

pytestmark = pytest.mark.costly_passwords
BENCH = pathlib.Path(__file__).resolve().parents[1] / "bench"
SHEET = {"email": "zoe@example.org", "temporary_password": "k7mp-2xwq-9dfh-t4nc", "expires_at": "2026-11-24T09:30:00Z", "locale": "fr"}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", rate_limits="on", signup="on"), smtp)


@pytest.fixture(scope="module")
def people(town):
    return [town.found("Busy").owner.email for _ in range(4)]


def played(kind, town, seconds, people):
    process = subprocess.Popen([sys.executable, str(BENCH / "fairness.py"), "--play", kind, str(town.server.port), str(seconds), PASSWORD],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    process.stdin.write("\n".join(people))
    process.stdin.close()
    return process


def said(process):
    text = process.stdout.read()
    assert process.wait(60) == 0, text
    return json.loads(text)


@pytest.mark.timed
@pytest.mark.parametrize("kind", ["sign-ups over their limit", "wrong sign-ins", "right sign-ins", "80 slow connections"])
def test_a_flood_from_one_source_keeps_nobody_else_out(town, people, kind):
    """Eighty connections ask without pause; those who come from elsewhere are all let in, and soon."""
    flood = played(kind, town, 5, people[2:])
    time.sleep(1)
    others = played("people", town, 3, people[:2])
    waits = said(others)
    said(flood)
    assert len(waits) > 5 and all(status == 201 for status, _ in waits), waits
    assert max(seconds for _, seconds in waits) < 3, sorted(seconds for _, seconds in waits)[-5:]


def test_who_fills_the_queue_is_the_one_who_is_refused(town, people):
    """A hundred and sixty at once from one source, more than the queue holds, and one from another."""
    body, seen = {"email": people[2], "password": PASSWORD}, []

    def ask(source):
        answer = town.client().post("/sessions", body, {"X-Forwarded-For": source})
        seen.append((source, answer.status, answer.headers.get("Retry-After")))
    crowd = [threading.Thread(target=ask, args=["203.0.113.9"]) for _ in range(160)]
    for thread in crowd:
        thread.start()
    for n in range(8):
        ask(f"198.51.100.{n}")
    for thread in crowd:
        thread.join()
    assert all(status == 201 for source, status, _ in seen if source != "203.0.113.9"), seen
    refused = [again for source, status, again in seen if status == 503]
    assert refused and all(int(again) >= 1 for again in refused)
    assert {status for _, status, _ in seen} == {201, 503}


# A process of its own, so that our own threads do not hold it up: asks for so many seconds, prints how long each answer took.
READY = """
import http.client, json, sys, time
client, took, until = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1])), [], time.monotonic() + float(sys.argv[2])
while time.monotonic() < until:
    at = time.monotonic()
    client.request("GET", "/readyz")
    client.getresponse().read()
    took.append(time.monotonic() - at)
    time.sleep(0.005)
print(json.dumps(sorted(took)))
"""


def readiness(town, work, callers=8):
    """How long /readyz took, each time, while so many callers did that again and again."""
    over = threading.Event()

    def call():
        while not over.is_set():
            work()
    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    done = subprocess.run([sys.executable, "-c", READY, str(town.server.port), "3"], capture_output=True, text=True, timeout=60)
    over.set()
    for thread in threads:
        thread.join()
    return json.loads(done.stdout)


def heavy_requests(town):
    """{what: a function that asks for it once}"""
    org = town.found("Heavy")
    sheets = json.dumps({"items": [{**SHEET, "email": f"person.{n}@example.org"} for n in range(1000)]}).encode()
    rows = [{"email": f"row.{n}@example.org", "role": "member"} for n in range(1000)]
    batch = org.api.post(org.path + "/invitations", {"invitations": rows, "deliver": False}).ok()["batch"]
    batch = batch["id"] if isinstance(batch, dict) else batch
    large = b'{"invitations":[' + b",".join(b'{"%x":1}' % n for n in range(100000)) + b"]}"

    def send(method, path, body, status):
        def ask():
            answer = org.api.twin().send(method, path, body, {"Content-Type": "application/json", "Origin": town.server.url})
            assert answer.status in (status, 503), answer
            return answer
        return ask
    return {"sheets": send("POST", f"/api/v1{org.path}/temporary-password-sheets", sheets, 200),
            "a batch's page": send("GET", f"/o/{org.slug}/users/batches/{batch}", None, 200),
            "a search": send("GET", f"/api/v1{org.path}/members?q=a+b+c&count=true&limit=200", None, 200),
            "a body of many names": send("POST", f"/api/v1{org.path}/invitations", large, 400)}


@pytest.mark.timed
@pytest.mark.parametrize("what", ["sheets", "a batch's page", "a search", "a body of many names"])
def test_heavy_requests_hold_up_no_thread_that_answers_others(town, what):
    """Eight callers of the sheets moved it from 0.3 ms to 700."""
    took = readiness(town, heavy_requests(town)[what])
    middle, most = took[len(took) // 2], took[len(took) * 9 // 10]
    assert middle < 0.02 and most < 0.1, [f"{1000 * s:.0f}" for s in took]


@pytest.mark.timed
@pytest.mark.parametrize("page", [False, True])
def test_who_is_refused_by_a_limit_is_paced_while_others_are_worked_for(town, people, page):
    """They ask again at once, and would take the processor from the others."""
    source = {"X-Forwarded-For": f"198.51.100.{200 + page}"}
    form = {"email": "zoe@example.org", "given_name": "Flo", "family_name": "Od", "organization": "Flood", "password": PASSWORD}

    def sign_up():
        at = time.monotonic()
        answer = town.client().submit("/sign-up", form, source) if page else town.client().post("/signups", form, source)
        return answer.status, time.monotonic() - at

    while sign_up()[0] != 429:  # twelve of an address a day
        pass
    assert min(seconds for _, seconds in (sign_up() for _ in range(3))) < 0.4, "a quiet server says it at once"
    flood = played("right sign-ins", town, 4, people[2:])
    time.sleep(1)
    refused = [sign_up() for _ in range(4)]
    said(flood)
    assert {status for status, _ in refused} == {429} and min(seconds for _, seconds in refused) > 0.4, refused


PATIENCE = 5  # seconds


@pytest.mark.parametrize("what", ["sign-ins", "sheets"])
def test_what_waited_for_longer_than_anybody_listens_is_refused_undone(town, people, what):
    """The whole server is halted while many wait, as a machine that sleeps or is short of everything."""
    jobs = {"sign-ins": lambda: town.client().post("/sessions", {"email": people[0], "password": PASSWORD}, {"X-Forwarded-For": "203.0.113.40"}),
            "sheets": heavy_requests(town)["sheets"]}
    seen, before = [], town.server.query("SELECT count(*) FROM session")[0][0]

    def ask():
        seen.append(jobs[what]())
    crowd = [threading.Thread(target=ask) for _ in range(40)]
    for thread in crowd:
        thread.start()
    while not seen:
        time.sleep(0.001)
    os.kill(town.server.process.pid, signal.SIGSTOP)
    time.sleep(PATIENCE + 0.5)
    os.kill(town.server.process.pid, signal.SIGCONT)
    for thread in crowd:
        thread.join()
    late = [answer for answer in seen if answer.status == 503]
    assert len(seen) == 40 and len(late) > 10, [answer.status for answer in seen]
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in late)
    if what == "sign-ins":
        assert town.server.query("SELECT count(*) FROM session")[0][0] - before == 40 - len(late), "no work was done for them"
