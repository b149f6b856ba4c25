"""Who waits behind whom is nobody's to choose. Writes of one organization stand in a lane: no slug that somebody thought out is in
another's, whoever is no member stands in none, and a long body makes no large work of a small request. What must meet is made to:
a trigger keeps one bulk in the midst of its transaction, on PostgreSQL until it is let go, on SQLite for some seconds of the one writer."""

import contextlib
import sqlite3
import threading
import time

import pytest

from lib import postgres
from lib.people import World, fresh
from lib.server import together

LANE_MOST = 16  # bulks that wait in one lane on SQLite
BULK_SHARE = 4  # of PostgreSQL's sixteen connections
SOON = 20  # seconds for what is not behind anybody, on a machine that is busy: who is, has no answer at all
HELD = 4711  # the lock that lets a held bulk go

# Each two agree in the low 42 bits of FNV-1a, which no key that is mixed in afterwards takes apart.
TWINS = [("acme-1", "xcu9j0fc3ueqdsc"), ("lane-b1", "x37by8pqywusu9l"), ("lane-b2", "xquflr44ae2sf82")]

ON_POSTGRES = """
CREATE FUNCTION stand_still() RETURNS trigger AS $$ BEGIN
  WHILE NOT pg_try_advisory_xact_lock_shared(4711) LOOP PERFORM pg_sleep(0.01); END LOOP; RETURN NEW; END $$ LANGUAGE plpgsql;
CREATE TRIGGER still BEFORE INSERT ON invitation FOR EACH ROW WHEN (NEW.email LIKE 'held.%') EXECUTE FUNCTION stand_still()"""
ON_SQLITE = """
CREATE VIEW still AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) AS i FROM n;
CREATE TRIGGER stand_still BEFORE INSERT ON invitation WHEN NEW.email LIKE 'held.%' BEGIN SELECT i FROM still; END"""


@pytest.fixture(scope="module")
def town(make_server, smtp):
    town = World(make_server(mail=smtp.uri), smtp)
    if town.server.is_shared:
        on(town, ON_POSTGRES.replace("%", "%%"))
    else:
        with contextlib.closing(sqlite3.connect(town.server.data / "parvis.db", timeout=30)) as db:
            db.executescript(ON_SQLITE)
    return town


def on(town, sql):
    """A connection beside the server that has done this."""
    db = postgres.connect(town.server.settings["database"])
    db.cursor().execute(sql, ())
    return db


def bulk(who, at, name="many", timeout=60):
    """An invitation whose body is as long as that of many. Its status; 0: not soon."""
    client = who.api.twin()
    client.timeout = timeout
    body = '{"deliver": false, "invitations": [{"role": "member", "email": "%s"}]%s}' % (fresh(name), " " * 9000)
    try:
        return client.post(f"/organizations/{at}/invitations", body.encode()).status
    except TimeoutError:
        return 0


def until(what):
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextlib.contextmanager
def held(town, *orgs):
    """A bulk of each of these is in the midst of its transaction; of the first alone where there is one writer."""
    shared = town.server.is_shared
    orgs = orgs if shared else orgs[:1]
    answers = []
    beside = on(town, f"SELECT pg_advisory_lock({HELD})") if shared else None
    threads = [threading.Thread(target=lambda o=o: answers.append(bulk(o, o.slug, "held"))) for o in orgs]
    for thread in threads:
        thread.start()
    if shared:
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        until(lambda: town.server.query(asleep) == [(len(orgs),)])
    else:
        time.sleep(0.2)
    try:
        yield
    finally:
        if beside:
            beside.close()
        for thread in threads:
            thread.join()
    assert answers == [200] * len(orgs)


@contextlib.contextmanager
def filled(org):
    """On SQLite, while the writer is held: no more of this organization's may wait."""
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(bulk(org, org.slug))) for _ in range(LANE_MOST + 1)]
    for thread in threads:
        thread.start()
    until(lambda: answers)
    assert answers == [503]
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert sorted(answers) == [200] * LANE_MOST + [503]


def has_a_turn_of_its_own(town, victim, twin, calm):
    if town.server.is_shared:
        with held(town, twin):
            return bulk(victim, victim.slug, timeout=SOON) == 200
    with held(town, calm), filled(twin):
        return bulk(victim, victim.slug) == 200


def test_no_slug_can_be_chosen_that_shares_anothers_lane(town):
    calm = town.found("Calm")
    pairs = [[town.found("Lane", slug=slug) for slug in twins] for twins in TWINS]
    assert any(has_a_turn_of_its_own(town, *pair, calm) for pair in pairs)  # two may meet by chance, not all


def test_an_organization_has_one_turn_however_its_path_names_it(town):
    org, calm = town.found("Once"), town.found("Calm")
    if town.server.is_shared:
        with held(town, org):
            assert bulk(org, org.id, timeout=1) == 0
        assert bulk(org, org.id) == 200
    else:
        with held(town, calm), filled(org):
            assert bulk(org, org.id) == 503


def test_who_is_no_member_stands_in_no_organizations_lane(town):
    victim, stranger, *others = [town.found("Victim") for _ in range(BULK_SHARE + 1)]
    assert stranger.api.patch(victim.path, {"name": "Mine"}).status == 404
    with held(town, victim, *others):
        asked = together(LANE_MOST + 4, lambda i: bulk(stranger, victim.slug if i % 2 else victim.id, timeout=SOON))
        assert asked == [404] * (LANE_MOST + 4)
        if town.server.is_shared:
            client = stranger.api.twin()
            client.timeout = SOON
            assert client.patch(victim.path, {"name": "Mine"}).status == 404
    assert bulk(victim, victim.slug) == 200


def test_a_long_body_makes_no_large_work_outside_an_organization(town):
    orgs = [town.found("Large") for _ in range(BULK_SHARE)]
    with held(town, *orgs):
        body = b'{"email": "nobody@nowhere.example"%s}' % (b" " * 9000)
        patience = SOON if town.server.is_shared else 60
        asked = together(LANE_MOST + 4, lambda _: town.server.client(timeout=patience).post("/password-resets", body).status)
    assert asked == [202] * (LANE_MOST + 4)
