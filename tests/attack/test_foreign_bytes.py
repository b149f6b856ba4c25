"""Bytes that others chose become text or a refusal at the edge: no engine is asked to judge them, none keeps them."""

import re
import urllib.parse

import pytest

from lib import moving, postgres
from lib.authenticator import Passkey, b64, unb64
from lib.people import PASSWORD, World, fresh
from lib.spec import document, routes, texts

# What is no UTF-8, or is but holds what no text may.
BROKEN = {
    "latin-1": b"Caf\xe9",
    "cut": b"caf\xc3",
    "lone": b"\x80",
    "overlong": b"\xc0\x80",
    "surrogate": b"\xed\xa0\x80",
    "beyond": b"\xf4\x90\x80\x80",
    "nul": b"a\0b",
}
HIDDEN = {"c1": b"a\xc2\x85b", "bidi": b"\xe2\x80\xaeabc", "bom": b"\xef\xbb\xbfabc"}
LONG = {
    "cut at 300": b"x" + b"\xc3\xa9" * 200,
    "cut at 299": "é".encode() * 200,
    "cut at 298": b"x" + "€".encode() * 150,
    "four": b"xyz" + "😀".encode() * 100,
    "long": b"y" * 5000,
}
EVERY = {**BROKEN, **HIDDEN, **LONG}
# A control character ends a request at the gate; whoever sends one is not heard.
HEARD = {name: value for name, value in EVERY.items() if name != "nul"}
SOME = "01h455vb4pex5vsknk084sn02q"
# What ends the session that the rest of a test goes on with.
ENDS = {"sign_out_form", "invitation_switch_form", "me_sessions_end_form", "leave_form"}
PREFIX = re.compile(r"\{(\w+)\}")


@pytest.fixture(scope="module")
def org(world):
    return world.found("Target")


@pytest.fixture(scope="module")
def places(org):
    """What stands in a path, by the parameter's name."""
    inv = org.invitation(org.invite(fresh(), deliver=False))
    body = {"key": "offline", "name": {"fr": "Hors ligne", "en": "Offline"}}
    return {
        "org": org.slug,
        "member": org.member(org.join())["id"],
        "invitation": inv["id"],
        "batch": inv["batch"],
        "group": org.api.post(org.path + "/groups", {"name": "Nord"}).ok(201)["id"],
        "entitlement": org.api.post(org.path + "/entitlements", body).ok(201)["key"],
        "session": f"ses_{SOME}",
        "passkey": f"pky_{SOME}",
        "organization": org.id,
        "signup": f"sgn_{SOME}",
    }


def civil(answer):
    assert answer.status < 500, answer
    return answer


def path_of(route, places, **changed):
    return PREFIX.sub(lambda m: changed.get(m[1]) or places.get(m[1], "x"), route.path)


def quoted(value):
    return urllib.parse.quote_from_bytes(value, safe="")


def everything():
    return [r for name in ("openapi.yaml", "console.yaml") for r in routes(name) if r.access != "operator" and r.name not in ENDS]


def resolved(node, name):
    while "$ref" in node:
        target = document(name)
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def queries(name):
    """(route, the names of its query parameters)"""
    for route in routes(name):
        if route.access == "operator" or route.name in ENDS:
            continue
        names = []
        for p in document(name)["paths"][route.path][route.method.lower()].get("parameters", []):
            p = resolved(p, name)
            if p.get("in") == "query":
                names.append(p["name"])
        yield route, names


def speaking(client, agent):
    """The same caller, with this User-Agent in all it sends."""
    plain = client.send

    def send(method, target, body=None, headers=None):
        return plain(method, target, body, {"User-Agent": agent, **(headers or {})})

    client.send = send
    return client


# ---- headers


@pytest.fixture(scope="module")
def home(make_server, smtp):
    """A server under a name, for passkeys need one; and open to strangers."""
    server = make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", signup="on",
                         public_url="http://localhost:8700")
    return World(server, smtp)


def kept_agents(server):
    """What is kept of them all; SQLite says so of bytes that are no text."""
    return {agent for (agent,) in server.query("SELECT user_agent FROM session") if agent is not None}


@pytest.mark.parametrize("agent", list(HEARD.values()), ids=list(HEARD))
def test_a_user_agent_opens_every_way_in(home, smtp, agent):
    """Whoever opens a session: its row keeps text, at most 300 bytes of it."""
    org = home.found("Agents")
    email = fresh()
    org.invite(email)
    person = speaking(home.client(), agent)
    home.enrol(smtp.token_for(email), client=person).ok(201)
    person.post("/sessions", {"email": email, "password": PASSWORD}).ok(201)
    person.post("/me/password", {"current_password": PASSWORD, "new_password": "harbor-window-77"}).ok(204)
    person.get("/me/sessions").ok()
    person.page("/me").ok()

    key = Passkey("http://localhost:8700")
    options = person.post("/me/passkeys/options").ok().json
    person.post("/me/passkeys", {"name": "Laptop", "credential": key.make(options)}).ok(201)
    shown = person.post("/sessions/passkey/options").ok().json
    person.post("/sessions/passkey", {"credential": key.show(shown)}).ok(201)

    newcomer = speaking(home.client(), agent)
    before = fresh("founder")
    signup = newcomer.post("/signups", {"email": before, "given_name": "Ann", "family_name": "Ex", "password": PASSWORD,
                                        "organization": "Strangers"}).ok(202)["signup"]
    code = re.search(r"\b(\d{3})[ \u00a0\u202f](\d{3})\b", smtp.last(before).text)
    newcomer.post("/signups/confirm", {"signup": signup, "code": code[1] + code[2]}).ok(201)

    page = speaking(home.client(), agent)
    assert page.submit("/sign-in", {"email": before, "password": PASSWORD}).status == 303
    kept = kept_agents(home.server)
    assert any(len(text.encode()) > 1 for text in kept) and all(len(text.encode()) <= 300 and "\0" not in text for text in kept)
    assert org.api.get("/me/sessions").ok()


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
@pytest.mark.parametrize("header", ["User-Agent", "Accept-Language", "Idempotency-Key", "Cookie", "X-Forwarded-For", "Forwarded",
                                    "If-None-Match", "Authorization", "Referer", "Origin", "Accept", "X-Request-Id"])
def test_no_header_reaches_an_engine(org, header, value):
    sent = {"Authorization": b"Bearer pvk_" + value, "Cookie": b"parvis_session=" + value + b"; parvis_lang=" + value}.get(header, value)
    for method, path, body in (("GET", org.path + "/members", None),
                               ("POST", org.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}),
                               ("POST", "/sessions", {"email": org.owner.email, "password": PASSWORD})):
        client = org.api.twin() if path != "/sessions" else org.world.client()  # a sign-in ends the session it came with
        civil(client.call(method, path, body, {header: sent}))
        client.close()


def test_a_key_and_an_address_that_fill_an_index(org):
    """PostgreSQL's indexes take 2,704 bytes; what is kept of a long address is its hash, and the key works all the same."""
    import random
    tail = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=7000))
    body = {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False}
    key = {"Idempotency-Key": tail[:255]}
    first = org.api.call("POST", org.path + "/invitations?lang=" + tail, body, key).ok()
    again = org.api.call("POST", org.path + "/invitations?lang=" + tail, body, key).ok()
    assert again.headers["Idempotency-Replayed"] == "true" and first["results"][0]["outcome"] == again["results"][0]["outcome"] == "invited"
    other = org.api.call("POST", org.path + "/invitations?lang=" + tail[:-1], body, key).ok()
    assert other["results"][0]["outcome"] == "already-invited"


# ---- cursors, queries, paths


CURSORS = {name: b64(bytes(16) + value) for name, value in EVERY.items()} | {
    "short": b64(b"abc"), "odd": "@@@@", "ends in NUL": b64(b"\xff" * 16 + b"\0"), "bytes": b64(b"\xff" * 40)}
TAG_AND_ID = 4 + 16  # what a cursor begins with: src/domain/shared/page.c
CURSOR_TEXT = 280  # bytes behind that: a cursor has 400 characters
SORTS = ["-joined_at", "joined_at", "-family_name", "email", "role", "-role"]
# How a route's path ends, and the list that its cursor is of; members have one a sort. A page that refuses one begins anew (303).
LISTS = {"organizations": "-organizations", "members": None, "users": None, "{group}": "members by family_name", "api-keys": "-api keys", "groups": "groups",
         "invitations": "-invitations", "mail": "-mails"}


def tag_of(name):
    """FNV-1a of the list's name; another one where it goes down."""
    tag = 2166136261 if name.startswith("-") else ~2166136261 & 0xFFFFFFFF
    for byte in name.removeprefix("-").encode():
        tag = (tag ^ byte) * 16777619 & 0xFFFFFFFF
    return tag.to_bytes(4, "little")


def paged(places):
    """(route, its address with a list's sort, what a cursor of that list begins with)"""
    for name in ("openapi.yaml", "console.yaml"):
        for route, names in queries(name):
            if "cursor" not in names:
                continue
            known = LISTS[route.path.rsplit("/", 1)[1]]
            for sort in [known] if known else SORTS if "sort" in names else SORTS[:1]:
                more = f"&sort={sort}" if "sort" in names else ""
                tag = tag_of(known or "-" * sort.startswith("-") + "members by " + sort.removeprefix("-"))
                yield route, f"{path_of(route, places)}?cursor=%s{more}", tag


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
def test_cursors(org, places, value):
    """On every route that takes one, whatever it is sorted by: of this very list, so that nothing but the text can be refused."""
    asked, broken = 0, value in BROKEN.values()
    text = value if broken else value[:CURSOR_TEXT].decode("utf-8", "ignore").encode()
    for route, address, tag in paged(places):
        answer = civil(org.api.send(route.method, address % b64(tag + bytes(16) + text)))
        asked += 1
        if not broken:
            assert answer.status == 200, (address, answer)
        elif route.path.startswith("/api/"):
            assert [e["pointer"] for e in answer.refused("invalid-request", 422)["errors"]] == ["/cursor"]
    assert asked > 20


@pytest.mark.parametrize("cursor", list(CURSORS.values()), ids=list(CURSORS))
def test_cursors_of_no_list(org, places, cursor):
    for route, address, _ in paged(places):
        answer = civil(org.api.send(route.method, address % cursor))
        if route.path.startswith("/api/"):
            assert [e["pointer"] for e in answer.refused("invalid-request", 422)["errors"]] == ["/cursor"]
    for path in ("/server/organizations", "/organizations", "/server/mail", "/instance-keys"):
        civil(org.world.operator.get(path, cursor=cursor))


@pytest.mark.parametrize("kind", list(BROKEN))
def test_a_broken_cursor_is_refused(org, kind):
    for sort in ("joined_at", "family_name", "-email", "role"):
        org.api.get(org.path + "/members", cursor=CURSORS[kind], sort=sort).refused("invalid-request", 422)


@pytest.mark.parametrize("kind", list(BROKEN))
@pytest.mark.parametrize("sort", ["joined_at", "family_name", "-email", "role"])
def test_a_cursor_that_went_bad_is_refused(org, places, sort, kind):
    """Of this very list and sort, but for the text at its end."""
    good = unb64(org.api.get(org.path + "/members", sort=sort, limit=1).ok()["next_cursor"])
    org.api.get(org.path + "/members", cursor=b64(good[:TAG_AND_ID] + BROKEN[kind]), sort=sort).refused("invalid-request", 422)


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
def test_query_strings(org, places, value):
    for name in ("openapi.yaml", "console.yaml"):
        for route, names in queries(name):
            if route.method == "DELETE":
                continue
            for each in names or ["lang"]:
                body = b"{}" if route.method != "GET" and name == "openapi.yaml" else None
                headers = {"Content-Type": "application/json"} if body else {"Sec-Fetch-Site": "same-origin"}
                if route.method == "GET" or each in names:
                    civil(org.api.send(route.method, f"{path_of(route, places)}?{each}={quoted(value)}", body, headers))


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
def test_path_parameters(org, places, value):
    for route in everything():
        for parameter in PREFIX.findall(route.path):
            for prefix in ("", f"{places.get(parameter, '')[:4]}"):
                answer = civil(org.api.send(route.method, path_of(route, places, **{parameter: prefix + quoted(value)}),
                                            None, {"Sec-Fetch-Site": "same-origin"}))
                # Some of a console's tokens and digests have a page of their own that says so.
                assert answer.status >= 300 or not route.path.startswith("/api/") or route.name == "preview_logo", (route, answer)


# ---- bodies


def form_fields(name, row):
    content = resolved(row.get("requestBody") or {}, name).get("content", {})
    for media in ("application/x-www-form-urlencoded", "multipart/form-data"):
        if media in content:
            schema = resolved(content[media]["schema"], name)
            return media, list(schema.get("properties", {}))
    return None, []


def in_parts(fields, value):
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"; filename="%s.png"\r\n\r\n%s\r\n'
                     % (field.encode(), value.replace(b'"', b"").replace(b"\r", b"").replace(b"\n", b""), value) for field in fields)
    return parts + b"--x--\r\n"


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
def test_forms(org, places, value):
    for route in routes("console.yaml"):
        if route.method != "POST" or route.name in ENDS:
            continue
        media, fields = form_fields("console.yaml", document("console.yaml")["paths"][route.path]["post"])
        for client in (org.api.twin(), org.world.client()):
            headers = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
            if media == "multipart/form-data":
                body, headers["Content-Type"] = in_parts(fields, value), media + "; boundary=x"
            else:
                body, headers["Content-Type"] = "&".join(f"{f}={quoted(value)}" for f in fields).encode(), "application/x-www-form-urlencoded"
            civil(client.send("POST", path_of(route, places), body, headers))
            client.close()


@pytest.mark.parametrize("value", list(EVERY.values()), ids=list(EVERY))
def test_json(org, value):
    raw = value.replace(b"\0", b"\\u0000")
    for path, body in (("/sessions", b'{"email":"%s","password":"%s"}'), ("/password-resets", b'{"email":"%s"}'),
                       ("/invitations/lookup", b'{"token":"%s"}'), ("/invitations/lookup", b'{"email":"a@b.example","code":"%s"}'),
                       (org.path + "/groups", b'{"name":"%s"}'), (org.path + "/invitations", b'{"invitations":[{"email":"%s","role":"member"}]}'),
                       (org.path + "/entitlements", b'{"key":"%s","name":{"fr":"%s","en":"x"}}')):
        client = org.api.twin() if path != "/sessions" else org.world.client()
        answer = civil(client.call("POST", path, body.replace(b"%s", raw)))
        assert answer.status < 300 or answer.problem, answer
    for field in ("given_name", "family_name", "locale", "time_zone"):
        civil(org.api.call("PATCH", "/me", b'{"%s":"%s"}' % (field.encode(), raw)))
    org.api.patch("/me", {"given_name": "Olive", "family_name": "Martin"}).ok()


def test_escapes_of_half_characters(org):
    for text in (b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"a\\u0000"):
        civil(org.api.call("PATCH", "/me", b'{"given_name":"%s"}' % text)).refused("malformed-json", 400)


# ---- afterwards


def other_engine(server, tmp_path):
    """A database of the engine that this run is not on."""
    return moving.file_uri(tmp_path / "there.db") if postgres.WANTED else moving.migrated_database(server)


def uri_of(server):
    return server.settings["database"] if postgres.WANTED else moving.file_uri(server.data / "parvis.db")


def test_what_such_a_server_kept_goes_to_the_other_engine(make_server, smtp, tmp_path):
    """Nothing that anybody sent stands in the way of `check` and `copy`."""
    server = make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", trusted_proxies="127.0.0.1")
    org = World(server, smtp).found("Movers")
    for value in HEARD.values():
        civil(speaking(server.client(), value).post("/sessions", {"email": org.owner.email, "password": PASSWORD})).ok(201)
        civil(speaking(server.client(), value).post("/sessions", {"email": org.owner.email, "password": "wrong"}))
        civil(org.api.send("GET", f"/api/v1{org.path}/members?q={quoted(value)}"))
        civil(org.api.call("POST", org.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}], "deliver": False},
                           {"Idempotency-Key": value[:200], "X-Forwarded-For": value, "User-Agent": value}))
    assert "sound" in server.cli("check", "--json").stdout
    server.stop()
    source, there = uri_of(server), other_engine(server, tmp_path)
    done = moving.copy(server, source, there).json
    assert done["equal"] and moving.content(source) == moving.content(there)
    server.start()


ODD_ROWS = [
    # table, what is set, where it stands
    ("UPDATE session SET user_agent = CAST(x'436166e9' AS TEXT) WHERE id = ?", "session", "user_agent", "id"),
    ("UPDATE session SET user_agent = CAST(x'610062' AS TEXT) WHERE id = ?", "session", "user_agent", "id"),
]


@pytest.mark.parametrize("change", [row[0] for row in ODD_ROWS], ids=["no UTF-8", "NUL"])
def test_copy_and_check_name_the_row_of_an_old_file(make_server, smtp, tmp_path, change):
    """What an older program let in is found by table, key and column, on the side where it stands."""
    server = make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", database=None)
    World(server, smtp).found("Old")
    server.stop()
    source, there = moving.file_uri(server.data / "parvis.db"), moving.migrated_database(server)
    (row,) = moving.ask(source, "SELECT id FROM session LIMIT 1")[0]
    moving.change(source, change, (row,))
    place = f"session, id = x'{row.hex()}', column user_agent"
    sentence = texts("en")["cli.copy.source_no_text"].split("{")[0].strip()
    done = moving.refused(server, source, there, place)
    assert sentence in done.err and "refuses" not in done.err, done.err

    checked = server.cli("check", check=False)
    assert checked.returncode == 1 and place in checked.stdout + checked.stderr, checked
    moving.change(source, "UPDATE session SET user_agent = 'mended' WHERE id = ?", (row,))
    assert server.cli("check").returncode == 0
    assert moving.copy(server, source, there).json["equal"]
    server.start()
