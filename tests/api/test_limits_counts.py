"""Every number and bound of spec/limits.yaml, at every door: taken at its bound, refused one beyond. A row or a door without a
recipe fails, and so does a recipe without a row."""

import secrets
import uuid

import pytest

from lib.authenticator import Passkey
from lib.limits import SITE, TABLE, Town, form_or_call, seconds, signup_form, signup_of
from lib.mailbox import token_of
from lib.otp import set_up
from lib.people import PASSWORD, fresh

COUNTS = {}
FILLED = {}


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return Town(make_server(mail=smtp.uri, signup="on", trusted_proxies="127.0.0.1", public_url=SITE), smtp)


def recipe(name):
    def add(try_it):
        COUNTS[name] = try_it
        return try_it
    return add


@pytest.mark.parametrize("name,door", [(name, door) for name, row in TABLE["counts"].items() for door in row["doors"]])
def test_a_number_at_a_door(town, name, door):
    """A recipe reaches the bound at the door, and shows what is beyond it."""
    assert name in COUNTS, f"{name} has no recipe"
    COUNTS[name](town, door, TABLE["counts"][name]["most"])


def test_no_recipe_without_a_row():
    assert COUNTS.keys() == TABLE["counts"].keys()


def too_many(answer):
    """It says so."""
    assert answer.status in (409, 422), answer
    assert answer.problem is None or any(e["code"] in ("too-many", "too-long") for e in answer["errors"]), answer


# ---- tries


@recipe("free_tries_source")
def tries_of_a_source(town, door, most):
    """Each for another address, so that the source alone has enough of them."""
    client = town.stranger()

    def guess():
        if door == "sign_in":
            return client.post("/sessions", {"email": fresh("guess"), "password": "wrong"})
        return client.post("/invitations/lookup", {"email": fresh("guess"), "code": "AAAAA-AAAAA"})
    for _ in range(most + 1):
        assert guess().status in (401, 404)
    guess().refused("rate-limited", 429)


def confirm_proof(town, most, tries):
    """Whether the right code is taken after so many wrong ones, which are waited for."""
    person = town.found("Proof").owner
    person.api.post("/me/address-proof").ok(202)
    code = town.inbox.last(person.email).code
    for _ in range(tries):
        answer = person.api.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})
        if answer.status == 429:
            town.clock.advance(seconds=int(answer.headers["Retry-After"]))
            answer = person.api.post("/me/address-proof/confirm", {"code": "AAAAA-AAAAA"})
        answer.refused("token-invalid", 410)
    town.clock.advance(seconds=600)
    return person.api.post("/me/address-proof/confirm", {"code": code}).status == 200


@recipe("proof_tries")
def tries_of_a_proof(town, door, most):
    assert confirm_proof(town, most, most - 1)
    assert not confirm_proof(town, most, most)


@recipe("signup_code_tries")
def tries_of_a_sign_up(town, door, most):
    for tries, status in ((most - 1, {201, 303}), (most, {410, 422})):
        email, client = fresh(), town.stranger()
        signup = signup_of(client.post("/signups", signup_form(email)))
        digits = "".join(c for c in town.inbox.last(email).text.partition("code")[2] if c.isdigit())[:6]
        wrong = "000000" if digits != "000000" else "000001"
        answers = [form_or_call(client, door, "/signups/confirm", f"/sign-up/{signup}", {"code": code} if door.endswith("_form") else
                                {"signup": signup, "code": code}) for code in [wrong] * tries + [digits]]
        assert {a.status for a in answers[:-1]} <= {410, 422} and answers[-1].status in status, (digits, answers)


@recipe("signup_resends")
def sent_again(town, door, most):
    client = town.stranger()
    signup = signup_of(client.post("/signups", signup_form(fresh())))

    def resend():
        return form_or_call(client, door, "/signups/resend", f"/sign-up/{signup}/resend", {} if door.endswith("_form") else {"signup": signup})
    for n in range(most):
        town.clock.advance(seconds=seconds(TABLE["lifetimes"]["signup_first_delay"]["lasts"]) * 2 ** n)
        assert resend().status in (202, 303), n
    town.clock.advance(minutes=seconds(TABLE["lifetimes"]["signup_first_delay"]["lasts"]) / 60 * 2 ** most)
    assert resend().status == 429


@recipe("factor_warn_at")
def told_of_wrong_digits(town, door, most):
    person = town.found("Digits").owner
    app, _ = set_up(person.api, town.clock)
    for n in range(most):
        town.server.mails_at_rest()
        town.inbox.settle(0.05)
        assert not any("Somebody knows your password" in m.subject for m in town.inbox.all_for(person.email)), n
        code = "000000" if app.code() != "000000" else "111111"
        body = {"email": person.email, "password": PASSWORD, "code": code}
        town.stranger().post("/sessions", body).refused("second-factor-failed", 401)
    town.inbox.until(person.email, lambda m: "Somebody knows your password" in m.subject)


# ---- how many there are


def filled(town, kind, most):
    """An organization with all but one of a kind that it may have; both doors try the last."""
    if kind not in FILLED.setdefault(town, {}):
        org = FILLED[town][kind] = town.found("Filled")
        for n in range(most - 1):
            org.api.post(f"{org.path}/{kind}", {"name": f"One {n}"}).ok(201)
    return FILLED[town][kind]


def last_place(town, door, kind, most, page, form):
    """Taken by one, refused to another, and free again."""
    org = filled(town, kind, most)

    def make(name):
        body = {**form, "name": name} if door.endswith("_form") else {"name": name}
        return form_or_call(org.api, door, f"{org.path}/{kind}", f"/o/{org.slug}/{page}", body)
    assert make("The last").status in (200, 201, 303)
    too_many(make("One beyond"))
    (last,) = [row["id"] for row in org.api.items(f"{org.path}/{kind}") if row["name"] == "The last"]
    org.api.delete(f"{org.path}/{kind}/{last}").ok()


@recipe("groups_max")
def groups(town, door, most):
    last_place(town, door, "groups", most, "groups", {})


@recipe("member_groups_max")
def groups_of_one(town, door, most):
    org = town.found("Joined")
    ids = [org.api.post(org.path + "/groups", {"name": f"Group {n}"}).ok(201)["id"] for n in range(most + 1)]
    if door == "create_invitations":
        assert org.send({"email": fresh(), "groups": ids[:most]}, deliver=False).ok()["results"][0]["outcome"] == "invited"
        too_many(org.send({"email": fresh(), "groups": ids}, deliver=False))
        return
    member = org.member(org.owner)["id"]
    for group in ids[:most]:
        assert org.api.call("PUT", f"{org.path}/groups/{group}/members/{member}").status in (200, 201, 204)
    too_many(org.api.call("PUT", f"{org.path}/groups/{ids[-1]}/members/{member}"))


@recipe("entitlements_max")
def options(town, door, most):
    org = town.found("Options")

    def make(n):
        if door.endswith("_form"):
            return org.api.submit(f"/o/{org.slug}/settings/options", {"key": f"option-{n}", "name_fr": "Option", "name_en": "Option",
                                                                             "role": "member"})
        return org.api.post(org.path + "/entitlements", {"key": f"option-{n}", "name": {"fr": "Option", "en": "Option"}})
    for n in range(most):
        assert make(n).status in (201, 303), n
    too_many(make(most))


@recipe("passkeys_max")
def passkeys(town, door, most):
    person = town.found("Passkeys").owner

    def add():
        options = person.api.post("/me/passkeys/options")
        return person.api.post("/me/passkeys", {"credential": Passkey(SITE).make(options.json)}) if options.status == 200 else options
    for _ in range(most):
        add().ok(201)
    add().refused("passkey-limit-reached")


@recipe("api_keys_max")
def api_keys(town, door, most):
    last_place(town, door, "api-keys", most, "settings/api-keys", {"rights": "all", "expires_in": "30d"})


@recipe("recovery_codes")
def recovery_codes(town, door, most):
    person = town.found("Codes").owner
    _, codes = set_up(person.api, town.clock)
    if door == "renew_recovery_codes":
        codes = person.api.post("/me/recovery-codes", {"current_password": PASSWORD}).ok(201)["recovery_codes"]
    assert len(set(codes)) == most
    for code in codes:
        town.stranger().post("/sessions", {"email": person.email, "password": PASSWORD, "code": code}).ok(201)


@recipe("pages_kept")
def forms_of_one_caller(town, door, most):
    """Of one more the first is done again: the others are not."""
    client, path, field, at = town.stranger(), "/password/forgotten", "email", "@nowhere.example"
    if door == "groups_form":
        org = town.found("Pages")
        client, path, field, at = org.api, f"/o/{org.slug}/groups", "name", ""
    forms = [{field: f"form{n}{at}", "once": secrets.token_urlsafe(16)} for n in range(most + 1)]
    send = lambda form: client.submit(path, form).headers["Idempotency-Replayed"] == "true"  # noqa: E731
    assert [send(form) for form in forms] == [False] * (most + 1)
    assert [send(form) for form in reversed(forms)] == [True] * most + [False]


AROUND_ANSWER = 256  # what each counts for besides its body, and its key and path twice
KEPT = f"length(body) + 2 * (length(key) + length(route)) + {AROUND_ANSWER}"


@recipe("answers_kept_bytes")
def answers_to_programs(town, door, most):
    """The account's and its key's together; of one byte more the first is done again. Large ones, since of those each is looked at."""
    for beyond in (0, 1):
        org = town.found("Answers")
        program = town.client(key=org.api.post(org.path + "/api-keys", {"name": "Program"}).ok(201)["api_key"])
        group = lambda client, key: client.post(org.path + "/groups", {"name": key}, {"Idempotency-Key": org.slug + key})  # noqa: E731
        many = lambda key: org.api.post(org.path + "/invitations", REFUSED, {"Idempotency-Key": org.slug + key}).ok()  # noqa: E731
        group(program, "first").ok(201)
        group(org.api, "second").ok(201)
        many("third")
        size = {key[len(org.slug):]: n for key, n in town.server.query(f"SELECT key, {KEPT} FROM idempotency") if key.startswith(org.slug)}
        assert size["third"] > most // 32
        fill(town, org.slug + "second", most + beyond - size["first"] - size["second"] - size["third"] * 2, org.api, program)
        many("later")
        kept = {key for key, in town.server.query("SELECT key FROM idempotency") if key.startswith(org.slug)}
        assert kept == {org.slug + key for key in ("first", "second", "third", "later")[beyond:]}
        again = group(program, "first")
        assert (again.status, again.headers["Idempotency-Replayed"]) == ((409, None) if beyond else (201, "true"))


REFUSED = {"invitations": [{"email": f"no address {n} " + "x" * 235, "role": "member"} for n in range(1000)]}


def fill(town, key, more, *clients):
    """An answer that is longer by so much."""
    room = f"decode(repeat('00', {more}), 'hex')" if town.server.is_shared else f"zeroblob({more})"
    town.server.stop()
    town.server.tamper(f"UPDATE idempotency SET body = CAST(body || {room} AS {'bytea' if town.server.is_shared else 'BLOB'}) WHERE key = '{key}'")
    town.server.start()
    town.operator.close()  # its line led to the one that stopped
    for client in clients:
        client.close()
        client.port = town.server.port


@recipe("browsers_max")
def known_to_one_browser(town, door, most):
    """Of one more the first is forgotten: it waits with the strangers of its source, the others do not."""
    people, laptop = [town.found("Shared").owner for _ in range(most + 1)], town.stranger()
    for person in people:
        laptop.sign_in(person.email, PASSWORD).delete("/sessions/current").ok(204)
    neighbour = town.stranger(laptop.source)
    for _ in range(TABLE["counts"]["free_tries_source"]["most"] + 1):
        neighbour.post("/invitations/lookup", {"email": fresh(), "code": "AAAAA-AAAAA"})
    known = []
    for person in people:
        for _ in range(TABLE["tries"]["sign_in"]["free"] + 1):
            neighbour.post("/sessions", {"email": person.email, "password": "wrong-wrong-1"})
        known.append(laptop.twin().post("/sessions", {"email": person.email, "password": "wrong-wrong-1"}).status == 401)
    assert known == [False] + [True] * most


def id_bytes(kept):
    """An id as either engine's rows have it."""
    return kept if isinstance(kept, bytes) else uuid.UUID(kept).bytes


def literal(town, raw, kind):
    """Bytes as either engine writes them."""
    text = f"'{uuid.UUID(bytes=raw)}'::uuid" if kind == "uuid" else f"'\\x{raw.hex()}'::bytea"
    return text if town.server.is_shared else f"X'{raw.hex()}'"


@recipe("sessions_max")
def sessions(town, door, most):
    """All but a few are laid into the database, each seen later than the one before."""
    person = town.found("Sessions").owner
    account = town.server.query("SELECT id FROM account WHERE email = ?", person.email)[0][0]
    (now,) = town.server.query("SELECT max(seen_at) FROM session WHERE account_id = ?", account)[0]
    have = town.server.query("SELECT count(*) FROM session WHERE account_id = ?", account)[0][0]
    rest = f"{literal(town, id_bytes(account), 'uuid')}, {literal(town, bytes(16), 'bytes')}, {now}, {now + 10 ** 9}"
    rows = ", ".join(f"({literal(town, n.to_bytes(16, 'big'), 'uuid')}, {rest}, {now - 10 ** 6 + n}, 'full')" for n in range(1, most - have))
    town.server.stop()
    town.server.tamper("INSERT INTO session (id, account_id, secret_hash, created_at, expires_at, seen_at, stage) VALUES " + rows)
    town.server.start()
    town.operator.close()  # its line led to the one that stopped

    def kept():
        return {id_bytes(row[0])[-4:] for row in town.server.query("SELECT id FROM session WHERE account_id = ?", account)}
    town.stranger().sign_in(person.email, PASSWORD)
    first = (1).to_bytes(4, "big")
    assert len(kept()) == most and first in kept(), "at the bound all stay"
    town.stranger().sign_in(person.email, PASSWORD)
    assert len(kept()) == most and first not in kept(), "one beyond it the one goes that was seen least lately"


# ---- how many at once


@recipe("invite_rows_max")
def rows_of_one_request(town, door, most):
    org = town.found("Many")

    def ask(count):
        emails = [f"row{n}@example.org" for n in range(count)]
        if door == "invite_check":
            return org.api.submit(f"/o/{org.slug}/users/invite/check", {"addresses": "\n".join(emails), "method": "link", "role": "member"})
        if door == "read_pasted":
            return org.api.post(org.path + "/invitations/read", {"text": "\n".join(emails)})
        path = org.path + "/invitations" + ("/preview" if door == "preview_invitations" else "")
        more = {} if door == "preview_invitations" else {"deliver": False}
        return org.api.post(path, {"invitations": [{"email": e, "role": "member"} for e in emails], **more})
    ask(most).ok(200)
    too_many(ask(most + 1))


@recipe("invite_message_max")
def characters_of_a_message(town, door, most):
    org = town.found("Wordy")
    assert org.send({"email": fresh(), "message": "é" * most}, deliver=False).ok()["results"][0]["outcome"] == "invited"
    row = org.send({"email": fresh(), "message": "é" * (most + 1)}, deliver=False).ok()["results"][0]
    assert row["outcome"] == "invalid-request" and row["problem"]["errors"][0]["code"] == "too-long"


@recipe("members_bulk_max")
def members_of_one_request(town, door, most):
    org = town.found("Bulk")
    member = org.member(org.owner)["id"]
    others = [member[:-4] + f"{n:04}" for n in range(most)]

    def ask(members):
        return org.api.post(org.path + "/members/bulk", {"members": members, "state": "active"})
    ask([member] + others[1:]).ok(200)
    too_many(ask([member] + others))


@recipe("asks_max")
def asks_for_another(town, door, most):
    org, email = town.found("Asked"), fresh()
    inv = org.invite(email, deliver=False)
    token = token_of(org.link(inv).ok()["url"])
    org.revoke(inv).ok(204)
    client = town.stranger()

    def ask():
        town.clock.advance(days=1)
        return form_or_call(client, door, "/invitations/ask-again", f"/i/{token}/ask-again", {} if door.endswith("_form") else {"token": token})
    for _ in range(most):
        ask().ok()
    assert ask().status == 409


@recipe("domains_max")
def domains(town, door, most):
    org = town.found("Domains")
    for field in ("allowed_domains", "refused_domains"):
        org.set(**{field: [f"d{n}.example" for n in range(most)]}).ok()
        too_many(org.set(**{field: [f"d{n}.example" for n in range(most + 1)]}))


# ---- what may be chosen

BOUNDS = [(name, door) for name, row in TABLE["bounds"].items() for door in row["doors"]]


def chosen(value, by):
    """A value as it is typed, one more or less."""
    return value + by if isinstance(value, int) else f"{seconds(value) + by}s"


@pytest.mark.parametrize("name,door", BOUNDS)
def test_a_bound_at_a_door(town, name, door):
    org, row = town.found("Chosen"), TABLE["bounds"][name]

    def ask(value):
        if door == "create_api_key":
            return org.api.post(org.path + "/api-keys", {"name": "Key", "expires_in": value}).status
        if door == "create_invitations":
            method = {} if name == "invitation_lifetime" else {"method": "temporary_password", "delivery": "show"}
            return org.send(fresh(), deliver=False, expires_in=value, **method).status
        assert door == "update_settings", f"{name} has no recipe at {door}"
        return org.set(**{name: value}).status
    for end, beyond in (("least", -1), ("most", 1)):
        if end in row:
            assert ask(chosen(row[end], 0)) in (200, 201, 204), end
            assert ask(chosen(row[end], beyond)) == 422, end
