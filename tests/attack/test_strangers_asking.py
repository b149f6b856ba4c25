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
    """Beyond twelve mails a day one long code in ten minutes serves all, and fills no mailbox."""
    victim = fresh("victim")
    signups = [town.client().post("/signups", form(victim), from_(n)).ok(202)["signup"] for n in range(30)]
    client = town.client()
    signup = client.post("/signups", form(victim), from_(200)).ok(202)["signup"]
    page = client.page(f"/sign-up/{signup}").text
    assert "ten characters" in page and 'inputmode="numeric"' not in page
    town.inbox.wait(victim, 13)
    town.inbox.settle(1.5)
    mails = town.inbox.all_for(victim)
    short = [m for m in mails if re.search(r"\b\d{3} \d{3}\b", m.text)]
    assert len(short) == 12 and 13 <= len(mails) <= 14, "one long code, or two where ten minutes ended in between"
    code = next(m for m in reversed(mails) if m not in short).code
    wrong = {"signup": signups[-1], "code": "AAAAA-AAAAA"}
    for n in range(6):
        town.client().post("/signups/confirm", wrong, from_(201)).refused("code-invalid", 410)
    dead = {"signup": signups[-1], "code": code}
    town.client().post("/signups/confirm", dead, from_(201)).refused("code-invalid", 410)
    for n in range(12):
        town.client().post("/signups", form(victim), from_(202)).ok(202)
    town.client().post("/signups", form(victim), from_(202)).refused("rate-limited", 429)
    client.post("/signups/confirm", {"signup": signup, "code": code.lower()}, from_(200)).ok(201)


def test_a_reset_is_not_blocked_by_strangers(town):
    """Beyond five mails an hour there is one in ten minutes: any of them serves whoever reads the mailbox."""
    person = town.found("Acme").join()
    for n in range(30):
        town.client().post("/password-resets", {"email": person.email}, from_(n)).ok(202)
    for n in range(5):
        town.client().post("/password-resets", {"email": person.email}, from_(200)).ok(202)
    town.client().post("/password-resets", {"email": person.email}, from_(200)).refused("rate-limited", 429)
    town.inbox.resets(person.email, 6)
    town.inbox.settle(1.5)
    mails = town.inbox.resets(person.email, 6)
    assert len(mails) <= 7
    body = {"token": mails[-1].token, "new_password": "lantern-orchard-43"}
    town.client().post("/password-resets/complete", body).ok(204)


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
