"""Passkeys in Chromium, with its virtual authenticator: added, alone, beside the password, in place of one, removed."""

import pytest
from selenium.webdriver.common.virtual_authenticator import Protocol, Transport, VirtualAuthenticatorOptions

from lib.browser import ROOT, Browser
from lib.cluster import free_ports
from lib.people import PASSWORD, fresh


@pytest.fixture(scope="module")
def server(make_server, smtp):
    port = free_ports(1)[0]
    made = make_server(mail=smtp.uri, listen=f"127.0.0.1:{port}", public_url=f"http://localhost:{port}")
    made.site = f"http://localhost:{port}"
    return made


@pytest.fixture(params=["en", "fr"])
def browser(request):
    made = Browser(language=request.param)
    made.hushed = None
    options = VirtualAuthenticatorOptions()
    options.protocol, options.transport = Protocol.CTAP2, Transport.INTERNAL
    options.has_resident_key = options.has_user_verification = options.is_user_verified = True
    made.driver.add_virtual_authenticator(options)
    yield made
    assert made.complaints() == []
    made.close()


def fills_in(browser, wanted):
    """Whether the browser offers passkeys among what it fills in: the virtual authenticator takes that up as the page opens."""
    run = browser.driver.execute_cdp_cmd
    if wanted and browser.hushed:
        run("Page.removeScriptToEvaluateOnNewDocument", {"identifier": browser.hushed})
        browser.hushed = None
    elif not wanted and not browser.hushed:
        script = {"source": "delete window.PublicKeyCredential?.isConditionalMediationAvailable"}
        browser.hushed = run("Page.addScriptToEvaluateOnNewDocument", script)["identifier"]


def sign_in(browser, site, email):
    """By address and password."""
    fills_in(browser, False)
    browser.driver.delete_all_cookies()
    browser.sign_in(site, email, PASSWORD)


def gone_to(browser, path):
    browser.until(lambda: browser.path == path, path)


def add(browser, site, name):
    browser.go(site + "/me/passkeys").fill("passkey.name", name)
    browser.press("passkey.add_submit")


def signs_in_alone(browser, site, button=False):
    fills_in(browser, not button)
    browser.driver.delete_all_cookies()
    browser.go(site + "/sign-in")
    if button:
        browser.press("passkey.sign_in")
    browser.until(lambda: browser.path.startswith("/o/"), "an organization's home")


def test_added_and_used_alone_and_beside_the_password(acme, server, browser):
    site = server.site
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/o/" + acme.slug)
    add(browser, site, "Téléphone d’Olive")
    gone_to(browser, "/me/recovery-codes")  # there are none yet: a lost passkey would lock its holder out
    browser.go(site + "/me").sees("Téléphone d’Olive").sees("passkey.never_used")
    assert browser.axe() == []
    signs_in_alone(browser, site)
    signs_in_alone(browser, site, button=True)
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/sign-in/factor")
    browser.sees("passkey.factor_lead")
    assert browser.axe() == []
    browser.press("passkey.factor")
    gone_to(browser, "/o/" + acme.slug)


def test_renamed_and_removed(acme, server, browser):
    site = server.site
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/o/" + acme.slug)
    add(browser, site, "First name")
    gone_to(browser, "/me/recovery-codes")
    browser.go(site + "/me")
    browser.click(browser.one("#security a[href*='/me/passkeys/pky_']"))
    assert browser.axe() == []
    browser.fill("passkey.name", "Second name").press("passkey.rename")
    browser.sees("notice.passkey_renamed").sees("Second name").sees_not("First name")
    browser.click(browser.one("#security a[href*='/me/passkeys/pky_']"))
    browser.press("passkey.remove")
    browser.sees("notice.passkey_removed").sees_not("Second name")
    fills_in(browser, False)
    browser.driver.delete_all_cookies()
    browser.go(site + "/sign-in").press("passkey.sign_in")
    browser.until(lambda: browser.one(".passkey .notice").text, "a refusal")
    assert browser.path == "/sign-in"


def test_enrolling_with_one(acme, server, browser, inbox):
    """Names, passkey, done; and from then on it is the only way in."""
    site, email = server.site, fresh()
    acme.invite(email)
    browser.go(site + "/i/" + inbox.token_for(email))
    assert browser.axe() == []
    browser.press("passkey.enrol")
    assert browser.path.startswith("/i/"), "names are needed first"
    browser.one("#given_name").send_keys("Zoé")
    browser.one("#family_name").send_keys("Durand")
    browser.press("passkey.enrol")
    gone_to(browser, "/o/" + acme.slug)
    browser.go(site + "/me")
    browser.click(browser.one("#security a[href*='/me/passkeys/pky_']"))
    browser.sees("problem.last-way-in.detail")
    assert not browser.all("button.danger")
    signs_in_alone(browser, site)
    browser.go(site + "/me").sees("me.password_none")
    browser.one("#new-password").send_keys("another good sentence")
    browser.press("me.password_first").sees("notice.password_changed")
    browser.one("#password")  # from now on it is asked for


def test_proof_before_another_is_added(acme, server, browser, clock):
    site = server.site
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/o/" + acme.slug)
    clock.advance(minutes=11)
    browser.go(site + "/me/passkeys")
    browser.one("#password").send_keys("wrong")
    browser.press("passkey.add_submit")
    browser.until(lambda: browser.one(".passkey .notice").text, "a refusal")
    assert acme.api.get("/me/passkeys").ok()["items"] == []


def test_without_javascript_it_says_so(acme, server):
    browser = Browser(language="fr", javascript=False)
    browser.hushed = None
    try:
        site = server.site
        browser.go(site + "/sign-in")
        assert not any(e.is_displayed() for e in browser.all(".passkey"))
        sign_in(browser, site, acme.owner.email)
        browser.go(site + "/me/passkeys").sees("passkey.none")
        assert not any(e.is_displayed() for e in browser.all("form.passkey button.primary"))
    finally:
        browser.close()


def test_how_it_looks(acme, server, browser, inbox):
    """Pictures of each page, small and large, light and dark."""
    site, email, folder = server.site, fresh(), ROOT / "build/shots/passkeys"
    acme.invite(email)
    invited = inbox.token_for(email)
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/o/" + acme.slug)
    add(browser, site, "Téléphone d’Olive")
    gone_to(browser, "/me/recovery-codes")
    browser.go(site + "/me")
    page = browser.one("#security a[href*='/me/passkeys/pky_']").get_attribute("href")
    signed_in = {"me": site + "/me", "add": site + "/me/passkeys", "one": page}
    for size in ("desktop", "phone"):
        for dark in (False, True):
            browser.look(size, dark)
            for name, url in signed_in.items():
                browser.go(url).fits()
                browser.shot(folder / f"{name}-{browser.language}-{size}-{'dark' if dark else 'light'}.png")
    sign_in(browser, site, acme.owner.email)
    gone_to(browser, "/sign-in/factor")
    for size in ("desktop", "phone"):
        for dark in (False, True):
            browser.look(size, dark)
            browser.go(site + "/sign-in/factor").fits()
            browser.shot(folder / f"factor-{browser.language}-{size}-{'dark' if dark else 'light'}.png")
    browser.driver.delete_all_cookies()
    browser.driver.remove_all_credentials()
    for size in ("desktop", "phone"):
        for dark in (False, True):
            browser.look(size, dark)
            for name, url in {"sign_in": site + "/sign-in", "enrol": site + "/i/" + invited}.items():
                browser.go(url).fits()
                browser.shot(folder / f"{name}-{browser.language}-{size}-{'dark' if dark else 'light'}.png")
