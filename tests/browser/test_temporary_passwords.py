"""From a temporary password to the organization's home: on a phone and on a desktop, in both languages, without script."""

import pytest

from lib.browser import ROOT, Browser
from lib.people import PASSWORD, fresh

SHOTS = ROOT / "build/shots/temporary"


@pytest.fixture(params=[("fr", "phone", False, True), ("en", "desktop", True, False)], ids=["fr-phone", "en-no-script"])
def b(request):
    language, size, dark, javascript = request.param
    browser = Browser(language, size, dark, javascript)
    yield browser
    browser.close()


def issue(acme, locale):
    row = {"email": fresh(), "role": "member", "locale": locale}
    made = acme.send(row, method="temporary_password", delivery="show").ok()["results"][0]
    return row["email"], made["temporary_password"], made["invitation"]


def judge(b, name):
    for size in ("desktop", "phone"):
        for dark in (False, True):
            b.look(size, dark)
            b.fits()
            if b.javascript:
                assert b.axe() == []
            b.shot(SHOTS / f"{b.language}-{name}-{size}-{'dark' if dark else 'light'}.png")
    assert b.complaints() == []


def test_the_one_page_there_is_until_a_password_is_set(b, acme, anonymous):
    url = acme.world.server.url
    email, password, inv = issue(acme, b.language)
    b.sign_in(url, email, password.upper())
    assert b.path == "/password/new"
    b.sees("own_password.lead")
    for elsewhere in ("/me", "/", "/sign-in", f"/o/{acme.slug}", f"/o/{acme.slug}/users"):
        assert b.go(url + elsewhere).path == "/password/new", elsewhere
    judge(b, "own-password")

    b.fill("common.given_name", "Zoé").fill("common.family_name", "Durand")
    b.one("#new-password").send_keys(password)
    b.press("invited.join").sees("field.temporary")
    judge(b, "own-password-refused")
    b.one("#new-password").send_keys(PASSWORD)
    b.press("invited.join")
    assert b.path == f"/o/{acme.slug}"
    b.sees(acme.name)
    assert acme.state(inv) == "accepted" and acme.members(q="zoe")[0]["account"]["given_name"] == "Zoé"


def test_a_used_one_says_so_and_one_may_sign_out(b, acme, anonymous):
    url = acme.world.server.url
    email, password, _ = issue(acme, b.language)
    b.sign_in(url, email, password)
    b.press("nav.sign_out")
    assert b.path == "/sign-in"
    acme.world.clock.advance(seconds=61)
    b.sign_in(url, email, password)
    assert b.path == "/sign-in"
    b.sees("problem.temporary-password-expired.detail")
    judge(b, "used")


def test_an_invitation_that_ended_meanwhile(b, acme, clock):
    url = acme.world.server.url
    email = fresh()
    row = {"email": email, "role": "member", "locale": b.language}
    made = acme.send(row, method="temporary_password", delivery="show", expires_in="1h").ok()["results"][0]
    clock.advance(minutes=50)
    b.sign_in(url, email, made["temporary_password"])
    clock.advance(minutes=11)
    b.go(url + "/").sees("problem.invitation-expired.detail")
    assert b.path == "/password/new"
    judge(b, "ended")


def test_the_mails(b, acme, inbox):
    shown, sent = fresh(), fresh()
    for email, delivery in ((shown, "show"), (sent, "send")):
        row = {"email": email, "role": "administrator", "locale": b.language, "message": "À lundi."}
        acme.send(row, method="temporary_password", delivery=delivery).ok()
        page = SHOTS / f"{b.language}-mail-{delivery}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(inbox.last(email).html, "utf-8")
        b.go(page.as_uri())
        judge(b, "mail-" + delivery)
