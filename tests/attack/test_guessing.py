"""Guesses are slowed whatever way they come: side by side, from all addresses of one network, by forged headers."""

import hashlib
import json

import pytest

from lib.people import World, fresh
from lib.server import together


@pytest.fixture(scope="module")
def proxied(make_server, smtp):
    return World(make_server(mail=smtp.uri, trusted_proxies="127.0.0.1", rate_limits="on"), smtp)


def guess(world, email, source, i=0):
    return world.client().post("/sessions", {"email": email, "password": f"wrong-{i}-wrong"}, {"X-Forwarded-For": source})


def test_guesses_side_by_side_are_counted_one_by_one(proxied):
    victim = proxied.found("Guessed").owner.email
    answers = together(24, lambda i: guess(proxied, victim, "192.0.2.7", i))
    codes = [a.problem for a in answers]
    assert codes.count("sign-in-failed") <= 6, codes
    assert set(codes) <= {"sign-in-failed", "rate-limited", "unavailable"}
    assert guess(proxied, victim, "192.0.2.8").problem == "sign-in-failed", "others are not slowed"


def test_a_changed_password_is_guessed_no_faster(proxied):
    acme = proxied.found("Guessed")
    body = {"current_password": "not-this-one-either", "new_password": "orchard-lantern-43"}
    clients = [acme.api.twin() for _ in range(16)]
    codes = [a.problem for a in together(16, lambda i: clients[i].post("/me/password", body))]
    assert codes.count("sign-in-failed") <= 12, codes


def test_one_network_of_ipv6_is_one_source(proxied):
    victim = proxied.found("Guessed").owner.email
    codes = [guess(proxied, victim, f"2001:db8:7:7::{i:x}", i).problem for i in range(1, 9)]
    assert codes[-1] == "rate-limited", codes
    assert guess(proxied, victim, "2001:db8:7:8::1").problem == "sign-in-failed"


def test_the_true_holder_gets_in_from_elsewhere_meanwhile(proxied):
    owner = proxied.found("Guessed").owner
    for i in range(12):
        guess(proxied, owner.email, "192.0.2.9", i)
    body = {"email": owner.email, "password": owner.password}
    proxied.client().post("/sessions", body, {"X-Forwarded-For": "192.0.2.9"}).refused("rate-limited")
    proxied.client().post("/sessions", body, {"X-Forwarded-For": "198.51.100.1"}).ok(201)


def test_what_is_kept_for_a_replay_does_not_help_to_guess_a_password(acme, server):
    """A plain hash of the body would let whoever reads the database try passwords against it, millions a second."""
    body = json.dumps({"current_password": "wrong-at-first-1", "new_password": "orchard-lantern-44"}).encode()
    keyed = json.dumps({"invitations": [{"email": fresh(), "role": "member"}]}).encode()
    acme.api.post("/me/password", body, {"Idempotency-Key": "one"})
    acme.api.post(acme.path + "/invitations", keyed, {"Idempotency-Key": "two"}).ok()
    kept = {row[0] for row in server.query("SELECT body_hash FROM idempotency")}
    assert kept
    assert not kept & {hashlib.blake2b(b, digest_size=32).digest() for b in (body, keyed)}


def test_nobody_can_keep_somebody_from_resetting_their_password(proxied, smtp):
    """Anybody may ask for anybody's reset, five times an hour; the mail its holder has works all the same."""
    victim = proxied.found("Pestered").owner.email
    proxied.client().post("/password-resets", {"email": victim}).ok(202)
    mine = smtp.resets(victim)[0].token
    for i in range(8):
        proxied.client().post("/password-resets", {"email": victim}, {"X-Forwarded-For": f"203.0.113.{i}"})
    later = [m.token for m in smtp.resets(victim, 5)][1:]
    proxied.client().post("/password-resets/complete", {"token": mine, "new_password": "orchard-lantern-45"}).ok(204)
    for token in later:
        proxied.client().post("/password-resets/complete", {"token": token, "new_password": "x-x-orchard-46"}).refused("token-invalid")


def test_a_long_chain_of_forged_hops_is_no_way_out(proxied):
    """What our own proxy wrote stands last, however many were sent before it."""
    victim = proxied.found("Guessed").owner.email
    forged = ", ".join(f"10.1.1.{i}" for i in range(60))
    codes = [guess(proxied, victim, f"{forged}, 192.0.2.33", i).problem for i in range(8)]
    assert codes[-1] == "rate-limited"
    assert guess(proxied, victim, f"{forged}, 192.0.2.34").problem == "sign-in-failed"
    assert guess(proxied, victim, "192.0.2.33").problem == "rate-limited"
