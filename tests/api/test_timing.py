"""Whether an account exists is said neither by the bytes of an answer nor by its time.

TIMING_COUNT: how many of each are asked; `make timing` asks 2,000 and prints what came of it. At p = 0.01 chance alone fails
one measurement of a hundred, so what tells the two apart must do so three times in a row.
"""

import itertools
import os
import random
import statistics

import pytest

from lib.people import PASSWORD, World, fresh
from lib.samples import Line, alternate, kolmogorov_smirnov

COUNT = int(os.environ.get("TIMING_COUNT", "0"))
HASHED, PLAIN = COUNT or 200, COUNT or 2000
P, ROUNDS = 0.01, 3
serial = itertools.count(1)
pytestmark = [pytest.mark.costly_passwords, pytest.mark.timed, pytest.mark.timeout(3000)]


@pytest.fixture(scope="module")
def town(make_server):
    """Mails go into files: no mail server of ours shares the processor with what is measured."""
    return World(make_server(mail=None, signup="on", trusted_proxies="127.0.0.1"), None)


@pytest.fixture(scope="module")
def known(town):
    return town.found("Known").owner.email


@pytest.fixture
def line(town):
    one = Line(town.server.port)
    yield one
    one.close()


def unknown_like(email):
    """Nobody's address, as long as this one."""
    return fresh("u" * (len(email.split(".")[0]))).ljust(len(email), "x")


def cannot_be_told_apart(line, count, path, body_of, emails, status):
    bodies = [body_of(email) for email in emails]
    alternate(line, 5, path, bodies, serial)  # caches and pages warm
    for attempt in range(ROUNDS):
        samples, answers = alternate(line, count, path, bodies, serial)
        assert answers[0] == answers[1] and len(answers[0]) == 1, answers
        assert next(iter(answers[0])).startswith(b"HTTP/1.1 %d" % status), answers
        distance, p = kolmogorov_smirnov(*samples)
        known, unknown = (1000 * statistics.median(s) for s in samples)
        print(f"\nPOST {path}, {count} each: known {known:.3f} ms, unknown {unknown:.3f} ms in the middle; D = {distance:.4f}, p = {p:.3f}")
        if p >= P:
            return
    pytest.fail(f"{path} tells a known address from an unknown one, {ROUNDS} times in a row")


def test_signing_in(line, known):
    cannot_be_told_apart(line, HASHED, "/sessions", lambda e: {"email": e, "password": "not-this-one"}, (known, unknown_like(known)), 401)


def test_asking_for_a_reset(line, known):
    cannot_be_told_apart(line, PLAIN, "/password-resets", lambda e: {"email": e}, (known, unknown_like(known)), 202)


def test_signing_up(line, known):
    def form(email):
        return {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}

    cannot_be_told_apart(line, HASHED, "/signups", form, (known, unknown_like(known)), 202)


def test_trying_a_code(town, line, known):
    """Wrong codes for a sign-up that can be confirmed, and for one that never can."""
    def begin(email):
        body = {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}
        return town.client().post("/signups", body).ok(202)["signup"]

    signups = [begin(email) for email in (known, unknown_like(known))]
    cannot_be_told_apart(line, PLAIN, "/signups/confirm", lambda s: {"signup": s, "code": "no"}, signups, 410)


# ---- the test of tests


def test_the_statistic_itself():
    """Distances that can be counted by hand; a shift of a fifth of the spread is seen, none is not."""
    assert kolmogorov_smirnov([1, 2, 3, 4], [5, 6, 7, 8])[0] == 1.0
    assert kolmogorov_smirnov([1, 2, 3, 4], [1, 2, 3, 4]) == (0.0, 1.0)
    assert kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6])[0] == 0.5
    assert kolmogorov_smirnov([1, 1, 1, 2], [1, 1, 2, 2])[0] == 0.25
    chance = random.Random(7)
    same = [[chance.gauss(10, 1) for _ in range(2000)] for _ in range(40)]
    alike = [kolmogorov_smirnov(a, b)[1] for a, b in zip(same[::2], same[1::2])]
    assert min(alike) > 0.001 and 0.2 < statistics.mean(alike) < 0.8
    assert kolmogorov_smirnov(same[0], [x + 0.2 for x in same[1]])[1] < P


def test_a_difference_that_is_there_is_found(town, line, known):
    """Answers of the same server that differ by a database row: a sign-up that is none is refused sooner."""
    signup = town.client().post("/signups", {"email": known, "given_name": "Z", "family_name": "D", "password": PASSWORD,
                                             "organization": "Atelier"}).ok(202)["signup"]
    bodies = [{"signup": s, "code": "no"} for s in (signup, "sgn_01h455vb4pex5vsknk084sn02q")]
    samples, _ = alternate(line, PLAIN, "/signups/confirm", bodies, serial)
    assert kolmogorov_smirnov(*samples)[1] < P
