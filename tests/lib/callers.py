"""Every route of spec/ as every kind of caller calls it, and what the spec alone says of that.

A route that takes a body inside an organization needs a sample in BODIES or FIELDS; all else is read from the spec, so that a new
route is called by everybody as soon as it is there."""

import html
import re

from lib import otp
from lib.mailbox import token_of
from lib.people import PASSWORD, Organization, Person, World, fresh, serial
from lib.pictures import multipart, png
from lib.spec import document, permissions, routes, texts

NOBODYS = "01h455vb4pex5vsknk084sn02q"
GATE = {"unauthenticated", "forbidden", "password-change-required", "second-factor-required", "not-found", "cross-site", "internal"}
# They end the caller's session or membership: each gets a caller of its own.
SPENDS = {"sign_out", "sign_out_form", "leave_organization", "leave_form", "invitation_switch_form"}
# Through all gates, they may find nothing of the caller's own.
MAY_FIND_NOTHING = {"passkey_factor_options", "cancel_email_change", "delete_logo", "update_members", "transfer_ownership", "server_show_account",
                    "server_export_account", "remove_totp", "totp_remove_form", "members_change_form", "members_remove_form", "invitations_bulk_form", "logo", "theme"}

# Whoever is nobody's account has none of its own, and is a member of nothing: a key is sent to sign in where a page is somebody's.
NOBODYS_ACCOUNT = {"get_me", "list_my_memberships", "transfer_ownership", "transfer_form", "leave_organization", "leave_form", "home_page"}


def word(name):
    return f"{name} {next(serial)}"


# Bodies that are right; `c` holds the ids of things.
BODIES = {
    "create_invitations": lambda c: {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False},
    "preview_invitations": lambda c: {"invitations": [{"email": fresh(), "role": "member"}]},
    "read_pasted": lambda c: {"text": f"Ann Lee <{fresh()}>"},
    "make_password_sheets": lambda c: {
        "items": [{"email": fresh(), "temporary_password": "k7mp-2xwq", "expires_at": "2126-11-24T09:30:00.000Z"}]
    },
    "correct_invitation": lambda c: {"email": fresh()},
    "update_organization": lambda c: {"name": "House"},
    "update_settings": lambda c: {"reminder_max": 1},
    "put_logo": lambda c: png(),
    "update_member": lambda c: {"state": "active"},
    "update_members": lambda c: {"members": [c["member"]], "state": "suspended"},
    # the operator says whose it is, everybody else makes their own
    "create_api_key": lambda c: {"name": "House", **({"member": c["member"]} if c.get("operator") else {})},
    "create_group": lambda c: {"name": word("group")},
    "update_group": lambda c: {"name": word("group")},
    "create_entitlement": lambda c: {"key": f"k{next(serial)}", "name": {"fr": "Ici", "en": "Here"}},
    "update_entitlement": lambda c: {"default": True},
    "transfer_ownership": lambda c: {"to": c["member"]},
    "renew_temporary_password": lambda c: {"delivery": "show"},
}
FIELDS = {
    "members_change_form": lambda c: {"member": c["member"], "action": "suspend", "confirmed": "true"},
    "api_keys_form": lambda c: {"name": "House", "rights": "all"},
    "options_form": lambda c: {"key": f"k{next(serial)}", "name_fr": "Ici", "name_en": "Here", "role": "member"},
    "option_form": lambda c: {"name_fr": "Ici", "name_en": "Here", "role": "member"},
    "member_options_form": lambda c: {"access_ends_at": "2126-01-31"},
    "groups_form": lambda c: {"name": word("group")},
    "group_name_form": lambda c: {"name": word("group")},
    "group_add_form": lambda c: {"email": "x@example.org"},
    "group_take_form": lambda c: {"member": c["member"]},
    "members_remove_form": lambda c: {"member": c["member"], "confirmed": "true"},
    "member_role_form": lambda c: {"role": "owner"},
    "member_remove_form": lambda c: {"pending_invitations": "revoke"},
    "invitations_bulk_form": lambda c: {"invitation": c["invitation"], "action": "revoke"},
    "invitation_correct_form": lambda c: {"email": "x@example.org"},
    "invitation_password_form": lambda c: {"method": "show"},
    "invite_step_form": lambda c: {"addresses": "x@example.org", "step": "preview", "role": "member"},
    "invite_check": lambda c: {"addresses": "x@example.org"},
    "invite_send_form": lambda c: {"addresses": fresh(), "role": "member", "method": "link"},
    "administrators_step_form": lambda c: {"addresses": "x@example.org", "step": "preview", "method": "show"},
    "administrators_send_form": lambda c: {"addresses": fresh(), "method": "show"},
    "invite_sheets_form": lambda c: {},
    "settings_form": lambda c: {"name": "House", "administrators_may_invite_administrators": "true"},
    "settings_logo_form": lambda c: {},
}


def samples(route, things):
    """The body of a route inside an organization; a new one without a sample fails here."""
    table = FIELDS if route.is_page else BODIES
    assert route.name in table or not route.has_body, f"no sample for {route.name} in tests/lib/callers.py"
    return table[route.name](things) if route.name in table else None


def path_of(route, org, things):
    """Its path: `org`, the ids of `things`, and for all else ids that look right and belong to nothing."""
    tree = [document(name)["components"].get("parameters", {}) for name in ("openapi.yaml", "console.yaml")]
    rows = [next(t for t in tree if p["$ref"].split("/")[-1] in t)[p["$ref"].split("/")[-1]] if "$ref" in p else p for p in route.params]
    prefixes = {p["name"]: p["schema"].get("x-prefix") for p in rows if p["in"] == "path"}

    def value(name):
        if name == "org":
            return org
        return things.get(name) or (f"{prefixes[name]}_{NOBODYS}" if prefixes[name] else "x")

    return re.sub(r"\{(\w+)\}", lambda found: value(found[1]), route.path)


def things_of(org, names=("member", "invitation", "batch", "group", "entitlement", "api_key")):
    """One of each thing that an organization's paths name, or of those in `names`."""
    made = {}
    if "member" in names:
        made["member"] = org.member(org.join())["id"]
    if "invitation" in names or "batch" in names:
        inv = org.invite(fresh("guest"), deliver=False)
        made.update(invitation=inv["id"], batch=inv["batch"])
    if "group" in names:
        made["group"] = org.api.post(org.path + "/groups", {"name": word("group")}).ok(201)["id"]
    if "entitlement" in names:
        made["entitlement"] = f"option-{next(serial)}"
        org.api.post(org.path + "/entitlements", {"key": made["entitlement"], "name": {"fr": "Ici", "en": "Here"}}).ok(201)
    if "api_key" in names:
        made["api_key"] = org.api.post(org.path + "/api-keys", {"name": "House"}).ok(201)["id"]
    return made


class Caller:
    """Somebody, in the words that the spec has for them."""

    def __init__(self, client, kind="nobody", role=None, stage=None):
        self.client = client
        self.kind = kind  # nobody, session, key, instance_key, operator
        self.role = role  # in the house; None: none, or none any more
        self.stage = stage  # of a session that is not through: password, factor


def expected(route, caller, role):
    """The refusal that the spec says, or None where the call goes through. `role`: in the organization of the path."""
    if route.kind == "bare":
        return None
    if caller.stage and caller.stage not in route.stages:
        if route.access == "public":
            return None  # taken for nobody
        return "password-change-required" if caller.stage == "password" else "second-factor-required"
    if caller.kind == "instance_key":
        return None if route.instance_key else "forbidden"
    if route.access == "public":
        return None
    if caller.kind == "nobody":
        return "unauthenticated"
    if route.access in ("session", "operator") and caller.kind != route.access:
        return "forbidden"
    if route.access in ("session", "operator", "caller") or caller.kind == "operator":
        return None
    if role is None:
        return "not-found"
    return None if route.access == "member" or role in permissions()[route.permission] else "forbidden"


def call(route, client, org, things):
    """The answer to a call with a body that is right; outside an organization an empty one, which is looked at after the caller."""
    path = path_of(route, org, things)
    body = samples(route, things) if "{org}" in route.path else None
    if not route.is_page:
        if body is None and route.has_body:
            body = {}
        return client.call(route.method, path.removeprefix("/api/v1"), body, route.headers) if path.startswith("/api/v1") else client.send(route.method, path)
    if route.method == "GET":
        return client.page(path)
    if route.is_multipart:
        sent, headers = multipart(("logo", png(), "x.png"))
        return client.send("POST", path, sent, headers)
    return client.submit(path, body or {})


def signs_in_beside(answer):
    """Where the page leads that keeps a form until its sender has signed in; None for any other."""
    found = re.search(r'href="([^"]+)" target="_blank"', answer.text) if html.escape(texts("en")["kept.title"]) in answer.text else None
    return found and found[1]


def refusal_of(route, answer):
    """The gate that an answer comes from, by its code or, of a page, by where it leads and its status; None: from behind all gates."""
    if not route.is_page:
        return answer.problem if answer.problem in GATE else None
    where = (answer.headers["Location"] or "").split("?")[0] if answer.status == 303 else signs_in_beside(answer)
    by_way = {"/sign-in": "unauthenticated", "/password/new": "password-change-required", "/sign-in/factor": "second-factor-required"}
    if answer.status == 403 and not where and html.escape(texts("en")["problem.forbidden.title"]) not in answer.text:
        return None  # a rule's own refusal: an address that is not proved, a proof that is asked for
    return by_way.get(where) or {403: "forbidden", 404: "not-found", 500: "internal"}.get(answer.status)


def verdict(route, answer, refusal, caller):
    """What is wrong with an answer; None: nothing."""
    got = refusal_of(route, answer)
    if not refusal and route.name in NOBODYS_ACCOUNT and caller.kind in ("operator", "key"):
        return None if got != "internal" else f"{route.name}: {answer.text[:150]!r}"
    if refusal:
        return None if got == refusal else f"{route.name}: {refusal} expected, got {got or answer.status} {answer.text[:150]!r}"
    if got is None:
        return None
    if route.access == "public" and got in ("unauthenticated", "not-found", "password-change-required"):
        return None  # a page's own way on, a secret or a signup that is none
    if "{org}" in route.path and set(re.findall(r"\{(\w+)\}", route.path)) != {"org"}:
        return None if got == "not-found" else f"{route.name}: foreign ids gave {got}"
    own = got == "not-found" and ("{" in route.path or route.name in MAY_FIND_NOTHING)
    ends = got == "unauthenticated" and route.name in SPENDS
    own_stage = got == "password-change-required" and route.name == "own_password_page"
    return None if own or ends or own_stage else f"{route.name}: refused as {got}: {answer.text[:150]!r}"


def every_route():
    return routes() + routes("console.yaml")


# ---- who calls


class House:
    """An organization founded by `parvis setup`, whose maker has an API key; another tenant; and the ways to become any caller."""

    def __init__(self, server, inbox):
        made = server.setup(organization="House", slug="house")
        self.world = World(server, inbox)
        self.key = made["api_key"]
        self.maker = Person(server.client().sign_in("olive.martin@example.org", PASSWORD), "olive.martin@example.org")
        first = Organization(self.world, made["organization"], self.maker)
        self.org = Organization(self.world, made["organization"], first.join(role="owner"))
        self.other = self.world.found("Elsewhere")
        self.foreign = things_of(self.other)

    def joined(self, role, **change):
        person = self.org.join(role=role)
        if change:
            path = f"{self.org.path}/members/{self.org.member(person)['id']}"
            self.org.api.patch(path, change).ok()
        return person

    def ended(self):
        person = self.joined("administrator", access_ends_at=self.moment(hours=1))
        self.world.clock.advance(hours=2)
        return Caller(person.api, "session")

    def moment(self, hours):
        import datetime

        at = datetime.datetime.fromtimestamp(self.world.clock.now() + 3600 * hours, datetime.timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")

    def removed(self):
        person = self.org.join(role="administrator")
        self.org.remove(person).ok()
        return Caller(person.api, "session")

    def before_password(self):
        email = fresh()
        shown = self.org.send(email, method="temporary_password", delivery="show").ok()["results"][0]["temporary_password"]
        return Caller(self.world.client().sign_in(email, shown), "session", stage="password")

    def before_factor(self):
        person = self.org.join(role="administrator")
        otp.set_up(person.api, self.world.clock)
        client = self.world.client()
        assert client.submit("/sign-in", {"email": person.email, "password": PASSWORD}).headers["Location"] == "/sign-in/factor"
        return Caller(client, "session", "administrator", "factor")

    def unproved(self, org, role):
        inv = org.invite(fresh(), role, deliver=False)
        client = self.world.enrol(token_of(org.link(inv).ok()["url"])).ok(201).client
        return Caller(client, "session", role if org is self.org else None)

    def keyed(self, role, **change):
        """The maker's key, once the maker is what is asked for."""
        path = f"{self.org.path}/members/{self.org.member(self.maker)['id']}"
        self.org.api.patch(path, {"role": role, **change}).ok()
        return Caller(self.world.client(key=self.key), "key", None if change else role)

    def key_removed(self):
        """Gone by the key itself."""
        client = self.world.client(key=self.key)
        if self.org.member(self.maker):
            self.keyed("member", state="active")
            client.post(self.org.path + "/leave").ok()
        return Caller(client)

    def instance_key(self, revoked=False):
        made = self.world.operator.post("/instance-keys", {"name": "matrix"}).ok(201)
        if revoked:
            self.world.operator.delete("/instance-keys/" + made["id"]).ok(204)
        return Caller(self.world.client(key=made["key"]), "nobody" if revoked else "instance_key")


# In this order: the maker of the key goes down the roles, and out.
CALLERS = {
    "nobody": lambda h: Caller(h.world.client()),
    "owner": lambda h: Caller(h.joined("owner").api, "session", "owner"),
    "administrator": lambda h: Caller(h.joined("administrator").api, "session", "administrator"),
    "member": lambda h: Caller(h.joined("member").api, "session", "member"),
    "suspended": lambda h: Caller(h.joined("administrator", state="suspended").api, "session"),
    "ended": House.ended,
    "removed": House.removed,
    "another tenant's owner": lambda h: Caller(h.other.join(role="owner").api, "session"),
    "before a new password": House.before_password,
    "before a second factor": House.before_factor,
    "unproved": lambda h: h.unproved(h.org, "administrator"),
    "unproved elsewhere": lambda h: h.unproved(h.other, "administrator"),
    "key of an owner": lambda h: h.keyed("owner"),
    "key of an administrator": lambda h: h.keyed("administrator"),
    "key of a member": lambda h: h.keyed("member"),
    "key of somebody suspended": lambda h: h.keyed("member", state="suspended"),
    "key of somebody removed": House.key_removed,
    "instance key": House.instance_key,
    "revoked instance key": lambda h: h.instance_key(revoked=True),
    "operator": lambda h: Caller(h.world.operator, "operator"),
}
