"""Several hosts in the URI, and one among them that may be written to: as libpq promises it."""

import pathlib
import tempfile
import time

import pytest

from lib.pg_database import Database, addresses
from lib.people import fresh
from lib.pg_proxy import Proxy
from lib.server import Server

UNUSED_PORT = 9  # nobody listens there


def invite(key):
    body = {"invitations": [{"email": fresh("host"), "role": "member"}], "deliver": False}
    return key.twin().post("/organizations/bar/invitations", body)


# ---- several hosts

def test_a_dead_first_host_is_passed_over(database, on_database):
    server = on_database(uri=lambda name: addresses(UNUSED_PORT, database.port, name=name))
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
    assert invite(key).status == 200
    log = server.log(server.log_start)
    assert log.count("the database cannot be reached") == 1
    assert "Connection refused" in log and f"port={UNUSED_PORT}" in log
    assert "another host of the database is used from now on" in log


def test_a_silent_first_host_is_passed_over_in_time(database, on_database):
    silent = Proxy(database.port)
    silent.hold()
    try:
        start = time.monotonic()
        server = on_database(uri=lambda name: addresses(silent.port, database.port, name=name))
        key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
        started = time.monotonic() - start
        assert invite(key).status == 200
        print(f"\nthree starts past a silent host took {started:.1f} s")
        assert "it does not answer" in server.log(server.log_start)
    finally:
        silent.stop()


def test_a_standby_is_passed_over_until_it_is_promoted(database, on_database):
    standby = Database(of=database)
    try:
        server = on_database(uri=lambda name: addresses(standby.port, database.port, name=name))
        made = server.setup("Bar", slug="bar")
        key = server.client(key=made["api_key"])
        assert invite(key).status == 200
        assert standby.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parvis'") == [(0,)]
        assert database.sql("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'parvis'") == [(True,)]
        name = server.settings["database"].rsplit("/", 1)[1]
        until = time.monotonic() + 10
        while standby.sql("SELECT count(*) FROM invitation", database=name) != [(1,)]:
            assert time.monotonic() < until
            time.sleep(0.05)
        database.stop()
        lost = time.monotonic()
        assert invite(key).status in (200, 503)
        standby.sql("SELECT pg_promote(true, 30)")
        promoted = time.monotonic()
        while invite(key).status != 200:
            assert time.monotonic() - promoted < 2.5
            time.sleep(0.05)
        print(f"\npromoted {promoted - lost:.2f} s after the loss, works {time.monotonic() - promoted:.2f} s after that")
        assert standby.sql("SELECT count(*) >= 2 FROM invitation", database=name) == [(True,)]
        server.beside = standby.base + name
        assert server.operator.get("/server/check").ok()["sound"]
        server.stop()
    finally:
        standby.remove()
        database.start()


def stand_in(uri, other):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="parvis-node-"))
    other.folder_key = folder / "key"
    return Server(folder, database=uri, key_file=str(other.folder_key))


def test_a_database_that_becomes_read_only_is_left(database, on_database):
    """What happens at an orderly switch-over: connections stand, and nothing can be written through them any more."""
    other = Database()
    try:
        name = database.new()
        other.sql(f"CREATE DATABASE {name}")
        stand_in(other.base + name, other).cli("migrate")
        server = on_database(name=name, uri=lambda name: addresses(database.port, other.port, name=name),
                             key_file=str(other.folder_key))
        key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
        assert invite(key).status == 200
        database.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parvis'")
        until = time.monotonic() + 5
        while other.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'parvis'") == [(0,)]:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert invite(key).status == 401, "the other database is empty: nobody is known there"
    finally:
        other.remove()


@pytest.fixture
def alone(tmp_path):
    return lambda uri: Server(tmp_path, database=uri)


def test_a_password_is_never_told(database, alone):
    for rest in (f"127.0.0.1:{UNUSED_PORT}/x", "127.0.0.1/x?nonsense=1", "[::1/x", f"127.0.0.1:{database.port}/nowhere"):
        done = alone("postgresql://parvis:sesame-17@" + rest).cli("migrate", check=False)
        assert done.returncode in (1, 2) and "sesame" not in done.stderr + done.stdout, done.stderr
        assert "the database" in done.stderr or "PARVIS_DATABASE" in done.stderr


def test_a_silent_database_ends_a_start_in_time(database, alone):
    silent = Proxy(database.port)
    silent.hold()
    try:
        start = time.monotonic()
        done = alone(addresses(silent.port, name="postgres")).cli("migrate", check=False)
        assert done.returncode == 1 and "it does not answer" in done.stderr and time.monotonic() - start < 5
    finally:
        silent.stop()
