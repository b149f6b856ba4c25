"""What somebody may do as often as they like fills neither a mailbox nor the database."""

import os
import time

import pytest

from lib.authenticator import Passkey
from lib.people import PASSWORD, World, fresh

SITE = "http://localhost:4711"


@pytest.fixture(scope="module")
def town(make_server, smtp):
    return World(make_server(mail=smtp.uri, public_url=SITE, rate_limits="on"), smtp)


def count(town, table):
    return town.server.query(f"SELECT count(*) FROM {table}")[0][0]


def test_notices_do_not_fill_a_mailbox(town):
    acme = town.found("Acme")
    person = acme.join()
    town.inbox.settle(0.3)
    before = len(town.inbox.all_for(person.email))
    path = f"{acme.path}/members/{acme.member(person)['id']}"
    for _ in range(20):
        for state in ("suspended", "active"):
            acme.api.patch(path, {"state": state}).ok()
    town.inbox.settle(0.6)
    assert len(town.inbox.all_for(person.email)) - before == 12, "six of a kind an hour"
    town.clock.advance(hours=1)
    acme.api.patch(path, {"state": "suspended"}).ok()
    town.inbox.wait(person.email, before + 13)


def test_passkeys_that_are_not_there_leave_no_rows(town):
    client = town.client()
    before, codes = count(town, "throttle"), []
    for _ in range(40):
        passkey = Passkey(SITE)
        passkey.handle = os.urandom(16)
        options = client.post("/sessions/passkey/options").ok().json
        codes.append(client.post("/sessions/passkey", {"credential": passkey.show(options)}).status)
    assert count(town, "throttle") - before <= 1
    assert codes[:4] == [401] * 4 and codes[-1] == 429
    person = town.found("Acme").join()  # and keep nobody out who has one
    passkey = Passkey(SITE)
    options = person.api.post("/me/passkeys/options").ok().json
    person.api.post("/me/passkeys", {"credential": passkey.make(options)}).ok(201)
    options = client.post("/sessions/passkey/options").ok().json
    client.post("/sessions/passkey", {"credential": passkey.show(options)}).ok(201)


SOURCE_TRIES = 51  # wrong ones, before a source waits


def test_wrong_sign_ins_leave_no_more_rows_than_their_source_has_tries(make_server, smtp):
    """Each leaves its pair's and its share of the source's; what the limit refuses leaves none. Sweeping takes them all."""
    town = World(make_server(mail=smtp.uri), smtp)
    statuses = [town.client().post("/sessions", {"email": fresh("guess"), "password": "guessed"}).status for _ in range(90)]
    assert statuses.count(401) in (SOURCE_TRIES, SOURCE_TRIES + 1) and statuses[-1] == 429
    rows = count(town, "throttle")
    assert rows == 2 * statuses.count(401) + 1, "and its own"
    town.clock.advance(days=1, hours=23)
    town.server.restart()  # the sweep comes as soon as the worker begins
    town.client().post("/sessions", {"email": fresh("guess"), "password": "guessed"}).refused("sign-in-failed")
    assert count(town, "throttle") >= rows, "what counts still is kept"
    town.clock.advance(days=2, seconds=1)
    town.server.restart()
    until = time.monotonic() + 20
    while count(town, "throttle"):
        assert time.monotonic() < until, count(town, "throttle")
        time.sleep(0.05)


def test_an_account_has_so_many_sessions_and_the_newest_stay(make_server, smtp):
    server = make_server(mail=smtp.uri, public_url=SITE)
    person = World(server, smtp).found("Acme").join()
    raw = server.query("SELECT id FROM account WHERE email = ?", person.email)[0][0]
    server.stop()
    older = "('00000000' || substr(gen_random_uuid()::text, 9))::uuid" if server.is_shared else "CAST(X'00000000' || randomblob(12) AS BLOB)"
    number = "generate_series(1, 2500) n" if server.is_shared else \
        "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i FROM n)"
    server.tamper("INSERT INTO session (id, account_id, secret_hash, created_at, expires_at, seen_at) "
                  f"SELECT {older}, s.account_id, s.secret_hash, s.created_at, s.expires_at, s.seen_at FROM session s, {number} "
                  f"WHERE s.account_id = (SELECT id FROM account WHERE email = '{person.email}')")
    server.start()
    client = server.client()
    for _ in range(7):  # a hundred go at each
        client.sign_in(person.email, PASSWORD)
    assert server.query("SELECT count(*) FROM session WHERE account_id = ?", raw) == [(2000,)]
    client.get("/me").ok()


KEPT_MOST, KEPT_BETWEEN = 16 << 20, 512 << 10  # of answers that are longer than that each is looked at


def kept(town):
    return town.server.query("SELECT sum(length(body)) FROM idempotency")[0][0]


def refused_rows(count, length):
    return {"invitations": [{"email": f"no address {n} " + "x" * length, "role": "member"} for n in range(count)]}


def test_new_keys_for_one_request_keep_no_more_than_an_account_may(make_server, smtp):
    """Nor do API keys: they take up the account's room. Then with smaller answers, of which not each is looked at."""
    town = World(make_server(mail=smtp.uri), smtp)
    org = town.found("Keeper")
    callers = [org.api, *(town.client(key=org.api.post(org.path + "/api-keys", {"name": n}).ok(201)["api_key"]) for n in "ab")]
    for n in range(36):
        callers[n % 3].post(org.path + "/invitations", refused_rows(1000, 235), {"Idempotency-Key": f"large-{n}"}).ok()
        assert kept(town) <= KEPT_MOST
    assert kept(town) > KEPT_MOST - 2 * KEPT_BETWEEN, "and no less"
    oldest = town.server.query("SELECT min(created_at) FROM idempotency")
    for n in range(300):  # one in six is looked at: that none is comes once in 10^20
        org.api.post(org.path + "/invitations", refused_rows(200, 150), {"Idempotency-Key": f"small-{n}"}).ok()
        if town.server.query("SELECT min(created_at) FROM idempotency") != oldest:
            break
    assert town.server.query("SELECT min(created_at) FROM idempotency") != oldest
    assert kept(town) <= KEPT_MOST + 20 * KEPT_BETWEEN


def test_what_changes_nothing_leaves_no_line(town):
    person = town.found("Acme").join(given="Ana", family="Lima")
    before = count(town, "audit_event"), count(town, "audit_detail")
    for _ in range(10):
        person.api.patch("/me", {"given_name": "Ana"}).ok()
    assert (count(town, "audit_event"), count(town, "audit_detail")) == before
    person.api.patch("/me", {"given_name": "Anna"}).ok()
    assert count(town, "audit_event") == before[0] + 1
