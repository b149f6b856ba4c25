"""The whole main job in a real browser against a real mail server, with JavaScript and without."""

import re

import pytest

from lib.browser import ROOT, Browser
from lib.mailbox import Mailbox
from lib.people import PASSWORD, World, fresh

SHOTS = ROOT / "build/shots/main-job"


@pytest.fixture
def house(make_server):
    box = Mailbox()
    yield World(make_server(mail=box.uri, mail_from="Parvis <parvis@parvis.example>"), box)
    box.stop()


@pytest.fixture(params=[True, False], ids=["with-javascript", "without-javascript"])
def open_browser(request):
    opened = []

    def make(**kw):
        opened.append(Browser(javascript=request.param, **kw))
        return opened[-1]

    make.javascript = request.param
    make.shots = SHOTS / ("with" if request.param else "without")
    yield make
    for b in opened:
        if request.param:
            assert b.complaints() == []
        b.close()


def looked_at(browser, shots, name):
    """Each page on the way: judged and kept."""
    browser.shot(shots / f"{name}.png")
    if browser.javascript:
        browser.fits()
        assert browser.axe() == [], name


def sign_in(browser, url, email):
    browser.sign_in(url, email, PASSWORD)
    browser.until(lambda: "/sign-in" not in browser.url, "page after signing in")


@pytest.mark.timeout(300)
def test_the_main_job(house, open_browser):
    url, shots = house.server.url, open_browser.shots
    bar = house.found("Bar", locale="fr")
    bar.owner.api.patch("/me", {"locale": "fr"}).ok()
    known = house.found("Ailleurs", locale="fr").join(given="Karim", family="Benali")
    known.api.patch("/me", {"locale": "fr"}).ok()
    plain = fresh("paul")
    idn, idn_wire = "eloise@bücher.example", "eloise@xn--bcher-kva.example"
    pasted = f"{plain}; Éloïse Müller <{idn}>\n{known.email}"

    # three addresses, pasted
    olive = open_browser()
    sign_in(olive, url, bar.owner.email)
    olive.go(f"{url}/o/{bar.slug}/users").follow("users.invite")
    if open_browser.javascript:
        field = olive.one("#chip-input")
        olive.driver.execute_script(
            """
            const data = new DataTransfer(); data.setData("text/plain", arguments[1]);
            const paste = {clipboardData: data, bubbles: true, cancelable: true};
            arguments[0].dispatchEvent(new ClipboardEvent("paste", paste));""",
            field,
            pasted,
        )
        olive.until(lambda: len(olive.all(".chip")) == 3 and not olive.all(".chip.wait"), "three chips, checked")
    else:
        olive.one("#addresses").send_keys(pasted)
        olive.press("invite.check")
        olive.sees("invite.will_happen").sees(plain).sees(idn)
    looked_at(olive, shots, "1-addresses")
    olive.press("invite.next")
    olive.choose("input[name=role][value=member]")
    olive.one("#message").send_keys("Nous commençons lundi, à neuf heures.")
    looked_at(olive, shots, "2-options")
    olive.press("invite.to_preview")
    olive.sees("preview.mail").sees("Olive Martin vous invite à rejoindre Bar")
    looked_at(olive, shots, "3-preview")
    assert house.inbox.mails == [] or all(
        m.recipients[0] not in (plain, idn_wire) for m in house.inbox.mails
    ), "nothing is sent before"
    olive.click(olive.one("form[action$='/invite/send'] button"))
    olive.until(lambda: olive.all("a[href*='/batches/']"), "link to the batch")
    looked_at(olive, shots, "4-sent")
    batch_url = olive.all("a[href*='/batches/']")[0].get_attribute("href")

    # the mails, read from the server and rendered
    mails = {a: house.inbox.last(a, n) for a, n in ((plain, 1), (idn_wire, 1), (known.email, 2))}
    reader = open_browser(size="phone")
    for i, mail in enumerate(mails.values()):
        assert mail.subject == "Olive Martin vous invite à rejoindre Bar" and "lundi, à neuf heures" in mail.text
        page = shots / f"mail-{i}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(mail.html, "utf-8")
        reader.go(page.as_uri()).sees("Bar").shot(shots / f"5-mail-{i}.png")

    # one enrols on a phone, in French
    phone = open_browser(size="phone")
    phone.go(mails[plain].link).sees("Bar").sees("Olive Martin")
    looked_at(phone, shots, "6-enrol")
    phone.fill("common.given_name", "Paul").fill("common.family_name", "Lefèvre").fill(
        "password.label", PASSWORD
    ).press("invited.join")
    phone.until(lambda: phone.path == "/o/" + bar.slug, "home of the organization")
    phone.sees("Bar")
    looked_at(phone, shots, "7-home")

    # one accepts with the account they have, signing in on the way
    karim = open_browser()
    karim.go(mails[known.email].link).sees("invited.has_account")
    looked_at(karim, shots, "8-has-account")
    karim.fill("password.label", PASSWORD).press("invited.sign_in")
    karim.until(lambda: "/i/" in karim.url, "the invitation again")
    looked_at(karim, shots, "9-accept")
    karim.press("invited.join")
    karim.until(lambda: karim.path == "/o/" + bar.slug, "home of the organization")

    # one declines
    eloise = open_browser(size="phone")
    eloise.go(mails[idn_wire].link).follow("invited.decline")
    looked_at(eloise, shots, "10-decline")
    eloise.press("decline.submit").sees("decline.done_title")
    looked_at(eloise, shots, "11-declined")
    eloise.go(mails[idn_wire].link)
    assert not eloise.all("input[name=password]")
    looked_at(eloise, shots, "12-closed")

    # the lists and the batch page say so
    olive.go(batch_url)
    assert re.search(r"2 sur 3", olive.text), olive.text
    looked_at(olive, shots, "13-batch")
    olive.go(f"{url}/o/{bar.slug}/users/invitations")
    assert "Acceptée" in olive.row(plain)
    assert "Déclinée" in olive.row("eloise@")
    looked_at(olive, shots, "14-invitations")
    olive.go(f"{url}/o/{bar.slug}/users").sees("Paul Lefèvre").sees("Karim Benali")
    looked_at(olive, shots, "15-members")

    # one is promoted
    olive.row_menu("Paul Lefèvre", "member.change_role")
    olive.choose("input[name=role][value=administrator]")
    looked_at(olive, shots, "16-role")
    olive.press("role_change.submit")
    olive.until(lambda: "Administra" in olive.row("Paul Lefèvre"), "administrator")
    phone.go(f"{url}/o/{bar.slug}/users").sees("Karim Benali")

    # one is removed, and refused at the very next request
    olive.row_menu("Karim Benali", "member.remove").sees("removal.goes")
    looked_at(olive, shots, "17-remove")
    olive.press("removal.submit")
    olive.until(
        lambda: not any("Karim Benali" in r.text for r in olive.all("tbody tr")) and olive.all("tbody tr"),
        "list without Karim",
    )
    looked_at(olive, shots, "18-removed")
    karim.go(f"{url}/o/{bar.slug}")
    karim.sees_not("Olive Martin")
    assert known.api.page("/o/" + bar.slug).status == 404
    looked_at(karim, shots, "19-refused")
    assert sorted(m["account"]["family_name"] for m in bar.members()) == ["Lefèvre", "Martin"]


@pytest.mark.timeout(120)
def test_founding_in_the_browser(make_server, open_browser):
    """The one-time setup address, then signing out and in again."""
    server = make_server(mail=None)
    link = re.search(r"http://127\.0\.0\.1:\d+/setup/[\w-]+", server.log()).group(0)
    b = open_browser(size="phone")
    b.go(link)
    looked_at(b, open_browser.shots, "setup")
    b.one("input[name=organization]").send_keys("Bar")
    b.fill("common.given_name", "Olive").fill("common.family_name", "Martin")
    b.one("input[name=email]").send_keys("olive@example.org")
    b.one("input[name=password]").send_keys(PASSWORD)
    b.click(b.one("main form[action^='/setup/'] button:not([type=button])"))
    b.until(lambda: "/o/bar" in b.url, "home of the organization")
    b.go(server.url + "/o/bar/users/invitations")
    looked_at(b, open_browser.shots, "no-invitations")


@pytest.mark.timeout(120)
def test_somebody_else_is_signed_in(house, open_browser):
    """A page shows both addresses and offers to switch, without consuming anything."""
    bar = house.found("Bar", locale="fr")
    email = fresh("paul")
    bar.invite(email)
    link = house.inbox.link_for(email)
    b = open_browser()
    sign_in(b, house.server.url, bar.owner.email)
    b.go(link).sees(email).sees(bar.owner.email)
    looked_at(b, open_browser.shots, "switch")
    assert bar.state(bar.api.items(bar.path + "/invitations")[0]) == "pending"
    b.click(b.one("form[action$='/switch'] button"))
    b.until(lambda: b.all("input[name=password]"), "enrolment")
    b.fill("common.given_name", "Paul").fill("common.family_name", "Lefèvre").fill("password.label", PASSWORD).press(
        "invited.join"
    )
    b.until(lambda: b.path == "/o/" + bar.slug, "home of the organization")


@pytest.mark.timeout(120)
def test_a_forgotten_password_on_the_way_comes_back_to_the_invitation(house, open_browser):
    bar, person = house.found("Bar", locale="fr"), house.found("Ailleurs").join()
    bar.invite(person.email)
    link = house.inbox.wait(person.email, 2)[-1].link
    b = open_browser(size="phone")
    b.go(link).press("sign_in.forgotten")  # taps: the mail's link, forgotten, the other mail's link, the field, choose it, join
    b.sees("reset_sent.title")
    b.go(house.inbox.resets(person.email)[0].link)
    b.one("input[name=new_password]").send_keys("tout nouveau secret")
    b.press("reset.submit").until(lambda: "/i/" in b.url, "the invitation again")
    b.press("invited.join")
    b.until(lambda: b.path == "/o/" + bar.slug, "home of the organization")
