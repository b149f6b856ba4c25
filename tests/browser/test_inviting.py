"""Inviting with temporary passwords in a real browser: as the organization hands them over, with JavaScript and without."""

import re

import pytest

from lib import pdf
from lib.browser import ROOT, Browser
from lib.mailbox import Mailbox
from lib.people import PASSWORD, World, fresh

SHOTS = ROOT / "build/shots/inviting"
NEW_PASSWORD = "violet-harbour-93"


@pytest.fixture(scope="module")
def house(make_server):
    box = Mailbox()
    yield World(make_server(mail=box.uri, mail_from="Parvis <parvis@parvis.example>"), box)
    box.stop()


@pytest.fixture(scope="module", params=[True, False], ids=["with-javascript", "without-javascript"])
def browser(request):
    made = Browser(size="phone", javascript=request.param)
    made.shots = SHOTS / ("with" if request.param else "without")
    yield made
    if request.param:
        assert made.complaints() == []
    made.close()


@pytest.fixture(params=["ask", "send", "show"])
def bar(house, request, browser):
    """An organization with that setting; its owner stands before the users page."""
    org = house.found("Théâtre Bar", locale="fr")
    org.api.patch("/me", {"locale": "fr"}).ok()
    org.owner.prove(house.inbox)
    org.set(temporary_password_delivery=request.param).ok()
    org.delivery = request.param
    browser.be(org.api, house.server.url).go(f"{house.server.url}/o/{org.slug}/users")
    return org


def looked_at(browser, bar, name):
    """Each page on the way: judged and kept."""
    browser.shot(browser.shots / f"{bar.delivery}-{name}.png")
    if browser.javascript:
        browser.fits()
        assert browser.axe() == [], name


def enter(browser, *addresses):
    """Types the addresses, and waits for what is said of each."""
    if browser.javascript:
        browser.one("#chip-input").send_keys("\n".join(addresses) + "\n")
        browser.until(lambda: len(browser.all(".chip.good")) == len(addresses), "chips, checked")
    else:
        browser.one("#addresses").send_keys("\n".join(addresses))
        browser.press("invite.check").sees("invite.will_happen")


def send(browser):
    browser.click(browser.one("form[action$='/send'] button"))


def shown(browser):
    """{address: password} of the report."""
    rows = browser.all(".report tbody tr")
    pick = lambda row, css: row.find_element("css selector", css).get_attribute("textContent")
    return {pick(row, ".address"): pick(row, ".once") for row in rows}


def download(browser, client):
    """What the button fetches: the same form, sent by the same person."""
    fields = [
        (e.get_attribute("name"), e.get_attribute("value")) for e in browser.all("form[action$='/sheets'] input[type=hidden]")
    ]
    answer = client.submit(browser.all("form[action$='/sheets']")[0].get_dom_attribute("action"), fields).ok(200)
    assert answer.headers["Content-Type"] == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer.body


def leave(browser):
    """The report lets one go once its passwords are kept, and not before."""
    done = next(e for e in browser.all(".kept button") if e.is_displayed())
    if browser.javascript:
        assert not done.is_enabled()
        browser.driver.execute_script("document.querySelector('.kept').requestSubmit()")  # what a closed gate does not let through
        assert browser.all(".report")
    else:
        done.click()  # the box is required
        assert browser.all(".report")
    browser.choose(".kept input")
    browser.press("common.done")
    browser.until(lambda: not browser.all(".report"), "page after the report")


def mailed(mail):
    """The temporary password in a mail."""
    return re.search(r"\b([a-z2-9]{6}-[a-z2-9]{6}-[a-z2-9]{6})\b", mail.text).group(1)


def take_up(house, bar, email, password):
    """Signs in with it, replaces it, and is a member."""
    client = house.client()
    session = client.post("/sessions", {"email": email, "password": password}).ok(201)
    assert session["password_change_required"] is True
    client.get(bar.path).refused("password-change-required", 403)
    body = {"current_password": password, "new_password": NEW_PASSWORD, "given_name": "Nora", "family_name": "Klein"}
    client.post("/me/password", body).ok()
    client.get(bar.path).ok()
    return client


@pytest.mark.timeout(120)
def test_an_administrator_is_added(house, browser, bar):
    nora = fresh("nora")
    browser.sees("users.second_title").follow("users.second_action").sees("administrators.lead")
    enter(browser, nora)
    browser.sees("outcome.new-person")
    looked_at(browser, bar, "1-administrator")
    offered = [e.get_attribute("value") for e in browser.all("input[type=radio][name=method]")]
    assert offered == (["send", "show"] if bar.delivery == "ask" else []), "asked only where the organization asks"
    if bar.delivery == "ask":
        browser.choose("input[name=method][value=show]")
    else:
        browser.sees("invite.method_fixed." + bar.delivery)
    browser.press("invite.next").press("invite.to_preview").sees("preview.mail").sees("role.administrator")
    send(browser)
    if bar.delivery == "send":
        browser.until(lambda: "/batches/" in browser.url, "page of the batch")
        password = mailed(house.inbox.last(nora))
    else:
        browser.sees("report.title_one")
        looked_at(browser, bar, "2-administrator-shown")
        password = shown(browser)[nora]
        assert password not in house.inbox.last(nora).text, "the mail says that the inviter will pass it on"
        text = pdf.words(pdf.pages(download(browser, bar.api))[0])
        assert password in text and nora in text and "Théâtre Bar" in text and "Votre mot de passe temporaire" in text
        leave(browser)
    assert password not in house.server.log()
    take_up(house, bar, nora, password)
    assert {m["account"]["email"]: m["role"] for m in bar.members()}[nora] == "administrator"
    browser.go(f"{house.server.url}/o/{bar.slug}/users").sees_not("users.second_title")


@pytest.mark.timeout(120)
def test_ten_at_once_and_one_with_an_account(house, browser, bar):
    people, known = [fresh("personne") for _ in range(10)], house.found("Ailleurs").owner.email
    groups = [bar.api.post(bar.path + "/groups", {"name": n}).ok(201)["id"] for n in ("Régie", "Lumière")]
    for key, name, default in (("offline", "Hors connexion", True), ("mobile", "Application mobile", False)):
        body = {"key": key, "name": {"en": name, "fr": name}, "default": default}
        bar.api.post(bar.path + "/entitlements", body).ok(201)
    browser.go(f"{house.server.url}/o/{bar.slug}/users").follow("users.invite")
    enter(browser, *people, known)
    browser.press("invite.next").sees("invite.groups").sees("invite.entitlements")
    offered = [e.get_attribute("value") for e in browser.all("input[type=radio][name=method]")]
    assert offered == ["link"] + (["send", "show"] if bar.delivery == "ask" else [bar.delivery])
    looked_at(browser, bar, "3-options")
    method = "show" if bar.delivery == "ask" else bar.delivery
    browser.choose(f"input[name=method][value={method}]").choose(f"input[name=groups][value={groups[0]}]")
    browser.choose("input[name=entitlements][value=mobile]")
    day = browser.one("#access_ends").get_attribute("min")[:4] + "-12-31"
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": f"document.querySelector('#access_ends').value = '{day}'"})
    browser.press("invite.to_preview").sees("Régie").sees("Application mobile").sees("31 décembre").sees("invite.method." + method)
    looked_at(browser, bar, "4-preview")
    browser.press("invite.back")
    assert browser.one("#access_ends").get_attribute("value") == day, "what was chosen is carried"
    assert [e.get_attribute("value") for e in browser.all("input[name=groups]:checked")] == [groups[0]]
    browser.press("invite.to_preview")
    send(browser)
    if method == "send":
        browser.until(lambda: "/batches/" in browser.url, "page of the batch")
        passwords = {a: mailed(house.inbox.last(a)) for a in people}
    else:
        browser.sees("report.title").sees("report.others").sees(known)
        looked_at(browser, bar, "5-report")
        passwords = shown(browser)
        assert set(passwords) == set(people)
        pages = pdf.pages(download(browser, bar.api))
        assert [next(a for a in people if a in page) for page in pages] == people, "a sheet a person, in their order"
        assert all(passwords[a] in page for a, page in zip(people, pages))
        leave(browser)
    assert "/i/" in house.inbox.last(known).text, "who has an account gets a link"
    client = take_up(house, bar, people[7], passwords[people[7]])
    me = next(m for m in bar.members() if m["account"]["email"] == people[7])
    assert me["entitlements"] == {"offline": True, "mobile": True} and me["access_ends_at"].startswith(str(int(day[:4]) + 1))
    assert me["groups"] == [groups[0]]
    assert client.get("/me").ok()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("bar", ["ask"], indirect=True)
def test_an_existing_account_alone_is_asked_to_accept_with_it(house, browser, bar):
    known = house.found("Ailleurs", locale="fr").join().email
    browser.follow("administrators.title")
    enter(browser, known)
    browser.sees("outcome.existing-account").sees("outcome.existing-account.detail")
    assert not [e for e in browser.all("input[type=radio][name=method]") if e.is_displayed()], "nothing to choose"
    looked_at(browser, bar, "6-existing")
    browser.press("invite.next").press("invite.to_preview")
    send(browser)
    browser.until(lambda: "/batches/" in browser.url, "page of the batch")
    assert "/i/" in house.inbox.last(known).link


@pytest.mark.timeout(120)
@pytest.mark.parametrize("bar", ["ask", "send"], indirect=True)
def test_a_new_temporary_password_is_issued_from_the_list(house, browser, bar):
    nora = fresh("nora")
    first = bar.send(nora, method="temporary_password", delivery="show" if bar.delivery != "send" else "send").ok()
    old = first["results"][0].get("temporary_password") or mailed(house.inbox.last(nora))
    mails = len(house.inbox.all_for(nora))
    browser.go(f"{house.server.url}/o/{bar.slug}/users/invitations").sees("invitations.temporary")
    browser.row_menu(nora, "invitation.new_password").sees("new_password.title")
    looked_at(browser, bar, "7-new-password")
    if bar.delivery == "ask":
        browser.choose("input[name=method][value=show]")
    browser.press("new_password.submit")
    if bar.delivery == "send":
        browser.sees("notice.password_issued")
        new = mailed(house.inbox.last(nora, mails + 1))
    else:
        browser.sees("report.title_one")
        new = shown(browser)[nora]
        leave(browser)
    house.client().post("/sessions", {"email": nora, "password": old}).refused("sign-in-failed", 401)
    take_up(house, bar, nora, new)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("bar", ["show"], indirect=True)
def test_copying_or_downloading_opens_the_way(house, browser, bar):
    if not browser.javascript:
        return leaves_with_a_tick(house, browser, bar)
    for act in ("report.sheet", "report.copy"):
        browser.go(f"{house.server.url}/o/{bar.slug}/users/administrators")
        enter(browser, fresh("nora"))
        browser.press("invite.next").press("invite.to_preview")
        send(browser)
        browser.sees("report.title_one")
        unload = "return !window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
        assert browser.driver.execute_script(unload), "the page asks before it is left"
        browser.press(act)
        browser.until(lambda: browser.one(".kept button").is_enabled(), "way on")
        assert not browser.driver.execute_script(unload)
        browser.press("common.done")


def leaves_with_a_tick(house, browser, bar):
    browser.follow("administrators.title")
    enter(browser, fresh("nora"))
    browser.press("invite.next").press("invite.to_preview")
    send(browser)
    browser.sees("report.title_one")
    leave(browser)
