"""The console's forms as spec/console.yaml lists them, as people find them on pages, and ways to stand before each.

A form that needs a token, a signup or a passkey in its path finds it in PLACES; everything else is read from the spec, so that a new
form is tried as soon as it is there."""

import html.parser
import re

from lib import otp
from lib.authenticator import Passkey
from lib.callers import path_of, things_of
from lib.mailbox import token_of
from lib.people import PASSWORD, fresh
from lib.spec import document, routes

SITE = "https://parvis.example"
SEEN = {"text", "email", "search", "date", "number", "url", "tel", "color", "area", "choice", "box"}


def fields_of(name):
    """name → schema of a form's fields; None where it has none, or sends a file."""
    spec = document("console.yaml")
    row = next(row for item in spec["paths"].values() for method, row in item.items() if method != "parameters" and row["operationId"] == name)
    body = row.get("requestBody", {})
    if "$ref" in body:
        body = spec["components"]["forms"][body["$ref"].split("/")[-1]]
    content = body.get("content", {})
    if "application/x-www-form-urlencoded" not in content:
        return {}
    return content["application/x-www-form-urlencoded"]["schema"]["properties"]


def shown_by(name):
    """Which page shows it; a dict says why none does."""
    for item in document("console.yaml")["paths"].values():
        for method, row in item.items():
            if method == "post" and row["operationId"] == name:
                return row.get("x-shown-by") or item["get"]["operationId"]
    raise KeyError(name)


def forms():
    """Every form that holds something, with the page that shows it."""
    return [r for r in routes("console.yaml") if r.method == "POST" and fields_of(r.name) and not isinstance(shown_by(r.name), dict)]


def is_secret(schema):
    return bool(schema.get("x-secret") or schema.get("items", {}).get("x-secret"))


class Control:
    def __init__(self, kind, name, attributes, value):
        self.kind, self.name, self.attributes, self.value = kind, name, attributes, value

    def __repr__(self):
        return f"{self.kind} {self.name}={self.value!r}"


class Form:
    def __init__(self, attributes):
        self.attributes, self.controls = attributes, []
        self.actions = {attributes.get("action", "").split("?")[0]}

    def values(self, name):
        """What it would send under this name."""
        return [c.value for c in self.controls if c.name == name and c.value is not None]

    def sent(self):
        return [(c.name, c.value) for c in self.controls if c.name and c.value is not None and c.kind != "button"]


class Page(html.parser.HTMLParser):
    """The forms of a page, as a browser reads them, what is focused, and what is said beside fields."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.forms, self.ids, self.labels, self.said = [], {}, {}, {}
        self.form = self.area = self.choice = self.inside = None
        self.texts = []
        self.feed(text)
        for form in self.forms:
            for other in self.forms:
                for control in [c for c in other.controls if c.attributes.get("form") == form.attributes.get("id", object())]:
                    if control not in form.controls:
                        form.controls.append(control)

    def handle_starttag(self, tag, attrs):
        a = {k: v if v is not None else "" for k, v in attrs}
        if a.get("id"):
            assert a["id"] not in self.ids, f"two have the id {a['id']}"
            self.ids[a["id"]] = a
        if tag == "form":
            self.form = Form(a)
            self.forms.append(self.form)
        elif tag == "p" and a.get("id"):
            self.inside = a["id"]
            self.said[self.inside] = ""
        elif tag in ("input", "textarea", "select", "button"):
            self.control(tag, a)
        elif tag == "option" and self.choice is not None:
            if "selected" in a or self.choice.value is None:
                self.choice.value = a.get("value", "")
            self.choice.options.append(a.get("value", ""))

    def control(self, tag, a):
        kind = {"textarea": "area", "select": "choice", "button": "button"}.get(tag, a.get("type", "text"))
        value = a.get("value", "")
        if kind in ("checkbox", "radio"):
            kind, value = "box", a.get("value", "on") if "checked" in a else None
        one = Control(kind, a.get("name"), a, value)
        one.options = []
        if kind == "choice":
            one.value = None
            self.choice = one
        if kind == "area":
            one.value = ""
            self.area = one
        home = self.form
        if home is None and a.get("form"):
            home = self.loose(a["form"])
        if home is not None:
            home.controls.append(one)
            if kind == "button" and a.get("formaction"):
                home.actions.add(a["formaction"].split("?")[0])

    def loose(self, id):
        """A form that comes later on the page."""
        self.waiting = getattr(self, "waiting", {})
        return self.waiting.setdefault(id, Form({"action": ""}))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None
        elif tag == "textarea":
            self.area.value = self.area.value.removeprefix("\n")
            self.area = None
        elif tag == "select":
            self.choice = None
        elif tag == "p":
            self.inside = None

    def handle_data(self, data):
        if self.area is not None:
            self.area.value += data
        elif self.inside:
            self.said[self.inside] += data

    def leading_to(self, path):
        """The forms that are sent there, those that hold most first."""
        waiting = getattr(self, "waiting", {})
        for form in self.forms:
            form.controls += [c for c in (waiting.get(form.attributes.get("id")) or Form({})).controls if c not in form.controls]
        return sorted((f for f in self.forms if path in f.actions and f.attributes.get("method") == "post"), key=lambda f: -len(f.controls))

    def described(self, control):
        return " ".join(self.said.get(id, "") for id in control.attributes.get("aria-describedby", "").split()).strip()


# ---- standing before a form


class Standing:
    """Somebody before a form: who asks, where it is sent, what it holds that cannot be made up."""

    def __init__(self, client, path, page, **held):
        self.client, self.path, self.page, self.held = client, path, page, held


class Grounds:
    """One house where every form can be reached."""

    def __init__(self, world, inbox, make_empty):
        self.world, self.inbox, self.make_empty, self.empty = world, inbox, make_empty, None
        self.org = world.found("Grounds", locale="en")
        self.things = things_of(self.org)
        self.org.api.post(self.org.path + "/entitlements", {"key": "desk", "name": {"fr": "Bureau", "en": "Desk"}}).ok(201)

    def before_setup(self):
        """A server that nobody has set up."""
        if not self.empty or self.empty.client().page("/setup/" + self.setup_token).status != 200:
            self.empty = self.make_empty()
            self.setup_token = re.search(r"/setup/([\w-]+)", self.empty.log())[1]
        return {"client": self.empty.client(), "things": {"token": self.setup_token}}

    def member(self):
        return self.org.member(self.org.join())["id"]

    def in_group(self):
        member = self.member()
        self.org.api.send("PUT", f"/api/v1{self.org.path}/groups/{self.things['group']}/members/{member}").ok()
        return member

    def token(self):
        email = fresh()
        self.org.invite(email)
        return self.inbox.token_for(email, 1)

    def code(self):
        email = fresh()
        made = self.org.link(self.org.invite(email, deliver=False)).ok().json
        return {"email": email, "code": made["code"]}

    def reset(self):
        person = self.org.join()
        person.api.post("/password-resets", {"email": person.email}).ok(202)
        return self.inbox.resets(person.email)[-1].token

    def signup(self):
        body = {"organization": "Anew", "given_name": "Ida", "family_name": "Roux", "email": fresh(), "password": PASSWORD}
        return self.world.client().post("/signups", body).ok(202)["signup"]

    def passkey(self, person):
        options = person.api.post("/me/passkeys/options").ok(200).json
        made = person.api.post("/me/passkeys", {"credential": Passkey(SITE).make(options)}).ok(201)
        return made["id"]

    def before_factor(self):
        person = self.org.join()
        otp.set_up(person.api, self.world.clock)
        client = self.world.client()
        client.submit("/sign-in", {"email": person.email, "password": PASSWORD})
        return client

    def before_password(self):
        email = fresh()
        shown = self.org.send(email, method="temporary_password", delivery="show").ok()["results"][0]["temporary_password"]
        return self.world.client().sign_in(email, shown)

    def late(self):
        """Somebody whose sign-in was a while ago: they prove themselves again."""
        person = self.org.join()
        self.world.clock.advance(hours=2)
        return person.api

    def stand(self, route):
        own = PLACES[route.name](self) if route.name in PLACES else {}
        client = own.pop("client", None)
        if client is None:
            client = {"public": self.world.client, "session": lambda: self.org.join().api}.get(route.access, lambda: self.org.owner.api)()
        things = {**self.things, **own.pop("things", {})}
        path = path_of(route, self.org.slug, things)
        page = next(r for r in routes("console.yaml") if r.name == shown_by(route.name))
        return Standing(client, path, path_of(page, self.org.slug, things), **own)


def _passkey(grounds):
    person = grounds.org.join()
    return {"client": person.api, "things": {"passkey": grounds.passkey(person)}}


def _member(grounds):
    return {"things": {"member": grounds.member()}}


PLACES = {
    "setup_form": Grounds.before_setup,
    "member_role_form": _member,
    "member_remove_form": _member,
    "sign_up_code_form": lambda g: {"things": {"signup": g.signup()}},
    "password_reset_form": lambda g: {"things": {"token": g.reset()}},
    "invitation_accept_form": lambda g: {"things": {"token": g.token()}},
    "invitation_decline_form": lambda g: {"things": {"token": g.token()}},
    "join_accept_form": lambda g: g.code(),
    "join_decline_form": lambda g: g.code(),
    "factor_form": lambda g: {"client": g.before_factor()},
    "own_password_form": lambda g: {"client": g.before_password()},
    "passkey_form": _passkey,
    "passkey_remove_form": _passkey,
    "totp_form": lambda g: {"client": g.late()},
    "recovery_codes_form": lambda g: {"client": g.late()},
    "members_change_form": lambda g: {"member": [g.member()], "action": "options", "confirmed": "true"},
    "members_remove_form": lambda g: {"member": [g.member()], "confirmed": "true"},
    "invitations_bulk_form": lambda g: {"invitation": [g.org.invite(fresh(), deliver=False)["id"]], "action": "resend"},
    "group_take_form": lambda g: {"member": [g.in_group()]},
    "options_form": lambda g: {"key": "kept"},
    "invite_step_form": lambda g: {"addresses": "ida@example.org", "step": "preview", "method": "link", "role": "member"},
    "invite_send_form": lambda g: {"addresses": "ida@example.org", "method": "link", "role": "member"},
    "administrators_step_form": lambda g: {"addresses": "ida@example.org", "method": "show"},
    "administrators_send_form": lambda g: {"addresses": "ida@example.org", "method": "show"},
}
