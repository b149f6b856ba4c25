"""A second factor in a real browser: demanded by an organization, set up with the QR code, asked for, lost, removed."""

import subprocess
import urllib.parse

import pytest

from lib.browser import ROOT, Browser
from lib.otp import App, code_at, set_up
from lib.people import PASSWORD, World

SHOTS = ROOT / "build/shots/second-factor"


@pytest.fixture
def house(make_server, smtp):
    return World(make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>"), smtp)


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def browser(request):
    made = Browser(javascript=request.param)
    made.shots = SHOTS / ("with" if request.param else "without")
    yield made
    if request.param:
        assert made.complaints() == []
    made.close()


def looked_at(browser, name, also=False):
    """Judged and kept; `also` on a phone in the dark."""
    browser.shot(browser.shots / f"{name}.png")
    if not browser.javascript:
        return
    browser.fits()
    assert browser.axe() == [], name
    if also:
        browser.look("phone", True)
        browser.shot(browser.shots / f"{name}.phone.dark.png")
        browser.fits()
        assert browser.axe() == [], name
        browser.look("desktop", False)


def scanned(browser, name):
    """The secret that a phone would read from the page's picture."""
    picture = browser.shot(browser.shots / f"{name}.png", closely=True)
    read = subprocess.run(["zbarimg", "-q", "--raw", str(picture)], capture_output=True, text=True, check=True)
    uri = urllib.parse.urlsplit(read.stdout.strip())
    assert uri.scheme == "otpauth" and uri.netloc == "totp"
    return urllib.parse.parse_qs(uri.query)["secret"][0]


@pytest.mark.timeout(300)
def test_from_a_demand_to_a_sign_in_and_back(house, browser):
    url, clock = house.server.url, house.clock
    org = house.found("Atelier", locale="fr")
    zoe = org.join()
    zoe.api.patch("/me", {"locale": "fr"}).ok()
    set_up(org.api, clock)
    org.api.patch(org.path + "/settings", {"second_factor": "all"}).ok()

    # what the organization asks for leads to setting it up, and on to where one wanted to go
    browser.sign_in(url, zoe.email, PASSWORD)
    browser.sees("totp.demanded")
    looked_at(browser, "1-demanded", also=True)
    browser.press("totp.begin").sees("totp.scan")
    looked_at(browser, "2-scan", also=True)
    app = App(clock, scanned(browser, "2-scan"))
    assert browser.one("#secret").get_attribute("value").replace(" ", "") == app.secret
    browser.fill("factor.code", "000 000").press("totp.submit").sees("field.wrong-code").sees_not("totp.scan")
    looked_at(browser, "3-wrong")
    browser.fill("factor.code", app.fresh()).press("totp.submit").sees("recovery.shown_title")
    looked_at(browser, "4-recovery-codes", also=True)
    codes = browser.one("#codes").get_attribute("value").split()
    assert len(codes) == 10
    browser.press("common.continue").sees("recovery.shown_title")  # not before the box is ticked
    browser.choose("input[type=checkbox]").press("common.continue").sees("Atelier")
    assert browser.path == f"/o/{org.slug}"

    # signing in
    browser.go(url + "/me").sees("security.on")
    looked_at(browser, "5-account", also=True)
    browser.driver.delete_all_cookies()
    browser.sign_in(url, zoe.email, PASSWORD)
    browser.sees("factor.lead")
    looked_at(browser, "6-factor", also=True)
    browser.go(url + f"/o/{org.slug}").sees("factor.lead")  # nothing else is served before
    browser.fill("factor.code", "123456").press("sign_in.submit").sees("problem.second-factor-failed.detail")
    looked_at(browser, "7-factor-wrong")
    browser.fill("factor.code", app.fresh()).press("sign_in.submit").sees("Atelier")
    assert browser.path == f"/o/{org.slug}"

    # the phone is lost
    browser.driver.delete_all_cookies()
    browser.sign_in(url, zoe.email, PASSWORD)
    browser.sees("factor.lead")
    browser.one("details.more summary").click()
    browser.fill("factor.recovery_code", codes[3].lower())
    looked_at(browser, "8-recovery")
    browser.press("factor.recovery_submit").sees("Atelier")
    browser.go(url + "/me/totp/remove").sees("field.factor-demanded")
    looked_at(browser, "9-demanded-stays")
    browser.go(url + "/me/recovery-codes")
    looked_at(browser, "10-renew")
    browser.press("recovery.submit").sees("recovery.shown_title")
    assert codes[3] not in browser.one("#codes").get_attribute("value")

    # and the app goes, once nobody asks for one
    org.api.patch(org.path + "/settings", {"second_factor": "none"}).ok()
    clock.advance(minutes=11)
    browser.go(url + "/me/totp/remove").sees("totp.remove_last")
    looked_at(browser, "11-remove", also=True)
    browser.fill("password.current", "wrong").press("totp.remove_submit").sees("field.wrong-password")
    browser.fill("password.current", PASSWORD).press("totp.remove_submit").sees("notice.totp_removed")


def test_the_codes_as_a_file(house):
    org = house.found("Files")
    page = org.api.submit("/me/totp", {}).text
    secret = page.split('id="secret">')[1].split("<")[0].replace(" ", "")
    page = org.api.submit("/me/totp/confirm", {"code": code_at(secret, house.clock.now())}).ok(200).text
    codes = [part.split('"')[0] for part in page.split('name="codes" value="')[1:]]
    answer = org.api.submit("/me/recovery-codes/file", [("codes", c) for c in codes]).ok(200)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert all(c in answer.text.splitlines() for c in codes) and org.owner.email in answer.text
    odd = org.api.submit("/me/recovery-codes/file", [("codes", "<script>"), ("codes", codes[0])]).ok(200).text
    assert "script" not in odd and codes[0] in odd
