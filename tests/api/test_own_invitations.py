"""What waits for a proved address stands in its holder's account, and is accepted or declined there without the mail."""

import html
import re

import pytest

from lib.people import Person, fresh


def waiting(person):
    return [i["id"] for i in person.api.get("/me/invitations").ok()["items"]]


def said(page):
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


@pytest.fixture
def zoe(rival, inbox):
    """Somebody with a proved address who belongs elsewhere."""
    return rival.join()


def by_api(person, inv, what):
    return person.api.post(f"/me/invitations/{inv['id']}/{what}")


def by_page(person, inv, what):
    return person.api.submit(f"/me/invitations/{inv['id']}/{what}")


BY = pytest.mark.parametrize("act", [by_api, by_page])


@BY
def test_it_is_accepted_there(acme, rival, zoe, act):
    inv = acme.invite(zoe.email)
    for page in (zoe.api.page("/me"), zoe.api.page(f"/o/{rival.slug}")):
        assert "Your invitations" in said(page) and acme.name in said(page) and f"/me/invitations/{inv['id']}/accept" in page.text
    (item,) = zoe.api.get("/me/invitations").ok()["items"]
    assert (item["id"], item["organization"]["name"], item["role"]) == (inv["id"], acme.name, "member") and item["inviter"]["given_name"]
    act(zoe, inv, "accept")
    assert acme.member(zoe)["role"] == "member" and acme.state(inv) == "accepted" and waiting(zoe) == []
    assert acme.recount()[0] == acme.recount()[1]
    assert "Your invitations" not in said(zoe.api.page("/me"))


@BY
def test_it_is_declined_there(acme, zoe, act):
    inv = acme.invite(zoe.email)
    act(zoe, inv, "decline")
    assert acme.state(inv) == "declined" and waiting(zoe) == [] and acme.seats["held"] == 0
    by_api(zoe, inv, "accept").refused("invitation-declined", 410)


def test_accepting_twice_is_accepting_once(acme, zoe):
    inv = acme.invite(zoe.email)
    first, second = by_api(zoe, inv, "accept").ok(201), by_api(zoe, inv, "accept").ok(201)
    assert first["id"] == second["id"]


def test_only_once_the_address_is_proved(acme, rival, inbox, enrol):
    email = fresh()
    link = rival.link(rival.invite(email, deliver=False)).ok()["url"]
    client = enrol(link).ok(201).client
    inv = acme.invite(email)
    inbox.token_for(email)
    assert client.get("/me/invitations").ok()["items"] == [] and "Your invitations" not in said(client.page("/me"))
    client.post(f"/me/invitations/{inv['id']}/accept").refused("not-found", 404)
    Person(client, email).prove(inbox)
    assert [i["id"] for i in client.get("/me/invitations").ok()["items"]] == [inv["id"]]
    client.post(f"/me/invitations/{inv['id']}/accept").ok(201)


def test_nobody_elses(acme, rival, zoe):
    inv = acme.invite(fresh())
    for what in ("accept", "decline"):
        by_api(zoe, inv, what).refused("not-found", 404)
    assert acme.state(inv) == "pending" and waiting(zoe) == []


def test_what_is_over_does_not_wait(acme, zoe, clock):
    acme.revoke(inv := acme.invite(zoe.email)).ok()
    by_api(zoe, inv, "accept").refused("invitation-revoked", 410)
    inv = acme.invite(zoe.email, expires_in="1h")
    assert waiting(zoe) == [inv["id"]]
    clock.advance(hours=2)
    assert waiting(zoe) == []
    by_api(zoe, inv, "accept").refused("invitation-expired", 410)


def test_where_accounts_are_refused_it_is_refused_here(acme, zoe):
    inv = acme.invite(zoe.email)
    acme.set(existing_accounts="refuse").ok()
    by_api(zoe, inv, "accept").refused("account-already-active", 409)
    assert acme.member(zoe) is None


def test_who_belongs_there_already_is_not_asked(acme, zoe):
    first = acme.invite(zoe.email)
    by_api(zoe, first, "accept").ok(201)
    assert acme.outcome(zoe.email) == "already-member" and waiting(zoe) == []


def test_whoever_signed_in_by_no_session_has_none(acme, zoe, anonymous):
    inv = acme.invite(zoe.email)
    anonymous.get("/me/invitations").refused("unauthenticated", 401)
    anonymous.post(f"/me/invitations/{inv['id']}/accept").refused("unauthenticated", 401)
