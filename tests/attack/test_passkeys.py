"""Passkeys that are not what they claim: each is refused, and leaves its holder's own in order."""

import base64
import concurrent.futures

import cbor2
import pytest

from lib.authenticator import ES256, PRESENT, VERIFIED, Key, Passkey, b64, unb64

SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>", public_url=SITE)


@pytest.fixture(autouse=True)
def another_day(clock):
    """So many refusals from one source slow it down: each test begins when they are forgotten."""
    clock.advance(days=1, minutes=1)


@pytest.fixture
def passkey(acme):
    """One that is in order, of acme's owner."""
    made = Passkey(SITE)
    options = acme.api.post("/me/passkeys/options").ok(200).json
    acme.api.post("/me/passkeys", {"credential": made.make(options)}).ok(201)
    return made


def options_of(client):
    return client.post("/sessions/passkey/options").ok(200).json


def show(by, passkey, options=None, **how):
    return by.post("/sessions/passkey", {"credential": passkey.show(options or options_of(by), **how)})


def refusals(world):
    """Why, as the record says."""
    return [r[0] for r in world.server.query("SELECT after FROM audit_event WHERE action = 'passkey.refused'")]


WRONG = {
    "origin": ({"client": {"origin": "http://localhost:4712"}}, "wrong-origin"),
    "origin of another scheme": ({"client": {"origin": "https://localhost:4711"}}, "wrong-origin"),
    "origin that begins alike": ({"client": {"origin": SITE + ".evil.example"}}, "wrong-origin"),
    "site": ({"rp_id": "evil.example"}, "wrong-site"),
    "ceremony": ({"client": {"type": "webauthn.create"}}, "wrong-ceremony"),
    "no type": ({"client": {"type": None}}, "wrong-ceremony"),
    "frame": ({"client": {"crossOrigin": True}}, "framed"),
    "frame, put oddly": ({"client": {"crossOrigin": "false"}}, "framed"),
    "frame of another site": ({"client": {"topOrigin": "https://evil.example"}}, "framed"),
    "challenge of one's own": ({"client": {"challenge": b64(bytes(48))}}, "wrong-challenge"),
    "short challenge": ({"client": {"challenge": b64(bytes(16))}}, "wrong-challenge"),
    "no challenge": ({"client": {"challenge": None}}, "malformed"),
    "nobody there": ({"flags": VERIFIED}, "absent"),
    "nobody verified": ({"flags": PRESENT}, "unverified"),
    "no handle": ({"handle": None}, "unknown"),
    "another's handle": ({"handle": bytes(16)}, "unknown"),
    "another's credential": ({"id": bytes(32)}, "unknown"),
    "signature of nothing": ({"alter": lambda d, c, s: (d, c, b"\x30\x00")}, "wrong-signature"),
    "signature altered": ({"alter": lambda d, c, s: (d, c, s[:-1] + bytes([s[-1] ^ 1]))}, "wrong-signature"),
    "client data altered": ({"alter": lambda d, c, s: (d, c.replace(b"}", b', "x": 1}'), s)}, "wrong-signature"),
    "count raised after": ({"alter": lambda d, c, s: (d[:-1] + b"\xff", c, s)}, "wrong-signature"),
    "data cut": ({"alter": lambda d, c, s: (d[:36], c, s)}, "malformed"),
    "data with more": ({"alter": lambda d, c, s: (d + b"\x00", c, s)}, "malformed"),
    "extensions that are not there": ({"flags": PRESENT | VERIFIED | 0x80}, "malformed"),
    "a credential inside": ({"flags": PRESENT | VERIFIED | 0x40}, "malformed"),
    "repeated names": ({"alter": lambda d, c, s: (d, c.replace(b"{", b'{"type": "webauthn.get", '), s)}, "malformed"),
    "not JSON": ({"alter": lambda d, c, s: (d, b"\xff\xfe", s)}, "malformed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(acme, anonymous, passkey, name):
    how, why = WRONG[name]
    before = len(refusals(acme.world))
    show(anonymous, passkey, **how).refused("sign-in-failed", 401)
    assert "parvis_session" not in anonymous.cookies
    said = refusals(acme.world)
    assert len(said) == before + 1 and sum(f'"{why}"' in s for s in said) >= 1, said
    passkey.count += 1000
    show(anonymous, passkey).ok(201)


def test_a_challenge_serves_once(acme, anonymous, passkey):
    options = options_of(anonymous)
    said = {"credential": passkey.show(options)}
    anonymous.post("/sessions/passkey", said).ok(201)
    acme.world.client().post("/sessions/passkey", said).refused("sign-in-failed", 401)
    show(acme.world.client(), passkey, options).refused("sign-in-failed", 401)
    passkey.count = 0
    acme.world.client().post("/sessions/passkey", {"credential": passkey.show(options, count=0)}).refused("sign-in-failed", 401)


def test_one_assertion_at_once_by_sixty_four(acme, clock):
    """Without a counter, as most passkeys are: the challenge alone decides."""
    zero = Passkey(SITE)
    options = acme.api.post("/me/passkeys/options").ok(200).json
    acme.api.post("/me/passkeys", {"credential": zero.make(options)}).ok(201)
    said = {"credential": zero.show(options_of(acme.api), count=0)}
    clients = [acme.world.client() for _ in range(64)]
    with concurrent.futures.ThreadPoolExecutor(64) as all_at_once:
        answers = list(all_at_once.map(lambda c: c.post("/sessions/passkey", said), clients))
    assert sum(a.status == 201 for a in answers) == 1, [a.status for a in answers]
    assert {a.status for a in answers} <= {201, 401, 429, 503}
    clock.advance(minutes=16)  # so many refusals slow one down
    show(acme.world.client(), zero, count=0).ok(201)


def test_a_challenge_grows_old(acme, anonymous, passkey, clock):
    options, late = options_of(anonymous), acme.api.post("/me/passkeys/options").ok(200).json
    clock.advance(minutes=4, seconds=50)
    show(anonymous, passkey, options).ok(201)
    old = options_of(anonymous)
    clock.advance(minutes=5, seconds=1)
    show(anonymous, passkey, old).refused("sign-in-failed", 401)
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(late)}).refused("passkey-refused", 422)


def test_a_copy_is_noticed_by_its_count(acme, anonymous, passkey):
    show(anonymous, passkey, count=10).ok(201)
    for count in (10, 9, 1, 0):
        show(anonymous, passkey, count=count).refused("sign-in-failed", 401)
    assert sum('"cloned"' in r for r in refusals(acme.world)) >= 4
    show(anonymous, passkey, count=11).ok(201)


def test_a_challenge_serves_its_purpose_alone(acme, rival, anonymous, passkey):
    """One made to add does not sign in, one made to sign in does not add, and nobody uses another's."""
    adding = acme.api.post("/me/passkeys/options").ok(200).json
    show(anonymous, passkey, {**options_of(anonymous), "challenge": adding["challenge"]}).refused("sign-in-failed", 401)
    asked = {**adding, "challenge": options_of(anonymous)["challenge"]}
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(asked)}).refused("passkey-refused", 422)
    rival.api.post("/me/passkeys", {"credential": Passkey(SITE).make(adding)}).refused("passkey-refused", 422)
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(adding)}).ok(201)
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(adding)}).refused("passkey-refused", 422)


def test_anothers_credential_is_not_taken_over(acme, rival, anonymous, passkey):
    """A credential id that is known stays its owner's, with another key too."""
    thief = Passkey(SITE)
    thief.id = passkey.id
    options = rival.api.post("/me/passkeys/options").ok(200).json
    rival.api.post("/me/passkeys", {"credential": thief.make(options)}).refused("passkey-refused", 422)
    show(anonymous, thief, handle=passkey.handle).refused("sign-in-failed", 401)
    assert show(anonymous, passkey).ok(201)["account"]["id"] == acme.owner.id


def altered(change):
    """An attestation object with its authenticator data changed."""
    def alter(raw):
        made = cbor2.loads(raw)
        made["authData"] = change(made["authData"])
        return cbor2.dumps(made)
    return alter


P384 = {1: 2, 3: -35, -1: 2, -2: bytes(48), -3: bytes(48)}
REGISTRATIONS = {
    "origin": {"client": {"origin": "https://evil.example"}},
    "site": {"rp_id": "evil.example"},
    "ceremony": {"client": {"type": "webauthn.get"}},
    "frame": {"client": {"crossOrigin": True}},
    "challenge": {"client": {"challenge": b64(bytes(48))}},
    "nobody there": {"flags": 0},
    "an algorithm that was not offered": {"cose": P384},
    "a point off the curve": {"cose": {**Key(ES256).cose, -2: bytes(32)}},
    "another format": {"fmt": "android-safetynet"},
    "a statement where none belongs": {"alter": lambda raw: cbor2.dumps({**cbor2.loads(raw), "attStmt": {"x": 1}})},
    "a packed one without a signature": {"alter": lambda raw: cbor2.dumps({**cbor2.loads(raw), "fmt": "packed"})},
    "a packed one signed by another": {
        "alter": lambda raw: cbor2.dumps({**cbor2.loads(raw), "fmt": "packed", "attStmt": {"alg": -7, "sig": Key().sign(b"x")}})
    },
    "cut": {"alter": lambda raw: raw[:-20]},
    "more behind it": {"alter": lambda raw: raw + b"\x00"},
    "nothing": {"alter": lambda raw: b"\xa0"},
    "an array": {"alter": lambda raw: cbor2.dumps([1, 2, 3])},
    "a length without end": {"alter": lambda raw: b"\xbf" + raw[1:] + b"\xff"},
    "a length beyond all": {"alter": lambda raw: raw.replace(b"authData\x58", b"authData\x5b\xff\xff\xff\xff\xff\xff\xff", 1)},
    "a key that claims a million members": {"alter": altered(lambda d: d[:55 + 32] + b"\xba\x00\x10\x00\x00" + d[55 + 33:])},
    "a key in a thousand arrays": {"alter": altered(lambda d: d[:55 + 32] + b"\x81" * 1000 + b"\x00")},
    "an id longer than it is": {"alter": altered(lambda d: d[:53] + b"\xff\xff" + d[55:])},
    "an id of nothing": {"alter": altered(lambda d: d[:53] + b"\x00\x00" + d[55 + 32:])},
    "a tag": {"alter": lambda raw: b"\xc1" + raw},
    "names twice": {"alter": lambda raw: b"\xa4" + raw[1:] + b"\x63fmt\x64none"},
}


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_what_is_no_passkey_is_not_added(acme, name):
    options = acme.api.post("/me/passkeys/options").ok(200).json
    acme.api.post("/me/passkeys", {"credential": Passkey(SITE).make(options, **REGISTRATIONS[name])}).refused(
        "passkey-refused", 422
    )
    assert acme.api.get("/me/passkeys").ok()["items"] == []


@pytest.mark.parametrize("at", range(0, 190, 9))
def test_one_bit_in_an_attestation(acme, anonymous, at):
    """What is accepted with a bit changed is another passkey: it signs in only if its own key is right."""
    made = Passkey(SITE)

    def flip(raw):
        at_ = at % len(raw)
        return raw[:at_] + bytes([raw[at_] ^ 0x10]) + raw[at_ + 1:]

    options = acme.api.post("/me/passkeys/options").ok(200).json
    answer = acme.api.post("/me/passkeys", {"credential": made.make(options, fmt="packed", alter=flip)})
    answer.refused("passkey-refused", 422)


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@pytest.mark.parametrize("value", ["", "=", "A", "AA==", "é", "A" * 90, " AAAA", "AAAA\u0000"])
def test_texts_that_are_no_base64url(acme, anonymous, passkey, field, value):
    said = passkey.show(options_of(anonymous))
    said["response"][field] = value
    answer = anonymous.post("/sessions/passkey", {"credential": said})
    assert answer.problem in ("sign-in-failed", "invalid-request", "malformed-json"), answer
    assert "parvis_session" not in anonymous.cookies


def test_a_refusal_says_the_same_for_known_and_unknown(acme, anonymous, passkey):
    def body(answer):
        said = answer.refused("sign-in-failed", 401).json
        said.pop("request_id")
        return said

    wrong = body(show(anonymous, passkey, alter=lambda d, c, s: (d, c, b"\x30\x00")))
    assert wrong == body(show(anonymous, passkey, id=bytes(32))) == body(show(anonymous, passkey, handle=None))


def test_guesses_are_slowed(make_server):
    server = make_server(public_url=SITE)
    client, passkey = server.client(), Passkey(SITE)
    passkey.handle = bytes(16)
    for _ in range(12):
        answer = client.post("/sessions/passkey", {"credential": passkey.show(options_of(client))})
        if answer.status == 429:
            break
    answer.refused("rate-limited", 429)


def test_no_secret_of_it_is_in_the_log_or_the_record(acme, anonymous, passkey):
    said = passkey.show(options_of(anonymous))
    anonymous.post("/sessions/passkey", {"credential": said}).ok(201)
    log = acme.world.server.log()
    for part in (said["response"]["signature"], said["response"]["clientDataJSON"]):
        assert part not in log
    record = str(acme.world.server.query("SELECT action, before, after FROM audit_event"))
    assert said["response"]["signature"] not in record
    assert base64.b64encode(unb64(said["response"]["signature"])).decode() not in record
