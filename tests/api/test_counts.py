"""How often: at its bound each is done, one beyond it is refused."""

import pytest

from lib.people import Person, World, fresh

MANY = 40


@pytest.fixture(scope="module")
def strict(make_server, smtp):
    return World(make_server(rate_limits="on", mail=smtp.uri, trusted_proxies="127.0.0.1"), smtp)


@pytest.fixture
def org(strict):
    return strict.found("Counted")


def at_the_hour(world):
    """A window that has just begun: what is counted in it is counted together."""
    world.clock.advance(seconds=3600 - world.clock.now() % 3600 + 1)


def unproved(org):
    email = fresh("handed")
    client = org.world.enrol(org.link(org.invite(email, deliver=False))["url"]).ok(201).client
    return Person(client, email)


def how_many(call):
    """So many were done before one was refused for being one too many."""
    for done in range(MANY):
        answer = call()
        if answer.status == 429:
            assert int(answer.refused("rate-limited").headers["Retry-After"]) >= 1
            return done
        answer.ok()
    raise AssertionError(f"{MANY} and no limit")


def test_five_proofs_an_hour(strict, org):
    at_the_hour(strict)
    person = unproved(org)
    assert how_many(lambda: person.api.post("/me/address-proof")) == 5
    strict.clock.advance(hours=1)
    person.api.post("/me/address-proof").ok(202)


def test_five_resets_an_hour_of_each_who_asks(strict, org):
    at_the_hour(strict)
    source = {"X-Forwarded-For": "192.0.2.10"}
    assert how_many(lambda: strict.client().post("/password-resets", {"email": org.owner.email}, source)) == 5
    strict.client().post("/password-resets", {"email": org.owner.email}, {"X-Forwarded-For": "192.0.2.11"}).ok(202)


def test_an_address_is_proved_once(strict, org, smtp):
    person = unproved(org).prove(smtp)
    person.api.post("/me/address-proof").refused("conflict", 409)


def test_another_proof_ends_the_earlier_one(strict, org, smtp):
    person = unproved(org)
    codes = []
    for count in (1, 2):
        person.api.post("/me/address-proof").ok(202)
        codes.append(smtp.last(person.email, count).code)
    person.api.post("/me/address-proof/confirm", {"code": codes[0]}).refused("token-invalid")
    person.api.post("/me/address-proof/confirm", {"code": codes[1]}).ok()


def test_so_many_invitations_an_hour_and_a_day(make_server, smtp):
    world = World(make_server(rate_limits="on", invitations_per_hour=5, invitations_per_day=8, mail=smtp.uri), smtp)
    world.clock.advance(seconds=86400 - world.clock.now() % 86400 + 60)
    org = world.found("Daily")

    def invited(count):
        rows = org.send(*[fresh() for _ in range(count)], deliver=False)
        return 0 if rows.status == 429 else [r["outcome"] for r in rows.ok()["results"]].count("invited")

    assert (invited(6), invited(1)) == (5, 0)
    world.clock.advance(hours=1)
    assert (invited(4), invited(1)) == (3, 0)
    world.clock.advance(hours=1)
    assert invited(1) == 0, "the hour has room, the day has none"
    world.clock.advance(hours=22)
    assert invited(6) == 5
