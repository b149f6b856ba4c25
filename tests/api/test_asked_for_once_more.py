"""What somebody was invited by is mailed once more when they ask: as a forgotten password that there never was, or at the page for codes.
Nothing of the invitation changes by it."""

import pytest

from lib.otp import set_up
from lib.people import PASSWORD, fresh

NEW = "another long secret"


def ask(world, email, door):
    if door.startswith("/api"):
        return world.client().post(door.removeprefix("/api"), {"email": email}).ok(202)
    return world.client().submit(door, {"email": email}).ok(200)


DOORS = ["/api/password-resets", "/password/forgotten", "/api/invitations/mail-again", "/join/mail"]


def at_rest(world):
    world.server.mails_at_rest()
    while world.server.query("SELECT count(*) FROM address_request") != [(0,)]:
        world.server.mails_at_rest()
    world.server.mails_at_rest()


def standing(org, inv):
    """What asking must leave as it is."""
    shown = org.api.get(f"{org.path}/invitations/{inv['id']}").ok().json
    return {k: shown[k] for k in ("state", "expires_at", "sent_count", "last_sent_at", "delivery")}, org.recount()


@pytest.mark.parametrize("door", DOORS)
def test_an_invited_person_gets_one_more_link(acme, inbox, enrol, door):
    email = fresh()
    inv = acme.invite(email)
    first = inbox.last(email)
    at_rest(acme.world)
    before = standing(acme, inv)
    ask(acme.world, email.upper(), door)
    second = inbox.wait(email, 2)[-1]
    assert second.token != first.token and second.code != first.code
    assert acme.world.client().post("/invitations/lookup", {"token": first.token}).ok()["state"] == "pending"
    assert standing(acme, inv) == before
    assert enrol(second.token).ok(201).client.get("/me").ok()["email_proved"] is True
    assert [m["kind"] for m in acme.api.items(acme.path + "/mail")] == ["invitation"]


def test_of_several_organizations_all_come(acme, world, inbox):
    email, others = fresh(), [world.found("Bar"), world.found("Baz")]
    for org in (acme, *others):
        org.invite(email)
    inbox.wait(email, 3)
    ask(world, email, DOORS[0])
    assert len({m.subject for m in inbox.wait(email, 6)}) == 3


@pytest.mark.parametrize("door", DOORS)
def test_what_was_never_mailed_is_not(acme, inbox, door):
    """Who handed over a link by themselves goes on doing so."""
    email = fresh()
    acme.link(acme.invite(email, deliver=False)).ok()
    ask(acme.world, email, door)
    at_rest(acme.world)
    assert inbox.all_for(email) == []


@pytest.mark.parametrize("end", ["revoke", "decline"])
def test_what_was_answered_or_revoked_is_not(acme, inbox, end):
    email = fresh()
    inv = acme.invite(email)
    token = inbox.last(email).token
    if end == "revoke":
        acme.api.delete(f"{acme.path}/invitations/{inv['id']}").ok()
    else:
        acme.world.client().post("/invitations/decline", {"token": token}).ok()
    for door in DOORS:
        ask(acme.world, email, door)
    at_rest(acme.world)
    assert len(inbox.all_for(email)) == 1


def test_an_expired_one_leads_to_where_a_new_one_is_asked_for(acme, inbox, clock):
    email = fresh()
    inv = acme.invite(email)
    inbox.last(email)
    clock.advance(days=8)
    acme.api.sign_in(acme.owner.email, PASSWORD)
    acme.world.client().post("/password-resets", {"email": email}).ok(202)
    mail = inbox.wait(email, 2)[-1]
    assert "expired" in mail.subject
    page = acme.world.client().send("GET", f"/i/{mail.token}", headers={"Accept": "text/html"})
    assert page.status == 410 and "/ask-again" in page.text
    acme.world.client().post("/invitations/accept", {"token": mail.token, "given_name": "Zoé", "password": PASSWORD}).refused("invitation-expired", 410)
    acme.world.client().post("/invitations/ask-again", {"token": mail.token}).ok(202)
    assert acme.owner.email and "asks for a new invitation" in inbox.last(acme.owner.email).subject
    assert acme.state(inv) == "expired"


def test_an_expired_one_before_one_that_stands_is_not_spoken_of(acme, inbox, clock):
    email = fresh()
    acme.invite(email)
    clock.advance(days=8)
    acme.api.sign_in(acme.owner.email, PASSWORD)
    acme.invite(email)
    inbox.wait(email, 2)
    ask(acme.world, email, DOORS[2])
    at_rest(acme.world)
    assert [m for m in inbox.all_for(email) if "expired" in m.subject] == [] and len(inbox.all_for(email)) == 3


def test_who_has_an_account_gets_a_link_to_a_password_from_the_one_and_the_invitation_from_the_other(acme, world, inbox):
    person, bar = acme.join(), world.found("Bar")
    bar.invite(person.email)
    inbox.wait(person.email, 2)
    ask(world, person.email, DOORS[2])
    assert "/i/" in inbox.wait(person.email, 3)[-1].link
    ask(world, person.email, DOORS[0])
    assert "/password/reset/" in inbox.wait(person.email, 4)[-1].link


def test_a_wrong_code_offers_it(acme, inbox):
    email, client = fresh(), acme.world.client()
    acme.invite(email)
    inbox.last(email)
    page = client.submit("/join", {"email": email, "code": "AAAAA-AAAAA"})
    assert page.status == 404 and 'action="/join/mail"' in page.text and page.text.count(f'value="{email}"') == 2
    client.submit("/join/mail", {"email": email}).ok(200)
    assert client.submit("/join", {"email": email, "code": inbox.wait(email, 2)[-1].code}).ok(200).text.count(acme.name)


# ---- and whoever chose a new password is in


def test_a_reset_signs_in_and_leads_back(acme, world, inbox):
    person, bar = acme.join(), world.found("Bar")
    inv = bar.invite(person.email)
    way = f"/i/{inbox.wait(person.email, 2)[-1].token}"
    client = world.client()
    client.submit("/password/forgotten", {"email": person.email, "next": way}).ok(200)
    link = inbox.resets(person.email)[-1].link
    done = client.submit(link[link.index("/password/reset/"):].partition("?")[0], {"new_password": NEW, "next": way}).ok(303)
    assert done.headers["Location"] == way
    client.submit(way).ok(303)
    assert bar.state(inv) == "accepted"
    person.api.get("/me").refused("unauthenticated", 401)  # other sessions ended


def test_a_reset_still_asks_for_the_second_factor(acme, inbox):
    person, client = acme.join(), acme.world.client()
    set_up(person.api, acme.world.clock)
    client.post("/password-resets", {"email": person.email}).ok(202)
    done = client.submit(f"/password/reset/{inbox.resets(person.email)[-1].token}", {"new_password": NEW}).ok(303)
    assert done.headers["Location"].startswith("/sign-in/factor")
    client.get("/me").refused("second-factor-required", 401)


def test_a_reset_by_whoever_is_signed_in_goes_on_in_the_new_session(acme, inbox):
    person, other = acme.join(), acme.join()
    for client, ended in ((person.api, False), (other.api, True)):
        acme.world.client().post("/password-resets", {"email": person.email}).ok(202)
        client.submit(f"/password/reset/{inbox.resets(person.email)[-1].token}", {"new_password": NEW}).ok(303)
        assert client.get("/me").ok()["email"] == person.email
