"""Many at once: what must never happen does not, whoever comes first."""

import csv
import io
import os
import random
import threading
import time

from lib.mailbox import token_of
from lib.people import PASSWORD, fresh
from lib.server import together

SECONDS = float(os.environ.get("CONCURRENCY_SECONDS", "5"))
RACES = int(os.environ.get("CONCURRENCY_RACES", "200"))
CLIENTS = 64


def links_of(org, batch):
    """address → token, for a batch that was not mailed."""
    answer = org.api.post(f"{org.path}/invitation-batches/{batch}/links").ok(200)
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    found = {}
    for row in rows[1:]:
        address = next(c for c in row if "@" in c and "/i/" not in c)
        found[address] = token_of(next(c for c in row if "/i/" in c))
    return found


def invite_many(org, count, name="race"):
    """Invitations without mail: [(id, address, token)]."""
    emails = [fresh(name) for _ in range(count)]
    found = {}
    for at in range(0, count, 1000):
        answer = org.send(*emails[at : at + 1000], deliver=False).ok(200)
        links = links_of(org, answer["batch"])
        for r in answer["results"]:
            inv = r["invitation"]
            found[r["email"]] = (inv if isinstance(inv, str) else inv["id"], r["email"], links[r["email"]])
    return [found[e] for e in emails]


def enrolment(token, password=PASSWORD):
    return {"token": token, "given_name": "Zoé", "family_name": "Durand", "password": password}


def patiently(act, seconds=60):
    """Again while the server says that it is busy."""
    until = time.monotonic() + seconds
    while True:
        answer = act()
        if answer.status != 503 or time.monotonic() > until:
            return answer
        time.sleep(0.02)


def test_64_clients_accept_the_same_invitation_at_once(acme):
    """Each with a password of its own; two that send the same are one (tests/attack/test_repeats.py). Who comes after the first
    tries a password at an account that is there, within sign-in's limits."""
    for _ in range(3):
        before = len(acme.members())
        ((_, email, token),) = invite_many(acme, 1)
        clients = [acme.world.client() for _ in range(CLIENTS)]
        answers = together(
            CLIENTS, lambda i: patiently(lambda: clients[i].post("/invitations/accept", enrolment(token, f"{PASSWORD}-{i}")))
        )
        won = [a for a in answers if a.status == 201]
        assert len(won) == 1, [a.status for a in answers]
        assert {a.problem for a in answers} <= {None, "invitation-already-accepted", "unauthenticated", "rate-limited"}
        assert len(acme.members()) == before + 1
        for c in clients:
            c.close()


def test_64_signed_in_clients_of_one_person_accept_at_once(acme, rival):
    person = rival.join()
    acme.invite(person.email, deliver=False)
    inv = acme.api.items(acme.path + "/invitations")[0]
    token = token_of(acme.link(inv).ok()["url"])
    clients = [person.api.twin() for _ in range(CLIENTS)]
    answers = together(CLIENTS, lambda i: clients[i].post("/invitations/accept", {"token": token}))
    assert [a.status for a in answers] == [201] * CLIENTS, "who is in is led in"
    assert len(acme.members()) == 2


def test_the_member_limit_holds_under_load(acme):
    """Clients invite, accept, revoke and remove at the limit; nobody ever sees it exceeded."""
    limit = 12
    acme.limit(limit)
    stop = time.monotonic() + SECONDS
    tally = {}
    lock = threading.Lock()

    def note(what):
        with lock:
            tally[what] = tally.get(what, 0) + 1

    def live(i):
        dice = random.Random(i)
        api, anonymous = acme.api.twin(), acme.world.client()
        while time.monotonic() < stop:
            email = fresh("seat")
            answer = acme.send(email, by=api, deliver=False)
            outcome = answer["results"][0]["outcome"] if answer.status == 200 else answer.problem
            note(outcome)
            assert outcome in ("invited", "seat-limit-reached", "unavailable"), answer
            if outcome != "invited":
                continue
            inv = answer["results"][0]["invitation"]
            inv = inv if isinstance(inv, str) else inv["id"]
            if dice.random() < 0.5:
                patiently(lambda: acme.revoke(inv, by=api)).ok(204)
                continue
            token = token_of(acme.link(inv, by=api).ok()["url"])
            accepted = patiently(lambda: anonymous.post("/invitations/accept", enrolment(token)))
            anonymous.cookies.clear()
            if accepted.status == 201:
                note("accepted")
                patiently(lambda: api.delete(f"{acme.path}/members/{accepted['member']['id']}")).ok(204)

    def watch(_):
        api = acme.api.twin()
        raw = acme.world.server.query("SELECT id FROM organization WHERE slug = ?", acme.slug)[0][0]
        while time.monotonic() < stop:
            used, held = acme.world.server.query(
                "SELECT (SELECT count(*) FROM membership WHERE organization_id = ?1),"
                " (SELECT count(*) FROM invitation WHERE organization_id = ?1 AND state = 'pending')",
                raw,
            )[0]
            assert used + held <= limit, (used, held)
            seats = api.post(
                acme.path + "/invitations/preview", {"invitations": [{"email": "a@example.org", "role": "member"}]}
            )
            if seats.status == 200:
                assert seats["seats"]["used"] + seats["seats"]["held"] <= limit
            time.sleep(0.05)

    together(CLIENTS + 1, lambda i: live(i) if i < CLIENTS else watch(i))
    counted, kept = acme.recount()
    assert counted == kept and sum(kept) <= limit
    assert tally.get("seat-limit-reached") and tally.get("accepted") and tally.get("invited"), tally


def test_one_owner_is_left_when_two_unmake_each_other(world):
    for round in range(4):
        org = world.found("Duel")
        heir = org.join(role="owner")
        ids = {p: org.member(p)["id"] for p in (org.owner, heir)}

        def strike(i):
            by, victim = (org.owner, heir) if i % 2 else (heir, org.owner)
            api, target = by.api.twin(), f"{org.path}/members/{ids[victim]}"
            act = (i // 2 + round) % 4
            if act == 0:
                return api.delete(target)
            if act == 1:
                return api.patch(target, {"role": "member"})
            if act == 2:
                return api.post(org.path + "/leave")
            return api.patch(f"{org.path}/members/{ids[by]}", {"role": "administrator"})

        answers = together(CLIENTS, strike)
        assert {a.problem for a in answers} <= {None, "last-owner", "forbidden", "not-found"}, {
            a.problem for a in answers
        }
        raw = world.server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
        owners = world.server.query(
            "SELECT count(*) FROM membership WHERE organization_id = ? AND role = 'owner'", raw
        )[0][0]
        assert owners == 1
        assert world.server.query("SELECT count(*) FROM organization_owner WHERE organization_id = ?", raw)[0][0] == 1


def race(pairs, first, second):
    """Runs first(i) and second(i) against each other; gives their answers. A few pairs at a time. Whoever lost gets a head
    start the next time, as long as such a call takes just now, so that they meet at the decisive moment on any machine."""
    lanes = 8
    results = [None] * pairs

    def lane(n):
        dice = random.Random(n)
        mine, theirs = first(n), second(n)
        edge, pace = 0.0, 0.02  # how long the second has to wait for an even race; how long the first takes
        for i in range(n // 2, pairs, lanes):
            wait = edge + dice.uniform(-pace, pace) / 2
            box = {}

            def other():
                time.sleep(max(wait, 0))
                box["second"] = theirs(i)

            t = threading.Thread(target=other)
            t.start()
            time.sleep(max(-wait, 0))
            began = time.monotonic()
            box["first"] = mine(i)
            pace = (pace + time.monotonic() - began) / 2
            t.join()
            results[i] = (box["first"], box["second"])
            edge += pace if box["first"].status >= 400 else -pace

    together(lanes, lambda n: lane(2 * n))
    return results


def test_revoke_and_accept_never_both_win(acme):
    rows = invite_many(acme, RACES)

    def acceptor(n):
        client = acme.world.client()

        def accept(i):
            client.cookies.clear()
            return patiently(lambda: client.post("/invitations/accept", enrolment(rows[i][2])))

        return accept

    def revoker(n):
        api = acme.api.twin()
        return lambda i: acme.revoke(rows[i][0], by=api)

    results = race(RACES, acceptor, revoker)
    for accepted, revoked in results:
        assert (accepted.status, revoked.status) in ((201, 410), (410, 204)), (accepted, revoked)
        assert accepted.problem in (None, "invitation-revoked") and revoked.problem in (
            None,
            "invitation-already-accepted",
        )
    won = sum(a.status == 201 for a, _ in results)
    assert 0 < won < RACES, f"{won} of {RACES}: this was no race"
    assert len(acme.members(limit=200)) == won + 1
    counted, kept = acme.recount()
    assert counted == kept == (won + 1, 0)


def test_the_old_secret_never_works_after_the_resends_answer(acme):
    count = RACES // 5
    rows = invite_many(acme, count)
    late = [None] * count

    def acceptor(n):
        client = acme.world.client()

        def accept(i):
            client.cookies.clear()
            return patiently(lambda: client.post("/invitations/accept", enrolment(rows[i][2])))

        return accept

    def resender(n):
        api, client = acme.api.twin(), acme.world.client()

        def resend(i):
            answer = acme.resend(rows[i][0], by=api)
            if answer.status == 200:
                late[i] = patiently(lambda: client.post("/invitations/accept", enrolment(rows[i][2])))
            return answer

        return resend

    for (accepted, resent), after in zip(race(count, acceptor, resender), late):
        assert (accepted.status, resent.status) in ((201, 409), (410, 200)), (accepted, resent)
        if after is not None:
            after.refused("invitation-replaced", 410)


def test_no_invitation_of_a_demoted_administrator_commits_after(acme):
    for _ in range(3):
        admin = acme.join(role="administrator")
        target = f"{acme.path}/members/{acme.member(admin)['id']}"
        demoted = threading.Event()
        owner = acme.api.twin()

        def act(i):
            if i == 0:
                time.sleep(0.15)
                owner.patch(target, {"role": "member"}).ok(200)
                demoted.set()
                return []
            api, answers = admin.api.twin(), []
            for _ in range(400):
                was_demoted = demoted.is_set()
                answers.append((was_demoted, acme.send(fresh("queue"), by=api, deliver=False)))
                if answers[-1][1].status == 403 and was_demoted:
                    break
            return answers

        answers = [a for some in together(CLIENTS, act) for a in some]
        assert all(
            a.status == 403 for late, a in answers if late
        ), "a request begun after the demotion's answer went through"
        assert any(a.status == 200 for _, a in answers) and any(a.status == 403 for _, a in answers)
        left = [
            i
            for i in acme.api.items(acme.path + "/invitations", state="pending", limit=200)
            if i["invited_by"] == admin.id
        ]
        assert left == [], "what committed before the demotion went with it; nothing may have committed after"
    counted, kept = acme.recount()
    assert counted == kept


def test_one_address_invited_by_many_is_invited_once(acme):
    email = fresh()
    clients = [acme.api.twin() for _ in range(CLIENTS)]
    answers = together(CLIENTS, lambda i: acme.send(email, by=clients[i], deliver=False))
    outcomes = sorted(a["results"][0]["outcome"] for a in answers)
    assert outcomes == ["already-invited"] * (CLIENTS - 1) + ["invited"]


def test_removal_races_acceptance_elsewhere_and_reads(acme):
    """A removed member's calls never slip through after the answer."""
    people = [acme.join() for _ in range(4)]
    ids = [acme.member(p)["id"] for p in people]
    gone = [threading.Event() for _ in people]

    def act(i):
        n = i % len(people)
        if i < len(people):
            time.sleep(0.05)
            acme.api.twin().delete(f"{acme.path}/members/{ids[n]}").ok(204)
            gone[n].set()
            return
        api = people[n].api.twin()
        for _ in range(150):
            was_gone = gone[n].is_set()
            answer = api.get(acme.path)
            if was_gone:
                answer.refused("not-found", 404)
                return

    together(32, act)
