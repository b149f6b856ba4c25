"""Codes and links beside each other, signing up, founding, moving, closing: what each proves, how long and how often it serves."""

import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, Person, World, fresh
from lib.ways import mailed

NEW = "lantern-orchard-43"
EDGES = pytest.mark.parametrize("moment", [-60, 60], ids=["before", "after"])


@pytest.fixture(scope="module")
def town(make_server, smtp):
    """Anybody may found an organization here."""
    return World(make_server(mail=smtp.uri, signup="on"), smtp)


@pytest.fixture(scope="module")
def strict(make_server, smtp):
    return World(make_server(mail=smtp.uri, signup="on", rate_limits="on", trusted_proxies="127.0.0.1"), smtp)


def enrol_by_code(world, email, code):
    body = {"email": email, "code": code, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
    answer = (client := world.client()).post("/invitations/accept", body).ok(201)
    assert answer["member"]
    return Person(client, email)


def proved(person):
    return person.api.get("/me").ok()["email_proved"]


def begin(world, email, source=None, **more):
    body = {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier", **more}
    return world.client().post("/signups", body, {"X-Forwarded-For": source} if source else {}).ok(202)["signup"]


def digits(world, email, count=1):
    return re.search(r"\b\d{3} \d{3}\b", world.inbox.last(email, count).text).group()


def confirm(world, signup, code, source=None):
    return world.client().post("/signups/confirm", {"signup": signup, "code": code}, {"X-Forwarded-For": source} if source else {})


# ---- codes and links


def test_a_copied_code_proves_nothing(acme):
    email = fresh("handed")
    person = enrol_by_code(acme.world, email, acme.link(acme.invite(email, deliver=False)).ok()["code"])
    assert proved(person) is False


def test_a_mailed_code_proves_though_one_was_copied(acme, inbox):
    email = fresh("mailed")
    acme.link(acme.invite(email)).ok()
    assert proved(enrol_by_code(acme.world, email, inbox.last(email).code)) is True


def test_the_first_link_proves_after_a_reminder_too(acme, inbox, enrol, clock):
    email = fresh("reminded")
    acme.set(reminder_after="1h").ok()
    acme.invite(email)
    first = inbox.token_for(email)
    clock.advance(minutes=61)
    inbox.wait(email, 2)
    assert proved(Person(enrol(first).ok(201).client, email)) is True


def test_a_copied_link_takes_no_account_over(acme, rival):
    """Whoever was handed a link to an address is not its holder, and gets no account that stands under it."""
    email = fresh("handed")
    first = acme.world.enrol(rival.link(rival.invite(email, deliver=False)).ok()["url"]).ok(201)
    link = acme.link(acme.invite(email, deliver=False)).ok()["url"]
    assert acme.world.enrol(link, password=NEW).status != 201
    first.client.get("/me").ok()
    acme.world.client().sign_in(email, PASSWORD)


def test_an_unproved_account_is_not_what_an_organization_refuses(acme, rival, inbox, enrol):
    email = fresh("handed")
    acme.world.enrol(rival.link(rival.invite(email, deliver=False)).ok()["url"]).ok(201)
    acme.set(existing_accounts="refuse").ok()
    acme.invite(email)
    enrol(inbox.token_for(email), password=NEW).ok(201)


def test_declining_ends_the_temporary_password(acme, inbox, anonymous):
    email = fresh("declined")
    row = acme.send(email, method="temporary_password", delivery="show").ok()["results"][0]
    link = acme.link(row["invitation"]).ok()["url"]
    anonymous.post("/invitations/decline", {"token": token_of(link)}).ok()
    body = {"email": email, "password": row["temporary_password"]}
    anonymous.post("/sessions", body).refused("sign-in-failed", 401)
    assert acme.world.server.query("SELECT count(*) FROM account WHERE email = ?", email) == [(0,)]


def test_a_password_is_not_replaced_past_the_end_of_its_invitation(acme, clock):
    email = fresh("slow")
    row = acme.send(email, method="temporary_password", delivery="show", expires_in="1h").ok()["results"][0]
    clock.advance(minutes=50)
    client = acme.world.client()
    client.post("/sessions", {"email": email, "password": row["temporary_password"]}).ok(201)
    clock.advance(minutes=15)
    body = {"new_password": NEW, "given_name": "Zoé", "family_name": "Durand"}
    client.post("/me/password", body).refused("invitation-expired", 410)


def test_asking_again_is_for_once_a_day(strict):
    org, email = strict.found("Asked"), fresh("late")
    org.invite(email, expires_in="1h")
    token = strict.inbox.token_for(email)
    strict.clock.advance(seconds=86400 - strict.clock.now() % 86400 + 7200)  # two hours into a day
    ask = lambda: strict.client().post("/invitations/ask-again", {"token": token})  # noqa: E731
    ask().ok(202)
    strict.clock.advance(hours=20)
    ask().refused("rate-limited", 429)
    strict.clock.advance(hours=4)
    ask().ok(202)


def test_what_is_good_needs_no_asking(acme, inbox, anonymous):
    email = fresh("early")
    acme.invite(email)
    anonymous.post("/invitations/ask-again", {"token": inbox.token_for(email)}).refused("conflict", 409)


def test_ten_mails_a_day_go_to_the_holder(strict):
    """Over a copied link that may not tell: each form that is filled in for an address with an account mails its holder."""
    org, holder = strict.found("Hidden"), strict.found("Home").join()
    token = token_of(org.link(org.invite(holder.email, deliver=False)).ok()["url"])
    strict.clock.advance(seconds=86400 - strict.clock.now() % 86400 + 60)
    for _ in range(6):
        for i in range(4):
            strict.enrol(token, password=f"orchard-lantern-4{i}").ok(202)  # the same twice is once
        strict.clock.advance(hours=1)
    kind = "SELECT count(*) FROM mail WHERE kind = 'invitation_go_on' AND recipient = ?"
    assert strict.server.query(kind, holder.email) == [(10,)]


# ---- signing up, founding


@EDGES
def test_a_sign_up_ends_after_two_hours(town, moment):
    """The page that asks for its code is there as long as the sign-up is."""
    signup = begin(town, fresh())
    town.clock.advance(hours=2, seconds=moment)
    assert town.client().page(f"/sign-up/{signup}").status == (200 if moment < 0 else 404)


def test_five_codes_more_are_all(town):
    signup, waits = begin(town, fresh()), []
    for _ in range(5):
        answer = town.client().post("/signups/resend", {"signup": signup}).refused("rate-limited", 429)
        waits.append(int(answer.headers["Retry-After"]))
        town.clock.advance(seconds=waits[-1])
        town.client().post("/signups/resend", {"signup": signup}).ok(202)
    assert [round(wait / 60) for wait in waits] == [1, 2, 4, 8, 16]
    town.clock.advance(minutes=40)
    town.client().post("/signups/resend", {"signup": signup}).refused("rate-limited", 429)


def test_sixty_codes_an_hour_from_one_source(strict):
    source, email = "192.0.2.60", fresh()
    strict.clock.advance(seconds=3600 - strict.clock.now() % 3600 + 1)
    signup = begin(strict, email, source)
    problems = [confirm(strict, signup, "000000", source).problem for _ in range(61)]
    assert problems == ["code-invalid"] * 60 + ["rate-limited"]


def test_twenty_sign_ups_an_hour_from_one_source(strict):
    source = {"X-Forwarded-For": "192.0.2.61"}
    strict.clock.advance(seconds=3600 - strict.clock.now() % 3600 + 1)

    def ask():
        body = {"email": fresh(), "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}
        return strict.client().post("/signups", body, source)

    assert [ask().status for _ in range(21)] == [202] * 20 + [429]
    strict.clock.advance(hours=1)
    ask().ok(202)


def test_a_sign_up_takes_no_proved_account(town):
    email = fresh("meanwhile")
    signup = begin(town, email)
    code = digits(town, email)
    town.found("Meanwhile").invite(email)
    town.enrol(town.inbox.token_for(email, invitation=True), password=NEW).ok(201)
    confirm(town, signup, code).refused("code-invalid", 410)
    town.client().sign_in(email, NEW)


def test_ten_organizations_a_day(strict):
    owner = strict.found("First").owner.prove(strict.inbox)
    strict.clock.advance(seconds=86400 - strict.clock.now() % 86400 + 60)
    owner.api.sign_in(owner.email, PASSWORD)
    for i in range(10):
        owner.api.post("/organizations", {"name": f"Another {i}"}).ok(201)
    owner.api.post("/organizations", {"name": "One more"}).refused("rate-limited", 429)


def test_a_slug_has_two_to_sixty_three_characters(world):
    owner = {"email": fresh("olive"), "given_name": "Olive", "family_name": "Martin"}
    for slug, good in (("q", False), ("qz", True), ("q" * 63, True), ("q" * 64, False)):
        answer = world.operator.post("/organizations", {"name": "Slugs", "slug": slug, "owner": owner})
        assert (answer.status == 201) == good, (slug, answer)


# ---- moving, closing


def moved(org, inbox):
    """(person, old address, token of the undo): an address that has just changed."""
    person, old, new = org.join(), None, fresh("moved")
    old = person.email
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    org.world.client().post("/email-changes/confirm", {"token": mailed(inbox, new, "/email/confirm/")}).ok(204)
    person.email = new
    return person, old, mailed(inbox, old, "/email/undo/")


def test_a_link_asks_for_the_rules_of_its_moment(acme, inbox, anonymous):
    person, new = acme.join(), fresh("moved", "elsewhere.example")
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    token = mailed(inbox, new, "/email/confirm/")
    acme.set(refused_domains=["elsewhere.example"]).ok()
    anonymous.post("/email-changes/confirm", {"token": token}).refused("address-domain-refused")
    acme.set(refused_domains=[]).ok()
    anonymous.post("/email-changes/confirm", {"token": token}).ok()


def test_whoever_proved_an_address_meanwhile_keeps_it(acme, inbox, anonymous):
    """It was free when the change was asked for; by the time of the link somebody has joined with it."""
    person, wanted = acme.join(), fresh("wanted")
    person.api.post("/me/email", {"email": wanted, "current_password": PASSWORD}).ok(202)
    token = mailed(inbox, wanted, "/email/confirm/")
    acme.invite(wanted)
    newer = Person(acme.world.enrol(mailed(inbox, wanted, "/i/"), password=NEW).ok(201).client, wanted)
    anonymous.post("/email-changes/confirm", {"token": token}).refused("address-taken", 409)
    newer.api.get("/me").ok()


def test_an_undo_that_waits_ends_after_thirty_days(acme, inbox, anonymous, enrol, clock):
    person, old, undo = moved(acme, inbox)
    acme.invite(old)
    enrol(inbox.token_for(old, 2, invitation=True), password=NEW).ok(201)
    anonymous.post("/email-changes/undo", {"token": undo}).refused("address-taken", 409)
    clock.advance(days=30, seconds=60)
    anonymous.post("/email-changes/undo", {"token": undo}).refused("token-invalid", 410)


def test_no_account_is_closed_while_its_address_may_come_back(acme, inbox):
    person, _, _ = moved(acme, inbox)
    answer = person.api.call("DELETE", "/me", {"current_password": PASSWORD}).refused("conflict", 409)
    assert answer["errors"][0]["code"] == "address-changed"
    acme.world.server.cli("account", "close", person.email, "--yes")
    person.api.get("/me").refused("unauthenticated", 401)


def test_kept_answers_go_with_the_account(acme):
    admin = acme.join(role="administrator", given="Quirkina")
    key, email = {"Idempotency-Key": fresh("key")}, fresh("quirked")
    admin.api.post(acme.path + "/invitations", {"invitations": [{"email": email, "role": "member"}], "deliver": False}, key).ok()
    kept = lambda: [r for r in acme.world.server.query("SELECT body FROM idempotency") if email in bytes(  # noqa: E731
        r[0] if isinstance(r[0], (bytes, memoryview)) else r[0].encode()).decode("utf-8", "replace")]
    assert kept()
    admin.api.call("DELETE", "/me", {"current_password": PASSWORD}).ok(204)
    assert not kept()
