"""What every answer has: ids, headers, methods, and the proof that a form came from here."""

import json

import pytest

from lib.people import PASSWORD, fresh
from lib.spec import document, routes


def test_health(anonymous):
    assert anonymous.send("GET", "/healthz").status == 200
    assert anonymous.send("GET", "/readyz").status == 200


def test_the_document_describes_every_route(anonymous):
    got = anonymous.get("/openapi.json").ok(200).json
    assert got["openapi"].startswith("3.1")
    assert set(got["paths"]) == set(document("openapi.yaml")["paths"])
    ids = [
        op["operationId"]
        for path in got["paths"].values()
        for m, op in path.items()
        if isinstance(op, dict) and "operationId" in op
    ]
    assert len(ids) == len(set(ids)) == len(routes())


def test_every_answer_has_an_id_and_its_own(acme, anonymous):
    seen = set()
    for answer in (
        anonymous.get("/me"),
        acme.api.get("/me"),
        anonymous.send("GET", "/nowhere"),
        anonymous.send("GET", "/healthz"),
        anonymous.page("/sign-in"),
        acme.api.post(acme.path + "/leave"),
    ):
        assert answer.headers["X-Request-Id"]
        seen.add(answer.headers["X-Request-Id"])
    assert len(seen) == 6


def test_pages_have_the_headers_of_a_careful_site(anonymous):
    h = anonymous.page("/sign-in").ok(200).headers
    policy = h["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    assert "default-src 'none'" in policy  # and object-src with it; what default-src does not stand for is said by itself
    assert all(f"{kind} 'none'" in policy for kind in ("frame-ancestors", "base-uri")) and "form-action 'self'" in policy
    assert h["X-Content-Type-Options"] == "nosniff"
    assert h["Referrer-Policy"] == "same-origin"
    assert h["Content-Type"] == "text/html; charset=utf-8"
    assert "no-store" in h["Cache-Control"] or "private" in h["Cache-Control"] or "no-cache" in h["Cache-Control"]


def test_json_has_them_too(acme):
    h = acme.api.get("/me").ok().headers
    assert h["X-Content-Type-Options"] == "nosniff" and h["Content-Type"].startswith("application/json")
    assert "no-store" in h["Cache-Control"]
    assert h["Access-Control-Allow-Origin"] is None
    assert h["Server"] is None or "microhttpd" not in h["Server"].lower()


def test_head_is_get_without_the_body(acme):
    get, head = acme.api.get("/me"), acme.api.send("HEAD", "/api/v1/me")
    assert head.status == 200 and head.body == b""
    assert head.headers["Content-Length"] == str(len(get.body))


def test_other_methods_name_those_there_are(acme):
    answer = acme.api.call("PUT", "/me", {}).refused("method-not-allowed", 405)
    assert {m.strip() for m in answer.headers["Allow"].split(",")} >= {"GET", "PATCH"}
    answer = acme.api.send("OPTIONS", "/api/v1/me")
    assert answer.status in (204, 405) and "GET" in answer.headers["Allow"]
    acme.api.send("TRACE", "/api/v1/me")
    assert acme.api.send("GET", "/api/v1/me").status == 200


def test_unknown_paths(anonymous):
    anonymous.get("/nowhere").refused("not-found", 404)
    answer = anonymous.page("/nowhere")
    assert answer.status == 404 and answer.headers["Content-Type"].startswith("text/html")


def test_401_says_how(anonymous):
    assert anonymous.get("/me").headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "headers,passes",
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{public}"}, False),
        ({"Origin": "{public}"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "{public}.evil.example"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_a_cookie_call_from_another_site_is_refused(acme, headers, passes):
    sent = {k: v.format(public=acme.world.server.url) for k, v in headers.items()}
    answer = acme.api.patch("/me", {"given_name": "Olive"}, headers=sent)
    if passes:
        answer.ok()
    else:
        answer.refused("cross-site", 403)


def test_every_form_needs_the_proof_signed_in_or_not(acme, anonymous):
    for client in (acme.api, anonymous):
        for headers in (
            {"Sec-Fetch-Site": None},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
        ):
            answer = client.submit("/sign-in", {"email": acme.owner.email, "password": PASSWORD}, headers)
            assert answer.status == 403 and not answer.headers["Set-Cookie"], answer
    anonymous.submit(
        "/sign-in",
        {"email": acme.owner.email, "password": PASSWORD},
        {"Sec-Fetch-Site": None, "Origin": acme.world.server.url},
    ).ok(303)


def test_a_key_needs_no_such_proof(make_server):
    server = make_server()
    key = server.client(key=server.setup()["api_key"])
    key.post("/check", {"organization": "bar", "permission": "resources.use"}, {"Origin": "https://app.example"}).ok()


def test_with_https_the_cookie_is_the_hosts_own(make_server):
    server = make_server(public_url="https://parvis.example")
    server.setup()
    answer = server.client().post("/sessions", {"email": "olive.martin@example.org", "password": PASSWORD}).ok(201)
    assert answer.headers["Set-Cookie"].startswith("__Host-parvis_session=")
    assert "Secure" in answer.headers["Set-Cookie"] and "Domain" not in answer.headers["Set-Cookie"]
    page = server.client().page("/sign-in")
    assert "max-age" in (page.headers["Strict-Transport-Security"] or "")


def test_languages_of_refusals_are_negotiated(anonymous):
    for header, word in [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.9,en;q=0.5", "fr"),
        ("de,en;q=0.8,fr;q=0.3", "en"),
        ("de", "en"),
        ("*", "en"),
        ("en;q=0,fr;q=0.1", "fr"),
        ("fr,en", "fr"),
        ("en,fr", "en"),
        ("fr;q=0.5,en;q=0.5", "fr"),
        ("de,fr;q=0.5,en;q=0.5", "fr"),
        ("fr_FR", "fr"),
        ("fr_CA,en;q=0.9", "fr"),
        (";;;q=x,,", "en"),
        ("x" * 3000, "en"),
    ]:
        answer = anonymous.get("/me", headers={"Accept-Language": header})
        from lib.spec import texts

        assert answer["title"] == texts(word)["problem.unauthenticated.title"], header


def test_keep_alive_carries_many_requests(acme):
    client = acme.api.twin()
    client.get("/me").ok()
    sock = client.connection.sock
    for _ in range(50):
        client.get("/me").ok()
    assert client.connection.sock is sock


def test_numbers_and_nesting_beyond_reason(acme):
    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    acme.api.post("/check", deep).refused("malformed-json", 400)
    acme.api.patch(acme.path + "/settings", json.loads('{"reminder_max": 99999999999}')).refused("invalid-request", 422)
    acme.api.patch(acme.path + "/settings", b'{"reminder_max": 1e400}').refused("malformed-json", 400)
    acme.api.patch(acme.path + "/settings", b'{"reminder_max": 123456789012345678901234567890}').status in (400, 422)
    acme.api.patch(acme.path + "/settings", {"reminder_max": -1}).refused("invalid-request", 422)
    acme.api.patch(acme.path + "/settings", {"reminder_max": 1.5}).refused("invalid-request", 422)
    acme.api.patch(acme.path + "/settings", b'{"reminder_max":1,"reminder_max":2}').refused("malformed-json", 400)


def test_settings_take_what_they_say(acme):
    got = acme.api.get(acme.path + "/settings").ok().json
    assert got["existing_accounts"] == "attach" and got["invitation_lifetime"] == "7d"
    assert got["reminder_after"] == "3d" and got["reminder_max"] == 1
    assert got["administrators_may_invite_administrators"] is True
    assert acme.set(invitation_lifetime="36h").ok(200)["invitation_lifetime"] == "36h"
    for bad in ("59m", "91d", "-1d", "1", "soon", "1e9d", "99999999d"):
        acme.set(invitation_lifetime=bad).refused("invalid-request", 422)
    from datetime import datetime

    inv = acme.invitation(acme.invite(fresh(), deliver=False))
    parse = lambda t: datetime.fromisoformat(t.replace("Z", "+00:00"))
    assert (parse(inv["expires_at"]) - parse(inv["created_at"])).total_seconds() == 36 * 3600


def test_no_other_site_frames_a_page_or_gets_its_forms(acme, anonymous):
    for answer in (anonymous.page("/sign-in"), acme.api.page(f"/o/{acme.slug}"), anonymous.get("/me")):
        policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
        assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]
        if answer.headers["Content-Type"].startswith("text/html"):
            assert policy["base-uri"] == ["'none'"] and policy["form-action"] == policy["script-src"] == ["'self'"]
