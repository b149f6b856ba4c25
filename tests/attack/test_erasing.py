"""Proof of nothing taken for proof: whose traces go when an account closes. By account, and by an address that it had proved
while it had it; never by an address that it only claims."""

import re

import pytest

from attack.test_hijacking import move, recover, squat, undo
from attack.test_undo import join
from lib.otp import set_up
from lib.people import PASSWORD, Person, fresh
from lib.towns import acme, town
from lib.ways import NEW


def close(client, password=PASSWORD):
    client.call("DELETE", "/me", {"current_password": password}).ok(204)


def traces(server, address):
    """Where the address stands."""
    tables = ["account", "membership", "member_word", "invitation", "mail", "audit_detail", "audit_event", "email_change"]
    found = set()
    for table in tables:
        for row in server.query(f"SELECT * FROM {table}"):
            for value in row:
                text = bytes(value).decode("utf-8", "replace") if isinstance(value, (bytes, memoryview)) else str(value)
                if address.lower() in text.lower():
                    found.add(table)
    return found


def settled(town, address, mails):
    """Waits until that many mails went to the address and their outcome was written."""
    town.inbox.wait(address, mails)
    for _ in range(200):
        if town.server.query("SELECT count(*) FROM mail WHERE state IN ('queued', 'deferred')") == [(0,)]:
            return
        town.inbox.settle(0.05)
    raise AssertionError("mail waits for ever")


def test_who_only_claims_an_address_erases_nothing_of_others_about_it(town, acme):
    v, other = fresh("victim"), town.found("Other")
    inv = other.invite(v)
    other.revoke(inv).ok()
    squatter = squat(acme, v)
    close(squatter.api)
    assert other.invitation(inv)["email"] == v
    assert traces(town.server, v) >= {"invitation", "mail", "audit_detail"}
    mine = acme.api.get(acme.path + "/invitations", state="accepted").ok()["items"]
    assert v not in [i["email"] for i in mine], "but the one that the account accepted itself"


def test_a_squatter_who_gives_way_takes_nothing_of_the_holder_along(town, acme):
    person = acme.join()
    old, evil = person.email, fresh("evil")
    move(town, town.client().sign_in(old, PASSWORD), evil)
    squat(town.found("Rival"), old)
    undo(town, old).ok(204)
    assert old in [i["email"] for i in acme.api.get(acme.path + "/invitations", state="accepted").ok()["items"]]


def test_the_next_holder_of_an_address_leaves_the_former_ones_traces(town, acme):
    first = acme.join()
    shared, own, elsewhere = first.email, fresh("own"), town.found("Elsewhere")
    gone = elsewhere.invite(shared)
    town.inbox.wait(shared, 2)
    elsewhere.revoke(gone).ok()
    move(town, first.api, own)
    other = town.found("Other")
    theirs = other.invite(shared)
    second = town.enrol(town.inbox.token_for(shared, invitation=True, count=3), password=NEW).ok(201).client
    close(second, NEW)
    assert shared in [i["email"] for i in acme.api.get(acme.path + "/invitations", state="accepted").ok()["items"]]
    assert elsewhere.invitation(gone)["email"] == shared, "sent to whom had the address then"
    assert other.invitation(theirs)["email"] == "", "the second one's own"


def test_what_was_sent_to_a_proved_address_and_never_taken_up_goes_with_its_holder(town, acme):
    person, other = acme.join(), town.found("Other")
    inv = other.invite(person.email)
    town.inbox.wait(person.email, 2)
    other.revoke(inv).ok()
    settled(town, person.email, 2)
    close(person.api)
    settled(town, person.email, 3)
    assert other.invitation(inv)["email"] == ""
    assert traces(town.server, person.email) == set()


def test_who_moved_and_closes_is_forgotten_at_the_earlier_address(town, acme):
    """Invited twice over (each mail names the address), declined elsewhere, moved away from: nothing is left of it."""
    email, new, other = fresh("mover"), fresh("moved"), town.found("Other")
    inv = acme.invite(email)
    town.inbox.wait(email)  # else it is withdrawn
    acme.resend(inv).ok()
    person = Person(town.enrol(town.inbox.token_for(email, invitation=True, count=2)).ok(201).client, email)
    other.revoke(other.invite(email)).ok()
    move(town, person.api, new)
    exported = person.api.get("/me/export").ok()["invitations"]
    assert [i["email"] for i in exported] == [email], "it is still theirs to take along"
    town.clock.advance(days=8)
    close(town.client().sign_in(new, PASSWORD))
    settled(town, new, 2)
    assert traces(town.server, email) == set() and traces(town.server, new) == set()


def test_who_founded_is_forgotten_by_the_record(town):
    place = town.found("Founded")
    first = place.owner.prove(town.inbox)
    place.join(role="owner")
    close(first.api)
    settled(town, first.email, 2)
    assert traces(town.server, first.email) == set()


def test_a_sign_ups_address_goes_with_its_account(town):
    """The mail with its code went out before there was an account; and one to another spelling of it."""
    email, client = fresh("founder"), town.client()
    for mails, spelled in enumerate((email.replace("f", "F", 1), email), 1):
        signup = client.post("/signups", {"email": spelled, "given_name": "Fo", "family_name": "Under", "password": PASSWORD,
                                          "organization": "Founded", "locale": "en"}).ok(202)["signup"]
        town.inbox.wait(spelled, mails)
    code = re.search(r"\b\d{3} \d{3}\b", town.inbox.last(email, 2).text).group(0)
    client.post("/signups/confirm", {"signup": signup, "code": code}).ok(201)
    place = client.get("/me/memberships").ok()["items"][0]["organization"]["slug"]
    heir = fresh("heir")
    client.post(f"/organizations/{place}/invitations", {"invitations": [{"email": heir, "role": "member"}]}).ok()
    town.enrol(town.inbox.token_for(heir)).ok(201)
    row = next(m for m in client.items(f"/organizations/{place}/members") if m["account"]["email"] == heir)
    client.patch(f"/organizations/{place}/members/{row['id']}", {"role": "owner"}).ok()
    close(client)
    settled(town, email, 3)
    assert traces(town.server, email) == set()


def test_what_was_accepted_at_the_address_that_loses_goes_with_its_person(town, acme):
    """The undo makes two people of one account: the earlier address closes, and the other one's records stay."""
    person = acme.join()
    old, own, later = person.email, fresh("own"), town.found("Later")
    town.clock.advance(hours=1)
    move(town, person.api, own)
    inv = later.invite(own)
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(own, invitation=True)}).ok(201)
    undo(town, old).ok(204)
    back = recover(town, old)
    town.clock.advance(days=8)
    back = town.client().sign_in(old, NEW)
    close(back, NEW)
    assert later.invitation(inv)["email"] == own
    assert old not in [i["email"] for i in acme.api.get(acme.path + "/invitations", state="accepted").ok()["items"]]


def test_the_operators_link_takes_an_unproved_account_from_whoever_has_it(town, acme):
    """The holder of the address asks the operator for help, and is not asked for the squatter's second factor."""
    squatter = squat(acme, fresh("holder"))
    set_up(squatter.api, town.clock)
    link = town.operator.post("/server/accounts/reset-password", {"email": squatter.email}).ok()["url"]
    town.client().post("/password-resets/complete", {"token": link.rsplit("/", 1)[1], "new_password": NEW}).ok(204)
    squatter.api.get("/me").refused("unauthenticated", 401)
    holder = town.client().sign_in(squatter.email, NEW)
    assert holder.get("/me").ok()["id"] == squatter.id
    assert holder.get("/organizations/" + acme.slug).status == 200, "in full, by the password alone"


def test_an_invitation_whose_person_is_erased_goes_to_nobody_again(town, acme):
    """Expired, since a second one retired it, and erased with its person: it would enrol an account without an address."""
    person, other = acme.join(), town.found("Other")
    first = other.invite(person.email)
    town.clock.advance(days=40)
    other.api.sign_in(other.owner.email, PASSWORD)
    second = other.invite(person.email)
    other.revoke(second).ok()
    town.client().sign_in(person.email, PASSWORD).call("DELETE", "/me", {"current_password": PASSWORD}).ok(204)
    assert other.invitation(first)["email"] == ""
    other.resend(first).refused("conflict", 409)
    other.link(first).refused("invitation-expired", 410)
    counted, kept = other.recount()
    assert counted == kept


def close_at(town, email, password):
    close(town.client().sign_in(email, password), password)


def test_what_lapsed_and_nobody_retired_goes_with_its_person(town, acme):
    person, other = acme.join(), town.found("Other")
    inv = other.invite(person.email)
    town.clock.advance(days=40)
    other.api.sign_in(other.owner.email, PASSWORD)
    assert other.state(inv) == "expired"
    close_at(town, person.email, PASSWORD)
    assert other.invitation(inv)["email"] == "" and other.recount()
    assert "invitation" not in traces(town.server, person.email)


def test_what_is_revoked_after_its_person_moved_is_theirs_still(town, acme):
    person, other, moved_to = acme.join(), town.found("Other"), fresh("moved")
    first = other.invite(person.email)
    town.clock.advance(days=40)
    other.api.sign_in(other.owner.email, PASSWORD)
    second = other.invite(person.email)
    other.revoke(second).ok()
    move(town, town.client().sign_in(person.email, PASSWORD), moved_to)
    other.revoke(first).ok()
    town.clock.advance(days=8)
    close_at(town, moved_to, PASSWORD)
    other.api.sign_in(other.owner.email, PASSWORD)
    assert [other.invitation(i)["email"] for i in (first, second)] == ["", ""]


def test_an_undo_leaves_what_lay_at_the_address_to_whoever_proves_it(town, acme):
    person, own, other = acme.join(), fresh("own"), town.found("Other")
    move(town, person.api, own)
    inv = other.invite(own)
    other.revoke(inv).ok()
    undo(town, person.email).ok(204)
    recover(town, person.email)
    town.clock.advance(days=8)
    close_at(town, person.email, NEW)
    other.api.sign_in(other.owner.email, PASSWORD)
    assert other.invitation(inv)["email"] == own
    acme.api.sign_in(acme.owner.email, PASSWORD)
    acme.join(own)
    close_at(town, own, PASSWORD)
    assert other.invitation(inv)["email"] == ""


def test_what_lay_at_an_address_goes_with_its_share(town, acme):
    """first, second (revoked by Other there; joined Later), third; the first undoes, the second takes its share, the first closes."""
    person, second, other, later = acme.join(), fresh("second"), town.found("Other"), town.found("Later")
    move(town, person.api, second)
    inv = other.invite(second)
    town.inbox.token_for(second, invitation=True)
    other.revoke(inv).ok()
    person.api = town.client().sign_in(second, PASSWORD)
    join(town, later, person, second, 2)
    move(town, town.client().sign_in(second, PASSWORD), fresh("third"))
    undo(town, person.email).ok(204)
    undo(town, second).ok(204)
    recover(town, second)
    recover(town, person.email)
    town.clock.advance(days=9)
    close_at(town, person.email, NEW)
    other.api.sign_in(other.owner.email, PASSWORD)
    assert other.invitation(inv)["email"] == second
    close_at(town, second, NEW)
    assert other.invitation(inv)["email"] == ""


def test_who_parted_and_closes_is_forgotten_by_the_record_of_the_other(town, acme):
    person, own, later = acme.join(), fresh("own"), town.found("Later")
    town.clock.advance(hours=1)
    move(town, person.api, own)
    join(town, later, person, own)
    undo(town, person.email).ok(204)
    mine = recover(town, own)
    close(mine, NEW)
    settled(town, own, 2)
    assert traces(town.server, own) == set()
    assert "account" in traces(town.server, person.email)


def test_of_two_who_part_each_is_forgotten_by_the_record(town, acme):
    person, first, second = acme.join(), fresh("first"), fresh("second")
    move(town, person.api, first)
    join(town, town.found("Later"), person, first)
    move(town, town.client().sign_in(first, PASSWORD), second)
    join(town, town.found("Last"), Person(town.client().sign_in(second, PASSWORD), second), second)
    undo(town, first).ok(204)
    town.inbox.resets(first, 1)
    undo(town, person.email).ok(204)
    for address in (first, second):
        close(recover(town, address), NEW)
        settled(town, address, 2)
        assert traces(town.server, address) == set(), address


@pytest.mark.parametrize("how", ["typed otherwise", "moved on"])
def test_who_parted_is_forgotten_under_every_address_and_spelling(town, acme, how):
    """The record of the one tells the addresses of the other as they were typed, and those they had before."""
    person, evil = acme.join(), fresh("evil")
    typed = evil if how == "moved on" else evil.upper().replace("@EXAMPLE", "@Example")
    last = fresh("second") if how == "moved on" else evil
    move(town, person.api, typed)
    thief = town.client().sign_in(evil, PASSWORD)
    move(town, thief, last, count=1 if how == "moved on" else 2)
    join(town, town.found("Theirs"), Person(town.client().sign_in(last, PASSWORD), last), last)
    undo(town, person.email).ok(204)
    assert {"audit_detail"} <= traces(town.server, evil) & traces(town.server, last)
    town.server.cli("account", "close", last, "--yes")
    for address in (evil, last):
        assert "audit_detail" not in traces(town.server, address), address
    details = "".join(row[0] for row in town.server.query("SELECT detail FROM audit_detail"))
    assert person.email in details


def test_a_thief_who_parts_and_closes_takes_no_more_of_the_record_than_their_address(town, acme):
    person, evil = acme.join(), fresh("evil")
    move(town, person.api, evil)
    join(town, town.found("Theirs"), Person(town.client().sign_in(evil, PASSWORD), evil), evil)
    undo(town, person.email).ok(204)
    close(recover(town, evil, "thief-password-9"), "thief-password-9")
    settled(town, evil, 2)
    details = [row[0] for row in town.server.query("SELECT detail FROM audit_detail") if person.email in row[0]]
    assert any('"before"' in text for text in details) and evil not in "".join(details)
