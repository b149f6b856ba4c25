"""One's own account in a real browser, with and without JavaScript: everything that the page offers, done once."""

import json

import pytest

from lib import mmdb
from lib.browser import ROOT, Browser
from lib.people import PASSWORD, World, fresh

SHOTS = ROOT / "build/shots/account"
NEW = "another good sentence"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/604.1"
LYON = {"city": {"names": {"en": "Lyon", "fr": "Lyon"}}, "country": {"iso_code": "FR", "names": {"en": "France", "fr": "France"}}}


@pytest.fixture(scope="module")
def town(make_server, smtp, tmp_path_factory):
    places = mmdb.write(tmp_path_factory.mktemp("places") / "city.mmdb", {"203.0.113.0/24": LYON})
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", place_database=str(places)), smtp)


SIZES = {"fr": ["phone"], "en": ["desktop"]}  # for what differs little from what was looked at before


def looked_at(browser, name, sizes=("desktop", "phone")):
    """The large one in the light, the small one in the dark."""
    for size in sizes:
        browser.look(size, size == "phone")
        browser.shot(SHOTS / f"{name}-{browser.language}-{size}{'' if browser.javascript else '-plain'}.png")
        if browser.javascript:
            browser.fits()
            assert browser.axe() == [], name
    browser.look("desktop", False)


def change_profile(b, language):
    """Names and time zone, then another language and back."""
    zone = "Asia/Tokyo"
    b.fill("common.given_name", "Anaïs")
    if b.javascript:
        b.press(b.word("me.time_zone_here").replace("%zone%", "Tokyo"))
    else:
        b.choose_select("#time_zone", zone)
    b.fill("common.family_name", "Lévy-Durand").press("common.save").sees("notice.profile_saved").sees("Anaïs Lévy-Durand")
    assert b.one(f"#time_zone option[value='{zone}']").is_selected()
    for chosen in ({"fr": "en", "en": "fr"}[language], language):
        b.choose_select("#locale", chosen).press("common.save")
        b.language = chosen
        b.sees("notice.profile_saved").sees("me.title")


def change_password(b):
    b.fill("password.current", "wrong").fill("password.new", NEW).press("me.password_submit")
    b.one("#password-help .wrong")
    b.fill("password.current", PASSWORD).fill("password.new", NEW).press("me.password_submit").sees("notice.password_changed")


def change_email(b, smtp, email):
    b.one("#address summary").click()
    b.fill("me.email_new", email)
    b.one("#email-password").send_keys(NEW)
    looked_at(b, "email", SIZES[b.language])
    b.press("me.email_submit").sees("notice.email_change_sent")
    b.go(next(link for link in smtp.last(email).links if "/email/confirm/" in link)).sees("email_confirm.title").sees(email)
    looked_at(b, "email-confirm")
    b.press("email_confirm.submit").sees("notice.email_changed")
    assert b.one("#address .address").text == email


def end_sessions(b, world, email):
    others = [world.client() for _ in range(2)]
    for client in others:
        client.post("/sessions", {"email": email, "password": NEW}, {"User-Agent": PHONE, "X-Forwarded-For": "203.0.113.7"}).ok(201)
    b.go(world.server.url + "/me")
    assert len(b.all("#sessions li")) == 3 and "Lyon, France · 203.0.113.7" in b.one("#sessions").text
    looked_at(b, "sessions", SIZES[b.language])
    b.click(b.one("#sessions li form button")).sees("notice.session_ended")
    assert len(b.all("#sessions li")) == 2
    b.press("me.sessions_end").sees("notice.sessions_ended")
    assert len(b.all("#sessions li")) == 1
    assert [c.get("/me").status for c in others] == [401, 401]


def download(b, folder, email):
    b.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    b.follow("me.data_submit")
    b.until(lambda: list(folder.glob("*.json")), "the download")
    assert json.loads(next(folder.glob("*.json")).read_text("utf-8"))["account"]["email"] == email


def close_account(b, world, email):
    b.follow("me.close_submit").sees("closing.title").sees("closing.stays")
    looked_at(b, "close")
    b.fill("password.current", "wrong").press("closing.submit")
    b.one("#password-help .wrong")
    b.follow("common.cancel").sees("me.title")
    b.follow("me.close_submit").fill("password.current", NEW).press("closing.submit")
    b.until(lambda: b.path == "/sign-in", "the way out")
    world.client().post("/sessions", {"email": email, "password": NEW}).refused("sign-in-failed", 401)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language, javascript", [("fr", True), ("en", True), ("fr", False)])
def test_the_account_page(town, smtp, tmp_path, language, javascript):
    person, email = town.found("Atelier", locale=language).join(), fresh("anais")
    person.api.patch("/me", {"locale": language}).ok()
    b = Browser(language=language, javascript=javascript)
    try:
        b.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
        b.be(person.api, town.server.url).go(town.server.url + "/me")
        looked_at(b, "page")
        change_profile(b, language)
        change_password(b)
        change_email(b, smtp, email)
        end_sessions(b, town, email)
        download(b, tmp_path, email)
        b.follow("me.close_submit").sees("closing.title")
        assert not b.all("form[action^='/me/close']"), "an earlier address may still take the account back"
        looked_at(b, "close-waits", SIZES[language])
        town.clock.advance(days=7, seconds=1)
        b.follow("closing.back")
        close_account(b, town, email)
        assert b.complaints() == []
    finally:
        b.close()
