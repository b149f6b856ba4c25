"""An organization that asks for a second factor: on entering it, of whom it asks, and the way there."""

import pytest

from lib.otp import STEP, set_up
from lib.people import PASSWORD


@pytest.fixture
def strict(world, clock):
    """An organization whose owner has a factor and asks all for one."""
    org = world.found("Strict")
    org.app, org.codes = set_up(org.api, clock)
    ask(org, "all")
    return org


def ask(org, of):
    org.api.patch(org.path + "/settings", {"second_factor": of}).ok()


def sign_in(world, person, code=None):
    client = world.client()
    client.post("/sessions", {"email": person.email, "password": PASSWORD, **({"code": code} if code else {})}).ok(201)
    return client


def test_a_session_without_one_does_not_enter(world, strict, clock):
    member = strict.join()
    member.api.get(strict.path).refused("second-factor-required", 401)
    member.api.get("/me").ok()
    member.api.get("/me/memberships").ok()
    app, _ = set_up(member.api, clock)
    member.api.get(strict.path).ok()  # the session that set it up has shown it
    sign_in(world, member, app.fresh()).get(strict.path).ok()


def test_an_earlier_session_shows_one_first(world, strict, clock):
    member = strict.join()
    earlier = sign_in(world, member)
    app, _ = set_up(member.api, clock)
    earlier.get(strict.path).refused("second-factor-required")
    answer = earlier.page(f"/o/{strict.slug}")
    assert answer.status == 303 and answer.headers["Location"] == f"/sign-in/factor?next=/o/{strict.slug}"
    before = dict(earlier.cookies)
    done = earlier.submit("/sign-in/factor", {"code": app.fresh(), "next": f"/o/{strict.slug}"})
    assert done.status == 303 and done.headers["Location"] == f"/o/{strict.slug}" and earlier.cookies != before
    earlier.get(strict.path).ok()


def test_asked_of_administrators_alone(world, acme, clock):
    administrator, member = acme.join(role="administrator"), acme.join()
    set_up(acme.api, clock)
    ask(acme, "administrators")
    member.api.get(acme.path).ok()
    administrator.api.get(acme.path).refused("second-factor-required")
    acme.set_role(member, "administrator").ok()
    member.api.get(acme.path).refused("second-factor-required")
    ask(acme, "none")
    administrator.api.get(acme.path).ok()


def test_an_organization_that_asks_for_none_is_entered_all_the_same(world, strict):
    member = strict.join()
    other = world.found("Easy")
    other.api.get(other.path).ok()
    member.api.get(strict.path).refused("second-factor-required")


def test_who_has_none_is_led_to_set_one_up(strict):
    member = strict.join()
    away = member.api.page(f"/o/{strict.slug}")
    assert away.headers["Location"].startswith("/sign-in/factor?next=")
    on = member.api.page(away.headers["Location"])
    assert on.headers["Location"] == f"/me/totp?next=/o/{strict.slug}"
    assert "An organization you belong to asks for a second factor" in member.api.page(on.headers["Location"]).ok().text


def test_the_last_factor_stays_while_it_is_asked_for(strict):
    refused = strict.api.call("DELETE", "/me/totp", {}).refused("conflict", 409)
    assert refused["errors"][0]["code"] == "factor-demanded"
    assert "asks for a second factor" in refused["errors"][0]["detail"]
    page = strict.api.page("/me/totp/remove").ok().text
    assert "asks for a second factor" in page and "<form method=\"post\" action=\"/me/totp/remove" not in page
    assert strict.api.submit("/me/totp/remove").status == 409
    ask(strict, "none")
    strict.api.call("DELETE", "/me/totp", {}).ok(204)


def test_the_way_leads_back_to_an_invitation(world, acme, rival, clock):
    """Signed out, with a second factor: from the invitation through password and code back to it."""
    person = acme.join()
    app, _ = set_up(person.api, clock)
    link = rival.link(rival.invite(person.email, deliver=False)).ok()["url"]
    path = "/i/" + link.rsplit("/", 1)[1]
    client = world.client()
    assert f'name="next" value="{path}"' in client.page(path).ok().text
    first = client.submit("/sign-in", {"email": person.email, "password": PASSWORD, "next": path})
    page = client.page(first.headers["Location"]).ok().text
    assert f'name="next" value="{path}"' in page
    wrong = client.submit("/sign-in/factor", {"code": "1", "next": path})
    assert wrong.status == 401 and f'name="next" value="{path}"' in wrong.text
    assert client.submit("/sign-in/factor", {"code": app.fresh(), "next": path}).headers["Location"] == path
    client.submit(path).ok(303)
    client.get(rival.path).ok()


def test_it_is_asked_again_of_a_session_that_lost_it(strict, clock, server, world):
    """The operator took a lost factor away: the next session has none to show, and is led to set one up."""
    server.cli("account", "remove-second-factor", strict.owner.email)
    client = sign_in(world, strict.owner)
    client.get(strict.path).refused("second-factor-required")
    clock.advance(seconds=STEP)
    set_up(client, clock)
    client.get(strict.path).ok()
