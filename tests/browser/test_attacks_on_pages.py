"""Attacks replayed on the pages, with JavaScript and without: the thief's browser beside the holder's. By the API they are in
tests/attack/: test_hijacking.py, test_names.py, test_crowds.py, test_strangers_asking.py, test_api_keys.py, test_options.py,
test_mail_links.py."""

import re

import pytest

from lib.browser import ROOT, Browser
from lib.crowds import attempt, exhaust, from_, hold
from lib.otp import set_up
from lib.people import PASSWORD, World, fresh
from lib.ways import NEW, mailed

SHOTS = ROOT / "build/shots/attacks"
THIEFS = "violet-harbour-93"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    settings = {"signup": "on", "tell_accounts": "on", "rate_limits": "on", "trusted_proxies": "127.0.0.1"}
    return World(make_server(mail=smtp.uri, **settings), smtp)


@pytest.fixture(scope="module", params=[True, False], ids=["with-javascript", "without-javascript"])
def pair(request):
    """Two browsers: in French with JavaScript, in English without."""
    made = [Browser(language="fr" if request.param else "en", javascript=request.param) for _ in range(2)]
    yield made
    complaints = [c for b in made for c in b.complaints()]
    for b in made:
        b.close()
    assert not request.param or complaints == []


@pytest.fixture
def thief(pair):
    return pair[0].comes_from(None).be(None, None)


@pytest.fixture
def holder(pair):
    return pair[1].comes_from(None).be(None, None)


@pytest.fixture
def acme(town, holder):
    org = town.found("Acme", locale=holder.language)
    org.api.patch("/me", {"locale": holder.language}).ok()
    return org


@pytest.fixture
def victim(acme, holder):
    person = acme.join(given="Vera", family="Lang")
    person.api.patch("/me", {"locale": holder.language}).ok()
    return person


def ask(browser, town, password, new):
    """Another address, on the account page of whoever is signed in; the path of the link that is mailed there."""
    browser.go(town.server.url + "/me").one("#address summary").click()
    browser.fill("me.email_new", new).one("#email-password").send_keys(password)
    browser.press("me.email_submit").sees("notice.email_change_sent").sees("me.email_cancel")
    return "/email/confirm/" + mailed(town.inbox, new, "/email/confirm/")


def move(browser, town, email, password, new):
    """Signs in, asks for another address and confirms it; the path of the link that takes the old one back."""
    browser.sign_in(town.server.url, email, password)
    link = ask(browser, town, password, new)
    browser.go(town.server.url + link).sees(new).press("email_confirm.submit").sees("notice.email_changed")
    return "/email/undo/" + mailed(town.inbox, email, "/email/undo/")


def choose_password(browser, town, email, password, count):
    """By the newest link of so many resets that were mailed; whoever chose it is in."""
    browser.go(town.inbox.resets(email, count)[-1].link).fill("password.new", password)
    browser.press("reset.submit").until(lambda: "/password" not in browser.path, "page after it")


def reset(browser, town, email, password):
    """Forgotten, by the page, and signed in again."""
    count = len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text])
    browser.go(town.server.url + "/sign-in").follow("sign_in.forgotten").fill("common.email", email)
    browser.press("forgotten.submit").sees("reset_sent.title")
    choose_password(browser, town, email, password, count + 1)


def address_shown(browser, town):
    return browser.go(town.server.url + "/me").one("#address .address").text


def is_out(browser, town):
    """A form of the page that was open is kept until one signs in, and another page leads there."""
    browser.press("common.save").sees("kept.title")
    browser.go(town.server.url + "/me").comes_to("/sign-in").sees("sign_in.title")


def is_refused(browser, town, email, password):
    browser.sign_in(town.server.url, email, password).sees("problem.sign-in-failed.detail")
    assert browser.path == "/sign-in"


def is_dead(browser, town, link):
    """A mailed link: the page says so and offers nothing, and what its form would have sent does nothing."""
    browser.go(town.server.url + link).sees("problem.token-invalid.title").sees("problem.token-invalid.detail")
    assert not browser.all("main form")
    browser.submit(link, []).sees("problem.token-invalid.title")


@pytest.mark.timeout(120)
def test_what_a_thief_asked_for_dies_with_a_reset(town, victim, thief, holder):
    evil = fresh("evil")
    thief.be(victim.api, town.server.url)
    link = ask(thief, town, PASSWORD, evil)
    told = town.inbox.wait(victim.email, 2)[-1]
    assert evil in told.text and "/me#address" in told.text
    reset(holder, town, victim.email, NEW)
    is_out(thief, town)
    is_dead(thief, town, link)
    is_refused(thief, town, victim.email, PASSWORD)
    assert address_shown(holder, town) == victim.email
    holder.sees_not(evil).sees_not("me.email_cancel")


def join(browser, town, link, given, password, org):
    browser.go(link).fill("common.given_name", given).fill("common.family_name", "Lang")
    browser.fill("password.label", password).press("invited.join")
    browser.comes_to("/o/" + org.slug)


@pytest.mark.timeout(120)
def test_who_joined_at_anothers_address_moves_nothing_and_goes_when_its_holder_comes(town, acme, thief, holder):
    """By a copied link: nobody proved the address. Its holder then joins elsewhere by a mailed invitation."""
    boss, evil = fresh("boss"), fresh("evil")
    join(thief, town, acme.link(acme.invite(boss, deliver=False)).ok()["url"], "Mallory", PASSWORD, acme)
    me = thief.go(town.server.url + "/me")
    for form in (False, True):
        if form:
            me.submit("/me/email", [("email", evil), ("current_password", PASSWORD)])
        me.sees("me.unproved").sees("me.email_unproved").sees("me.send_code").sees_not("me.email_cancel")
        assert not me.all("form[action^='/me/email']") and me.one("#address .address").text == boss
    other = town.found("Other", locale=holder.language)
    other.invite(boss)
    join(holder, town, town.inbox.link_for(boss), "Vera", NEW, other)
    is_out(thief, town)
    is_refused(thief, town, boss, PASSWORD)
    assert address_shown(holder, town) == boss
    holder.sees("me.proved").sees_not("Mallory")
    assert town.inbox.all_for(evil) == []


@pytest.mark.timeout(180)
def test_a_thief_who_moves_confirms_and_resets_loses_it_to_the_undo(town, acme, victim, thief, holder):
    evil, old = fresh("evil"), victim.email
    link = move(thief, town, old, PASSWORD, evil)
    thief.driver.delete_all_cookies()
    reset(thief, town, evil, THIEFS)
    assert address_shown(thief, town) == evil
    holder.go(town.server.url + link).sees("email_undo.title").sees(evil).sees(old)
    holder.press("email_undo.submit").sees("notice.email_change_undone")
    holder.comes_to("/sign-in")
    is_out(thief, town)
    choose_password(holder, town, old, NEW, 1)
    holder.comes_to("/o/" + acme.slug)
    assert address_shown(holder, town) == old
    is_refused(thief, town, old, THIEFS)
    thief.sign_in(town.server.url, evil, THIEFS)  # an account of the thief's own, with nothing in it
    thief.comes_to("/me")
    thief.sees(evil).sees_not("Acme").go(f"{town.server.url}/o/{acme.slug}").sees("not_found.title")
    holder.go(town.server.url + link).sees("problem.token-invalid.title")


def robbed(town, person, new):
    """The address was moved, and the old one has a newer account: the path of the link that waits, and where the newer one is."""
    old = person.email
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    town.client().post("/email-changes/confirm", {"token": mailed(town.inbox, new, "/email/confirm/")}).ok(204)
    theirs = town.found("Theirs")
    theirs.invite(old)
    town.enrol(town.inbox.token_for(old, 2, invitation=True), password=NEW).ok(201)
    return "/email/undo/" + mailed(town.inbox, old, "/email/undo/"), theirs


@pytest.mark.timeout(180)
def test_an_undo_whose_address_has_a_newer_account_waits_for_it(town, acme, victim, thief, holder):
    evil, old = fresh("evil"), victim.email
    link, newer = robbed(town, victim, evil)
    thief.be(victim.api, town.server.url).go(town.server.url + "/me").sees(evil)
    holder.go(town.server.url + link).press("email_undo.submit").sees("field.undo-waits")
    holder.judged(SHOTS / "undo-waits")
    is_out(thief, town)
    town.client().post("/sessions", {"email": evil, "password": PASSWORD}).refused("sign-in-failed", 401)
    holder.go(town.server.url + link).sees_not(evil).judged(SHOTS / "undo-again")
    holder.press("email_undo.submit").sees("field.undo-waits").follow("email_undo.sign_in")
    holder.comes_to("/sign-in")
    holder.sign_in(town.server.url, old, NEW)
    holder.comes_to("/o/" + newer.slug)
    holder.go(town.server.url + "/me/close").fill("password.current", NEW).press("closing.submit")
    holder.comes_to("/sign-in")
    holder.go(town.server.url + link).press("email_undo.submit").sees("notice.email_change_undone")
    choose_password(holder, town, old, NEW, 1)
    holder.comes_to("/o/" + acme.slug)


def longest(browser, key):
    """What is left of a text between the places that are filled in."""
    return max(re.split(r"\{\w+\}", browser.word(key)), key=len).strip()


@pytest.mark.timeout(180)
def test_an_undo_says_beforehand_what_is_in_its_way(town, acme, victim, holder):
    old = victim.email
    link, newer = robbed(town, victim, fresh("evil"))
    page = holder.go(town.server.url + link)
    for key in ("email_undo.taken", "email_undo.steps", "email_undo.sign_in"):
        page.sees(longest(holder, key))
    page.judged(SHOTS / "undo-taken")
    page.press("email_undo.submit").sees("field.undo-waits").sees(longest(holder, "email_undo.until"))
    page.go(town.server.url + link).sees(longest(holder, "email_undo.waiting")).sees(longest(holder, "email_undo.steps"))
    page.sees_not("email_undo.note").judged(SHOTS / "undo-still-waits")
    town.client().sign_in(old, NEW).call("DELETE", "/me", {"current_password": NEW}).ok(204)
    page.go(town.server.url + link).sees(longest(holder, "email_undo.free")).sees_not(longest(holder, "email_undo.steps"))
    page.judged(SHOTS / "undo-free")
    page.press("email_undo.submit").sees("notice.email_change_undone")


@pytest.mark.timeout(180)
def test_a_share_is_named_before_it_is_taken(town, acme, victim, holder):
    old, own = victim.email, fresh("own")
    former = town.client().sign_in(old, PASSWORD)
    later = town.found("Rowing Club")
    for client, to in ((victim.api, own), (former, old)):
        client.post("/me/email", {"email": to, "current_password": PASSWORD}).ok(202)
        town.client().post("/email-changes/confirm", {"token": mailed(town.inbox, to, "/email/confirm/")}).ok(204)
        if to == own:
            later.invite(own)
            client.post("/invitations/accept", {"token": town.inbox.token_for(own, invitation=True)}).ok(201)
    link = "/email/undo/" + mailed(town.inbox, own, "/email/undo/")
    holder.go(town.server.url + link).sees("email_undo.share_title").sees("Rowing Club").sees("email_undo.share_keys").sees_not("Acme")
    holder.judged(SHOTS / "undo-share").press("email_undo.share_submit").sees("notice.email_share_taken")
    holder.be(former, town.server.url).go(town.server.url + "/me").sees("Acme").sees_not("Rowing Club")


@pytest.mark.timeout(120)
def test_the_page_of_an_undo_that_waits_names_no_address_where_there_is_none(town, victim, holder):
    """The account was set aside without one: sentences about it have no hole in them."""
    old = victim.email
    link, _ = robbed(town, victim, fresh("evil"))
    town.client().post("/email-changes/undo", {"token": link.rpartition("/")[2]}).refused("address-taken", 409)
    holder.go(town.server.url + link).sees("email_undo.submit").sees(old)
    for key in ("email_undo.text", "email_undo.since"):
        halves = holder.word(key).replace("{email}", old).split("{current_email}")
        holder.sees_not(" ".join(half.strip() for half in halves))


@pytest.mark.timeout(120)
def test_nobody_joins_or_is_called_by_a_name_that_nobody_sees(town, acme, victim, holder):
    """Both pages name the field; the other name stays as it was typed."""
    holder.go(acme.link(acme.invite(fresh("unseen"), deliver=False)).ok()["url"])
    holder.fill("common.given_name", "\u3164").fill("common.family_name", "Lang")
    holder.fill("password.label", NEW).press("invited.join")
    names_the_field(holder)
    assert holder.one("#family_name").get_attribute("value") == "Lang"
    holder.judged(SHOTS / "unseen-join")
    holder.fill("common.given_name", "Vera").fill("password.label", NEW).press("invited.join").comes_to("/o/" + acme.slug)
    holder.be(victim.api, town.server.url).go(town.server.url + "/me")
    holder.fill("common.given_name", "\u2800\u00ad").press("common.save")
    names_the_field(holder)
    assert victim.api.get("/me").ok()["given_name"] == "Vera"


def names_the_field(browser):
    assert browser.one("#given_name-help .wrong").text == browser.word("field.invalid-characters")
    assert browser.one("#given_name").get_attribute("aria-invalid") == "true"
    assert not browser.all("#family_name-help .wrong")


# ---- doors


def stays_out(browser, town, person, password, problem):
    """The page says why, keeps the address and no password, and nobody is signed in."""
    browser.sign_in(town.server.url, person.email, password).sees(problem)
    assert browser.one("#email").get_attribute("value") == person.email and not browser.one("#password").get_attribute("value")
    assert not browser.driver.get_cookie("parvis_session")


@pytest.fixture(scope="module")
def crowded(town):
    """A source whose wrong tries are used up."""
    source = "198.51.100.9"
    exhaust(town, from_(source))
    return source


@pytest.mark.timeout(120)
def test_an_office_that_mistypes_shuts_nobody_out(town, acme, crowded, thief, holder):
    """After others' wrong tries the right password lets in; where nobody unknown is served, a browser that signed in before is."""
    office, home, person = "198.51.100.4", "/o/" + acme.slug, acme.join()
    for i in range(3):
        attempt(town.client(), person.email, f"typo-{i}", from_(office)).refused("sign-in-failed", 401)
    stays_out(holder.comes_from(office), town, person, "mistyped-too", "problem.sign-in-failed.detail")
    holder.sign_in(town.server.url, person.email, PASSWORD).comes_to(home)
    holder.driver.delete_cookie("parvis_session")
    hold(town, from_(crowded))
    too_many = thief.word("problem.rate-limited.detail").split(".")[0]  # and how long to wait
    stays_out(thief.comes_from(crowded), town, person, PASSWORD, too_many)
    thief.judged(SHOTS / "office-waits")
    stays_out(holder.comes_from(crowded), town, person, "typo", "problem.sign-in-failed.detail")
    holder.sign_in(town.server.url, person.email, PASSWORD).comes_to(home)


@pytest.mark.timeout(120)
def test_strangers_who_sign_up_at_an_address_do_not_block_its_holder(town, holder):
    """Beyond twelve the code is a long one, and the page says why."""
    victim = fresh("victim")
    for n in range(12):
        form = {"email": victim, "given_name": "M", "family_name": "M", "password": PASSWORD, "organization": "Mine"}
        town.client().post("/signups", form, from_(f"192.0.2.{n}")).ok(202)
    town.inbox.wait(victim, 12)
    holder.comes_from("203.0.113.9").go(town.server.url + "/sign-up").fill("setup.organization_name", "Vera")
    holder.fill("common.given_name", "Vera").fill("common.family_name", "Lang").fill("invited.your_email", victim)
    holder.fill("password.label", PASSWORD).press("sign_up.submit")
    holder.sees(holder.word("sign_up_code.lead_long").replace("{email}", victim))
    holder.judged(SHOTS / "crowded-code")
    holder.fill("sign_up_code.code", "AAAAA-AAAAA").press("setup.submit").sees("problem.code-invalid.detail")
    code = town.inbox.last(victim, 13).code
    holder.fill("sign_up_code.code", code.lower()).press("setup.submit")
    holder.until(lambda: "/users/invite" in holder.path, "the page for inviting")


@pytest.mark.timeout(120)
def test_a_key_is_no_way_around_the_second_factor_and_dies_when_revoked(town, acme, holder):
    second = acme.join(role="owner")
    second.api.patch("/me", {"locale": holder.language}).ok()
    keys = f"{town.server.url}/o/{acme.slug}/settings/api-keys"
    holder.be(second.api, town.server.url).go(keys).sees("api_keys.none").fill("common.name", "Paie")
    holder.choose("input[name=rights][value=all]").press("api_keys.create").sees("api_keys.made_title")
    secret = holder.one("#secret").get_attribute("value")
    key = town.client(key=secret)
    key.get(acme.path).ok()
    holder.go(keys).sees("Paie")
    assert secret not in holder.driver.page_source and secret.split("_")[1] not in holder.driver.page_source
    set_up(acme.api, town.clock)
    acme.set(second_factor="all").ok()
    key.get(acme.path).refused("second-factor-required", 401)
    holder.go(keys)
    holder.comes_to("/me/totp")  # who made it is asked for the same
    set_up(second.api, town.clock)
    key.get(acme.path).ok()
    holder.be(second.api, town.server.url).go(keys).follow(holder.word("api_keys.revoke") + " Paie").sees("api_key_revoke.title")
    holder.press("api_keys.revoke").sees("notice.api_key_revoked").sees("api_keys.none").sees_not("Paie")
    key.get(acme.path).refused("unauthenticated", 401)


@pytest.mark.timeout(120)
def test_an_administrator_gives_themself_no_option(town, acme, thief):
    for name in ("chest", "lamp"):
        acme.api.post(acme.path + "/entitlements", {"key": name, "name": {"fr": name.title(), "en": name.title()}}).ok(201)
    admin = acme.join(role="administrator")
    admin.api.patch("/me", {"locale": thief.language}).ok()
    me = acme.member(admin)
    acme.api.patch(f"{acme.path}/members/{me['id']}", {"entitlements": {"lamp": True}}).ok()
    people = f"/o/{acme.slug}/users"
    thief.be(admin.api, town.server.url)
    many = [("action", "options"), ("member", me["id"]), ("confirmed", "true"), ("entitlement", "chest=on")]
    own = f"{people}/{me['id']}/options"
    for path, form in ((own, [("entitlement", "lamp"), ("entitlement", "chest")]), (people + "/change", many)):
        thief.go(town.server.url + own).sees("member_options.own").sees("Lamp").sees_not("Chest")
        thief.submit(path, form).sees("problem.forbidden.detail")
        assert acme.member(admin)["entitlements"] == {"chest": False, "lamp": True}
    thief.go(town.server.url + own).press("common.save").sees("notice.member_saved")


BAIT = "evil.example/login"


def no_link(browser):
    """Every link of the page leads to this server."""
    assert all(BAIT not in a.get_attribute("href") for a in browser.all("a[href]"))


@pytest.mark.timeout(120)
def test_what_looks_like_a_domain_in_a_message_becomes_no_link(town, acme, holder, tmp_path):
    """On the page that previews the mail, in the mail as a browser shows it, and on the page of who is invited."""
    holder.be(acme.api, town.server.url).go(f"{town.server.url}/o/{acme.slug}/users/invite")
    invited, unlinked = fresh("invited"), BAIT.replace(".", ".\u2060").replace("/", "/\u2060")
    if holder.javascript:
        holder.one("#chip-input").send_keys(invited + "\n")
        holder.one(".chip.good")
    else:
        holder.one("#addresses").send_keys(invited)
        holder.press("invite.check")
    holder.press("invite.next").one("#message").send_keys(f"See {BAIT}")
    holder.press("invite.to_preview").sees("preview.mail")
    holder.driver.execute_script("arguments[0].scrollIntoView()", holder.one("iframe"))
    holder.driver.switch_to.frame(holder.one("iframe"))
    holder.until(lambda: unlinked in holder.text, "the message in the preview")
    no_link(holder)
    holder.driver.switch_to.default_content()
    holder.click(holder.one("form[action$='/send'] button"))
    mail = town.inbox.last(invited)
    assert f"See {unlinked}" in mail.text
    (tmp_path / "mail.html").write_text(mail.html, "utf-8")
    holder.go((tmp_path / "mail.html").as_uri()).sees(unlinked)
    no_link(holder)
    holder.be(None, None).go(mail.link).sees(f"See {BAIT}")
    no_link(holder)
