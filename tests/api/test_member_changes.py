"""What may be changed of a membership: role, state, options, end of access; one by one and many at once."""

import datetime

import pytest

from lib.otp import set_up
from lib.people import fresh


def at(clock, **ahead):
    moment = datetime.datetime.fromtimestamp(clock.now(), datetime.timezone.utc) + datetime.timedelta(**ahead)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def change(org, member, by=None, **what):
    who = member["id"] if isinstance(member, dict) else org.member(member)["id"]
    return (by or org.api).patch(f"{org.path}/members/{who}", what)


def bulk(org, members, by=None, **what):
    return (by or org.api).post(org.path + "/members/bulk", {"members": [m["id"] for m in members], **what})


def allowed(person, org):
    return person.api.post("/check", {"organization": org.slug, "permission": "resources.use"}).ok(200)["allowed"]


def actions(org):
    query = org.world.server.query
    raw = query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    return [r[0] for r in query("SELECT action FROM audit_event WHERE organization_id = ? ORDER BY id", raw)]


# ---- state


def test_suspended_is_out_at_the_next_request_and_back_after(acme, inbox):
    zoe = acme.join(role="administrator")
    assert change(acme, zoe, state="suspended").ok(200)["state"] == "suspended"
    zoe.api.get(acme.path).refused("not-found", 404)
    assert not allowed(zoe, acme) and zoe.membership(acme) is None
    assert [m["account"]["id"] for m in acme.members(state="suspended")] == [zoe.id]
    mail = inbox.last(zoe.email, 2)
    assert mail.subject == "Votre accès à Acme est suspendu · Your access to Acme is suspended" and "http" not in mail.text.split("--")[0]
    assert change(acme, zoe, state="active").ok(200)["state"] == "active"
    zoe.api.get(acme.path + "/members").ok(200)
    assert "rétabli" in inbox.last(zoe.email, 3).subject
    assert actions(acme)[-2:] == ["member.suspended", "member.reactivated"]


def test_the_same_again_changes_nothing_and_says_nothing(acme, inbox):
    zoe = acme.join()
    change(acme, zoe, state="active", role="member", access_ends_at=None).ok(200)
    inbox.settle(0.3)
    assert len(inbox.all_for(zoe.email)) == 1 and "member.updated" not in actions(acme)


def test_who_is_suspended_keeps_what_they_sent(acme):
    admin = acme.join(role="administrator")
    inv = acme.invite(fresh(), by=admin.api)
    change(acme, admin, state="suspended").ok(200)
    assert acme.state(inv) == "pending"


def test_a_suspended_member_still_has_a_seat(acme):
    zoe = acme.join()
    before = acme.seats["used"]
    change(acme, zoe, state="suspended").ok(200)
    assert acme.seats["used"] == before
    counted, kept = acme.recount()
    assert counted == kept


def test_nobody_suspends_themselves(acme):
    admin = acme.join(role="administrator")
    change(acme, admin, by=admin.api, state="suspended").refused("forbidden", 403)
    change(acme, acme.owner, state="suspended").refused("forbidden", 403)


def test_a_suspended_owner_hands_on_and_the_last_one_stays(acme):
    second = acme.join(role="owner")
    first, other = acme.member(acme.owner), acme.member(second)
    change(acme, first, by=second.api, state="suspended").ok(200)
    change(acme, other, by=acme.world.operator, state="suspended").refused("last-owner", 409)
    change(acme, first, by=second.api, state="active").ok(200)
    change(acme, other, state="suspended").ok(200)


def test_a_new_role_is_told(acme, inbox):
    zoe = acme.join()
    acme.set_role(zoe, "administrator").ok(200)
    mail = inbox.last(zoe.email, 2)
    assert "Votre rôle dans Acme a changé" in mail.subject
    assert "maintenant\u202f: Administrateur." in mail.text and "now: Administrator." in mail.text


# ---- several fields at once


def test_all_of_a_change_or_nothing(acme):
    acme.api.post(acme.path + "/entitlements", {"key": "offline", "name": {"fr": "Ici", "en": "Here"}}).ok(201)
    zoe = acme.member(acme.join())
    group = acme.api.post(acme.path + "/groups", {"name": "Nord"}).ok(201)["id"]
    change(acme, zoe, role="administrator", entitlements={"offline": True, "nothing": True}).refused("invalid-request", 422)
    assert acme.api.get(f"{acme.path}/members/{zoe['id']}").ok().json == zoe
    row = change(acme, zoe, role="administrator", state="suspended", entitlements={"offline": True}, groups=[group],
                 access_ends_at="2126-01-31").ok(200).json
    assert row == {**zoe, "role": "administrator", "state": "suspended", "entitlements": {"offline": True}, "groups": [group],
                   "access_ends_at": "2126-02-01T00:00:00.000Z"}
    assert change(acme, zoe, groups=[], access_ends_at=None).ok(200)["groups"] == []


def test_each_field_is_a_right_of_its_own(acme):
    admin, zoe = acme.join(role="administrator"), acme.member(acme.join())
    change(acme, zoe, by=admin.api, role="administrator").refused("forbidden", 403)
    change(acme, zoe, by=admin.api, role="administrator", state="suspended").refused("forbidden", 403)
    assert acme.api.get(f"{acme.path}/members/{zoe['id']}").ok()["state"] == "active"
    change(acme, zoe, by=admin.api, state="suspended").ok(200)
    other = acme.join(role="administrator")
    change(acme, other, by=admin.api, state="suspended").ok(200)
    change(acme, acme.owner, by=admin.api, state="suspended").refused("forbidden", 403)
    change(acme, acme.owner, by=admin.api, entitlements={}).refused("forbidden", 403)


# ---- end of access


def test_access_ends_at_its_moment(acme, clock):
    zoe = acme.join(role="administrator")
    row = change(acme, zoe, access_ends_at=at(clock, hours=30)).ok(200).json
    assert row["state"] == "active" and allowed(zoe, acme)
    clock.advance(hours=30, seconds=2)
    assert not allowed(zoe, acme)
    zoe.api.get(acme.path).refused("not-found", 404)
    assert zoe.membership(acme) is None
    assert zoe.api.items("/organizations") == []
    assert acme.member(zoe)["state"] == "suspended"
    assert [m["account"]["id"] for m in acme.members(state="suspended")] == [zoe.id]
    assert zoe.id not in [m["account"]["id"] for m in acme.members(state="active")]
    assert acme.api.get(acme.path + "/members", state="suspended", count="true").ok()["total"] == 1
    change(acme, zoe, state="active").refused("conflict", 409)
    change(acme, zoe, access_ends_at=None).ok(200)
    assert allowed(zoe, acme) and acme.member(zoe)["state"] == "active"


def test_the_warning_goes_out_once_a_date(acme, inbox, clock):
    zoe, admin = acme.join(given="Zoé", family="Durand"), acme.join(role="administrator")
    inbox.settle(0.3)
    mails = lambda who: [m for m in inbox.all_for(who.email) if "prend bientôt fin" in m.subject]
    change(acme, zoe, access_ends_at=at(clock, hours=50)).ok(200)
    clock.advance(hours=25)
    inbox.settle(1.2)
    assert mails(zoe) == []
    clock.advance(hours=2)
    inbox.wait(zoe.email, 2)
    inbox.wait(admin.email, 2)
    inbox.settle(1.2)
    assert len(mails(zoe)) == len(mails(admin)) == len(mails(acme.owner)) == 1
    assert "L’accès de Zoé Durand à Acme" in mails(admin)[0].subject
    assert f"{acme.path.replace('/organizations', '/o')}/users/mbr_" in mails(admin)[0].text
    change(acme, zoe, access_ends_at=at(clock, hours=5)).ok(200)  # sooner than a day: said at once
    inbox.wait(zoe.email, 3)
    change(acme, zoe, access_ends_at=at(clock, hours=40)).ok(200)
    inbox.settle(1.2)
    assert len(mails(zoe)) == 2
    change(acme, zoe, access_ends_at=None).ok(200)
    clock.advance(hours=39)
    inbox.settle(1.2)
    assert len(mails(zoe)) == 2, "an end that was taken back is not announced"


@pytest.mark.parametrize("end,code", [("2001-01-01", "past"), ("tomorrow", "not-a-time"), ("2026-13-01", "not-a-time"),
                                      ("2026-02-30", "not-a-time"), ("0000-00-00", "not-a-time"), ("99999-1-1", "not-a-time")])
def test_an_end_is_a_moment_ahead(acme, end, code):
    zoe = acme.member(acme.join())
    answer = change(acme, zoe, access_ends_at=end).refused("invalid-request", 422)
    assert answer["errors"][0]["pointer"] == "/access_ends_at" and answer["errors"][0]["code"] == code
    row = {"email": fresh(), "role": "member", "access_ends_at": end}
    answer = acme.send(row)
    assert answer.problem == "invalid-request" or answer["results"][0]["outcome"] == "invalid-request"


def test_an_invitation_carries_the_end_and_ends_with_it(acme, world, inbox, clock):
    email, late = fresh(), fresh()
    end = at(clock, hours=30)
    inv = acme.invite(email, access_ends_at=end)
    assert inv["access_ends_at"] == inv["expires_at"] == end.replace("Z", ".000Z")
    member = world.enrol(inbox.token_for(email)).ok(201)["member"]
    assert member["access_ends_at"] == inv["access_ends_at"]
    inv = acme.invite(late, access_ends_at=end)
    clock.advance(hours=31)
    world.enrol(inbox.token_for(late)).refused("invitation-expired", 410)
    acme.resend(inv).refused("conflict", 409)


# ---- many at once


def test_a_bulk_change_tells_row_by_row(acme):
    people = [acme.member(acme.join()) for _ in range(3)]
    owner = acme.member(acme.owner)
    group = acme.api.post(acme.path + "/groups", {"name": "Nord"}).ok(201)["id"]
    strange = {"id": "mbr_01h455vb4pex5vsknk084sn02q"}
    results = bulk(acme, [*people, owner, strange], state="suspended", groups_add=[group]).ok(200)["results"]
    assert [r["outcome"] for r in results] == ["changed"] * 3 + ["forbidden", "not-found"]
    assert [r["member"] for r in results] == [m["id"] for m in [*people, owner, strange]]
    assert results[3]["problem"]["code"] == "forbidden" and "problem" not in results[0]
    rows = {m["id"]: m for m in acme.members()}
    assert all(rows[m["id"]]["state"] == "suspended" and rows[m["id"]]["groups"] == [group] for m in people)
    assert rows[owner["id"]]["groups"] == []
    assert acme.api.get(f"{acme.path}/groups/{group}").ok()["members"] == 3
    results = bulk(acme, people[:2], state="active", groups_remove=[group], access_ends_at="2126-01-01").ok(200)["results"]
    assert [r["outcome"] for r in results] == ["changed"] * 2
    assert acme.api.get(f"{acme.path}/groups/{group}").ok()["members"] == 1


def test_a_bulk_change_is_for_200_at_most(acme):
    zoe = acme.member(acme.join())
    bulk(acme, [zoe] * 201, state="suspended").refused("invalid-request", 422)
    bulk(acme, [], state="suspended").refused("invalid-request", 422)
    assert bulk(acme, [zoe, zoe], state="suspended").ok(200)["results"][1]["outcome"] == "changed"
    group = acme.api.post(acme.path + "/groups", {"name": "Nord"}).ok(201)["id"]
    bulk(acme, [zoe, zoe], groups_add=[group]).ok(200)
    assert acme.api.get(f"{acme.path}/groups/{group}").ok()["members"] == 1
    bulk(acme, [zoe], role="owner").refused("invalid-request", 422)


def test_a_check_for_who_cannot_enter_yet_is_a_plain_no(acme, clock):
    zoe = acme.join()
    assert allowed(zoe, acme)
    set_up(acme.api, clock)
    acme.set(second_factor="all").ok(200)
    zoe.api.get(acme.path).refused("second-factor-required", 401)
    answer = zoe.api.post("/check", {"organization": acme.slug, "permission": "resources.use"}).ok(200).json
    assert answer == {"allowed": False, "role": None, "entitlements": {}}
