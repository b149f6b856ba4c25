"""The second half of many conditions: whoever is suspended, or whose access ended, is no owner, contact, heir or inviter."""

import pytest

from lib.access import ahead, ended, member, suspend
from lib.people import PASSWORD, fresh


def told(org, kind, person):
    return org.world.server.query("SELECT count(*) FROM mail WHERE kind = ? AND recipient = ?", kind, person.email)[0][0]


def warn_about(org, person):
    """Until those who administer are told that somebody's access ends soon."""
    before = len(org.world.inbox.all_for(org.owner.email))
    org.api.patch(member(org, person), {"access_ends_at": ahead(org, 5)}).ok()
    org.world.inbox.wait(org.owner.email, before + 1)


OUT = pytest.mark.parametrize("out", [suspend, ended], ids=lambda f: f.__name__)


# ---- who is told


def test_who_is_suspended_is_no_contact(acme):
    admin, other = acme.join(role="administrator"), acme.join(role="administrator")
    suspend(acme, admin)
    warn_about(acme, acme.join())
    assert [told(acme, "member_ends_notice", p) for p in (acme.owner, other, admin)] == [1, 1, 0]


def test_whose_access_ended_is_no_contact(acme):
    admin = ended(acme, acme.join(role="administrator"))
    before = told(acme, "member_ends_notice", admin)
    warn_about(acme, acme.join())
    assert told(acme, "member_ends_notice", admin) == before


def asked_again(org, by):
    """An invitation of somebody's that lapsed, whose holder asks for another."""
    email = fresh("late")
    org.invite(email, expires_in="1h", by=by)
    token = org.world.inbox.token_for(email)
    org.world.clock.advance(hours=3)
    return lambda: org.world.client().post("/invitations/ask-again", {"token": token}).ok(202)


def test_an_owner_is_asked_before_an_administrator(acme):
    admin = acme.join(role="administrator")
    ask = asked_again(acme, acme.world.operator)
    ask()
    assert (told(acme, "ask_again", acme.owner), told(acme, "ask_again", admin)) == (1, 0)


def test_the_inviter_is_asked_while_they_may_invite(acme):
    admin = acme.join(role="administrator")
    asked_again(acme, admin.api)()
    assert (told(acme, "ask_again", acme.owner), told(acme, "ask_again", admin)) == (0, 1)


@OUT
def test_an_inviter_who_is_out_is_not_asked(acme, out):
    admin = acme.join(role="administrator")
    ask = asked_again(acme, admin.api)
    out(acme, admin)
    ask()
    assert (told(acme, "ask_again", acme.owner), told(acme, "ask_again", admin)) == (1, 0)


# ---- owners


DOORS = {
    "leave": lambda org: org.api.post(org.path + "/leave"),
    "step back": lambda org: org.set_role(org.owner, "administrator"),
    "removed by the operator": lambda org: org.world.operator.delete(member(org, org.owner)),
    "close": lambda org: org.api.call("DELETE", "/me", {"current_password": PASSWORD}),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_suspended_owner_is_not_another_one(acme, door):
    other = suspend(acme, acme.join(role="owner"))
    DOORS[door](acme).refused("last-owner", 409)
    acme.api.patch(member(acme, other), {"state": "active"}).ok()
    DOORS[door](acme).ok()


def test_what_closing_says_counts_no_suspended_owner(acme):
    suspend(acme, acme.join(role="owner"))
    assert 'name="current_password"' not in acme.api.page("/me/close").text


@OUT
def test_ownership_goes_to_nobody_who_is_out(acme, out):
    heir = out(acme, acme.join(role="administrator"))
    acme.api.post(acme.path + "/ownership-transfer", {"to": acme.member(heir)["id"]}).refused("conflict", 409)
    assert acme.member(acme.owner)["role"] == "owner" and acme.member(heir)["role"] == "administrator"


# ---- what they still find


@OUT
def test_whoever_is_out_finds_the_organization_in_no_list(acme, out):
    zoe = acme.join()
    assert [o["slug"] for o in zoe.api.items("/organizations")] == [acme.slug]
    out(acme, zoe)
    assert zoe.api.items("/organizations") == [] and zoe.membership(acme) is None
    assert zoe.api.page("/").headers["Location"] == "/me"


@OUT
def test_a_key_of_whoever_is_out_opens_nothing(acme, out):
    admin = acme.join(role="owner")
    key = admin.api.post(acme.path + "/api-keys", {"name": "program"}).ok(201)["api_key"]
    acme.set_role(admin, "administrator").ok()
    acme.world.client(key=key).get(acme.path).ok()
    out(acme, admin)
    acme.world.client(key=key).get(acme.path).refused("not-found", 404)


@OUT
def test_the_operator_makes_no_key_for_whoever_is_out(acme, out):
    zoe = acme.join()
    body = {"name": "program", "member": acme.member(zoe)["id"]}
    acme.world.operator.post(acme.path + "/api-keys", body).ok(201)
    out(acme, zoe)
    acme.world.operator.post(acme.path + "/api-keys", body).refused("conflict", 409)


@OUT
def test_one_who_is_suspended_does_not_administer_beside_another(acme, out):
    words = "second"
    alone = acme.api.page(f"/o/{acme.slug}/users").text
    admin = acme.join(role="administrator")
    beside = acme.api.page(f"/o/{acme.slug}/users").text
    out(acme, admin)
    again = acme.api.page(f"/o/{acme.slug}/users").text
    assert words in alone and words not in beside and words in again
