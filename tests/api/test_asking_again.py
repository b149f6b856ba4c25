"""An invitation that is over is no dead end: its page says whom to ask, and asks. Who asks stands in the organization's list."""

import html
import re

import pytest

from lib.people import World, fresh


@pytest.fixture(scope="module")
def strict(make_server, smtp):
    return World(make_server(mail=smtp.uri, rate_limits="on"), smtp)


def expire(org, inv, token):
    org.world.clock.advance(hours=2)


def decline(org, inv, token):
    org.world.client().post("/invitations/decline", {"token": token}).ok(204)


def revoke(org, inv, token):
    org.revoke(inv).ok(204)


def replace(org, inv, token):
    before = len(org.world.inbox.all_for(inv["email"]))
    org.resend(inv).ok()
    org.world.inbox.wait(inv["email"], before + 1)


ENDS = pytest.mark.parametrize("end", [expire, decline, revoke, replace])
MAILED = {expire: 1, replace: 1, decline: 0, revoke: 0}


def over(org, end, by=None):
    """(invitation, token) of one that came to such an end."""
    inv = org.invite(fresh("late"), expires_in="1h", by=by)
    token = org.world.inbox.token_for(inv["email"])
    end(org, inv, token)
    org.world.clock.advance(seconds=61)  # within a minute the same twice is once
    return inv, token


def ask(org, token):
    return org.world.client().post("/invitations/ask-again", {"token": token})


def asking(org, **query):
    return [i["id"] for i in org.api.items(org.path + "/invitations", asked="true", **query)]


def said(page):
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


def told(org, person):
    org.world.server.mails_at_rest()
    return [m.subject for m in org.world.inbox.all_for(person.email) if "asks for a new" in m.subject or "demande une" in m.subject]


@ENDS
def test_its_page_says_whom_to_ask_and_asks(acme, end):
    inv, token = over(acme, end)
    me = acme.api.get("/me").ok()
    name = f"{me['given_name']} {me['family_name']}"
    client = acme.world.client()
    page = client.page(f"/i/{token}")
    assert page.status == 410 and f"Who to ask: {name}." in said(page) and "Already asked" not in said(page)
    door = client.post("/invitations/lookup", {"token": token}).ok()
    assert door["ask_whom"] == {"given_name": me["given_name"], "family_name": me["family_name"]}
    assert (door["may_ask"], door["asked_at"]) == (True, None)
    assert name in said(client.submit(f"/i/{token}/ask-again").ok(200))
    assert "Already asked on" in said(client.page(f"/i/{token}"))
    assert client.post("/invitations/lookup", {"token": token}).ok()["asked_at"]
    assert len(told(acme, acme.owner)) == MAILED[end]
    assert asking(acme) == [inv["id"]]


def test_what_is_good_or_was_accepted_names_nobody(acme, inbox, enrol):
    email = fresh()
    acme.invite(email)
    token = inbox.token_for(email)
    for state in ("pending", "accepted"):
        door = acme.world.client().post("/invitations/lookup", {"token": token}).ok()
        assert (door["state"], door["ask_whom"], door["may_ask"]) == (state, None, False)
        if state == "pending":
            enrol(token).ok(201)


def test_three_times_in_all(strict):
    org = strict.found("Thrice")
    inv, token = over(org, revoke)
    for _ in range(3):
        ask(org, token).ok(202)
        strict.clock.advance(days=1)
    ask(org, token).refused("already-asked", 409)
    client = strict.client()
    door = client.post("/invitations/lookup", {"token": token}).ok()
    assert door["may_ask"] is False and door["ask_whom"] and door["asked_at"]
    page = client.page(f"/i/{token}")
    assert "Already asked on" in said(page) and "ask-again" not in page.text
    refused = client.submit(f"/i/{token}/ask-again")
    assert refused.status == 409 and "Already asked on" in said(refused)
    assert org.invitation(inv)["asked_count"] == 3


def test_the_second_time_of_a_day_says_when_the_first_was(strict):
    org = strict.found("Daily")
    _, token = over(org, revoke)
    strict.clock.advance(seconds=86400 - strict.clock.now() % 86400 + 60)
    client = strict.client()
    client.submit(f"/i/{token}/ask-again").ok(200)
    strict.clock.advance(minutes=2)
    again = client.submit(f"/i/{token}/ask-again")
    assert again.status == 429 and "Already asked on" in said(again) and "ask-again" not in again.text
    strict.clock.advance(days=1)
    assert "ask-again" in client.page(f"/i/{token}").text


def home(person, org):
    return said(person.api.page(f"/o/{org.slug}").ok(200))


def test_it_stands_on_the_home_of_inviter_and_owner(acme):
    inviter, other = acme.join(role="administrator"), acme.join(role="administrator")
    inv, token = over(acme, revoke, by=inviter.api)
    ask(acme, token).ok(202)
    assert inv["email"] in home(inviter, acme) and inv["email"] in home(acme.owner, acme)
    assert inv["email"] not in home(other, acme)
    acme.world.clock.advance(days=31)
    acme.owner.api.sign_in(acme.owner.email, acme.owner.password)
    assert inv["email"] not in home(acme.owner, acme)


@pytest.mark.parametrize("end", [decline, revoke])
def test_sending_again_makes_another(acme, inbox, enrol, end):
    """What was declined or revoked stays so."""
    inv, token = over(acme, end)
    acme.resend(inv).refused("conflict", 409)
    ask(acme, token).ok(202)
    fresh_one = acme.resend(inv).ok().json
    assert fresh_one["id"] != inv["id"] and fresh_one["state"] == "pending" and fresh_one["email"] == inv["email"]
    assert asking(acme) == [] and acme.state(inv) == ("declined" if end is decline else "revoked")
    enrol(token).refused("invitation-declined" if end is decline else "invitation-revoked", 410)
    enrol(inbox.token_for(inv["email"], 2)).ok(201)
    acme.resend(inv).refused("conflict", 409)


@ENDS
def test_inviting_anew_answers(acme, end):
    inv, token = over(acme, end)
    ask(acme, token).ok(202)
    if end is replace:
        acme.revoke(inv).ok()
    acme.invite(inv["email"])
    assert asking(acme) == []
    assert acme.invitation(inv)["asked_at"] is None and acme.invitation(inv)["asked_count"] == 1


def test_sending_an_expired_one_again_answers(acme):
    inv, token = over(acme, expire)
    ask(acme, token).ok(202)
    acme.resend(inv).ok()
    assert asking(acme) == [] and acme.invitation(inv)["asked_count"] == 1


def test_the_list_shows_who_asked(acme):
    inv, token = over(acme, decline)
    plain = acme.invite(fresh("quiet"))
    other, others = over(acme, revoke)
    for each in (token, others):
        ask(acme, each).ok(202)
    assert asking(acme) == [other["id"], inv["id"]] and asking(acme, state="declined") == [inv["id"]]
    assert asking(acme, batch=plain["batch"]) == [] and asking(acme, batch=inv["batch"]) == [inv["id"]]
    assert acme.api.get(acme.path + "/invitations", asked="true", count="true").ok()["total"] == 2
    page = acme.api.page(f"/o/{acme.slug}/users/invitations?state=asked")
    assert inv["email"] in page.text and plain["email"] not in page.text and "asked again on" in said(page)
    assert f"/{inv['id']}/resend" in page.text
    out = acme.world.server.cli("invitation", "list", "--organization", acme.slug, "--asked").stdout
    assert inv["email"] in out and plain["email"] not in out and "Asked again" in out


def test_several_are_invited_anew_at_once(acme, inbox):
    rows = [over(acme, end) for end in (decline, revoke, expire)]
    for _, token in rows:
        ask(acme, token).ok(202)
    acme.api.submit(f"/o/{acme.slug}/users/invitations", {"action": "resend", "invitation": [inv["id"] for inv, _ in rows]})
    assert asking(acme) == []
    for inv, _ in rows:
        inbox.wait(inv["email"], 2)


def test_where_nobody_invites_any_more_an_owner_is_asked(acme):
    admin = acme.join(role="administrator")
    _, token = over(acme, expire, by=admin.api)
    acme.remove(admin, pending_invitations="take_over").ok()
    owner = acme.api.get("/me").ok()
    door = acme.world.client().post("/invitations/lookup", {"token": token}).ok()
    assert door["ask_whom"]["given_name"] == owner["given_name"]


@pytest.mark.parametrize("end", ["used", "expired"])
@pytest.mark.parametrize("delivery", ["show", "send"])
def test_a_temporary_password_that_is_good_no_more_says_whom_to_ask(acme, inbox, clock, end, delivery):
    email = fresh("late")
    row = acme.send(email, method="temporary_password", delivery=delivery, expires_in="1h").ok()["results"][0]
    password = row.get("temporary_password") or inbox.wait(email)[-1].temporary_password
    typed = {"email": email, "password": password}
    if end == "used":
        acme.world.client().post("/sessions", typed).ok(201)
        clock.advance(minutes=5)
    else:
        clock.advance(hours=2)
    client = acme.world.client()
    pages = [client.submit("/sign-in", typed) for _ in range(2)]
    owner = acme.api.get("/me").ok()
    (way,) = {re.search(r'action="(/i/[^"]*/ask-again)"', page.text)[1] for page in pages}
    assert pages[0].status == 401 and f"Who to ask: {owner['given_name']} {owner['family_name']}." in said(pages[0])
    enrolling = acme.world.enrol(way.split("/")[2])
    assert enrolling.status == 410, enrolling
    client.submit(way).ok(200)
    assert asking(acme) == [row["invitation"]["id"]] and len(told(acme, acme.owner)) == 1
    assert "Already asked on" in said(client.submit("/sign-in", typed))


def test_a_wrong_temporary_password_names_nobody(acme):
    email = fresh()
    acme.send(email, method="temporary_password", delivery="show").ok()
    page = acme.world.client().submit("/sign-in", {"email": email, "password": "abcdef-abcdef-abcdef"})
    assert page.status == 401 and "Who to ask" not in said(page) and "ask-again" not in page.text
