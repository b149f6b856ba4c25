"""A limit is asked before the work that it limits: what is refused costs no hash, whatever the way it comes."""

import json
import pathlib
import time

import pytest

from lib.people import PASSWORD, World, fresh

pytestmark = pytest.mark.costly_passwords
NEW = "orchard-lantern-43"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", rate_limits="on", signup="on"), smtp)


def hashing(server):
    """Milliseconds that the threads which hash have used of a processor."""
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    return sum(int((t / "schedstat").read_text().split()[0]) for t in tasks.iterdir()
               if (t / "comm").read_text().strip() == "pool") / 1e6


def spent(server, work):
    """(what work gave, the hashing threads' milliseconds)"""
    before = hashing(server)
    gave = work()
    time.sleep(0.02)
    return gave, hashing(server) - before


@pytest.fixture(scope="module")
def one_hash(town):
    owner = town.found("Yardstick").owner
    body = {"email": owner.email, "password": owner.password}
    return min(spent(town.server, lambda: town.client().post("/sessions", body).ok(201))[1] for _ in range(5))


def costs_nothing(town, one_hash, work, times=10):
    """Ten of them come to less than one hash."""
    answers, ms = spent(town.server, lambda: [work() for _ in range(times)])
    assert ms < max(one_hash, 2), f"{times} refusals cost {ms:.1f} ms; a hash is {one_hash:.1f}"
    return answers


def source(n):
    return {"X-Forwarded-For": f"198.51.100.{n}"}


def begin(town, n, email=None, **more):
    body = {"email": email or fresh(), "given_name": "Flo", "family_name": "Od", "organization": "Flood", "password": PASSWORD}
    return town.client().post("/signups", {**body, **more}, source(n))


def test_sign_ups_over_their_limit(town, one_hash):
    for _ in range(20):
        begin(town, 1).ok(202)
    for answer in costs_nothing(town, one_hash, lambda: begin(town, 1)):
        answer.refused("rate-limited", 429)
        assert int(answer.headers["Retry-After"]) > 0
    form = {"organization": "Flood", "given_name": "Flo", "family_name": "Od", "email": fresh(), "password": PASSWORD}
    for answer in costs_nothing(town, one_hash, lambda: town.client().submit("/sign-up", form, source(1))):
        assert answer.status == 429 and "Flood" in answer.text, "the page is there still, with what was typed"
    begin(town, 2).ok(202)


def test_a_form_that_is_refused_for_a_name(town, one_hash):
    form = {"organization": " ", "given_name": " ", "family_name": "Od", "email": fresh(), "password": PASSWORD}
    for answer in costs_nothing(town, one_hash, lambda: town.client().submit("/sign-up", form, source(3))):
        assert answer.status == 422


def test_sign_ins_that_must_wait(town, one_hash):
    victim = town.found("Guessed").owner.email
    body = {"email": victim, "password": "wrong-wrong-1"}
    for _ in range(12):
        town.client().post("/sessions", body, source(4))
        town.clock.advance(seconds=20)
    while town.client().post("/sessions", body, source(4)).problem != "rate-limited":
        pass
    for answer in costs_nothing(town, one_hash, lambda: town.client().post("/sessions", body, source(4))):
        answer.refused("rate-limited", 429)
    for answer in costs_nothing(town, one_hash, lambda: town.client().submit("/sign-in", body, source(4))):
        assert answer.status == 429


def test_a_reset_by_no_token(town, one_hash):
    body = {"token": "A" * 43, "new_password": NEW}
    for answer in costs_nothing(town, one_hash, lambda: town.client().post("/password-resets/complete", body)):
        answer.refused("token-invalid", 410)
    form = {"new_password": NEW}
    for answer in costs_nothing(town, one_hash, lambda: town.client().submit("/password/reset/" + "A" * 43, form)):
        assert answer.status == 410


def accept(town, **key):
    return town.client().post("/invitations/accept", {**key, "given_name": "Zoe", "family_name": "Durand", "password": PASSWORD}, source(5))


def test_an_invitation_by_no_secret_a_dead_one_and_a_wrong_code(town, one_hash):
    org = town.found("Shut")
    invited = org.invite(fresh())
    link = org.api.post(f"{org.path}/invitations/{invited['id']}/link").ok()["url"].rpartition("/")[2]
    org.api.delete(f"{org.path}/invitations/{invited['id']}").ok()
    for answer in costs_nothing(town, one_hash, lambda: accept(town, token="A" * 65)):
        answer.refused("invitation-invalid")
    for answer in costs_nothing(town, one_hash, lambda: accept(town, token=link)):
        answer.refused("invitation-revoked")
    email = org.invite(fresh())["email"]
    for answer in costs_nothing(town, one_hash, lambda: accept(town, email=email, code="AAAAA-AAAAA")):
        assert answer.problem in ("invitation-invalid", "rate-limited")
    form = {"given_name": "Zoe", "family_name": "Durand", "password": PASSWORD}
    for answer in costs_nothing(town, one_hash, lambda: town.client().submit("/i/" + link, form)):
        assert answer.status == 410


def test_changes_of_address_over_their_limit(town, one_hash):
    owner = town.found("Moving").owner
    body = {"email": fresh("new"), "current_password": owner.password}
    owner.prove(town.inbox)
    for _ in range(5):
        owner.api.post("/me/email", body).ok(202)
    for answer in costs_nothing(town, one_hash, lambda: owner.api.post("/me/email", body)):
        answer.refused("rate-limited", 429)
    form = {"email": body["email"], "current_password": owner.password}
    for answer in costs_nothing(town, one_hash, lambda: owner.api.submit("/me/email", form)):
        assert answer.status == 429


def test_a_logo_by_who_may_not(town, one_hash):
    org = town.found("Looks")
    member, path = org.join(), f"/api/v1{org.path}/logo"
    picture = b"\x89PNG\r\n\x1a\n" + b"x" * 60000
    for answer in costs_nothing(town, one_hash, lambda: member.api.send("PUT", path, picture, {"Content-Type": "image/png"})):
        answer.refused("forbidden", 403)


def test_a_repeated_request_is_answered_from_memory(town, one_hash):
    owner = town.found("Twice").owner
    body = json.dumps({"current_password": owner.password, "new_password": NEW}).encode()
    owner.api.post("/me/password", body, {"Idempotency-Key": "once"}).ok(204)
    for answer in costs_nothing(town, one_hash, lambda: owner.api.post("/me/password", body, {"Idempotency-Key": "once"})):
        assert answer.status == 204 and answer.headers["Idempotency-Replayed"] == "true"
