"""A form that gives another session for the one that sent it: its second click comes with a cookie that is nobody's any more. Who sends
all else again, too, is answered as before; whoever has the cookie alone has nothing."""

import pytest

from lib.callers import signs_in_beside
from lib.deeds import SUCCEEDING, factor_form, me_password_form, own_password_form
from lib.otp import set_up
from lib.people import PASSWORD, World
from lib.ways import NEW

SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, signup="on", rate_limits="off", public_url=SITE, trusted_proxies="127.0.0.1"), smtp)


def sessions(town, deed):
    return town.server.query("SELECT s.id, s.created_at, s.expires_at, s.factor_at FROM session s JOIN account a ON a.id = s.account_id"
                             " WHERE a.email_key = ?", deed.email)


def is_out(answer, client):
    assert answer.ok(303).headers["Location"].startswith("/sign-in?"), answer
    client.get("/me").refused("unauthenticated", 401)


def other_values(deed):
    name = next(n for n in ("code", "new_password", "password") if n in deed.values)
    return {name: "123 456" if name == "code" else NEW + "x"}


@pytest.mark.parametrize("door", SUCCEEDING)
def test_any_other_value_is_refused_and_ends_the_minute(town, door):
    deed = door(town)
    one, two, three = (deed.client() for _ in range(3))
    deed.send(one).ok(303)
    is_out(deed.send(two, **other_values(deed)), two)
    is_out(deed.send(three), three)
    assert deed.is_in(one)


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}, {"User-Agent": "Another/1.0"}], ids=["source", "browser"])
@pytest.mark.parametrize("door", SUCCEEDING)
def test_who_sends_it_from_elsewhere_ends_it(town, door, headers):
    deed = door(town)
    one, two, three = (deed.client() for _ in range(3))
    deed.send(one).ok(303)

    class Elsewhere:
        def submit(self, path, fields):
            return two.submit(path, fields, headers)
    is_out(deed.send(Elsewhere()), two)
    is_out(deed.send(three), three)


def sign_out(client):
    client.submit("/sign-out").ok(303)


def end_all(client):
    client.delete("/me/sessions").ok(204)


def change_password(client):
    client.post("/me/password", {"current_password": NEW, "new_password": NEW + "-again"}).ok(204)


@pytest.mark.parametrize("door,end", [(door, end) for door in SUCCEEDING for end in (sign_out, end_all)]
                         + [(own_password_form, change_password), (me_password_form, change_password)])
def test_what_ends_the_successor_ends_it(town, door, end):
    deed = door(town)
    one, two = deed.client(), deed.client()
    deed.send(one).ok(303)
    end(one)
    is_out(deed.send(two), two)


@pytest.mark.parametrize("door", SUCCEEDING)
def test_the_cookie_from_before_opens_nothing_else(town, door):
    """Nor another form of the kind, nor the page that the form stands on."""
    deed = door(town)
    one, old = deed.client(), deed.client()
    deed.send(one).ok(303)
    was = dict(old.cookies)
    for path in ("/me", "/password/new", "/sign-in/factor", f"/o/{deed.org.slug}" if deed.org else "/organizations"):
        assert old.page(path).status in (303, 404), path
    old.get("/me").refused("unauthenticated", 401)
    # Those of the kind last: what they bring ends the minute.
    for path, fields in (("/me", {"given_name": "Eve"}), ("/sign-out", {}), ("/password/new", {"password": NEW}),
                         ("/sign-in/factor", {"code": "123456"}), ("/me/password", {"new_password": NEW})):
        if path != {own_password_form: "/password/new", factor_form: "/sign-in/factor", me_password_form: "/me/password"}[door]:
            answer = deed.client().submit(path, fields)
            assert (answer.headers["Location"] or signs_in_beside(answer)).startswith("/sign-in"), answer
    assert was == dict(deed.client().cookies)


@pytest.mark.parametrize("door", SUCCEEDING)
def test_no_session_lasts_longer_by_it(town, door):
    deed = door(town)
    one, two = deed.client(), deed.client()
    deed.send(one).ok(303)
    (first,) = [s for s in sessions(town, deed) if s[2] == max(r[2] for r in sessions(town, deed))]
    town.clock.advance(seconds=30)
    deed.send(two).ok(303)
    after = sessions(town, deed)
    twin = [s for s in after if s[0] != first[0] and s[1:3] == first[1:3]]
    assert len(twin) == 1 and max(s[2] for s in after) == first[2]
    assert bool(twin[0][3]) is (door is factor_form)


def test_who_has_the_new_session_may_mean_something_else(town):
    """Another password a moment later is another password."""
    deed = me_password_form(town)
    client = deed.client()
    deed.send(client).ok(303)
    client.submit("/me/password", {"current_password": NEW, "new_password": NEW + "-two"}).ok(303)
    town.client().sign_in(deed.email, NEW + "-two")
    client.submit("/me/password", {"current_password": NEW, "new_password": NEW + "-three"}).ok(422)
    town.client().post("/sessions", {"email": deed.email, "password": NEW + "-three"}).refused("sign-in-failed", 401)


def test_another_code_a_moment_later_is_looked_at(town):
    person = town.found("Codes").owner
    app, _ = set_up(person.api, town.clock)
    client = person.api.twin()
    first = app.fresh()
    client.submit("/sign-in/factor", {"code": first}).ok(303)
    client.submit("/sign-in/factor", {"code": first}).ok(303)
    client.submit("/sign-in/factor", {"code": "123456"}).ok(401)
    client.submit("/sign-in/factor", {"code": first}).ok(401)
    client.submit("/sign-in/factor", {"code": app.fresh()}).ok(303)


def test_a_guess_at_the_password_counts_as_one_at_sign_in(town):
    """The four free ones were used up before: this is the one that costs a wait."""
    deed = own_password_form(town)
    one, two = deed.client(), deed.client()
    deed.send(one).ok(303)
    for i in range(4):
        town.client().post("/sessions", {"email": deed.email, "password": f"wrong-wrong-{i}"}).refused("sign-in-failed")
    is_out(deed.send(two, password=PASSWORD + "-guess"), two)
    town.client().post("/sessions", {"email": deed.email, "password": NEW}).refused("rate-limited", 429)


@pytest.mark.parametrize("door", SUCCEEDING)
def test_the_id_of_a_session_is_not_its_secret(town, door):
    """Lists show ids; the cookie holds the secret beside it."""
    deed = door(town)
    one, two, three = (deed.client() for _ in range(3))
    deed.send(one).ok(303)
    two.cookies = {name: value[:-6] + "AAAAAA" for name, value in two.cookies.items()}
    is_out(deed.send(two), two)
    deed.send(three).ok(303)
    assert deed.is_in(three)
