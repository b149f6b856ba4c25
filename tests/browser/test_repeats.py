"""A double click ends as one click does: the browser throws the first answer away, and the second is as good."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains

from lib.browser import Browser
from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, fresh
from lib.ways import NEW


@pytest.fixture(scope="module", params=[True, False], ids=["script", "no-script"])
def b(request):
    browser = Browser("fr", "desktop", javascript=request.param)
    yield browser
    browser.close()


@pytest.fixture(autouse=True)
def signed_out(b):
    b.driver.delete_all_cookies()


def press_twice(b, key):
    button = b.until(lambda: b._named("button", key), f"button {b.word(key)!r}")
    ActionChains(b.driver).double_click(button).perform()
    return b


def test_join(b, acme):
    url = acme.world.server.url
    for _ in range(3):
        b.driver.delete_all_cookies()
        link = acme.link(acme.invite(fresh(), deliver=False)).ok()["url"]
        b.go(f"{url}/i/{token_of(link)}")
        b.fill("common.given_name", "Zoé").fill("common.family_name", "Durand")
        b.one("#new-password").send_keys(PASSWORD)
        press_twice(b, "invited.join").comes_to(f"/o/{acme.slug}")
        assert b.go(url + "/me").path == "/me"
    assert len(acme.members()) == 4


def test_a_reset(b, acme, inbox, anonymous):
    url, person = acme.world.server.url, acme.join()
    anonymous.post("/password-resets", {"email": person.email}).ok(202)
    b.go(f"{url}/password/reset/{inbox.resets(person.email)[-1].token}")
    b.one("#new-password").send_keys(NEW)
    ActionChains(b.driver).double_click(b.one("form .primary")).perform()
    b.comes_to(f"/o/{acme.slug}")
    b.driver.delete_all_cookies()
    b.sign_in(url, person.email, NEW)
    assert b.path == f"/o/{acme.slug}"


def test_a_temporary_password(b, acme):
    url, email = acme.world.server.url, fresh()
    made = acme.send(email, method="temporary_password", delivery="show", deliver=False).ok()["results"][0]
    b.go(url + "/sign-in")
    b.one("[name=email]").send_keys(email)
    b.one("[name=password]").send_keys(made["temporary_password"])
    ActionChains(b.driver).double_click(b.one("form .primary")).perform()
    b.comes_to("/password/new").sees("own_password.lead")
    b.fill("common.given_name", "Zoé").fill("common.family_name", "Durand")
    b.one("#new-password").send_keys(PASSWORD)
    ActionChains(b.driver).double_click(b.one("form .primary")).perform()
    b.comes_to(f"/o/{acme.slug}")
    assert b.go(url + "/me").path == "/me"


def test_a_second_factor(b, acme):
    url, person = acme.world.server.url, acme.join()
    app, _ = set_up(person.api, acme.world.clock)
    b.sign_in(url, person.email, PASSWORD)
    b.comes_to("/sign-in/factor")
    b.one("#code").send_keys(app.fresh())
    ActionChains(b.driver).double_click(b.one("form .primary")).perform()
    b.comes_to(f"/o/{acme.slug}")
    assert b.go(url + "/me").path == "/me"
