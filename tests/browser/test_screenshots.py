"""Every page and every mail, looked at: axe-core finds nothing, nothing sticks out, the browser has no complaint.

Screenshots go to build/shots. By default each page is seen in each language on a light desktop and a dark phone;
SHOTS=all takes every combination.
"""

import itertools
import os
import re
import unicodedata

import pytest

from lib.browser import ROOT, Browser
from lib.mailbox import Mailbox
from lib.people import PASSWORD, World, fresh
from lib.spec import routes

SHOTS = ROOT / "build/shots"
ALL = os.environ.get("SHOTS") == "all"
LOOKS = list(itertools.product(("desktop", "phone"), (False, True))) if ALL else [("desktop", False), ("phone", True)]
NAMES = [
    ("Amélie", "Rousseau"),
    ("Bastien", "Lefèvre"),
    ("Chloé", "Nguyen"),
    ("David", "Okafor"),
    ("Élodie", "Marchand"),
    ("Farid", "Benali"),
    ("Gaëlle", "Le Goff"),
    ("Hugo", "Schneider"),
]


def plain(name):
    return unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode().replace(" ", "")


class Scene:
    """A company with a history, in one language."""

    def __init__(self, world, language):
        self.world, self.language = world, language
        inbox = world.inbox
        bar = self.bar = world.found("Atelier du Bar" if language == "fr" else "Bar Workshop", locale=language)
        bar.owner.api.patch("/me", {"locale": language}).ok()
        other = world.found("Les Amis du parvis" if language == "fr" else "Friends of the Square", locale=language)
        world.inbox.rcpt_reply = lambda a: "550 5.1.1 <%s>: no such user here" % a if a.startswith("typo") else None
        bar.owner.api.post("/me/address-proof").ok(202)
        bar.owner.api.post("/me/address-proof/confirm", {"code": inbox.last(bar.owner.email).code}).ok()
        self.people = [
            bar.join(fresh(plain(g)), given=g, family=f, role="administrator" if i == 1 else "member")
            for i, (g, f) in enumerate(NAMES)
        ]
        self.member = bar.member(self.people[2])["id"]
        self.zoe = other.join(given="Zoé", family="Durand")
        self.zoe.api.patch("/me", {"locale": language}).ok()
        emails = {
            k: fresh(n)
            for k, n in (("paul", "paul"), ("typo", "typo"), ("ada", "ada"), ("declined", "marc"), ("joined", "ines"))
        }
        sent = bar.send(
            *[
                {
                    "email": e,
                    "message": "À lundi, neuf heures, au troisième étage."
                    if language == "fr"
                    else "See you on Monday at nine.",
                }
                for e in emails.values()
            ]
        ).ok()
        self.batch = sent["batch"]
        tokens = {k: inbox.token_for(e) for k, e in emails.items() if k != "typo"}
        world.enrol(tokens["joined"], "Inès", "Faure").ok(201)
        world.client().post("/invitations/decline", {"token": tokens["declined"]}).ok()
        self.invitation = next(r["invitation"]["id"] for r in sent["results"] if r["email"] == emails["paul"])
        self.pending, self.pending_mail = tokens["paul"], inbox.last(emails["paul"])
        self.paul = emails["paul"]
        self.declined, self.joined = tokens["declined"], tokens["joined"]
        bar.invite(self.zoe.email)
        self.for_zoe = inbox.token_for(self.zoe.email, 2)
        replaced = fresh("replaced")
        inv = bar.invite(replaced)
        self.replaced = inbox.token_for(replaced)
        bar.resend(inv).ok()
        revoked = fresh("revoked")
        inv = bar.invite(revoked)
        self.revoked = inbox.token_for(revoked)
        bar.revoke(inv).ok()
        self.expired_email = fresh("expired")
        bar.invite(self.expired_email, expires_in="1h")
        self.expired = inbox.token_for(self.expired_email)
        world.clock.advance(hours=1, minutes=5)
        world.client().post("/password-resets", {"email": self.zoe.email}).ok(202)
        self.reset = inbox.resets(self.zoe.email)[0].token
        waiting = {"email": fresh("waiting"), "role": "member", "locale": language}
        made = bar.send(waiting, method="temporary_password", delivery="show").ok()["results"][0]
        self.half = world.client()
        entry = {"email": made["email"], "password": made["temporary_password"]}
        self.half.post("/sessions", entry).ok(201)
        link = bar.link(bar.invite(fresh("copied"), deliver=False)).ok()["url"]
        self.unproved = world.enrol(link, "Nora", "Petit").ok(201).client
        self.unproved.patch("/me", {"locale": language}).ok()
        self.empty = world.found("Nouveau" if language == "fr" else "Fresh", locale=language)
        self.empty.owner.api.patch("/me", {"locale": language}).ok()
        self.full = world.found("Complet" if language == "fr" else "Full house", locale=language)
        self.full.owner.api.patch("/me", {"locale": language}).ok()
        self.full.limit(3)

    def mails(self):
        """One mail of each kind, for the pictures."""
        world, inbox = self.world, self.world.inbox
        self.unproved.post("/me/address-proof").ok(202)
        me = self.unproved.get("/me").ok()["email"]
        world.client().post("/invitations/ask-again", {"token": self.expired}).ok(202)
        owner = self.bar.owner
        inbox.settle(0.5)
        asked = inbox.all_for(owner.email)[-1]
        owner.api.post("/me/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}).ok(204)
        inbox.settle(0.5)
        return {
            "invitation": self.pending_mail,
            "invitation-account": inbox.wait(self.zoe.email, 2)[1],
            "reset": inbox.resets(self.zoe.email)[0],
            "proof": inbox.last(me),
            "ask-again": asked,
            "password-changed": inbox.all_for(owner.email)[-1],
        }


ADDRESSES = "ines.faure@example.org; Éloïse Müller <eloise@bücher.example>\nthis is no address\nyann@example.org"


def pages(s):
    """name → (who, path, what is posted)."""
    o, people = f"/o/{s.bar.slug}", f"/o/{s.bar.slug}/users"
    owner, nobody, zoe = s.bar.owner.api, None, s.zoe.api
    addresses = ADDRESSES + "\n" + s.zoe.email + "\n" + s.people[0].email
    order = [
        ("addresses", "yann@example.org\nada@example.org"),
        ("role", "member"),
        ("locale", ""),
        ("expires_in", "7d"),
        ("message", "Bonjour !"),
    ]
    full = f"/o/{s.full.slug}/users/invite"
    many = "\n".join(f"p{i}@example.org" for i in range(5))
    return {
        "sign-in": (nobody, "/sign-in", None),
        "sign-in-refused": (nobody, "/sign-in", [("email", "a@example.org"), ("password", "wrong")]),
        "forgotten": (nobody, "/password/forgotten", None),
        "forgotten-sent": (nobody, "/password/forgotten", [("email", "a@example.org")]),
        "reset": (nobody, "/password/reset/" + s.reset, None),
        "reset-dead": (nobody, "/password/reset/xyz", None),
        "reset-weak": (nobody, "/password/reset/" + s.reset, [("new_password", "12345678")]),
        "own-password": (s.half, "/password/new", None),
        "own-password-refused": (s.half, "/password/new", [("given_name", "Zoé"), ("password", "123")]),
        "join": (nobody, "/join", None),
        "join-wrong": (nobody, "/join", [("email", "a@example.org"), ("code", "AAAAA-AAAAA")]),
        "join-right": (nobody, "/join", [("email", s.paul), ("code", s.pending_mail.code)]),
        "enrol": (nobody, "/i/" + s.pending, None),
        "enrol-refused": (
            nobody,
            "/i/" + s.pending,
            [("given_name", "www.x.org"), ("family_name", ""), ("password", "123")],
        ),
        "decline": (nobody, f"/i/{s.pending}/decline", None),
        "expired": (nobody, "/i/" + s.expired, None),
        "revoked": (nobody, "/i/" + s.revoked, None),
        "replaced": (nobody, "/i/" + s.replaced, None),
        "used": (nobody, "/i/" + s.joined, None),
        "declined": (nobody, "/i/" + s.declined, None),
        "invalid": (nobody, "/i/nonsense", None),
        "on-the-way": (nobody, "/i/" + s.for_zoe, None),
        "accept": (zoe, "/i/" + s.for_zoe, None),
        "switch": (owner, "/i/" + s.pending, None),
        "not-found": (nobody, "/nowhere", None),
        "home-owner": (owner, o, None),
        "home-member": (s.people[3].api, o, None),
        "home-unproved": (s.unproved, o, None),
        "leave": (s.people[3].api, o + "/leave", None),
        "leave-last-owner": (owner, o + "/leave", None),
        "not-allowed": (s.people[3].api, people, None),
        "members": (owner, people, None),
        "members-none": (owner, people + "?q=zzz", None),
        "members-administrator": (s.people[1].api, people, None),
        "members-alone": (s.empty.owner.api, f"/o/{s.empty.slug}/users", None),
        "member": (owner, f"{people}/{s.member}", None),
        "role": (owner, f"{people}/{s.member}/role", None),
        "remove": (owner, f"{people}/{s.member}/remove", None),
        "remove-many": (owner, people + "/remove", [("member", s.member), ("member", s.bar.member(s.people[1])["id"])]),
        "transfer": (owner, f"{people}/{s.member}/transfer", None),
        "invitations": (owner, people + "/invitations", None),
        "invitations-none": (s.empty.owner.api, f"/o/{s.empty.slug}/users/invitations", None),
        "invitations-filtered": (owner, people + "/invitations?q=zzz", None),
        "correct": (owner, f"{people}/invitations/{s.invitation}/correct", None),
        "correct-refused": (owner, f"{people}/invitations/{s.invitation}/correct", [("email", "nobody")]),
        "revoke": (owner, f"{people}/invitations/{s.invitation}/revoke", None),
        "resend": (owner, f"{people}/invitations/{s.invitation}/resend", None),
        "link": (owner, f"{people}/invitations/{s.invitation}/link", []),
        "invite": (owner, people + "/invite", None),
        "invite-checked": (owner, people + "/invite", [("addresses", addresses), ("step", "addresses")]),
        "invite-options": (owner, people + "/invite", [*order, ("step", "options")]),
        "invite-preview": (owner, people + "/invite", [*order, ("step", "preview")]),
        "invite-short": (s.full.owner.api, full, [("addresses", many), ("role", "member"), ("step", "preview")]),
        "invite-mail": (owner, people + "/invite/mail?role=member&locale=" + s.language, None),
        "administrators": (owner, people + "/administrators", None),
        "administrators-checked": (
            owner,
            people + "/administrators",
            [("addresses", "ada@example.org\n" + s.zoe.email), ("step", "addresses")],
        ),
        "report": (
            owner,
            people + "/invite/send",
            [("addresses", f"ada.{s.language}@example.org\nyann.{s.language}@example.org\nnobody"), ("method", "show")],
        ),
        "new-password": (owner, f"{people}/invitations/{s.invitation}/password", None),
        "batch": (owner, f"{people}/batches/{s.batch}", None),
        "settings": (owner, o + "/settings", None),
        "me": (owner, "/me", None),
        "me-unproved": (s.unproved, "/me", None),
        "me-refused": (owner, "/me/password", [("current_password", "wrong"), ("new_password", "x")]),
    }


NAMES_OF_PAGES = """
    sign-in sign-in-refused forgotten forgotten-sent reset reset-dead reset-weak own-password own-password-refused join join-wrong join-right enrol
    enrol-refused decline expired revoked replaced used declined invalid on-the-way accept switch not-found
    home-owner home-member home-unproved leave leave-last-owner not-allowed members members-none
    members-administrator members-alone member role remove remove-many transfer invitations invitations-none
    invitations-filtered correct correct-refused revoke resend link invite invite-checked invite-options
    invite-preview invite-short invite-mail administrators
    administrators-checked report new-password batch settings me me-unproved me-refused
""".split()


@pytest.fixture(scope="module")
def scenes(make_server):
    box = Mailbox()
    world = World(make_server(mail=box.uri, mail_from="Parvis <parvis@parvis.example>", rate_limits="off"), box)
    made = {}

    def scene(language):
        if language not in made:
            made[language] = Scene(world, language)
        return made[language]

    yield scene
    box.stop()


@pytest.fixture(scope="module", params=["fr", "en"])
def view(request, scenes):
    browser = Browser(language=request.param)
    yield scenes(request.param), browser
    browser.close()


@pytest.mark.parametrize("name", NAMES_OF_PAGES)
def test_the_page(view, name):
    scene, b = view
    who, path, posted = pages(scene)[name]
    url = scene.world.server.url
    b.look("desktop", False)
    if who:
        b.be(who, url)
    else:
        b.go(url + "/healthz").driver.delete_all_cookies()
    if posted is not None:
        b.go(url + "/sign-in" if not who else url + "/me").submit(path, posted)
        b.until(
            lambda: b.driver.execute_script("return document.readyState") == "complete" and b.all("main, body > *"),
            "page",
        )
    else:
        b.go(url + path)
    found = {}
    for size, dark in LOOKS:
        b.look(size, dark)
        b.shot(SHOTS / scene.language / f"{name}-{size}-{'dark' if dark else 'light'}.png")
        b.fits()
        for sentence in b.axe() if name != "invite-mail" else []:
            found.setdefault(sentence, []).append((size, "dark" if dark else "light"))
    assert found == {}, "\n".join(f"{where}: {what}" for what, where in found.items())
    if name != "invite-mail":
        assert b.driver.execute_script("return document.documentElement.lang") == scene.language
        assert not re.search(r"\{\w+\}|\bt\.\w+\.\w+|\b\w+\.\w+_\w+\b(?!@)|undefined|\bnull\b", b.driver.title)
        assert not re.search(r"\{[a-z_]+\}|\{\{|undefined", b.text), b.text
    b.driver.execute_script("document.querySelector('.kept input')?.click()")  # a page of passwords lets nobody go before
    assert b.complaints() == []


def test_the_mails(view):
    scene, b = view
    for name, mail in scene.mails().items():
        page = SHOTS / scene.language / f"mail-{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(mail.html, "utf-8")
        page.with_suffix(".txt").write_text(f"{mail.subject}\n\n{mail.text}", "utf-8")
        for size, dark in LOOKS:
            b.look(size, dark)
            b.go(page.as_uri()).shot(SHOTS / scene.language / f"mail-{name}-{size}-{'dark' if dark else 'light'}.png")
            b.fits()
            assert [v for v in b.axe() if not v.startswith(("region", "landmark", "page-has-heading"))] == [], name
        assert not re.search(r"\{[a-z_]+\}|\{\{", mail.text + mail.html)


def test_every_page_of_the_console_is_among_them(view):
    """A new GET route wants its picture here."""
    scene, _ = view
    seen = [path.split("?")[0] for _, path, posted in pages(scene).values()]
    for route in routes("console.yaml"):
        if route.method != "GET" or route.name in ("root", "setup_page"):
            continue
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path)) + "$")
        assert any(pattern.match(p) for p in seen), route
