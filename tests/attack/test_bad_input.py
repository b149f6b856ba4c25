"""Hostile input is normal input: whatever comes, the answer is a refusal with a stable code, never a 500."""

import json
import string
import urllib.parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.people import fresh
from lib.spec import document, problems, routes

KNOWN = set(problems())
QUICK = settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def org(world):
    return world.found("Target")


@pytest.fixture(scope="module")
def fill(org):
    inv = org.invitation(org.invite(fresh(), deliver=False))
    member = org.member(org.join())
    body = {"key": "offline", "name": {"fr": "Hors ligne", "en": "Offline"}}
    return {
        "group": org.api.post(org.path + "/groups", {"name": "Nord"}).ok(201)["id"],
        "entitlement": org.api.post(org.path + "/entitlements", body).ok(201)["key"],
        "org": org.slug,
        "member": member["id"],
        "invitation": inv["id"],
        "batch": inv["batch"],
        "session": "ses_01h455vb4pex5vsknk084sn02q",
        "passkey": "pky_01h455vb4pex5vsknk084sn02q",
    }


def civil(answer):
    """A success, or a refusal that is known; never a bug."""
    assert answer.status != 500, answer
    if answer.status >= 400:
        assert answer.problem in KNOWN - {"internal"}, answer
    return answer


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
odd_text = st.text(max_size=400) | st.sampled_from(
    [
        "",
        " ",
        "\u0000",
        "a\u0000b",
        "\u202eabc",
        "\u200b",
        "\ufeff",
        "\ud7ff",
        "e\u0301" * 50,
        "𝕏" * 100,
        "'; DROP TABLE account; --",
        "{{x}}",
        "%s%n%x",
        "../../etc/passwd",
        "a" * 320 + "@example.org",
        "a@b\r\nBcc: c@d",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "ａ@example.org",
        "a@ex\u0000ample.org",
        "-1",
        "1e999",
        "9" * 400,
        "NaN",
        "true",
        "null",
        "[]",
        "7d",
        "-7d",
        "0d",
        "9999999999d",
        "1969-12-31T23:59:59Z",
        "99999-01-01",
    ]
)


def resolve(schema):
    while "$ref" in schema:
        node = document("openapi.yaml")
        for part in schema["$ref"].lstrip("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def nearly(schema):
    """Values of nearly the right shape."""
    schema = resolve(schema)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = {k: nearly(v) for k, v in schema.get("properties", {}).items()}
        whole = st.fixed_dictionaries({}, optional=properties)
        return whole | st.builds(lambda d, k, v: {**d, k: v}, whole, st.text(max_size=10), anything)
    if kind == "array":
        return st.lists(nearly(schema.get("items", {})), max_size=5)
    if kind == "integer":
        return (
            st.integers()
            | st.sampled_from([-1, 0, 2**31, 2**63, -(2**63), 2**64])
            | st.floats(allow_nan=False, allow_infinity=False)
        )
    if kind == "boolean":
        return st.booleans() | st.sampled_from(["true", 1, None])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | odd_text
    return odd_text | st.sampled_from(["zoe@example.org", "member", "fr"])


SAFE = {"sign_out", "leave_organization", "revoke_my_session", "change_password", "transfer_ownership"}
WITH_BODY = [r for r in routes() if r.body is not None and r.access != "operator" and r.name not in SAFE]


@pytest.mark.parametrize("route", WITH_BODY, ids=repr)
def test_bodies_of_nearly_the_right_shape(org, fill, route):
    path = route.path.removeprefix("/api/v1").format(**fill)

    @QUICK
    @given(nearly(route.body) | anything)
    def run(body):
        civil(org.api.call(route.method, path, json.dumps(body).encode("utf-8", "surrogatepass")))

    run()


@pytest.mark.parametrize("route", [r for r in routes() if r.query and r.access != "operator"], ids=repr)
def test_queries_of_any_kind(org, fill, route):
    path = route.path.removeprefix("/api/v1").format(**fill)
    if route.method == "DELETE":
        path = path.replace(fill["member"], "mbr_01h455vb4pex5vsknk084sn02q")

    @QUICK
    @given(
        st.dictionaries(
            st.sampled_from([p["name"] for p in route.query] + ["x"]),
            odd_text.filter(lambda t: "\ud800" > t[:1] or t[:1] > "\udfff"),
            max_size=3,
        )
    )
    def run(query):
        civil(org.api.call(route.method, path, None, **{k: v.encode("utf-8", "replace") for k, v in query.items()}))

    run()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"}",
        b"[]",
        b"null",
        b'"x"',
        b"1",
        b"{}{}",
        b"{} x",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":}',
        b'{"a" 1}',
        b"{a:1}",
        b'{"a":"\x01"}',
        b'{"a":"\xff"}',
        b'{"a":"\xc0\x80"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"a":01}',
        b'{"a":+1}',
        b'{"a":.5}',
        b'{"a":1.}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'\xef\xbb\xbf{}',
        b'{"a":1}\x00',
        b"\x00",
        b'{"a":1,"a":2}',
        b"[" * 5000,
        b'{"a":' * 5000,
        b"// c\n{}",
        '{"é":1}'.encode("latin-1"),
        "{}".encode("utf-16"),
    ],
)
def test_broken_json_of_every_kind(server, body):
    answer = server.client().post("/sessions", body)
    assert answer.problem in ("malformed-json", "invalid-request"), answer


def test_large_bodies(org, server):
    client = server.client()
    client.post("/sessions", b'{"email":"' + b"a" * 200_000 + b'"}').refused("payload-too-large", 413)
    rows = b",".join(
        b'{"email":"a%d@example.org","role":"member","message":"%s"}' % (i, b"x" * 900) for i in range(3000)
    )
    org.api.twin().post(org.path + "/invitations", b'{"invitations":[' + rows + b"]}").refused("payload-too-large", 413)
    assert server.client().send("GET", "/readyz").status == 200


@pytest.mark.parametrize(
    "message,ok",
    [
        ("Bonjour\nÀ lundi\n", True),
        ("x" * 1000, True),
        ("x" * 1001, False),
        ("é" * 1000, True),
        ("\u0007", False),
        ("a\u202eb", False),
        ("a\x1b[31m", False),
        ("😀", True),
        ("a\tb", True),
    ],
)
def test_messages(org, message, ok):
    assert org.outcome({"email": fresh(), "role": "member", "message": message}, deliver=False) == ("invited" if ok else "invalid-request")


@pytest.mark.parametrize("message", ["https://evil.example", "voir www.evil.example", "HTTP://EVIL.EXAMPLE"])
def test_messages_carry_no_links(org, message):
    assert org.outcome({"email": fresh(), "message": message}, deliver=False) == "invalid-request"


@pytest.mark.parametrize(
    "address,outcome",
    [
        ("Zoe+tag@Example.ORG", "invited"),
        ("zoe@bücher.example", "invited"),
        ("zoe@xn--bcher-kva.example", "already-invited"),
        ("zoé@example.org", "invalid-address"),
        ('"zoe"@example.org', "invalid-address"),
        ("zoe@[::1]", "invalid-address"),
        ("zoe@example", "invalid-address"),
        ("a" * 64 + "@" + "b" * 63 + ".example", "invited"),
        ("a" * 64 + "@" + ".".join(["b" * 62] * 3) + ".ex", "invalid-address"),
        ("zoe@example.org.", None),
        ("zoe@ex_ample.org", None),
        ("zoe@127.0.0.1", None),
        ("zoe@faß.example", "invited"),
        ("zoe@\u2488com.example", None),
        ("zoe@a\u200db.example", "invited"),  # of Latin letters nothing is joined: what nobody sees goes
        ("zoe@example.org\u0000", None),
        ("zoe@ex\u202eample.org", None),
        ("Zoé <zoe@example.org>", None),
        ("zoe@example.org,ada@example.org", "invalid-address"),
        (" zoe.space@example.org ", None),
    ],
)
def test_addresses(org, address, outcome):
    answer = civil(org.send({"email": address, "role": "member"}, deliver=False))
    if outcome:
        assert answer["results"][0]["outcome"] == outcome, answer


@pytest.mark.parametrize("token", ["", "x" * 200, "x" * 201, "%", "é", "\u0000", "../..", "A" * 64, "=" * 64, "-" * 64])
def test_replayed_truncated_and_altered_secrets_by_the_page(server, token):
    answer = server.client().page("/i/" + urllib.parse.quote(token, safe=""))
    assert 400 <= answer.status < 500


@QUICK
@given(st.text(alphabet=string.printable + "éà\u202e", max_size=3000))
def test_any_list_of_addresses_is_read_without_harm(org, text):
    answer = org.api.submit(f"/o/{org.slug}/users/invite", {"addresses": text.encode("utf-8"), "step": "addresses"})
    assert answer.status in (200, 422, 400), answer


@pytest.mark.parametrize(
    "header",
    [
        "Cookie",
        "Authorization",
        "Accept-Language",
        "Idempotency-Key",
        "If-None-Match",
        "Origin",
        "Sec-Fetch-Site",
        "Content-Type",
        "User-Agent",
        "X-Forwarded-For",
    ],
)
def test_odd_headers(org, header):
    for value in ("", "x" * 6000, "=;,==;", '"', "parvis_session=" + "A" * 2000, "Bearer " + "A" * 2000, "\xe9\xff"):
        client = org.api.twin()
        answer = client.call(
            "POST",
            org.path + "/invitations/preview",
            {"invitations": [{"email": "a@example.org", "role": "member"}]},
            headers={header: value.encode("latin-1")},
        )
        civil(answer)
