"""Accepting: new people, people with an account, the wrong people; and what proves an address."""

import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, Person, fresh


def accept_as(person, token):
    return person.api.post("/invitations/accept", {"token": token})


def test_a_new_person_enrols_and_is_signed_in(acme, inbox, enrol):
    email = fresh()
    inv = acme.invite(email)
    answer = enrol(inbox.token_for(email), "Zoé", "Durand").ok(201)
    member = answer["member"]
    assert member["id"].startswith("mbr_") and member["role"] == "member" and member["state"] == "active"
    assert member["account"]["email"] == email and member["account"]["given_name"] == "Zoé"
    assert member["invited_by"] == acme.owner.id
    assert answer["session"]["id"].startswith("ses_") and answer["session"]["expires_at"]
    cookie = next(c for c in answer.headers.get_all("Set-Cookie") if c.startswith("parvis_session="))
    attributes = {a.strip().lower() for a in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert answer.client.get("/me").ok()["email"] == email
    assert answer.client.get(acme.path).ok()["name"] == "Acme"
    after = acme.invitation(inv)
    assert after["state"] == "accepted" and after["accepted_by"] == member["account"]["id"] and after["accepted_at"]


@pytest.mark.parametrize("missing", ["given_name", "family_name", "password"])
def test_a_new_person_gives_names_and_a_password(acme, inbox, anonymous, missing):
    email = fresh()
    inv = acme.invite(email)
    body = {"token": inbox.token_for(email), "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
    del body[missing]
    answer = anonymous.post("/invitations/accept", body).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"] == "/" + missing
    assert acme.state(inv) == "pending"


@pytest.mark.parametrize("password", ["short", "password", "12345678", "azertyui", "Durand12", "aaaaaaaa"])
def test_weak_passwords_are_refused_and_the_link_stays_good(acme, inbox, enrol, password):
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    answer = enrol(token, password=password)
    if password != "Durand12":  # judged by what it holds, not by rules of composition
        answer.refused("password-too-weak", 422)
        assert answer["errors"][0]["pointer"] == "/password"
        enrol(token).ok(201)


@pytest.mark.parametrize(
    "password", ["a long sentence of small words", "пароль-длинный-42", "x" * 64 + "qwzj", "🌲🌊🌋 tall trees"]
)
def test_any_long_password_will_do(acme, inbox, enrol, password):
    email = fresh()
    acme.invite(email)
    enrol(inbox.token_for(email), password=password).ok(201)
    acme.world.client().sign_in(email, password)


@pytest.mark.parametrize(
    "name",
    [
        "<b>Zoé</b>",
        "Zoé https://evil.example",
        "Zoé\r\nBcc: x@example.org",
        "",
        "   ",
        "Zoé\u202e",
        "www.evil.example",
        "x" * 101,
        "Zoé\u0007",
    ],
)
def test_names_hold_no_links_and_no_control_characters(acme, inbox, enrol, name):
    email = fresh()
    inv = acme.invite(email)
    enrol(inbox.token_for(email), given=name).refused("invalid-request", 422)
    assert acme.state(inv) == "pending"


@pytest.mark.parametrize("name", ["O'Brien", "Jean-Pierre", "María José", "Åse", "李", "D’Ângelo", "van der Berg Jr."])
def test_names_of_people_are_taken_as_they_are(acme, inbox, enrol, name):
    email = fresh()
    acme.invite(email)
    assert enrol(inbox.token_for(email), given=name).ok(201)["member"]["account"]["given_name"] == name


def test_somebody_with_an_account_accepts_with_it(acme, rival, inbox):
    person = rival.join()
    acme.invite(person.email)
    token = inbox.token_for(person.email, 2)
    acme.world.client().post("/invitations/accept", {"token": token}).refused("unauthenticated", 401)
    acme.world.enrol(token).refused("unauthenticated", 401)  # nor can anybody make the account again
    answer = accept_as(person, token).ok(201)
    assert answer["member"]["account"]["id"] == person.id
    assert {m["role"] for m in person.api.get("/me/memberships").ok()["items"]} == {"member"}
    assert len(person.api.get("/me/memberships").ok()["items"]) == 2


def test_another_account_is_the_wrong_one(acme, rival, inbox):
    person, other = rival.join(), rival.join()
    inv = acme.invite(person.email)
    token = inbox.token_for(person.email, 2)
    accept_as(other, token).refused("wrong-account", 403)
    assert acme.state(inv) == "pending"
    accept_as(person, token).ok(201)


def test_a_new_address_is_not_for_somebody_signed_in_as_another(acme, rival, inbox):
    other = rival.join()
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    assert other.api.post("/invitations/lookup", {"token": token}).ok()["next"] == "switch_account"
    accept_as(other, token).refused("wrong-account", 403)


def test_an_organization_may_refuse_people_with_an_account(acme, rival, inbox, enrol):
    acme.set(existing_accounts="refuse").ok(200)
    person = rival.join()
    assert acme.outcome(person.email) == "account-already-active"
    body = {"invitations": [{"email": person.email, "role": "member"}]}
    preview = acme.api.post(acme.path + "/invitations/preview", body).ok()
    assert preview["results"][0]["outcome"] == "account-already-active"
    assert preview["results"][0]["problem"]["detail"]

    late = fresh()  # the account came after the invitation
    inv = acme.invite(late)
    token = inbox.token_for(late)
    later = rival.join(late)
    accept_as(later, token).refused("account-already-active", 409)
    assert acme.state(inv) == "pending"


def test_accepting_twice(acme, inbox, enrol):
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    answer = enrol(token).ok(201)
    enrol(token, given="Zoe").refused("invitation-already-accepted", 410)
    answer.client.post("/invitations/accept", {"token": token}).ok(201)  # led in, as what they are
    assert len(acme.members()) == 2


def test_somebody_removed_cannot_come_back_by_the_old_link(acme, inbox):
    email = fresh()
    person = acme.join(email)
    acme.remove(person).ok(204)
    accept_as(person, inbox.token_for(email)).refused("invitation-already-accepted", 410)
    person.api.get(acme.path).refused("not-found", 404)


# ---- proof of address


def enrol_by_copied_link(acme, email):
    inv = acme.invite(email, deliver=False)
    link = acme.link(inv).ok()["url"]
    answer = acme.world.enrol(link).ok(201)
    return Person(answer.client, email)


def test_a_mailed_link_proves_the_address(acme):
    person = acme.join()
    assert person.api.get("/me").ok()["email_proved"] is True
    person.api.post("/me/address-proof").refused("conflict", 409)


def test_a_copied_link_proves_nothing(acme, rival, inbox):
    email = fresh()
    person = enrol_by_copied_link(acme, email)
    assert person.api.get("/me").ok()["email_proved"] is False
    person.api.get(acme.path).ok()  # works where it was made
    rival.invite(email)
    inv = rival.api.items(rival.path + "/invitations")[0]
    copied = rival.link(inv).ok()["url"]
    accept_as(person, token_of(copied)).refused("address-unproved", 403)


def test_the_mailed_code_proves_the_address(acme, rival, inbox):
    email = fresh()
    person = enrol_by_copied_link(acme, email)
    person.api.post("/me/address-proof").ok(202)
    code = inbox.last(email).code
    person.api.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"}).refused("token-invalid", 410)
    assert person.api.post("/me/address-proof/confirm", {"code": code.lower()}).ok(200)["email_proved"] is True
    rival.invite(email)
    accept_as(person, inbox.token_for(email, 2)).ok(201)
    person.api.get(rival.path).ok()


def test_a_code_is_used_once_and_expires(acme, inbox, clock):
    email = fresh()
    person = enrol_by_copied_link(acme, email)
    person.api.post("/me/address-proof").ok(202)
    code = inbox.last(email).code
    clock.advance(hours=25)
    person.api.post("/me/address-proof/confirm", {"code": code}).refused("token-invalid", 410)


def test_the_true_holder_takes_the_account_over(acme, rival, inbox):
    """Somebody enrolled with a copied link under an address not theirs; the holder's reset ends that."""
    email = fresh()
    squatter = enrol_by_copied_link(acme, email)
    acme.world.client().post("/password-resets", {"email": email}).ok(202)
    token = inbox.resets(email)[0].token
    holder = acme.world.client()
    holder.post("/password-resets/complete", {"token": token, "new_password": "my own new secret"}).ok(204)
    squatter.api.get("/me").refused("unauthenticated", 401)
    acme.world.client().post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed", 401)
    holder.sign_in(email, "my own new secret")
    assert holder.get("/me").ok()["email_proved"] is True


def test_a_mailed_invitation_lets_the_true_holder_take_over(acme, rival, inbox):
    """The account is unproved; the one who reads the mail sets a password of their own and its sessions end."""
    email = fresh()
    squatter = enrol_by_copied_link(acme, email)
    rival.invite(email)
    token = inbox.token_for(email)
    holder = rival.world.enrol(token, password="my own new secret")
    if holder.status == 201:
        squatter.api.get("/me").refused("unauthenticated", 401)
        rival.world.client().post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed", 401)
        rival.world.client().sign_in(email, "my own new secret")
    else:  # asked to sign in: then the reset on the way is the proof, and the squatter's password must not serve
        holder.refused("unauthenticated", 401)
        rival.world.client().post("/password-resets", {"email": email}).ok(202)
        rival.world.client().post(
            "/password-resets/complete", {"token": inbox.token_for(email, 2), "new_password": "my own new secret"}
        ).ok(204)
        squatter.api.get("/me").refused("unauthenticated", 401)


# ---- the page, as a phone sees it


def test_the_page_of_a_dead_link_says_why_before_any_form(acme, inbox, clock):
    email = fresh()
    acme.invite(email, expires_in="1h")
    link = inbox.link_for(email)
    path = re.sub(r"^https?://[^/]+", "", link)
    client = acme.world.client()
    assert 'name="password"' in client.page(path).ok(200).text
    clock.advance(hours=2)
    page = client.page(path)
    assert 'name="password"' not in page.text and "ask-again" in page.text


def test_the_page_enrols_without_javascript(acme, inbox):
    email = fresh()
    acme.invite(email)
    path = re.sub(r"^https?://[^/]+", "", inbox.link_for(email))
    client = acme.world.client()
    client.page(path).ok(200)
    answer = client.submit(path, {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD})
    assert answer.status == 303 and answer.headers["Location"].split("?")[0].endswith("/o/" + acme.slug), answer
    home = client.page("/o/" + acme.slug).ok(200).text
    assert "Acme" in home


@pytest.mark.parametrize("mail,browser", [("fr", "en"), ("en", "fr")])
def test_the_page_speaks_as_the_mail_did_and_can_be_switched(acme, inbox, mail, browser):
    email = fresh()
    acme.invite(email, locale=mail)
    path = re.sub(r"^https?://[^/]+", "", inbox.link_for(email))
    client = acme.world.client(language=browser)
    assert f'<html lang="{mail}"' in client.page(path).ok(200).text
    client.submit("/language", {"lang": browser, "next": path}).ok(303)
    assert f'<html lang="{browser}"' in client.page(path).ok(200).text
    client.submit(path, {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}).ok(303)
    assert client.get("/me").ok()["locale"] == browser, "the language chosen on the page stays with the account"
