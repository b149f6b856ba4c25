"""More people sign in than there are threads to hash for: who is not served is told so, and others do not notice.
`make bench` measures it, and the memory."""

import pathlib
import subprocess
import sys
import threading
import time

import pytest

from lib.people import PASSWORD, World

pytestmark = pytest.mark.costly_passwords
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.timed
def test_a_storm_of_sign_ins(make_server, smtp):
    server = make_server(mail=smtp.uri)
    world = World(server, smtp)
    acme = world.found("Acme")
    people = [acme.owner.email]
    client, asked = acme.api.twin(), {"organization": acme.slug, "permission": "resources.use"}
    storm = subprocess.Popen([sys.executable, str(ROOT / "tests/bench/storm.py"), str(server.port), "200", "4", PASSWORD],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said = []
    reader = threading.Thread(target=lambda: said.append(storm.communicate("\n".join(people))[0]))
    reader.start()
    time.sleep(1)
    took = []
    while storm.poll() is None:
        at = time.monotonic()
        client.post("/check", asked).ok()
        took.append(time.monotonic() - at)
    reader.join()
    (line,) = said
    assert line.strip().endswith("; 0"), line  # every one 201, or 503 with Retry-After; none broken, none late
    assert "of 201" in line and "of 503" in line, line
    assert sorted(took)[len(took) // 2] < 0.05, sorted(took)[-5:]


def test_who_is_refused_waits_half_a_second(make_server, smtp):
    """Not served at once, not left hanging: who asks again without pause is paced."""
    server = make_server(mail=smtp.uri)
    acme = World(server, smtp).found("Acme")
    refused, body = [], {"email": acme.owner.email, "password": PASSWORD}

    def ask():
        client = server.client()
        at = time.monotonic()
        answer = client.post("/sessions", body)
        if answer.status == 503:
            refused.append((time.monotonic() - at, int(answer.headers["Retry-After"])))
        else:
            answer.ok(201)

    threads = [threading.Thread(target=ask) for _ in range(160)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert refused
    assert all(0.45 < took < 10 and 1 <= wait <= 5 for took, wait in refused), refused
