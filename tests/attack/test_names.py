"""Names travel in our mails, under our name: somebody must see them, nothing in them may be a link, or hide."""

import json
import pathlib
import re
import unicodedata

import pytest

from lib.authenticator import Passkey
from lib.people import PASSWORD, Person, World, fresh

VECTORS = json.loads((pathlib.Path(__file__).resolve().parents[1] / "vectors/people/names.json").read_text("utf-8"))
SITE = "http://localhost:4712"
# Beside the vectors: each of them alone is seen by nobody.
UNSEEN = ["\u200b", "\u2060", "\u2066", "\ufeff", "\u1160", "\uffa0", "\u17b4", "\u2065", "\U000e0100", "\u180b", "\u0301", "\u2061",
          "\u00ad\u034f\u3164", "\U0001d159", "\u3164\u3164", "\u2800 \u2800", "\u200d\ufe0f", "\ufffc"]
REFUSED = ["Zo\u202ee", "Zoe\U000e0041", "http://evil.example", "<b>Zoe</b>", "Zo\u2028e", "Zo\ne", "a\tb", "x\uffffy", "x\ufffby",
           "w\u200bww.evil.example", "Zo\u0085e"]
CLEANED = [("x\u200by", "xy"), ("Z\u2060oe", "Zoe"), ("a\u2066b\u2069", "ab"), ("Ann\u200d", "Ann"), ("A\u200dnn", "Ann"), ("Ann\ufe0f", "Ann"),
           ("山田\u3000太郎", "山田 太郎"), ("葛\U000e0100", "葛\U000e0100"), ("Anne\u00a0Marie", "Anne Marie"), ("\u200b \u200bAnn \u200b", "Ann"),
           ("Zo\u3164e", "Zoe"), ("J.R.R.", "J.R.R."), ("\r\nZoé\r\n", "Zoé")]


@pytest.fixture(scope="module")
def home(make_server, smtp):
    return World(make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", signup="on", public_url=SITE), smtp)


@pytest.fixture(scope="module")
def org(home):
    return home.found("Names")


class Door:
    """A way in for names: `enter` gives the answer, `kept` what was stored of it."""

    fields = ("given_name", "family_name")

    def __init__(self, home, org):
        self.home, self.org = home, org


class OwnAccount(Door):
    def enter(self, field, value):
        return self.org.api.patch("/me", {field: value})

    def kept(self, answer, field):
        me = self.org.api.get("/me").ok().json
        return me.get("account", me)[field]


class OwnPage(Door):
    """Without JavaScript, in a browser's form."""

    def enter(self, field, value):
        return self.org.api.submit("/me", {"given_name": "Olive", "family_name": "Martin", "locale": "en", field: value.encode()})

    kept = OwnAccount.kept


class Enrolment(Door):
    def enter(self, field, value):
        link = self.org.link(self.org.invite(fresh(), deliver=False)).ok()["url"]
        names = {"given": "Ann", "family": "Ex", field.partition("_")[0]: value}
        return self.home.enrol(link, names["given"], names["family"])

    def kept(self, answer, field):
        return answer.client.get("/me").ok()[field]


class Invitation(Door):
    """Where a name is a help: an empty one is none."""

    optional = True

    def enter(self, field, value):
        email = fresh()
        answer = self.org.send({"email": email, field: value}, deliver=False)
        if answer.status == 200 and answer["results"][0]["outcome"] == "invalid-request":
            answer.status, answer.body = 422, json.dumps(answer["results"][0]["problem"]).encode()
            answer.headers = {"Content-Type": "application/problem+json"}
        answer.email = email
        return answer

    def kept(self, answer, field):
        return self.home.server.query(f"SELECT {field} FROM invitation WHERE email = ?", answer.email)[0][0]


class SignUp(Door):
    fields = ("given_name", "family_name", "organization")

    def enter(self, field, value):
        email = fresh()
        form = {"email": email, "given_name": "Ann", "family_name": "Ex", "password": PASSWORD, "organization": "Atelier", "locale": "en"}
        answer = self.home.client().post("/signups", {**form, field: value})
        answer.email = email
        return answer

    def kept(self, answer, field):
        code = re.search(r"\b\d{3} \d{3}\b", self.home.inbox.last(answer.email).text)[0]
        client = self.home.client()
        made = client.post("/signups/confirm", {"signup": answer["signup"], "code": code}).ok(201).json
        return made["organization"]["name"] if field == "organization" else client.get("/me").ok()[field]


class Founding(Door):
    fields = ("given_name", "family_name", "name")

    def enter(self, field, value):
        body = {"name": "Found", "slug": "s" + fresh("").strip(".").split("@")[0],
                "owner": {"email": fresh(), "given_name": "Ann", "family_name": "Ex"}}
        (body if field == "name" else body["owner"])[field] = value
        return self.home.operator.post("/organizations", body)

    def kept(self, answer, field):
        return answer["organization"]["name"] if field == "name" else answer["account"][field]


class OrganizationName(Door):
    fields = ("name",)

    def enter(self, field, value):
        return self.org.api.patch(self.org.path, {"name": value})

    def kept(self, answer, field):
        return self.org.api.get(self.org.path).ok()["name"]


class Group(Door):
    fields = ("name",)

    def enter(self, field, value):
        return self.org.api.post(self.org.path + "/groups", {"name": value})

    def kept(self, answer, field):
        self.org.api.delete(f"{self.org.path}/groups/{answer['id']}").ok()
        return answer["name"]


class Option(Door):
    fields = ("fr", "en")

    def enter(self, field, value):
        return self.org.api.post(self.org.path + "/entitlements", {"key": "opt", "name": {"fr": "Option", "en": "Option", field: value}})

    def kept(self, answer, field):
        self.org.api.delete(f"{self.org.path}/entitlements/opt").ok()
        return answer["name"][field]


class PasskeyName(Door):
    fields = ("name",)
    id = None

    def enter(self, field, value):
        if not self.id:
            key = Passkey(SITE)
            options = self.org.api.post("/me/passkeys/options").ok().json
            self.id = self.org.api.post("/me/passkeys", {"credential": key.make(options)}).ok(201)["id"]
        return self.org.api.patch(f"/me/passkeys/{self.id}", {"name": value})

    def kept(self, answer, field):
        return self.home.server.query("SELECT name FROM passkey")[0][0]


class InstanceKey(Door):
    fields = ("name",)

    def enter(self, field, value):
        return self.home.operator.post("/instance-keys", {"name": value})

    def kept(self, answer, field):
        return self.home.operator.get("/instance-keys").ok()["items"][0]["name"]


DOORS = [OwnAccount, OwnPage, Enrolment, Invitation, SignUp, Founding, OrganizationName, Group, Option, PasskeyName, InstanceKey]


def pages(answer):
    return not (answer.headers.get("Content-Type") or "").startswith("application/")


def refused(answer, field, code, where):
    assert 400 <= answer.status < 500, (where, answer)
    if pages(answer):
        return
    assert answer.problem == "invalid-request", (where, answer)
    said = answer.json["errors"][0]
    assert said["pointer"].endswith("/" + field) and code in (None, said["code"]), (where, said)


@pytest.mark.parametrize("door", DOORS, ids=lambda d: d.__name__)
def test_the_vectors_at_every_door(home, org, door):
    at = door(home, org)
    for row in VECTORS:
        asked = row.get("field", "given_name")
        fields = [asked] if asked in at.fields else [f for f in at.fields if f != "given_name"] if asked == "given_name" else []
        for field in fields:
            where = (row["name"], field)
            if row["stored"] in ("", None) and not row["value"].strip() and getattr(at, "optional", False):
                continue
            if field == "family_name" and asked != field:
                continue
            answer = at.enter(field, row["value"])
            if row["stored"] is None:
                refused(answer, field, row.get("code"), where)
            else:
                assert answer.status < 400, (where, answer)
                assert at.kept(answer, field) == row["stored"], where


@pytest.mark.parametrize("door", DOORS, ids=lambda d: d.__name__)
def test_nobody_is_called_by_what_nobody_sees(home, org, door):
    at = door(home, org)
    for value in UNSEEN + REFUSED:
        for field in at.fields:
            refused(at.enter(field, value), field, "invalid-characters", (door, ascii(value)))


def test_no_name_is_a_link_or_an_address(org):
    for name in ("zoe@evil.example", "see WWW.evil.example", "x://y", "a < b", "a > b", "[URL=x]"):
        org.api.patch("/me", {"given_name": name}).refused("invalid-request", 422)
        org.api.patch(org.path, {"name": name}).refused("invalid-request", 422)


def test_what_came_along_unseen_goes(org):
    for value, stored in CLEANED:
        assert org.api.patch("/me", {"given_name": value}).ok() and org.api.get("/me").ok()["given_name"] == stored, ascii(value)
        assert unicodedata.is_normalized("NFC", stored)
    org.api.patch("/me", {"given_name": "é" * 101}).refused("invalid-request", 422)
    org.api.patch("/me", {"given_name": "e\u0301" * 100}).ok()
    org.api.patch("/me", {"given_name": "x" * 401}).refused("invalid-request", 422)
    org.api.patch("/me", {"given_name": "\ufdfa" * 100}).ok()
    org.api.patch("/me", {"given_name": "Olive"}).ok()


def test_one_name_is_enough(home, inbox):
    """Somebody with one name is in the lists, in mails and on pages by it."""
    org = home.found("Mononyms", locale="en")
    link = org.link(org.invite(fresh("kanti"), deliver=False)).ok()["url"]
    answer = home.enrol(link, "Kanti", "").ok(201)
    person = Person(answer.client, answer.client.get("/me").ok()["email"])
    assert org.member(person)["account"]["family_name"] == ""
    assert [m["account"]["id"] for m in org.members(q="kanti")] == [person.id]
    org.set_role(person, "administrator").ok()
    guest = fresh("guest")
    org.invite(guest, by=person.api)
    mail = inbox.last(guest)
    assert "Kanti " in mail.text.replace("\n", " ") and "Kanti  " not in mail.text
    assert "Kanti" in person.api.page(f"/o/{org.slug}").ok().text
    home.enrol(org.link(org.invite(fresh(), deliver=False)).ok()["url"], "", "Kanti").refused("invalid-request", 422)
    page = home.client().page(link.split(SITE)[1])
    assert page.status < 500


def test_the_first_owner_may_have_one_name(make_server, smtp):
    server = make_server(mail=smtp.uri)
    server.stop()
    made = json.loads(server.cli("setup", "--json", "--organization", "First", "--email", fresh(), "--given-name", "Kanti").stdout)
    assert (made["account"]["given_name"], made["account"]["family_name"]) == ("Kanti", "")
    refused = server.cli("setup", "--organization", "First", "--email", fresh(), "--given-name", "\u3164", check=False)
    assert refused.returncode == 1
    server.start()
