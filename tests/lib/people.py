"""People and organizations, as tests speak of them."""

import itertools
import re

from lib.mailbox import token_of

PASSWORD = "orchard-lantern-42"
serial = itertools.count(1)


def fresh(name="zoe", domain="example.org"):
    """An address nobody had before."""
    return f"{name}.{next(serial)}@{domain}"


class Person:
    """Somebody with an account, signed in."""

    def __init__(self, client, email, password=PASSWORD):
        self.api = client
        self.email = email
        self.password = password
        me = client.get("/me").ok().json
        self.id = me.get("account", me)["id"]

    def prove(self, inbox):
        """Proves the address by the mailed code, as somebody who came by a handed-over link does."""
        inbox.settle(0.2)
        before = len(inbox.all_for(self.email))
        self.api.post("/me/address-proof").ok(202)
        self.api.post("/me/address-proof/confirm", {"code": inbox.last(self.email, before + 1).code}).ok(200)
        return self

    def membership(self, org):
        rows = self.api.get("/me/memberships").ok()["items"]
        for row in rows:
            at = row["organization"]
            if (at["id"] if isinstance(at, dict) else at) == org.id:
                return row
        return None


class World:
    """One server, its mail and its operator; makes organizations and people."""

    def __init__(self, server, inbox):
        self.server = server
        self.inbox = inbox
        self.operator = server.operator

    @property
    def clock(self):
        return self.server.clock

    def client(self, **kw):
        return self.server.client(**kw)

    def found(self, name="Acme", locale=None, owner=None, **more):
        """An organization founded by the operator, with an owner who has set a password and signed in."""
        email = owner or fresh("olive")
        body = {"name": name, "owner": {"email": email, "given_name": "Olive", "family_name": "Martin"}, **more}
        body.setdefault("slug", f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-') or 'org'}-{next(serial)}")
        if locale:
            body["locale"] = locale
        made = self.operator.post("/organizations", body).ok(201).json
        client = self.client()
        client.post(
            "/password-resets/complete", {"token": token_of(made["set_password_url"]), "new_password": PASSWORD}
        ).ok()
        client.sign_in(email, PASSWORD)
        return Organization(self, made["organization"], Person(client, email))

    def enrol(self, link_or_token, given="Zoé", family="Durand", password=PASSWORD, client=None, **more):
        """Accepts as a new person. The answer; on success its `client` is the person's."""
        client = client or self.client()
        token = token_of(link_or_token) if "://" in link_or_token else link_or_token
        answer = client.post(
            "/invitations/accept",
            {"token": token, "given_name": given, "family_name": family, "password": password, **more},
        )
        answer.client = client
        return answer


class Organization:
    def __init__(self, world, json, owner):
        self.world = world
        self.json = json
        self.id = json["id"]
        self.slug = json["slug"]
        self.name = json["name"]
        self.owner = owner
        self.path = "/organizations/" + self.slug

    @property
    def api(self):
        return self.owner.api

    # ---- invitations

    def send(self, *rows, by=None, **more):
        """The whole answer for rows that are addresses or objects."""
        rows = [{"email": r, "role": "member"} if isinstance(r, str) else {"role": "member", **r} for r in rows]
        return (by or self.api).post(self.path + "/invitations", {"invitations": rows, **more})

    def invite(self, email, role="member", by=None, expires_in=None, deliver=None, **row):
        """One invitation that must succeed."""
        more = {k: v for k, v in {"expires_in": expires_in, "deliver": deliver}.items() if v is not None}
        answer = self.send({"email": email, "role": role, **row}, by=by, **more).ok(200)
        result = answer["results"][0]
        assert result["outcome"] == "invited", result
        invitation = result["invitation"]
        if isinstance(invitation, str):
            invitation = self.api.get(f"{self.path}/invitations/{invitation}").ok().json
        return invitation

    def outcome(self, row, by=None, **more):
        """What becomes of one row: `invited` or a problem's code."""
        return self.send(row, by=by, **more).ok(200)["results"][0]["outcome"]

    def invitation(self, inv, by=None):
        return (by or self.api).get(f"{self.path}/invitations/{_id(inv)}").ok().json

    def state(self, inv):
        return self.invitation(inv)["state"]

    def resend(self, inv, by=None):
        return (by or self.api).post(f"{self.path}/invitations/{_id(inv)}/resend")

    def revoke(self, inv, by=None):
        return (by or self.api).delete(f"{self.path}/invitations/{_id(inv)}")

    def link(self, inv, by=None):
        return (by or self.api).post(f"{self.path}/invitations/{_id(inv)}/link")

    def correct(self, inv, email, by=None):
        return (by or self.api).post(f"{self.path}/invitations/{_id(inv)}/correct", {"email": email})

    def batch(self, bat):
        return self.api.get(f"{self.path}/invitation-batches/{bat}").ok().json

    # ---- members

    def join(self, email=None, role="member", given="Zoé", family="Durand", by=None):
        """A new person who is invited, gets the mail and enrols."""
        email = email or fresh()
        if role == "owner":
            person = self.join(email, "member", given, family, by)
            self.set_role(person, "owner").ok()
            return person
        before = len(self.world.inbox.all_for(email))
        self.invite(email, role, by=by)
        token = self.world.inbox.token_for(email, before + 1)
        answer = self.world.enrol(token, given, family).ok(201)
        return Person(answer.client, email)

    def members(self, **query):
        return self.api.items(self.path + "/members", **query)

    def member(self, person):
        """The membership of a person."""
        for row in self.members():
            if row["account"]["id"] == person.id:
                return row
        return None

    def set_role(self, person, role, by=None):
        return (by or self.api).patch(f"{self.path}/members/{self.member(person)['id']}", {"role": role})

    def remove(self, person, by=None, **query):
        return (by or self.api).delete(f"{self.path}/members/{self.member(person)['id']}", **query)

    # ---- seats and settings

    @property
    def seats(self):
        """{limit, used, held, free, after}, as a preview of nothing much says."""
        body = {"invitations": [{"email": "somebody@example.org", "role": "member"}]}
        return self.api.post(self.path + "/invitations/preview", body).ok()["seats"]

    def limit(self, number):
        self.world.operator.patch(self.path, {"member_limit": number}).ok()

    def set(self, **settings):
        return self.api.patch(self.path + "/settings", settings)

    def recount(self):
        """(used, held) counted from the rows, and as the seat row says."""
        query = self.world.server.query
        raw = query("SELECT id FROM organization WHERE slug = ?", self.slug)[0][0]
        used = query("SELECT count(*) FROM membership WHERE organization_id = ?", raw)[0][0]
        held = query("SELECT count(*) FROM invitation WHERE organization_id = ? AND state = 'pending'", raw)[0][0]
        row = query("SELECT used, held FROM organization_seat WHERE organization_id = ?", raw)[0]
        return (used, held), row


def _id(thing):
    return thing if isinstance(thing, str) else thing["id"]
