"""Founding an organization without an operator: by a mailed code, by a session, and by one of the operator's keys."""

import re
import time

import pytest

from lib.people import PASSWORD, World, fresh
from lib.server import together

KNOWN = re.compile("already have an account|déjà un compte")


@pytest.fixture(scope="module")
def town(make_server, smtp):
    """A server where anybody may found an organization."""
    return World(make_server(mail=smtp.uri, signup="on"), smtp)


def form(email, **more):
    return {"email": email, "given_name": "Zoé", "family_name": "Nguyễn", "password": PASSWORD, "organization": "Atelier Zoé",
            "locale": "en", **more}


def begin(town, email, client=None, **more):
    return (client or town.client()).post("/signups", form(email, **more)).ok(202)["signup"]


def digits(mail):
    return re.search(r"\b(\d{3}) (\d{3})\b", mail.text).group(0)


def code_for(town, email, count=1):
    return digits(town.inbox.last(email, count))


def other_than(code):
    return "000000" if code.replace(" ", "") != "000000" else "000001"


# ---- by a mailed code


def test_a_stranger_founds_an_organization(town):
    email, client = fresh("Zoe.Nguyen"), town.client()
    signup = begin(town, email, client)
    assert "parvis_session" not in client.cookies
    made = client.post("/signups/confirm", {"signup": signup, "code": code_for(town, email)}).ok(201)
    assert made["organization"]["name"] == "Atelier Zoé" and made["account"]["email"] == email
    assert made["account"]["email_proved"] is True and made["session"]["id"].startswith("ses_")
    slug = made["organization"]["slug"]
    (owner,) = client.items(f"/organizations/{slug}/members")
    assert owner["role"] == "owner" and owner["account"]["family_name"] == "Nguyễn"
    town.client().sign_in(email, PASSWORD)
    town.client().post("/signups/confirm", {"signup": signup, "code": other_than(code_for(town, email))}).refused("code-invalid", 410)
    town.client().post("/signups/confirm", {"signup": signup, "code": code_for(town, email)}).refused("code-invalid", 410)


@pytest.mark.parametrize("typed", ["{}{}", " {} {} ", "{}-{}"])
def test_a_code_is_typed_as_one_likes(town, typed):
    email = fresh()
    signup = begin(town, email)
    code = typed.format(*code_for(town, email).split())
    town.client().post("/signups/confirm", {"signup": signup, "code": code}).ok(201)


def test_a_known_address_is_told_by_mail_alone(town):
    owner = town.found("Known").owner.prove(town.inbox)
    before = len(town.inbox.all_for(owner.email))
    signup = begin(town, owner.email.upper())
    mail = town.inbox.last(owner.email, before + 1)
    assert mail.recipients == [owner.email] and KNOWN.search(mail.text) and not re.search(r"\b\d{3} \d{3}\b", mail.text)
    assert f"{town.server.url}/sign-in?next=%2Forganizations%2Fnew" in mail.links
    for code in ("000000", "123456", "123", "x" * 32):
        town.client().post("/signups/confirm", {"signup": signup, "code": code}).refused("code-invalid", 410)
    rows = town.server.query("SELECT action FROM audit_event WHERE action = 'signup.of_known'")
    assert rows


def test_what_was_typed_is_in_no_mail(town):
    email = fresh()
    begin(town, email, given_name="Visit evil.example now", organization="Win-a-prize.example")
    raw = town.inbox.last(email).text + town.inbox.last(email).html
    assert "evil" not in raw and "prize" not in raw
    for name in ("https://evil.example", "www.evil.example", "a@evil.example", "<b>x</b>", "a\nb", "\u202eabc", "x" * 101, " "):
        for field in ("given_name", "family_name", "organization"):
            if name == " " and field == "family_name":  # some people have one name
                continue
            town.client().post("/signups", form(fresh(), **{field: name})).refused("invalid-request", 422)


def test_all_that_is_wrong_is_said(town):
    town.client().post("/signups", form("nobody")).refused("invalid-address", 422)
    town.client().post("/signups", form("zoé@example.org")).refused("invalid-address", 422)
    town.client().post("/signups", form(fresh(), password="12345678")).refused("password-too-weak", 422)
    town.client().post("/signups", form(fresh(), password="Atelier Zoé")).refused("password-too-weak", 422)
    town.client().post("/signups", {"email": fresh()}).refused("invalid-request", 422)


def test_five_tries_then_only_another_code_helps(town):
    email, client = fresh(), town.client()
    signup = begin(town, email)
    code = code_for(town, email)
    for _ in range(5):
        client.post("/signups/confirm", {"signup": signup, "code": other_than(code)}).refused("code-invalid", 410)
    client.post("/signups/confirm", {"signup": signup, "code": code}).refused("code-invalid", 410)
    waits = client.post("/signups/resend", {"signup": signup}).refused("rate-limited", 429)
    assert 0 < int(waits.headers["Retry-After"]) <= 60
    town.clock.advance(seconds=61)
    client.post("/signups/resend", {"signup": signup}).ok(202)
    client.post("/signups/confirm", {"signup": signup, "code": code_for(town, email, 2)}).ok(201)


def test_a_code_is_good_for_ten_minutes(town):
    email, client = fresh(), town.client()
    signup = begin(town, email)
    code = code_for(town, email)
    town.clock.advance(minutes=10, seconds=1)
    client.post("/signups/confirm", {"signup": signup, "code": code}).refused("code-invalid", 410)
    client.post("/signups/resend", {"signup": signup}).ok(202)
    fresh_code = code_for(town, email, 2)
    if fresh_code != code:
        client.post("/signups/confirm", {"signup": signup, "code": code}).refused("code-invalid", 410)
    client.post("/signups/confirm", {"signup": signup, "code": fresh_code}).ok(201)


def test_the_delay_grows_and_five_mails_more_are_all(town):
    known, unknown = town.found("Known").owner.email, fresh()
    told = {}
    for email in (known, unknown):
        client, seen = town.client(), []
        signup = begin(town, email)
        for _ in range(5):
            wait = int(client.post("/signups/resend", {"signup": signup}).refused("rate-limited").headers["Retry-After"])
            seen.append(round(wait / 60))
            town.clock.advance(seconds=wait)
            client.post("/signups/resend", {"signup": signup}).ok(202)
        town.clock.advance(minutes=40)
        client.post("/signups/resend", {"signup": signup}).refused("rate-limited", 429)
        town.inbox.wait(email, 6)
        told[email] = seen
    assert told[known] == told[unknown] == [1, 2, 4, 8, 16]


def test_an_address_that_got_an_account_meanwhile(town, smtp):
    email, client = fresh(), town.client()
    signup = begin(town, email)
    code = code_for(town, email)
    town.found("Meanwhile").join(email)
    client.post("/signups/confirm", {"signup": signup, "code": code}).refused("code-invalid", 410)


def test_two_sign_ups_for_one_address_give_one_account(town):
    email = fresh()
    signups = [begin(town, email) for _ in range(2)]
    codes = [digits(m) for m in town.inbox.wait(email, 2)]
    answers = together(4, lambda i: town.client().post("/signups/confirm", {"signup": signups[i // 2], "code": codes[i % 2]}))
    assert [a.status for a in answers].count(201) == 1 and {a.status for a in answers} <= {201, 410, 503}, answers
    assert len(town.server.query("SELECT 1 FROM account WHERE email = ?", email)) == 1


@pytest.mark.parametrize("signup", ["sgn_01h455vb4pex5vsknk084sn02q", "org_01h455vb4pex5vsknk084sn02q", "x", "é"])
def test_a_sign_up_that_is_none(town, signup):
    town.client().post("/signups/confirm", {"signup": signup, "code": "123456"}).refused("code-invalid", 410)
    town.client().post("/signups/resend", {"signup": signup}).refused("code-invalid", 410)


def test_it_is_off_unless_the_operator_says_so(server, world, smtp):
    email = fresh()
    client = world.client()
    client.post("/signups", form(email)).refused("not-found", 404)
    client.post("/signups/resend", {"signup": "sgn_01h455vb4pex5vsknk084sn02q"}).refused("not-found", 404)
    client.post("/signups/confirm", {"signup": "sgn_01h455vb4pex5vsknk084sn02q", "code": "123456"}).refused("not-found", 404)
    world.found("Closed").api.post("/organizations", {"name": "More"}).refused("forbidden", 403)
    assert server.query("SELECT count(*) FROM signup")[0][0] == 0


def test_nothing_that_was_typed_is_kept_in_clear(town):
    email = fresh("canary")
    begin(town, email, given_name="Canariensis", organization="Serinus Works")
    code = code_for(town, email)
    sealed, password, kept = town.server.query("SELECT sealed, password_hash, code_hash FROM signup ORDER BY id DESC LIMIT 1")[0]
    for part in (sealed, kept, password.encode()):
        for word in (email.encode(), b"Canariensis", b"Serinus", PASSWORD.encode(), code.replace(" ", "").encode()):
            assert word not in part
    assert password.startswith("$argon2id$")


def test_old_sign_ups_are_swept(town):
    begin(town, fresh())
    town.clock.advance(hours=4)
    until = time.monotonic() + 20
    while town.server.query("SELECT count(*) FROM signup")[0][0]:
        assert time.monotonic() < until
        time.sleep(0.1)


# ---- by a session


def test_whoever_is_signed_in_founds_another(town):
    owner = town.found("First").owner.prove(town.inbox)
    made = owner.api.post("/organizations", {"name": "Second", "locale": "fr"}).ok(201)
    assert made["account"]["id"] == owner.id
    assert {m["role"] for m in owner.api.items(f"/organizations/{made['organization']['slug']}/members")} == {"owner"}
    other = {"email": fresh(), "given_name": "A", "family_name": "B"}
    owner.api.post("/organizations", {"name": "Third", "owner": other}).refused("invalid-request", 422)
    owner.api.post("/organizations", {"name": "Third", "member_limit": 5}).refused("forbidden", 403)
    owner.api.post("/organizations", {"name": "Third", "slug": made["organization"]["slug"]}).refused("conflict", 409)
    town.client().post("/organizations", {"name": "Third"}).refused("unauthenticated", 401)


def test_an_unproved_address_founds_nothing(town):
    acme = town.found("Proof")
    link = acme.link(acme.invite(fresh(), deliver=False)).ok()["url"]
    client = town.enrol(link).ok(201).client
    client.post("/organizations", {"name": "Mine"}).refused("address-unproved", 403)


# ---- by a key of the operator's


def test_an_instance_key_founds_and_lists(town, server):
    made = town.operator.post("/instance-keys", {"name": "shop"}).ok(201).json
    assert made["key"].startswith("pvi_") and made["id"].startswith("ink_")
    program = town.client(key=made["key"])
    founded = program.post("/organizations", {"name": "Sold", "member_limit": 3,
                                              "owner": {"email": fresh(), "given_name": "A", "family_name": "B"}}).ok(201)
    assert founded["set_password_url"] and founded["organization"]["member_limit"] == 3
    assert founded["organization"]["id"] in {o["id"] for o in program.items("/organizations")}
    program.post("/organizations", {"name": "Nobody's"}).refused("invalid-request", 422)
    listed = town.operator.get("/instance-keys").ok()
    assert [k["name"] for k in listed["items"]] == ["shop"] and made["key"] not in listed.text
    rows = town.server.query("SELECT actor_kind, actor_id FROM audit_event WHERE action = 'organization.created' ORDER BY id DESC LIMIT 1")
    assert rows[0][0] == "instance_key" and rows[0][1]
    town.operator.delete(f"/instance-keys/{made['id']}").ok(204)
    program.get("/organizations").refused("unauthenticated", 401)
    town.operator.delete(f"/instance-keys/{made['id']}").refused("not-found", 404)


def test_the_command_line_makes_and_revokes_instance_keys(server):
    key = server.cli("instance-key", "create", "billing").stdout.strip()
    assert key.startswith("pvi_")
    assert "billing" in server.cli("instance-key", "list").stdout
    (row,) = [r for r in server.operator.items("/instance-keys") if r["name"] == "billing"]
    server.client(key=key).get("/organizations").ok()
    server.cli("instance-key", "revoke", row["id"])
    server.client(key=key).get("/organizations").refused("unauthenticated", 401)
