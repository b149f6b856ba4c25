"""Founding an organization in a real browser: a stranger by a mailed code, and somebody who is signed in."""

import re

import pytest

from lib.browser import ROOT, Browser
from lib.people import PASSWORD, World, fresh

SHOTS = ROOT / "build/shots/sign-up"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, signup="on"), smtp)


def looked_at(browser, name):
    browser.shot(SHOTS / f"{name}-{browser.language}-{browser.size}.png")
    if browser.javascript:
        browser.fits()
        assert browser.axe() == [], name


@pytest.mark.timeout(240)
@pytest.mark.parametrize("language, size, dark, javascript", [("fr", "phone", False, True), ("en", "desktop", True, True), ("fr", "desktop", False, False)])
def test_from_sign_in_to_ones_own_organization(town, smtp, language, size, dark, javascript):
    url, email = town.server.url, fresh("helene")
    b = Browser(language=language, size=size, dark=dark, javascript=javascript)
    try:
        if javascript:
            b.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        b.go(url + "/sign-in")
        looked_at(b, "sign-in")
        b.follow("sign_up.title")
        looked_at(b, "form")
        b.fill("setup.organization_name", "Société des Écluses").fill("common.given_name", "Hélène").fill("common.family_name", "Nguyễn")
        b.fill("invited.your_email", email).fill("password.label", "12345678").press("sign_up.submit")
        b.one(".wrong")
        looked_at(b, "refused")
        b.fill("password.label", PASSWORD).press("sign_up.submit")
        b.sees("sign_up_code.title").sees(email)
        looked_at(b, "code")
        b.fill("sign_up_code.code", "12").press("setup.submit")
        b.sees("problem.code-invalid.detail")
        looked_at(b, "wrong-code")
        code = re.search(r"\b\d{3} \d{3}\b", smtp.last(email).text).group(0)
        town.clock.advance(seconds=61)
        b.press("sign_up_code.resend").sees("notice.code_resent")
        code = re.search(r"\b\d{3} \d{3}\b", smtp.last(email, 2).text).group(0)
        b.fill("sign_up_code.code", code).press("setup.submit")
        b.until(lambda: b.path == "/o/societe-des-ecluses/users/invite" or "/users/invite" in b.path, "the page for inviting")
        ((zone, own),) = town.server.query(
            "SELECT o.time_zone, a.time_zone FROM account a JOIN membership m ON m.account_id = a.id "
            "JOIN organization o ON o.id = m.organization_id WHERE a.email = ?", email)
        assert zone == own == ("Asia/Tokyo" if javascript else None)
        # signed in, and another one
        b.go(url + "/organizations/new")
        looked_at(b, "another")
        b.fill("setup.organization_name", "https://evil.example").press("setup.submit")
        b.one(".wrong")
        b.fill("setup.organization_name", "Seconde").press("setup.submit")
        b.until(lambda: "/o/seconde" in b.path and "invite" in b.path, "the second organization")
        assert b.complaints() == []
    finally:
        b.close()


def test_a_server_without_sign_up_does_not_offer_it(world):
    client = world.client()
    assert "/sign-up" not in client.page("/sign-in").text
    for path in ("/sign-up", "/sign-up/sgn_01h455vb4pex5vsknk084sn02q"):
        assert client.page(path).status == 404
    assert client.submit("/sign-up", {"email": fresh(), "password": PASSWORD}).status == 404
    owner = world.found("Closed").api
    assert owner.page("/organizations/new").status == 404
    assert owner.submit("/organizations/new", {"organization": "X"}).status == 404
    assert "/organizations/new" not in owner.page("/me").text


def test_the_pages_say_nothing_of_a_known_address(town):
    known = town.found("Known").owner.email
    pages = []
    for email in (known, fresh("x" * (len(known) - 15))):
        client = town.client()
        form = {"organization": "Atelier", "given_name": "A", "family_name": "B", "email": email, "password": PASSWORD}
        answer = client.submit("/sign-up", form)
        assert answer.status == 303
        page = client.page(answer.headers["Location"])
        wrong = client.submit(answer.headers["Location"], {"code": "000000"})
        pages.append([re.sub(r"(sgn|req)_[0-9a-z]{26}|name=\"once\" value=\"[^\"]*\"", "", p.text).replace(email, "") for p in (page, wrong)])
        assert wrong.status == 410
    assert pages[0] == pages[1]
