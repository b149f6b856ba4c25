"""Nobody's mails wait behind somebody else's hundreds: what is mailed goes in turns, whoever has much to send, asks much, or has recipients
whose server keeps silent."""

import itertools
import time

import pytest

from lib.limits import SITE, Town
from lib.mailbox import Mailbox
from lib.people import PASSWORD, fresh

MANY = 150


@pytest.fixture
def slow(make_server):
    """A relay that takes a mail in 50 ms."""
    box = Mailbox()
    box.data_delay = 0.05
    yield Town(make_server(mail=box.uri, public_url=SITE, signup="on", trusted_proxies="127.0.0.1", rate_limits="off"), box)
    box.held, box.data_delay = None, 0
    box.stop()


@pytest.fixture
def limited(make_server, smtp):
    return Town(make_server(mail=smtp.uri, public_url=SITE, trusted_proxies="127.0.0.1", rate_limits="on"), smtp)


def resets(town, email):
    return [m for m in town.inbox.all_for(email) if "/password/reset/" in m.text]


def in_its_turn(town, email):
    """A reset that is asked for now: comes long before all that waits is through."""
    before = len(town.inbox.mails)
    town.stranger().post("/password-resets", {"email": email}).ok(202)
    town.inbox.resets(email)
    return len(town.inbox.mails) - before


def waiting(town):
    return town.server.query("SELECT count(*) FROM mail WHERE state = 'queued'")[0][0]


@pytest.mark.parametrize("tenants", [1, 5])
def test_behind_other_tenants_many(slow, tenants):
    """Of one, who has some of the carriers at most; of more than there are carriers for."""
    bad, good = [slow.found("Bad") for _ in range(tenants)], slow.found("Good")
    slow.inbox.data_delay = 0.2
    for n, org in enumerate(bad):
        org.send(*[f"m{n}.{i}@example.net" for i in range(2 * MANY // tenants)]).ok()
    assert in_its_turn(slow, good.owner.email) < MANY and waiting(slow) > MANY / 2  # what is asked for is looked for each second


def test_behind_a_networks_many_sign_ups(slow):
    """Each from an address of its own: the network is one."""
    good, addresses = slow.found("Good"), itertools.count(1)
    slow.inbox.held = "silent.example"  # so that they are all waiting
    form = lambda: {"email": fresh("many", "silent.example"), "given_name": "Ada", "family_name": "Noor", "organization": "Ada's", "password": PASSWORD}  # noqa: E731
    for _ in range(40):
        slow.stranger(f"2001:db8:1:{next(addresses):x}::1").post("/signups", form()).ok(202)
    while slow.server.query("SELECT count(*) FROM address_request") != [(0,)]:
        time.sleep(0.02)
    assert in_its_turn(slow, good.owner.email) < 5


def test_beside_recipients_whose_server_keeps_silent(slow):
    """So many of them that they would have all the lines; the tenant's own others wait for them, nobody else's do."""
    bad, good = slow.found("Bad"), slow.found("Good")
    slow.inbox.held = "silent.example"
    bad.send(*[f"m{i}@silent.example" for i in range(40)]).ok()
    assert in_its_turn(slow, good.owner.email) < 5
    slow.inbox.held = None
    slow.server.mails_at_rest()
    assert len([m for m in slow.inbox.mails if "@silent.example" in str(m.recipients)]) == 40


def reset_after(town, email):
    """Seconds until a reset that is asked for now is there."""
    began, before = time.monotonic(), len(resets(town, email))
    town.stranger().post("/password-resets", {"email": email}).ok(202)
    town.inbox.resets(email, before + 1)
    return time.monotonic() - began


@pytest.mark.parametrize("owners", ["organizations", "networks"])
def test_beside_silent_recipients_of_so_many_that_they_have_all_lines(slow, owners):
    """They have them for some seconds once, and then a part."""
    slow.inbox.data_delay = 0
    good, bad = slow.found("Good"), [slow.found("Bad") for _ in range(3 if owners == "organizations" else 0)]
    slow.server.mails_at_rest()
    slow.inbox.held = "silent.example"

    def ask_much():
        for n, org in enumerate(bad):
            org.send(*[fresh(f"m{n}", "silent.example") for _ in range(12)]).ok()
        for n in range(0 if bad else 36):
            form = {"email": fresh("s", "silent.example"), "given_name": "Ada", "family_name": "Noor", "organization": "A", "password": PASSWORD}
            slow.stranger(f"2001:db8:{n % 3 + 1:x}:{n:x}::1").post("/signups", form).ok(202)
    ask_much()
    while slow.inbox.kept_waiting < 12:
        time.sleep(0.05)
    assert reset_after(slow, good.owner.email) < 9
    ask_much()
    assert [t for t in (reset_after(slow, good.owner.email) for _ in range(3)) if t > 3.5] == []
    untouched = slow.server.query("SELECT count(*) FROM mail WHERE state = 'queued' AND attempts = 0")[0][0]
    assert untouched > 20  # they are not taken up only to wait here
    slow.inbox.held = None
    if bad:
        slow.clock.advance(minutes=2)
        slow.server.mails_at_rest(seconds=20)
        assert len({str(m.recipients) for m in slow.inbox.mails if "@silent.example" in str(m.recipients)}) == 72


def test_a_relay_that_is_slow_for_all_has_most_lines(slow):
    """Who is slow because the relay is, goes on at two thirds of the pace; what makes room at first goes with its next try."""
    slow.inbox.data_delay = 4.5  # longer than slow by more than a look
    orgs = [slow.found(f"Org{i}") for i in range(4)]
    for n, org in enumerate(orgs):
        org.send(*[f"m{n}.{i}@example.net" for i in range(6)]).ok()
    slow.server.mails_at_rest(seconds=25)
    arrived = lambda: len([m for m in slow.inbox.mails if "@example.net" in str(m.recipients)])  # noqa: E731
    put_back = [reply for (reply,) in slow.server.query("SELECT reply FROM mail WHERE state = 'deferred'")]
    assert len(put_back) <= 4 and all(r.startswith("broken off") for r in put_back) and arrived() == 24 - len(put_back), put_back
    slow.clock.advance(minutes=2)
    until = time.monotonic() + 15
    while slow.server.query("SELECT count(*) FROM mail WHERE state = 'sent'") != [(24,)] and time.monotonic() < until:
        time.sleep(0.05)
    assert arrived() == 24


def test_a_link_of_what_was_revoked_meanwhile_stays(slow):
    """Claimed already, and behind others that are slow: looked at once more before it goes."""
    slow.inbox.data_delay = 0
    org = slow.found("Revoking")
    emails = [f"m{i}@silent.example" for i in range(6)]
    invited = {r["email"]: r["invitation"]["id"] for r in org.send(*emails).ok()["results"]}
    slow.server.mails_at_rest()
    slow.inbox.held = "silent.example"
    for email in emails:  # of one network, which has four of the lines
        slow.stranger("2001:db8:9::1").post("/invitations/mail-again", {"email": email}).ok(202)
    claimed = "SELECT count(*) FROM mail WHERE kind = 'invitation_link' AND attempts > 0"
    while slow.server.query(claimed) != [(6,)]:
        time.sleep(0.05)
    for email in emails[4:]:
        org.revoke(invited[email]).ok()
    time.sleep(0.2)  # what was claimed a moment ago needs no second look
    slow.inbox.held = None
    for email in emails[:4]:
        slow.inbox.wait(email, 2)
    slow.inbox.settle(0.5)
    assert [len(slow.inbox.all_for(e)) for e in emails] == [2, 2, 2, 2, 1, 1]


def test_one_alone_is_not_kept_waiting(slow):
    """What it has too many of here is claimed as soon as there is room, and not with the next look."""
    slow.inbox.data_delay = 0
    org, began = slow.found("Alone"), time.monotonic()
    org.send(*[f"m{i}@example.net" for i in range(400)]).ok()
    slow.server.mails_at_rest(seconds=10)
    assert len(slow.inbox.mails) >= 400 and time.monotonic() - began < 10


def test_what_is_asked_for_in_vain_leaves_nobody_without_a_reset(limited):
    """Strangers ask for the invitations of somebody who has an account: they have their own limits, and its mails theirs."""
    person = limited.found("Victim").owner
    for _ in range(12):
        limited.stranger().post("/invitations/mail-again", {"email": person.email}).ok(202)
    limited.answered()
    limited.stranger().post("/password-resets", {"email": person.email}).ok(202)
    assert len(limited.inbox.resets(person.email)) == 1


def test_what_was_put_off_takes_its_turns_when_it_comes_again(slow):
    """Many at once, as a relay that was away leaves them."""
    bad = slow.found("Bad")
    slow.inbox.rcpt_reply = lambda a: "451 later" if a.endswith("@later.example") else None
    slow.inbox.data_delay = 0
    bad.send(*[f"m{i}@later.example" for i in range(60)]).ok()
    while slow.server.query("SELECT count(*) FROM mail WHERE state = 'deferred'") != [(60,)]:
        time.sleep(0.05)
    turns = sorted(t for (t,) in slow.server.query("SELECT turn_at FROM mail WHERE state = 'deferred'"))
    assert turns[-1] - turns[0] >= 40_000


def test_what_lost_its_reason_is_done_with_at_once(slow):
    """Whoever lets many invitations expire unsent keeps nobody waiting by them."""
    slow.inbox.rcpt_reply = lambda a: "451 later" if a.endswith("@later.example") else None
    slow.inbox.data_delay = 0
    slow.found("Late").send(*[f"m{i}@later.example" for i in range(150)]).ok()
    count = "SELECT count(*) FROM mail WHERE state = ?"
    while slow.server.query(count, "deferred") != [(150,)]:
        time.sleep(0.05)
    slow.clock.advance(days=8)
    began = time.monotonic()
    while slow.server.query(count, "withdrawn") != [(150,)]:
        assert time.monotonic() - began < 8, slow.server.query(count, "withdrawn")
        time.sleep(0.05)


def test_a_tenants_own_go_in_order(slow):
    """Turns are between them."""
    org = slow.found("Order")
    slow.server.mails_at_rest()
    for i in range(12):
        org.invite(f"m{i}@example.net")
    slow.server.mails_at_rest()
    turns = [t for (t,) in slow.server.query("SELECT turn_at FROM mail WHERE kind = 'invitation' ORDER BY id")]
    assert turns == sorted(turns) and turns[-1] - turns[0] >= 11_000


def test_requests_of_one_network_are_behind_each_other(slow):
    """What was asked for is answered in the order of turns, and a network has one a second."""
    turn = lambda: slow.server.query("SELECT max(turn_at), min(turn_at) FROM mail WHERE kind = 'password_reset'")[0]  # noqa: E731
    org = slow.found("Asked")
    for n, email in enumerate([org.join().email for _ in range(3)]):
        slow.stranger(f"2001:db8:2:{n:x}::1").post("/password-resets", {"email": email}).ok(202)
        slow.inbox.resets(email)
    last, first = turn()
    assert last - first >= 1_000
