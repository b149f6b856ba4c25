"""Passkeys: added, listed, renamed, removed; a whole sign-in by themselves."""

import pytest

from lib.authenticator import EDDSA, ES256, PRESENT, RS256, Passkey
from lib.mailbox import token_of
from lib.people import PASSWORD, Person, fresh

SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", public_url=SITE)


def add(person, passkey=None, name=None, **how):
    """A passkey in somebody's account."""
    passkey = passkey or Passkey(SITE)
    options = person.api.post("/me/passkeys/options").ok(200).json
    body = {"credential": passkey.make(options, **how), **({"name": name} if name else {})}
    return passkey, person.api.post("/me/passkeys", body)


def sign_in(client, passkey, **how):
    options = client.post("/sessions/passkey/options").ok(200).json
    return client.post("/sessions/passkey", {"credential": passkey.show(options, **how)})


def remove(of, where, **proof):
    return of.api.call("DELETE", where, proof)


def show(client, passkey, **how):
    """Beside the password, or once more."""
    options = client.post("/sessions/current/passkey/options").ok(200).json
    return client.post("/sessions/current/passkey", {"credential": passkey.show(options, **how)})


def half(acme):
    """A browser that has shown the right password, and waits for the second factor."""
    client = acme.world.client()
    client.submit("/sign-in", {"email": acme.owner.email, "password": PASSWORD}).ok(303)
    return client


def test_what_a_browser_is_asked_for(acme, anonymous):
    made = acme.api.post("/me/passkeys/options").ok(200).json
    assert made["rp"]["id"] == "localhost" and made["attestation"] == "none"
    assert [p["alg"] for p in made["pubKeyCredParams"]] == [ES256, EDDSA, RS256]
    assert made["user"]["name"] == acme.owner.email and made["excludeCredentials"] == []
    shown = anonymous.post("/sessions/passkey/options").ok(200).json
    assert shown["userVerification"] == "required" and shown["allowCredentials"] == [] and shown["rpId"] == "localhost"
    assert shown["challenge"] != anonymous.post("/sessions/passkey/options").ok(200)["challenge"]
    assert acme.world.server.query("SELECT COUNT(*) FROM challenge_used")[0][0] == 0, "asking writes nothing"


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("fmt", ["none", "packed"])
def test_a_passkey_is_a_whole_sign_in(acme, anonymous, inbox, algorithm, fmt):
    inbox.settle(0.2)
    before = len(inbox.all_for(acme.owner.email))
    passkey, answer = add(acme.owner, Passkey(SITE, algorithm), name="Téléphone", fmt=fmt)
    answer.ok(201)
    assert answer["id"].startswith("pky_") and answer["name"] == "Téléphone" and answer["discoverable"] is True
    assert answer["last_used_at"] is None
    assert "passkey" in inbox.last(acme.owner.email, before + 1).text.lower()
    signed = sign_in(anonymous, passkey).ok(201)
    assert signed["account"]["id"] == acme.owner.id and signed["session"]["id"].startswith("ses_")
    assert anonymous.get("/me").ok()["id"] == acme.owner.id
    rows = anonymous.get("/me/passkeys").ok()["items"]
    assert len(rows) == 1 and rows[0]["last_used_at"]
    sign_in(anonymous, passkey).ok(201)


def test_it_counts_as_a_second_factor(acme, anonymous):
    passkey, answer = add(acme.owner)
    answer.ok(201)
    sign_in(anonymous, passkey).ok(201)
    raw = acme.world.server.query("SELECT COUNT(*) FROM session WHERE factor_at IS NOT NULL AND factor_at = created_at")
    assert raw[0][0] >= 1


def test_the_password_alone_no_longer_signs_in(acme, anonymous):
    passkey, answer = add(acme.owner)
    answer.ok(201)
    said = {"email": acme.owner.email, "password": PASSWORD}
    anonymous.post("/sessions", said).refused("second-factor-required", 401)
    client = half(acme)
    client.get("/me").refused("second-factor-required", 401)
    client.post("/me/passkeys/options").refused("second-factor-required", 401)
    waiting = client.twin()
    options = client.post("/sessions/current/passkey/options").ok(200).json
    assert [c["id"] for c in options["allowCredentials"]] == [passkey.show(options, count=0)["id"]]
    assert options["userVerification"] == "preferred"
    show(client, passkey, flags=PRESENT).ok(201)  # the password says who, the passkey that they have it
    assert client.get("/me").ok()["id"] == acme.owner.id
    waiting.get("/me").refused("unauthenticated", 401)


def test_a_second_factor_is_ones_own(acme, rival):
    passkey, answer = add(acme.owner)
    answer.ok(201)
    others, answer = add(rival.owner)
    answer.ok(201)
    client = half(acme)
    show(client, others).refused("second-factor-failed", 401)
    show(client, others, handle=passkey.handle).refused("second-factor-failed", 401)
    options = acme.world.client().post("/sessions/passkey/options").ok(200).json
    client.post("/sessions/current/passkey", {"credential": passkey.show(options)}).refused("second-factor-failed", 401)
    theirs = rival.api.post("/sessions/current/passkey/options").ok(200).json
    client.post("/sessions/current/passkey", {"credential": passkey.show(theirs)}).refused("second-factor-failed", 401)
    show(client, passkey).ok(201)
    client.get("/me").ok()


def test_who_adds_or_removes_proves_it(acme, clock):
    first, answer = add(acme.owner)
    where = "/me/passkeys/" + answer.ok(201)["id"]
    clock.advance(minutes=11)
    _, answer = add(acme.owner)
    answer.refused("proof-required", 403)
    remove(acme, where).refused("proof-required", 403)
    remove(acme, where, current_password="wrong").refused("sign-in-failed", 401)
    assert len(acme.api.get("/me/passkeys").ok()["items"]) == 1
    old = acme.api.twin()
    show(acme.api, first).ok(201)  # proves it too, and for ten minutes more
    old.get("/me").refused("unauthenticated", 401)
    add(acme.owner)[1].ok(201)
    clock.advance(minutes=11)
    remove(acme, where, current_password=PASSWORD).ok(204)
    assert len(acme.api.get("/me/passkeys").ok()["items"]) == 1


def test_what_an_organization_asks_for_stays(acme):
    passkey, answer = add(acme.owner)
    where = "/me/passkeys/" + answer.ok(201)["id"]
    show(acme.api, passkey).ok(201)
    acme.set(second_factor="all").ok()
    acme.api.get(acme.path + "/members").ok()
    remove(acme, where).refused("conflict", 409)
    acme.set(second_factor="none").ok()
    remove(acme, where).ok(204)


def test_the_operator_helps_whoever_lost_it(acme, anonymous, server):
    passkey, answer = add(acme.owner)
    answer.ok(201)
    server.cli("account", "remove-second-factor", acme.owner.email)
    sign_in(anonymous, passkey).refused("sign-in-failed", 401)
    anonymous.sign_in(acme.owner.email, PASSWORD)


def test_what_the_browser_already_has_is_excluded(acme):
    passkey, answer = add(acme.owner)
    answer.ok(201)
    excluded = acme.api.post("/me/passkeys/options").ok(200)["excludeCredentials"]
    assert excluded == [{"type": "public-key", "id": passkey.make({"user": {"id": "AA"}, "rp": {"id": "x"}, "challenge": ""})["id"],
                         "transports": ["internal"]}]
    _, again = add(acme.owner, passkey)
    again.refused("passkey-refused", 422)


def test_renamed_and_removed(acme, rival, anonymous, inbox):
    passkey, answer = add(acme.owner)
    where = "/me/passkeys/" + answer.ok(201)["id"]
    acme.api.patch(where, {"name": "  Clé   bleue "}).ok(200)
    assert acme.api.get("/me/passkeys").ok()["items"][0]["name"] == "Clé bleue"
    acme.api.patch(where, {"name": "https://evil.example"}).refused("invalid-request", 422)
    rival.api.patch(where, {"name": "mine"}).refused("not-found", 404)
    remove(rival, where).refused("not-found", 404)
    sign_in(anonymous, passkey).ok(201)
    inbox.settle(0.2)
    before = len(inbox.all_for(acme.owner.email))
    remove(acme, where).ok(204)
    assert "passkey" in inbox.last(acme.owner.email, before + 1).text.lower()
    sign_in(anonymous, passkey).refused("sign-in-failed", 401)
    remove(acme, where).refused("not-found", 404)


def test_the_export_names_them_and_holds_no_key(acme):
    passkey, answer = add(acme.owner, name="Clé bleue")
    answer.ok(201)
    export = acme.api.get("/me/export").ok()
    assert [p["name"] for p in export["passkeys"]] == ["Clé bleue"]
    assert set(export["passkeys"][0]) == {"id", "name", "discoverable", "created_at", "last_used_at"}


def test_no_more_than_twenty(acme):
    late = acme.api.post("/me/passkeys/options").ok(200).json
    for _ in range(20):
        add(acme.owner)[1].ok(201)
    acme.api.post("/me/passkeys/options").refused("passkey-limit-reached", 409)
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(late)}).refused("passkey-limit-reached", 409)


def test_one_that_did_not_ask_its_user_is_no_sign_in(acme, anonymous):
    passkey, answer = add(acme.owner, flags=PRESENT)
    answer.ok(201)
    sign_in(anonymous, passkey, flags=PRESENT).refused("sign-in-failed", 401)
    sign_in(anonymous, passkey).ok(201)


def test_names_are_given_where_none_is(acme):
    assert add(acme.owner)[1].ok(201)["name"] == "Passkey"


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:4711", "http://parvis.example", "https://192.0.2.7", "https://[2001:db8::1]"])
def test_where_browsers_offer_none(make_server, public_url):
    server = make_server(public_url=public_url)
    server.setup()
    client = server.client().sign_in("olive.martin@example.org", "orchard-lantern-42")
    client.post("/sessions/passkey/options").refused("passkeys-unavailable", 409)
    client.post("/me/passkeys/options").refused("passkeys-unavailable", 409)
    made = Passkey(public_url).make({"user": {"id": "AA"}, "rp": {"id": "127.0.0.1"}, "challenge": "AA"})
    client.post("/me/passkeys", {"credential": made}).refused("passkey-refused", 422)


# ---- in place of a password


def enrol(world, token, passkey=None, client=None, **how):
    """Accepts an invitation with a passkey; the answer, with the client and the passkey."""
    client, passkey = client or world.client(), passkey or Passkey(SITE)
    asked = {"token": token, "given_name": "Zoé", "family_name": "Durand"}
    options = client.post("/invitations/passkey/options", asked).ok(200).json
    answer = client.post("/invitations/accept", {**asked, "passkey": passkey.make(options, **how)})
    answer.client, answer.passkey, answer.options = client, passkey, options
    return answer


@pytest.fixture
def invited(acme, inbox):
    email = fresh()
    acme.invite(email)
    return email, inbox.token_for(email)


def test_enrolling_with_a_passkey(acme, invited, anonymous):
    email, token = invited
    answer = enrol(acme.world, token).ok(201)
    assert answer.options["user"]["displayName"] == "Zoé Durand" and answer.options["user"]["name"] == email
    assert answer.options["authenticatorSelection"] == {
        "residentKey": "required", "requireResidentKey": True, "userVerification": "required"}
    me = answer.client.get("/me").ok().json
    assert me["id"] == answer["member"]["account"]["id"]
    signed = sign_in(anonymous, answer.passkey).ok(201)
    assert signed["account"]["id"] == me["id"] and signed["account"]["email"] == email
    anonymous.post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed", 401)
    rows = acme.world.server.query("SELECT COUNT(*) FROM session WHERE factor_at IS NULL AND account_id IN "
                                   "(SELECT id FROM account WHERE email_key = ?)", email)
    assert rows[0][0] == 0, "each of these sessions has shown more than a password"


def test_enrolling_wants_a_verified_user_and_its_own_challenge(acme, invited, rival, inbox):
    email, token = invited
    enrol(acme.world, token, flags=PRESENT).refused("passkey-refused", 422)
    other = fresh()
    rival.invite(other)
    theirs = acme.world.client().post("/invitations/passkey/options", {"token": inbox.token_for(other)}).ok(200).json
    named = {"token": token, "given_name": "Zoé", "family_name": "Durand"}
    made = Passkey(SITE).make(theirs)
    acme.world.client().post("/invitations/accept", {**named, "passkey": made}).refused("passkey-refused", 422)
    acme.world.client().post("/invitations/accept", named).refused("invalid-request", 422)
    first = enrol(acme.world, token).ok(201)
    again = {**named, "passkey": Passkey(SITE).make(first.options)}
    acme.world.client().post("/invitations/accept", again).refused("invitation-already-accepted", 410)
    acme.world.client().post("/invitations/passkey/options", {"token": token}).refused("invitation-already-accepted", 410)
    acme.world.client().post("/invitations/passkey/options", {"token": "AAAA"}).refused("invitation-invalid", 404)


def test_the_only_way_in_stays(acme, invited, clock):
    """Without a password the last passkey cannot go; beside a second one, or a password, it can."""
    email, token = invited
    answer = enrol(acme.world, token).ok(201)
    zoe = Person(answer.client, email)
    first = zoe.api.get("/me/passkeys").ok()["items"][0]["id"]
    remove(zoe, "/me/passkeys/" + first).refused("last-way-in", 409)
    second = add(zoe)[1].ok(201)["id"]
    remove(zoe, "/me/passkeys/" + first).ok(204)
    remove(zoe, "/me/passkeys/" + second).refused("last-way-in", 409)
    clock.advance(minutes=11)
    zoe.api.post("/me/password", {"new_password": "another good sentence"}).refused("proof-required", 403)


def test_a_first_password_beside_a_passkey(acme, invited, anonymous):
    email, token = invited
    answer = enrol(acme.world, token).ok(201)
    zoe = Person(answer.client, email)
    zoe.api.post("/me/password", {"new_password": "another good sentence"}).ok(204)
    zoe.api.post("/me/password", {"new_password": "a third good sentence"}).refused("invalid-request", 422)
    said = {"email": email, "password": "another good sentence"}
    anonymous.post("/sessions", said).refused("second-factor-required", 401)
    remove(zoe, "/me/passkeys/" + zoe.api.get("/me/passkeys").ok()["items"][0]["id"]).ok(204)
    anonymous.post("/sessions", said).ok(201)


def test_a_reset_replaces_a_lost_passkey(acme, invited, anonymous, inbox):
    email, token = invited
    lost = enrol(acme.world, token).ok(201).passkey
    anonymous.post("/password-resets", {"email": email}).ok(202)
    reset = inbox.resets(email)[0].token
    anonymous.post("/password-resets/complete", {"token": reset, "new_password": "another good sentence"}).ok(204)
    sign_in(anonymous, lost).refused("sign-in-failed", 401)
    anonymous.sign_in(email, "another good sentence")


def test_whoever_has_the_mailbox_takes_an_unproved_account_and_its_passkeys_die(acme, anonymous, inbox):
    """A copied link proves no address: who came by it leaves no way in behind."""
    email = fresh()
    first = acme.invite(email, deliver=False)
    stranger = enrol(acme.world, token_of(acme.link(first).ok()["url"])).ok(201)
    sign_in(anonymous, stranger.passkey).ok(201)
    other = acme.world.found("Other")
    other.invite(email)
    holder = enrol(acme.world, inbox.token_for(email)).ok(201)
    sign_in(anonymous, stranger.passkey).refused("sign-in-failed", 401)
    stranger.client.get("/me").refused("unauthenticated", 401)
    assert sign_in(anonymous, holder.passkey).ok(201)["account"]["email"] == email


MADE = {"credProps": {"rk": True, "authenticatorDisplayName": "Vault"}, "prf": {"enabled": True, "results": {"first": "AAAA"}},
        "appidExclude": True, "largeBlob": {"supported": False}, "hmacCreateSecret": True}
SHOWN = {"appid": False, "prf": {"results": {"first": "AAAA"}}, "uvm": [[2, 4, 2]], "credProps": {"authenticatorDisplayName": "Vault"}}


def test_results_of_extensions_that_nobody_asked_for_are_passed_over(acme, anonymous):
    """PublicKeyCredential.toJSON as browsers and password managers give it."""
    person = acme.join()
    passkey = Passkey(SITE)
    made = passkey.make(person.api.post("/me/passkeys/options").ok(200).json)
    made["clientExtensionResults"] = MADE
    person.api.post("/me/passkeys", {"credential": made}).ok(201)
    shown = passkey.show(anonymous.post("/sessions/passkey/options").ok(200).json)
    shown["clientExtensionResults"] = SHOWN
    shown["response"]["attestationObject"] = None
    anonymous.post("/sessions/passkey", {"credential": shown}).ok(201)


def test_the_rest_of_a_credential_is_closed(acme):
    person = acme.join()
    for change in ({"prf": {}}, {"clientExtensionResults": {"credProps": {"rk": "yes"}}}, {"clientExtensionResults": []}):
        made = Passkey(SITE).make(person.api.post("/me/passkeys/options").ok(200).json)
        person.api.post("/me/passkeys", {"credential": {**made, **change}}).refused("invalid-request", 422)
