"""What is done beside a recovery does not survive it: many at once try to get in, or to leave a way in behind, while the holder
recovers. Whoever was first is undone by it, whoever comes later finds nothing left to act by. Some are first, all are at it when
the recovery is asked for (the server is halted until they are), and all come later, too."""

import os
import signal
import threading
import time

import pytest

from lib.authenticator import Passkey
from lib.people import PASSWORD, World, fresh
from lib.server import together
from lib.ways import NEW, mailed

SITE = "http://localhost:4711"
AT_ONCE, ROUNDS = 12, 2


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, public_url=SITE), smtp)


def reset_token(town, email):
    before = len([m for m in town.inbox.all_for(email) if "/password/reset/" in m.text])
    town.client().post("/password-resets", {"email": email}).ok(202)
    return town.inbox.resets(email, before + 1)[-1].token


class Race:
    """`attack` by many, over and over, from before the recovery until after it; `first` and `later`: what those got who were answered
    before it was asked for, or began after it was answered; `beside`: the others."""

    def __init__(self, town, recover, attack):
        self.town, self.attack = town, attack
        self.changes = threading.Condition()
        self.rounds, self.under_way = [0] * AT_ONCE, set()
        self.first, self.beside, self.later = [], [], []
        self.asked = self.ended = False
        self.recover = recover
        together(AT_ONCE + 1, lambda i: self.defend() if i == AT_ONCE else self.one(i))

    def until(self, condition):
        with self.changes:
            assert self.changes.wait_for(condition, timeout=20), "they never met"

    def one(self, i):
        late = False
        while not late:
            with self.changes:
                early, late = not self.asked, self.ended
                self.under_way.add(i)
                self.changes.notify_all()
            got = self.attack(i)
            with self.changes:
                (self.later if late else self.first if early and not self.asked else self.beside).append(got)
                self.rounds[i] += 1
                self.under_way.discard(i)
                self.changes.notify_all()

    def defend(self):
        """Somebody has got in by now. All meet: none of those who ask while nobody is answered is answered before it."""
        try:
            self.until(lambda: all(self.rounds) and any(self.first))
            pid = self.town.server.process.pid
            os.kill(pid, signal.SIGSTOP)
            try:
                self.asked = True
                asking = threading.Thread(target=self.go_on, args=(pid,))
                asking.start()
                self.recover()
            finally:
                os.kill(pid, signal.SIGCONT)
            asking.join()
        finally:
            self.ended = True

    def go_on(self, pid):
        try:
            self.until(lambda: len(self.under_way) == AT_ONCE)
            time.sleep(0.05)  # they, and it, are on the line
        finally:
            os.kill(pid, signal.SIGCONT)


def race(town, recover, attack):
    """What the attackers got by a race in which they were first, met the recovery, and came too late."""
    run = Race(town, recover, attack)
    assert any(run.first) and len(run.beside) >= AT_ONCE and len(run.later) == AT_ONCE, "they never met"
    assert not any(run.later), "it was over, and somebody got something"
    return [x for x in run.first + run.beside if x]


def owner(town):
    org = town.found("Acme")
    return org, org.join(role="owner")


def alive_after_a_reset(town, org, thieves, token):
    """What still works of the keys that thieves made beside it."""

    def make(i):
        answer = thieves[i].post(org.path + "/api-keys", {"name": f"key {i}"})
        return answer["api_key"] if answer.status == 201 else None

    keys = race(town, lambda: town.client().post(
        "/password-resets/complete", {"token": token, "new_password": NEW}).ok(204), make)
    return [key for key in keys if town.client(key=key).get(org.path).status != 401]


@pytest.mark.parametrize("round", range(ROUNDS))
def test_no_key_made_beside_a_reset_survives_it(town, round):
    org, person = owner(town)
    thieves = [town.client().sign_in(person.email, PASSWORD) for _ in range(AT_ONCE)]
    token = reset_token(town, person.email)

    assert alive_after_a_reset(town, org, thieves, token) == []
    assert all(thief.get("/me").status == 401 for thief in thieves)


@pytest.mark.parametrize("round", range(ROUNDS))
def test_no_passkey_opens_a_session_beside_a_reset(town, round):
    org, person = owner(town)
    passkeys = [Passkey(SITE) for _ in range(6)]
    for n, passkey in enumerate(passkeys):
        options = person.api.post("/me/passkeys/options").ok().json
        person.api.post("/me/passkeys", {"credential": passkey.make(options), "name": f"n{n}"}).ok(201)
    token = reset_token(town, person.email)

    def show(i):
        client = town.client()
        options = client.post("/sessions/passkey/options").ok().json
        answer = client.post("/sessions/passkey", {"credential": passkeys[i % 6].show(options)})
        return client if answer.status == 201 else None

    clients = race(town, lambda: town.client().post(
        "/password-resets/complete", {"token": token, "new_password": NEW}).ok(204), show)
    assert [c for c in clients if c.get("/me").status == 200] == []


@pytest.mark.parametrize("round", range(ROUNDS))
def test_no_passkey_added_beside_a_new_password_opens_alone(town, round):
    org, person = owner(town)
    thieves = [town.client().sign_in(person.email, PASSWORD) for _ in range(AT_ONCE)]

    def add(i):
        passkey = Passkey(SITE)
        options = thieves[i].post("/me/passkeys/options")
        if options.status != 200:
            return None
        answer = thieves[i].post("/me/passkeys", {"credential": passkey.make(options.json), "name": f"n{i}"})
        return passkey if answer.status == 201 else None

    passkeys = race(town, lambda: person.api.post(
        "/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(), add)
    for passkey in passkeys:
        options = town.client().post("/sessions/passkey/options").ok().json
        assert town.client().post("/sessions/passkey", {"credential": passkey.show(options)}).status == 401


@pytest.mark.parametrize("round", range(ROUNDS))
def test_nothing_made_beside_an_undo_survives_it(town, round):
    org, person = owner(town)
    old, evil = person.email, fresh("evil")
    person.api.post("/me/email", {"email": evil, "current_password": PASSWORD}).ok(202)
    town.client().post("/email-changes/confirm", {"token": mailed(town.inbox, evil, "/email/confirm/")}).ok(204)
    token = mailed(town.inbox, old, "/email/undo/")
    thieves = [town.client().sign_in(evil, PASSWORD) for _ in range(AT_ONCE)]

    def do(i):
        if i % 2:
            answer = thieves[i].post(org.path + "/api-keys", {"name": f"key {i}"})
            return ("key", answer["api_key"]) if answer.status == 201 else None
        new = fresh("worse")
        answer = thieves[i].post("/me/email", {"email": new, "current_password": PASSWORD})
        return ("change", new) if answer.status == 202 else None

    made = race(town, lambda: town.client().post("/email-changes/undo", {"token": token}).ok(204), do)
    for kind, what in made:
        if kind == "key":
            assert town.client(key=what).get(org.path).status == 401
    assert all(thief.get("/me").status == 401 for thief in thieves)
    raw = town.server.query("SELECT id FROM account WHERE email = ?", old)[0][0]
    assert town.server.query("SELECT count(*) FROM email_change WHERE account_id = ? AND kind = 'confirm'", raw) == [(0,)]


@pytest.mark.parametrize("round", range(ROUNDS))
def test_nothing_an_unproved_owner_makes_beside_a_take_over_survives_it(town, round):
    org = town.found("Acme")
    squatter = org.owner
    thieves = [town.client().sign_in(squatter.email, PASSWORD) for _ in range(AT_ONCE)]
    token = reset_token(town, squatter.email)

    assert alive_after_a_reset(town, org, thieves, token) == []


@pytest.mark.parametrize("recovery", ["reset", "sessions", "change"])
def test_no_stolen_session_starves_the_recovery(town, recovery):
    """Who acts as the account in many organizations at once stands in one line with its holder."""
    org, person = owner(town)
    others = [town.found(f"Other {n}") for n in range(8)]
    for other in others:
        other.invite(person.email)
        token = town.inbox.token_for(person.email, invitation=True, count=2 + others.index(other))
        person.api.post("/invitations/accept", {"token": token}).ok(201)
        other.set_role(person, "owner").ok()
    thieves = [town.client().sign_in(person.email, PASSWORD) for _ in range(16)]
    token, took, done = reset_token(town, person.email), [], threading.Event()

    def act(i):
        if i == 16:
            time.sleep(0.3)
            began = time.monotonic()
            {
                "reset": lambda: town.client().post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204),
                "sessions": lambda: person.api.delete("/me/sessions").ok(204),
                "change": lambda: person.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(),
            }[recovery]()
            took.append(time.monotonic() - began)
            done.set()
        else:
            until = time.monotonic() + 20
            while not done.is_set() and time.monotonic() < until:
                thieves[i].patch(others[i % 8].path, {"name": f"Taken {i}"})

    together(17, act)
    assert took[0] < 5, took
    assert all(thief.get("/me").status == 401 for thief in thieves)
