"""Which database a command speaks of: it makes none, says which one it looked at, and takes no other for the one that was named."""

import os
import sqlite3
import stat

import pytest
import yaml

from lib import postgres
from lib.cli import document, refused
from lib.server import ROOT, Server

ROWS = yaml.safe_load((ROOT / "spec/commands.yaml").read_text())
MAKERS = {"serve", "setup", "migrate"}
ELSEWHERE = {"config", "version", "copy", "mail test"}  # these open no database, or not by --database
WORDS = {"ROLE": "member", "ADDRESS": "a@example.org", "ADDRESS|ID": "a@example.org", "ADDRESS…|-": "a@example.org"}
MORE = {"organization set": ["--name", "Other"], "member set": ["--group", "g"], "entitlement set": ["--default", "on"],
        "account close": ["--yes"], "invitation resend": ["inv_x"], "invitation link": ["inv_x"],
        "organization create": ["--name", "Other", "--email", "o@example.org", "--given-name", "O"],
        "entitlement create": ["--name-fr", "x", "--name-en", "x"], "api-key create": ["--member", "a@example.org"]}
READERS = sorted(set(ROWS) - MAKERS - ELSEWHERE)


def typed(command):
    words = (ROWS[command].get("arguments") or "").split() if command not in ("invitation resend", "invitation link") else []
    return [*command.split(), *(WORDS.get(w, "x") for w in words), *MORE.get(command, [])]


@pytest.fixture
def alone(tmp_path):
    """A folder that is there, as any folder may be, and has no data."""
    server = Server(tmp_path, database=None)
    server.data.mkdir()
    server.data.chmod(0o755)
    return server


@pytest.fixture
def bar(tmp_path):
    server = Server(tmp_path)
    server.setup(slug="bar")
    return server


def everything(server):
    return sorted(str(p) for p in server.folder.rglob("*"))


@pytest.mark.parametrize("command", READERS)
def test_no_command_makes_a_database(alone, command):
    before = everything(alone)
    for args, missing in (["--database", "sqlite:nope.db"], alone.folder / "nope.db"), ([], alone.data / "parvis.db"):
        assert str(missing) in refused(alone.cli(*typed(command), *args, check=False))
    assert everything(alone) == before
    assert stat.S_IMODE(alone.data.stat().st_mode) == 0o755, "nor is somebody's folder closed"


@pytest.mark.parametrize("command", sorted(ELSEWHERE))
def test_nor_does_one_that_opens_none(alone, command):
    more = {"copy": ["--from", "sqlite:a.db", "--to", "sqlite:b.db"], "mail test": ["a@example.org"]}
    alone.cli(*command.split(), *more.get(command, []), "--database", "sqlite:nope.db", check=False)
    assert not list(alone.folder.rglob("*.db"))


def test_it_is_said_in_french_too(alone):
    said = refused(alone.cli("check", "--database", "sqlite:nope.db", check=False, env={"LC_ALL": "fr_FR.UTF-8"}))
    assert "Il n’y a pas de base de données dans sqlite:" in said and "nope.db" in said


def test_a_file_without_tables_is_no_database(alone):
    empty, other, folder = (alone.folder / name for name in ("empty.db", "other.db", "folder.db"))
    empty.write_bytes(b"")
    folder.mkdir()
    with sqlite3.connect(other) as db:
        db.executescript("CREATE TABLE t (x); DROP TABLE t")
    (alone.data / "key").write_text("0" * 64 + "\n")
    (alone.data / "key").chmod(0o600)
    for path in (empty, other, folder):
        assert f"There is no database in sqlite:{path}." in refused(alone.cli("check", "--database", f"sqlite:{path}", check=False))
    assert empty.stat().st_size == 0
    with sqlite3.connect(other) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_who_may_make_one_still_does(alone):
    alone.cli("migrate", "--database", "sqlite:made.db")
    assert document(alone.cli("check", "--json", "--database", "sqlite:made.db"))["database"] == f"sqlite:{alone.folder}/made.db"
    alone.cli("setup", "--organization", "Bar", "--email", "o@example.org", "--given-name", "O")
    assert (alone.data / "parvis.db").stat().st_size > 0


def test_a_shared_databases_key_is_asked_for_before_the_folder_is_touched(alone):
    said = refused(alone.cli("check", "--database", "postgresql://u:s3cret@127.0.0.1:9/x", check=False))
    assert str(alone.data / "key") in said and "s3cret" not in said
    assert list(alone.data.iterdir()) == [] and stat.S_IMODE(alone.data.stat().st_mode) == 0o755


def name_of(server):
    """The database of a server in a folder of its own; PostgreSQL's user is left out."""
    if not postgres.WANTED:
        return f"sqlite:{os.path.realpath(server.data)}/parvis.db"
    return server.settings["database"].replace("parvis@", "", 1)


def test_check_says_which_database_it_looked_at(bar):
    assert document(bar.cli("check", "--json")) == {"database": name_of(bar), "sound": True, "findings": []}
    assert bar.cli("check").stdout.splitlines() == [f"Database: {name_of(bar)}", "The database is sound."]
    french = bar.cli("check", env={"LC_ALL": "fr_FR.UTF-8"}).stdout
    assert french.splitlines()[0] == f"Base de données\u202f: {name_of(bar)}"
    bar.tamper("UPDATE organization_seat SET held = held + 3")
    assert bar.cli("check", check=False).stdout.startswith(f"Database: {name_of(bar)}\n")


@pytest.fixture(scope="module")
def served(make_server):
    return make_server()


OTHERS = ["sqlite:nope.db", "postgresql://u:s3cret@db.example.org/other"]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("command", ["check", "organization list", "mail list", "setup --organization X --email x@example.org --given-name X"])
def test_a_server_is_not_taken_for_another_database(served, command, other):
    before = everything(served)
    for args, env in ([*command.split(), "--database", other], {}), (command.split(), {"PARVIS_DATABASE": other}):
        said = refused(served.cli(*args, check=False, env=env))
        assert name_of(served) in said and "s3cret" not in said and "--database" in said
    assert everything(served) == before
    french = refused(served.cli(*command.split(), "--database", other, check=False, env={"LC_ALL": "fr_FR.UTF-8"}))
    assert name_of(served) in french and "la base de données" in french


@pytest.mark.parametrize("command", ["check", "mail list"])
def test_what_cannot_be_understood_is_no_database(served, command):
    before = everything(served)
    for lang, why in (("en_GB.UTF-8", "the address of the database cannot be understood"), ("fr_FR.UTF-8", "n’est pas compréhensible")):
        said = refused(served.cli(*command.split(), "--database", "postgres://u:s3cret@[::1", check=False, env={"LC_ALL": lang}), 2)
        assert said.startswith("parvis: --database") and why in said and "s3cret" not in said
    assert everything(served) == before


def test_the_served_one_may_be_named_in_any_way(served):
    if postgres.WANTED:
        uri = served.settings["database"]
        ways = [uri, uri.replace("postgresql:", "postgres:"), uri.replace("parvis@", "parvis:unused@")]
    else:
        (served.folder / "link").symlink_to(served.data)
        ways = [f"sqlite:{served.data}/parvis.db", "sqlite:data/parvis.db", "sqlite:./data/../link/parvis.db"]
    for way in ways:
        assert document(served.cli("check", "--json", "--database", way))["database"] == name_of(served)
    assert served.operator.get("/server/database").ok().json == {"database": name_of(served)}


def test_where_none_is_named_the_server_has_the_word(served):
    """Whoever started it may have told it alone where its database is."""
    unnamed = {"PARVIS_DATABASE": ""}
    assert document(served.cli("check", "--json", env=unnamed))["database"] == name_of(served)


def test_nobody_but_the_operator_is_told(served):
    served.client().get("/server/database").refused("unauthenticated", 401)
