"""What the record says: of whom, in whose name, and as it was."""

import json
import re

from lib.people import PASSWORD, World, fresh
from lib.pictures import png
from lib.ways import mailed


def lines(world, action):
    """(actor kind, before, after, detail) of each line of an action, oldest first."""
    return world.server.query(
        "SELECT e.actor_kind, e.before, e.after, d.detail FROM audit_event e LEFT JOIN audit_detail d"
        " ON d.organization_id = e.organization_id AND d.event_id = e.id WHERE e.action = ? ORDER BY e.id", action)


def test_names_are_told_in_the_record_as_they_are(acme):
    name = 'Club "Les Amis" \\ 42'
    acme.api.patch(acme.path, {"name": name}).ok()
    assert json.loads(lines(acme.world, "organization.updated")[-1][2])["name"] == name


def test_what_is_said_of_a_person_goes_with_the_person(acme):
    person = acme.join()
    acme.remove(person).ok()
    assert [row for row in lines(acme.world, "member.removed") if row[3] and person.email in row[3]]
    person.api.call("DELETE", "/me", {"current_password": PASSWORD}).ok()
    assert not [row for row in lines(acme.world, "member.removed") if row[3] and person.email in row[3]]


def test_an_export_names_nobody_else(acme):
    admin, person = acme.join(role="administrator"), acme.join()
    acme.remove(person, by=admin.api).ok()
    exported = admin.api.get("/me/export").ok()
    assert "member.removed" in {e["action"] for e in exported["audit_events"]}
    assert person.email not in exported.text


# ---- what changes nothing


def count(world, action):
    return len(lines(world, action))


def test_the_same_name_again_is_no_change(acme):
    before = count(acme.world, "organization.updated")
    acme.api.patch(acme.path, {"name": acme.name}).ok()
    assert count(acme.world, "organization.updated") == before


def test_each_change_of_a_group_is_a_line(acme):
    group = acme.api.post(acme.path + "/groups", {"name": "North"}).ok(201)["id"]
    acme.api.patch(f"{acme.path}/groups/{group}", {"name": "South"}).ok()
    acme.api.delete(f"{acme.path}/groups/{group}").ok()
    told = [(lines(acme.world, f"group.{action}")[-1][1:3]) for action in ("created", "renamed", "deleted")]
    assert [[json.loads(side)["name"] if side else None for side in row] for row in told] == [
        [None, "North"], ["North", "South"], ["South", None]]


def test_the_same_logo_again_is_no_change(acme):
    def put():
        acme.api.send("PUT", f"/api/v1{acme.path}/logo", png(), {"Content-Type": "image/png"}).ok()
        return count(acme.world, "organization.updated")

    assert put() == put()


def test_a_transfer_is_a_line_of_its_own(acme):
    before = count(acme.world, "ownership.transferred")
    acme.api.post(acme.path + "/ownership-transfer", {"to": acme.member(acme.join(role="administrator"))["id"]}).ok()
    assert count(acme.world, "ownership.transferred") == before + 1


# ---- in whose name


def test_who_joined_says_so_themselves(acme):
    person = acme.join()
    [account] = acme.world.server.query("SELECT id FROM account WHERE email = ?", person.email)
    found = acme.world.server.query("SELECT actor_kind, actor_id FROM audit_event WHERE action = 'invitation.accepted' ORDER BY id")
    assert found[-1] == ("invited", account[0])


def test_an_undo_is_a_line(acme, inbox, anonymous):
    person, new = acme.join(), fresh("moved")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    anonymous.post("/email-changes/confirm", {"token": mailed(inbox, new, "/email/confirm/")}).ok()
    before = count(acme.world, "email.change_undone")
    anonymous.post("/email-changes/undo", {"token": mailed(inbox, person.email, "/email/undo/")}).ok()
    told = lines(acme.world, "email.change_undone")
    assert len(told) == before + 1 and json.loads(told[-1][3]) == {"before": new, "after": person.email}


def test_who_gives_way_is_a_line(acme, inbox, anonymous):
    email = fresh("squatted")
    acme.world.enrol(acme.link(acme.invite(email, deliver=False))["url"]).ok(201)
    person = acme.join()
    person.api.post("/me/email", {"email": email, "current_password": PASSWORD}).ok(202)
    before = count(acme.world, "account.gave_way")
    anonymous.post("/email-changes/confirm", {"token": mailed(inbox, email, "/email/confirm/")}).ok()
    assert count(acme.world, "account.gave_way") == before + 1


def test_a_sign_up_is_a_line(make_server, inbox):
    town = World(make_server(mail=inbox.uri, signup="on"), inbox)
    email = fresh()
    body = {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}
    signup = town.client().post("/signups", body).ok(202)["signup"]
    code = re.search(r"\b\d{3} \d{3}\b", inbox.last(email).text).group()
    town.client().post("/signups/confirm", {"signup": signup, "code": code}).ok(201)
    assert count(town, "signup.confirmed") == 1


def test_what_goes_along_with_who_parts_is_a_line(acme, rival, inbox, anonymous):
    """An old address takes its account back: what came under the new one stays with whoever has that, and their organization reads so."""
    person, new = acme.join(), fresh("moved")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    anonymous.post("/email-changes/confirm", {"token": mailed(inbox, new, "/email/confirm/")}).ok()
    rival.invite(new)
    person.api.post("/invitations/accept", {"token": mailed(inbox, new, "/i/")}).ok(201)
    before = count(acme.world, "member.moved")
    anonymous.post("/email-changes/undo", {"token": mailed(inbox, person.email, "/email/undo/")}).ok()
    assert count(acme.world, "member.moved") == before + 1
