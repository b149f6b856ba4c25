"""Settings → General in a real browser: both languages, both sizes, light and dark, and what a refused form says."""

import pytest

from lib.browser import ROOT, Browser
from lib.mailbox import Mailbox
from lib.people import World
from lib.pictures import png

SHOTS = ROOT / "build/shots/settings"


@pytest.fixture
def house(make_server):
    box = Mailbox()
    yield World(make_server(mail=box.uri, mail_from="Parvis <parvis@parvis.example>"), box)
    box.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_settings(house, language, tmp_path):
    bar = house.found("Bar", locale=language)
    bar.owner.api.patch("/me", {"locale": language}).ok()
    browser = Browser(language=language)
    try:
        page = f"{house.server.url}/o/{bar.slug}/settings"
        browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "America/New_York"})
        browser.be(bar.api, house.server.url).go(page)
        first = browser.all("#time_zone optgroup:first-of-type option")[0]
        assert first.get_attribute("value") == "America/New_York", "the browser's own comes first"
        browser.press(browser.word("me.time_zone_here").replace("%zone%", "New York"))
        browser.fill("settings.allowed_domains", "example.org\nnot a domain").fill("settings.accent", "#ffcc00").press("common.save")
        browser.sees("1.39" if language == "en" else "1,39")
        for size in ("desktop", "phone"):
            for dark in (False, True):
                browser.look(size, dark)
                browser.fits()
                assert browser.axe() == []
                browser.shot(SHOTS / f"refused-{language}-{size}-{'dark' if dark else 'light'}.png")
        browser.look("desktop", False)
        browser.fill("settings.allowed_domains", "example.org\n*.example.net").fill("settings.accent", "#7a1f5f").press("common.save")
        browser.sees(browser.word("notice.settings_saved"))
        saved = bar.api.get(bar.path + "/settings").ok()
        assert saved["accent"] == "#7a1f5f" and saved["time_zone"] == "America/New_York"
        for size in ("desktop", "phone"):
            for dark in (False, True):
                browser.look(size, dark)
                browser.fits()
                assert browser.axe() == []
                browser.shot(SHOTS / f"saved-{language}-{size}-{'dark' if dark else 'light'}.png")
        picture = tmp_path / "logo.png"
        picture.write_bytes(png(400, 120, (122, 31, 95, 255)))
        browser.look("desktop", False)
        browser.one("#logo-file").send_keys(str(picture))
        browser.press("settings.logo_save").one(".side .logo")
        for size in ("desktop", "phone"):
            browser.look(size, size == "phone")
            browser.fits()
            assert browser.axe() == []
            browser.shot(SHOTS / f"logo-{language}-{size}.png")
        bar.invite("zoe@example.org")
        browser.driver.delete_all_cookies()
        browser.go(house.inbox.link_for("zoe@example.org")).one(".card .logo")
        assert browser.all("[data-here]")[0].get_attribute("value") == "America/New_York"
        browser.fits()
        assert browser.axe() == []
        browser.shot(SHOTS / f"invited-{language}-phone.png")
        assert browser.complaints() == []
    finally:
        browser.close()
