"""`make crash`: kill -9 under load, again and again. What was answered is there, what was committed is
mailed, nothing twice.

CRASH_ROUNDS (default 100), CRASH_SEED, PARVIS_BINARY.
"""

import os
import pathlib
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from http.client import HTTPException

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from lib.mailbox import Mailbox  # noqa: E402
from lib.people import PASSWORD, World  # noqa: E402
from lib.server import Server  # noqa: E402

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "100"))
SEED = int(os.environ.get("CRASH_SEED", str(int(time.time()))))
INVITERS, JOINERS, REVOKERS = 6, 3, 1
MAIL_PATIENCE = 180  # seconds, at the end

GONE = (OSError, HTTPException)


class Record:
    """What the server answered with success."""

    def __init__(self):
        self.lock = threading.Lock()
        self.invited = {}  # id → address
        self.joined = {}  # address → member id
        self.revoked = set()  # ids
        self.tried = set()  # addresses that somebody tried to accept
        self.count = 0

    def address(self):
        with self.lock:
            self.count += 1
            return f"crash{self.count}@example.org"


def inviter(server, org, cookies, record, stop):
    client = server.client(timeout=10)
    client.cookies = dict(cookies)
    while not stop.is_set():
        email = record.address()
        answer = client.post(org.path + "/invitations", {"invitations": [{"email": email, "role": "member"}]})
        if answer.status == 200:
            inv = answer["results"][0]["invitation"]
            with record.lock:
                record.invited[inv if isinstance(inv, str) else inv["id"]] = email
        else:
            assert answer.status == 503, answer


def joiner(server, box, record, stop):
    client = server.client(timeout=10)
    while not stop.is_set():
        with record.lock:
            mail = next((m for m in reversed(list(box.mails)) if m.recipients[0] not in record.tried), None)
            if mail:
                record.tried.add(mail.recipients[0])
        if not mail:
            time.sleep(0.01)
            continue
        client.cookies.clear()
        answer = client.post(
            "/invitations/accept",
            {"token": mail.token, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD},
        )
        if answer.status == 201:
            with record.lock:
                record.joined[mail.recipients[0]] = answer["member"]["id"]
        else:
            assert answer.problem in ("unavailable", "invitation-revoked", "invitation-already-accepted"), answer


def revoker(server, org, cookies, record, stop, dice):
    client = server.client(timeout=10)
    client.cookies = dict(cookies)
    while not stop.is_set():
        time.sleep(0.03)
        with record.lock:
            left = [i for i in list(record.invited)[-40:] if i not in record.revoked]
        if left:
            target = dice.choice(left)
            answer = client.delete(f"{org.path}/invitations/{target}")
            if answer.status == 204:
                with record.lock:
                    record.revoked.add(target)


def quietly(failures, work, *args):
    """Runs until the server is gone; anything but its going is a failure."""
    try:
        work(*args)
    except GONE:
        pass
    except Exception as e:
        failures.append(e)


def one_round(server, org, box, cookies, record, dice):
    stop, failures = threading.Event(), []
    threads = [
        threading.Thread(target=quietly, args=(failures, inviter, server, org, cookies, record, stop))
        for _ in range(INVITERS)
    ]
    threads += [
        threading.Thread(target=quietly, args=(failures, joiner, server, box, record, stop)) for _ in range(JOINERS)
    ]
    threads += [
        threading.Thread(target=quietly, args=(failures, revoker, server, org, cookies, record, stop, dice))
        for _ in range(REVOKERS)
    ]
    for t in threads:
        t.start()
    time.sleep(dice.uniform(0.05, 0.8))
    server.process.send_signal(signal.SIGKILL)
    stop.set()
    server.process.wait()
    server.process = None
    for t in threads:
        t.join()
    if failures:
        raise failures[0]


def check(server, org, record):
    """What the file says, against what was answered."""
    connection = sqlite3.connect(f"file:{server.data}/parvis.db?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    raw = connection.execute("SELECT id FROM organization WHERE slug = ?", (org.slug,)).fetchone()[0]
    invitations = dict(connection.execute("SELECT email, state FROM invitation WHERE organization_id = ?", (raw,)))
    members = {
        e
        for e, in connection.execute(
            "SELECT a.email FROM membership m JOIN account a ON a.id = m.account_id WHERE m.organization_id = ?", (raw,)
        )
    }
    for id_, email in record.invited.items():
        assert email in invitations, f"{email} was answered and is gone"
        if id_ in record.revoked:
            assert (
                invitations[email] == "revoked" and email not in members
            ), f"{email}: revoked, now {invitations[email]}"
    for email in record.joined:
        assert invitations[email] == "accepted" and email in members, f"{email} joined and is gone"
    accepted = [e for e, s in invitations.items() if s == "accepted"]
    assert members - {org.owner.email} == set(accepted), "members and accepted invitations differ"
    assert connection.execute(
        "SELECT count(*) FROM (SELECT accepted_by_id FROM invitation WHERE state = 'accepted'"
        " GROUP BY accepted_by_id HAVING count(*) > 1)"
    ).fetchone() == (0,)
    used, held = connection.execute(
        "SELECT used, held FROM organization_seat WHERE organization_id = ?", (raw,)
    ).fetchone()
    pending = sum(s == "pending" for s in invitations.values())
    assert (used, held) == (len(members), pending), f"seats {used}+{held}, counted {len(members)}+{pending}"
    connection.close()
    return invitations


def mails_went_out(server, org, box, record):
    """Each committed invitation, unless revoked before its mail left, has had it; twice only under one Message-ID."""
    until = time.monotonic() + MAIL_PATIENCE
    while True:
        states = check(server, org, record)
        got = {m.recipients[0] for m in list(box.mails)}
        missing = [e for e, s in states.items() if s != "revoked" and e not in got]
        if not missing:
            break
        assert time.monotonic() < until, f"{len(missing)} invitations without a mail, such as {missing[:5]}"
        time.sleep(0.3)
    ids = {}
    for mail in box.mails:
        ids.setdefault(mail.recipients[0], set()).add(str(mail["Message-ID"]))
    twice = {e: i for e, i in ids.items() if len(i) > 1}
    assert not twice, f"two different mails for one invitation: {list(twice.items())[:3]}"
    strangers = set(ids) - set(states)
    assert not strangers, f"mails for invitations that were never committed: {sorted(strangers)[:5]}"
    return len(box.mails) - len(ids)


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parvis-crash-"))
    print(f"crash: {ROUNDS} rounds, seed {SEED}", flush=True)
    dice, box, record = random.Random(SEED), Mailbox(), Record()
    server = Server(folder, mail=box.uri)
    server.start()
    org = World(server, box).found("Crash")
    cookies = dict(org.api.cookies)
    slowest = 0.0
    for n in range(1, ROUNDS + 1):
        one_round(server, org, box, cookies, record, dice)
        at = time.monotonic()
        server.start()
        slowest = max(slowest, time.monotonic() - at)
        check(server, org, record)
        if n % 10 == 0 or n == ROUNDS:
            print(
                f"  {n:4} kills: {len(record.invited)} invited, {len(record.joined)} joined,"
                f" {len(record.revoked)} revoked,"
                f" {len(box.mails)} mails",
                flush=True,
            )
    extra = mails_went_out(server, org, box, record)
    server.stop()
    box.stop()
    shutil.rmtree(folder)
    print(
        f"crash: {ROUNDS} kills survived; {len(record.invited)} invitations and {len(record.joined)} acceptances"
        " answered, all there;"
        f" every committed invitation mailed ({extra} sent again under the same Message-ID); integrity clean;"
        f" slowest restart {slowest:.2f} s"
    )


if __name__ == "__main__":
    main()
