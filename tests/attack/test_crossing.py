"""Two people's transactions want the same two accounts, in another order. Nobody waits out of order: no deadlock, nobody else
is held up, and a recovery comes through. On SQLite there is one writer, and nothing to cross; there the same calls are made."""

import itertools
import threading
import time

import pytest

from attack.test_hijacking import NEW, ask, move, undo
from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh
from lib.server import together
from lib.ways import mailed

SECONDS = 4
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def town(make_server, smtp):
    server = make_server(mail=smtp.uri, public_url="http://localhost:4711", signup="on",
                         invitations_per_hour="100000", addresses_per_hour="100000")
    return World(server, smtp)


@pytest.fixture
def no_deadlock(town):
    """The database counts them, and tells a second later."""

    def count():
        if not town.server.is_shared:
            return 0
        time.sleep(1.2)
        return town.server.query("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0]

    before = count()
    yield
    assert count() == before
    assert town.operator.get("/server/check").ok()["sound"]


def for_a_while(callers, act, seconds=SECONDS):
    """act(i) by each caller over and over; all that was answered."""
    until, answers = time.monotonic() + seconds, []

    def one(i):
        while time.monotonic() < until:
            answers.append(act(i))

    together(callers, one)
    return answers


def in_both(town, one, other):
    """An owner of two organizations."""
    person = one.join(role="owner")
    other.invite(person.email)
    person.api.post("/invitations/accept", {"token": town.inbox.token_for(person.email, invitation=True, count=2)}).ok(201)
    other.set_role(person, "owner").ok()
    return person


def test_two_who_show_each_others_invitation(town, no_deadlock):
    evil, other = town.found("Evil"), town.found("Other")
    pair = [evil.join(), evil.join()]
    links = []
    for person in pair:
        other.invite(person.email)
        links.append(town.inbox.token_for(person.email, invitation=True, count=2))
    honest = town.found("Honest").join()
    clients = [town.client().sign_in(pair[i % 2].email, PASSWORD) for i in range(24)]
    took = []

    def act(i):
        if i < len(clients):
            return clients[i].post("/invitations/accept", {"token": links[1 - i % 2]}).status
        start = time.monotonic()
        town.client().sign_in(honest.email, PASSWORD)
        took.append(time.monotonic() - start)
        return 201

    assert set(for_a_while(len(clients) + 1, act)) <= {403, 201}
    assert max(took) < 3, took


def test_two_people_at_work_in_two_organizations(town, no_deadlock):
    a, b = town.found("A"), town.found("B")
    people = [in_both(town, a, b) for _ in range(2)]
    clients = [town.client().sign_in(people[i % 2].email, PASSWORD) for i in range(12)]

    def act(i):
        return clients[i].patch((a, b)[i // 2 % 2].path, {"name": f"Name {next(NUMBERS)}"}).status

    assert set(for_a_while(len(clients), act)) == {200}


def test_two_owners_of_one_by_its_name_and_by_its_id(town, no_deadlock):
    org = town.found("Acme")
    people = [org.join(role="owner") for _ in range(2)]
    clients = [town.client().sign_in(people[i % 2].email, PASSWORD) for i in range(8)]
    paths = (org.path, "/organizations/" + org.id)

    def act(i):
        return clients[i].patch(paths[i // 2 % 2], {"name": f"Name {next(NUMBERS)}"}).status

    assert set(for_a_while(len(clients), act)) == {200}


def test_two_bulks_at_the_same_strangers(town, no_deadlock):
    """Temporary passwords for addresses that have accounts: nobody's row is locked for it, in whatever order."""
    a, b, acme = town.found("A"), town.found("B"), town.found("C")
    strangers = [acme.join().email for _ in range(4)]
    client = town.client().sign_in(strangers[0], PASSWORD)

    def bulk(i):
        order, rows = strangers[:: (1, -1)[i]], []
        for email in order:
            rows += [email] + [fresh(f"b{i}") for _ in range(60)]
        (a, b)[i].send(*rows, method="temporary_password", delivery="show").ok(200)

    took, done = [], threading.Event()

    def act(i):
        if i < 2:
            bulk(i)
            done.set()
        while i == 2 and not done.is_set():
            start = time.monotonic()
            client.patch("/me", {"given_name": fresh("v").split("@")[0].replace(".", "")}).ok()
            took.append(time.monotonic() - start)

    together(3, act)
    assert not took or max(took) < 2, took


@pytest.mark.parametrize("recovery", ["reset", "undo"])
def test_a_link_shown_without_end_starves_no_recovery(town, no_deadlock, recovery):
    """Its address was proved by somebody else since, so that it is refused, and stays."""
    acme, evil = town.found("Acme"), town.found("Evil")
    person, wanted = acme.join(), fresh("wanted")
    old = now = person.email
    if recovery == "undo":
        now = fresh("evil")
        move(town, town.client().sign_in(old, PASSWORD), now)
    ask(town.client().sign_in(now, PASSWORD), wanted).ok(202)
    link = mailed(town.inbox, wanted, "/email/confirm/")
    evil.invite(wanted)
    town.enrol(town.inbox.token_for(wanted, invitation=True), password=NEW).ok(201)
    if recovery == "reset":
        town.client().post("/password-resets", {"email": old}).ok(202)
        token = town.inbox.resets(old, 1)[-1].token
    clients, done, tries = [town.client() for _ in range(32)], threading.Event(), []

    def act(i):
        if i < len(clients):
            while not done.is_set():
                assert clients[i].post("/email-changes/confirm", {"token": link}).status in (409, 410, 503)
            return
        time.sleep(0.5)
        while len(tries) < 5 and 204 not in tries:
            tries.append(
                undo(town, old).status if recovery == "undo" else town.client().post(
                    "/password-resets/complete", {"token": token, "new_password": NEW}).status)
        done.set()

    together(len(clients) + 1, act)
    assert tries == [204], tries


def test_an_address_that_moves_under_a_reset(town):
    """A reset that was asked for by the thief's address, while the undo is under way and waits for somebody else's row."""
    acme, rival = town.found("Acme"), town.found("Rival")
    person = acme.join()
    old, evil = person.email, fresh("evil")
    move(town, town.client().sign_in(old, PASSWORD), evil)
    link = rival.link(rival.invite(old, role="administrator", deliver=False)).ok()["url"]
    squatter = town.enrol(link, given="Mallory").ok(201).client
    token = mailed(town.inbox, old, "/email/undo/")
    rows = [{"email": fresh("x"), "role": "member"} for _ in range(1000)]
    body = {"invitations": rows, "method": "temporary_password", "delivery": "show"}
    answers = {}

    def act(i):
        time.sleep((0, 0.15, 0.2)[i])
        if i == 0:
            squatter.post(rival.path + "/invitations", body)
        elif i == 1:
            answers["undo"] = town.client().post("/email-changes/undo", {"token": token}).status
        else:
            answers["reset"] = town.client().post("/password-resets", {"email": evil}).status

    together(3, act)
    assert answers == {"undo": 204, "reset": 202}
    town.inbox.settle(1.5)
    for mail in town.inbox.all_for(evil):
        if "/password/reset/" in mail.text:
            opened = town.client().post("/password-resets/complete", {"token": mail.token, "new_password": NEW})
            assert opened.status == 410 or town.client().post("/sessions", {"email": old, "password": NEW}).status == 401


def owners_at(town, org, count):
    people = [org.join(role="owner") for _ in range(2)]
    return [town.client().sign_in(people[i % 2].email, PASSWORD) for i in range(count)], [org.member(p)["id"] for p in people]


def test_two_owners_who_change_each_other(town, no_deadlock):
    org = town.found("Acme")
    clients, members = owners_at(town, org, 8)
    paths = (org.path, "/organizations/" + org.id)
    groups = [org.api.post(f"{org.path}/groups", {"name": f"G{k}"}).ok(201)["id"] for k in range(2)]

    def act(i):
        return clients[i].patch(f"{paths[i % 2]}/members/{members[1 - i % 2]}", {"groups": [groups[next(NUMBERS) % 2]]}).status

    assert set(for_a_while(len(clients), act)) == {200}


def test_a_group_goes_while_its_members_work(town, no_deadlock):
    """Who deletes it has the seats and wants their memberships; they have their own and want the seats."""
    org = town.found("Acme")
    clients, members = owners_at(town, org, 6)
    stays = org.api.post(f"{org.path}/groups", {"name": "Stays"}).ok(201)["id"]

    def act(i):
        if i < len(clients):
            return clients[i].patch(f"/organizations/{org.id}/groups/{stays}", {"name": f"Name {next(NUMBERS)}"}).status
        goes = org.api.post(f"{org.path}/groups", {"name": f"Goes {next(NUMBERS)}"}).ok(201)["id"]
        org.api.post(f"{org.path}/members/bulk", {"members": members, "groups_add": [goes]}).ok()
        return org.api.delete(f"{org.path}/groups/{goes}").status

    assert set(for_a_while(len(clients) + 1, act)) == {200, 204}


def waiting(org, count, by=None):
    """People behind temporary passwords, and the tokens of their copied links; and the batch."""
    sent = org.send(*[fresh("waits") for _ in range(count)], by=by, method="temporary_password", delivery="show").ok()
    return [token_of(org.link(r["invitation"]).ok()["url"]) for r in sent["results"]], sent["batch"]


def show_until(done, town, token):
    """Somebody shows a copied link, with names that do not fit: the account that waits is locked, and nothing comes of it."""
    client = town.client()
    answers = set()
    while not done.is_set():
        answers.add(client.post("/invitations/accept", {"token": token, "given_name": "A", "family_name": "X"}).status)
    return answers


@pytest.mark.parametrize("removed", [True, False], ids=["removed", "demoted"])
def test_an_inviter_goes_while_those_who_wait_are_at_the_door(town, no_deadlock, removed):
    org = town.found("Org")
    for _ in range(3):
        inviter, done, answers = org.join(role="administrator"), threading.Event(), set()
        tokens, _ = waiting(org, 4, by=inviter.api)

        def act(i):
            if i < 8:
                answers.update(show_until(done, town, tokens[i % 4]))
                return
            time.sleep(0.3)
            try:
                if removed:
                    org.remove(inviter).ok(204)
                else:
                    org.set_role(inviter, "member").ok(200)
            finally:
                done.set()

        together(9, act)
        assert answers <= {422, 410}


def test_a_batch_is_sent_again_while_its_links_are_shown(town, no_deadlock):
    org = town.found("Org")
    tokens, batch = waiting(org, 40)
    done, answers = threading.Event(), []

    def act(i):
        if i < 6:
            show_until(done, town, tokens[-1 - i % 3])
            return
        try:
            for what in ("links", "resend") * 3:
                answers.append(org.api.post(f"{org.path}/invitation-batches/{batch}/{what}").status)
        finally:
            done.set()

    together(7, act)
    assert answers == [200] * 6


def test_two_bulks_of_the_same_new_addresses(town, no_deadlock):
    """In opposite orders; accounts are made in that of their addresses."""
    orgs = town.found("A"), town.found("B")

    def act(i):
        for n in range(2):
            rows = [f"new{n}.{k}.{orgs[0].slug}@example.org" for k in range(150)]
            orgs[i].send(*rows[:: (1, -1)[i]], method="temporary_password", delivery="show").ok(200)

    together(2, act)
    assert town.operator.get("/server/check").ok()["sound"]


def test_counted_before_the_account_and_after_it(make_server, smtp):
    """Who is signed in has their account and wants the source's row; who is not has that, and wants the account."""
    town = World(make_server(mail=smtp.uri, public_url="http://localhost:4711", rate_limits="on", trusted_proxies="127.0.0.1"), smtp)
    a, b = town.found("A"), town.found("B")
    x, y = a.join(), a.join()
    codes = {}
    for person in (x, y):
        b.invite(person.email)
        town.inbox.token_for(person.email, invitation=True, count=2)
        codes[person.email] = town.inbox.last(person.email, 2).code
    clients = [town.client().sign_in(x.email, PASSWORD) for _ in range(4)]

    def act(i):
        if i < 4:
            return clients[i].post("/invitations/accept", {"email": y.email, "code": codes[y.email]}).status
        return town.client().post("/invitations/accept", {"email": x.email, "code": codes[x.email]}).status

    assert 503 not in set(for_a_while(8, act))


@pytest.mark.parametrize("why", ["dead", "names"])
def test_what_reading_refuses_waits_for_nobody(town, why):
    """Somebody has the account, the invitation and the seats for long; who shows a link that is refused anyway is told at once."""
    org = town.found("Org")
    email = fresh("waits")
    invitation = org.send(email, method="temporary_password", delivery="show").ok()["results"][0]["invitation"]
    body = {"token": token_of(org.link(invitation).ok()["url"]), "given_name": "A", "family_name": "X" if why == "names" else "Durand"}
    if why == "dead":
        org.revoke(invitation).ok(204)
    with town.server.aside() as db:
        for sql in ("SELECT 1 FROM account", "SELECT 1 FROM invitation", "SELECT 1 FROM organization_seat") if town.server.is_shared else ():
            db.cursor().execute(sql + " FOR UPDATE")
        answer = town.client(timeout=5).post("/invitations/accept", body)
    assert answer.status == {"dead": 410, "names": 422}[why], answer


def test_who_has_the_seats_does_not_wait_for_a_limit(make_server, smtp):
    """Invitations find the seats taken and wait for them; when they have them, somebody else has what counts them: they let the seats go."""
    town = World(make_server(mail=smtp.uri, public_url="http://localhost:4711", rate_limits="on"), smtp)
    org, server = town.found("Seats"), town.server
    other = org.join(role="owner")  # whose own row nobody has
    org.send(fresh("counted")).ok(200)  # what counts is there
    invited, emails = [], [fresh("waits") for _ in range(2)]
    with server.aside() as counter:
        with server.aside() as seats:
            if server.is_shared:
                seats.cursor().execute("SELECT 1 FROM organization_seat FOR UPDATE")
                counter.cursor().execute("SELECT 1 FROM rate_window FOR UPDATE")
            invite = threading.Thread(target=lambda: invited.append(org.send(*emails).status))
            invite.start()
            time.sleep(1.5)  # longer than a first look: they wait in the lane of the seats
            assert not server.is_shared or not invited
        time.sleep(1)
        start = time.monotonic()
        other.api.patch(org.path, {"name": "Seats of ours"}).ok()
        assert time.monotonic() - start < 2
    invite.join()
    assert invited == [200]


def coded(org, person):
    """The way in that a handed-over code is, for somebody who has an account."""
    return {"email": person.email, "code": org.link(org.invite(person.email, deliver=False)).ok()["code"]}


@pytest.mark.parametrize("how", ["used", "somebody else's"])
def test_codes_from_one_source_while_the_seats_are_busy(town, no_deadlock, how):
    """Each try is counted for its source; whoever counted wants the seats, and who has those wants to count."""
    org, home = town.found("Victim"), town.found("Home")
    people = [home.join() for _ in range(2)]
    ways = [coded(org, person) for person in people]
    if how == "used":
        for person, way in zip(people, ways):
            person.api.post("/invitations/decline", way).ok(204)
    clients = [town.client().sign_in(people[i % 2].email, PASSWORD) for i in range(16)]
    took = []

    def act(i):
        if i == len(clients):
            start = time.monotonic()
            status = org.api.patch(org.path, {"name": f"Name {next(NUMBERS)}"}).status
            took.append(time.monotonic() - start)
            return status
        if i % 4 == 3:
            return clients[i].patch("/me", {"given_name": ("Al", "Bo")[next(NUMBERS) % 2]}).status
        return clients[i].post("/invitations/accept", ways[(i + (how != "used")) % 2]).status

    answers = set(for_a_while(len(clients) + 1, act, 2 * SECONDS))
    assert 503 not in answers and 200 in answers
    assert max(took) < 3, took
