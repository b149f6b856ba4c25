"""Somebody else held the account before: at an address that is not theirs, or by a stolen password. The forms that were
published (pre-hijacking: Sudhodanan and Paverd, USENIX Security 2022), and what a take-over leaves behind.

The form called classic-federated merge needs a way to sign in through somebody else; there is none yet."""

import re

import pytest

from lib.authenticator import Passkey
from lib.otp import set_up
from lib.people import PASSWORD, Person, fresh
from lib.server import together
from lib.towns import SITE, acme, town
from lib.ways import NEW, mailed


def squat(org, email):
    """An account at somebody else's address: made by a copied link, never proved."""
    link = org.link(org.invite(email, deliver=False)).ok()["url"]
    return Person(org.world.enrol(link, given="Mallory").ok(201).client, email)


def recover(town, email, password=NEW):
    """What the true holder of a mailbox does: a reset. Their client."""
    before = len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text])
    town.client().post("/password-resets", {"email": email}).ok(202)
    token = town.inbox.resets(email, before + 1)[-1].token
    town.client().post("/password-resets/complete", {"token": token, "new_password": password}).ok(204)
    return town.client().sign_in(email, password)


def ask(client, email, password=PASSWORD):
    return client.post("/me/email", {"email": email, "current_password": password})


def move(town, client, new, password=PASSWORD, count=1):
    """Changes an address, as somebody who knows the password."""
    ask(client, new, password).ok(202)
    confirm(town, new, count).ok(204)


def confirm(town, new, count=1):
    return town.client().post("/email-changes/confirm", {"token": mailed(town.inbox, new, "/email/confirm/", count)})


def undo(town, old, count=1):
    return town.client().post("/email-changes/undo", {"token": mailed(town.inbox, old, "/email/undo/", count)})


def lost(town, address):
    """The one mail that tells an address that its account was taken back."""
    (told,) = town.inbox.until(address, lambda m: "no longer belongs" in m.subject)
    return told


def organizations(client):
    return {m["organization"]["id"] for m in client.get("/me/memberships").ok()["items"]}


# ---- pre-hijacking

def test_unexpired_session(town, acme):
    victim = fresh("victim")
    squatter = squat(acme, victim)
    second = town.client().sign_in(victim, PASSWORD)
    recover(town, victim)
    for client in (squatter.api, second):
        client.get("/me").refused("unauthenticated", 401)


@pytest.mark.parametrize("door", ["reset", "invitation"])
def test_trojan_identifier(town, acme, door):
    """A passkey, an app and recovery codes that the squatter left behind open nothing, and keep nobody out."""
    victim = fresh("victim")
    squatter = squat(acme, victim)
    passkey = Passkey(SITE)
    options = squatter.api.post("/me/passkeys/options").ok().json
    squatter.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    set_up(squatter.api, town.clock)
    if door == "reset":
        client = recover(town, victim)
    else:
        other = town.found("Other")
        other.invite(victim)
        client = town.enrol(town.inbox.token_for(victim, invitation=True), password=NEW).ok(201).client
    me = client.get("/me").ok()
    assert me["second_factor"] == {**me["second_factor"], "totp": False}
    shown = {"credential": passkey.show(town.client().post("/sessions/passkey/options").ok().json)}
    assert town.client().post("/sessions/passkey", shown).status == 401
    town.client().post("/sessions", {"email": victim, "password": PASSWORD}).refused("sign-in-failed", 401)


def test_unexpired_email_change(town, acme):
    """Five steps that took any account: squat, ask for another address, wait until the holder comes, confirm, reset."""
    boss, evil = fresh("boss"), fresh("evil")
    squatter = squat(acme, boss)
    ask(squatter.api, evil).refused("address-unproved", 403)
    assert squatter.api.submit("/me/email", {"email": evil, "current_password": PASSWORD}).status == 403
    other = town.found("Other")
    other.invite(boss)
    client = town.enrol(town.inbox.token_for(boss, invitation=True), password=NEW).ok(201).client
    town.inbox.settle(0.3)
    assert town.inbox.all_for(evil) == []
    assert client.get("/me").ok()["email"] == boss


@pytest.mark.parametrize("what", ["reset", "change", "sessions", "factor", "operator"])
def test_an_address_asked_for_by_a_thief_dies_with_every_recovery(town, acme, what):
    person, evil = acme.join(), fresh("evil")
    thief = town.client().sign_in(person.email, PASSWORD)
    ask(thief, evil).ok(202)
    {
        "reset": lambda: recover(town, person.email),
        "change": lambda: person.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(),
        "sessions": lambda: person.api.delete("/me/sessions").ok(204),
        "factor": lambda: set_up(person.api, town.clock),
        "operator": lambda: town.operator.post("/server/accounts/reset-password", {"email": person.email}).ok(),
    }[what]()
    confirm(town, evil).refused("token-invalid", 410)


def test_non_verifying_issuer(town, acme):
    """Whoever may only say that an address is somebody's (a copied link, a shown password, the operator who names an owner)
    gets nothing of the account that has proved it."""
    victim = acme.join()
    other = town.found("Other")
    link = other.link(other.invite(victim.email, deliver=False)).ok()["url"]
    town.enrol(link, given="Mallory", password=NEW).refused("unauthenticated", 401)
    shown = other.outcome({"email": victim.email}, method="temporary_password", delivery="show")
    assert shown == "already-invited"
    third = town.operator.post("/organizations", {"name": "Third", "slug": fresh("third").split("@")[0].replace(".", "-"),
                                                  "owner": {"email": victim.email, "given_name": "M", "family_name": "M"}}).ok(201)
    assert not third.json.get("set_password_url")
    town.client().post("/sessions", {"email": victim.email, "password": NEW}).refused("sign-in-failed", 401)
    victim.api.get("/me").ok()


# ---- proof of one address is none of another

def test_what_was_given_to_an_address_is_for_whoever_proves_it(town, acme):
    """Founded as owner by the operator, the squatter reads nothing; the mailbox's holder owns the place."""
    boss = fresh("boss")
    squatter = squat(acme, boss)
    slug = "given-" + boss.split("@")[0].replace(".", "-")
    made = town.operator.post("/organizations", {"name": "Given", "slug": slug,
                                                 "owner": {"email": boss, "given_name": "B", "family_name": "B"}}).ok(201)
    assert not made.json.get("set_password_url"), "a link would hand the squatter's account to whoever holds it"
    for path in ("/members", "/invitations", ""):
        assert squatter.api.get(f"/organizations/{slug}{path}").status in (403, 404)
    assert organizations(squatter.api) == {acme.id}
    client = recover(town, boss)
    assert client.get(f"/organizations/{slug}/members").ok()["items"][0]["role"] == "owner"
    squatter.api.get("/me").refused("unauthenticated", 401)


# ---- the unproved have no standing

def test_a_squatter_does_not_keep_the_holder_from_changing_to_their_address(town, acme):
    person, wanted = acme.join(), fresh("wanted")
    rival = town.found("Rival")
    squatter = squat(rival, wanted)
    move(town, person.api, wanted)
    assert person.api.get("/me").ok()["email"] == wanted
    squatter.api.get("/me").refused("unauthenticated", 401)
    assert organizations(person.api) == {acme.id}, "nobody asked the holder whether they would join"
    assert wanted not in [m["account"]["email"] for m in rival.members()]
    assert rival.recount()[0] == rival.recount()[1]


@pytest.mark.parametrize("member", [False, True])
def test_a_place_whose_only_owner_gives_way_is_the_holders(town, acme, member):
    given = town.found("Given")  # its owner came by the operator's link, and never proved the address
    person = acme.join()
    if member:
        given.invite(person.email)
        person.api.post("/invitations/accept", {"token": town.inbox.token_for(person.email, invitation=True, count=2)}).ok(201)
    move(town, person.api, given.owner.email)
    given.owner.api.get("/me").refused("unauthenticated", 401)
    mine = person.membership(given)
    assert mine["role"] == "owner"
    members = person.api.get(given.path + "/members").ok()["items"]
    assert [m["account"]["email"] for m in members] == [given.owner.email]
    given.owner.api = person.api
    assert given.recount()[0] == given.recount()[1]


def test_a_squatter_does_not_block_the_undo(town, acme):
    person = acme.join()
    old, evil = person.email, fresh("evil")
    move(town, town.client().sign_in(old, PASSWORD), evil)
    rival = town.found("Rival")
    squatter = squat(rival, old)
    undo(town, old).ok(204)
    client = recover(town, old)
    assert client.get("/me").ok()["id"] == person.id and organizations(client) == {acme.id}
    squatter.api.get("/me").refused("unauthenticated", 401)


def test_a_squatter_does_not_keep_the_holder_from_signing_up(town, acme):
    victim = fresh("victim")
    squatter = squat(acme, victim)
    form = {"email": victim, "given_name": "Vera", "family_name": "Lang", "password": NEW, "organization": "Vera’s"}
    client = town.client()
    signup = client.post("/signups", form).ok(202)["signup"]
    code = next(m for m in town.inbox.wait(victim, 1) if m.subject).text
    digits = re.search(r"\b\d{3} \d{3}\b", code).group(0)
    client.post("/signups/confirm", {"signup": signup, "code": digits}).ok(201)
    me = client.get("/me").ok()
    assert me["given_name"] == "Vera" and me["email_proved"]
    squatter.api.get("/me").refused("unauthenticated", 401)
    town.client().post("/sessions", {"email": victim, "password": PASSWORD}).refused("sign-in-failed", 401)


def test_one_who_proved_an_address_does_not_give_way(town, acme):
    person, other = acme.join(), acme.join()
    ask(person.api, other.email).ok(202)
    town.inbox.settle(0.3)
    assert not any("/email/confirm/" in m.text for m in town.inbox.all_for(other.email))
    other.api.get("/me").ok()


# ---- the undo

def thief_settles(town, victim, evil):
    """A thief who knows the password does all that could keep the holder out. Their client."""
    thief = town.client().sign_in(victim.email, PASSWORD)
    move(town, thief, evil)
    thief = recover(town, evil, "thief-password-1")
    thief.post("/me/password", {"current_password": "thief-password-1", "new_password": "thief-password-2"}).ok()
    set_up(thief, town.clock)
    passkey = Passkey(SITE)
    options = thief.post("/me/passkeys/options").ok().json
    thief.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    thief.delete("/me/sessions").ok(204)
    refused = thief.call("DELETE", "/me", {"current_password": "thief-password-2"}).refused("conflict", 409)
    assert [e["code"] for e in refused["errors"]] == ["address-changed"]
    page = thief.submit("/me/close", {"current_password": "thief-password-2"})
    assert page.status == 409 and "the earlier one can take it back until" in page.text
    assert 'action="/me/close' not in thief.page("/me/close").text
    thief.passkey = passkey
    return thief


def test_a_thief_who_moves_proves_and_resets_loses_all_of_it_to_the_undo(town, acme):
    victim, evil, worse = acme.join(), fresh("evil"), fresh("worse")
    old = victim.email
    thief = thief_settles(town, victim, evil)
    move(town, thief, worse, "thief-password-2")
    town.clock.advance(days=6)
    thief.get("/me").ok()
    undo(town, old).ok(204)
    told = town.inbox.resets(old)[-1].text
    assert "is yours again" in told and "You asked" not in told
    thief.get("/me").refused("unauthenticated", 401)
    for email in (old, evil, worse):
        for password in (PASSWORD, "thief-password-1", "thief-password-2"):
            answer = town.client().post("/sessions", {"email": email, "password": password})
            assert answer.status == 401 or (email == worse and password == "thief-password-2"), (email, password)
    shown = {"credential": thief.passkey.show(town.client().post("/sessions/passkey/options").ok().json)}
    assert town.client().post("/sessions/passkey", shown).status == 401
    client = recover(town, old)
    me = client.get("/me").ok()
    assert me["id"] == victim.id and me["email"] == old and not me["second_factor"]["totp"]
    assert organizations(client) == {acme.id}
    leftover = town.client().sign_in(worse, "thief-password-2")
    assert organizations(leftover) == set(), "an account of the thief's own, with nothing in it"
    thiefs = mailed(town.inbox, evil, "/email/undo/")
    town.client().post("/email-changes/undo", {"token": thiefs}).ok(204)  # of that account, and of nothing else
    assert recover(town, old, NEW).get("/me").ok()["id"] == victim.id


def test_what_was_gained_under_the_new_address_stays_with_it(town, acme):
    """The old address is an employer's: its undo takes back what it gave, not what its person was given since."""
    person = acme.join()
    old, own = person.email, fresh("own")
    move(town, person.api, own)
    later = town.found("Later")
    later.invite(own, role="administrator")
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(own, invitation=True)}).ok(201)
    gained = later.member(person)
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok()
    founded = person.api.post("/organizations", {"name": "Founded"}).ok(201)["organization"]["id"]
    undo(town, old).ok(204)
    person.api.get("/me").refused("unauthenticated", 401)
    assert "account of its own" in lost(town, own).text
    mine = town.client().sign_in(own, NEW)
    me = mine.get("/me").ok()
    assert me["id"] != person.id and me["email_proved"]
    assert organizations(mine) == {later.id, founded}
    row = later.api.get(f"{later.path}/members/{gained['id']}").ok()
    assert row["account"]["id"] == me["id"] and row["role"] == "administrator"
    assert [m["account"]["email"] for m in later.api.get(later.path + "/members", q=own.split("@")[0]).ok()["items"]] == [own]
    back = recover(town, old, "employer-password-7")
    assert back.get("/me").ok()["id"] == person.id and organizations(back) == {acme.id}
    assert [m["account"]["email"] for m in acme.api.get(acme.path + "/members", q=old.split("@")[0]).ok()["items"]] == [old]
    for org in (acme, later):
        assert org.recount()[0] == org.recount()[1]


def test_nobody_is_left_behind_where_nothing_was_gained(town, acme):
    person = acme.join()
    old, own = person.email, fresh("own")
    move(town, person.api, own)
    undo(town, old).ok(204)
    assert "account of its own" not in lost(town, own).text
    assert town.server.query("SELECT count(*) FROM account WHERE email = ?", own) == [(0,)]


def test_a_later_holder_who_was_robbed_has_their_undo_too(town, acme):
    """From A to B honestly, given something there; then a thief moves it to C. A takes back A's, B takes back B's."""
    person = acme.join()
    a, b, c = person.email, fresh("b"), fresh("c")
    move(town, person.api, b)
    later = town.found("Later")
    later.invite(b)
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(b, invitation=True)}).ok(201)
    move(town, town.client().sign_in(b, PASSWORD), c)
    undo(town, a).ok(204)
    undo(town, b).ok(204)
    assert organizations(recover(town, a)) == {acme.id}
    assert organizations(recover(town, b)) == {later.id}
    assert town.client().post("/sessions", {"email": c, "password": PASSWORD}).status == 401


def test_an_undo_whose_address_has_a_newer_account_waits_for_it(town, acme):
    """The thief moves the account, and has its holder join elsewhere under the old address: the thief is out all the same, the
    newer account is left alone, and the same link gives the older one back once there is room."""
    person = acme.join()
    old, evil = person.email, fresh("evil")
    thief = town.client().sign_in(old, PASSWORD)
    move(town, thief, evil)
    theirs = town.found("Theirs")
    theirs.invite(old)
    newer = town.enrol(town.inbox.token_for(old, invitation=True, count=2), password=NEW).ok(201).client
    token = mailed(town.inbox, old, "/email/undo/")
    again = {"token": token}
    refused = town.client().post("/email-changes/undo", again).refused("address-taken", 409)
    assert [e["code"] for e in refused["errors"]] == ["undo-waits"]
    thief.get("/me").refused("unauthenticated", 401)
    assert recover_nothing(town, evil)
    newer.get("/me").ok()
    assert organizations(newer) == {theirs.id}
    page = town.client().submit(f"/email/undo/{token}")
    assert page.status == 409 and "newer account" in page.text
    waiting = next(m for m in acme.members() if m["account"]["id"] == person.id)
    acme.api.patch(f"{acme.path}/members/{waiting['id']}", {"role": "administrator"}).ok()
    assert town.server.query("SELECT count(*) FROM mail WHERE recipient = '' AND kind = 'member_role_changed'") == [(0,)]
    town.clock.advance(days=20)
    newer = town.client().sign_in(old, NEW)
    newer.call("DELETE", "/me", {"current_password": NEW}).ok(204)
    town.client().post("/email-changes/undo", again).ok(204)
    client = recover(town, old)
    me = client.get("/me").ok()
    assert me["id"] == person.id and me["email"] == old and organizations(client) == {acme.id}


def recover_nothing(town, email):
    """No reset goes to an address that lost its account."""
    before = len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text])
    town.client().post("/password-resets", {"email": email}).ok(202)
    town.inbox.settle(1.2)
    return len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text]) == before


def test_an_undo_of_ones_own_swallows_nobodys_account(town, acme):
    """A thief's own undo link, used at an address that he moved a stolen account to, or that somebody else proved since."""
    thief, boss = town.found("Evil").join(), acme.join(role="owner")
    first, second = thief.email, fresh("t2")
    move(town, thief.api, second)
    own = mailed(town.inbox, first, "/email/undo/")
    stolen, home = town.client().sign_in(boss.email, PASSWORD), boss.email
    move(town, stolen, first)
    town.client().post("/email-changes/undo", {"token": own}).refused("address-taken", 409)
    assert organizations(stolen) == {acme.id}
    undo(town, home).ok(204)
    client = recover(town, home)
    assert client.get("/me").ok()["id"] == boss.id and organizations(client) == {acme.id}
    town.client().post("/email-changes/undo", {"token": own}).ok(204)
    assert acme.id not in organizations(recover(town, first))


def test_an_old_undo_leaves_who_proved_the_address_since_alone(town, acme):
    former, elsewhere = acme.join(), fresh("elsewhere")
    address = former.email
    set_up(former.api, town.clock)
    move(town, former.api, elsewhere)
    link = mailed(town.inbox, address, "/email/undo/")
    other = town.found("Other")
    other.invite(address)
    newer = town.enrol(town.inbox.token_for(address, invitation=True, count=2), password=NEW).ok(201).client
    town.clock.advance(days=6)
    town.client().post("/email-changes/undo", {"token": link}).refused("address-taken", 409)
    newer.get("/me").ok()
    assert town.client().sign_in(address, NEW).get("/me").ok()["second_factor"]["totp"] is False


def test_what_changes_hands_stands_in_the_organizations_record(town, acme):
    given, person = town.found("Given"), acme.join()
    move(town, person.api, given.owner.email)
    raw = town.server.query("SELECT id FROM organization WHERE slug = ?", given.slug)[0][0]
    actions = [a for (a,) in town.server.query("SELECT action FROM audit_event WHERE organization_id = ? ORDER BY id", raw)]
    assert actions[-1] == "member.moved"
    other = town.found("Other")
    member = acme.join()
    other.invite(member.email)
    member.api.post("/invitations/accept", {"token": town.inbox.token_for(member.email, invitation=True, count=2)}).ok(201)
    path = f"{other.path}/members/{other.member(member)['id']}"
    other.api.patch(path, {"state": "suspended"}).ok()
    move(town, member.api, other.owner.email)
    raw = town.server.query("SELECT id FROM organization WHERE slug = ?", other.slug)[0][0]
    actions = [a for (a,) in town.server.query("SELECT action FROM audit_event WHERE organization_id = ? ORDER BY id", raw)]
    assert "ownership.transferred" in actions
    mine = member.api.get(other.path + "/members").ok()["items"]
    assert [(m["role"], m["state"]) for m in mine] == [("owner", "active")]


def test_two_undos_at_once_part_once(town, acme):
    person = acme.join()
    old, own = person.email, fresh("own")
    move(town, person.api, own)
    later = town.found("Later")
    later.invite(own)
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(own, invitation=True)}).ok(201)
    token = mailed(town.inbox, old, "/email/undo/")
    clients = [town.client() for _ in range(16)]
    answers = together(16, lambda i: clients[i].post("/email-changes/undo", {"token": token}))
    assert {a.status for a in answers} == {204}  # one of them does it, the others are its repeats
    assert later.recount()[0] == later.recount()[1] and len(later.members()) == 2
