"""Where accounts are hidden: somebody with one opens a copied link, in a browser, and is told by mail how to go on."""

import pytest
from selenium.webdriver.common.virtual_authenticator import Protocol, Transport, VirtualAuthenticatorOptions

from lib.browser import Browser
from lib.cluster import free_ports
from lib.people import PASSWORD, World, fresh


@pytest.fixture(scope="module")
def town(make_server, smtp):
    port = free_ports(1)[0]
    site = f"http://localhost:{port}"  # a name: passkeys know no bare addresses
    world = World(make_server(mail=smtp.uri, listen=f"127.0.0.1:{port}", public_url=site, signup="on"), smtp)
    world.site = site
    return world


def invited(town, language):
    """Somebody with an account, and a link copied for them elsewhere."""
    person = town.found("Ailleurs").join(given="Jeanne", family="Laplace")
    person.api.patch("/me", {"locale": language}).ok()
    org = town.found("Bar", locale=language)
    return person, org, org.link(org.invite(person.email, deliver=False)).ok()["url"]


def goes_on_by_mail(town, browser, person, org):
    """The page says so and nothing of the person; the mail leads through signing in to the organization."""
    browser.sees("mailed.title").sees(browser.word("mailed.text").replace("{email}", person.email))
    assert "Jeanne" not in browser.text and "Laplace" not in browser.text and not browser.driver.get_cookie("parvis_session")
    browser.fits()
    assert browser.word("mailed.title") in browser.driver.title
    mail = town.inbox.last(person.email, 2)
    browser.go(mail.link).sees("invited.has_account")
    browser.one("#password").send_keys(PASSWORD)
    browser.press("invited.sign_in")
    if "/i/" in browser.path:
        browser.press("invited.join")
    browser.until(lambda: browser.path == "/o/" + org.slug, "the organization")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("javascript", [True, False])
def test_by_a_password(town, language, javascript):
    person, org, link = invited(town, language)
    browser = Browser(language=language, javascript=javascript, size="phone")
    try:
        browser.go(link).sees("invited.sign_in_first").fits()
        browser.one("#given_name").send_keys("Zoé")
        browser.one("#family_name").send_keys("Durand")
        browser.one("#new-password").send_keys("another good sentence")
        browser.press("invited.join").sees("mailed.title")
        assert not javascript or browser.axe() == []
        goes_on_by_mail(town, browser, person, org)
        assert browser.complaints() == []
    finally:
        browser.close()


@pytest.mark.timeout(120)
def test_signing_in_first_leads_back_to_the_invitation(town):
    person, org, link = invited(town, "fr")
    browser = Browser(language="fr")
    try:
        browser.go(link).follow("invited.sign_in_first").fill("common.email", person.email)
        browser.one("#password").send_keys(PASSWORD)
        browser.press("sign_in.submit").press("invited.join")
        browser.until(lambda: browser.path == "/o/" + org.slug, "the organization")
    finally:
        browser.close()


@pytest.mark.timeout(120)
def test_by_a_passkey(town):
    person, org, link = invited(town, "en")
    browser = Browser(language="en")
    options = VirtualAuthenticatorOptions()
    options.protocol, options.transport = Protocol.CTAP2, Transport.INTERNAL
    options.has_resident_key = options.has_user_verification = options.is_user_verified = True
    browser.driver.add_virtual_authenticator(options)
    try:
        browser.go(link)
        browser.one("#given_name").send_keys("Zoé")
        browser.one("#family_name").send_keys("Durand")
        browser.press("passkey.enrol").sees("mailed.title")
        assert browser.axe() == []
        goes_on_by_mail(town, browser, person, org)
        assert person.api.get("/me/passkeys").ok()["items"] == []  # the one that was made for nobody is kept nowhere
        assert browser.complaints() == []
    finally:
        browser.close()


def test_somebody_new_notices_nothing(town):
    org = town.found("Bar")
    link = org.link(org.invite(fresh(), deliver=False)).ok()["url"]
    browser = Browser(language="en", javascript=False)
    try:
        browser.go(link)
        browser.one("#given_name").send_keys("Zoé")
        browser.one("#family_name").send_keys("Durand")
        browser.one("#new-password").send_keys("another good sentence")
        browser.press("invited.join")
        browser.until(lambda: browser.path == "/o/" + org.slug, "the organization")
    finally:
        browser.close()
