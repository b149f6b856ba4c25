"""Fixtures: one real server and one real SMTP server a module; organizations fresh for each test."""

import fnmatch
import os

import pytest

from lib import postgres
from lib.mailbox import Mailbox
from lib.people import World
from lib.server import BINARY, ROOT, Server


# A worker is given two files at first: what is fourth waits behind the first.
LONGEST = ["test_copy", "test_machine", "test_inviting", "test_attacks_on_pages", "test_account", "test_main_job", "test_passkeys",
           "test_gate", "test_cli", "test_limits_table", "test_foreign_bytes", "test_names", "test_accounts_told", "test_screenshots",
           "test_refusals", "test_nodes", "test_concurrency", "test_large_lists", "test_mail"]


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is missing: run `make test`, or set PARVIS_BINARY")


def pytest_report_header(config):
    return f"on {'PostgreSQL' if postgres.WANTED else 'SQLite'}, {BINARY}"


def left_to_the_night():
    """The patterns of tests/nightly.txt that hold for this engine."""
    rows = [line.split(None, 2) for line in (ROOT / "tests/nightly.txt").read_text().splitlines() if line and line[0] != "#"]
    return [pattern for engine, pattern, _ in rows if engine in ("any", "postgres" if postgres.WANTED else "sqlite")]


def is_wanted(item, patterns):
    if postgres.WANTED and item.originalname in postgres.SQLITE_ALONE:
        return False
    by_day = os.environ.get("PARVIS_NIGHTLY") == "no"
    return not by_day or not any(fnmatch.fnmatchcase(item.nodeid, pattern) for pattern in patterns)


def pytest_collection_modifyitems(config, items):
    """Tests of SQLite's file are not PostgreSQL's; CI leaves some to the night. Side by side, what takes longest begins first."""
    patterns = left_to_the_night()
    kept = [item for item in items if is_wanted(item, patterns)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture(scope="module")
def smtp():
    mailbox = Mailbox()
    yield mailbox
    mailbox.stop()


@pytest.fixture(scope="module")
def make_server(request, tmp_path_factory):
    """Servers of a test's own settings; each is stopped, and must stop well. A password costs next to nothing there, but in
    modules marked `costly_passwords`: hashing was more than half of all that a run of the suite had a processor do."""
    made, cheap = [], not request.node.get_closest_marker("costly_passwords")

    def make(**settings):
        server = Server(tmp_path_factory.mktemp("server"), cheap_passwords=cheap, **settings)
        made.append(server)
        return server.start()

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def server(make_server, smtp):
    return make_server(mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>")


@pytest.fixture(scope="module")
def world(server, smtp):
    return World(server, smtp)


@pytest.fixture
def inbox(smtp):
    return smtp


@pytest.fixture
def operator(server):
    return server.operator


@pytest.fixture
def clock(server):
    return server.clock


@pytest.fixture
def acme(world):
    return world.found("Acme")


@pytest.fixture
def rival(world):
    return world.found("Rival")


@pytest.fixture
def enrol(world):
    return world.enrol


@pytest.fixture
def anonymous(server):
    return server.client()
