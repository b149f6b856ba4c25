"""Mail that waited at a busy server: what has lost its reason meanwhile is not sent; and what mails say of their own time."""

import contextlib
import datetime
import time

from lib.people import PASSWORD, World, fresh
from lib.ways import mailed

NEW = "lantern-orchard-43"
DAY = 86400


@contextlib.contextmanager
def busy(inbox, *addresses, reply="450 4.2.1 busy"):
    """Mails for these addresses wait."""
    inbox.rcpt_reply = lambda a: reply if a in addresses else None
    try:
        yield
    finally:
        inbox.rcpt_reply = None


def state_of(world, kind, address):
    rows = world.server.query("SELECT state FROM mail WHERE kind = ? AND recipient = ? ORDER BY id DESC LIMIT 1", kind, address)
    return rows[0][0] if rows else None


def until(world, kind, address, *states):
    """The state of the newest mail of a kind, once it is one of these."""
    end = time.monotonic() + 20
    while state_of(world, kind, address) not in states:
        assert time.monotonic() < end, (kind, state_of(world, kind, address))
        time.sleep(0.02)
    return state_of(world, kind, address)


def waits(world, kind, address):
    until(world, kind, address, "deferred")


def fate(world, kind, address):
    return until(world, kind, address, "sent", "withdrawn", "failed")


def test_an_invitation_that_lapsed_while_its_mail_waited_is_not_sent(acme, inbox, clock):
    late, good = fresh("late"), fresh("good")
    with busy(inbox, late, good):
        acme.invite(late, expires_in="1h")
        acme.invite(good, expires_in="2d")
        waits(acme.world, "invitation", late)
        waits(acme.world, "invitation", good)
    clock.advance(hours=2)
    assert fate(acme.world, "invitation", late) == "withdrawn" and fate(acme.world, "invitation", good) == "sent"


def test_a_temporary_password_that_lapsed_while_its_mail_waited_is_not_sent(acme, inbox, clock):
    late = fresh("late")
    with busy(inbox, late):
        acme.send(late, method="temporary_password", delivery="send", expires_in="1h").ok()
        waits(acme.world, "temporary_password", late)
    clock.advance(hours=2)
    assert fate(acme.world, "temporary_password", late) == "withdrawn"


def test_a_reminder_that_waited_past_the_end_is_not_sent(acme, inbox, clock):
    email = fresh("slow")
    acme.set(reminder_after="1h").ok()
    acme.invite(email, expires_in="3h")
    inbox.wait(email)
    with busy(inbox, email):
        clock.advance(minutes=61)
        waits(acme.world, "reminder", email)
    clock.advance(hours=3)
    assert fate(acme.world, "reminder", email) == "withdrawn"


def test_a_link_on_its_way_beside_dies_with_the_invitation(acme, inbox, anonymous, clock):
    email = fresh("forgot")
    invited = acme.send(email, method="temporary_password", delivery="show").ok()["results"][0]["invitation"]
    with busy(inbox, email):
        anonymous.post("/password-resets", {"email": email}).ok(202)
        waits(acme.world, "invitation_link", email)
        acme.revoke(invited).ok()
    clock.advance(hours=1)
    assert fate(acme.world, "invitation_link", email) == "withdrawn"


def test_a_sign_up_code_that_waited_ten_minutes_is_not_sent(make_server, inbox):
    town = World(make_server(mail=inbox.uri, signup="on"), inbox)
    late, good = fresh("late"), fresh("good")
    for email, minutes, end in ((late, 11, "withdrawn"), (good, 5, "sent")):
        with busy(inbox, email):
            town.client().post("/signups", {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD,
                                            "organization": "Atelier"}).ok(202)
            waits(town, "signup_code", email)
        town.clock.advance(minutes=minutes)
        assert fate(town, "signup_code", email) == end


def test_who_was_removed_hears_nothing_of_an_earlier_change(acme, inbox, clock):
    zoe = acme.join()
    inbox.wait(zoe.email)
    with busy(inbox, zoe.email):
        acme.set_role(zoe, "administrator").ok()
        waits(acme.world, "member_role_changed", zoe.email)
        acme.remove(zoe).ok()
    clock.advance(hours=1)
    assert fate(acme.world, "member_role_changed", zoe.email) == "withdrawn"


def test_an_end_that_was_taken_back_needs_no_warning(acme, inbox, clock):
    zoe = acme.join()
    member = f"{acme.path}/members/{acme.member(zoe)['id']}"
    end = datetime.datetime.fromtimestamp(clock.now() + 5 * 3600, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    with busy(inbox, zoe.email, acme.owner.email):
        acme.api.patch(member, {"access_ends_at": end}).ok()  # sooner than a day: said at once
        waits(acme.world, "member_ends", zoe.email)
        waits(acme.world, "member_ends_notice", acme.owner.email)
        acme.api.patch(member, {"access_ends_at": None}).ok()
    clock.advance(hours=1)
    assert fate(acme.world, "member_ends", zoe.email) == "withdrawn"
    assert fate(acme.world, "member_ends_notice", acme.owner.email) == "withdrawn"


def test_a_goodbye_that_could_not_be_sent_forgets_its_address(acme, inbox):
    person = acme.join()
    inbox.wait(person.email)
    with busy(inbox, person.email, reply="550 5.1.1 nobody"):
        person.api.call("DELETE", "/me", {"current_password": PASSWORD}).ok(204)
        end = time.monotonic() + 20
        while ("failed", "") not in acme.world.server.query("SELECT state, recipient FROM mail WHERE kind = 'account_closed'"):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_six_notices_of_a_kind_an_hour(make_server, inbox):
    world = World(make_server(rate_limits="on", mail=inbox.uri), inbox)
    org = world.found("Busy")
    world.clock.advance(seconds=3600 - world.clock.now() % 3600 + 1)
    zoe = org.join()
    for role in ["administrator", "member"] * 4:
        org.set_role(zoe, role).ok()
    password = PASSWORD
    for i in range(8):
        zoe.api.post("/me/password", {"current_password": password, "new_password": f"{NEW}-{i}"}).ok(204)
        password = f"{NEW}-{i}"
    for kind in ("member_role_changed", "password_changed"):
        assert world.server.query("SELECT count(*) FROM mail WHERE kind = ? AND recipient = ?", kind, zoe.email) == [(6,)], kind


# ---- what mails say


def moments(at, seconds):
    """A time so many seconds after `at`, as an English mail says it, give or take the minute that tests may take."""
    for late in range(-60, 61, 30):
        when = datetime.datetime.fromtimestamp(at + seconds + late, datetime.timezone.utc)
        yield f"{when.day} {when:%B %Y, %H:%M} UTC"


def says(mail, at, seconds):
    assert any(moment in mail.text for moment in moments(at, seconds)), mail.text


def test_mails_say_until_when_their_links_are_good(world, inbox, anonymous, clock):
    org = world.found("Hours", locale="en")
    zoe, at = org.join(), clock.now()
    zoe.api.patch("/me", {"locale": "en"}).ok()
    says(inbox.last(zoe.email), at, DAY)  # the code, for who types
    anonymous.post("/password-resets", {"email": zoe.email}).ok(202)
    says(inbox.resets(zoe.email)[-1], at, 3600)
    new = fresh("moved")
    zoe.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    confirm = mailed(inbox, new, "/email/confirm/")
    says(inbox.last(new), at, DAY)
    anonymous.post("/email-changes/confirm", {"token": confirm}).ok(204)
    mailed(inbox, zoe.email, "/email/undo/")
    says(next(m for m in inbox.all_for(zoe.email) if "/email/undo/" in m.text), at, 7 * DAY)


def test_mail_is_tried_for_three_days(acme, inbox, clock):
    tried, gone = fresh("tried"), fresh("gone")
    acme.set(reminder_after=None).ok()
    with busy(inbox, tried, gone):
        for email in (tried, gone):
            acme.invite(email)
            waits(acme.world, "invitation", email)
        clock.advance(hours=60)
        acme.invite(fresh())
        time.sleep(1.5)  # long enough for a worker that tries again each second
        assert state_of(acme.world, "invitation", gone) == "deferred"
        clock.advance(hours=24)
        assert fate(acme.world, "invitation", gone) == "failed"


def test_whoever_asks_again_is_answered(acme, inbox, anonymous, clock):
    email = fresh("asks")
    acme.invite(email, expires_in="1h")
    token = inbox.token_for(email)
    clock.advance(hours=2)
    before = len(inbox.all_for(acme.owner.email))
    anonymous.post("/invitations/ask-again", {"token": token}).ok(202)
    assert email in str(inbox.last(acme.owner.email, before + 1)["Reply-To"])


def test_names_of_members_are_no_links_to_those_who_are_told(acme, inbox, clock):
    zoe = acme.join(given="Zoé", family="evil.example")
    before = len(inbox.all_for(acme.owner.email))
    end = datetime.datetime.fromtimestamp(clock.now() + 5 * 3600, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    acme.api.patch(f"{acme.path}/members/{acme.member(zoe)['id']}", {"access_ends_at": end}).ok()
    told = inbox.last(acme.owner.email, before + 1)
    assert "evil" in told.text and "evil.example" not in told.text + told.html + told.subject
