"""The load under which things are killed, and the check of what stands afterwards against what was answered."""

import random
import threading
import time
from http.client import HTTPException

from lib.people import PASSWORD

INVITERS, JOINERS, REVOKERS = 6, 3, 1
MAIL_PATIENCE = 180  # seconds
GONE = (OSError, HTTPException)
PAUSE = 0.02  # seconds after a 503


class Record:
    """What the server answered with success, and how long it took to refuse."""

    def __init__(self):
        self.lock = threading.Lock()
        self.invited = {}  # id → address
        self.joined = {}  # address → member id
        self.revoked = set()  # ids
        self.tried = set()  # addresses that somebody tried to accept
        self.count = 0
        self.refused = 0  # answers 503
        self.slowest = 0.0  # seconds that a 503 took
        self.last_written = 0.0  # the moment of the last success

    def address(self):
        with self.lock:
            self.count += 1
            return f"crash{self.count}@example.org"

    def wrote(self):
        self.last_written = time.monotonic()

    def refusal(self, answer, since):
        """Notes a 503; anything else is a failure of the server's."""
        assert answer.problem == "unavailable" and answer.status == 503, answer
        assert answer.headers["Retry-After"], "a 503 without Retry-After"
        with self.lock:
            self.refused += 1
            self.slowest = max(self.slowest, time.monotonic() - since)


class Load:
    """People at work on one organization, until they are told to stop or, if it may be killed, until the server is gone."""

    def __init__(self, server, org, box, record, dice, mortal):
        self.server, self.org, self.box, self.record, self.mortal = server, org, box, record, mortal
        self.stop, self.failures = threading.Event(), []
        self.threads = []
        works = [self.invite] * INVITERS + [self.join] * JOINERS + [self.revoke] * REVOKERS
        for work in works:
            own = random.Random(dice.random())
            self.threads.append(threading.Thread(target=self._run, args=(work, own), daemon=True))
        for t in self.threads:
            t.start()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        if self.failures:
            raise self.failures[0]

    def _run(self, work, dice):
        client = self.server.client(timeout=15)
        client.cookies = dict(self.org.api.cookies)
        try:
            while not self.stop.is_set():
                work(client, dice)
        except GONE as e:
            if not self.mortal:
                self.failures.append(e)
        except Exception as e:
            self.failures.append(e)

    def invite(self, client, dice):
        email, since = self.record.address(), time.monotonic()
        answer = client.post(self.org.path + "/invitations", {"invitations": [{"email": email, "role": "member"}]})
        if answer.status != 200:
            self.record.refusal(answer, since)
            time.sleep(PAUSE)
            return
        invitation = answer["results"][0]["invitation"]
        with self.record.lock:
            self.record.invited[invitation if isinstance(invitation, str) else invitation["id"]] = email
            self.record.wrote()

    def join(self, client, dice):
        record = self.record
        with record.lock:
            mail = next((m for m in list(self.box.mails)[:-200:-1] if m.recipients[0] not in record.tried), None)
            if mail:
                record.tried.add(mail.recipients[0])
        if not mail:
            time.sleep(0.01)
            return
        client.cookies.clear()
        since = time.monotonic()
        body = {"token": mail.token, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
        answer = client.post("/invitations/accept", body)
        if answer.status == 201:
            with record.lock:
                record.joined[mail.recipients[0]] = answer["member"]["id"]
        elif answer.problem not in ("invitation-revoked", "invitation-already-accepted"):
            record.refusal(answer, since)
            time.sleep(PAUSE)

    def revoke(self, client, dice):
        record = self.record
        time.sleep(0.03)
        with record.lock:
            left = [i for i in list(record.invited)[-40:] if i not in record.revoked]
        if not left:
            return
        target, since = dice.choice(left), time.monotonic()
        answer = client.delete(f"{self.org.path}/invitations/{target}")
        if answer.status == 204:
            with record.lock:
                record.revoked.add(target)
        elif answer.status >= 500:
            record.refusal(answer, since)


def check(server, org, record):
    """What the database says, against what was answered. The state of each invitation, by address."""
    raw = server.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    invitations = dict(server.query("SELECT email, state FROM invitation WHERE organization_id = ?", raw))
    joined = server.query(
        "SELECT a.email FROM membership m JOIN account a ON a.id = m.account_id WHERE m.organization_id = ?", raw
    )
    members = {e for e, in joined}
    for id_, email in list(record.invited.items()):
        assert email in invitations, f"{email} was answered and is gone"
        if id_ in record.revoked:
            assert invitations[email] == "revoked", f"{email}: revoked, now {invitations[email]}"
            assert email not in members, f"{email}: revoked, and a member"
    for email in list(record.joined):
        assert invitations[email] == "accepted" and email in members, f"{email} joined and is gone"
    accepted = {e for e, s in invitations.items() if s == "accepted"}
    assert members - {org.owner.email} == accepted, "members and accepted invitations differ"
    twice = server.query(
        "SELECT count(*) FROM (SELECT accepted_by_id FROM invitation WHERE state = 'accepted'"
        " GROUP BY accepted_by_id HAVING count(*) > 1) AS twice"
    )
    assert twice == [(0,)], "one account took two invitations"
    used, held = server.query("SELECT used, held FROM organization_seat WHERE organization_id = ?", raw)[0]
    pending = sum(s == "pending" for s in invitations.values())
    assert (used, held) == (len(members), pending), f"seats {used}+{held}, counted {len(members)}+{pending}"
    return invitations


def mails_went_out(server, org, box, record, on_wait=lambda: None):
    """Each committed invitation, unless revoked before its mail left, has had it; twice only under one Message-ID. How many
    mails came twice."""
    until = time.monotonic() + MAIL_PATIENCE
    while True:
        states = check(server, org, record)
        got = {m.recipients[0] for m in list(box.mails)}
        missing = [e for e, s in states.items() if s != "revoked" and e not in got]
        if not missing:
            break
        assert time.monotonic() < until, f"{len(missing)} invitations without a mail, such as {missing[:5]}"
        time.sleep(0.3)
        on_wait()
    ids = {}
    for mail in box.mails:
        ids.setdefault(mail.recipients[0], set()).add(str(mail["Message-ID"]))
    twice = {e: i for e, i in ids.items() if len(i) > 1}
    assert not twice, f"two different mails for one invitation: {list(twice.items())[:3]}"
    strangers = set(ids) - set(states)
    assert not strangers, f"mails for invitations that were never committed: {sorted(strangers)[:5]}"
    return len(box.mails) - len(ids)
