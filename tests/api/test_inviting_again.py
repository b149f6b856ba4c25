"""Resending, correcting, copying and reminding: what each takes over, ends, counts and writes down."""

import csv
import datetime
import io

from lib.mailbox import token_of
from lib.people import fresh


def state(org, token):
    return org.world.client().post("/invitations/lookup", {"token": token}).ok()["state"]


def ahead(org, hours):
    moment = datetime.datetime.fromtimestamp(org.world.clock.now() + 3600 * hours, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def unproved(org):
    """Somebody whose account spells its address in capitals, which nobody proved."""
    email = fresh("handed")
    org.world.enrol(org.link(org.invite(email.upper(), deliver=False))["url"]).ok(201)
    return email


def lines(org, action):
    raw = org.world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    return org.world.server.query("SELECT count(*) FROM audit_event WHERE organization_id = ? AND action = ?", raw, action)[0][0]


def planned(org, email):
    return org.world.server.query("SELECT remind_at FROM invitation WHERE email = ?", email)[-1][0]


def quiet(org, email, count):
    """No more than so many mails came, though the worker has been round."""
    other = fresh("other")
    org.invite(other)
    org.world.inbox.wait(other)
    org.world.inbox.settle(1.2)
    assert len(org.world.inbox.all_for(email)) == count


# ---- links


def test_a_copied_link_says_that_it_was_replaced(acme, inbox):
    email = fresh()
    inv = acme.invite(email)
    mailed, copied = inbox.token_for(email), token_of(acme.link(inv).ok()["url"])
    acme.resend(inv).ok()
    assert state(acme, mailed) == state(acme, copied) == "replaced"
    assert state(acme, inbox.token_for(email, 2)) == "pending"


def test_another_copied_link_replaces_the_first(acme):
    inv = acme.invite(fresh(), deliver=False)
    first, second = (token_of(acme.link(inv).ok()["url"]) for _ in range(2))
    assert (state(acme, first), state(acme, second)) == ("replaced", "pending")


def test_resending_kills_the_links_that_a_reminder_left(acme, inbox, clock):
    email = fresh()
    acme.set(reminder_after="1h").ok()
    inv = acme.invite(email)
    first = inbox.token_for(email)
    clock.advance(minutes=61)
    reminder = inbox.token_for(email, 2)
    assert state(acme, first) == state(acme, reminder) == "pending"
    acme.resend(inv).ok()
    assert state(acme, first) == state(acme, reminder) == "replaced"


def test_what_lapsed_is_neither_copied_nor_corrected(acme, clock):
    inv = acme.invite(fresh(), expires_in="1h", deliver=False)
    clock.advance(hours=2)
    acme.link(inv).refused("invitation-expired")
    acme.correct(inv, fresh()).refused("invitation-expired")


def test_no_cell_of_copied_links_is_a_formula(acme):
    batch = acme.send("=cmd@example.org", "-cmd@example.org", "plain@example.org", deliver=False).ok()["batch"]
    doors = [acme.api.submit(f"/o/{acme.slug}/users/batches/{batch}/links"),
             acme.api.post(f"{acme.path}/invitation-batches/{batch}/links", None, {"Accept": "text/csv"})]
    for door in doors:
        cells = [row[0] for row in csv.reader(io.StringIO(door.ok().text.lstrip("\ufeff")))]
        assert sorted(cells[1:]) == ["'-cmd@example.org", "'=cmd@example.org", "plain@example.org"], cells


# ---- again


def test_an_earlier_invitation_gives_way_to_a_later_one(acme, clock):
    email = fresh()
    first = acme.invite(email, expires_in="1h", deliver=False)
    clock.advance(hours=2)
    acme.invite(email, deliver=False)
    acme.resend(first).refused("already-invited", 409)
    assert acme.recount()[0] == acme.recount()[1]


def test_no_member_is_invited_again(acme, clock):
    email = fresh()
    first = acme.invite(email, expires_in="1h", deliver=False)
    clock.advance(hours=2)
    acme.join(email)
    acme.resend(first).refused("already-member", 409)


def test_nobody_is_invited_again_past_the_end_of_access(acme, clock):
    inv = acme.invite(fresh(), access_ends_at=ahead(acme, 2), deliver=False)
    clock.advance(hours=3)
    answer = acme.resend(inv).refused("conflict", 409)
    assert answer["errors"][0]["pointer"] == "/access_ends_at"


def test_an_unproved_account_says_nothing_of_itself_when_mailed_again(acme, rival, inbox):
    email = unproved(rival)
    acme.resend(acme.invite(email, deliver=False)).ok()
    inbox.wait(email)
    assert inbox.all_for(email)[-1].recipients == [email], "as it was invited, not as the account spells it"


def test_an_expired_password_of_another_organization_gives_way(acme, rival, clock):
    email = fresh()
    rival.send(email, method="temporary_password", delivery="show", expires_in="1h").ok()
    taken = acme.send(fresh(), email, method="temporary_password", delivery="show").ok()["results"][1]
    assert not taken.get("temporary_password")
    acme.revoke(taken["invitation"]).ok()
    clock.advance(hours=2)
    assert acme.send(email, method="temporary_password", delivery="show").ok()["results"][0]["temporary_password"]


def test_one_address_twice_in_one_order_is_invited_once(acme):
    email = fresh()
    rows = acme.send(email, fresh(), email.upper(), deliver=False).ok()["results"]
    assert [r["outcome"] for r in rows] == ["invited", "invited", "already-invited"]
    assert acme.recount() == ((1, 2), (1, 2))


# ---- corrections


def test_a_correction_to_the_same_address_is_none(acme):
    email = fresh()
    inv = acme.invite(email, deliver=False)
    acme.correct(inv, email.upper()).refused("already-invited", 409)
    assert acme.state(inv) == "pending"


def test_a_correction_keeps_the_whole_offer(acme):
    inv = acme.invite(fresh(), role="administrator", expires_in="2h", access_ends_at=ahead(acme, 50), message="Hello",
                      given_name="Zoé", family_name="Durand", locale="fr", deliver=False)
    acme.correct(inv, fresh()).ok()
    new = acme.api.items(acme.path + "/invitations", state="pending")[0]
    for name in ("role", "access_ends_at", "message", "given_name", "family_name", "locale"):
        assert new[name] == acme.invitation(inv)[name], name
    hours = [datetime.datetime.fromisoformat(new[n].replace("Z", "+00:00")) for n in ("created_at", "expires_at")]
    assert hours[1] - hours[0] == datetime.timedelta(hours=2)


# ---- reminders


def test_no_reminder_is_planned_past_the_end(acme):
    short, long = fresh(), fresh()
    acme.set(reminder_after="3h").ok()
    acme.invite(short, expires_in="2h")
    acme.invite(long, expires_in="4h")
    assert planned(acme, short) is None and planned(acme, long) is not None


def test_a_password_that_was_issued_anew_is_reminded_of(acme):
    email = fresh()
    acme.set(reminder_after="1h").ok()
    invited = acme.send(email, method="temporary_password", delivery="send").ok()["results"][0]["invitation"]
    first = planned(acme, email)
    acme.world.clock.advance(minutes=1)
    acme.resend(invited).ok()
    assert planned(acme, email) > first


def test_reminders_that_were_planned_are_switched_off(acme, inbox, clock):
    off, fewer = fresh(), fresh()
    for email, switch in ((off, {"reminder_after": None}), (fewer, {"reminder_max": 0})):
        acme.set(reminder_after="1h", reminder_max=1).ok()
        acme.invite(email)
        inbox.wait(email)
        acme.set(**switch).ok()
        clock.advance(hours=2)
        quiet(acme, email, 1)


# ---- whoever sent them goes


def sent_by_an_admin(org):
    admin = org.join(role="administrator")
    others = org.invite(fresh(), deliver=False)
    mine = [org.invite(fresh(), by=admin.api, deliver=False) for _ in range(3)]
    return admin, mine, others


def test_seats_of_a_removed_inviters_invitations_are_free(acme):
    admin, mine, others = sent_by_an_admin(acme)
    acme.remove(admin).ok()
    assert [acme.state(i) for i in mine] == ["revoked"] * 3 and acme.state(others) == "pending"
    counted, kept = acme.recount()
    assert counted == kept == (1, 1)
    assert lines(acme, "invitations.revoked") == 1


def test_what_is_taken_over_is_a_line(acme):
    admin, mine, _ = sent_by_an_admin(acme)
    acme.remove(admin, pending_invitations="take_over").ok()
    assert {acme.invitation(i)["invited_by"] for i in mine} == {acme.owner.id}
    assert lines(acme, "invitations.taken_over") == 1


def test_each_step_of_an_invitation_is_a_line(acme):
    inv = acme.invite(fresh(), deliver=False)
    acme.link(inv).ok()
    acme.resend(inv).ok()
    acme.revoke(inv).ok()
    assert [lines(acme, f"invitation.{step}") for step in ("created", "link_copied", "resent", "revoked")] == [1, 1, 1, 1]


def test_a_preview_counts_no_lapsed_invitation(acme, clock):
    acme.invite(fresh(), expires_in="1h", deliver=False)
    acme.invite(fresh(), expires_in="3h", deliver=False)
    clock.advance(hours=2)
    assert acme.seats["held"] == 1
