"""People at work on every node at once, who remember what they were told: what was answered must be true for ever after.

A request whose answer got lost is asked again until there is one. Invitations carry an Idempotency-Key, so that the answer is
the first one's; of the others, the second answer tells what became of the first.
"""

import collections
import random
import threading
import time
from http.client import HTTPException

from lib.people import PASSWORD

LOST = (OSError, HTTPException)
NO_ANSWER = (502, 503, 504)  # of the proxy, or of a node: the change may stand all the same
AGAIN_AFTER = 0.05  # seconds
PATIENCE = 60.0  # seconds for an answer, with all tries
LIMIT = 30  # seats of the small organization
WORKS = {"invite": 2, "invite_many": 1, "fill": 1, "join": 3, "revoke": 1, "resend": 1, "change_role": 2, "remove": 1,
         "come_and_go": 2}


class Member:
    def __init__(self, email, row, cookies):
        self.email, self.id, self.account, self.cookies = email, row["id"], row["account"]["id"], cookies
        self.role = "member"


class Record:
    """What was answered with success."""

    def __init__(self):
        self.lock = threading.Lock()
        self.invited = {}  # id → address
        self.untouched = collections.deque(maxlen=60)  # ids that nobody revokes or resends yet
        self.revoked, self.resent = set(), set()  # ids
        self.tried = set()  # addresses
        self.members = {}  # address → Member
        self.free = collections.deque()  # members that nobody is working on
        self.removed = set()  # addresses
        self.sessions = []  # cookies that must be good at the end
        self.counts = collections.Counter()
        self.lost = 0  # requests without an answer
        self.slowest = self.longest_gap = 0.0
        self.last = time.monotonic()

    def done(self, what):
        now = time.monotonic()
        self.longest_gap = max(self.longest_gap, now - self.last)
        self.last = now
        self.counts[what] += 1


class Crowd:
    def __init__(self, cluster, org, small, box, seed):
        self.cluster, self.org, self.small, self.box = cluster, org, small, box
        self.record, self.stop, self.failures = Record(), threading.Event(), []
        self.seen = 0  # mails
        self.serial = 0
        dice = random.Random(seed)
        self.threads = [threading.Thread(target=self._run, args=(getattr(self, name), random.Random(dice.random())))
                        for name, count in WORKS.items() for _ in range(count)]
        for t in self.threads:
            t.start()

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()
        if self.failures:
            raise self.failures[0]

    def _run(self, work, dice):
        client = self.cluster.client(timeout=30)
        try:
            while not self.stop.is_set():
                client.cookies = dict(self.org.api.cookies)
                work(client, dice)
        except Exception as e:
            self.failures.append(e)
            self.stop.set()

    def ask(self, act):
        """(the answer, whether an earlier try may have done it)"""
        until, again = time.monotonic() + PATIENCE, False
        while True:
            since = time.monotonic()
            try:
                answer = act()
                if answer.status not in NO_ANSWER:
                    self.record.slowest = max(self.record.slowest, time.monotonic() - since)
                    return answer, again
            except LOST:
                pass
            again = True
            with self.record.lock:
                self.record.lost += 1
            assert time.monotonic() < until, f"no answer in {PATIENCE} s"
            time.sleep(AGAIN_AFTER)

    def address(self, name):
        with self.record.lock:
            self.serial += 1
            return f"{name}{self.serial}@example.org"

    # ---- inviting

    def send(self, client, org, emails):
        key = {"Idempotency-Key": self.address("key")}
        body = {"invitations": [{"email": e, "role": "member"} for e in emails]}
        answer, _ = self.ask(lambda: client.post(org.path + "/invitations", body, key))
        return [(r["outcome"], r["email"], (r.get("invitation") or {}).get("id")) for r in answer.ok(200)["results"]]

    def invite(self, client, dice, count=1):
        results = self.send(client, self.org, [self.address("one") for _ in range(count)])
        with self.record.lock:
            for outcome, email, invitation in results:
                assert outcome == "invited", (outcome, email)
                self.record.invited[invitation] = email
                self.record.untouched.append(invitation)
            self.record.done("invited")
        time.sleep(dice.uniform(0.0, 0.05))

    def invite_many(self, client, dice):
        self.invite(client, dice, count=dice.randint(20, 60))
        time.sleep(0.5)

    def fill(self, client, dice):
        """The small organization is kept full: whatever is sent beyond the limit is refused."""
        results = self.send(client, self.small, [self.address("seat") for _ in range(12)])
        assert {outcome for outcome, _, _ in results} <= {"invited", "seat-limit-reached"}, results
        self.record.done("filled")
        for outcome, _, invitation in results:
            if outcome == "invited" and dice.random() < 0.7:
                self.give_up(client, self.small, invitation)

    def give_up(self, client, org, invitation):
        """True when it is revoked; False when somebody was faster."""
        answer, again = self.ask(lambda: client.delete(f"{org.path}/invitations/{invitation}"))
        if again and answer.problem == "invitation-revoked":
            return True
        assert answer.status == 204 or answer.problem == "invitation-already-accepted", answer
        return answer.status == 204

    def pick(self, dice):
        with self.record.lock:
            if not self.record.untouched:
                return None
            at = dice.randrange(len(self.record.untouched))
            self.record.untouched.rotate(-at)
            return self.record.untouched.popleft()

    def revoke(self, client, dice):
        time.sleep(0.1)
        invitation = self.pick(dice)
        if invitation and self.give_up(client, self.org, invitation):
            with self.record.lock:
                self.record.revoked.add(invitation)
                self.record.done("revoked")

    def resend(self, client, dice):
        time.sleep(0.1)
        invitation = self.pick(dice)
        if not invitation:
            return
        answer, _ = self.ask(lambda: client.post(f"{self.org.path}/invitations/{invitation}/resend"))
        if answer.status != 200:
            answer.refused("conflict", 409)
            return
        with self.record.lock:
            self.record.resent.add(invitation)
            self.record.done("resent")

    # ---- members

    def next_mail(self):
        with self.record.lock:
            while self.seen < len(self.box.mails):
                mail = self.box.mails[self.seen]
                self.seen += 1
                if mail.recipients[0].startswith("one") and mail.recipients[0] not in self.record.tried:
                    self.record.tried.add(mail.recipients[0])
                    return mail
        return None

    def join(self, client, dice):
        mail = self.next_mail()
        if not mail or dice.random() < 0.4:  # the rest stays pending
            time.sleep(0.02)
            return
        client.cookies.clear()
        body = {"token": mail.token, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
        answer, again = self.ask(lambda: client.post("/invitations/accept", body))
        if answer.status == 201:
            member = Member(mail.recipients[0], answer["member"], dict(client.cookies))
            with self.record.lock:
                self.record.members[member.email] = member
                self.record.free.append(member)
                self.record.done("joined")
            return
        may = {"invitation-revoked", "invitation-replaced"}
        may |= {"invitation-already-accepted", "unauthenticated"} if again else set()
        assert answer.problem in may, answer

    def take(self):
        with self.record.lock:
            return self.record.free.popleft() if self.record.free else None

    def change_role(self, client, dice):
        member = self.take()
        if not member:
            time.sleep(0.05)
            return
        role = "administrator" if member.role == "member" else "member"
        answer, _ = self.ask(lambda: client.patch(f"{self.org.path}/members/{member.id}", {"role": role}))
        answer.ok(200)
        client.cookies = dict(member.cookies)
        body = {"organization": self.org.slug, "permission": "invitations.read"}
        felt, _ = self.ask(lambda: client.post("/check", body))
        assert (felt["role"], felt["allowed"]) == (role, role == "administrator"), "a role that was answered is not felt"
        member.role = role
        with self.record.lock:
            self.record.free.append(member)
            self.record.done("roles changed")

    def remove(self, client, dice):
        time.sleep(0.3)
        member = self.take()
        if not member:
            return
        answer, again = self.ask(lambda: client.delete(f"{self.org.path}/members/{member.id}"))
        assert answer.status == 204 or (again and answer.status == 404), answer
        client.cookies = dict(member.cookies)
        after, _ = self.ask(lambda: client.get(self.org.path))
        after.refused("not-found", 404)
        with self.record.lock:
            self.record.removed.add(member.email)
            self.record.done("removed")

    def come_and_go(self, client, dice):
        """Signs in; stays, or signs out and is out on every node."""
        time.sleep(0.1)
        with self.record.lock:
            member = dice.choice(list(self.record.members.values())) if self.record.members else None
        if not member:
            return
        client.cookies.clear()
        self.ask(lambda: client.post("/sessions", {"email": member.email, "password": PASSWORD}))[0].ok(201)
        cookies = dict(client.cookies)
        me, _ = self.ask(lambda: client.get("/me"))
        assert me.ok(200).json.get("account", me.json)["id"] == member.account
        if dice.random() < 0.2:
            with self.record.lock:
                self.record.sessions.append(cookies)
                self.record.done("signed in")
            return
        answer, again = self.ask(lambda: client.delete("/sessions/current"))
        assert answer.status == 204 or (again and answer.status == 401), answer
        for _ in range(4):
            client.cookies = dict(cookies)
            self.ask(lambda: client.get("/me"))[0].refused("unauthenticated", 401)
        self.record.done("signed out")
