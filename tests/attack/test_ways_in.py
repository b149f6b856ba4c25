"""Recovery ends every other way in: spec/ways_in.yaml, cell by cell. What it says ends is dead at the next request, and what
it leaves is alive."""

import pytest

from lib.authenticator import Passkey
from lib.people import Person, World, fresh
from lib.ways import NEW, SPEC, Holder

SITE = "http://localhost:4711"
EVERY = ["undo", "passkey", "app", "recovery_code", "api_key", "session", "browser", "reset_link", "address_change", "password",
         "repeat"]
UNPROVED = ["passkey", "app", "recovery_code", "api_key", "session", "browser", "reset_link", "proof_code", "password", "repeat"]


def without(ways, *gone):
    return [way for way in ways if way not in gone]


@pytest.fixture(scope="module")
def town(make_server, smtp):
    server = make_server(mail=smtp.uri, public_url=SITE, trusted_proxies="127.0.0.1")
    return World(server, smtp)


# ---- who it is

def proved(town):
    """An owner, so that there are API keys, with a second one beside: an account that may close."""
    org = town.found("Acme")
    return Holder(town, org, org.join(role="owner"), SITE)


def unproved(town):
    org = town.found("Acme")
    return Holder(town, org, org.owner, SITE)


def passwordless(town):
    org = town.found("Acme")
    email, client, passkey = fresh("zoe"), town.client(), Passkey(SITE)
    org.invite(email)
    token = town.inbox.token_for(email)
    asked = {"token": token, "given_name": "Zoé", "family_name": "Durand"}
    options = client.post("/invitations/passkey/options", asked).ok().json
    client.post("/invitations/accept", {**asked, "passkey": passkey.make(options)}).ok(201)
    person = Person(client, email, None)
    org.set_role(person, "owner").ok()
    holder = Holder(town, org, person, SITE)
    holder.password, holder.passkey = None, passkey
    holder.armed["passkey"] = passkey
    return holder


# ---- what happens

def change_password(h):
    h.api.post("/me/password", {"current_password": h.password, "new_password": NEW}).ok()


def add_password(h):
    h.api.post("/me/password", {"new_password": NEW}).ok()


def reset(h):
    h.client().post("/password-resets", {"email": h.email}).ok(202)
    token = h.inbox.resets(h.email, len(h.inbox.resets(h.email)) + 1)[-1].token if "reset_link" not in h.armed else \
        h.inbox.resets(h.email, 2)[-1].token
    h.client().post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204)


def operate(path):
    return lambda h: h.world.operator.post(f"/server/accounts/{path}", {"email": h.email}).ok()


def confirm(h):
    h.client().post("/email-changes/confirm", {"token": h.armed["address_change"]}).ok(204)
    h.email = h.wanted


def undo(h):
    h.client().post("/email-changes/undo", {"token": h.armed["undo"]}).ok(204)
    h.email = h.world.server.query("SELECT email FROM account WHERE id = ?", h.raw)[0][0]


def add_app(h):
    Holder.arm_app(h)


def remove_other_passkey(h):
    row = next(p for p in h.api.get("/me/passkeys").ok()["items"] if p["name"] == "other")
    h.api.call("DELETE", f"/me/passkeys/{row['id']}", {}).ok(204)


def with_other_passkey(h):
    other = Passkey(SITE)
    options = h.api.post("/me/passkeys/options").ok().json
    h.api.post("/me/passkeys", {"credential": other.make(options), "name": "other"}).ok(201)


CASES = {  # name: (who, what is armed, what happens, what comes before)
    "password_changed": (proved, EVERY, change_password),
    "password_added": (passwordless, without(EVERY, "passkey", "password"), add_password),
    "password_reset": (proved, EVERY, reset),
    "passkeys_reset": (passwordless, without(EVERY, "passkey", "password"), reset),
    "taken_over": (unproved, UNPROVED, reset),
    "address_proved": (unproved, without(UNPROVED, "proof_code"), lambda h: h.person.prove(h.inbox)),
    "factor_added": (proved, without(EVERY, "app", "recovery_code"), add_app),
    "factor_removed": (proved, EVERY, remove_other_passkey, with_other_passkey),
    "sessions_ended": (proved, EVERY, lambda h: h.api.delete("/me/sessions").ok(204)),
    "session_ended": (proved, EVERY, lambda h: h.api.delete("/sessions/current").ok(204)),
    "operator_factors": (proved, EVERY, operate("remove-second-factor")),
    "operator_link": (proved, EVERY, operate("reset-password")),
    "address_changed": (proved, EVERY, confirm),
    "address_undone": (proved, EVERY, undo),
    "closed": (proved, EVERY, operate("close")),
}
ELSEWHERE = {  # a temporary password's account has sessions alone; tests/attack/test_temporary_passwords.py tries them
    "temporary_issued": "test_a_new_one_and_the_old_ones_sign_in_at_once",
    "temporary_replaced": "test_every_route_of_the_api_asks_for_the_new_password_first",
    "temporary_ended": "test_it_is_dead_after_everything_that_ends_it",
}


# What goes on, said here once more and not read from the table: a wrong cell there is found here.
STAYS = {
    "password_changed": {"undo", "app", "recovery_code", "api_key", "reset_link"},
    "password_added": {"undo", "app", "recovery_code", "api_key", "reset_link", "passkey"},
    "password_reset": {"undo", "app", "recovery_code"},
    "passkeys_reset": {"undo", "app", "recovery_code"},
    "taken_over": set(),
    "address_proved": {"passkey", "app", "recovery_code", "api_key", "reset_link", "password"},
    "factor_added": {"undo", "passkey", "api_key", "session", "browser", "reset_link", "password", "repeat"},
    "factor_removed": {"undo", "passkey", "app", "recovery_code", "api_key", "reset_link", "password"},
    "sessions_ended": {"undo", "passkey", "app", "recovery_code", "api_key", "reset_link", "password"},
    "session_ended": set(EVERY) - {"repeat"},
    "operator_factors": {"undo", "reset_link", "password"},
    "operator_link": {"undo", "passkey", "app", "recovery_code", "api_key", "session", "browser", "reset_link", "password"},
    "address_changed": {"undo", "passkey", "app", "recovery_code", "api_key", "session", "browser", "password"},
    "address_undone": set(),
    "closed": set(),
}


@pytest.mark.parametrize("case", CASES)
def test_what_ends_is_dead_and_what_stays_is_alive(town, case):
    who, ways, happens, *before = CASES[case]
    holder = who(town)
    for prepare in before:
        prepare(holder)
    holder.arm(*ways)
    for way in holder.armed:
        assert holder.alive(way), f"{way} did not work to begin with"
    happens(holder)
    said = SPEC["cases"][case]
    found = {way: holder.alive(way) for way in holder.armed}
    assert {way for way, alive in found.items() if alive} == STAYS[case] & set(holder.armed)
    if "others" in said.values():
        holder.api.get("/me").ok()
    if said["passkey"] == "alone":  # beside the new password it serves, and does alone again after that
        options = holder.client().post("/sessions/passkey/options").ok().json
        refused = holder.client().post("/sessions/passkey", {"credential": holder.passkey.show(options)})
        assert [e["code"] for e in refused.refused("sign-in-failed", 401)["errors"]] == ["password-first"]
        holder.password = NEW
        holder.beside(holder.client()).get("/me").ok()
        assert holder.alive("passkey")


def test_what_is_older_than_the_change_outlives_its_undo(town):
    """But for passkeys: alone they would stand in place of the password that the undo ended, and a thief may have added them."""
    holder = proved(town).arm("passkey", "app", "recovery_code")
    earlier = holder.arm_undo()
    later = holder.arm_undo()
    other = Passkey(SITE)
    options = holder.api.post("/me/passkeys/options").ok().json
    holder.api.post("/me/passkeys", {"credential": other.make(options), "name": "later"}).ok(201)
    holder.client().post("/email-changes/undo", {"token": later}).ok(204)
    holder.email = holder.world.server.query("SELECT email FROM account WHERE id = ?", holder.raw)[0][0]
    assert {way: holder.alive(way) for way in ("passkey", "app", "recovery_code")} == {
        "passkey": False, "app": True, "recovery_code": True}
    assert holder.try_undo(earlier) and not holder.try_undo(later)
    assert holder.show(holder.client(), other) in (401, 429), "gone: of unknown ones a source tries so many"
    token = holder.inbox.resets(holder.email)[-1].token
    holder.client().post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204)
    holder.password = NEW
    holder.beside(holder.client()).get("/me").ok()
    assert holder.alive("passkey")


def test_no_session_takes_the_holders_link_away(town):
    """Whoever found a session, or knows the password, ends no link that lies in the mailbox or in the operator's hands."""
    holder = proved(town).arm("reset_link")
    handed = town.operator.post("/server/accounts/reset-password", {"email": holder.email}).ok()["url"].rsplit("/", 1)[1]
    thief = town.client().sign_in(holder.email, holder.password)
    thief.delete("/me/sessions").ok(204)
    thief.post("/me/password", {"current_password": holder.password, "new_password": "thief-password-1"}).ok()
    Holder(town, holder.org, Person(thief, holder.email), SITE).arm_passkey()
    for token in (holder.armed["reset_link"], handed):
        assert holder.try_reset_link(token)
    holder.client().post("/password-resets/complete", {"token": holder.armed["reset_link"], "new_password": NEW}).ok(204)
    thief.get("/me").refused("unauthenticated", 401)


def test_every_case_of_the_table_is_tried():
    assert set(SPEC["cases"]) == set(CASES) | set(ELSEWHERE)
    tried = {way for _, ways, *_ in CASES.values() for way in ways}
    assert tried | {"temporary_password"} == set(SPEC["ways"]) and set(STAYS) == set(CASES)
