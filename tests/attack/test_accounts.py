"""Attacks on sign-in, reset, sign-up and the operator's keys."""

import re

import pytest

from lib.people import PASSWORD, World, fresh
from lib.server import together
from lib.spec import document, routes

NEW = "orchard-lantern-43"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    """Anybody may found an organization; limits are on; our own proxy says who calls."""
    return World(make_server(mail=smtp.uri, signup="on", rate_limits="on", trusted_proxies="127.0.0.1"), smtp)


def form(email, **more):
    return {"email": email, "given_name": "Zoé", "family_name": "Durand", "password": PASSWORD, "organization": "Atelier", **more}


def from_(source):
    return {"X-Forwarded-For": source}


def begin(town, email, source="192.0.2.1"):
    return town.client().post("/signups", form(email), from_(source)).ok(202)["signup"]


def code_for(town, email):
    return re.search(r"\b\d{3} \d{3}\b", town.inbox.last(email).text).group(0)


def session_names(client):
    return [n for n in client.cookies if "session" in n]


# ---- reset


def test_a_reset_goes_to_the_spelling_that_is_stored(acme, inbox, anonymous):
    """GitLab CVE-2023-7028, Django CVE-2019-19844: twins of an address, whole and in their domain, get nothing."""
    email = fresh("kim", "mail.example.org")
    acme.join(email)
    before = len(inbox.mails)
    twins = [email.replace("k", "\u212a"), email.replace("i", "\u0131"), email.replace("@", "\uff20"), email.replace("mail", "ma\u0131l"),
             email + "\u00a0", "\u200b" + email, email.replace("example", "examp\u013ae"), email.replace(".org", "\u3002org ")]
    for twin in twins:
        anonymous.post("/password-resets", {"email": twin})
    anonymous.post("/password-resets", {"email": email.upper()}).ok(202)
    assert inbox.resets(email)[0].recipients == [email]
    inbox.settle(1.2)
    strangers = [m.recipients for m in inbox.mails[before:] if m.recipients != [email]]
    assert strangers == [], strangers
    assert all("\u212a" not in m.text and "\u0131" not in m.text for m in inbox.mails[before:])


def test_a_reset_of_an_unproved_address_takes_it_from_the_squatter(acme, inbox, anonymous):
    """The mail goes to the address itself: its holder gets the account, whoever made it by a copied link is out."""
    email = fresh()
    link = acme.link(acme.invite(email, deliver=False)).ok()["url"]
    squatter = acme.world.enrol(link).ok(201).client
    anonymous.post("/password-resets", {"email": email}).ok(202)
    token = inbox.resets(email)[0].token
    anonymous.post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204)
    squatter.get("/me").refused("unauthenticated", 401)
    squatter.post("/sessions", {"email": email, "password": PASSWORD}).refused("sign-in-failed")
    anonymous.sign_in(email, NEW)


def test_one_reset_link_raced_by_64_is_used_once(acme, inbox):
    owner = acme.owner
    acme.world.client().post("/password-resets", {"email": owner.email}).ok(202)
    token = inbox.resets(owner.email)[0].token
    clients = [acme.world.client() for _ in range(64)]
    passwords = [f"orchard-lantern-{i}-x" for i in range(64)]
    answers = together(64, lambda i: clients[i].post("/password-resets/complete", {"token": token, "new_password": passwords[i]}))
    assert {a.status for a in answers} <= {204, 410, 503}, answers
    won = [p for a, p in zip(answers, passwords) if a.status == 204]
    assert len(won) == 1
    acme.world.client().sign_in(owner.email, won[0])
    acme.world.client().post("/password-resets/complete", {"token": token, "new_password": NEW}).refused("token-invalid", 410)


@pytest.mark.parametrize("way", ["change", "reset"])
def test_no_session_outlives_the_password(acme, inbox, way):
    owner = acme.owner
    others = [acme.world.client().sign_in(owner.email, PASSWORD) for _ in range(3)]
    browser = acme.world.client()
    browser.submit("/sign-in", {"email": owner.email, "password": PASSWORD})
    if way == "change":
        kept = owner.api.twin()
        owner.api.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(204)
        owner.api.get("/me").ok()
    else:
        kept = owner.api
        acme.world.client().post("/password-resets", {"email": owner.email}).ok(202)
        token = inbox.resets(owner.email)[0].token
        acme.world.client().post("/password-resets/complete", {"token": token, "new_password": NEW}).ok(204)
    for dead in [kept, *others]:
        dead.get("/me").refused("unauthenticated", 401)
        dead.get(acme.path + "/members").refused("unauthenticated", 401)
        dead.post("/check", {"organization": acme.slug, "permission": "resources.use"}).refused("unauthenticated", 401)
    assert browser.page("/me").status in (303, 302, 401)


# ---- fixation


@pytest.mark.parametrize("door", ["api", "console"])
def test_a_planted_cookie_never_becomes_a_session(acme, rival, door):
    """Session fixation: what signs in gets an id of its own, and what was there before is worth what it was."""
    for planted in ("A" * 43, rival.api.cookies["parvis_session"], ""):
        client = acme.world.client()
        client.cookies["parvis_session"] = planted
        if door == "api":
            client.post("/sessions", {"email": acme.owner.email, "password": PASSWORD}).ok(201)
        else:
            assert client.submit("/sign-in", {"email": acme.owner.email, "password": PASSWORD}).status == 303
        assert client.cookies["parvis_session"] != planted
        assert client.get("/me").ok()["email"] == acme.owner.email
        thief = acme.world.client()
        thief.cookies["parvis_session"] = planted
        answer = thief.get("/me")
        assert answer.status == 401 or answer["email"] == rival.owner.email


def test_a_planted_cookie_does_not_survive_sign_up(town):
    email, client = fresh(), town.client()
    client.cookies["parvis_session"] = planted = "B" * 43
    signup = begin(town, email)
    client.post("/signups/confirm", {"signup": signup, "code": code_for(town, email)}).ok(201)
    assert client.cookies["parvis_session"] != planted
    thief = town.client()
    thief.cookies["parvis_session"] = planted
    thief.get("/me").refused("unauthenticated", 401)


# ---- sign-up


def test_a_code_is_not_guessed_from_many_addresses(town):
    """Five tries a code, wherever they come from: the tries are the sign-up's, not the guesser's."""
    email = fresh()
    signup = begin(town, email)
    code = code_for(town, email)
    wrong = [f"{n:06d}" for n in range(40) if f"{n:06d}" != code.replace(" ", "")][:32]
    answers = [town.client().post("/signups/confirm", {"signup": signup, "code": c}, from_(f"203.0.113.{i}")) for i, c in enumerate(wrong)]
    assert {a.problem for a in answers} == {"code-invalid"} and len({a.headers["Content-Length"] for a in answers}) == 1
    town.client().post("/signups/confirm", {"signup": signup, "code": code}, from_("198.51.100.9")).refused("code-invalid", 410)
    assert town.server.query("SELECT count(*) FROM account WHERE email = ?", email)[0][0] == 0


def test_64_guesses_at_once_are_counted_one_by_one(town):
    """The tries are counted under a lock: of as many clients none finds an older count."""
    for turn in range(3):
        email = fresh()
        signup = begin(town, email, f"192.0.2.{2 + turn}")
        code = code_for(town, email)
        wrong = "000000" if code != "000 000" else "000001"
        clients = [town.client() for _ in range(64)]
        guesses = together(64, lambda i: clients[i].post("/signups/confirm", {"signup": signup, "code": wrong}, from_(f"198.51.100.{i}")))
        refused = [a.problem for a in guesses].count("code-invalid")
        assert town.server.query("SELECT tries FROM signup ORDER BY id DESC LIMIT 1")[0][0] == refused >= 5
        clients[0].post("/signups/confirm", {"signup": signup, "code": code}, from_("198.51.100.99")).refused("code-invalid", 410)


def test_one_source_tries_no_endless_number_of_sign_ups(town):
    codes = [town.client().post("/signups/confirm", {"signup": "sgn_01h455vb4pex5vsknk084sn02q", "code": "123456"}, from_("2001:db8:9:9::%x" % i)).problem
             for i in range(70)]
    assert codes[0] == "code-invalid" and codes[-1] == "rate-limited"


def test_nobodys_mailbox_is_flooded_by_sign_ups(town):
    """Twelve mails a day to one address, then one in ten minutes, known or not, from wherever they are asked for; the answers
    are alike."""
    known, unknown = town.found("Flooded").owner.prove(town.inbox).email, fresh("flooded")
    town.inbox.settle(0.3)
    had = {email: len(town.inbox.all_for(email)) for email in (known, unknown)}
    for email in (known, unknown):
        assert {town.client().post("/signups", form(email), from_(f"10.9.8.{i}")).status for i in range(24)} == {202}
        town.inbox.wait(email, had[email] + 13)
    town.inbox.settle(1.2)
    for email in (known, unknown):
        assert 13 <= len(town.inbox.all_for(email)) - had[email] <= 14, "another one where ten minutes ended in between"


def test_signing_up_with_somebodys_address_reveals_and_changes_nothing(town):
    owner = town.found("Victim").owner
    before = town.server.query("SELECT email, password_hash, given_name FROM account WHERE email = ?", owner.email)
    answers = {}
    for email in (owner.email, fresh("x" * (len(owner.email) - 15))):
        answer = town.client().post("/signups", form(email, given_name="Mallory"), from_("192.0.2.200"))
        headers = {k: v for k, v in answer.headers.items() if k not in ("Date", "X-Request-Id")}
        answers[email] = (answer.status, headers, re.sub("sgn_[0-9a-z]{26}", "", answer.text))
    assert len({repr(a) for a in answers.values()}) == 1, answers
    town.inbox.settle(1.2)
    assert town.server.query("SELECT email, password_hash, given_name FROM account WHERE email = ?", owner.email) == before
    assert "Mallory" not in town.inbox.last(owner.email).text
    town.client().sign_in(owner.email, PASSWORD)


def test_the_code_of_one_sign_up_serves_no_other(town):
    mine, theirs = fresh("mallory"), fresh("alice")
    first, second = begin(town, mine, "192.0.2.60"), begin(town, theirs, "192.0.2.61")
    code = code_for(town, mine)
    if code != code_for(town, theirs):
        town.client().post("/signups/confirm", {"signup": second, "code": code}).refused("code-invalid", 410)
    made = town.client().post("/signups/confirm", {"signup": first, "code": code}).ok(201)
    assert made["account"]["email"] == mine


# ---- keys of the operator's


@pytest.fixture(scope="module")
def program(world):
    key = world.operator.post("/instance-keys", {"name": "attacked"}).ok(201)["key"]
    return world.client(key=key)


def filled(route, org):
    """The route's path with ids that are well-formed, so that nothing but the right to call it is asked."""
    path = route.path.removeprefix("/api/v1")
    for parameter in route.params:
        if "$ref" in parameter:
            parameter = document("openapi.yaml")["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        prefix = parameter.get("schema", {}).get("x-prefix")
        value = f"{prefix}_01h455vb4pex5vsknk084sn02q" if prefix else org.slug if parameter["name"] == "org" else "x"
        path = path.replace("{%s}" % parameter["name"], value)
    return path


@pytest.fixture(scope="module")
def guarded(world):
    return world.found("Guarded")


@pytest.mark.parametrize("route", [r for r in routes() if not r.instance_key and r.kind != "bare"], ids=repr)
def test_an_instance_key_is_refused_on_every_other_route(program, guarded, route):
    sent = {"Content-Type": route.media} if route.media else {}
    program.call(route.method, filled(route, guarded), b"{}" if route.media else None, sent).refused("forbidden", 403)


def test_no_page_is_opened_by_an_instance_key(program):
    for path in ("/", "/me", "/sign-in"):
        answer = program.page(path)
        assert answer.status in (403, 401, 404), answer
        assert not answer.headers["Set-Cookie"]


@pytest.mark.parametrize("key", ["pvi_", "pvi_x", "pvi_" + "A" * 43, "PVI_" + "A" * 43, "pvi_pvi_" + "A" * 43])
def test_wrong_instance_keys(world, key):
    world.client(key=key).get("/organizations").refused("unauthenticated", 401)


def test_the_secret_of_one_key_opens_no_other(world):
    """The id of a live key with the secret half of another, and the other way round."""
    import base64

    one, other = (world.operator.post("/instance-keys", {"name": "pair"}).ok(201)["key"][4:] for _ in range(2))
    halves = [base64.urlsafe_b64decode(k + "=" * (-len(k) % 4)) for k in (one, other)]
    mixed = base64.urlsafe_b64encode(halves[0][:16] + halves[1][16:]).decode().rstrip("=")
    world.client(key="pvi_" + mixed).get("/organizations").refused("unauthenticated", 401)
    world.client(key="pvk_" + one).get("/organizations").refused("unauthenticated", 401)
    world.client(key="pvi_" + one).get("/organizations").ok()
