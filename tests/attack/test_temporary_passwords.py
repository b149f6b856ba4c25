"""A temporary password is worth one sign-in that must replace it, and nothing else, whoever has it and whatever they try."""

import json
import re

import pytest

from lib.mailbox import token_of
from lib.people import PASSWORD, World, fresh
from lib.server import together
from lib.spec import document, routes

CLIENTS = 64
NAMES = {"given_name": "Zoé", "family_name": "Durand"}
ALLOWED = {"change_password", "get_me", "sign_out"}  # with half a session


def issue(org, email=None, delivery="show", **more):
    email = email or fresh()
    row = org.send(email, method="temporary_password", delivery=delivery, **more).ok()["results"][0]
    return email, row.get("temporary_password"), row["invitation"]


def attempt(org, email, password):
    client = org.world.client()
    answer = client.post("/sessions", {"email": email, "password": password})
    answer.client = client
    return answer


def enter(org, email, password):
    return attempt(org, email, password).ok(201).client


@pytest.fixture(scope="module")
def crowd(make_server, smtp):
    """A server without limits by source: 64 clients come from one."""
    return World(make_server(mail=smtp.uri, rate_limits="off"), smtp)


def patient(org, email, password):
    """Again while the server says that it is busy."""
    while True:
        answer = attempt(org, email, password)
        if answer.status != 503:
            return answer


def test_64_clients_at_once_and_one_is_let_in(crowd):
    """Each types the address in a way of its own: the same form twice is once (test_repeats.py)."""
    org = crowd.found("Crowd")
    for _ in range(3):
        email, password, _ = issue(org, deliver=False)
        local, domain = email.split("@")
        typed = [local + "@" + "".join(c.upper() if n >> i & 1 else c for i, c in enumerate(domain[:6])) + domain[6:] for n in range(64)]
        answers = together(CLIENTS, lambda i: patient(org, typed[i], password))
        won = [a for a in answers if a.status == 201]
        assert len(won) == 1
        assert {a.problem for a in answers if a.status != 201} == {"temporary-password-expired"}
        assert org.world.server.query("SELECT count(*) FROM session s JOIN account a ON a.id = s.account_id "
                                      "WHERE a.email_key = ?", email)[0][0] == 1
        won[0].client.post("/me/password", {"new_password": PASSWORD, **NAMES}).ok(204)


def test_64_replacements_at_once_and_one_counts(crowd):
    org = crowd.found("Crowd")
    email, password, inv = issue(org, deliver=False)
    half = enter(org, email, password)

    def replace(i):
        client = half.twin()
        while True:
            answer = client.post("/me/password", {"new_password": f"my own phrase number {i}", **NAMES})
            if answer.status != 503:
                return answer

    answers = together(CLIENTS, replace)
    winners = [i for i, a in enumerate(answers) if a.status == 204]
    assert len(winners) == 1 and {a.problem for a in answers if a.status != 204} == {"unauthenticated"}
    org.world.client().sign_in(email, f"my own phrase number {winners[0]}")
    assert org.state(inv) == "accepted" and len(org.members(q=email)) == 1
    assert org.recount()[0] == org.recount()[1]


def test_revoking_and_replacing_at_once_end_in_one_of_the_two(crowd):
    org = crowd.found("Crowd")
    for _ in range(12):
        email, password, inv = issue(org, deliver=False)
        half = enter(org, email, password)
        revoked, replaced = together(2, lambda i: half.twin().post("/me/password", {"new_password": PASSWORD, **NAMES})
                                     if i else org.api.twin().delete(f"{org.path}/invitations/{inv['id']}"))
        member = replaced.status == 204
        assert (org.state(inv) == "accepted") is member is (len(org.members(q=email)) == 1)
        assert (revoked.status == 204) is not member, (revoked, replaced)
        assert org.recount()[0] == org.recount()[1]


def test_a_new_one_and_the_old_ones_sign_in_at_once(crowd):
    org = crowd.found("Crowd")
    for _ in range(12):
        email, password, inv = issue(org, deliver=False)
        path = f"{org.path}/invitations/{inv['id']}/temporary-password"
        renewed, entered = together(2, lambda i: attempt(org, email, password) if i else org.api.twin().post(path, {}))
        if entered.status == 201:  # before: then it is dead already
            entered.client.get("/me").refused("unauthenticated", 401)
        else:
            entered.refused("sign-in-failed", 401)
        enter(org, email, renewed.ok(200)["temporary_password"])


@pytest.fixture
def half(acme):
    email, password, _ = issue(acme)
    return enter(acme, email, password)


def filled(route, slug):
    """Its path with ids that look right, and belong to nothing."""
    shared = document("openapi.yaml")["components"]["parameters"] | document("console.yaml")["components"]["parameters"]
    rows = [shared[p["$ref"].split("/")[-1]] if "$ref" in p else p for p in route.params]
    prefixes = {p["name"]: p["schema"].get("x-prefix") for p in rows if p["in"] == "path"}
    value = lambda name: slug if name == "org" else f"{prefixes[name]}_01h455vb4pex5vsknk084sn02q" if prefixes[name] else "x"
    return re.sub(r"\{(\w+)\}", lambda found: value(found[1]), route.path)


def test_every_route_of_the_api_asks_for_the_new_password_first(acme, half):
    asked = 0
    for route in routes():
        if route.access in ("public", "operator") or route.name in ALLOWED:
            continue
        body, path = {} if route.body is not None else None, filled(route, acme.slug)
        answer = (
            half.send("PUT", path, b"x", {"Content-Type": "image/png"})
            if route.name == "put_logo"
            else half.call(route.method, path.removeprefix("/api/v1"), body)
        )
        answer.refused("password-change-required", 403)
        asked += 1
    assert asked > 40
    half.get("/me").ok()


def test_public_routes_take_half_a_session_for_nobody(acme, rival, half, inbox):
    email = half.get("/me").ok()["email"]
    rival.send(email)
    token = next(m for m in inbox.wait(email, 2) if "/i/" in m.text).token  # whichever came first
    look = half.post("/invitations/lookup", {"token": token}).ok()
    assert look["next"] == "enrol", "not accept: nobody is signed in"
    half.post("/invitations/accept", {"token": token}).refused("invalid-request", 422)


def test_every_page_leads_to_the_new_password(acme, half):
    for route in routes("console.yaml"):
        if route.method != "GET" or route.access == "public" or route.name == "own_password_page":
            continue
        answer = half.page(filled(route, acme.slug))
        assert (answer.status, answer.headers["Location"]) == (303, "/password/new"), route.path
    for path in ("/", "/sign-in"):
        assert half.page(path).status == 303
    assert half.page("/password/new").status == 200


def test_it_is_no_key_and_no_current_password(acme):
    email, password, _ = issue(acme)
    client = acme.world.client()
    client.get("/me", headers={"Authorization": "Bearer " + password}).refused("unauthenticated", 401)
    client.get("/me", headers={"Authorization": "Bearer pvk_" + password.replace("-", "")}).refused("unauthenticated", 401)
    member = acme.join()
    member.api.post("/me/password", {"current_password": password, "new_password": "another phrase 12"}).refused(
        "sign-in-failed", 401
    )
    attempt(acme, member.email, password).refused("sign-in-failed", 401)
    enter(acme, email, password)


def test_the_new_one_is_not_the_temporary_one_however_typed(acme):
    email, password, inv = issue(acme)
    client = enter(acme, email, password)
    for same in (password, password.upper(), password.replace("-", ""), password.replace("-", " ") + " "):
        answer = client.post("/me/password", {"new_password": same, **NAMES}).refused("password-too-weak", 422)
        assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/new_password", "temporary")]
    assert acme.state(inv) == "pending"


def test_it_is_dead_after_everything_that_ends_it(acme, rival, inbox, clock):
    def revoked(email, inv):
        acme.revoke(inv).ok(204)

    def corrected(email, inv):
        acme.correct(inv, fresh()).ok(200)

    def renewed(email, inv):
        acme.resend(inv).ok(200)

    def taken_over(email, inv):
        acme.world.enrol(token_of(acme.link(inv).ok()["url"])).ok(201)

    def declined(email, inv):
        acme.world.client().post("/invitations/decline", {"token": token_of(acme.link(inv).ok()["url"])}).ok(204)

    for end in (revoked, corrected, renewed, taken_over, declined):
        email, password, inv = issue(acme, deliver=False)
        half = enter(acme, email, password)
        end(email, inv)
        half.get("/me").refused("unauthenticated", 401)
        half.post("/me/password", {"new_password": PASSWORD, **NAMES}).refused("unauthenticated", 401)
        attempt(acme, email, password).refused("sign-in-failed", 401)
        email, password, inv = issue(acme, deliver=False)
        end(email, inv)
        attempt(acme, email, password).refused("sign-in-failed", 401)

    email, password, inv = issue(acme, expires_in="1h", deliver=False)
    other, used, _ = issue(acme, expires_in="1h", deliver=False)
    clock.advance(minutes=59)
    half = enter(acme, other, used)
    clock.advance(minutes=2)
    attempt(acme, email, password).refused("temporary-password-expired", 401)
    half.post("/me/password", {"new_password": PASSWORD, **NAMES}).refused("invitation-expired", 410)
    assert acme.state(inv) == "expired" and acme.recount()[0] == acme.recount()[1]


def test_another_addresss_is_nothing_here(acme):
    """Bound to its address: two that were swapped in the database open nothing."""
    (one, first, _), (two, second, _) = issue(acme), issue(acme)
    attempt(acme, one, second).refused("sign-in-failed", 401)
    attempt(acme, two, first).refused("sign-in-failed", 401)
    enter(acme, one, first), enter(acme, two, second)


def test_guessing_is_slowed_like_a_password(acme):
    email, password, _ = issue(acme)
    client = acme.world.client()
    answers = [client.post("/sessions", {"email": email, "password": "abcdef-abcdef-abcde" + c}) for c in "fghjkmnp"]
    assert [a.status for a in answers[:5]] == [401] * 5 and answers[-1].status == 429
    acme.world.clock.advance(minutes=16)
    enter(acme, email, password)


def test_an_account_that_waits_is_told_apart_from_nobody_by_no_answer(acme):
    email, _, _ = issue(acme)
    known, unknown = (attempt(acme, e, "wrong-password-9") for e in (email, fresh("nobody")))
    clean = lambda a: {k: v for k, v in a.json.items() if k != "request_id"}
    assert (known.status, clean(known)) == (unknown.status, clean(unknown))
    known, unknown = (acme.world.client().post("/password-resets", {"email": e}) for e in (email, fresh("nobody")))
    assert (known.status, known.body) == (unknown.status, unknown.body) == (202, b"")


def test_options_above_the_inviters_are_refused_all_the_same(acme):
    acme.set(administrators_may_invite_administrators=False).ok()
    admin = acme.join(role="administrator")
    row = {"email": fresh(), "role": "administrator"}
    result = acme.send(row, by=admin.api, method="temporary_password", delivery="show").ok()["results"][0]
    assert result["outcome"] == "forbidden" and "temporary_password" not in result
    _, _, inv = issue(acme)
    top = acme.send({"email": fresh(), "role": "administrator"}, method="temporary_password", delivery="show").ok()
    path = acme.path + "/invitations/{}/temporary-password"
    admin.api.post(path.format(top["results"][0]["invitation"]["id"]), {}).refused("forbidden", 403)
    admin.api.post(path.format(inv["id"]), {}).ok(200)


def test_nobody_elses_invitation_gets_a_new_one(acme, rival):
    _, _, inv = issue(acme)
    path = f"/invitations/{inv['id']}/temporary-password"
    rival.api.post(rival.path + path, {}).refused("not-found", 404)
    rival.api.post(acme.path + path, {}).refused("not-found", 404)
    acme.join().api.post(acme.path + path, {}).refused("forbidden", 403)


def test_no_temporary_password_is_kept_logged_or_told_twice(make_server, smtp):
    server = make_server(mail=smtp.uri, log_level="debug")
    org = World(server, smtp).found("Quiet")
    key = {"Idempotency-Key": "temporary"}
    email, sent = fresh(), fresh()
    body = {"method": "temporary_password", "delivery": "show"}
    order = {"invitations": [{"email": e, "role": "member"} for e in [email, *(fresh() for _ in range(40))]], **body}
    first = org.api.post(org.path + "/invitations", order, key).ok()
    secrets = [r["temporary_password"] for r in first["results"]]
    inv = first["results"][0]["invitation"]["id"]
    renew = f"{org.path}/invitations/{inv}/temporary-password"
    secrets.append(org.api.post(renew, {}, key).ok()["temporary_password"])
    org.send(sent, method="temporary_password", delivery="send").ok()
    secrets.append(smtp.last(sent).temporary_password)
    enter(org, sent, secrets[-1]).post("/me/password", {"new_password": secrets[-1], **NAMES})
    attempt(org, email, "x" + secrets[0])
    server.client().page("/sign-in?next=/" + secrets[1])
    # one that waits in the outbox, sealed
    waiting = fresh("waiting")
    smtp.data_reply = lambda e: "451 later" if waiting in e.rcpt_tos else None
    org.send(waiting, method="temporary_password", delivery="send").ok()
    smtp.settle(0.7)
    smtp.data_reply = None
    assert server.query("SELECT sealed FROM mail WHERE recipient = ?", waiting)[0][0]

    replayed = [org.api.post(org.path + "/invitations", order, key), org.api.post(renew, {}, key)]
    assert all(a.ok().headers["Idempotency-Replayed"] == "true" for a in replayed)
    assert json.loads(replayed[0].body)["results"][7]["temporary_password"] is None
    lists = [org.api.get(org.path + p) for p in ("/invitations", f"/invitations/{inv}", "/members", "/mail")]
    told = b"".join(a.ok().body for a in [*replayed, *lists, org.world.operator.get("/server/mail")])
    for where, data in [*server.kept(), ("answers", told)]:
        for secret in secrets:
            for form in (secret, secret.replace("-", ""), secret.upper()):
                assert form.encode() not in data, where
    assert len(secrets) == 43
