"""Nodes are killed and paused in turn while people work; nobody is told anything that turns out untrue.

NODES_ROUNDS (4; 50 in `make nodes`), NODES_SEED.
"""

import collections
import os
import random
import threading
import time

import pytest

from lib.cluster import NODES
from lib.mailbox import Mailbox
from lib.people import World
from nodes.crowd import LIMIT, Crowd

ROUNDS = int(os.environ.get("NODES_ROUNDS", "4"))
SEED = int(os.environ.get("NODES_SEED", str(int(time.time()))))
LEASE = 6  # seconds; ten minutes in earnest
SHORTEST, LONGEST = 0.5, 8.0  # pauses, in seconds: beyond the lease, and beyond what the database waits for
MAIL_SECONDS = 90
BEFORE = 4.0  # seconds between a mail server's yes and its record, at most: a stopped node keeps its locks for so long
AFTER = 0.5  # seconds in which a node that goes on ends what it was about to say to the mail server
SILENCE = 10.0  # seconds in which nobody at all gets anything done
SLOWEST = 20.0  # seconds for an answer: a change may wait 10 for its turn, and 8 for a lock


class Trouble:
    """What was done to the nodes, and when."""

    def __init__(self):
        self.times = []  # (node, from, to)
        self.kills = self.pauses = self.held = 0

    def excuses(self, moment, node):
        """Whether the node (None: any) may have fallen between its last look at a mail that was handed over at that moment, and
        the record of it."""
        return any(since - BEFORE <= moment <= until + AFTER for who, since, until in self.times if node in (None, who))


def kill(cluster, node, trouble, dice):
    since = time.monotonic()
    node.kill()
    trouble.times.append((node, since, time.monotonic()))
    trouble.kills += 1
    time.sleep(dice.uniform(0, 1))
    node.start()


def pause(cluster, node, trouble, dice):
    since, length = time.monotonic(), dice.uniform(SHORTEST, LONGEST)
    node.pause()
    time.sleep(min(length, 0.4))
    ((left,),) = cluster.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                               " AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '0.3 s'")
    trouble.held += left > 0
    time.sleep(max(0.0, length - 0.4))
    node.go_on()
    trouble.times.append((node, since, time.monotonic()))
    trouble.pauses += 1


class Watch:
    """Looks at the small organization all the time."""

    def __init__(self, cluster, slug):
        self.over, self.looks, self.worst = threading.Event(), 0, 0
        self.thread = threading.Thread(target=self._run, args=(cluster, slug))
        self.thread.start()

    def _run(self, cluster, slug):
        raw = cluster.query("SELECT id FROM organization WHERE slug = ?", slug)[0][0]
        while not self.over.is_set():
            used, held = cluster.query(
                "SELECT (SELECT count(*) FROM membership WHERE organization_id = ?1),"
                " (SELECT count(*) FROM invitation WHERE organization_id = ?1 AND state = 'pending')", raw)[0]
            self.looks, self.worst = self.looks + 1, max(self.worst, used + held)
            self.over.wait(0.05)

    def end(self):
        self.over.set()
        self.thread.join()
        assert self.looks > 0 and self.worst <= LIMIT, f"{self.worst} of {LIMIT} seats"


@pytest.mark.timed
@pytest.mark.timeout(ROUNDS * 30 + 240)
def test_nodes_killed_and_paused_in_turn(make_cluster, capsys):
    box, dice, trouble = Mailbox(), random.Random(SEED), Trouble()
    cluster = make_cluster(mail=box.uri, test_lease=f"{LEASE}s", log_level="debug")
    world = World(cluster, box)
    org, small = world.found("Chaos"), world.found("Small", owner="olive@small.example")
    small.limit(LIMIT)
    org.owner.prove(box)  # who works at both, is one of both
    small.api.post(small.path + "/invitations", {"invitations": [{"email": org.owner.email, "role": "administrator"}]}).ok()
    org.api.post("/invitations/accept", {"token": box.token_for(org.owner.email, 2)}).ok(201)
    crowd, watch = Crowd(cluster, org, small, box, SEED), Watch(cluster, small.slug)
    try:
        for n in range(ROUNDS):
            time.sleep(dice.uniform(0.3, 0.8))
            hurt = kill if n // NODES % 2 == 0 and n != 1 else pause
            hurt(cluster, cluster.nodes[n % NODES], trouble, dice)
            if crowd.failures:
                break
    finally:
        for node in cluster.nodes:
            if node.process:
                node.go_on()
        time.sleep(0.5)
        try:
            crowd.end()
        finally:
            watch.end()
    record = crowd.record
    nothing_is_lost(cluster, org, record)
    twice = mails_are_right(cluster, org, box, record, trouble)
    sound(cluster, org, small)
    with capsys.disabled():
        told = ", ".join(f"{n} {what}" for what, n in sorted(record.counts.items()) if what != "invited")
        print(f"\nnodes: {trouble.kills} killed, {trouble.pauses} paused, {trouble.held} of them with a transaction open"
              f" (seed {SEED})\n  {len(record.invited)} invitations, {told}: all of it true\n"
              f"  {record.lost} requests asked again; slowest answer {record.slowest:.1f} s, longest silence"
              f" {record.longest_gap:.1f} s\n  {len(box.mails)} mails, none missing, {twice} twice under one Message-ID")
    assert record.longest_gap < SILENCE and record.slowest < SLOWEST, "others waited for a node that stood still"
    box.stop()


def nothing_is_lost(cluster, org, record):
    raw = cluster.query("SELECT id FROM organization WHERE slug = ?", org.slug)[0][0]
    rows = cluster.query("SELECT email, state FROM invitation WHERE organization_id = ?", raw)
    states = dict(rows)
    assert len(rows) == len(states), "an address was invited twice"
    members = dict(cluster.query("SELECT a.email, m.role FROM membership m JOIN account a ON a.id = m.account_id"
                                 " WHERE m.organization_id = ?", raw))
    for invitation, email in record.invited.items():
        assert email in states, f"{email} was invited and is gone"
        if invitation in record.revoked:
            assert states[email] == "revoked" and email not in members, f"{email} was revoked, is {states[email]}"
    assert set(record.invited.values()) == set(states), "an invitation that nobody was told of"
    for email, member in record.members.items():
        assert states[email] == "accepted", f"{email} joined, is {states[email]}"
        assert members.get(email) == (None if email in record.removed else member.role), f"{email}: {members.get(email)}"
    accepted = {e for e, s in states.items() if s == "accepted"}
    assert set(members) - {org.owner.email} == accepted - record.removed
    for action, count in (("invitation.accepted", len(accepted)), ("invitation.revoked", len(record.revoked)),
                          ("member.removed", len(record.removed))):
        noted = cluster.query("SELECT count(*) FROM audit_event WHERE organization_id = ? AND action = ?", raw, action)
        assert noted == [(count,)], f"{action}: {noted} events for {count}"
    for cookies in record.sessions:
        client = cluster.client()
        client.cookies = dict(cookies)
        client.get("/me").ok(200)
        client.close()


def mails_are_right(cluster, org, box, record, trouble):
    """Each mail that was to go has gone, and twice only where a node fell between the mail server's yes and its record."""
    until = time.monotonic() + MAIL_SECONDS
    while cluster.query("SELECT 1 FROM mail WHERE state = 'queued' LIMIT 1") and time.monotonic() < until:
        time.sleep(0.2)
    cluster.clock.advance(minutes=2)  # for those whose exchange with the mail server was cut off, and which wait for another
    while cluster.query("SELECT 1 FROM mail WHERE next_at IS NOT NULL LIMIT 1"):
        assert time.monotonic() < until, "mails still wait: " + str(
            cluster.query("SELECT state, attempts, reply, count(*) FROM mail WHERE next_at IS NOT NULL GROUP BY 1, 2, 3"))
        time.sleep(0.2)
    assert cluster.query("SELECT count(*) FROM mail WHERE state NOT IN ('sent', 'withdrawn') OR sealed IS NOT NULL") == [(0,)]
    copies, ids = collections.defaultdict(list), collections.defaultdict(set)
    for mail in list(box.mails):
        copies[str(mail["Message-ID"])].append(mail)
        ids[mail.recipients[0]].add(str(mail["Message-ID"]))
    for email, sent, queued in cluster.query("SELECT recipient, count(*) FILTER (WHERE state = 'sent'), count(*) FROM mail"
                                             " GROUP BY 1"):
        assert sent <= len(ids[email]) <= queued, f"{email}: {sent} of {queued} mails sent, {len(ids[email])} came"
    assert set(ids) == {e for e in ids if cluster.query("SELECT 1 FROM mail WHERE recipient = ? LIMIT 1", e)}
    pending = cluster.query("SELECT i.email FROM invitation i JOIN organization o ON o.id = i.organization_id"
                            " WHERE o.slug = ? AND i.state IN ('pending', 'accepted')", org.slug)
    assert not [e for e, in pending if not ids[e]], "invitations without a mail"
    twice = {id_: mails for id_, mails in copies.items() if len(mails) > 1}
    for id_, mails in twice.items():
        assert len({m.recipients[0] for m in mails}) == 1
        carriers = carriers_of(cluster, id_, len(mails))
        excused = sum(trouble.excuses(mail.at, node) for mail, node in zip(mails, carriers))
        assert excused >= len(mails) - 1, (
            f"{id_} came at {[round(m.at, 2) for m in mails]}, from {[n and n.folder.name for n in carriers]}; "
            f"what happened: {[(who.folder.name, round(a, 2), round(b, 2)) for who, a, b in trouble.times]}")
    return len(twice)


def carriers_of(cluster, message_id, copies):
    """Who handed it over, in order; a node that was killed in the midst may not have said so: then nobody knows."""
    name = message_id.strip("<>").split("@")[0]
    said = sorted((line.split()[0], n) for n, node in enumerate(cluster.nodes) for line in node.log().splitlines()
                  if "mail handed over" in line and name in line)
    return [cluster.nodes[n] for _, n in said] if len(said) == copies else [None] * copies


def sound(cluster, org, small):
    for node in cluster.nodes:
        found = node.operator.get("/server/check").ok(200)
        assert found["sound"], found["findings"]
    for some in (org, small):
        counted, kept = some.recount()
        assert counted == kept, f"{some.slug}: {counted} counted, {kept} kept"
    assert cluster.query("SELECT count(*) FROM (SELECT 1 FROM invitation WHERE state = 'pending'"
                         " GROUP BY organization_id, email_key HAVING count(*) > 1) AS twice") == [(0,)]
    assert cluster.query("SELECT count(*) FROM (SELECT 1 FROM invitation WHERE state = 'accepted'"
                         " GROUP BY accepted_by_id, organization_id HAVING count(*) > 1) AS twice") == [(0,)]
