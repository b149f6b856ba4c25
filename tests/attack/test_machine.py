"""Random lives of two organizations, against a model that knows the rules of PRODUCT.md and nothing of the code.

Every operation's answer is foretold by the model, and after every step the lists, the seats, the owners and the recount
must be what the model says. Time goes in half hours and lifetimes in whole hours, so that the seconds the test itself
takes change nothing.
"""

import dataclasses
import itertools
import random
import re

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from lib.mailbox import token_of
from lib.people import PASSWORD, Person

TICKS_AN_HOUR = 2
NAMES = {"given_name": "Zoé", "family_name": "Durand"}
serial = itertools.count(1)


# What an operation draws. Each step has a seed of its own: hypothesis shortens a life that went wrong, and within a step
# everything is as likely as it should be.
def among(*things):
    return lambda rng: rng.choice(things)


def pick(rng):
    return rng.randrange(1, 240)


def orders(rng):
    return [(pick(rng), rng.choice(["member", "member", "administrator", "owner"])) for _ in range(rng.randint(1, 4))]


either, usually, seldom = among(True, False), among(True, True, True, False), among(True, *[False] * 5)
kinds = among("mailed", "mailed", "copied", "copied", "replaced")


@dataclasses.dataclass
class Account:
    """A person: what they hold, and where they belong."""
    email: str
    api: object
    id: str
    proved: bool
    confined: object = None


@dataclasses.dataclass
class Invitation:
    id: str
    batch: str
    email: str
    role: str
    hours: int
    inviter: object  # an Account, or None: the operator
    expires: int = 0
    state: str = "pending"
    mailed: list = dataclasses.field(default_factory=list)  # tokens that work
    copied: list = dataclasses.field(default_factory=list)
    replaced: list = dataclasses.field(default_factory=list)


class Model:
    """One organization as it should be."""

    def __init__(self, org, owner):
        self.org = org
        self.members = {owner.email: "owner"}
        self.invitations = []
        self.limit = None
        self.administrators_invite = True
        self.over = 0  # how many live seats there were when the limit fell below them


RIGHTS = {"owner": {"invite", "remove", "roles", "transfer"}, "administrator": {"invite", "remove"}, "member": set()}


class Machine(RuleBasedStateMachine):
    world = None
    tick = 0

    @initialize()
    def found(self):
        number = next(serial)
        self.emails = [f"p{i}.{number}@example.org" for i in range(9)]
        self.sent = {e: 0 for e in self.emails}
        self.accounts = {}
        self.models = []
        for i in range(2):
            owner = f"owner{i}.{number}@example.org"
            org = self.world.found(f"Org {number} {i}", owner=owner)
            org.set(reminder_after=None).ok()
            self.emails.append(owner)
            self.sent[owner] = 0
            self.accounts[owner] = Account(owner, org.api, org.owner.id, False, org.slug)
            self.models.append(Model(org, self.accounts[owner]))
        for m, role, email, deliver in zip(self.models * 2, ("administrator", "member", "member", "administrator"), self.emails, (1, 1, 0, 0)):
            self.populate(m, email, role, bool(deliver))

    def populate(self, m, email, role, deliver):
        """Somebody who belongs already: by a mail, or by a copied link, which proves nothing."""
        inv = m.org.invite(email, role, expires_in="1h", deliver=deliver)
        owner = self.accounts[self.owners(m)[0]]
        known = Invitation(inv["id"], inv["batch"], email, role, 1, owner, self.now + TICKS_AN_HOUR, "accepted")
        m.invitations.append(known)
        token = token_of(m.org.link(inv)["url"])
        if deliver:
            self.fetch(known)
            token = known.mailed[0]
        client = self.world.enrol(token).ok(201).client
        self.accounts[email] = Account(email, client, Person(client, email).id, deliver, None if deliver else m.org.slug)
        m.members[email] = role

    # ---- the model's words

    @property
    def now(self):
        return Machine.tick

    def effective(self, inv):
        return "expired" if inv.state == "pending" and inv.expires <= self.now else inv.state

    def live(self, m):
        return [i for i in m.invitations if self.effective(i) == "pending"]

    def live_for(self, m, email):
        return next((i for i in self.live(m) if i.email == email), None)

    def full(self, m, besides=0):
        return m.limit is not None and len(m.members) + len(self.live(m)) - besides >= m.limit

    def owners(self, m):
        return [e for e, r in m.members.items() if r == "owner"]

    def some(self, n, things):
        things = list(things)
        return things[n % len(things)] if things else None

    def some_invitation(self, n, m):
        """Mostly one that nobody has answered."""
        unanswered = [i for i in m.invitations if i.state in ("pending", "expired")]
        return self.some(n // 4, unanswered if unanswered and n % 4 else m.invitations)

    def actor(self, n, m, right="invite"):
        """Mostly somebody with the right; else the operator, or anybody at all."""
        able = [self.accounts[e] for e, r in m.members.items() if right in RIGHTS[r]]
        return self.some(n // 2, able if n % 4 else [None] + list(self.accounts.values()))

    def api(self, by):
        return by.api if by else self.world.operator

    def gate(self, m, by, right):
        """The refusal before any rule is looked at."""
        if by is None:
            return None
        role = m.members.get(by.email)
        if role is None:
            return "not-found"
        if by.confined and by.confined != m.org.slug:
            return "address-unproved"
        return None if right is None or right in RIGHTS[role] else "forbidden"

    def may_give(self, m, by, role):
        if role == "member" or by is None:
            return role != "owner"
        return role == "administrator" and (m.members[by.email] == "owner" or m.administrators_invite)

    def fetch(self, inv):
        """The token of the mail that was just sent."""
        self.sent[inv.email] += 1
        inv.mailed = [self.world.inbox.token_for(inv.email, self.sent[inv.email], invitation=True)]

    def forget_sender(self, m, email, heir=False):
        """Somebody stops inviting: what they sent and still lives is revoked, or becomes `heir`'s (None: the operator's)."""
        for i in self.live(m):
            if i.inviter is None or i.inviter.email != email:
                continue
            if heir is False:
                i.state = "revoked"
            else:
                i.inviter = heir

    def expect(self, answer, code, **more):
        if code is None:
            return answer.ok(**more)
        return answer.refused(code)

    # ---- inviting

    def row_outcome(self, m, by, email, role, seen, freed=0):
        if not self.may_give(m, by, role):
            return "forbidden"
        if email in seen:
            return "already-invited"
        seen.add(email)
        if email in m.members:
            return "already-member"
        if self.live_for(m, email):
            return "already-invited"
        return "seat-limit-reached" if self.full(m, freed) else "invited"

    def invite(self, draw):
        o, who, wanted = draw(pick), draw(pick), draw(orders)
        hours, deliver = draw(among(1, 2, 24)), draw(either)
        m = self.some(o, self.models)
        by = self.actor(who, m)
        rows = [(self.some(n, self.emails), role) for n, role in wanted]
        answer = m.org.send(*[{"email": e, "role": r} for e, r in rows], by=self.api(by), expires_in=f"{hours}h", deliver=deliver)
        refusal = self.gate(m, by, "invite")
        self.expect(answer, refusal)
        if refusal:
            return
        seen = set()
        for (email, role), result in zip(rows, answer["results"]):
            expected = self.row_outcome(m, by, email, role, seen)
            assert result["outcome"] == expected, (email, role, result)
            if expected != "invited":
                continue
            inv = Invitation(result["invitation"]["id"], answer["batch"], email, role, hours, by, self.now + hours * TICKS_AN_HOUR)
            m.invitations.append(inv)
            if deliver:
                self.fetch(inv)

    def preview(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        by = self.actor(who, m)
        email = self.some(n, self.emails)
        answer = self.api(by).post(m.org.path + "/invitations/preview", {"invitations": [{"email": email, "role": "member"}]})
        refusal = self.gate(m, by, "invite")
        self.expect(answer, refusal)
        if refusal:
            return
        expected = self.row_outcome(m, by, email, "member", set())
        fine = "existing-account" if email in self.accounts and self.accounts[email].proved else "new-person"
        assert answer["results"][0]["outcome"] == (fine if expected == "invited" else expected)
        assert (answer["seats"]["used"], answer["seats"]["held"]) == (len(m.members), len(self.live(m)))

    # ---- invitations that stand

    def resend_refusal(self, m, by, inv):
        state = self.effective(inv)
        if state not in ("pending", "expired"):
            return "conflict"
        if not self.may_give(m, by, inv.role):
            return "forbidden"
        if inv.email in m.members:
            return "already-member"
        if state == "expired" and self.live_for(m, inv.email):
            return "already-invited"
        return "seat-limit-reached" if state == "expired" and self.full(m) else None

    def renewed(self, m, by, inv):
        if inv.inviter and m.members.get(inv.inviter.email, "member") == "member":
            inv.inviter = by  # whoever no longer invites here lends no name
        inv.replaced += inv.mailed + inv.copied
        inv.mailed, inv.copied = [], []
        inv.state = "pending"
        inv.expires = self.now + inv.hours * TICKS_AN_HOUR
        self.fetch(inv)

    def resend(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        refusal = self.gate(m, by, "invite") or self.resend_refusal(m, by, inv)
        self.expect(m.org.resend(inv.id, by=self.api(by)), refusal)
        if not refusal:
            self.renewed(m, by, inv)

    def resend_batch(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        refusal = self.gate(m, by, "invite")
        answer = self.api(by).post(f"{m.org.path}/invitation-batches/{inv.batch}/resend")
        self.expect(answer, refusal)
        if refusal:
            return
        asked = [i for i in sorted(m.invitations, key=lambda i: i.id) if i.batch == inv.batch and i.state in ("pending", "expired")]
        resent = [i for i in asked if self.resend_refusal(m, by, i) is None and not self.renewed(m, by, i)]
        assert (answer["resent"], answer["unanswered"]) == (len(resent), len(asked))

    CLOSED = {"accepted": "invitation-already-accepted", "declined": "invitation-declined", "revoked": "invitation-revoked",
              "expired": "invitation-expired", "pending": None}

    def revoke(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        state = self.effective(inv)
        refusal = self.gate(m, by, "invite") or (None if state == "expired" else self.CLOSED[state])
        self.expect(m.org.revoke(inv.id, by=self.api(by)), refusal)
        if not refusal:
            inv.state = "revoked"

    def correct(self, draw):
        o, who, n, to = draw(pick), draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        email = self.some(to, self.emails)
        refusal = self.gate(m, by, "invite") or self.CLOSED[self.effective(inv)]
        if not refusal and email == inv.email:
            refusal = "already-invited"
        if not refusal:
            outcome = self.row_outcome(m, by, email, inv.role, set(), freed=1)
            refusal = None if outcome == "invited" else outcome
        answer = m.org.correct(inv.id, email, by=self.api(by))
        self.expect(answer, refusal)
        if not refusal:
            inv.state = "revoked"
            fresh = Invitation(answer["id"], answer["batch"], email, inv.role, inv.hours, by, self.now + inv.hours * TICKS_AN_HOUR)
            m.invitations.append(fresh)
            self.fetch(fresh)

    def copy_link(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        refusal = self.gate(m, by, "invite") or self.CLOSED[self.effective(inv)]
        if not refusal and not self.may_give(m, by, inv.role):
            refusal = "forbidden"
        answer = m.org.link(inv.id, by=self.api(by))
        self.expect(answer, refusal)
        if not refusal:
            inv.replaced += inv.copied
            inv.copied = [token_of(answer["url"])]

    def copy_links(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        inv, by = self.some_invitation(n, m), self.actor(who, m)
        if not inv:
            return
        refusal = self.gate(m, by, "invite")
        answer = self.api(by).post(f"{m.org.path}/invitation-batches/{inv.batch}/links")
        self.expect(answer, refusal)
        if refusal:
            return
        open_ones = [i for i in sorted(self.live(m), key=lambda i: i.id) if i.batch == inv.batch and self.may_give(m, by, i.role)]
        tokens = re.findall(r"/i/([\w-]+)", answer.text)
        assert len(tokens) == len(open_ones)
        for i, token in zip(open_ones, tokens):
            i.replaced += i.copied
            i.copied = [token]

    # ---- the invited person

    def door(self, inv, token):
        state = self.effective(inv)
        if token in inv.replaced and state in ("pending", "expired"):
            return "invitation-replaced"
        return self.CLOSED[state]

    def some_token(self, o, n, kind):
        m = self.some(o, self.models)
        have = [(i, t) for i in m.invitations
                for t in {"mailed": i.mailed, "copied": i.copied, "replaced": i.replaced}[kind]]
        hopeful = [(i, t) for i, t in have if self.door(i, t) is None]
        return m, *(self.some(n // 4, hopeful if hopeful and n % 4 else have) or (None, None))

    def accept(self, draw):
        o, n, kind = draw(pick), draw(pick), draw(kinds)
        self_signed_in, other, another = draw(usually), draw(pick), draw(seldom)
        m, inv, token = self.some_token(o, n, kind)
        if not inv:
            return
        account = self.accounts.get(inv.email)
        who = account if self_signed_in else None
        if another:
            who = self.some(other, self.accounts.values())
        client = who.api.twin() if who else self.world.client()
        answer = client.post("/invitations/accept", {"token": token, "password": PASSWORD, **NAMES})
        mailed = kind == "mailed"
        takes_over = account is not None and not account.proved and mailed
        refusal, enrols = self.door(inv, token), account is None or takes_over
        if not refusal and who and who is not account:
            refusal = "wrong-account"
        if not refusal and not enrols and not who:
            refusal = "unauthenticated"
        if not refusal and not enrols and account.confined and account.confined != m.org.slug:
            refusal = "address-unproved"
        self.expect(answer, refusal)
        if refusal:
            return
        inv.state = "accepted"
        m.members[inv.email] = inv.role
        if not enrols:
            return
        if account:
            account.api.get("/me").refused("unauthenticated")
            account.api, account.proved, account.confined = client, True, None
        else:
            confined = None if mailed else m.org.slug
            self.accounts[inv.email] = Account(inv.email, client, Person(client, inv.email).id, mailed, confined)

    def decline(self, draw):
        o, n, kind = draw(pick), draw(pick), draw(kinds)
        m, inv, token = self.some_token(o, n, kind)
        if not inv:
            return
        refusal = self.door(inv, token)
        self.expect(self.world.client().post("/invitations/decline", {"token": token}), refusal)
        if not refusal:
            inv.state = "declined"

    def look(self, draw):
        o, n, kind = draw(pick), draw(pick), draw(kinds)
        m, inv, token = self.some_token(o, n, kind)
        if not inv:
            return
        seen = self.world.client().post("/invitations/lookup", {"token": token}).ok().json
        expected = {"invitation-replaced": "replaced"}.get(self.door(inv, token), self.effective(inv))
        assert seen["state"] == expected and seen["organization"]["name"] == m.org.name

    # ---- members

    def member_id(self, m, email):
        return next(r["id"] for r in m.org.members_seen if r["account"]["email"] == email)

    def remove(self, draw):
        o, who, n, take_over = draw(pick), draw(pick), draw(pick), draw(either)
        m = self.some(o, self.models)
        email, by = self.some(n, m.members), self.actor(who, m, "remove")
        refusal = self.gate(m, by, "remove")
        if not refusal and by and (by.email == email or (m.members[email] == "owner" and m.members[by.email] != "owner")):
            refusal = "forbidden"
        if not refusal and self.owners(m) == [email]:
            refusal = "last-owner"
        fate = {"pending_invitations": "take_over" if take_over else "revoke"}
        self.expect(self.api(by).delete(f"{m.org.path}/members/{self.member_id(m, email)}", **fate), refusal)
        if refusal:
            return
        del m.members[email]
        self.forget_sender(m, email, by if take_over else False)
        self.accounts[email].api.get(m.org.path).refused("not-found")

    def leave(self, draw):
        o, n = draw(pick), draw(pick)
        m = self.some(o, self.models)
        by = self.accounts[self.some(n, m.members)]
        refusal = self.gate(m, by, None) or ("last-owner" if self.owners(m) == [by.email] else None)
        self.expect(by.api.post(m.org.path + "/leave"), refusal)
        if not refusal:
            del m.members[by.email]
            self.forget_sender(m, by.email)

    def change_role(self, draw):
        o, who, n, role = draw(pick), draw(pick), draw(pick), draw(among("owner", "administrator", "member"))
        m = self.some(o, self.models)
        email, by = self.some(n, m.members), self.actor(who, m, "roles")
        refusal = self.gate(m, by, "roles")
        if not refusal and role != "owner" and self.owners(m) == [email]:
            refusal = "last-owner"
        self.expect(self.api(by).patch(f"{m.org.path}/members/{self.member_id(m, email)}", {"role": role}), refusal)
        if refusal:
            return
        if role == "member" and m.members[email] != "member":
            self.forget_sender(m, email)
        m.members[email] = role

    def transfer(self, draw):
        o, who, n = draw(pick), draw(pick), draw(pick)
        m = self.some(o, self.models)
        by, to = self.actor(who, m, "transfer"), self.some(n, m.members)
        refusal = self.gate(m, by, "transfer")
        if not refusal and (by is None or by.email == to):
            refusal = "forbidden"
        self.expect(self.api(by).post(m.org.path + "/ownership-transfer", {"to": self.member_id(m, to)}), refusal)
        if not refusal:
            m.members[to], m.members[by.email] = "owner", "administrator"

    # ---- around them

    def set_limit(self, draw):
        o, number = draw(pick), draw(among(*range(1, 10)))
        m = self.some(o, self.models)
        m.org.limit(number)
        m.limit = number

    def lift_limit(self, draw):
        o = draw(pick)
        m = self.some(o, self.models)
        m.org.limit(None)
        m.limit = None

    def let_administrators_invite(self, draw):
        o, on = draw(pick), draw(either)
        m = self.some(o, self.models)
        self.world.operator.patch(m.org.path + "/settings", {"administrators_may_invite_administrators": on}).ok()
        m.administrators_invite = on

    def wait(self, draw):
        halves = draw(among(1, 2, 4))
        self.world.clock.advance(minutes=30 * halves)
        Machine.tick += halves

    # ---- a step

    OPERATIONS = ["invite"] * 4 + ["accept"] * 5 + ["resend"] * 4 + ["copy_link"] * 3 + ["wait"] * 3 + ["remove"] * 2 + [
        "set_limit"] * 2 + ["preview", "resend_batch", "revoke", "correct", "copy_links", "decline", "look", "leave", "change_role",
                            "transfer", "lift_limit", "let_administrators_invite"]

    @rule(seed=st.integers(0, 2**64 - 1))
    def step(self, seed):
        rng = random.Random(seed)
        operation = rng.choice(self.OPERATIONS)
        note(operation)
        getattr(self, operation)(lambda what: what(rng))

    # ---- what must hold

    @invariant()
    def everything_is_as_the_model_says(self):
        operator = self.world.operator
        for m in getattr(self, "models", []):
            m.org.members_seen = operator.items(m.org.path + "/members", limit=200)
            assert {r["account"]["email"]: r["role"] for r in m.org.members_seen} == m.members
            assert self.owners(m), "an organization without an owner"
            seen = {i["id"]: i for i in operator.items(m.org.path + "/invitations", limit=200)}
            for i in m.invitations:
                state = seen[i.id]["state"]
                assert state == self.effective(i), i
                if state == "pending":
                    assert seen[i.id]["invited_by"] == (i.inviter.id if i.inviter else "operator"), i
            assert len(seen) == len(m.invitations)
            taken = len(m.members) + len(self.live(m))
            m.over = min(m.over, taken) if m.limit is not None and taken > m.limit else taken
            assert m.limit is None or taken <= max(m.limit, m.over), "the limit was exceeded"
            counted, kept = m.org.recount()
            assert counted == kept, f"the seat row says {kept}, there are {counted}"

    def teardown(self):
        found = self.world.operator.get("/server/check").ok()["findings"]
        assert [f for f in found if any(f.startswith(m.org.slug + ":") for m in getattr(self, "models", []))] == []


@pytest.mark.timeout(900)
def test_random_lives_agree_with_the_model(world):
    Machine.world, Machine.tick = world, 0
    run_state_machine_as_test(Machine, settings=settings(
        max_examples=25, stateful_step_count=60, deadline=None, database=None, suppress_health_check=list(HealthCheck)))
