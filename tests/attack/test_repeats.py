"""The same twice is once. A double click sends a form two times, and the browser throws the first answer away: who sends the secret
again within a minute, and all else as it was, is answered as before, and nothing but a session is written. That is no way back in,
and tells nobody without the secret anything."""

import pytest

from lib.authenticator import Passkey
from lib.deeds import (DOORS, SUCCEEDING, WHO, accept_api, accept_code_api, accept_code_form, accept_form, accept_mailed, ask_again_api, ask_again_form,
                       confirm_api, decline_api, invited, reset_api, reset_form, reset_token, signup_api, signup_form, temporary_api,
                       temporary_form, undo_api)
from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, Person, World, fresh
from lib.server import together
from lib.ways import NEW

SITE = "http://localhost:4711"
PAIRS = 64
KEPT = {  # all that a repeat must leave as it is
    "audit_event": "organization_id, id",
    "mail": "id, kind",
    "membership": "organization_id, id, role, state",
    "organization_seat": "organization_id, used, held",
    "invitation": "organization_id, id, state, accepted_at, closed_at",
    "account": "id, email_key, password_hash, temporary_used_at, browsers",
    "account_token": "id",
    "email_change": "id",
    "organization": "id",
}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, signup="on", rate_limits="off", public_url=SITE, trusted_proxies="127.0.0.1"), smtp)


def at_rest(town):
    """Everything that was asked for by mail is under way."""
    town.server.mails_at_rest()


def kept(town):
    at_rest(town)
    return {table: sorted(map(repr, town.server.query(f"SELECT {columns} FROM {table}"))) for table, columns in KEPT.items()}


def counted(town):
    return {table: len(rows) for table, rows in kept(town).items()}


def outcome(answer):
    """What an answer comes to, without what each session has of its own."""
    told = {k: v for k, v in answer.json.items() if k != "session"} if answer.problem is None and answer.body[:1] == b"{" else None
    return answer.status, answer.problem, answer.headers["Location"], told


ENROLLING = [accept_api, accept_form, accept_code_api, accept_code_form]
REFUSED = {"accept": "invitation-already-accepted", "decline": "invitation-declined", "reset": "token-invalid",
           "temporary": "temporary-password-expired", "signup": "code-invalid", "proof": "token-invalid", "confirm": "token-invalid",
           "undo": "token-invalid"}


def is_refused(door, answer):
    """As it was before there was any minute."""
    if door in SUCCEEDING:
        assert answer.ok(303).headers["Location"].startswith("/sign-in?"), answer
    elif answer.problem is None:
        assert answer.status in (401, 404, 409, 410, 422) and "parvis_session=" not in str(answer.headers), answer
    else:
        answer.refused(REFUSED[door.__name__.split("_")[0]])
    return True


# ---- twice is once


@pytest.mark.parametrize("door", DOORS)
def test_sent_twice_at_once(town, door):
    """Both end as one alone does, and what is written is what one writes."""
    deed, before = door(town), counted(town)
    alone = deed.send(deed.client())
    grown = {table: n - before[table] for table, n in counted(town).items()}

    deed, before = door(town), counted(town)
    clients = [deed.client() for _ in range(2)]
    answers = together(2, lambda i: deed.send(clients[i]))
    assert [a.status for a in answers] == [alone.status] * 2, answers
    assert outcome(answers[0]) == outcome(answers[1])
    assert all(deed.is_in(c) for c in clients)
    assert {table: n - before[table] for table, n in counted(town).items()} == grown


@pytest.mark.parametrize("door", [accept_api, temporary_api])
def test_64_pairs_at_once(town, door):
    deeds = [door(town) for _ in range(PAIRS)]
    clients = [deed.client() for deed in deeds for _ in range(2)]
    answers = together(2 * PAIRS, lambda i: deeds[i // 2].send(clients[i]))
    assert {a.status for a in answers} == {201}
    for i, deed in enumerate(deeds):
        assert outcome(answers[2 * i]) == outcome(answers[2 * i + 1])
        assert deed.is_in(clients[2 * i]) and deed.is_in(clients[2 * i + 1])
        assert len(deed.org.members(q=deed.email)) == (door is accept_api)
        assert deed.org.recount()[0] == deed.org.recount()[1]


@pytest.mark.parametrize("door", DOORS)
def test_sent_again_after_the_answer(town, door):
    """By who lost the answer, and by who has it."""
    deed = door(town)
    one, other = deed.client(), deed.client()
    first = deed.send(one)
    assert first.status < 400, first
    written = kept(town)
    assert outcome(deed.send(other)) == outcome(first)
    assert outcome(deed.send(one)) == outcome(first)
    assert kept(town) == written
    assert deed.is_in(one) and deed.is_in(other)


@pytest.mark.parametrize("door", [door for door in DOORS if door not in (ask_again_api, ask_again_form)])
def test_after_a_minute_it_is_refused(town, door):
    deed = door(town)
    assert deed.send(deed.client()).status < 400
    town.clock.advance(seconds=61)
    assert is_refused(door, deed.send(deed.client()))


# ---- whatever differs ends it


@pytest.mark.parametrize("door", ENROLLING)
@pytest.mark.parametrize("changed", [{"password": NEW}, {"given_name": "Zoe"}, {"family_name": "Durant"}, {"password": PASSWORD + " "}],
                         ids=lambda changed: "-".join(changed))
def test_another_value_is_refused_and_ends_the_minute(town, door, changed):
    deed = door(town)
    deed.send(deed.client())
    assert is_refused(door, deed.send(deed.client(), **changed))
    assert is_refused(door, deed.send(deed.client()))


@pytest.mark.parametrize("door", [reset_api, reset_form])
def test_another_new_password_is_refused_and_ends_the_minute(town, door):
    deed = door(town)
    deed.send(deed.client())
    assert is_refused(door, deed.send(deed.client(), new_password=NEW + "x"))
    assert is_refused(door, deed.send(deed.client()))
    town.client().sign_in(deed.email, NEW)


@pytest.mark.parametrize("door", [signup_api, signup_form])
def test_a_wrong_code_ends_the_minute(town, door):
    deed = door(town)
    deed.send(deed.client())
    wrong = "000000" if deed.values["code"] != "000 000" else "000001"
    assert is_refused(door, deed.send(deed.client(), code=wrong))
    assert is_refused(door, deed.send(deed.client()))


@pytest.mark.parametrize("door", [temporary_api, temporary_form])
def test_a_wrong_try_ends_the_minute_of_a_temporary_password(town, door):
    deed = door(town)
    deed.send(deed.client())
    deed.send(town.client(), password="wrong-wrong-1")
    assert is_refused(door, deed.send(deed.client()))


@pytest.mark.parametrize("door,changed", [(accept_api, {"password": NEW}), (reset_api, {"new_password": NEW + "x"})])
def test_another_password_counts_as_one_at_sign_in(town, door, changed):
    """The four free ones were used up before: this is the one that costs a wait."""
    deed = door(town)
    for i in range(4):
        town.client().post("/sessions", {"email": deed.email, "password": f"wrong-wrong-{i}"}).refused("sign-in-failed")
    deed.send(deed.client())
    assert is_refused(door, deed.send(deed.client(), **changed))
    town.client().post("/sessions", {"email": deed.email, "password": PASSWORD}).refused("rate-limited", 429)


def test_another_secret_of_the_same_invitation_is_another(town):
    org, email = town.found("Twice"), fresh()
    inv = org.invite(email)
    copied, sent = token_of(org.link(inv).ok()["url"]), town.inbox.token_for(email)
    town.enrol(copied).ok(201)
    town.enrol(sent).refused("invitation-already-accepted")
    town.enrol(copied).ok(201)


def test_names_that_run_together_alike_are_others(town):
    deed = accept_api(town)
    deed.send(deed.client(), given_name="Ann", family_name="Abel")
    assert is_refused(accept_api, deed.send(deed.client(), given_name="AnnA", family_name="bel"))


def test_two_who_choose_one_password_have_two_hashes(town):
    """What makes a repeat known again is the secret, and each has its own."""
    deeds = [accept_api(town), accept_api(town), reset_api(town), reset_api(town)]
    for deed in deeds:
        deed.send(deed.client(), **{name: PASSWORD for name in deed.values if name.endswith("password")})
    keys = [deed.email for deed in deeds]
    rows = town.server.query(f"SELECT password_hash FROM account WHERE email_key IN ({','.join('?' * len(keys))})", *keys)
    assert len(rows) == len(set(rows)) == len(deeds)


# ---- no way in for anybody else, nor back in


def test_what_a_session_accepted_the_secret_alone_does_not_open(town):
    """There was no password to compare: who has the link, and nothing else, is nobody."""
    person, org = town.found("Elsewhere").join(), town.found("Twice")
    token = token_of(org.link(org.invite(person.email, deliver=False)).ok()["url"])
    person.api.post("/invitations/accept", {"token": token}).ok(201)
    for values in ({}, WHO):
        client = town.client()
        client.post("/invitations/accept", {"token": token, **values}).refused("invitation-already-accepted")
        assert client.cookies == {}


@pytest.mark.parametrize("door", ENROLLING)
def test_another_person_is_refused(town, door):
    deed, person = door(town), town.found("Elsewhere").owner
    deed.send(deed.client())
    cookies = dict(person.api.cookies)
    assert is_refused(door, deed.send(person.api))
    assert person.api.cookies == cookies


@pytest.mark.parametrize("door", [accept_api, accept_form])
def test_another_member_who_is_signed_in_is_refused(town, door):
    """They are in already, but by another invitation."""
    deed = door(town)
    other = deed.org.join()
    deed.send(deed.client())
    assert is_refused(door, deed.sends(other.api.twin(), {}))


def remove(town, deed, person):
    deed.org.remove(person).ok()


def suspend(town, deed, person):
    deed.org.api.patch(f"{deed.org.path}/members/{deed.org.member(person)['id']}", {"state": "suspended"}).ok()


def change_password(town, deed, person):
    person.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok()


def end_sessions(town, deed, person):
    person.api.delete("/me/sessions").ok(204)


def reset(town, deed, person):
    town.client().post("/password-resets/complete", {"token": reset_token(town, person.email), "new_password": PASSWORD}).ok(204)


def hand_over_a_link(town, deed, person):
    town.operator.post("/server/accounts/reset-password", {"email": person.email}).ok()


def close(town, deed, person):
    town.operator.post("/server/accounts/close", {"email": person.email}).ok()


@pytest.mark.parametrize("door", [accept_api, accept_code_form])
@pytest.mark.parametrize("end", [remove, suspend, change_password, end_sessions, reset, hand_over_a_link, close])
def test_what_ends_the_membership_or_the_ways_in_ends_it(town, door, end):
    deed, client = door(town), town.client()
    deed.send(client)
    end(town, deed, Person(client, deed.email))
    other = town.client()
    assert is_refused(door, deed.send(other)) and other.cookies == {}


@pytest.mark.parametrize("end", [change_password, end_sessions, reset, hand_over_a_link])
def test_what_ends_the_ways_in_ends_a_repeat_of_signing_up(town, end):
    deed, client = signup_api(town), town.client()
    deed.send(client)
    end(town, deed, Person(client, deed.email))
    assert is_refused(signup_api, deed.send(town.client()))


@pytest.mark.parametrize("end", ["suspended", "removed"])
def test_who_is_suspended_in_what_they_founded_is_not_let_in_again(town, end):
    deed, client = signup_api(town), town.client()
    path = "/organizations/" + deed.send(client)["organization"]["slug"]
    (founder,) = client.items(path + "/members")
    heir = fresh("heir")
    client.post(path + "/invitations", {"invitations": [{"email": heir, "role": "member"}]}).ok()
    other = town.enrol(town.inbox.token_for(heir)).ok(201)
    client.patch(f"{path}/members/{other['member']['id']}", {"role": "owner"}).ok()
    at = f"{path}/members/{founder['id']}"
    (other.client.delete(at) if end == "removed" else other.client.patch(at, {"state": "suspended"})).ok()
    assert is_refused(signup_api, deed.send(town.client()))


@pytest.mark.parametrize("door", [accept_api, accept_form, signup_api, signup_form])
def test_who_has_a_second_factor_by_now_is_asked_for_it(town, door):
    deed, client = door(town), town.client()
    deed.send(client)
    app, _ = set_up(client, town.clock)
    other = town.client()
    answer = deed.send(other)
    if door.__name__.endswith("_api"):
        answer.refused("second-factor-required")
        assert other.cookies == {}
        return
    assert answer.ok(303).headers["Location"].startswith("/sign-in/factor?next=")
    other.get("/me").refused("second-factor-required")
    other.submit("/sign-in/factor", {"code": app.fresh()}).ok(303)
    assert other.get("/me").ok()["email"] == deed.email


def test_a_passkey_that_came_with_it_is_shown(town):
    org, email, token, _ = invited(town)
    client, other, passkey = town.client(), town.client(), Passkey(SITE)
    asked = {"token": token, "given_name": "Zoé", "family_name": "Durand"}
    options = client.post("/invitations/passkey/options", asked).ok().json
    body = {**asked, "passkey": passkey.make(options)}
    client.post("/invitations/accept", body).ok(201)
    assert other.post("/invitations/accept", body).ok(201)["member"]["account"]["email"] == email
    set_up(org.api, town.clock)
    org.set(second_factor="all").ok()
    assert other.get(org.path).ok()
    another = {**asked, "passkey": Passkey(SITE).make(options)}
    town.client().post("/invitations/accept", another).refused("invitation-already-accepted")
    town.client().post("/invitations/accept", body).refused("invitation-already-accepted")


def test_an_invitation_sent_anew_is_not_declined_by_a_repeat(town):
    org, email = town.found("Twice"), fresh()
    inv = org.invite(email)
    token = town.inbox.token_for(email)
    town.client().post("/invitations/decline", {"token": token}).ok(204)
    anew = org.invite(email)
    town.client().post("/invitations/decline", {"token": token}).ok(204)
    assert org.state(inv) == "declined" and org.state(anew) == "pending" and org.seats["held"] == 1


def test_a_temporary_password_past_its_end_is_refused_within_the_minute(town):
    org, email = town.found("Twice"), fresh()
    row = org.send(email, method="temporary_password", delivery="show", deliver=False, expires_in="1h").ok()["results"][0]
    town.clock.advance(minutes=59, seconds=45)
    values = {"email": email, "password": row["temporary_password"]}
    town.client().post("/sessions", values).ok(201)
    town.clock.advance(seconds=20)
    town.client().post("/sessions", values).refused("temporary-password-expired")


def test_a_temporary_password_that_was_replaced_is_none(town):
    deed, half = temporary_api(town), town.client()
    deed.send(half)
    half.post("/me/password", {"new_password": NEW, "given_name": "Zoé", "family_name": "Durand"}).ok(204)
    deed.send(town.client()).refused("sign-in-failed", 401)


# ---- nor is it anybody else's

OPENING = [accept_api, accept_form, accept_code_form, temporary_api, temporary_form, signup_api, signup_form]


class Sent:
    """A client whose requests say something else of where they come from."""

    def __init__(self, client, headers=None, **fields):
        self.client, self.headers, self.fields = client, headers, fields

    def post(self, path, body):
        return self.client.post(path, body, self.headers)

    def submit(self, path, fields):
        return self.client.submit(path, {**fields, **self.fields}, self.headers)


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "203.0.113.9"}, {"User-Agent": "Another/1.0"}], ids=["source", "browser"])
@pytest.mark.parametrize("door", OPENING)
def test_who_sends_it_from_elsewhere_ends_it(town, door, headers):
    deed = door(town)
    assert deed.send(deed.client()).status < 400
    assert is_refused(door, deed.send(Sent(deed.client(), headers)))
    assert is_refused(door, deed.send(deed.client()))


def test_who_issued_a_temporary_password_is_not_on_the_same_page(town):
    """They know it, may sit in the same office before the same browser, and have another page."""
    door, page = temporary_form, "x" * 21 + "A"
    deed = door(town)
    first = deed.send(Sent(deed.client(), once=page))
    assert outcome(deed.send(Sent(deed.client(), once=page))) == outcome(first)
    assert is_refused(door, deed.send(Sent(deed.client(), once="y" * 21 + "A")))
    assert is_refused(door, deed.send(Sent(deed.client(), once=page)))


@pytest.mark.parametrize("out", [lambda c: c.delete("/sessions/current").ok(204), lambda c: c.submit("/sign-out").ok(303)], ids=["api", "form"])
@pytest.mark.parametrize("door", OPENING)
def test_signing_out_ends_it(town, door, out):
    deed, client = door(town), town.client()
    deed.send(client)
    out(client)
    assert is_refused(door, deed.send(client))


def test_ending_the_session_from_the_list_ends_it(town):
    deed, client = signup_api(town), town.client()
    deed.send(client)
    deed.send(town.client())
    other = next(s["id"] for s in client.get("/me/sessions").ok()["items"] if not s["current"])
    client.delete(f"/me/sessions/{other}").ok(204)
    assert is_refused(signup_api, deed.send(town.client()))


# ---- whoever is in is led in


@pytest.mark.parametrize("door", [accept_api, accept_form])
def test_who_accepted_and_is_signed_in_is_led_to_the_organization_whenever(town, door):
    deed, client = door(town), town.client()
    first, person = deed.send(client), Person(client, deed.email)
    town.clock.advance(hours=30)
    left = lambda: [len(town.server.query(f"SELECT id FROM {table}")) for table in ("audit_event", "membership")] + town.server.query(
        "SELECT s.id FROM session s JOIN account a ON a.id = s.account_id WHERE a.email_key = ?", deed.email)
    before = left()
    assert outcome(deed.send(client)) == outcome(first)
    assert left() == before
    deed.org.remove(person).ok()
    assert is_refused(door, deed.send(client))


def test_the_links_page_leads_in_who_accepted_it(town):
    deed, client = accept_mailed(town), town.client()
    deed.send(client)
    token = town.inbox.token_for(deed.email)
    assert client.page(f"/i/{token}").ok(303).headers["Location"] == f"/o/{deed.org.slug}"
    assert town.client().page(f"/i/{token}").status == 410


# ---- nothing is told


def test_going_on_by_mail_sends_one_mail(town):
    """The address has an account and the link may not say so: whoever fills in the form reads the same, and its holder one mail."""
    person, org = town.found("Elsewhere").join(), town.found("Twice")
    token = token_of(org.link(org.invite(person.email, deliver=False)).ok()["url"])
    send = lambda **changed: town.client().post("/invitations/accept", {"token": token, **WHO, **changed}).ok(202)
    mails = lambda: town.server.query("SELECT count(*) FROM mail WHERE kind = 'invitation_go_on' AND recipient = ?", person.email)[0][0]
    together(2, lambda i: send())
    assert mails() == 1
    send()
    assert mails() == 1
    send(password=NEW)
    assert mails() == 2
    person.api.post("/invitations/accept", {"token": token}).ok(201)
    town.client().post("/invitations/accept", {"token": token, **WHO, "password": NEW}).refused("invitation-already-accepted")


@pytest.mark.parametrize("door", [accept_api, reset_api, confirm_api, undo_api, decline_api])
def test_without_the_secret_nobody_sees_the_minute(town, door):
    """A token of the same row with another secret reads as it did a minute later."""
    deed = door(town)

    class Other:
        def post(self, path, body):
            return town.client().post(path, {**body, "token": body["token"][:-6] + "AAAAAA"})

    told = []
    for then in (lambda: deed.send(deed.client()), lambda: deed.send(deed.client()), lambda: town.clock.advance(seconds=61), lambda: None):
        told.append(str(outcome(deed.sends(Other(), deed.values))))
        then()
    assert len(set(told)) == 1, told
