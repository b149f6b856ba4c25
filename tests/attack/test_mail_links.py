"""Mail programs make links by themselves of what looks like one. In what people wrote none may come of it: the only links in a
mail of ours are ours."""

import html
import re
import unicodedata
from email.header import decode_header, make_header

import pytest

from lib.people import Person, fresh

# What mail programs look for, generously: a scheme, an address, a path of a server, a domain of letters of any script, after the
# mappings that IDNA makes.
WORD = r"[^\W_](?:[\w-]*[^\W_])?"
FINDER = re.compile(
    rf"\w+:/|\\\\{WORD}|mailto:\w|tel:\+?\d|{WORD}@{WORD}|(?<![\w.-]){WORD}(?:\.{WORD})*\.[^\W\d_]{{2,}}|\d+\.\d+\.\d+\.\d+", re.I)
BAIT = ["evil.example", "evil.example/login", "Rewards.com", "xn--e1awd7f.example", "пример.рф", "例え.テスト", "evil\u3002example",
        "evil\uff0eexample", "evil\uff61example", "evil\u2024example", "EVIL.EXAMPLE:8080", "10.0.0.1", "mailto:evil", "tel:+33612345678",
        "\\\\evil\\share", "Bonjour.Je viens", "a.b.c.example"]
IN_MESSAGES = BAIT + ["evil@evil.example", "http:/evil.example", "evil\uff20evil.example", "https:\u2044\u2044evil.example"]
OURS = re.compile(r"http://127\.0\.0\.1:\d+[^\s<>\"]*|127\.0\.0\.1(:\d+)?|[\w.+-]+@(?:example\.org|parvis\.example)")


def found(text):
    """What a mail program would make a link of, once ours are taken out."""
    seen = re.sub("[\u3002\uff0e\uff61\u2024]", ".", unicodedata.normalize("NFKC", OURS.sub(" ", text)))
    return FINDER.findall(seen)


def shown(mail):
    """Everything of a mail that a reader's program shows, as text."""
    body = re.sub(r"<style>.*?</style>", " ", mail.html, flags=re.S)
    yield "text", mail.text
    yield "HTML", html.unescape(re.sub(r"<[^>]*>", " ", body))
    yield "subject", mail.subject
    for header in ("From", "Reply-To"):
        raw = next((v for k, v in mail.message.raw_items() if k == header), None)
        if raw:
            yield header, str(make_header(decode_header(raw.replace("\r\n", "").rpartition("<")[0].strip().strip('"'))))


def unlinked(mail):
    for where, text in shown(mail):
        assert not found(text), (where, found(text), text)
    for target in re.findall(r'href="([^"]*)"', mail.html):
        assert html.unescape(target).startswith("http://127.0.0.1:"), target


def plain(text):
    return text.replace("\u2060", "")


@pytest.mark.parametrize("bait", IN_MESSAGES, ids=ascii)
def test_the_finder_finds_it(bait):
    assert found(bait) or "http" in bait


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_names_and_messages_are_no_links(world, inbox, locale):
    org = world.found("Plain", locale=locale)
    for bait in BAIT:
        name = "Bonjour.Je" if bait.startswith("Bonjour") else bait
        org.api.patch("/me", {"given_name": name, "family_name": name}).ok()
        org.api.patch(org.path, {"name": name}).ok()
        email = fresh()
        org.invite(email, message=f"Salut,\n{bait}\nà (voir {bait}) «{bait}».", locale=locale)
        mail = inbox.last(email)
        unlinked(mail)
        assert plain(mail.text).count(bait) >= 3 and name in plain(mail.subject), mail.text
        assert name in plain(mail.html) or html.escape(name) in plain(mail.html)
        assert dict(shown(mail))["Reply-To"].replace("\u2060", "") == f"{name} {name}"


def test_addresses_and_schemes_in_messages(acme, inbox):
    for bait in IN_MESSAGES:
        email = fresh()
        acme.invite(email, message=f"Vois {bait} !")
        mail = inbox.last(email)
        unlinked(mail)
        assert bait in plain(mail.text)


def test_what_is_stored_and_shown_stays_as_typed(acme):
    acme.api.patch(acme.path, {"name": "Rewards.example"}).ok()
    assert acme.api.get(acme.path).ok()["name"] == "Rewards.example"
    inv = acme.invite(fresh(), message="Bonjour.Je viens", deliver=False)
    assert acme.world.server.query("SELECT message FROM invitation WHERE email = ?", inv["email"]) == [("Bonjour.Je viens",)]
    assert "Rewards.example" in acme.api.page(f"/o/{acme.slug}").text


def test_a_missing_space_costs_nobody_their_message(acme, inbox):
    email = fresh()
    acme.invite(email, message="Bonjour.Je viens lundi.À bientôt")
    assert "Bonjour.Je viens lundi.À bientôt" in plain(inbox.last(email).text)


def test_the_preview_says_what_is_sent(acme):
    acme.api.patch("/me", {"given_name": "evil.example", "family_name": ""}).ok()
    body = {"invitations": [{"email": fresh(), "role": "member", "message": "voir evil.example"}]}
    mail = acme.api.post(acme.path + "/invitations/preview", body).ok()["mail"]
    for text in (mail["subject"], mail["text"], mail["html"]):
        assert "evil.\u2060example" in text and "evil.example" not in text


def test_every_kind_of_mail(world, inbox):
    """Whoever is told of something by name: of the organization, of who invites, of a member, or by their own."""
    org = world.found("Rewards.example", locale="en")
    org.api.patch("/me", {"given_name": "evil.example", "family_name": "evil.example/login"}).ok()
    email = fresh()
    inv = org.invite(email)
    inbox.token_for(email)
    org.resend(inv).ok()
    answer = world.enrol(inbox.token_for(email, 2), "evil.example", "пример.рф").ok(201)
    person = Person(answer.client, email)
    org.set_role(person, "administrator").ok()
    member = org.member(person)["id"]
    for state in ("suspended", "active"):
        org.api.patch(f"{org.path}/members/{member}", {"state": state}).ok()
    person.api.post("/password-resets", {"email": email}).ok(202)
    person.api.post("/me/password", {"current_password": person.password, "new_password": "harbor-window-77"}).ok(204)
    late = fresh()
    other = org.invite(late, expires_in="1h")
    token = inbox.token_for(late)
    world.clock.advance(hours=2)
    world.client().submit(f"/i/{token}/ask-again").ok()
    inbox.settle(0.5)
    assert other["email"] == late
    mails = inbox.all_for(email) + inbox.all_for(late) + inbox.all_for(org.owner.email)
    assert len({mail.subject for mail in mails}) >= 6
    for mail in mails:
        unlinked(mail)
