"""The second factor: skipped by calling later steps, guessed from everywhere, replayed, used twice, taken with a session."""

import datetime

import pytest

from lib.otp import STEP, code_at, set_up
from lib.people import PASSWORD, World
from lib.server import together
from lib.spec import document, routes

SOME_ID = "01h455vb4pex5vsknk084sn02q"


def somewhere(name, route, **known):
    """The path of a route, with ids of the right kind that nobody has."""
    tree = document(name)
    found = dict(known)
    for node in tree["paths"][route.path].get("parameters", []):
        one = tree["components"]["parameters"][node["$ref"].rsplit("/", 1)[1]] if "$ref" in node else node
        found.setdefault(one["name"], f"{one['schema'].get('x-prefix', 'x')}_{SOME_ID}")
    return route.path.format_map(found)


@pytest.fixture(scope="module")
def proxied(make_server, smtp):
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1"), smtp)


@pytest.fixture
def person(acme):
    return acme.join()


def sign_in(world, person, code=None, source=None, password=None):
    body = {"email": person.email, "password": password or person.password, **({"code": code} if code else {})}
    return world.client().post("/sessions", body, {"X-Forwarded-For": source} if source else None)


def halfway(world, person):
    """The console's session after the right password."""
    client = world.client()
    answer = client.submit("/sign-in", {"email": person.email, "password": person.password})
    assert answer.status == 303 and answer.headers["Location"] == "/sign-in/factor"
    return client


def serves_halfway(path, method):
    """Whether spec/console.yaml or spec/openapi.yaml says that a route serves such a session."""
    for name in ("console.yaml", "openapi.yaml"):
        row = document(name)["paths"].get(path, {}).get(method.lower())
        if row:
            return "factor" in row.get("x-stage", [])
    raise AssertionError(path)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# ---- later steps, called directly


def test_half_a_session_is_served_by_no_route_of_the_api(world, acme, person, clock):
    set_up(person.api, clock)
    half = halfway(world, person)
    for route in routes():
        path = somewhere("openapi.yaml", route, org=acme.slug)
        answer = (
            half.send("PUT", path, b"x", route.headers)
            if route.headers
            else half.call(route.method, path.removeprefix("/api/v1"), {} if route.body is not None else None)
        )
        if serves_halfway(route.path, route.method):
            continue
        if route.access == "public":  # as for anybody: nothing of theirs
            assert person.email not in answer.text and acme.id not in answer.text, route
        else:
            assert answer.problem in ("second-factor-required", "forbidden", "malformed-json"), (route, answer)
    assert half.get("/me").problem == "second-factor-required"


def test_half_a_session_is_served_by_one_page_of_the_console(world, acme, person, clock):
    set_up(person.api, clock)
    half = halfway(world, person)
    served = {(r.method, r.path) for r in routes("console.yaml") if serves_halfway(r.path, r.method)}
    assert {("GET", "/sign-in/factor"), ("POST", "/sign-in/factor"), ("POST", "/sign-out")} <= served
    for route in routes("console.yaml"):
        if (route.method, route.path) in served or route.access == "public":
            continue
        path = somewhere("console.yaml", route, org=acme.slug)
        answer = half.page(path) if route.method == "GET" else half.submit(path)
        assert answer.status == 303 and answer.headers["Location"].startswith("/sign-in/factor"), (route, answer)
        assert person.email not in answer.text, route
    assert half.page("/").headers["Location"] == "/sign-in", "nobody, for what anybody may see"


def test_half_a_session_accepts_no_invitation(world, acme, rival, person, clock):
    set_up(person.api, clock)
    link = rival.link(rival.invite(person.email, deliver=False)).ok()["url"]
    half = halfway(world, person)
    token = link.rsplit("/", 1)[1]
    half.post("/invitations/accept", {"token": token}).refused("unauthenticated")
    assert 'name="password"' in half.page("/i/" + token).ok().text
    assert person.membership(rival) is None


def test_half_a_session_sets_up_no_factor_of_its_own(world, person, clock):
    set_up(person.api, clock)
    half = halfway(world, person)
    half.post("/me/totp", {}).refused("second-factor-required")
    half.post("/me/totp/confirm", {"code": "000000"}).refused("second-factor-required")
    half.post("/me/recovery-codes", {}).refused("second-factor-required")
    half.call("DELETE", "/me/totp", {}).refused("second-factor-required")


def test_half_a_session_ends_after_half_an_hour(world, person, clock):
    app, _ = set_up(person.api, clock)
    half = halfway(world, person)
    clock.advance(minutes=31)
    answer = half.submit("/sign-in/factor", {"code": app.fresh()})
    assert answer.headers["Location"] == "/sign-in?notice=form_not_sent"


def test_the_session_after_the_code_has_another_id(world, person, clock):
    """Whoever planted or saw the first cookie has nothing by it."""
    app, _ = set_up(person.api, clock)
    half = halfway(world, person)
    seen = half.twin()
    half.submit("/sign-in/factor", {"code": app.fresh()}).ok(303)
    assert half.cookies != seen.cookies
    half.get("/me").ok()
    seen.get("/me").refused("unauthenticated", 401)


def test_the_way_on_stays_on_this_server(world, person, clock):
    app, _ = set_up(person.api, clock)
    for evil in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        half = halfway(world, person)
        answer = half.submit("/sign-in/factor", {"code": app.fresh(), "next": evil})
        assert answer.headers["Location"] == "/", evil


def test_a_new_password_ends_half_a_session(world, person, clock):
    app, _ = set_up(person.api, clock)
    half = halfway(world, person)
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": "another good sentence"}).ok(204)
    assert half.submit("/sign-in/factor", {"code": app.fresh()}).headers["Location"] == "/sign-in?notice=form_not_sent"


# ---- guessing


def test_digits_guessed_from_many_addresses_find_a_limit(proxied, smtp):
    person = proxied.found("Guessed").owner
    app, codes = set_up(person.api, proxied.clock)
    wrong = "000000" if app.code() != "000000" else "111111"
    tries, waits = 0, []
    while not waits or waits[-1] < 30:
        answer = sign_in(proxied, person, wrong, f"198.51.100.{tries + len(waits)}")
        if answer.problem == "rate-limited":
            waits.append(int(answer.headers["Retry-After"]))
            proxied.clock.advance(seconds=waits[-1] if waits[-1] < 30 else 0)
        else:
            answer.refused("second-factor-failed")
            tries += 1
        assert tries <= 18, "ten are free, then each waits twice as long"
    sign_in(proxied, person, app.code(), "203.0.113.1").refused("rate-limited")
    smtp.settle(0.5)
    assert any("Somebody knows your password" in m.subject for m in smtp.all_for(person.email))
    # the holder gets in by a recovery code, and by the app once the wait is over
    sign_in(proxied, person, codes[0], "203.0.113.2").ok(201)
    proxied.clock.advance(hours=1, seconds=STEP)
    sign_in(proxied, person, app.fresh(), "203.0.113.3").ok(201)


def test_who_does_not_know_the_password_slows_no_codes(proxied):
    person = proxied.found("Pestered").owner
    app, _ = set_up(person.api, proxied.clock)
    for i in range(40):
        sign_in(proxied, person, f"{i:06}", f"198.51.100.{i}", password="wrong").refused("sign-in-failed")
    sign_in(proxied, person, app.fresh(), "203.0.113.9").ok(201)


def test_recovery_codes_are_slowed_for_the_one_who_guesses(proxied):
    person = proxied.found("Guessed").owner
    _, codes = set_up(person.api, proxied.clock)
    answers = [sign_in(proxied, person, f"AAAAA-AAAA{i}", "192.0.2.50").problem for i in range(8)]
    assert answers[-1] == "rate-limited", answers
    sign_in(proxied, person, codes[0], "192.0.2.50").refused("rate-limited")
    sign_in(proxied, person, codes[0], "192.0.2.51").ok(201)


def test_digits_guessed_side_by_side_are_counted_one_by_one(world, person, clock):
    app, _ = set_up(person.api, clock)
    halves = [halfway(world, person) for _ in range(24)]
    wrong = "000000" if app.code() != "000000" else "111111"
    statuses = [a.status for a in together(24, lambda i: halves[i].submit("/sign-in/factor", {"code": wrong}))]
    assert set(statuses) <= {401, 429, 503} and statuses.count(401) <= 6, statuses


@pytest.mark.parametrize("code", ["", " ", "0", "00000", "0000000", "٠٠٠٠٠٠", "0x1234", "-00001", "1e5000"])
def test_what_is_no_code_lets_nobody_in(world, person, clock, code):
    set_up(person.api, clock)
    body = {"email": person.email, "password": PASSWORD, "code": code}
    answer = world.client().post("/sessions", body)
    assert answer.problem in ("second-factor-failed", "invalid-request"), answer
    assert "Set-Cookie" not in answer.headers


# ---- the same code, many times


def test_of_64_clients_with_the_same_code_one_gets_in(world, person, clock):
    app, _ = set_up(person.api, clock)
    halves = [halfway(world, person) for _ in range(64)]
    code = app.fresh()
    answers = together(64, lambda i: halves[i].submit("/sign-in/factor", {"code": code}))
    inside = [a for a in answers if a.status == 303]
    assert len(inside) == 1 and inside[0].headers["Location"] == "/"
    assert sum(half.get("/me").status == 200 for half in halves) == 1


def test_of_64_clients_with_the_same_recovery_code_one_gets_in(world, person, clock):
    _, codes = set_up(person.api, clock)
    halves = [halfway(world, person) for _ in range(64)]
    answers = together(64, lambda i: halves[i].submit("/sign-in/factor", {"code": codes[5]}))
    assert [a.status for a in answers].count(303) == 1
    assert person.api.get("/me").ok()["second_factor"]["recovery_codes_left"] == 9


@pytest.mark.parametrize("what", ["digits", "a recovery code"])
def test_a_code_that_came_with_a_refused_request_is_spent(world, person, clock, smtp, what):
    """Whoever looks on, over a shoulder or as a proxy, has what was refused as well as what was done."""
    app, codes = set_up(person.api, clock)
    smtp.settle(0.3)
    code, mails = app.fresh() if what == "digits" else codes[0], len(smtp.all_for(person.email))
    person.api.post("/me/totp", {"code": code}).refused("conflict", 409)
    sign_in(world, person, code).refused("second-factor-failed", 401)
    person.api.call("DELETE", "/me/totp", {"code": code}).refused("second-factor-failed")
    left = person.api.get("/me").ok()["second_factor"]["recovery_codes_left"]
    if what == "digits":
        assert left == 10
        return
    assert left == 9
    assert "recovery code" in smtp.last(person.email, mails + 1).text
    events = [event["action"] for event in person.api.get("/me/export").ok()["audit_events"]]
    assert events.count("recovery_code.used") == 1


def test_a_code_of_somebody_else_opens_nothing(world, acme, person, clock):
    other = acme.join()
    theirs, their_codes = set_up(other.api, clock)
    set_up(person.api, clock)
    sign_in(world, person, theirs.fresh()).refused("second-factor-failed")
    sign_in(world, person, their_codes[0]).refused("second-factor-failed")
    half = halfway(world, person)
    assert half.submit("/sign-in/factor", {"code": their_codes[0]}).status == 401


def test_an_unconfirmed_app_neither_asks_nor_opens(world, person, clock):
    """A secret that waits for its first code is nobody's yet."""
    app, _ = set_up(person.api, clock)
    other = world.found("Waiting").owner
    secret = other.api.post("/me/totp", {}).ok(201)["secret"]
    sign_in(world, other).ok(201)
    other.api.call("DELETE", "/me/totp", {"code": code_at(secret, clock.now())}).refused("second-factor-failed")
    # and beginning again does not touch the one that counts
    person.api.post("/me/totp", {}).refused("conflict")
    sign_in(world, person, app.fresh()).ok(201)


# ---- the session is stolen


def test_a_stolen_session_changes_no_factor(world, person, clock):
    app, _ = set_up(person.api, clock)
    stolen = person.api.twin()
    clock.advance(minutes=11)
    for method, path in (("DELETE", "/me/totp"), ("POST", "/me/recovery-codes")):
        stolen.call(method, path, {}).refused("proof-required", 403)
        stolen.call(method, path, {"current_password": "guess"}).refused("sign-in-failed")
    assert stolen.submit("/me/totp/remove", {}).status == 403
    assert stolen.submit("/me/recovery-codes", {}).status == 403
    sign_in(world, person, app.fresh()).ok(201)


def test_a_step_up_makes_no_session_live_longer(world, acme, clock, server):
    """A code shown again and again does not put off the end that the sign-in set."""
    person = acme.join()
    app, _ = set_up(person.api, clock)
    client = world.client()
    client.post("/sessions", {"email": person.email, "password": PASSWORD, "code": app.fresh()}).ok(201)
    until = client.get("/me/sessions").ok()["items"]
    end = next(s["expires_at"] for s in until if s["current"])
    clock.advance(hours=5)
    client.submit("/sign-in/factor", {"code": app.fresh()}).ok(303)
    after = next(s["expires_at"] for s in client.get("/me/sessions").ok()["items"] if s["current"])
    assert abs(seconds(after) - seconds(end)) <= 1, (end, after)
