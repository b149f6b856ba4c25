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
    refused = town.client().post("/password-resets", {"email": person.email}, from_(200)).refused("rate-limited", 429)
    minutes = -(-int(refused.headers["Retry-After"]) // 60)
    assert f"Try again in {minutes} minute" in refused["detail"] or "Try again in 1 hour" in refused["detail"]
    town.inbox.resets(person.email, 5)
    town.inbox.settle(1.5)
    mails = town.inbox.resets(person.email, 5)
    assert 5 <= len(mails) <= 6, "another one where ten minutes ended in between"
    town.clock.advance(minutes=10)
    town.client().post("/password-resets", {"email": person.email}, from_(199)).ok(202)
    mails = town.inbox.resets(person.email, len(mails) + 1)
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


def begin_anew(town, seconds):
    """The clock goes on to where a window of so many seconds has just begun."""
    town.clock.advance(seconds=seconds - town.clock.now() % seconds + 1)


def test_a_source_asks_for_so_many_resets_an_hour_of_whatever_addresses(town):
    """A hundred, and not one more; another source is served, and its neighbours of a network are not."""
    begin_anew(town, 3600)
    source, neighbour = ({"X-Forwarded-For": f"2001:db8:77:1::{n}"} for n in (1, 2))
    elsewhere = {"X-Forwarded-For": "2001:db8:77:2::1"}
    for n in range(100):
        town.client().post("/password-resets", {"email": fresh("anybody")}, source).ok(202)
    for late in (source, neighbour):
        answer = town.client().post("/password-resets", {"email": fresh("anybody")}, late).refused("rate-limited", 429)
        assert 3000 < int(answer.headers["Retry-After"]) <= 3600
    assert town.client().submit("/password/forgotten", {"email": fresh("anybody")}, source).status == 429
    town.client().post("/password-resets", {"email": fresh("anybody")}, elsewhere).ok(202)
    begin_anew(town, 3600)
    town.client().post("/password-resets", {"email": fresh("anybody")}, source).ok(202)


def crowd(town, victim):
    """Strangers ask until codes are long; the day has just begun, and so has a window of ten minutes."""
    begin_anew(town, 86400)
    for n in range(12):
        town.client().post("/signups", form(victim), from_(n)).ok(202)
    town.inbox.wait(victim, 12)


def long_one(town, victim, source, mails):
    """(a sign-up of the crowded address, the code that so many mails brought by then)"""
    signup = town.client().post("/signups", form(victim), from_(source)).ok(202)["signup"]
    code = town.inbox.wait(victim, mails)[mails - 1].code
    assert len(code.replace("-", "")) == 10, code
    return signup, code


def confirm(town, signup, code, source):
    return town.client().post("/signups/confirm", {"signup": signup, "code": code}, from_(source))


def test_the_code_of_many_is_good_until_the_window_after_its_own_ends(town):
    for age, good in ((1200 - 20, True), (1200 + 1, False)):
        victim = fresh("victim")
        crowd(town, victim)
        day = town.clock.now() // 86400 * 86400
        signup, code = long_one(town, victim, 100, 13)
        town.clock.advance(seconds=day + age - town.clock.now())
        answer = confirm(town, signup, code, 100)
        if good:
            answer.ok(201)
        else:
            answer.refused("code-invalid", 410)


def test_the_code_of_an_earlier_window_opens_no_sign_up_of_a_later_one(town):
    victim = fresh("victim")
    crowd(town, victim)
    first, old = long_one(town, victim, 100, 13)
    begin_anew(town, 600)
    second, new = long_one(town, victim, 101, 14)
    assert old != new
    confirm(town, second, old, 101).refused("code-invalid", 410)
    confirm(town, first, new, 101).refused("code-invalid", 410)
    confirm(town, second, new, 101).ok(201)
