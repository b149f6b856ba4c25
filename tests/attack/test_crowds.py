"""Many people behind one address: some mistype, one may guess. Nobody is shut out for good, and no guess is washed away."""

import pytest

from lib.authenticator import Passkey
from lib.crowds import FREE, NAT, attempt, exhaust, from_, hold
from lib.otp import set_up
from lib.people import PASSWORD, World, fresh

SITE = "http://localhost:4711"
NEW = "lantern-orchard-43"


@pytest.fixture
def office(make_server, smtp):
    """A server of its own: what a source did stays with it."""
    return World(make_server(mail=smtp.uri, public_url=SITE, trusted_proxies="127.0.0.1"), smtp)


def mistype(world, email, times=1):
    """Wrong tries, each by a stranger's browser; the answers."""
    return [attempt(world.client(), email, f"mistyped-{i}") for i in range(times)]


def room(world):
    """How many more wrong tries the source has."""
    for count in range(FREE + 5):
        if attempt(world.client(), fresh("guess"), "guessed").status == 429:
            return count
    raise AssertionError("no limit")


def test_four_typos_an_hour_shut_nobody_out(office):
    acme = office.found("Acme")
    colleagues = [acme.join() for _ in range(4)]
    for hour in range(30):
        for person in colleagues:
            assert attempt(office.client(), person.email, f"typo-{hour}").status == 401, hour
            attempt(office.client(), person.email, PASSWORD).ok(201)
        office.clock.advance(hours=1)
    quiet = acme.join()
    for hour in range(24):  # and those who never get it right
        for answer in mistype(office, fresh("forgot")) * 4:
            assert answer.status == 401
        office.clock.advance(hours=1)
    attempt(office.client(), quiet.email, PASSWORD).ok(201)


def test_a_source_that_used_up_its_tries_is_served_again(office):
    person = office.found("Acme").join()
    exhaust(office)
    attempt(office.client(), person.email, PASSWORD).refused("rate-limited", 429)
    attempt(office.client(), person.email, PASSWORD, from_("198.51.100.5")).ok(201)
    office.clock.advance(minutes=30)
    attempt(office.client(), person.email, PASSWORD).ok(201)
    office.clock.advance(hours=3)
    assert room(office) == FREE + 1, "all of it is forgiven"


def test_a_right_password_takes_back_its_own_wrong_tries_and_no_others(office):
    person = office.found("Acme").join()
    for i in range(40):
        attempt(office.client(), fresh("guess"), "guessed").refused("sign-in-failed")
    for answer in mistype(office, person.email, 4):
        answer.refused("sign-in-failed")
    attempt(office.client(), person.email, PASSWORD).ok(201)
    assert room(office) == FREE + 1 - 40


def test_what_time_forgave_is_not_given_back_again(office):
    """One account of one's own, mistyped now and then, washes no guesses away."""
    person = office.found("Acme").join()
    for i in range(45):
        attempt(office.client(), fresh("guess"), "guessed").refused("sign-in-failed")
    mistype(office, person.email, 4)
    office.clock.advance(minutes=8, seconds=5)  # time forgives four
    attempt(office.client(), person.email, PASSWORD).ok(201)
    assert room(office) == FREE + 1 - 45


def test_mistypes_spread_over_hours_wash_nothing_away(office):
    person = office.found("Acme").join()
    for _ in range(20):
        mistype(office, person.email)
        office.clock.advance(minutes=20)
    for _ in range(45):
        attempt(office.client(), fresh("guess"), "guessed").refused("sign-in-failed")
    attempt(office.client(), person.email, PASSWORD, from_("198.51.100.9")).ok(201)
    attempt(office.client(), person.email, PASSWORD).ok(201)
    assert room(office) == FREE + 1 - 45


def test_a_browser_is_known_for_half_a_year(office):
    person = office.found("Acme").join()
    laptop = office.client()
    attempt(laptop, person.email, PASSWORD).ok(201)
    laptop.delete("/sessions/current").ok(204)
    office.clock.advance(days=179)
    exhaust(office)
    attempt(laptop.twin(), person.email, "typo").refused("sign-in-failed", 401)
    office.clock.advance(days=1, seconds=5)
    exhaust(office)
    attempt(laptop, person.email, PASSWORD).refused("rate-limited", 429)


def test_no_wait_is_longer_than_a_quarter_of_an_hour(office):
    person = office.found("Acme").join()
    for i in range(20):
        answer = attempt(office.client(), person.email, f"typo-{i}", from_("198.51.100.40"))
        if answer.status == 429:
            office.clock.advance(seconds=int(answer.headers["Retry-After"]))
            attempt(office.client(), person.email, f"again-{i}", from_("198.51.100.40"))
    answer = attempt(office.client(), person.email, PASSWORD, from_("198.51.100.40")).refused("rate-limited", 429)
    assert 600 < int(answer.headers["Retry-After"]) <= 900


def test_a_browser_that_signed_in_before_has_tries_of_its_own(office):
    acme = office.found("Acme")
    person, other = acme.join(), acme.join()
    laptop = office.client()
    attempt(laptop, person.email, PASSWORD).ok(201)
    laptop.delete("/sessions/current").ok(204)
    exhaust(office)
    attempt(laptop, other.email, PASSWORD).refused("rate-limited", 429)
    for i in range(10):
        attempt(laptop, person.email, f"typo-{i}").refused("sign-in-failed", 401)
    hold(office)
    attempt(laptop, person.email, PASSWORD).refused("rate-limited", 429)
    office.clock.advance(days=1, seconds=1)
    exhaust(office)
    attempt(laptop, person.email, PASSWORD).ok(201)


def test_its_tries_start_again_with_a_right_password(office):
    person = office.found("Acme").join()
    laptop = person.api.twin()
    exhaust(office)
    laptop.delete("/sessions/current").ok(204)
    for _ in range(2):
        for i in range(9):
            attempt(laptop, person.email, f"typo-{i}").refused("sign-in-failed", 401)
        attempt(laptop, person.email, PASSWORD).ok(201)
        laptop.delete("/sessions/current").ok(204)


def test_a_browser_remembers_who_signed_in_and_is_not_forged(office):
    acme = office.found("Acme")
    people = [acme.join() for _ in range(5)]
    shared = office.client()
    for person in people:
        attempt(shared, person.email, PASSWORD).ok(201)
        shared.delete("/sessions/current").ok(204)
    exhaust(office)
    hold(office)
    served = [attempt(shared.twin(), person.email, PASSWORD).status for person in people]
    assert served == [429, 201, 201, 201, 201], "the last four"
    name = next(n for n in shared.cookies if "browser" in n)
    words = shared.cookies[name].split(".")
    for forged in (words[0][:-2] + "AA", words[0][:40] + words[1][40:], "", "x", "." * 500, "A" * 8000, words[0] + words[1], "\u00e9"):
        client = office.client()
        client.cookies[name] = forged.encode("utf-8").decode("latin-1")
        assert attempt(client, people[4].email, PASSWORD).status in (400, 429, 431), forged
    assert all(person.email not in word for word in words for person in people)


def test_who_is_signed_in_is_not_held_back(office):
    acme = office.found("Acme")
    person, with_app, with_passkey = acme.join(), acme.join(), acme.join()
    app, _ = set_up(with_app.api, office.clock)
    half = office.client()
    body = {"email": with_app.email, "password": PASSWORD}
    half.submit("/sign-in", body, from_("203.0.113.9"))
    passkey = Passkey(SITE)
    options = with_passkey.api.post("/me/passkeys/options").ok().json
    with_passkey.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    exhaust(office)
    change = {"current_password": PASSWORD, "new_password": NEW}
    person.api.post("/me/password", change, NAT).ok()
    answer = half.submit("/sign-in/factor", {"code": app.fresh()}, NAT)
    assert answer.status == 303
    client = office.client()
    shown = {"credential": passkey.show(client.post("/sessions/passkey/options", None, NAT).ok().json)}
    client.post("/sessions/passkey", shown, NAT).ok(201)


def test_a_stolen_session_guesses_the_password_no_faster_from_everywhere(office):
    person = office.found("Acme").join()
    codes = []
    for i in range(20):
        body = {"current_password": f"guess-{i}", "new_password": NEW}
        codes.append(person.api.post("/me/password", body, from_(f"203.0.113.{i}")).problem)
    assert codes[:11] == ["sign-in-failed"] * 11 and set(codes[12:]) == {"rate-limited"}
    attempt(office.client(), person.email, PASSWORD).ok(201)
