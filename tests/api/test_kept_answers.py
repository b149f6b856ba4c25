"""Answers kept for Idempotency-Key: for how long, whose, and which not; and what a sign-in that is not through leaves behind."""

import pytest

from lib.otp import set_up
from lib.people import PASSWORD, World, fresh


def key():
    return {"Idempotency-Key": fresh("key")}


def body(*emails):
    return {"invitations": [{"email": email, "role": "member"} for email in emails], "deliver": False}


def replayed(answer):
    return answer.headers["Idempotency-Replayed"] == "true"


@pytest.fixture(scope="module")
def strict(make_server, smtp):
    return World(make_server(rate_limits="on", invitations_per_hour=1, mail=smtp.uri), smtp)


def test_a_refusal_for_now_is_not_kept(strict):
    """Whoever has to wait asks again with the same key, and is served."""
    org, again = strict.found("Waiting"), key()
    org.send(fresh(), deliver=False).ok()
    wait = org.api.post(org.path + "/invitations", body(fresh()), again).refused("rate-limited", 429)
    strict.clock.advance(seconds=int(wait.headers["Retry-After"]))
    answer = org.api.post(org.path + "/invitations", body(fresh()), again).ok()
    assert not replayed(answer)


def test_a_wrong_password_is_not_kept(acme):
    person, again = acme.join(), key()
    wrong = {"current_password": "wrong", "email": fresh("moved")}
    person.api.post("/me/email", wrong, again).refused("sign-in-failed", 401)
    answer = person.api.post("/me/email", {**wrong, "current_password": PASSWORD}, again).ok(202)
    assert not replayed(answer)


def test_an_answer_is_kept_for_a_day(acme, clock):
    again, sent = key(), body(fresh())
    first = acme.api.post(acme.path + "/invitations", sent, again).ok()
    clock.advance(hours=23, minutes=59)
    answer = acme.api.post(acme.path + "/invitations", sent, again).ok()
    assert replayed(answer) and answer.json == first.json


def test_a_key_has_255_characters(acme):
    acme.api.post(acme.path + "/invitations", body(fresh()), {"Idempotency-Key": "k" * 255}).ok()
    acme.api.post(acme.path + "/invitations", body(fresh()), {"Idempotency-Key": "k" * 256}).refused("bad-request", 400)


def test_a_key_belongs_to_its_caller(acme):
    again, sent = key(), body(fresh())
    one, other = (acme.world.client(key=acme.api.post(acme.path + "/api-keys", {"name": n}).ok(201)["api_key"]) for n in "ab")
    assert not replayed(one.post(acme.path + "/invitations", sent, again).ok())
    answer = other.post(acme.path + "/invitations", sent, again).ok()
    assert not replayed(answer) and answer["results"][0]["outcome"] == "already-invited"


def test_a_kept_refusal_leaves_nothing_behind(acme):
    inv, again = acme.invite(fresh(), deliver=False), key()
    person = acme.join()
    correct = lambda: acme.api.post(f"{acme.path}/invitations/{inv['id']}/correct", {"email": person.email}, again)  # noqa: E731
    correct().refused("already-member", 409)
    assert acme.state(inv) == "pending"
    assert replayed(correct().refused("already-member", 409)) and acme.state(inv) == "pending"


def test_what_has_no_effect_is_not_kept(acme):
    again = key()
    preview = lambda: acme.api.post(acme.path + "/invitations/preview", {"invitations": body(fresh())["invitations"]}, again)  # noqa: E731
    assert not replayed(preview().ok()) and not replayed(preview().ok())


def test_half_a_session_makes_no_browser_known(acme, clock):
    person = acme.join()
    set_up(person.api, clock)
    half = acme.world.client()
    half.submit("/sign-in", {"email": person.email, "password": PASSWORD}).ok(303)
    assert any("session" in name for name in half.cookies) and not any("browser" in name for name in half.cookies)


def test_a_kept_refusal_counts_nothing(make_server, smtp):
    """What a refused request had written goes, though its answer is kept: here, what it took of the hour."""
    world = World(make_server(rate_limits="on", invitations_per_hour=3, mail=smtp.uri), smtp)
    org, email = world.found("Counted"), fresh()
    first = org.invite(email, expires_in="1h", deliver=False)["id"]
    world.clock.advance(seconds=7200 + 3600 - world.clock.now() % 3600 + 60)
    org.join(email)
    for _ in range(4):
        org.api.post(f"{org.path}/invitations/{first}/resend", None, key()).refused("already-member", 409)
    assert org.outcome(fresh(), deliver=False) == "invited"
