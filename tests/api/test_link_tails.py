"""Links as mail programs hand them on: with what stood behind them, with a slash, with a query of somebody's own; and addresses of
pages as people type them."""

import pytest

from lib.people import PASSWORD, fresh

TAILS = [".", ",", ")", ">", "!", ";", ":", '"', "'", "]", "*", "=", "=20", "...", "%3E", "%22", "%20", "%3E.", "%E2%80%8B", "%C2%A0", "%EF%BB%BF",
         "%E2%80%A6", "%C2%BB", "&lt;br"]
HEADS = ["%20", "%E2%80%8B", "%3C"]
DOORS = ["/i/", "/password/reset/", "/email/confirm/", "/email/undo/"]


def secret_of(mail, door):
    return next((link.rpartition("/")[2] for link in mail.links if door in link), None)


def moved(acme, inbox):
    """Somebody who asked for another address; the link that confirms it."""
    person, new = acme.join(), fresh("new")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    inbox.wait(new)
    return person, secret_of(inbox.last(new), "/email/confirm/")


@pytest.fixture(params=DOORS)
def door(request):
    return request.param


@pytest.fixture
def token(acme, inbox, door):
    """A link's secret, unused."""
    if door == "/i/":
        email = fresh("link")
        acme.invite(email)
        return inbox.token_for(email)
    if door == "/password/reset/":
        member = acme.join()
        member.api.post("/password-resets", {"email": member.email}).ok(202)
        return inbox.resets(member.email)[0].token
    person, confirm = moved(acme, inbox)
    if door == "/email/confirm/":
        return confirm
    acme.world.client().submit("/email/confirm/" + confirm).ok(303)
    inbox.settle(1)
    return next(filter(None, (secret_of(mail, "/email/undo/") for mail in inbox.all_for(person.email))))


def test_a_link_opens_with_what_a_mail_program_took_into_it(token, anonymous, door):
    whole = anonymous.page(door + token).ok(200)
    for address in [token + tail for tail in TAILS] + [head + token for head in HEADS]:
        answer = anonymous.page(door + address)
        assert answer.status == 200, (address, answer.text)
    assert token in whole.text
    slash = anonymous.page(door + token + ".)/?utm_source=mail")
    assert (slash.status, slash.headers["Location"]) == (303, door + token + ".)?utm_source=mail")


def test_what_somebody_adds_to_its_query_is_passed_over(token, anonymous, door):
    for query in ("utm_source=mail", "x=%E9", "%FF", "lang=%E9"):
        anonymous.page(f"{door}{token}?{query}").ok(200)


def test_a_link_that_was_cut_is_not_said_to_be_used(token, anonymous, door):
    for cut in (token[:-1], token + "3D", token[:20], token[:10] + "%20" + token[10:]):
        said = anonymous.page(door + cut)
        assert said.status in (404, 410) and "leads nowhere" in said.text and "was used" not in said.text, (cut, said.text)


def test_a_link_of_nothing_leads_nowhere(anonymous):
    for door in DOORS:
        assert anonymous.page(door + "%E2%80%8B").status == 404


def test_a_link_that_was_used_is_said_to_be(acme, inbox):
    member = acme.join()
    member.api.post("/password-resets", {"email": member.email}).ok(202)
    where = "/password/reset/" + inbox.resets(member.email)[0].token
    acme.world.client().submit(where + "%E2%80%8B", {"new_password": "meadow-window-77"}).ok(303)
    said = acme.world.client().page(where + ".")
    assert said.status == 410 and "used" in said.text and "leads nowhere" not in said.text


def test_a_page_is_found_by_its_address_with_a_slash_or_in_capitals(acme, anonymous):
    for typed, place in {"/sign-in/": "/sign-in", "/sign-in/?next=%2Fme": "/sign-in?next=%2Fme", f"/o/{acme.slug}/": f"/o/{acme.slug}",
                         f"/o/{acme.slug.upper()}": f"/o/{acme.slug}", f"/o/{acme.slug.upper()}/users?q=A": f"/o/{acme.slug}/users?q=A"}.items():
        answer = anonymous.page(typed)
        assert (answer.status, answer.headers["Location"]) == (303, place), typed
    assert anonymous.page("/nowhere/").status == 404
    assert anonymous.send("POST", "/sign-in/", b"", {"Sec-Fetch-Site": "same-origin"}).status == 404
    assert anonymous.get("/organizations/").status == 404


def test_where_a_password_is_changed(acme, anonymous):
    answer = anonymous.page("/.well-known/change-password")
    assert (answer.status, answer.headers["Location"]) == (303, "/me#password-change")
    assert 'id="password-change"' in acme.api.page("/me").ok(200).text


def test_what_the_gate_refuses_is_a_page_to_a_browser(anonymous):
    for target in ("//", "/i/%0A", "/%zz"):
        page = anonymous.page(target)
        assert page.status == 400 and page.headers["Content-Type"].startswith("text/html") and "<h1" in page.text, target
        told = anonymous.send("GET", target, None, {"Accept": "application/json"})
        assert told.status == 400 and told.json["code"] == "bad-request", target
