"""After a restart, a cut or a migration behind its back, a connection is what it was: prepared, and set up."""

import threading
import time

from lib import postgres
from lib.people import fresh
from lib.pg_database import probe
from lib.server import together


def invite(key):
    body = {"invitations": [{"email": fresh("again"), "role": "member"}], "deliver": False}
    return key.twin().post("/organizations/bar/invitations", body)


def warm(key):
    """Every connection has its statements prepared."""
    answers = together(16, lambda i: invite(key) if i % 2 else key.twin().get("/organizations/bar/members"))
    assert {a.status for a in answers} == {200}


def settings_hold(server, key):
    """A lock that somebody holds ends in the time that was set: the session's settings are there."""
    holder = postgres.connect(server.beside)
    cursor = holder.cursor()
    cursor.execute("BEGIN")
    cursor.execute("SELECT 1 FROM organization_seat FOR UPDATE")
    start = time.monotonic()
    assert invite(key).status == 503
    took = time.monotonic() - start
    cursor.execute("ROLLBACK")
    holder.close()
    assert took < 2 + 1.5, took


def made(on_database, **settings):
    server = on_database(database_timeout="2s", **settings)
    return server, server.client(key=server.setup("Bar", slug="bar")["api_key"])


def test_a_restart_while_idle_is_not_noticed(database, on_database):
    server, key = made(on_database)
    warm(key)
    database.stop()
    database.start()
    until = time.monotonic() + 2
    while probe(server, "/readyz")[0] != 200:
        assert time.monotonic() < until
    answers = together(16, lambda i: invite(key) if i % 2 else key.twin().get("/organizations/bar/members"))
    assert {a.status for a in answers} == {200}, "the very first requests"
    settings_hold(server, key)


def test_cut_connections_are_made_anew_at_once(database, on_database):
    server, key = made(on_database)
    name = server.settings["database"].rsplit("/", 1)[1]
    for _ in range(3):
        warm(key)
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
        warm(key)
    settings_hold(server, key)


def test_connections_cut_while_they_work(database, on_database):
    """The administrator's habit: everything is cut ten times a second, and nobody hears of it but as a busy server."""
    server, key = made(on_database)
    name = server.settings["database"].rsplit("/", 1)[1]
    over = threading.Event()

    def cut():
        while not over.wait(0.1):
            database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)
    thread = threading.Thread(target=cut)
    thread.start()
    try:
        answers = sum(together(8, lambda _: [invite(key) for _ in range(15)]), [])
    finally:
        over.set()
        thread.join()
    good = [a for a in answers if a.status == 200]
    unsure = sum(a.status == 503 and "may have been done" in a["detail"] for a in answers)
    ((count,),) = server.query("SELECT count(*) FROM invitation")
    print(f"\n{len(good)} of {len(answers)} acknowledged, {unsure} unsure, {count} stand")
    assert {a.status for a in answers} <= {200, 503} and len(good) > 40
    assert len(good) <= count <= len(good) + unsure
    assert server.operator.get("/server/check").ok()["sound"]


def test_a_change_of_the_schema_behind_its_back(database, on_database):
    """What was prepared is of an older schema: it is prepared anew, and nobody is refused for it."""
    server, key = made(on_database)
    warm(key)
    name = server.settings["database"].rsplit("/", 1)[1]
    for text in ('ALTER TABLE organization ALTER COLUMN name TYPE VARCHAR(400) COLLATE "C"',
                 'ALTER TABLE membership ALTER COLUMN role TYPE VARCHAR(40) COLLATE "C"',
                 "ALTER TABLE invitation ADD COLUMN later BIGINT",
                 'ALTER TABLE organization ALTER COLUMN name TYPE TEXT COLLATE "C"'):
        database.sql(text, database=name)
        warm(key)
    assert "cached plan" not in server.log()


def test_a_newer_schema_makes_a_node_unready(database, on_database):
    server, _ = made(on_database)
    name = server.settings["database"].rsplit("/", 1)[1]
    database.sql("INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (999, 'later', '', 0)",
                 database=name)
    until = time.monotonic() + 2
    while probe(server, "/readyz")[0] != 503:
        assert time.monotonic() < until
        time.sleep(0.05)
    database.sql("DELETE FROM schema_migration WHERE version = 999", database=name)
    while probe(server, "/readyz")[0] != 200:
        assert time.monotonic() < until + 2
        time.sleep(0.05)
