"""Another address: asked for with the password, taken by a link at the new one, given back by a link at the old one."""

import threading

import pytest

from lib.authenticator import Passkey
from lib.otp import set_up
from lib.people import PASSWORD, fresh

NEW = "another good sentence"
SITE = "http://localhost:4711"  # a name: passkeys know no bare addresses


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", public_url=SITE)


def ask(person, email, password=PASSWORD):
    body = {"email": email} if password is None else {"email": email, "current_password": password}
    return person.api.post("/me/email", body)


def link(inbox, address, kind, count=1):
    """The token of the newest mail of a kind for an address, once there are `count`."""
    for waited in range(1, 20):
        found = [m for m in inbox.wait(address, waited) if f"/email/{kind}/" in m.text]
        if len(found) >= count:
            return next(x for x in found[-1].links if f"/email/{kind}/" in x).rsplit("/", 1)[1]
    raise AssertionError(f"no {kind} for {address}")


def changed(acme, inbox, person=None, email=None):
    """A person whose address has just changed: (old, new, the undo's token)."""
    person = person or acme.join()
    old, new = person.email, email or fresh("new")
    ask(person, new).ok(202)
    person.api.post("/email-changes/confirm", {"token": link(inbox, new, "confirm")}).ok(204)
    person.email = new
    return person, old, new, link(inbox, old, "undo")


def test_an_address_changes_by_a_link_at_the_new_one(acme, inbox, anonymous):
    person = acme.join(given="Ana", family="Lima")
    old, new = person.email, fresh("ana.new")
    ask(person, new).ok(202)
    token = link(inbox, new, "confirm")
    assert person.api.get("/me").ok()["email"] == old
    anonymous.post("/password-resets", {"email": old}).ok(202)
    reset = inbox.resets(old)[-1].token
    anonymous.post("/email-changes/confirm", {"token": token}).ok(204)
    me = person.api.get("/me").ok().json
    assert me["email"] == new and me["email_proved"] is True
    anonymous.post("/password-resets/complete", {"token": reset, "new_password": NEW}).refused("token-invalid", 410)
    anonymous.post("/sessions", {"email": old, "password": PASSWORD}).refused("sign-in-failed")
    anonymous.sign_in(new, PASSWORD)
    found = acme.api.get(acme.path + "/members", q=new.split("@")[0]).ok()["items"]
    assert [m["account"]["email"] for m in found] == [new], "lists find the new one"
    assert acme.api.get(acme.path + "/members", q=old).ok()["items"] == [], "and not the old one"
    by_email = [m["account"]["email"] for m in acme.members(sort="email")]
    assert by_email == sorted(by_email)
    told = [m for m in inbox.all_for(old) if "/email/undo/" in m.text][-1]
    assert new in told.text and old in told.text


def test_a_link_works_once_and_for_a_day(acme, inbox, anonymous, clock):
    person, old, new, undo = changed(acme, inbox)
    token = link(inbox, new, "confirm")
    clock.advance(seconds=61)
    for kind in ("confirm", "undo"):
        anonymous.post(f"/email-changes/{kind}", {"token": token}).refused("token-invalid", 410)
    anonymous.post("/email-changes/confirm", {"token": undo}).refused("token-invalid", 410)
    third = fresh("third")
    ask(person, third).ok(202)
    token = link(inbox, third, "confirm")
    clock.advance(hours=24, seconds=1)
    anonymous.post("/email-changes/confirm", {"token": token}).refused("token-invalid", 410)


def test_asking_again_ends_the_earlier_link(acme, inbox, anonymous):
    person = acme.join()
    first, second = fresh("first"), fresh("second")
    ask(person, first).ok(202)
    early = link(inbox, first, "confirm")
    ask(person, second).ok(202)
    late = link(inbox, second, "confirm")
    anonymous.post("/email-changes/confirm", {"token": early}).refused("token-invalid", 410)
    anonymous.post("/email-changes/confirm", {"token": late}).ok(204)


def test_the_old_address_takes_the_account_back(acme, inbox, anonymous, clock):
    person, old, new, undo = changed(acme, inbox)
    thief = acme.world.client().sign_in(new, PASSWORD)
    set_up(thief, clock)
    passkey = Passkey(SITE)
    thief.post("/me/passkeys", {"credential": passkey.make(thief.post("/me/passkeys/options").ok().json)}).ok(201)
    anonymous.post("/email-changes/undo", {"token": undo}).ok(204)
    shown = {"credential": passkey.show(anonymous.post("/sessions/passkey/options").ok().json)}
    assert anonymous.post("/sessions/passkey", shown).status == 401, "the thief's passkey would let them in again"
    for client in (person.api, thief):
        client.get("/me").refused("unauthenticated", 401)
    for email in (old, new):
        anonymous.post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed")
    reset = inbox.resets(old)[-1].token
    anonymous.post("/password-resets/complete", {"token": reset, "new_password": NEW}).ok(204)
    me = anonymous.sign_in(old, NEW).get("/me").ok()
    assert me["email"] == old and me["second_factor"]["totp"] is False, "the thief's app would keep the holder out"
    assert old in [m["account"]["email"] for m in acme.members()]
    anonymous.post("/email-changes/undo", {"token": undo}).refused("token-invalid", 410)


def test_the_undo_is_good_for_a_week(acme, inbox, anonymous, clock):
    _, _, _, undo = changed(acme, inbox)
    clock.advance(days=7, seconds=1)
    anonymous.post("/email-changes/undo", {"token": undo}).refused("token-invalid", 410)


def test_the_answer_is_the_same_for_a_taken_address(acme, rival, inbox):
    rival.owner.prove(inbox)
    person, free = acme.join(), fresh("free")
    answers = [ask(person, email) for email in (free, rival.owner.email.upper())]
    plain = [(a.status, a.body, {k: v for k, v in a.headers.items() if k not in ("Date", "X-Request-Id")}) for a in answers]
    assert plain[0] == plain[1] and plain[0][0] == 202
    inbox.wait(free, 1)
    for _ in range(20):
        told = [m for m in inbox.wait(rival.owner.email, 1) if "another account" in m.text]
        if told:
            break
        inbox.settle(0.2)
    assert "/email/" not in told[0].text and told[0].recipients == [rival.owner.email]
    assert person.email not in told[0].text, "who asked stays unsaid"


def test_ones_organizations_say_which_domains_they_take(acme, rival, inbox, anonymous):
    person = acme.join()
    rival.invite(person.email)
    person.api.post("/invitations/accept", {"token": inbox.token_for(person.email, 2)}).ok(201)
    wanted = fresh("ana", "club.example")
    ask(person, wanted).ok(202)
    token = link(inbox, wanted, "confirm")
    rival.set(allowed_domains=["example.org", "*.example.org"]).ok()
    acme.set(refused_domains=["*.example.org"]).ok()
    anonymous.post("/email-changes/confirm", {"token": token}).refused("address-domain-refused", 422)
    for email in (wanted, fresh("ana", "mail.example.org")):
        answer = ask(person, email).refused("address-domain-refused", 422)
        assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/email", "domain-refused")]
        page = person.api.submit("/me/email", {"email": email, "current_password": PASSWORD})
        assert page.status == 422 and "One of your organizations does not accept" in page.text
    inbox.settle(0.3)
    assert len(inbox.all_for(wanted)) == 1
    rival.set(allowed_domains=["example.org", "club.example"]).ok()
    anonymous.post("/email-changes/confirm", {"token": token}).ok(204)
    assert person.api.get("/me").ok()["email"] == wanted


def test_the_password_is_asked_for(acme, inbox):
    person, new = acme.join(), fresh("new")
    ask(person, new, "wrong").refused("sign-in-failed", 401)
    ask(person, new, None).refused("sign-in-failed", 401)
    ask(person, "no address").refused("invalid-address", 422)
    inbox.settle(0.3)
    assert inbox.all_for(new) == []


def test_one_of_two_accounts_gets_an_address(acme, inbox, anonymous):
    people, wanted = [acme.join() for _ in range(2)], fresh("wanted")
    tokens = []
    for n, person in enumerate(people, 1):
        ask(person, wanted).ok(202)
        tokens.append(link(inbox, wanted, "confirm", n))
    answers = [None, None]

    def confirm(n):
        answers[n] = acme.world.client().post("/email-changes/confirm", {"token": tokens[n]})

    threads = [threading.Thread(target=confirm, args=(n,)) for n in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(a.status for a in answers) == [204, 409]
    next(a for a in answers if a.status == 409).refused("address-taken")
    assert sum(p.api.get("/me").ok()["email"] == wanted for p in people) == 1


def test_a_pending_invitation_of_the_new_address_is_not_accepted_by_it(acme, rival, inbox, anonymous):
    person, new = acme.join(), fresh("new")
    invitation = rival.invite(new)
    changed(acme, inbox, person, new)
    assert rival.state(invitation) == "pending"
    assert person.membership(rival) is None


def test_an_address_under_way_is_seen_told_and_cancelled(acme, inbox, anonymous):
    person = acme.join(given="Ana")
    new, another = fresh("new"), fresh("another")
    assert person.api.get("/me/email").ok().json == {"email": person.email, "email_proved": True, "pending": None}
    person.api.delete("/me/email").refused("not-found", 404)
    ask(person, new).ok(202)
    token = link(inbox, new, "confirm")
    told = inbox.until(person.email, lambda m: new in m.text)[0]
    assert "Another address was asked for" in told.subject and "/email/" not in told.text and "/me#address" in told.text
    pending = person.api.get("/me/email").ok()["pending"]
    assert pending["email"] == new and pending["requested_at"] < pending["expires_at"]
    assert new in person.api.page("/me").text
    person.api.delete("/me/email").ok(204)
    anonymous.post("/email-changes/confirm", {"token": token}).refused("token-invalid", 410)
    assert person.api.get("/me/email").ok()["pending"] is None and new not in person.api.page("/me").text
    ask(person, another).ok(202)
    token = link(inbox, another, "confirm")
    went = person.api.submit("/me/email/cancel")
    assert went.status == 303 and went.headers["Location"] == "/me?notice=email_change_cancelled"
    anonymous.post("/email-changes/confirm", {"token": token}).refused("token-invalid", 410)
    assert person.api.submit("/me/email/cancel").headers["Location"] == "/me?notice=email_change_gone"


def test_cancelling_too_late_says_that_the_address_has_changed(acme, inbox, anonymous):
    person = acme.join()
    new = fresh("new")
    ask(person, new).ok(202)
    assert "The address changed on" not in person.api.page("/me").text
    anonymous.post("/email-changes/confirm", {"token": link(inbox, new, "confirm")}).ok(204)
    went = person.api.submit("/me/email/cancel").headers["Location"]
    assert went == "/me?notice=email_change_confirmed"
    page = person.api.page(went).text
    assert "the new address has been confirmed" in page and "The address changed on" in page and "takes the account back, until" in page
    link(inbox, person.email, "undo")
    person.api.patch("/me", {"locale": "fr"}).ok()
    assert "L’adresse a changé le" in person.api.page("/me").text
    person.email, old = new, person.email
    ask(person, old).ok(202)
    anonymous.post("/email-changes/confirm", {"token": link(inbox, old, "confirm")}).ok(204)
    assert "L’adresse a changé le" not in person.api.page("/me").text, "it is back, and nobody undoes that"
    assert person.api.submit("/me/email/cancel").headers["Location"] == "/me?notice=email_change_gone"


def test_an_unproved_address_is_not_changed(acme, inbox):
    person, new = acme.owner, fresh("olive.new")  # founded by the operator: never proved
    ask(person, new).refused("address-unproved", 403)
    page = person.api.page("/me").text
    assert 'name="email"' not in page and "After that it can be changed" in page
    assert person.api.submit("/me/email", {"email": new, "current_password": PASSWORD}).status == 403
    inbox.settle(0.3)
    assert inbox.all_for(new) == []
    person.prove(inbox)
    ask(person, new).ok(202)
    person.api.post("/email-changes/confirm", {"token": link(inbox, new, "confirm")}).ok(204)


def test_requests_are_counted(make_server):
    server = make_server(rate_limits="on")
    server.setup()
    client = server.client().sign_in("olive.martin@example.org", PASSWORD)
    for n in range(5):
        client.post("/me/email", {"email": fresh(f"n{n}"), "current_password": PASSWORD}).ok(202)
    answer = client.post("/me/email", {"email": fresh("n6"), "current_password": PASSWORD})
    assert 0 < int(answer.refused("rate-limited", 429).headers["Retry-After"]) <= 3600


@pytest.mark.parametrize("kind, word", [("confirm", "Use this address"), ("undo", "Take the account back")])
def test_opening_a_link_changes_nothing(acme, inbox, anonymous, kind, word):
    person = acme.join()
    old, new = person.email, fresh("new")
    if kind == "confirm":
        ask(person, new).ok(202)
    else:
        changed(acme, inbox, person, new)
    token = link(inbox, new if kind == "confirm" else old, kind)
    for method in ("GET", "HEAD"):
        page = anonymous.send(method, f"/email/{kind}/{token}")
        assert page.status == 200
    assert word in anonymous.page(f"/email/{kind}/{token}").text
    assert person.api.get("/me").ok()["email"] == (old if kind == "confirm" else new)
    went = anonymous.submit(f"/email/{kind}/{token}")
    assert went.status == 303 and went.headers["Location"].startswith("/sign-in?notice=email_change")
    assert anonymous.page(f"/email/{kind}/{token}").status == 410


def test_ones_own_address_is_no_change(acme, inbox):
    """Letter for letter; another spelling of the same mailbox is one. Nothing is mailed."""
    person = acme.join()
    own = person.email
    before = len(inbox.all_for(own))
    answer = ask(person, own).refused("invalid-request", 422)
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/email", "same-address")]
    for lang, text in (("en", "This account already uses this address."), ("fr", "Ce compte utilise déjà cette adresse.")):
        person.api.patch("/me", {"locale": lang}).ok()
        page = person.api.submit("/me/email", {"email": own, "current_password": PASSWORD})
        assert page.status == 422 and f'id="new-email-help"><span class="wrong">{text}' in page.text
    inbox.settle(0.5)
    assert len(inbox.all_for(own)) == before
    assert person.api.get("/me/email").ok()["pending"] is None
    ask(person, own.capitalize()).ok(202)
    person.api.post("/email-changes/confirm", {"token": link(inbox, own.capitalize(), "confirm")}).ok(204)
    assert person.api.get("/me").ok()["email"] == own.capitalize()


def test_the_form_says_what_was_wrong(acme, inbox):
    person, new = acme.join(), fresh("new")
    page = person.api.submit("/me/email", {"email": new, "current_password": "wrong"})
    assert page.status == 422 and f'value="{new}"' in page.text and 'id="email-password-help"><span class="wrong">' in page.text
    page = person.api.submit("/me/email", {"email": "x", "current_password": PASSWORD})
    assert page.status == 422 and 'id="new-email-help"><span class="wrong">' in page.text
    went = person.api.submit("/me/email", {"email": new, "current_password": PASSWORD})
    assert went.headers["Location"] == "/me?notice=email_change_sent"
    token = link(inbox, new, "confirm")
    assert person.api.submit(f"/email/confirm/{token}").headers["Location"] == "/me?notice=email_changed"
