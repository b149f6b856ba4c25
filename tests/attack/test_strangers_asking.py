"""What anybody may ask for somebody else's address costs who asks: however many strangers do, its holder is served."""

import re

import pytest

from lib.people import PASSWORD, World, fresh
from lib.ways import mailed


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, signup="on", rate_limits="on", trusted_proxies="127.0.0.1"), smtp)


def from_(n):
    return {"X-Forwarded-For": f"192.0.2.{n}"}


def form(email):
    return {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier"}


def test_a_sign_up_is_not_blocked_by_strangers(town):
    victim = fresh("victim")
    for n in range(20):
        town.client().post("/signups", form(victim), from_(n)).ok(202)
    for n in range(12, 20):  # who came when there were many already may ask no more
        town.client().post("/signups", form(victim), from_(n)).refused("rate-limited", 429)
    client = town.client()
    before = len(town.inbox.wait(victim, 20))
    signup = client.post("/signups", form(victim), from_(200)).ok(202)["signup"]
    mail = town.inbox.wait(victim, before + 1)[-1]
    assert not re.search(r"\b\d{3} \d{3}\b", mail.text), "six digits could be guessed by so many"
    page = client.page(f"/sign-up/{signup}").text
    assert "ten characters" in page and 'inputmode="numeric"' not in page
    client.post("/signups/confirm", {"signup": signup, "code": mail.code.lower()}, from_(200)).ok(201)


def test_a_long_code_has_five_tries_too(town):
    victim = fresh("victim")
    for n in range(13):
        signup = town.client().post("/signups", form(victim), from_(n)).ok(202)["signup"]
    code = town.inbox.wait(victim, 13)[-1].code
    for wrong in ("123456", "AAAAA-AAAAA", "", "x") + ("BBBBB-BBBBB",) * 2:
        body = {"signup": signup, "code": wrong or " "}
        town.client().post("/signups/confirm", body, from_(201)).refused("code-invalid", 410)
    town.client().post("/signups/confirm", {"signup": signup, "code": code}, from_(201)).refused("code-invalid", 410)


def test_a_reset_is_not_blocked_by_strangers(town):
    person = town.found("Acme").join()
    for n in range(12):
        town.client().post("/password-resets", {"email": person.email}, from_(n)).ok(202)
    for n in range(5, 12):
        town.client().post("/password-resets", {"email": person.email}, from_(n)).refused("rate-limited", 429)
    town.inbox.resets(person.email, 12)
    town.client().post("/password-resets", {"email": person.email}, from_(200)).ok(202)
    token = town.inbox.resets(person.email, 13)[-1].token
    town.client().post("/password-resets/complete", {"token": token, "new_password": "lantern-orchard-43"}).ok(204)


def test_a_change_of_address_is_not_blocked_by_strangers(town):
    acme = town.found("Acme")
    wanted, person = fresh("wanted"), acme.join()
    strangers = [acme.join() for _ in range(8)]
    for stranger in strangers:
        stranger.api.post("/me/email", {"email": wanted, "current_password": PASSWORD}).ok(202)
    strangers[7].api.post("/me/email", {"email": wanted, "current_password": PASSWORD}).refused("rate-limited", 429)
    person.api.post("/me/email", {"email": wanted, "current_password": PASSWORD}).ok(202)
    mailed(town.inbox, wanted, "/email/confirm/", 9)
    own = next(m for m in town.inbox.all_for(wanted) if person.email in m.text)
    token = re.search(r"/email/confirm/(\S+)", own.text).group(1)
    town.client().post("/email-changes/confirm", {"token": token}).ok(204)
    assert person.api.get("/me").ok()["email"] == wanted
