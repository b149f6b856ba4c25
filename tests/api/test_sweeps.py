"""What is swept away when, and what is not: looked at as soon as a worker begins, which sweeps at once."""

import time

import pytest

from lib.people import PASSWORD, World, fresh

WATCHED = {
    "kept answers": "SELECT count(*) FROM idempotency",
    "sign-ups": "SELECT count(*) FROM signup",
    "links": "SELECT count(*) FROM account_token",
    "accounts that wait": "SELECT count(*) FROM account WHERE temporary_hash IS NOT NULL",
    "changes of address": "SELECT count(*) FROM email_change",
    "guesses": "SELECT count(*) FROM throttle",
    "windows": "SELECT count(*) FROM rate_window",
}
# hours after everything was made → what is gone; the rest is there
GONE = {
    23: {"sign-ups"},
    26: {"sign-ups", "kept answers", "links", "accounts that wait"},
    73: set(WATCHED),
}


@pytest.fixture
def filled(make_server, smtp):
    """A server that holds one of each, and then rests: nothing is counted or kept anew."""
    world = World(make_server(mail=smtp.uri, signup="on", rate_limits="on"), smtp)
    org = world.found("Swept")
    person = org.join()
    body = {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}
    org.api.post(org.path + "/invitations", body, {"Idempotency-Key": fresh("key")}).ok()
    org.send(fresh(), method="temporary_password", delivery="show", expires_in="1h").ok()
    person.api.post("/me/email", {"email": fresh("moved"), "current_password": PASSWORD}).ok(202)
    world.client().post("/password-resets", {"email": org.owner.email}).ok(202)
    smtp.resets(org.owner.email)
    world.client().post("/sessions", {"email": fresh(), "password": "wrong-wrong"}).refused("sign-in-failed")
    world.client().post("/signups", {"email": fresh(), "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD,
                                     "organization": "Atelier"}).ok(202)
    return world


def left(world):
    return {name for name, query in WATCHED.items() if world.server.query(query)[0][0]}


def test_each_is_swept_in_its_time(filled):
    world, hours = filled, 0
    assert left(world) == set(WATCHED)
    for at, gone in GONE.items():
        world.clock.advance(hours=at - hours)
        hours = at
        world.server.restart()
        until = time.monotonic() + 10
        while left(world) & gone and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)  # what would be swept too early is, by now
        assert left(world) == set(WATCHED) - gone, at
