"""Signing in and out, sessions, passwords."""

import pytest

from lib.people import PASSWORD, fresh

NEW = "another good sentence"


def test_signing_in_and_out(acme, anonymous):
    answer = anonymous.post("/sessions", {"email": acme.owner.email.upper(), "password": PASSWORD}).ok(201)
    assert answer["account"]["id"] == acme.owner.id and answer["password_change_required"] is False
    assert answer["session"]["id"].startswith("ses_")
    cookie = answer.headers["Set-Cookie"]
    assert "parvis_session=" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    assert answer.headers["Cache-Control"] and "no-store" in answer.headers["Cache-Control"]
    stolen = anonymous.twin()
    anonymous.get("/me").ok()
    anonymous.delete("/sessions/current").ok(204)
    assert "parvis_session" not in anonymous.cookies
    stolen.get("/me").refused("unauthenticated", 401)


def test_no_session_no_entry(anonymous):
    anonymous.get("/me").refused("unauthenticated", 401)
    for cookie in ("x", "", "a" * 300, "%00", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"):
        anonymous.cookies = {"parvis_session": cookie} if cookie else {}
        anonymous.get("/me").refused("unauthenticated", 401)


def test_keys_that_are_none(anonymous):
    for key in ("Bearer", "Bearer ", "Bearer pvk_", "Bearer pvk_AAAA", "Basic eDp5", "Bearer x y"):
        anonymous.get("/me", headers={"Authorization": key}).refused("unauthenticated", 401)


def test_a_sessions_list_ends_others(acme):
    here = acme.owner.api
    there = acme.world.client().sign_in(acme.owner.email, PASSWORD)
    rows = here.get("/me/sessions").ok()["items"]
    assert len(rows) == 2
    other = there.get("/me/sessions").ok()["items"]
    mine = {r["id"] for r in other if r.get("current")}
    assert len(mine) == 1
    here.delete("/me/sessions/" + mine.pop()).ok(204)
    there.get("/me").refused("unauthenticated", 401)
    here.get("/me").ok()


def test_nobody_ends_anothers_session(acme, rival):
    rows = rival.api.get("/me/sessions").ok()["items"]
    acme.api.delete("/me/sessions/" + rows[0]["id"]).refused("not-found", 404)
    acme.api.delete("/me/sessions/ses_01h455vb4pex5vsknk084sn02q").refused("not-found", 404)
    acme.api.delete("/me/sessions/inv_01h455vb4pex5vsknk084sn02q").refused("not-found", 404)
    rival.api.get("/me").ok()


def test_a_session_ends_after_its_time(acme, clock):
    client = acme.world.client()
    client.sign_in(acme.owner.email, PASSWORD)
    clock.advance(days=30, seconds=1)
    client.get("/me").refused("unauthenticated", 401)


def test_changing_the_password_ends_other_sessions(acme, inbox):
    inbox.settle(0.3)
    before = len(inbox.all_for(acme.owner.email))
    here, there = acme.owner.api, acme.world.client().sign_in(acme.owner.email, PASSWORD)
    old_cookie = here.twin()
    here.post("/me/password", {"current_password": "wrong", "new_password": NEW}).refused("sign-in-failed", 401)
    here.post("/me/password", {"current_password": PASSWORD, "new_password": "12345678"}).refused(
        "password-too-weak", 422
    )
    there.get("/me").ok()
    answer = here.post("/me/password", {"current_password": PASSWORD, "new_password": NEW}).ok(204)
    assert "parvis_session=" in answer.headers["Set-Cookie"]
    here.get("/me").ok()
    there.get("/me").refused("unauthenticated", 401)
    old_cookie.get("/me").refused("unauthenticated", 401)
    acme.world.client().post("/sessions", {"email": acme.owner.email, "password": PASSWORD}).refused("sign-in-failed")
    acme.world.client().sign_in(acme.owner.email, NEW)
    inbox.last(acme.owner.email, before + 1)  # the stored address is told


def test_a_reset_by_mail(acme, inbox, anonymous):
    email = acme.owner.email
    anonymous.post("/password-resets", {"email": email.upper()}).ok(202)
    mail = inbox.resets(email)[0]
    assert mail.recipients == [email], "to the stored spelling, not the typed one"
    done = {"token": mail.token, "new_password": NEW}
    anonymous.post("/password-resets/complete", {**done, "new_password": "password"}).refused("password-too-weak", 422)
    anonymous.post("/password-resets/complete", done).ok(204)
    acme.api.get("/me").refused("unauthenticated", 401)
    anonymous.post("/password-resets/complete", {**done, "new_password": NEW + "x"}).refused("token-invalid", 410)
    anonymous.sign_in(email, NEW)


def test_a_reset_expires(acme, inbox, anonymous, clock):
    anonymous.post("/password-resets", {"email": acme.owner.email}).ok(202)
    token = inbox.resets(acme.owner.email)[0].token
    clock.advance(hours=25)
    anonymous.post("/password-resets/complete", {"token": token, "new_password": NEW}).refused("token-invalid", 410)


def test_of_several_resets_one_is_used_and_the_others_die(acme, inbox, anonymous):
    for _ in range(2):
        anonymous.post("/password-resets", {"email": acme.owner.email}).ok(202)
    first, second = (m.token for m in inbox.resets(acme.owner.email, 2))
    answers = [anonymous.post("/password-resets/complete", {"token": t, "new_password": NEW}) for t in (first, second)]
    assert sorted(a.status for a in answers) == [204, 410], "one of the two is good, once"


@pytest.mark.parametrize("token", ["x", "A" * 100, "AAAA-BBBB", "é", "."])
def test_wrong_reset_tokens(anonymous, token):
    anonymous.post("/password-resets/complete", {"token": token, "new_password": NEW}).refused("token-invalid", 410)


def plain(answer):
    """What the answer says, but for what is never twice the same."""
    body = answer.json
    if isinstance(body, dict):
        body.pop("request_id", None)
    headers = {k.lower(): v for k, v in answer.headers.items() if k.lower() not in ("date", "x-request-id")}
    return answer.status, headers, body


def test_the_same_answer_for_unknown_addresses(acme, inbox, anonymous):
    known, unknown = acme.owner.email, fresh("nobody")
    wrong = [
        plain(anonymous.post("/sessions", {"email": e, "password": "wrong"})) for e in (known, unknown, "nonsense")
    ]
    assert wrong[0] == wrong[1] == wrong[2] and wrong[0][0] == 401
    resets = [plain(anonymous.post("/password-resets", {"email": e})) for e in (known, unknown, "nonsense")]
    assert resets[0] == resets[1] == resets[2] and resets[0][0] == 202
    inbox.resets(known)
    inbox.settle(1.2)
    assert inbox.all_for(unknown) == []


def test_wrong_tries_slow_down_and_never_lock_out(make_server):
    server = make_server()
    server.setup()
    email = "olive.martin@example.org"
    client = server.client()
    for _ in range(12):
        answer = client.post("/sessions", {"email": email, "password": "wrong"})
        if answer.status == 429:
            break
    answer.refused("rate-limited", 429)
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 900
    unknown = server.client()
    for _ in range(12):
        other = unknown.post("/sessions", {"email": "nobody@example.org", "password": "wrong"})
        if other.status == 429:
            break
    other.refused("rate-limited", 429)
    server.clock.advance(seconds=wait)
    client.sign_in(email, PASSWORD)


def test_sessions_survive_a_restart(make_server):
    server = make_server()
    server.setup()
    client = server.client().sign_in("olive.martin@example.org", PASSWORD)
    server.restart()
    again = server.client()
    again.cookies = client.cookies
    again.get("/me").ok()


def test_a_session_is_seen_again_after_five_minutes(acme, clock):
    def seen():
        return acme.api.get("/me/sessions").ok()["items"][0]["seen_at"]

    first = seen()
    clock.advance(minutes=4)
    assert seen() == first
    clock.advance(minutes=2)
    for _ in range(100):  # noted off the request
        if seen() != first:
            return
        acme.world.inbox.settle(0.02)
    raise AssertionError("never noted")


def test_a_session_wants_its_whole_secret(acme):
    client = acme.world.client().sign_in(acme.owner.email, PASSWORD)
    token = client.cookies["parvis_session"]
    for wrong in (token[:-6] + "AAAAAA", token + "AAAA", token[:-4], token[:22] + "A" * 21):
        client.cookies["parvis_session"] = wrong
        client.get("/me").refused("unauthenticated", 401)
    client.cookies["parvis_session"] = token
    client.get("/me").ok()


def test_an_older_session_follows_an_organization_that_allows_less_rest(acme, clock):
    rested, used = acme.join(), acme.join()
    acme.set(session_idle="1h").ok()
    clock.advance(minutes=50)
    used.api.get(acme.path).ok()
    clock.advance(minutes=11)
    rested.api.get(acme.path).refused("unauthenticated", 401)
    rested.api.get("/me").ok()
