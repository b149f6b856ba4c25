"""The record grows by what people do, not by what strangers try: refusals are gathered by action, source and minute."""

import json
import time

import pytest

from lib import otp
from lib.authenticator import Passkey
from lib.people import World, fresh

LINES_A_DAY = 10000
SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, public_url=SITE, trusted_proxies="127.0.0.1"), smtp)


@pytest.fixture
def minute(town):
    """A minute that has just begun: what a test does within it is gathered together."""
    town.clock.advance(seconds=60 - town.clock.now() % 60)


def guess(town, email, source):
    return town.client().post("/sessions", {"email": email, "password": "wrong-wrong-1"}, {"X-Forwarded-For": source})


def lines(town, action, source):
    """[(subject, after)] of the record's lines."""
    found = town.server.query("SELECT subject_id, after FROM audit_event WHERE action = ? AND source = ? ORDER BY id", action, source)
    return [(subject, json.loads(after)) for subject, after in found]


def test_failed_sign_ins_of_a_minute_are_one_line(town, minute):
    victim = town.found("Guessed").owner.email
    for _ in range(4):
        guess(town, victim, "192.0.2.1").refused("sign-in-failed")
    [(subject, after)] = lines(town, "session.refused", "192.0.2.1")
    assert after == {"count": 4} and subject is not None
    town.clock.advance(minutes=1)
    guess(town, victim, "192.0.2.1")
    assert [after["count"] for _, after in lines(town, "session.refused", "192.0.2.1")] == [4, 1]


def test_what_strangers_ask_for_is_gathered_though_it_is_no_refusal(town, minute):
    """Anybody may ask for anybody's reset: each of them a line would be a record that strangers fill."""
    source = {"X-Forwarded-For": "192.0.2.77"}
    for owner in [town.found("Pestered").owner for _ in range(3)]:
        town.client().post("/password-resets", {"email": owner.email}, source).ok(202)
        town.inbox.resets(owner.email)
    told = [after["count"] for _, after in lines(town, "password.reset_requested", "192.0.2.77")]
    assert sum(told) == 3 and len(told) <= 2, told


def test_a_line_about_several_names_none_of_them(town, minute):
    one, other = town.found("Guessed").owner.email, town.found("Guessed").owner.email
    for email in (one, other, one):
        guess(town, email, "192.0.2.2").refused("sign-in-failed")
    assert lines(town, "session.refused", "192.0.2.2") == [(None, {"count": 3})]


def test_a_network_of_ipv6_is_one_source(town, minute):
    for i in range(1, 5):
        guess(town, fresh("nobody"), f"2001:db8:9:9::{i:x}")
    assert lines(town, "session.refused", "2001:db8:9:9::") == [(None, {"count": 4})]


def test_refused_passkeys_keep_why_while_it_is_the_same(town, minute):
    def show(client_data):
        body = {"credential": {"id": "AAAA", "rawId": "AAAA", "type": "public-key", "clientExtensionResults": {},
                               "response": {"clientDataJSON": client_data, "authenticatorData": "AAAA", "signature": "AAAA"}}}
        town.client().post("/sessions/passkey", body, {"X-Forwarded-For": "192.0.2.3"}).refused("sign-in-failed")
    for _ in range(3):
        show("AAAA")
    assert lines(town, "passkey.refused", "192.0.2.3") == [(None, {"reason": "unknown", "count": 3})]


def passkey_of(person):
    passkey = Passkey(SITE)
    options = person.api.post("/me/passkeys/options").ok().json
    person.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    return passkey


def show(town, passkey, source, wrong):
    """A passkey that is refused: its signature or its challenge is another, or nobody has it."""
    client, headers = town.client(), {"X-Forwarded-For": source}
    options = client.post("/sessions/passkey/options", None, headers).ok().json
    if wrong == "challenge":
        options = {**options, "challenge": "A" * len(options["challenge"])}
    shown = passkey.show(options)
    if wrong == "signature":
        shown["response"]["signature"] = Passkey(SITE).show(options)["response"]["signature"]
    client.post("/sessions/passkey", {"credential": shown}, headers).refused("sign-in-failed")


def test_words_that_are_not_the_same_for_all_are_lost_and_stay_lost(town, minute):
    """The count goes on, and so does whom it is about while that is one."""
    passkey = passkey_of(town.found("Keyed").owner)
    said = []
    for wrong in ("signature", "signature", "challenge", "signature"):
        show(town, passkey, "192.0.2.7", wrong)
        [(subject, after)] = lines(town, "passkey.refused", "192.0.2.7")
        assert subject is not None
        said.append(after)
    assert said[0].pop("reason") == said[1].pop("reason")
    assert said == [{"count": n} for n in (1, 2, 3, 4)]
    show(town, Passkey(SITE), "192.0.2.7", "unknown")
    assert lines(town, "passkey.refused", "192.0.2.7") == [(None, {"count": 5})]
    show(town, passkey_of(town.found("Keyed").owner), "192.0.2.7", "signature")
    assert lines(town, "passkey.refused", "192.0.2.7") == [(None, {"count": 6})]


def test_wrong_codes_behind_a_right_password_are_gathered(town, minute):
    """Of who is half signed in: the line says who, since all are about the same account."""
    owner = town.found("Guarded").owner
    otp.set_up(owner.api, town.clock)
    town.clock.advance(seconds=60 - town.clock.now() % 60)
    for _ in range(3):
        body = {"email": owner.email, "password": owner.password, "code": "000000"}
        town.client().post("/sessions", body, {"X-Forwarded-For": "192.0.2.4"}).refused("second-factor-failed")
    [(subject, after)] = lines(town, "second_factor.refused", "192.0.2.4")
    assert after == {"count": 3} and subject is not None


def test_what_happened_keeps_a_line_of_its_own(town, minute):
    """Sign-ins that succeed are no strangers' doing, however many a minute has."""
    owner = town.found("Ours").owner
    for _ in range(3):
        town.client().post("/sessions", {"email": owner.email, "password": owner.password}, {"X-Forwarded-For": "192.0.2.5"}).ok(201)
    assert len(town.server.query("SELECT id FROM audit_event WHERE action = 'session.created' AND source = '192.0.2.5'")) == 3


def test_a_day_has_a_bound_beyond_which_all_sources_share_a_line(town, minute):
    """As if a botnet had filled the day's lines but two."""
    guess(town, fresh("nobody"), "198.51.100.1")
    town.server.stop()
    town.server.tamper(f"UPDATE audit_gathering SET count = {LINES_A_DAY - 2} WHERE action = ''")
    town.server.start()
    town.clock.advance(seconds=60 - town.clock.now() % 60)
    before = town.server.query("SELECT COUNT(*) FROM audit_event WHERE action = 'session.refused'")[0][0]
    for i in range(2, 12):
        guess(town, fresh("nobody"), f"198.51.100.{i}").refused("sign-in-failed")
    after = town.server.query("SELECT COUNT(*) FROM audit_event WHERE action = 'session.refused'")[0][0]
    assert after - before == 3, "two more of their own, and one for all others"
    [(kept,)] = town.server.query("SELECT after FROM audit_event WHERE action = 'session.refused' AND source IS NULL")
    assert json.loads(kept) == {"count": 8}
    guess(town, fresh("nobody"), "198.51.100.2")
    assert [after["count"] for _, after in lines(town, "session.refused", "198.51.100.2")] == [2], "a line that stands goes on"


def test_what_was_gathered_is_swept(town):
    guess(town, fresh("nobody"), "192.0.2.6")
    assert town.server.query("SELECT COUNT(*) FROM audit_gathering") != [(0,)]
    town.clock.advance(days=4)
    town.server.restart()  # the sweep comes as soon as the worker begins
    until = time.monotonic() + 20
    while town.server.query("SELECT COUNT(*) FROM audit_gathering") != [(0,)]:
        assert time.monotonic() < until
        time.sleep(0.05)
