"""What the server does by itself waits for no organization: whoever is busy is passed over, and comes back."""

import contextlib
import time

import pytest

from lib import postgres
from lib.people import fresh

LINK = "/password/reset/"


@pytest.fixture(scope="module")
def town(on_database, people):
    return people(on_database(public_url="http://localhost:4711", database_timeout="8s"))


@contextlib.contextmanager
def held(town, org):
    """As by a large request of that organization that takes its time."""
    holder = postgres.connect(town.server.beside)
    try:
        cursor = holder.cursor()
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT 1 FROM organization_seat WHERE organization_id = (SELECT id FROM organization WHERE slug = '{org.slug}')"
                       " FOR UPDATE")
        yield
        cursor.execute("ROLLBACK")
    finally:
        holder.close()


def do(town, sql):
    connection = postgres.connect(town.server.beside)
    connection.cursor().execute(sql)
    connection.close()


def reset_took(town, person):
    before = len([m for m in town.inbox.all_for(person.email) if LINK in m.text])
    start = time.monotonic()
    town.client().post("/password-resets", {"email": person.email}).ok(202)
    town.inbox.resets(person.email, before + 1, seconds=20)
    return time.monotonic() - start


def at(town, hours):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(town.clock.now() + hours * 3600))


def test_seats_that_are_held_keep_nobody_elsewhere_waiting(town):
    """Reminders, warnings and a link of an organization whose seats are held for long, all due before the others'."""
    busy, free = town.found("Busy"), town.found("Free")
    for org in (busy, free):
        org.set(reminder_after="1h").ok()
    late = [busy.invite(fresh("late"))["email"] for _ in range(3)]
    other = free.invite(fresh("other"))["email"]
    leaving, elsewhere = busy.join(), free.join()
    ends = {org: org.api.patch(f"{org.path}/members/{org.member(person)['id']}", {"access_ends_at": at(town, 25)}).ok()
            for org, person in ((busy, leaving), (free, elsewhere))}
    assert len(ends) == 2
    temporary = fresh("temporary")
    busy.send(temporary, method="temporary_password", delivery="show").ok()
    for email in (*late, other):
        town.inbox.wait(email, 1)
    town.inbox.settle(0.7)
    shown = len(town.inbox.all_for(temporary))
    sent = {email: len(town.inbox.all_for(email)) for email in (leaving.email, elsewhere.email)}
    with held(town, busy):
        town.clock.advance(hours=2)
        town.client().post("/password-resets", {"email": temporary}).ok(202)
        took = [reset_took(town, elsewhere) for _ in range(3)]
        print("\na reset mail left after", [round(t, 2) for t in took])
        assert max(took) < 4, took
        town.inbox.wait(other, 2, seconds=4)
        town.inbox.wait(elsewhere.email, sent[elsewhere.email] + 4, seconds=4)
        assert all(len(town.inbox.all_for(email)) == 1 for email in late)
        assert len(town.inbox.all_for(leaving.email)) == sent[leaving.email] and len(town.inbox.all_for(temporary)) == shown
    for email in late:
        town.inbox.wait(email, 2, seconds=5)
    town.inbox.wait(leaving.email, sent[leaving.email] + 1, seconds=5)
    town.inbox.wait(temporary, shown + 1, seconds=5)
    assert town.operator.get("/server/check").ok()["sound"]


def test_links_asked_for_of_several_organizations_wait_for_none_but_their_own(town):
    """One of those who invited somebody is busy: what the other's sent is mailed once more all the same."""
    busy, free, email = town.found("Busy2"), town.found("Free2"), fresh("both")
    for org in (busy, free):
        org.invite(email)
    town.inbox.wait(email, 2)
    town.server.mails_at_rest()
    with held(town, busy):
        town.client().post("/invitations/mail-again", {"email": email}).ok(202)
        assert "Free2" in town.inbox.wait(email, 3, seconds=6)[-1].subject
        time.sleep(1.2)
        assert len(town.inbox.all_for(email)) == 3
    assert "Busy2" in town.inbox.wait(email, 4, seconds=6)[-1].subject


def test_one_that_fails_ends_nothing(town):
    """A row that cannot be done, however often: what comes behind it is done all the same."""
    first, second = town.found("First"), town.found("Second")
    for org in (first, second):
        org.set(reminder_after="1h").ok()
    broken, behind = first.invite(fresh("broken")), second.invite(fresh("behind"))
    for email in (broken["email"], behind["email"]):
        town.inbox.wait(email, 1)
    do(town, "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''broken''; END'")
    do(town, "CREATE TRIGGER broken BEFORE UPDATE ON invitation FOR EACH ROW WHEN (OLD.email = '%s') EXECUTE FUNCTION refuse()"
                      % broken["email"])
    town.clock.advance(hours=2)
    town.inbox.wait(behind["email"], 2, seconds=6)
    assert len(town.inbox.all_for(broken["email"])) == 1
    do(town, "DROP TRIGGER broken ON invitation")
    town.inbox.wait(broken["email"], 2, seconds=6)


def test_a_mail_that_is_being_withdrawn_holds_up_no_other(town, smtp):
    """Somebody's large request has its row when what became of it is to be written down."""
    org, person = town.found("Withdrawing"), town.found("Writing").join()
    email, holder = fresh("withdrawn"), postgres.connect(town.server.beside)
    cursor = holder.cursor()

    def hold(address):
        if address == email:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM mail WHERE recipient = %s FOR UPDATE", (email,))
    smtp.rcpt_reply = hold
    try:
        org.invite(email)
        town.inbox.wait(email, 1)
        took = [reset_took(town, person) for _ in range(3)]
        print("\na reset mail left after", [round(t, 2) for t in took])
        assert max(took) < 4, took
        state = "SELECT state FROM mail WHERE recipient = ?"
        assert town.server.query(state, email) == [("queued",)]
        cursor.execute("ROLLBACK")
        until = time.monotonic() + 5
        while town.server.query(state, email) != [("sent",)]:
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        smtp.rcpt_reply = None
        holder.close()


def test_who_was_passed_over_is_asked_again_beside_a_flood(town):
    """Their account was busy for a moment; others' requests go on coming for much longer than that."""
    person, holder = town.found("Flooded").join(), postgres.connect(town.server.beside)
    town.server.mails_at_rest()
    cursor = holder.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT 1 FROM account WHERE email = %s FOR UPDATE", (person.email,))
    town.client().post("/password-resets", {"email": person.email}).ok(202)
    do(town, "INSERT INTO address_request (id, kind, sealed, turn_at, created_at) SELECT md5(i::text)::uuid, 'reset', 'x'::bytea,"
             f" {int((town.clock.now() + 3600) * 1000)} + i, 0 FROM generate_series(1, 40000) AS i")
    time.sleep(2)  # it was passed over: requests are looked for each second
    cursor.execute("ROLLBACK")
    holder.close()
    town.inbox.resets(person.email, seconds=20)
    left = town.server.query("SELECT count(*) FROM address_request")[0][0]
    do(town, "DELETE FROM address_request")
    assert left > 0
