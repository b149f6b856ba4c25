"""Every page and every mail, looked at: axe-core finds nothing, nothing sticks out, the browser has no complaint.

Screenshots go to build/shots. By default each page is seen on a light desktop in one language and on a dark phone in the
other; SHOTS=all takes every combination.
"""

import itertools
import os
import re
import time
import unicodedata

import pytest

from attack import test_hijacking as hijacking
from attack import test_undo as undoing
from lib.authenticator import Passkey
from lib.browser import ROOT, Browser
from lib.cluster import free_ports
from lib.mailbox import Mailbox, token_of
from lib.otp import set_up
from lib.people import PASSWORD, World, fresh
from lib.pictures import png
from lib.spec import routes

pytestmark = pytest.mark.judge
SHOTS = ROOT / "build/shots"
ALL = os.environ.get("SHOTS") == "all"
EVERY_LOOK = list(itertools.product(("desktop", "phone"), (False, True)))
OF_A_LOOK = ["color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable"]  # the others judge the document


def looks(number, language):
    """How a picture is looked at: in every way, or on a light desktop in one language and on a dark phone in the other."""
    return EVERY_LOOK if ALL else [EVERY_LOOK[3 if (number + (language == "fr")) % 2 else 0]]


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


def in_minutes(clock, minutes):
    """A moment as the API writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now() + 60 * minutes))


class Scene:
    """A company with a history, in one language."""

    def __init__(self, world, language):
        self.world, self.language, self.french = world, language, language == "fr"
        self.invite_and_join()
        self.define_and_change()
        world.clock.advance(hours=1, minutes=5)
        self.ask_for_links()
        self.found_others()
        self.secure_a_house()

    def invite_and_join(self):
        world, language, inbox = self.world, self.language, self.world.inbox
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
        self.members = [bar.member(p)["id"] for p in self.people]
        self.member = self.members[2]
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
        other.owner.api.patch("/me", {"locale": language}).ok()
        self.known = self.people[3]
        self.known.api.patch("/me", {"locale": language}).ok()
        self.copied = token_of(other.link(other.invite(self.known.email, deliver=False)).ok()["url"])
        self.closed_to_accounts = world.found("Atelier" if language == "fr" else "Workshop", locale=language)
        self.closed_to_accounts.set(existing_accounts="refuse").ok()
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

    def define_and_change(self):
        """Options, groups, a member who is suspended and one whose access ends."""
        bar, at = self.bar, self.bar.path
        for key, default, fr, en in (
            ("offline", False, "Accès hors ligne", "Offline access"),
            ("mobile", True, "Application mobile", "Mobile app"),
        ):
            bar.api.post(at + "/entitlements", {"key": key, "name": {"fr": fr, "en": en}, "default": default}).ok(201)
        names = ("Équipe nord", "Direction") if self.french else ("North team", "Board")
        self.group, self.empty_group = [bar.api.post(at + "/groups", {"name": n}).ok(201)["id"] for n in names]
        for member in self.members[2:6]:
            bar.api.call("PUT", f"{at}/groups/{self.group}/members/{member}").ok()
        for n, what in (
            (2, {"entitlements": {"offline": True}}),
            (4, {"access_ends_at": in_minutes(self.world.clock, 60)}),
            (6, {"state": "suspended"}),
            (7, {"access_ends_at": in_minutes(self.world.clock, 60 * 24 * 30)}),
        ):
            bar.api.patch(f"{at}/members/{self.members[n]}", what).ok()
        for person in self.people[:4]:  # the others were never here
            person.api.get(at).ok()
        self.app_only = self.people[0]
        set_up(self.app_only.api, self.world.clock)

    def ask_for_links(self):
        world, language, inbox, bar = self.world, self.language, self.world.inbox, self.bar
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
        self.new_email, self.taken = fresh("zoe.durand"), self.people[5].email
        for email in (self.taken, self.new_email):  # the newer one counts
            self.zoe.api.post("/me/email", {"email": email, "current_password": PASSWORD}).ok(202)
        self.change = self.secret_of(self.new_email, "/email/confirm/")
        self.old_email, self.moved = self.people[6].email, fresh("gaelle")
        self.people[6].api.post("/me/email", {"email": self.moved, "current_password": PASSWORD}).ok(202)
        token = self.secret_of(self.moved, "/email/confirm/")
        world.client().post("/email-changes/confirm", {"token": token}).ok(204)
        self.undo = self.secret_of(self.old_email, "/email/undo/")
        self.lost = self.lose_an_address()

    def lose_an_address(self):
        """Somebody was given something under an address that an earlier one took the account from; that address."""
        world, person, lost = self.world, self.bar.join(given="Maud", family="Roy"), fresh("maud")
        person.api.patch("/me", {"locale": self.language}).ok()
        old, password = person.email, PASSWORD + "!"
        person.api.post("/me/email", {"email": lost, "current_password": PASSWORD}).ok(202)
        world.client().post("/email-changes/confirm", {"token": self.secret_of(lost, "/email/confirm/")}).ok(204)
        person.api.post("/me/password", {"current_password": PASSWORD, "new_password": password}).ok(204)
        world.client().post("/email-changes/undo", {"token": self.secret_of(old, "/email/undo/")}).ok(204)
        return lost

    def person(self, name):
        person = self.bar.join(given=name, family="Roy")
        person.api.patch("/me", {"locale": self.language}).ok()
        return person

    def told(self, kind, address):
        """The mail of a kind that an address has by now."""
        self.world.server.mails_at_rest()
        inbox = self.world.inbox.all_for(address)
        at = self.world.server.query(f"SELECT count(*) FROM mail WHERE recipient = '{address}' AND id <= (SELECT max(id) FROM mail WHERE kind = '{kind}')")
        return inbox[at[0][0] - 1]

    def set_aside(self):
        """To an address whose account waits, since it has a newer one."""
        person = self.person("Ève")
        old, theirs = person.email, self.world.found("Théâtre" if self.french else "Theatre", locale=self.language)
        hijacking.move(self.world, person.api, fresh("eve"))
        undoing.newer_account(self.world, theirs, old, 2)
        hijacking.undo(self.world, old).refused("address-taken", 409)
        return self.told("email_set_aside", old)

    def part(self):
        """To one whose organizations went to another address with the account they came by."""
        person, own = self.person("Anna"), fresh("anna")
        former = self.world.client().sign_in(person.email, PASSWORD)
        hijacking.move(self.world, person.api, own)
        undoing.join(self.world, self.world.found("Chorale" if self.french else "Choir", locale=self.language), person, own)
        hijacking.move(self.world, former, person.email)
        self.world.client().post("/email-changes/undo", {"token": self.secret_of(own, "/email/undo/")}).ok(204)
        return self.told("email_share_taken", person.email)

    def secret_of(self, address, path):
        """The end of the newest link of a kind in the mails for an address."""
        inbox, until = self.world.inbox, time.monotonic() + 20
        while time.monotonic() < until:
            found = [link for m in inbox.all_for(address) for link in m.links if path in link]
            if found:
                return found[-1].rsplit("/", 1)[1]
            time.sleep(0.02)
        raise AssertionError(f"no {path} for {address}")

    def found_others(self):
        """An organization with nobody in it, one without a free seat, one that is being founded."""
        world, language = self.world, self.language
        self.empty = world.found("Nouveau" if language == "fr" else "Fresh", locale=language)
        self.empty.owner.api.patch("/me", {"locale": language}).ok()
        self.full = world.found("Complet" if language == "fr" else "Full house", locale=language)
        self.full.owner.api.patch("/me", {"locale": language}).ok()
        self.full.limit(3)
        self.founder = fresh("helene")
        form = {
            "given_name": "Hélène",
            "family_name": "Nguyễn",
            "password": PASSWORD,
            "organization": "Société des Écluses" if self.french else "Locks and Sons",
            "locale": language,
        }
        self.signup = world.client().post("/signups", {"email": self.founder, **form}).ok(202)["signup"]
        world.client().post("/signups", {"email": self.zoe.email, **form}).ok(202)

    def secure_a_house(self):
        """An organization with a face of its own that demands a second factor; its owner has all of them."""
        world, clock = self.world, self.world.clock
        house = self.house = world.found("Maison Verlaine" if self.french else "Verlaine House", locale=self.language)
        house.owner.api.patch("/me", {"locale": self.language}).ok()
        house.api.send("PUT", f"/api/v1{house.path}/logo", png(400, 120, (122, 31, 95, 255)), {"Content-Type": "image/png"}).ok()
        self.unready = house.join(given="Noé", family="Garnier")
        invited = fresh("iris")
        house.invite(invited)
        self.branded = world.inbox.token_for(invited)
        app, _ = set_up(house.api, clock)
        options = house.api.post("/me/passkeys/options").ok(200).json
        made = {"name": "Téléphone d’Olive" if self.french else "Olive’s phone", "credential": Passkey(world.site).make(options)}
        self.passkey = house.api.post("/me/passkeys", made).ok(201)["id"]
        self.key_name = "Paie et plannings" if self.french else "Payroll and shifts"
        for name, more in ((self.key_name, {"expires_in": "90d", "permissions": ["members.read", "invitations.read", "invitations.create", "mail.read"]}),
                           ("Badge", {"permissions": ["members.read"], "expires_in": "1h"}), ("Sauvegarde" if self.french else "Backup", {})):
            self.key = self.bar.api.post(self.bar.path + "/api-keys", {"name": name, **more}).ok(201)["id"]
        house.set(accent="#7a1f5f", second_factor="all", session_idle="8h", allowed_domains=["example.org", "*.example.net"]).ok()
        entry = {"email": house.owner.email, "password": PASSWORD}
        phone = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile Safari/604.1"}
        world.client().post("/sessions", {**entry, "code": app.fresh()}, headers=phone).ok(201)
        self.factor_half = world.client()
        self.factor_half.submit("/sign-in", entry).ok(303)
        lina = fresh("lina")
        self.bar.invite(lina)
        self.keyed = world.client(language=self.language)
        named = {"token": world.inbox.token_for(lina), "given_name": "Lina", "family_name": "Costa"}
        asked = self.keyed.post("/invitations/passkey/options", named).ok(200).json
        self.keyed.post("/invitations/accept", {**named, "passkey": Passkey(world.site).make(asked)}).ok(201)
        self.keyed.patch("/me", {"locale": self.language}).ok()
        self.only_passkey = self.keyed.get("/me/passkeys").ok()["items"][0]["id"]

    def mails(self):
        """One mail of each kind, for the pictures: template → mail, a variant behind a hyphen."""
        world, inbox, bar = self.world, self.world.inbox, self.bar
        temporary, leaving = fresh("temporary"), bar.join(given="Léa", family="Blanc")
        bar.send(temporary, method="temporary_password", delivery="send").ok()
        bar.set_role(leaving, "administrator").ok()
        inbox.wait(leaving.email, 2)
        leaving.api.call("DELETE", "/me", {"current_password": PASSWORD}).ok()
        self.unproved.post("/me/address-proof").ok(202)
        me = self.unproved.get("/me").ok()["email"]
        world.client().post("/invitations/ask-again", {"token": self.expired}).ok(202)
        world.client().post("/invitations/mail-again", {"email": self.expired_email}).ok(202)
        aside, taken = self.set_aside(), self.part()
        refusing = self.closed_to_accounts
        for copied in (self.copied, token_of(refusing.link(refusing.invite(self.known.email, deliver=False)).ok()["url"])):
            world.enrol(copied).ok(202)
        inbox.settle(0.5)
        told = [m for m in inbox.all_for(self.known.email) if "Encore une étape" in m.text or "One more step" in m.text]
        owner = self.bar.owner
        inbox.settle(0.5)
        asked = inbox.all_for(owner.email)[-1]
        owner.api.post("/me/password", {"current_password": PASSWORD, "new_password": PASSWORD + "!"}).ok(204)
        inbox.settle(0.5)
        return {
            "invitation": self.pending_mail,
            "invitation-account": inbox.wait(self.zoe.email, 2)[1],
            "password_reset": inbox.resets(self.zoe.email)[0],
            "address_proof": inbox.last(me),
            "ask_again": asked,
            "invitation_expired": inbox.wait(self.expired_email, 2)[-1],
            "email_set_aside": aside,
            "email_share_taken": taken,
            "invitation_go_on": next(m for m in told if "/i/" in m.text),
            "invitation_go_on-refused": next(m for m in told if "/i/" not in m.text),
            "password_changed": inbox.all_for(owner.email)[-1],
            "temporary_password": inbox.last(temporary),
            "member_changed": inbox.wait(leaving.email, 2)[1],
            "member_changed-suspended": next(m for m in inbox.all_for(self.old_email) if "suspen" in m.text),
            "account_closed": inbox.last(leaving.email, 3),
            "email_change": inbox.last(self.new_email),
            "email_change_asked": next(m for m in inbox.all_for(self.old_email) if self.moved in m.text and "/me#" in m.text),
            "email_lost": next(m for m in inbox.all_for(self.lost) if re.search("n’est plus|no longer", m.subject)),
            "email_changed": next(m for m in inbox.all_for(self.old_email) if "/email/undo/" in m.text),
            "email_taken": inbox.last(self.taken, 2),
            "factor_changed": inbox.last(self.app_only.email, 2),
            "signup_code": inbox.last(self.founder),
            "signup_known": next(m for m in inbox.all_for(self.zoe.email) if "organizations%2Fnew" in m.text),
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
    house, safe, option = f"/o/{s.house.slug}", s.house.owner.api, o + "/settings/options"
    key = o + "/settings/api-keys"
    founding = [("organization", "https://x.example"), ("given_name", ""), ("email", "nobody"), ("password", "123")]
    several = [("member", m) for m in s.members[2:6]]
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
        "sign-in-factor": (s.factor_half, "/sign-in/factor", None),
        "sign-in-factor-wrong": (s.factor_half, "/sign-in/factor", [("code", "000000")]),
        "sign-up": (nobody, "/sign-up", None),
        "sign-up-refused": (nobody, "/sign-up", founding),
        "sign-up-code": (nobody, f"/sign-up/{s.signup}", None),
        "sign-up-code-wrong": (nobody, f"/sign-up/{s.signup}", [("code", "000000")]),
        "organization-new": (owner, "/organizations/new", None),
        "organization-new-refused": (owner, "/organizations/new", founding[:1]),
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
        "enrol-branded": (nobody, "/i/" + s.branded, None),
        "expired": (nobody, "/i/" + s.expired, None),
        "expired-asked": (nobody, f"/i/{s.expired}/ask-again", []),
        "revoked": (nobody, "/i/" + s.revoked, None),
        "replaced": (nobody, "/i/" + s.replaced, None),
        "used": (nobody, "/i/" + s.joined, None),
        "declined": (nobody, "/i/" + s.declined, None),
        "invalid": (nobody, "/i/nonsense", None),
        "enrol-copied": (nobody, "/i/" + s.copied, None),
        "mailed": (nobody, "/i/" + s.copied, [("given_name", "Zoé"), ("family_name", "Durand"), ("password", PASSWORD)]),
        "on-the-way": (nobody, "/i/" + s.for_zoe, None),
        "accept": (zoe, "/i/" + s.for_zoe, None),
        "switch": (owner, "/i/" + s.pending, None),
        "not-found": (nobody, "/nowhere", None),
        "home-owner": (owner, o, None),
        "home-member": (s.people[3].api, o, None),
        "home-branded": (safe, house, None),
        "home-unproved": (s.unproved, o, None),
        "leave": (s.people[3].api, o + "/leave", None),
        "leave-last-owner": (owner, o + "/leave", None),
        "not-allowed": (s.people[3].api, people, None),
        "members": (owner, people, None),
        "members-none": (owner, people + "?q=zzz", None),
        "members-administrator": (s.people[1].api, people, None),
        "members-alone": (s.empty.owner.api, f"/o/{s.empty.slug}/users", None),
        "member": (owner, f"{people}/{s.member}", None),
        "member-suspended": (owner, f"{people}/{s.members[6]}", None),
        "member-ended": (owner, f"{people}/{s.members[4]}", None),
        "member-options": (owner, f"{people}/{s.member}/options", None),
        "change-suspend": (owner, people + "/change", [("action", "suspend"), *several]),
        "change-options": (owner, people + "/change", [("action", "options"), *several]),
        "role": (owner, f"{people}/{s.member}/role", None),
        "remove": (owner, f"{people}/{s.member}/remove", None),
        "remove-many": (owner, people + "/remove", [("member", s.member), ("member", s.members[1])]),
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
        "groups": (owner, o + "/groups", None),
        "groups-none": (s.empty.owner.api, f"/o/{s.empty.slug}/groups", None),
        "groups-refused": (owner, o + "/groups", [("name", "NORTH TEAM" if s.language == "en" else "EQUIPE NORD")]),
        "group": (owner, f"{o}/groups/{s.group}", None),
        "group-none": (owner, f"{o}/groups/{s.empty_group}", None),
        "group-delete": (owner, f"{o}/groups/{s.group}/delete", None),
        "settings": (owner, o + "/settings", None),
        "settings-branded": (safe, house + "/settings", None),
        "settings-refused": (owner, o + "/settings", [("name", ""), ("accent", "#ffcc00"), ("allowed_domains", "no domain")]),
        "options": (owner, option, None),
        "options-none": (s.empty.owner.api, f"/o/{s.empty.slug}/settings/options", None),
        "options-refused": (owner, option, [("key", "Not a key"), ("name_fr", "")]),
        "option": (owner, option + "/offline", None),
        "option-delete": (owner, option + "/offline/delete", None),
        "api-keys": (owner, key, None),
        "api-keys-none": (s.empty.owner.api, f"/o/{s.empty.slug}/settings/api-keys", None),
        "api-keys-refused": (owner, key, [("name", ""), ("rights", "chosen"), ("expires_in", "30d")]),
        "api-key-created": (owner, key, [("name", s.key_name), ("rights", "chosen"), ("permission", "members.read")]),
        "api-key-revoke": (owner, f"{key}/{s.key}/revoke", None),
        "me": (owner, "/me", None),
        "me-secured": (safe, "/me", None),
        "me-member": (zoe, "/me", None),
        "me-keyed": (s.keyed, "/me", None),
        "me-close": (zoe, "/me/close", None),
        "me-close-last-owner": (owner, "/me/close", None),
        "email-confirm": (nobody, "/email/confirm/" + s.change, None),
        "email-confirm-dead": (nobody, "/email/confirm/xyz", None),
        "email-undo": (nobody, "/email/undo/" + s.undo, None),
        "email-undo-dead": (nobody, "/email/undo/xyz", None),
        "totp": (owner, "/me/totp", None),
        "totp-demanded": (s.unready.api, house, None),
        "totp-scan": (owner, "/me/totp", [("current_password", PASSWORD)]),
        "totp-wrong": (owner, "/me/totp/confirm", [("code", "000000")]),
        "totp-remove": (s.app_only.api, "/me/totp/remove", None),
        "totp-remove-refused": (owner, "/me/totp/remove", [("current_password", "wrong")]),
        "recovery-codes": (s.app_only.api, "/me/recovery-codes", None),
        "recovery-codes-shown": (s.app_only.api, "/me/recovery-codes", [("current_password", PASSWORD)]),
        "passkey-add": (safe, "/me/passkeys", None),
        "passkey": (safe, "/me/passkeys/" + s.passkey, None),
        "passkey-only-way": (s.keyed, "/me/passkeys/" + s.only_passkey, None),
        "me-unproved": (s.unproved, "/me", None),
        "form-kept": (nobody, o + "/groups", [("name", "Réception")]),
        "me-refused": (owner, "/me/password", [("current_password", "wrong"), ("new_password", "x")]),
    }


NAMES_OF_PAGES = """
    sign-in sign-in-refused forgotten forgotten-sent reset reset-dead reset-weak own-password own-password-refused
    sign-in-factor sign-in-factor-wrong sign-up sign-up-refused sign-up-code sign-up-code-wrong organization-new
    organization-new-refused join join-wrong join-right enrol enrol-refused decline enrol-branded expired
    expired-asked revoked replaced used declined invalid enrol-copied mailed on-the-way accept switch not-found
    home-owner home-member home-branded home-unproved leave leave-last-owner not-allowed members members-none
    members-administrator members-alone member member-suspended member-ended member-options change-suspend
    change-options role remove remove-many transfer invitations invitations-none invitations-filtered correct
    correct-refused revoke resend link invite invite-checked invite-options invite-preview invite-short invite-mail
    administrators administrators-checked report new-password batch groups groups-none groups-refused group
    group-none group-delete settings settings-branded settings-refused options options-none options-refused option
    option-delete api-keys api-keys-none api-keys-refused api-key-created api-key-revoke me me-secured me-member me-keyed me-close me-close-last-owner email-confirm email-confirm-dead
    email-undo email-undo-dead totp totp-demanded totp-scan totp-wrong totp-remove totp-remove-refused
    recovery-codes recovery-codes-shown passkey-add passkey passkey-only-way me-unproved me-refused form-kept
""".split()


@pytest.fixture(scope="module")
def scenes(make_server):
    box, port = Mailbox(), free_ports(1)[0]
    site = f"http://localhost:{port}"  # a name: passkeys know no bare addresses
    settings = {"listen": f"127.0.0.1:{port}", "public_url": site, "signup": "on"}
    world = World(make_server(mail=box.uri, mail_from="Parvis <parvis@parvis.example>", **settings), box)
    world.site, made = site, {}

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
    url = scene.world.site
    b.look("desktop", False)
    b.be(who, url)
    if posted is not None:
        b.go(url + "/sign-in" if not who else url + "/me").submit(path, posted)
        b.until(
            lambda: b.driver.execute_script("return document.readyState") == "complete" and b.all("main, body > *"),
            "page",
        )
    else:
        b.go(url + path)
    found = {}
    seen = looks(NAMES_OF_PAGES.index(name), scene.language)
    for size, dark in seen:
        b.look(size, dark)
        b.shot(SHOTS / scene.language / f"{name}-{size}-{'dark' if dark else 'light'}.png")
        b.fits()
        rules = OF_A_LOOK if (size, dark) != seen[0] else None
        for sentence in b.axe(rules) if name != "invite-mail" else []:
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
    mails = scene.mails()
    folder = ROOT / "templates/mail" / scene.language
    assert {n.split("-")[0] for n in mails} == {f.name.split(".")[0] for f in folder.glob("*.mustache")}
    for number, (name, mail) in enumerate(mails.items()):
        page = SHOTS / scene.language / f"mail-{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(mail.html, "utf-8")
        page.with_suffix(".txt").write_text(f"{mail.subject}\n\n{mail.text}", "utf-8")
        seen = looks(number, scene.language)
        for size, dark in seen:
            b.look(size, dark)
            b.go(page.as_uri()).shot(SHOTS / scene.language / f"mail-{name}-{size}-{'dark' if dark else 'light'}.png")
            b.fits()
            rules = OF_A_LOOK if (size, dark) != seen[0] else None
            assert [v for v in b.axe(rules) if not v.startswith(("region", "landmark", "page-has-heading"))] == [], name
        assert not re.search(r"\{[a-z_]+\}|\{\{", mail.text + mail.html)


def test_every_page_of_the_console_is_among_them(view):
    """A new GET route wants its picture here."""
    scene, _ = view
    seen = [path.split("?")[0] for _, path, posted in pages(scene).values()]
    for route in routes("console.yaml"):
        if route.method != "GET" or route.name in ("root", "setup_page", "theme", "logo", "well_known_password"):
            continue
        pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route.path)) + "$")
        assert any(pattern.match(p) for p in seen), route
