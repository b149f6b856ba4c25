"""Attacks on one's own account: links of an address used again, chains of changes, sessions of old, what an export gives away."""

import json

import pytest

from lib.otp import set_up
from lib.people import PASSWORD, fresh

NEW = "another good sentence"


def link(inbox, address, kind, count=1):
    for waited in range(1, 20):
        found = [m for m in inbox.wait(address, waited) if f"/email/{kind}/" in m.text]
        if len(found) >= count:
            return next(x for x in found[-1].links if f"/email/{kind}/" in x).rsplit("/", 1)[1]
    raise AssertionError(f"no {kind} for {address}")


def change(client, inbox, old, new):
    """Changes an address; the undo's token."""
    client.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    client.post("/email-changes/confirm", {"token": link(inbox, new, "confirm")}).ok(204)
    return link(inbox, old, "undo")


def test_a_thief_cannot_change_twice_to_be_rid_of_the_undo(acme, inbox, anonymous):
    person = acme.join()
    first, second, third = person.email, fresh("thief"), fresh("thief2")
    own = change(person.api, inbox, first, second)
    thiefs = change(person.api, inbox, second, third)
    anonymous.post("/email-changes/undo", {"token": own}).ok(204)
    anonymous.post("/email-changes/undo", {"token": thiefs}).refused("token-invalid", 410)
    anonymous.post("/password-resets", {"email": second}).ok(202)
    reset = inbox.resets(first)[-1].token
    anonymous.post("/password-resets/complete", {"token": reset, "new_password": NEW}).ok(204)
    assert anonymous.sign_in(first, NEW).get("/me").ok()["email"] == first


def test_a_thiefs_undo_leaves_the_holders(acme, inbox, anonymous):
    person = acme.join()
    first, second, third = person.email, fresh("thief"), fresh("thief2")
    own = change(person.api, inbox, first, second)
    thiefs = change(person.api, inbox, second, third)
    anonymous.post("/email-changes/undo", {"token": thiefs}).ok(204)
    anonymous.post("/email-changes/undo", {"token": own}).ok(204)
    reset = inbox.resets(first)[-1].token
    anonymous.post("/password-resets/complete", {"token": reset, "new_password": NEW}).ok(204)


def test_a_request_that_waits_dies_with_the_undo(acme, inbox, anonymous):
    person = acme.join()
    first, second, third = person.email, fresh("thief"), fresh("thief2")
    own = change(person.api, inbox, first, second)
    person.api.post("/me/email", {"email": third, "current_password": PASSWORD}).ok(202)
    waiting = link(inbox, third, "confirm")
    anonymous.post("/email-changes/undo", {"token": own}).ok(204)
    anonymous.post("/email-changes/confirm", {"token": waiting}).refused("token-invalid", 410)


@pytest.mark.parametrize("disguise", [str.upper, str.title, lambda a: " " + a + " ", lambda a: a.replace("example.org", "ＥＸＡＭＰＬＥ.org")])
def test_another_spelling_of_somebodys_address_is_theirs(acme, rival, inbox, disguise):
    person, victim = acme.join(), rival.owner.prove(inbox)
    answer = person.api.post("/me/email", {"email": disguise(victim.email), "current_password": PASSWORD})
    assert answer.status in (202, 422)
    inbox.settle(0.3)
    for mail in inbox.all_for(victim.email):
        assert "/email/confirm/" not in mail.text
    assert victim.api.get("/me").ok()["email"] == victim.email


@pytest.mark.parametrize("email", ["olive\u0456@example.org", "ol\u0131ve@example.org", "\"a b\"@example.org", "a@[127.0.0.1]",
                                   "a@example.org\r\nBcc: b@example.org", "a@example.org\u202e", "x" * 310 + "@example.org"])
def test_what_is_no_plain_address_is_refused(acme, inbox, email):
    acme.owner.prove(inbox)
    answer = acme.api.post("/me/email", {"email": email, "current_password": PASSWORD})
    assert answer.status == 422 and answer.problem in ("invalid-address", "invalid-request")


def test_old_sessions_are_dead_after_a_change(acme):
    here = acme.owner.api
    others = [acme.world.client().sign_in(acme.owner.email, PASSWORD) for _ in range(3)]
    before = dict(here.cookies)
    here.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(204)
    assert here.cookies != before, "a fresh session: nobody who knew the old one has it"
    fixed = acme.world.client()
    fixed.cookies = before
    for client in (*others, fixed):
        for path in ("/me", "/me/sessions", "/me/export", acme.path):
            client.get(path).refused("unauthenticated", 401)
    here.get("/me").ok()


def test_an_export_holds_no_secret_and_nobody_else(acme, inbox, server, clock):
    person = acme.join(role="administrator", given="Ana", family="Lima")
    _, codes = set_up(person.api, clock)
    victim = fresh("victim")
    acme.send(victim, by=person.api).ok()
    acme.join(given="Bela", family="Bartok", by=person.api)
    text = person.api.get("/me/export").ok().body.decode()
    for word in (victim, "Bela", "Bartok", acme.owner.email, PASSWORD, "argon2", *codes, person.api.cookies["parvis_session"]):
        assert word not in text, word
    assert set(json.loads(text)) == {"exported_at", "account", "memberships", "sessions", "passkeys", "invitations", "audit_events"}
    assert person.email in text


def test_nobody_exports_or_closes_by_a_key_or_without_a_session(acme, anonymous, server):
    anonymous.get("/me/export").refused("unauthenticated", 401)
    anonymous.call("DELETE", "/me", {"current_password": PASSWORD}).refused("unauthenticated", 401)
    for path in ("/server/accounts/export?email=" + acme.owner.email,):
        assert acme.api.send("GET", "/api/v1" + path).status in (401, 403, 404)
    answer = acme.api.post("/server/accounts/close", {"email": acme.owner.email})
    assert answer.status in (401, 403, 404)
    acme.api.get("/me").ok()


def test_another_sites_form_closes_nothing(acme):
    person = acme.join()
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = person.api.send("POST", "/me/close", f"current_password={PASSWORD}".encode(),
                                 {"Content-Type": "application/x-www-form-urlencoded", **headers})
        assert answer.status == 403
    person.api.get("/me").ok()
