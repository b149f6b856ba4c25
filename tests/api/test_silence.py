"""Whoever declines may say that the organization is not to invite them again: it is told so, and only they can change that."""

import html
import re

import pytest

from lib.people import fresh


def said(page):
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


def by_api(org, token):
    org.world.client().post("/invitations/decline", {"token": token, "silence": True}).ok(204)


def by_page(org, token):
    client = org.world.client()
    assert 'name="silence"' in client.page(f"/i/{token}/decline").ok(200).text
    assert "no longer invite" in said(client.submit(f"/i/{token}/decline", {"silence": "true"}).ok(200))


def silenced(org, email=None, by=by_api):
    email = email or fresh()
    before = len({x for m in org.world.inbox.all_for(email) for x in m.links if "/i/" in x})
    inv = org.invite(email)
    token = org.world.inbox.token_for(email, before + 1, invitation=True)
    by(org, token)
    return inv, token


@pytest.mark.parametrize("by", [by_api, by_page])
def test_the_organization_invites_the_address_no_more(acme, rival, by):
    inv, _ = silenced(acme, by=by)
    email = inv["email"]
    assert acme.state(inv) == "declined" and acme.invitation(inv)["silenced_at"]
    assert acme.outcome(email) == acme.outcome(email.upper()) == "invitations-refused"
    assert acme.outcome(email, method="temporary_password", delivery="show") == "invitations-refused"
    other = acme.invite(fresh())
    acme.correct(other, email).refused("invitations-refused", 409)
    preview = acme.api.post(acme.path + "/invitations/preview", {"invitations": [{"email": email, "role": "member"}]}).ok()
    assert preview["results"][0]["outcome"] == "invitations-refused"
    assert "wants no more invitations" in said(acme.api.page(f"/o/{acme.slug}/users/invitations"))
    assert rival.outcome(email) == "invited"
    assert acme.recount()[0] == acme.recount()[1]


def test_declining_alone_silences_nobody(acme, inbox):
    inv = acme.invite(fresh())
    acme.world.client().post("/invitations/decline", {"token": inbox.token_for(inv["email"])}).ok(204)
    assert acme.outcome(inv["email"]) == "invited" and acme.invitation(inv)["silenced_at"] is None


def test_a_copied_link_silences_nobody(acme):
    inv = acme.invite(fresh(), deliver=False)
    link = acme.link(inv).ok()["url"].rpartition("/")[2]
    client = acme.world.client()
    client.post("/invitations/decline", {"token": link, "silence": True}).refused("forbidden", 403)
    assert acme.state(inv) == "pending" and 'name="silence"' not in client.page(f"/i/{link}/decline").text
    client.post("/invitations/decline", {"token": link}).ok(204)


def test_an_earlier_one_is_not_sent_again(acme, clock):
    email = fresh()
    expired = acme.invite(email, expires_in="1h")
    clock.advance(hours=2)
    acme.api.sign_in(acme.owner.email, acme.owner.password)
    inv = acme.invite(email)
    token = acme.world.inbox.token_for(email, 2)
    acme.world.client().post("/invitations/decline", {"token": token, "silence": True}).ok(204)
    acme.resend(expired).refused("invitations-refused", 409)
    assert acme.state(inv) == "declined"


@pytest.mark.parametrize("door", ["api", "page"])
def test_it_is_lifted_from_ones_own_account(acme, rival, door):
    zoe = rival.join()
    inv, _ = silenced(acme, zoe.email)
    (item,) = zoe.api.get("/me/silences").ok()["items"]
    assert item["organization"]["slug"] == acme.slug and item["since"]
    page = zoe.api.page("/me")
    assert "Invitations refused" in said(page) and acme.name in said(page)
    if door == "api":
        zoe.api.delete(f"/me/silences/{acme.id}").ok(204)
        zoe.api.delete(f"/me/silences/{acme.id}").refused("not-found", 404)
    else:
        zoe.api.submit(f"/me/silences/{acme.id}/lift").ok(303)
    assert zoe.api.get("/me/silences").ok()["items"] == [] and acme.invitation(inv)["silenced_at"] is None
    assert acme.outcome(zoe.email) == "invited"


def test_nobody_else_lifts_it(acme, rival):
    silenced(acme)
    zoe = rival.join()
    assert zoe.api.get("/me/silences").ok()["items"] == []
    zoe.api.delete(f"/me/silences/{acme.id}").refused("not-found", 404)


def test_asking_with_the_mailed_link_lifts_it(acme):
    inv, token = silenced(acme)
    acme.world.client().post("/invitations/ask-again", {"token": token}).ok(202)
    assert acme.resend(inv).ok()["state"] == "pending"


def test_the_table_names_nobody(acme):
    inv, _ = silenced(acme)
    rows = acme.world.server.query("SELECT address_hash FROM invitation_silence")
    assert rows and not any(inv["email"].encode() in bytes(row[0]) for row in rows)
