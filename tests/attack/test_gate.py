"""Malformed HTTP on real sockets: one refusal and a closed connection; never a second answer."""

import json
import socket
import threading
import time

import pytest

from lib.people import World
from lib.raw import speak

NEXT = b"GET /healthz?smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
JSON = b"Content-Type: application/json\r\n"


def get(target=b"/healthz", headers=b"Host: x\r\n", version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers, body=b"", host=b"Host: x\r\n"):
    return b"POST /api/v1/sessions HTTP/1.1\r\n" + host + JSON + headers + b"\r\n" + body


# what the gate can see: a refusal, the connection closed, the request behind it never answered
SEEN = {
    "two different lengths": post(b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{} "),
    "two equal lengths": post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"),
    "a list of lengths": post(b"Content-Length: 2, 2\r\n", b"{}"),
    "a negative length": post(b"Content-Length: -2\r\n", b"{}"),
    "a length with a plus": post(b"Content-Length: +2\r\n", b"{}"),
    "a hexadecimal length": post(b"Content-Length: 0x2\r\n", b"{}"),
    "a length with a letter": post(b"Content-Length: 2a\r\n", b"{}"),
    "a length with a space inside": post(b"Content-Length: 1 2\r\n", b"{}"),
    "an empty length": post(b"Content-Length:\r\n", b"{}"),
    "an enormous length": post(b"Content-Length: 99999999999999999999999\r\n", b"{}"),
    "a length that wraps to two": post(b"Content-Length: 18446744073709551618\r\n", b"{}"),
    "a space before the colon": post(b"Content-Length : 2\r\n", b"{}"),
    "both framings": post(b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    "both framings, the other way": post(b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", b"0\r\n\r\n"),
    "chunked": post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\n\r\n"),
    "chunked with bare line feeds": post(b"Transfer-Encoding: chunked\r\n", b"2\n{}\n0\n\n"),
    "chunked, capital": post(b"TRANSFER-ENCODING: CHUNKED\r\n", b"0\r\n\r\n"),
    "chunked with a space before the colon": post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"),
    "chunked with a vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    "an unknown coding": post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
    "identity coding": post(b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", b"{}"),
    "an enormous chunk": post(b"Transfer-Encoding: chunked\r\n", b"fffffffffffffffff\r\n{}"),
    "no host": get(headers=b""),
    "two hosts": get(headers=b"Host: x\r\nHost: y\r\n"),
    "two equal hosts": get(headers=b"Host: x\r\nHost: x\r\n"),
    "a host with a space": get(headers=b"Host: x y\r\n"),
    "a host with a path": get(headers=b"Host: x/y\r\n"),
    "a host with a user": get(headers=b"Host: a@x\r\n"),
    "an absolute target": get(b"http://evil.example/healthz"),
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "an authority": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "a target without a slash": get(b"healthz"),
    "two slashes": get(b"//healthz"),
    "a dot segment": get(b"/x/../healthz"),
    "an encoded dot segment": get(b"/x/%2e%2e/healthz"),
    "an encoded slash": get(b"/api%2fv1/me"),
    "a backslash": get(b"/api\\v1\\me"),
    "an encoded backslash": get(b"/api%5cv1/me"),
    "percent-NUL": get(b"/healthz%00.png"),
    "percent-NUL in the query": get(b"/sign-in?next=%00"),
    "an encoded line break": get(b"/healthz%0d%0aX: y"),
    "a control character": get(b"/healthz\x01"),
    "a delete character": get(b"/healthz\x7f"),
    "half a percent escape": get(b"/healthz%4"),
    "a percent escape of no digits": get(b"/healthz%zz"),
    "overlong UTF-8": get(b"/%c0%afhealthz"),
    "an overlong NUL": get(b"/healthz%c0%80"),
    "a surrogate in UTF-8": get(b"/%ed%a0%80"),
    "invalid UTF-8": get(b"/%ff%fe"),
    "raw bytes above 127": get(b"/\xff\xfe"),
    "a space in a header's name": get(headers=b"Host: x\r\nX y: z\r\n"),
    "a tab before the colon": get(headers=b"Host: x\r\nX-Y\t: z\r\n"),
    "a header without a colon": get(headers=b"Host: x\r\nnonsense\r\n"),
    "a control character in a value": get(headers=b"Host: x\r\nX-Y: a\x01b\r\n"),
    "brackets in a header's name": get(headers=b"Host: x\r\nX(Y): z\r\n"),
    "a million bytes of header": get(headers=b"Host: x\r\nX-Y: " + b"a" * 1_000_000 + b"\r\n"),
    "ten thousand headers": get(headers=b"Host: x\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(10_000))),
    "a target of 100,000 bytes": get(b"/" + b"a" * 100_000),
    "an unknown method": b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "a method in small letters": b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2 by its preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": get(version=b"HTTP/3.7"),
    "HTTP/0.9": b"GET /healthz\r\n",
    "no version": b"GET /healthz \r\nHost: x\r\n\r\n",
    "TLS on a plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60 + b"\r\n\r\n",
    "binary noise": bytes(range(256)) * 4 + b"\r\n\r\n",
}

# what vanishes inside the library before any callback: whatever it makes of it, never a second answer
HIDDEN = {
    "bare line feeds that end the headers early": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Y: a\n\n"
    b"GET /healthz?smuggled HTTP/1.1\nHost: x\r\n\r\n",
    "a bare line feed that hides a length": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"X-Y: a\nContent-Length: 60\r\n\r\n"
    + NEXT,
    "a folded line that hides a coding": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"X-Y: a\r\n Transfer-Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "a folded length": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"Content-Length:\r\n %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "a NUL in a value that hides a length": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"Content-Length: %d\x00\r\n\r\n" % len(NEXT)
    + NEXT,
    "a NUL in a header's name": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"Content-Length\x00: %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "a carriage return alone": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"X: y\rContent-Length: %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "a header without a name that hides a length": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b": z\r\nContent-Length: %d\r\n\r\n" % len(NEXT)
    + NEXT,
    "a body on a GET": b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(NEXT) + NEXT,
    "a body that was refused unread": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
    % len(NEXT)
    + NEXT,
    "an upgrade": b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n"
    % len(NEXT)
    + NEXT,
    "an unread expectation": b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\n"
    + JSON
    + b"Expect: 200-maybe\r\nContent-Length: %d\r\n\r\n" % len(NEXT)
    + NEXT,
}


@pytest.mark.parametrize("name", SEEN)
def test_one_refusal_and_the_connection_closed(server, name):
    reply = speak(server.port, SEEN[name] + NEXT, quiet=4)
    assert len([s for s in reply.statuses if s >= 200]) <= 1, reply
    assert reply.closed, reply
    if reply.status is None:  # not HTTP enough for an answer
        assert reply.data == b"" or reply.data.startswith(b"HTTP/1."), reply
        assert name in ("TLS on a plain port", "binary noise", "HTTP/0.9", "no version", "HTTP/2 by its preface")
        return
    assert 400 <= reply.status < 600 and reply.status != 500, reply


@pytest.mark.parametrize("name", [n for n in SEEN if n.startswith(("both", "two", "percent", "overlong", "chunked"))])
def test_the_refusal_is_a_problem(server, name):
    reply = speak(server.port, SEEN[name], quiet=4)
    head, _, body = reply.data.partition(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert b"x-request-id" in head.lower()
    assert json.loads(body)["code"] in ("bad-request", "length-required"), reply


@pytest.mark.parametrize("name", HIDDEN)
def test_what_the_library_hides_yields_no_second_answer(server, name):
    reply = speak(server.port, HIDDEN[name], quiet=2)
    assert len([s for s in reply.statuses if s >= 200]) <= 1, reply


def test_there_are_more_than_forty():
    assert len(SEEN) + len(HIDDEN) >= 40


# ---- good requests still pass


@pytest.mark.parametrize(
    "request_bytes",
    [
        get(),
        get(version=b"HTTP/1.0"),
        get(version=b"HTTP/1.0", headers=b""),
        get(headers=b"HOST:x\r\n"),
        get(headers=b"Host: x:8080\r\n"),
        get(headers=b"Host: [::1]:80\r\n"),
        get(b"/healthz?a=%C3%A9&b=+"),
        get(headers=b"Host: x\r\nX-Empty:\r\n"),
        b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_good_requests_pass(server, request_bytes):
    assert speak(server.port, request_bytes, quiet=1, finish=True).status == 200


def test_pipelined_requests_are_answered_in_order(server):
    reply = speak(server.port, get() * 5 + get(headers=b"Host: x\r\nConnection: close\r\n"), quiet=3)
    assert reply.statuses == [200] * 6 and reply.closed


def test_an_expectation_is_met(server):
    body = b'{"email":"a@example.org","password":"x"}'
    head = post(b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body))
    reply = speak(server.port, head, body, pause=0.3, quiet=5)
    assert reply.statuses == [100, 401], reply


# ---- slow ones


@pytest.mark.timeout(90)
def test_slow_bytes_are_cut_off(server):
    head = [bytes([b]) for b in b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 200]
    reply = speak(server.port, *head, pause=0.25, quiet=2, limit=70)
    assert reply.closed and reply.seconds < 50
    assert reply.status in (None, 408)


@pytest.mark.timeout(90)
def test_a_body_that_never_comes_is_cut_off(server):
    reply = speak(server.port, post(b"Content-Length: 100\r\n", b"{"), quiet=40, limit=60)
    assert reply.closed and reply.status in (None, 408) and reply.seconds < 40


def test_many_slow_ones_do_not_keep_others_out(server):
    slow = []
    try:
        for _ in range(300):
            s = socket.create_connection(("127.0.0.1", server.port))
            s.sendall(b"POST /api/v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
            slow.append(s)
        for _ in range(20):
            assert speak(server.port, get(headers=b"Host: x\r\nConnection: close\r\n"), quiet=5).status == 200
    finally:
        for s in slow:
            s.close()


def test_clients_that_leave_in_the_middle(server, world):
    """Half requests, closed at every byte; and answers nobody reads."""
    whole = post(b"Content-Length: 41\r\n", b'{"email":"a@example.org","password":"xyz"}')
    for cut in range(1, len(whole), 7):
        with socket.create_connection(("127.0.0.1", server.port)) as s:
            s.sendall(whole[:cut])
    assert server.client().send("GET", "/readyz").status == 200


def test_stopping_finishes_what_is_in_flight(make_server, smtp):
    server = make_server(mail=smtp.uri)
    org = World(server, smtp).found("Stop")
    body = {"invitations": [{"email": f"s{n}@example.org", "role": "member"} for n in range(800)], "deliver": False}
    box = {}

    def send():
        box["answer"] = org.api.post(org.path + "/invitations", body)

    t = threading.Thread(target=send)
    t.start()
    time.sleep(0.02)
    server.stop()
    t.join()
    server.start()
    client = server.client().sign_in(org.owner.email, org.owner.password)
    there = len(client.items(org.path + "/invitations", limit=200))
    assert there == (800 if box["answer"].status == 200 else 0)


def test_a_head_of_any_size_is_answered_or_does_nothing(world):
    """Of a head that just fitted, the request was carried out and no byte of an answer sent: nothing was left to write it in."""
    org = world.found("Heads")
    key = org.api.post(org.path + "/api-keys", {"name": "heads"}).ok(201)["api_key"]
    seen = set()
    for size in range(11_400, 17_400, 150):
        name = f"Group {size}"
        body = b'{"name": "%s"}' % name.encode()
        head = b"POST /api/v1%s/groups HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %s\r\n" % (
            org.path.encode(), key.encode())
        head += JSON + b"Content-Length: %d\r\nCookie: sso=" % len(body)
        reply = speak(world.server.port, head + b"y" * (size - len(head) - 4) + b"\r\n\r\n" + body)
        status = reply.status
        assert status in (201, 431), (size, reply)
        assert (status == 201) == any(g["name"] == name for g in org.api.items(org.path + "/groups")), size
        seen.add(status)
    assert seen == {201, 431}


@pytest.mark.parametrize("name", ["User-Agent", "Accept-Language", "X-Forwarded-For", "Cookie", "X-Custom"])
def test_a_tab_in_a_value_is_white_space(world, name):
    """RFC 9110, 5.5. A proxy that joins with comma and tab must lock nobody out."""
    request = b"GET /sign-in HTTP/1.1\r\nHost: x\r\n%s: en,\tfr;\tq=0.5\t\r\nConnection: close\r\n\r\n"
    assert speak(world.server.port, request % name.encode()).status == 200
