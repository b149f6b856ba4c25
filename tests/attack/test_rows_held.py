"""Somebody has rows for seconds that no order of locks speaks of: another organization's large change, or the database's keeper.
Whoever needs one waits where nobody else is held up, comes through in the end, and a recovery needs none of them. On SQLite there
is one writer, and nothing is held beside; there the same calls are made."""

import contextlib
import threading
import time

import pytest

from attack.test_hijacking import move
from lib import postgres
from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh
from lib.server import together
from lib.ways import mailed

HELD_FOR = 5  # seconds; whoever waits for such a row on the last free connection holds everybody up for as long
MOST = 2.5  # seconds that others may wait on a busy machine
CROWD = 24  # more than there are connections


@pytest.fixture(scope="module")
def town(make_server, smtp):
    server = make_server(mail=smtp.uri, public_url="http://localhost:4711", rate_limits="on",
                         invitations_per_hour="100000", addresses_per_hour="100000")
    return World(server, smtp)


@contextlib.contextmanager
def held(town, sql):
    """Rows that somebody beside has; let go by calling what this gives."""
    if not town.server.is_shared:
        yield lambda: None
        return
    holder = postgres.connect(town.server.settings["database"])
    cursor = holder.cursor()
    cursor.execute("BEGIN")
    cursor.execute(sql)
    assert cursor.fetchall()
    try:
        yield lambda: cursor.execute("ROLLBACK")
    finally:
        holder.close()


def beside(town, held_rows, acts):
    """What came of the acts while the rows were held, how long each took, and the longest that somebody else waited."""
    other = town.found("Other")
    done, took, answers = threading.Event(), [], [None] * len(acts)

    def act(i):
        start = time.monotonic()
        if i < len(acts):
            status = acts[i]().status
            answers[i] = (status, time.monotonic() - start)
        elif i == len(acts):
            time.sleep(HELD_FOR)
            let_go()
            done.set()
        else:
            while not done.is_set():
                at = time.monotonic()
                other.api.patch(other.path, {"name": f"Name {len(took)}"}).ok()
                took.append(time.monotonic() - at)
                time.sleep(0.05)

    with held(town, held_rows) as let_go:
        together(len(acts) + 2, act)
    return answers, max(took)


def with_groups(town, count):
    """Organizations, each with a group, and a call of its owner that renames it."""
    calls = []
    for i in range(count):
        org = town.found(f"Held {i}")
        group = org.api.post(org.path + "/groups", {"name": "Before"}).ok(201)["id"]
        calls.append(lambda org=org, group=group: org.api.patch(f"{org.path}/groups/{group}", {"name": "After"}))
    return calls


def test_rows_that_many_wait_for_hold_nobody_else_up(town):
    calls = with_groups(town, CROWD)
    answers, longest = beside(town, "SELECT 1 FROM member_group FOR NO KEY UPDATE", calls)
    assert {status for status, _ in answers} == {200}
    assert longest < MOST, longest


def test_counters_that_many_wait_for_hold_nobody_else_up(town):
    """A member of many organizations is told of each change, and the mails to an address are counted."""
    person, calls = town.found("Home").join(), []
    for i in range(CROWD):
        org = town.found(f"Counts {i}")
        invitation = org.invite(person.email, deliver=False)
        person.api.post("/invitations/accept", {"token": token_of(org.link(invitation).ok()["url"])}).ok(201)
        member = org.member(person)["id"]
        calls.append(lambda org=org, member=member: org.api.patch(f"{org.path}/members/{member}", {"state": "suspended"}))
    calls[0]().ok()  # from here on there is a row
    answers, longest = beside(town, "SELECT 1 FROM rate_window FOR NO KEY UPDATE", calls[1:])
    assert {status for status, _ in answers} == {200}
    assert longest < MOST, longest


def found_by(org, word):
    return [m["account"]["email"] for m in org.api.get(org.path + "/members", q=word).ok()["items"]]


def test_a_recovery_needs_no_membership_that_somebody_has(town):
    org = town.found("Home")
    person, evil = org.join(), fresh("evil")
    old = person.email
    move(town, town.client().sign_in(old, PASSWORD), evil)
    assert found_by(org, evil.split("@")[0]) == [evil]
    link = {"token": mailed(town.inbox, old, "/email/undo/")}
    answers, _ = beside(
        town, "SELECT 1 FROM membership FOR NO KEY UPDATE", [lambda: town.client().post("/email-changes/undo", link)])
    assert answers[0][0] == 204
    assert answers[0][1] < MOST, answers
    until = time.monotonic() + 20
    while found_by(org, old.split("@")[0]) != [old] and time.monotonic() < until:
        time.sleep(0.2)
    assert found_by(org, old.split("@")[0]) == [old]
    assert found_by(org, evil.split("@")[0]) == []
    assert town.operator.get("/server/check").ok()["sound"]
