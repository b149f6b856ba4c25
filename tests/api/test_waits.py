"""Guesses: from which try on one waits, for how long, what is counted together, and what is forgotten when."""

import pytest

from lib.people import PASSWORD, World, fresh

WRONG = "AAAAA-AAAAA"


@pytest.fixture(scope="module")
def proxied(make_server, smtp):
    """Sources are what a trusted proxy says they are."""
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1"), smtp)


def guess(world, email, source, password="guessed-wrong"):
    return world.client().post("/sessions", {"email": email, "password": password}, {"X-Forwarded-For": source})


def wait_of(answer):
    return int(answer.refused("rate-limited", 429).headers["Retry-After"])


def guess_until_slow(world, email, source):
    """How many wrong tries were judged before one had to wait."""
    for judged in range(30):
        if guess(world, email, source).status == 429:
            return judged
    raise AssertionError("never slowed")


def test_the_waits_double_from_the_fifth_wrong_try(proxied):
    email, source, waits = fresh("guessed"), "192.0.2.1", []
    assert guess_until_slow(proxied, email, source) == 5
    for _ in range(6):
        waits.append(wait_of(guess(proxied, email, source)))
        proxied.clock.advance(seconds=waits[-1])
        guess(proxied, email, source).refused("sign-in-failed", 401)
    assert all(wanted - 1 <= wait <= wanted for wait, wanted in zip(waits, (1, 2, 4, 8, 16, 32), strict=True)), waits


def test_a_right_password_forgets_the_wrong_ones(proxied):
    person, source = proxied.found("Forgiven").owner, "192.0.2.2"
    for _ in range(2):
        for _ in range(4):
            guess(proxied, person.email, source).refused("sign-in-failed", 401)
        guess(proxied, person.email, source, PASSWORD).ok(201)


def test_wrong_tries_are_remembered_for_a_day(proxied):
    email, source = fresh("patient"), "192.0.2.3"
    guess_until_slow(proxied, email, source)
    proxied.clock.advance(hours=23)
    guess(proxied, email, source).refused("sign-in-failed", 401)
    assert guess(proxied, email, source).status == 429  # the sixth, not the first
    proxied.clock.advance(hours=25)
    assert guess_until_slow(proxied, email, source) == 5


def test_an_ipv6_source_is_its_64_bits(proxied):
    email = fresh("networked")
    guess_until_slow(proxied, email, "2001:db8:7:1::1")
    guess(proxied, email, "2001:db8:7:1:8000::1").refused("rate-limited", 429)
    guess(proxied, email, "2001:db8:7:1:ffff:ffff:ffff:ffff").refused("rate-limited", 429)
    guess(proxied, email, "2001:db8:7:2::1").refused("sign-in-failed", 401)


def look(world, source):
    return world.client().post("/invitations/lookup", {"email": fresh("nobody"), "code": WRONG}, {"X-Forwarded-For": source})


def looks_until_slow(world, source):
    return next(judged for judged in range(80) if look(world, source).status == 429)


def test_codes_for_many_addresses_find_the_limit_of_their_source(proxied):
    assert looks_until_slow(proxied, "192.0.2.4") == 51
    look(proxied, "192.0.2.5").refused("invitation-invalid")


def test_a_source_is_forgiven_a_wrong_try_every_two_minutes(proxied):
    for _ in range(40):
        look(proxied, "192.0.2.6").refused("invitation-invalid")
    proxied.clock.advance(minutes=61)
    assert looks_until_slow(proxied, "192.0.2.6") == 41


def test_wrong_codes_that_prove_an_address_are_slowed(acme, inbox):
    person = acme.world.enrol(acme.link(acme.invite(fresh(), deliver=False))["url"]).ok(201).client
    person.post("/me/address-proof").ok(202)
    answers = [person.post("/me/address-proof/confirm", {"code": WRONG}) for _ in range(6)]
    assert [a.problem for a in answers] == ["token-invalid"] * 5 + ["rate-limited"]


def test_a_temporary_password_past_its_end_is_no_guess(acme, clock):
    email = fresh("expired")
    row = {"email": email, "role": "member"}
    result = acme.send(row, method="temporary_password", delivery="show", expires_in="1h").ok()["results"][0]
    clock.advance(hours=1, seconds=1)
    for _ in range(8):
        body = {"email": email, "password": result["temporary_password"]}
        acme.world.client().post("/sessions", body).refused("temporary-password-expired", 401)
