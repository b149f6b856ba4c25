"""Wrong tries, as spec/limits.yaml says, at every door: so many are free, then each costs twice the wait, up to the longest. A row or
a door without a recipe fails, and so does a recipe without a row."""

import itertools

import pytest

from lib import deeds
from lib.authenticator import Passkey
from lib.limits import SITE, TABLE, Late, Town, anew, form_or_call, refused, seconds
from lib.otp import set_up
from lib.people import PASSWORD, fresh

RECIPES = {}
ROWS = [(name, door) for name, row in TABLE["tries"].items() for door in row["doors"]]


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return Town(make_server(mail=smtp.uri, rate_limits="off", trusted_proxies="127.0.0.1", public_url=SITE), smtp)


def recipe(name):
    def add(make):
        RECIPES[name] = make
        return make
    return add


def looked_at(answer):
    """A wrong try that was not refused for being one too many."""
    assert answer.status in (303, 401, 404, 409, 410, 422), answer
    return answer


def spend(wrong, count):
    for _ in range(count):
        looked_at(wrong())


def free_of(name):
    """How many tries are looked at before a wait: the free ones, those they go over into, and the one that costs it."""
    row = TABLE["tries"][name]
    return row["free"] + (free_of(row["then"]) if "then" in row else 1)


@pytest.mark.parametrize("name,door", ROWS)
def test_tries_at_a_door(town, name, door):
    """The first wait is a second: whoever is slower than that tries anew."""
    assert name in RECIPES, f"{name} has no recipe"

    def trial():
        wrong = RECIPES[name](town, door)
        spend(wrong, free_of(name) - 1)
        began = town.clock.now()
        looked_at(wrong())
        answer = wrong()
        if answer.status != 429 and town.clock.now() - began > 0.9:
            raise Late
        refused(answer, 1)
    anew(trial)


def last_row(name):
    row = TABLE["tries"][name]
    return last_row(row["then"]) if "then" in row else row


@pytest.mark.parametrize("name", TABLE["tries"])
def test_waits_double_up_to_the_longest(town, name):
    """And the longest is over when it says, not a second earlier."""
    longest = seconds(last_row(name)["longest"])
    wrong = RECIPES[name](town, next(d for d in TABLE["tries"][name]["doors"] if not d.endswith("_form")))

    def trial():
        spend(wrong, free_of(name))
        wait, seen = 2, []
        while not seen or seen[-1] < longest:
            town.clock.advance(seconds=1.05 * (seen[-1] if seen else 1))
            since = town.clock.now()
            looked_at(wrong())
            seen.append(int(wrong().refused("rate-limited", 429).headers["Retry-After"]))
            assert seen[-1] <= min(wait, longest) and seen[-1] >= min(wait, longest) - (town.clock.now() - since) - 1
            seen[-1], wait = min(wait, longest), wait * 2
        town.before(since + longest, lambda: wrong().refused("rate-limited", 429))
        town.clock.advance(seconds=2)
        looked_at(wrong())
    trial()


def test_no_recipe_without_a_row():
    assert RECIPES.keys() == TABLE["tries"].keys()


def sign_in(client, door, email, password="wrong-wrong-1", **more):
    return form_or_call(client, door, "/sessions", "/sign-in", {"email": email, "password": password, **more})


REPEATS = {"accept_invitation": deeds.accept_api, "complete_password_reset": deeds.reset_api}


@recipe("sign_in")
def a_password(town, door):
    client, email = town.stranger(), fresh()
    return slowed_repeat(town, REPEATS[door](town), client) if door in REPEATS else lambda: sign_in(client, door, email)


def slowed_repeat(town, deed, client):
    """A form that is sent twice comes to the limit with its second half alone, which a wrong try before would have ended: those are
    made before both."""
    tries = itertools.count()

    def wrong():
        if next(tries) < free_of("sign_in"):
            return sign_in(client, "sign_in", deed.email)
        assert deed.send(town.stranger(client.source)).status < 400
        return deed.send(town.stranger(client.source))
    return wrong


@recipe("browser")
def a_password_where_one_is_known(town, door):
    person, laptop = town.found("Known").owner, town.stranger()
    laptop.sign_in(person.email, PASSWORD).delete("/sessions/current").ok(204)
    return lambda: sign_in(laptop, door, person.email)


@recipe("code")
def a_code(town, door):
    client, key = town.stranger(), {"email": fresh(), "code": "AAAAA-AAAAA"}
    who = {"given_name": "Zoé", "family_name": "Durand", "password": PASSWORD}
    return {
        "enrol_passkey_options": lambda: client.post("/invitations/passkey/options", key),
        "join_accept_form": lambda: client.submit("/join/accept", {**key, **who}),
        "join_decline_form": lambda: client.submit("/join/decline", key),
        "lookup_invitation": lambda: client.post("/invitations/lookup", key),
        "accept_invitation": lambda: client.post("/invitations/accept", {**key, **who}),
        "decline_invitation": lambda: client.post("/invitations/decline", key),
        "join_form": lambda: client.submit("/join", key),
    }[door]


@recipe("proof")
def a_proof(town, door):
    person = town.found("Proof").owner
    person.api.post("/me/address-proof").ok(202)
    return lambda: form_or_call(person.api, door, "/me/address-proof/confirm", "/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})


def changing(person, door, proof):
    """What asks who changes it, by this proof."""
    api, key = person.api, getattr(person, "key", "pky_none")
    return {
        "change_password": lambda: api.post("/me/password", {**proof, "new_password": "lantern-orchard-43"}),
        "request_email_change": lambda: api.post("/me/email", {**proof, "email": fresh()}),
        "close_me": lambda: api.call("DELETE", "/me", proof),
        "begin_totp": lambda: api.post("/me/totp", proof),
        "remove_totp": lambda: api.call("DELETE", "/me/totp", proof),
        "renew_recovery_codes": lambda: api.post("/me/recovery-codes", proof),
        "add_passkey": lambda: api.post("/me/passkeys", {"credential": person.passkey.make(person.options), **proof}),
        "remove_passkey": lambda: api.call("DELETE", f"/me/passkeys/{key}", proof),
        "me_password_form": lambda: api.submit("/me/password", {**proof, "new_password": "lantern-orchard-43"}),
        "me_email_form": lambda: api.submit("/me/email", {**proof, "email": fresh()}),
        "me_close_form": lambda: api.submit("/me/close", proof),
        "totp_form": lambda: api.submit("/me/totp", proof),
        "totp_remove_form": lambda: api.submit("/me/totp/remove", proof),
        "recovery_codes_form": lambda: api.submit("/me/recovery-codes", proof),
        "passkey_remove_form": lambda: api.submit(f"/me/passkeys/{key}/remove", proof),
        "sign_in": lambda: sign_in(api, door, person.email),
        "sign_in_form": lambda: sign_in(api, door, person.email),
    }[door]


def holder(town, door, app):
    """Somebody signed in, with what the door is about."""
    person = town.found("Holder").owner.prove(town.inbox)
    if door == "add_passkey":
        person.passkey, person.options = Passkey(SITE), person.api.post("/me/passkeys/options").ok().json
    if door in ("remove_passkey", "passkey_remove_form"):
        passkey = Passkey(SITE)
        options = person.api.post("/me/passkeys/options").ok().json
        person.key = person.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)["id"]
    if app:
        set_up(person.api, town.clock)
    return person


@recipe("holder")
def ones_own_password(town, door):
    with_app = door in ("remove_totp", "renew_recovery_codes", "totp_remove_form", "recovery_codes_form")
    return changing(holder(town, door, with_app), door, {"current_password": "wrong-wrong-1"})


@recipe("passkey")
def a_signature(town, door):
    person = holder(town, "remove_passkey", False)
    passkey = Passkey(SITE)  # nobody's, and what is claimed counts for the source
    client, path = (town.stranger(), "/sessions/passkey") if door == "sign_in_passkey" else (town.half(person), "/sessions/current/passkey")
    options = client.post(path + "/options").ok().json
    passkey.handle = b"x" * 16
    return lambda: client.post(path, {"credential": passkey.show(options)})


@recipe("factor")
def a_second_factor(town, door):
    person = holder(town, door, True)
    if door == "sign_in":
        client = town.stranger()
        return lambda: client.post("/sessions", {"email": person.email, "password": PASSWORD, "code": "AAAAA-AAAAA"})
    if door == "factor_form":
        client = town.half(person)
        return lambda: client.submit("/sign-in/factor", {"code": "AAAAA-AAAAA"})
    return changing(person, door, {"code": "AAAAA-AAAAA"})


@recipe("totp")
def digits(town, door):
    """From another source each time, since codes of one source wait earlier."""
    person = holder(town, door, False)
    app, _ = set_up(person.api, town.clock)

    def wrong():
        code = "000000" if app.code() != "000000" else "111111"
        if door == "sign_in":
            return town.stranger().post("/sessions", {"email": person.email, "password": PASSWORD, "code": code})
        if door == "factor_form":
            client = half.twin()
            client.source = town.stranger().source
            return client.submit("/sign-in/factor", {"code": code})
        client = town.stranger()
        client.cookies, person.api = dict(person.api.cookies), client
        return changing(person, door, {"code": code})()
    half = town.half(person)
    return wrong
