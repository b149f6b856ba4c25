"""Every lifetime of spec/limits.yaml, at every door it guards: good in its last second, dead a second after its end. What is used up
by being tried is made twice. A row or a door without a recipe fails, and so does a recipe without a row."""

import datetime
import re

import pytest

from lib import deeds
from lib.authenticator import Passkey
from lib.limits import SITE, TABLE, Town, anew, form_or_call, seconds, signup_form
from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, fresh
from lib.ways import mailed

NEW = "lantern-orchard-43"
RECIPES = {}
# Whose end is seen elsewhere than in an answer that changes: they have tests of their own below.
BEFORE = {"api_key_kept_for": 3600}  # what passes before it begins
OWN = {"set_aside_for", "source_forgives", "tries_forget_after", "access_warned_before", "browser_lifetime"}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return Town(make_server(mail=smtp.uri, signup="on", trusted_proxies="127.0.0.1", public_url=SITE), smtp)


def recipe(name):
    def add(make):
        RECIPES[name] = make
        return make
    return add


ROWS = [(name, door) for name, row in TABLE["lifetimes"].items() if name not in OWN for door in row["doors"]]


@pytest.mark.parametrize("name,door", ROWS)
def test_a_lifetime_at_a_door(town, name, door):
    """A recipe makes what lives and returns how to tell, once, whether it does."""
    assert name in RECIPES, f"{name} has no recipe"
    lasts, make = seconds(TABLE["lifetimes"][name]["lasts"]) + BEFORE.get(name, 0), RECIPES[name]

    def trial():
        since = town.clock.now()
        first, second = make(town, door), make(town, door)
        until = town.clock.now() + lasts
        assert town.before(since + lasts, first) is True, "in its last second"
        town.at(until + 1)
        assert second() is False, "a second after its end"
    anew(trial)


def test_no_recipe_without_a_row():
    assert RECIPES.keys() | OWN == TABLE["lifetimes"].keys()


# ---- links


def resetting(town, door, token):
    """Whether a link to a password works."""
    client = town.stranger()
    if door == "password_reset_page":
        return lambda: {200: True, 410: False}[client.page(f"/password/reset/{token}").status]
    body = {"new_password": NEW} if door.endswith("_form") else {"token": token, "new_password": NEW}
    return lambda: {204: True, 303: True, 410: False}[
        form_or_call(client, door, "/password-resets/complete", f"/password/reset/{token}", body).status]


@recipe("reset_lifetime")
def a_reset(town, door):
    person = town.found("Reset").owner
    town.stranger().post("/password-resets", {"email": person.email}).ok(202)
    return resetting(town, door, town.inbox.resets(person.email)[-1].token)


@recipe("first_password_lifetime")
def a_first_password(town, door):
    owner = {"email": fresh(), "given_name": "Olive", "family_name": "Martin"}
    made = town.operator.post("/organizations", {"name": "First", "owner": owner}).ok(201)
    return resetting(town, door, token_of(made["set_password_url"]))


@recipe("repeat_within")
def a_repeat(town, door):
    """Done once; whether it is answered so once more."""
    deed = {"accept_invitation": deeds.accept_api, "decline_invitation": deeds.decline_api,
            "complete_password_reset": deeds.reset_api, "sign_in": deeds.temporary_api, "confirm_signup": deeds.signup_api,
            "confirm_address_proof": deeds.proof_api, "confirm_email_change": deeds.confirm_api,
            "undo_email_change": deeds.undo_api}[door](town)
    first = deed.client()
    done = deed.send(first).status
    assert done < 300

    def again():
        client = deed.client()
        client.source = getattr(first, "source", None)  # who is signed in already has none of its own
        return {done: True, 401: False, 410: False}[deed.send(client).status]
    return again


def moving(town, person, new):
    person.api.post("/me/email", {"email": new, "current_password": PASSWORD}).ok(202)
    return mailed(town.inbox, new, "/email/confirm/")


def mail_link(town, door, path, token):
    client = town.stranger()
    if door.endswith("_page"):
        return lambda: {200: True, 410: False}[client.page(f"/email/{path}/{token}").status]
    body = {} if door.endswith("_form") else {"token": token}
    return lambda: {204: True, 200: True, 303: True, 410: False}[
        form_or_call(client, door, f"/email-changes/{path}", f"/email/{path}/{token}", body).status]


@recipe("email_change_lifetime")
def a_change(town, door):
    person = town.proved()
    token = moving(town, person, fresh("new"))
    if door == "get_email_change":
        return lambda: person.api.get("/me/email").ok()["pending"] is not None
    return mail_link(town, door, "confirm", token)


@recipe("email_undo_lifetime")
def an_undo(town, door):
    person = town.proved()
    old = person.email
    town.stranger().post("/email-changes/confirm", {"token": moving(town, person, fresh("new"))}).ok(204)
    return mail_link(town, door, "undo", mailed(town.inbox, old, "/email/undo/"))


def test_an_undo_that_waits_lasts_longer(town):
    """Its thirty days begin when it was set aside."""
    lasts = seconds(TABLE["lifetimes"]["set_aside_for"]["lasts"])
    assert set(TABLE["lifetimes"]["set_aside_for"]["doors"]) == {"undo_email_change", "email_undo_page"}

    def trial():
        acme = town.found("Acme")
        person = acme.join()
        old = person.email
        town.stranger().post("/email-changes/confirm", {"token": moving(town, person, fresh("evil"))}).ok(204)
        theirs = town.found("Theirs")
        theirs.invite(old)
        town.enrol(town.inbox.token_for(old, invitation=True, count=2), password=NEW).ok(201)
        token = mailed(town.inbox, old, "/email/undo/")
        since = town.clock.now()
        town.stranger().post("/email-changes/undo", {"token": token}).refused("address-taken", 409)
        until = town.clock.now() + lasts
        assert town.before(since + lasts, lambda: town.stranger().page(f"/email/undo/{token}").status) == 200
        town.at(until + 1)
        assert town.stranger().page(f"/email/undo/{token}").status == 410
        town.stranger().post("/email-changes/undo", {"token": token}).refused("token-invalid", 410)
    anew(trial)


# ---- codes


@recipe("proof_lifetime")
def a_proof(town, door):
    person = town.found("Proof").owner
    person.api.post("/me/address-proof").ok(202)
    code = town.inbox.last(person.email).code

    def confirm():
        answer = form_or_call(person.api, door, "/me/address-proof/confirm", "/me/address-proof/confirm", {"code": code})
        proved = person.api.get("/me").ok()["email_proved"]
        assert proved == (answer.status in (200, 303))
        return proved
    return confirm


def by_code(town, door, email, code):
    client, key = town.stranger(), {"email": email, "code": code}
    words = {200: True, 201: True, 204: True, 303: True, 404: False, 410: False}
    who = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
    return {
        "lookup_invitation": lambda: words[client.post("/invitations/lookup", key).status],
        "accept_invitation": lambda: words[client.post("/invitations/accept", {**key, **who}).status],
        "decline_invitation": lambda: words[client.post("/invitations/decline", key).status],
        "join_form": lambda: words[client.submit("/join", key).status],
    }[door]


@recipe("invitation_code_lifetime")
def a_mailed_code(town, door):
    email = fresh()
    town.found("Mailed").invite(email)
    return by_code(town, door, email, town.inbox.last(email).code)


@recipe("link_code_lifetime")
def a_copied_code(town, door):
    org, email = town.found("Copied"), fresh()
    return by_code(town, door, email, org.link(org.invite(email, deliver=False)).ok()["code"])


# ---- sign-ups


def signing_up(town):
    email = fresh()
    return email, town.stranger().post("/signups", signup_form(email)).ok(202)["signup"]


@recipe("signup_lifetime")
def a_sign_up(town, door):
    _, signup = signing_up(town)
    client = town.stranger()
    if door == "resend_signup":
        return lambda: {202: True, 410: False}[client.post("/signups/resend", {"signup": signup}).status]
    return lambda: {200: True, 404: False, 410: False}[client.page(f"/sign-up/{signup}").status]


@recipe("signup_code_lifetime")
def a_sign_up_code(town, door):
    """It counts from the mail, which is made a moment after the request."""
    email, signup = signing_up(town)
    code = re.search(r"\b(\d{3}) (\d{3})\b", town.inbox.last(email).text).group(0)
    body = {"code": code} if door.endswith("_form") else {"signup": signup, "code": code}
    return lambda: {201: True, 303: True, 410: False, 422: False}[
        form_or_call(town.stranger(), door, "/signups/confirm", f"/sign-up/{signup}", body).status]


@recipe("signup_first_delay")
def a_wait(town, door):
    """What lives is the wait."""
    _, signup = signing_up(town)
    body = {} if door.endswith("_form") else {"signup": signup}
    return lambda: {429: True, 202: False, 303: False}[
        form_or_call(town.stranger(), door, "/signups/resend", f"/sign-up/{signup}/resend", body).status]


# ---- sessions and factors


def with_app(town):
    person = town.found("Factor").owner
    person.app, person.codes = set_up(person.api, town.clock)
    return person


@recipe("stage_lifetime")
def half_a_session(town, door):
    person = with_app(town)
    client = town.half(person)
    if door == "factor_page":
        return lambda: {200: True, 303: False, 401: False}[client.page("/sign-in/factor").status]

    def enter():
        answer = client.submit("/sign-in/factor", {"code": person.codes[0]})
        return answer.status == 303 and client.get("/me").status == 200
    return enter


def add_passkey(person):
    passkey = Passkey(SITE)
    options = person.api.post("/me/passkeys/options").ok().json
    made = person.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    return passkey, made["id"]


@recipe("passkey_timeout")
def a_challenge(town, door):
    person = town.found("Passkey").owner
    if door == "add_passkey":
        options, passkey = person.api.post("/me/passkeys/options").ok().json, Passkey(SITE)
        return lambda: {201: True, 422: False, 400: False, 401: False}[
            person.api.post("/me/passkeys", {"credential": passkey.make(options), "current_password": PASSWORD}).status]
    passkey, _ = add_passkey(person)
    client, path = (town.stranger(), "/sessions/passkey") if door == "sign_in_passkey" else (town.half(person), "/sessions/current/passkey")
    options = client.post(path + "/options").ok().json
    return lambda: {201: True, 401: False}[client.post(path, {"credential": passkey.show(options)}).status]


@recipe("fresh_for")
def a_fresh_session(town, door):
    """In place of a password or a code."""
    person = town.found("Fresh").owner
    words = {200: True, 201: True, 204: True, 403: False}
    if door == "begin_totp":
        call = ("POST", "/me/totp", {})
    elif door in ("renew_recovery_codes", "remove_totp"):
        person.app, _ = set_up(person.api, town.clock)
        call = ("POST", "/me/recovery-codes", {}) if door == "renew_recovery_codes" else ("DELETE", "/me/totp", {})
    elif door == "remove_passkey":
        passkey, key = add_passkey(person)
        options = person.api.post("/sessions/current/passkey/options").ok().json
        person.api.post("/sessions/current/passkey", {"credential": passkey.show(options)}).ok(201)
        call = ("DELETE", f"/me/passkeys/{key}", {})
    else:
        return fresh_passkey(town, person, words)
    return lambda: words[person.api.call(*call).status]


def fresh_passkey(town, person, words):
    def add():
        options = person.api.post("/me/passkeys/options").ok().json
        return words[person.api.post("/me/passkeys", {"credential": Passkey(SITE).make(options)}).status]
    return add


# ---- keys and answers


@recipe("api_key_kept_for")
def a_key_that_ended(town, door):
    """The list is put in order when another key is made."""
    org = town.found("Keys")
    key = org.api.post(org.path + "/api-keys", {"name": "short", "expires_in": "1h"}).ok(201)["id"]

    def is_listed():
        client = town.stranger().sign_in(org.owner.email, PASSWORD)
        client.post(org.path + "/api-keys", {"name": "another"}).ok(201)
        return key in [k["id"] for k in client.items(org.path + "/api-keys")]
    return is_listed


@recipe("asked_shown_for")
def somebody_who_asks(town, door):
    org, email = town.found("Asked"), fresh()
    inv = org.invite(email, deliver=False)
    token = token_of(org.link(inv).ok()["url"])
    org.revoke(inv).ok(204)
    town.stranger().post("/invitations/ask-again", {"token": token}).ok(202)

    def is_shown():
        client = town.stranger().sign_in(org.owner.email, PASSWORD)
        return email in client.page(f"/o/{org.slug}").ok(200).text
    return is_shown


@recipe("answer_kept_for")
def a_kept_answer(town, door):
    org, name = town.found("Twice"), fresh().partition("@")[0]
    again = {"Idempotency-Key": name}
    org.api.post(org.path + "/groups", {"name": name}, again).ok(201)

    def is_replayed():
        answer = org.api.post(org.path + "/groups", {"name": name}, again)
        assert answer.status in (201, 409)
        return answer.headers["Idempotency-Replayed"] == "true"
    return is_replayed


# ---- tries that are forgotten, browsers, warnings


def guess(client, door):
    """A wrong try, each for another address."""
    if door == "sign_in":
        return client.post("/sessions", {"email": fresh("guess"), "password": "wrong-wrong-1"})
    return client.post("/invitations/lookup", {"email": fresh("guess"), "code": "AAAAA-AAAAA"})


def until_refused(client, door, most=60):
    """How many wrong tries are looked at."""
    for count in range(most):
        if guess(client, door).status == 429:
            return count
    raise AssertionError("no limit")


@pytest.mark.parametrize("door", TABLE["lifetimes"]["source_forgives"]["doors"])
def test_a_source_is_forgiven_one_try_at_a_time(town, door):
    every, free = seconds(TABLE["lifetimes"]["source_forgives"]["lasts"]), TABLE["counts"]["free_tries_source"]["most"]

    def trial():
        told = []
        for late in (False, True):
            client = town.stranger()
            since = town.clock.now()
            assert guess(client, door).status in (401, 404)
            until = town.clock.now() + every
            for _ in range(free - 1):
                assert guess(client, door).status in (401, 404)
            if late:
                town.at(until + 1)
                told.append(until_refused(client, door))
            else:
                told.append(town.before(since + every, lambda: until_refused(client, door)))
        assert told == [1, 2], "the one beyond the free ones, and the one that was forgiven"
    anew(trial)


def test_a_pair_is_forgotten_after_a_day(town):
    lasts, free = seconds(TABLE["lifetimes"]["tries_forget_after"]["lasts"]), TABLE["tries"]["sign_in"]["free"]

    def wrong(client, email):
        return client.post("/sessions", {"email": email, "password": "wrong-wrong-1"})

    def trial():
        for late in (False, True):
            client, email = town.stranger(), fresh("typist")
            for _ in range(free):
                wrong(client, email).refused("sign-in-failed", 401)
            since = town.clock.now()
            wrong(client, email).refused("sign-in-failed", 401)
            until = town.clock.now() + lasts
            if not late:
                town.before(since + lasts, lambda: wrong(client, email).refused("sign-in-failed", 401))
                wrong(client, email).refused("rate-limited", 429)
            else:
                town.at(until + 1)
                for _ in range(free + 1):
                    wrong(client, email).refused("sign-in-failed", 401)
    anew(trial)


@pytest.mark.parametrize("door", TABLE["lifetimes"]["browser_lifetime"]["doors"])
def test_a_browser_is_known_so_long(town, door):
    lasts = seconds(TABLE["lifetimes"]["browser_lifetime"]["lasts"])

    def attempt(client, email, password):
        return form_or_call(client, door, "/sessions", "/sign-in", {"email": email, "password": password}).status

    def trial():
        person = town.found("Known").owner
        laptop = town.stranger()
        since = town.clock.now()
        assert attempt(laptop, person.email, PASSWORD) in (201, 303)
        until = town.clock.now() + lasts
        laptop.cookies.pop(next(n for n in laptop.cookies if "session" in n))
        town.at(since + lasts - 100)
        neighbour, wait = town.stranger(laptop.source), 0
        while wait < 50:  # longer than all that follows
            town.clock.advance(seconds=wait)
            answer = neighbour.post("/sessions", {"email": person.email, "password": "wrong-wrong-1"})
            wait = int(answer.headers["Retry-After"]) if answer.status == 429 else 0
        assert town.before(since + lasts, lambda: attempt(laptop.twin(), person.email, PASSWORD)) in (201, 303)
        town.at(until + 1)
        assert attempt(laptop, person.email, PASSWORD) == 429
        assert attempt(neighbour, person.email, PASSWORD) == 429, "who is not known waits still"
    anew(trial)


def test_the_warning_comes_a_day_before(town):
    before = seconds(TABLE["lifetimes"]["access_warned_before"]["lasts"])
    org = town.found("Ends")
    person = org.join()
    ends = int(town.clock.now()) + before + 3600
    text = datetime.datetime.fromtimestamp(ends, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    org.api.patch(f"{org.path}/members/{org.member(person)['id']}", {"access_ends_at": text}).ok()
    town.answered()

    def warnings():
        rows = town.server.query("SELECT count(*) FROM mail WHERE kind = 'member_ends'")
        return rows[0][0]
    count = warnings()
    town.at(ends - before - 4)
    town.inbox.settle(1.5)
    assert warnings() == count, "not yet"
    town.at(ends - before + 1)
    for _ in range(100):
        if warnings() > count:
            break
        town.inbox.settle(0.05)
    assert warnings() == count + 1
