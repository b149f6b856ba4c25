"""parvis copy: everything from one database to another, whatever stops it on the way."""

import fcntl
import itertools
import json
import os
import pty
import random
import re
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import termios
import threading
import time

import pytest

from lib import moving
from lib.moving import ask, change, content, copy, file_uri, kill_midway, migrated_database, new_database, refused
from lib.people import PASSWORD, World, fresh
from lib.server import Server
from lib.spec import texts

TEXTS = texts("en")
FILLER = 24_000


def sentence(key):
    """What can be recognized of a text with placeholders: its beginning."""
    return TEXTS["cli.copy." + key].split("{")[0].strip()


class Life:
    """A server's database after some days: what people left in it, and what they have in hand."""

    def __init__(self, server, smtp):
        self.server = server
        self.key = server.setup(organization="Première")["api_key"]
        server.start()
        world = World(server, smtp)
        self.acme, self.rival = world.found("Acme"), world.found("Ümlaut & Söhne 💡")
        self.member = self.acme.join(given="Zoë", family="D’Àrc‐Nguyễn")
        self.admin = self.acme.join(role="administrator", given="אבי", family="山田")
        self.both = self.rival.join()
        self.rival.remove(self.rival.join())
        self.invited = fresh("invited")
        self.acme.invite(self.invited, given_name="Ida", message="à bientôt")
        self.token = smtp.token_for(self.invited)
        self.linked = self.acme.link(self.acme.invite(fresh("linked"), deliver=False)).ok()["url"]
        resent = self.acme.invite(fresh("resent"))
        smtp.wait(resent["email"])
        self.acme.resend(resent).ok()
        self.acme.revoke(self.acme.invite(fresh("revoked"))).ok()
        self.member.api.post("/password-resets", {"email": self.both.email}).ok()
        self.member.api.post(self.acme.path + "/nothing")
        self.acme.api.call("POST", self.acme.path + "/invitations", {"invitations": [{"email": fresh(), "role": "member"}]},
                           {"Idempotency-Key": "once"}).ok()
        for _ in range(3):
            server.client().post("/sessions", {"email": self.member.email, "password": "wrong-wrong-wrong"})
        server.mails_at_rest()
        self.wait_for_a_mail_that_waits(smtp)
        server.stop()
        self.uri = file_uri(server.data / "parvis.db")

    def wait_for_a_mail_that_waits(self, smtp):
        self.waits = fresh("waits")
        smtp.rcpt_reply = lambda address: "450 4.2.1 busy" if address == self.waits else None
        self.acme.invite(self.waits)
        until = time.monotonic() + 15
        while self.server.query("SELECT state FROM mail WHERE recipient = ?", self.waits) != [("deferred",)]:
            assert time.monotonic() < until
            time.sleep(0.02)
        smtp.rcpt_reply = None


@pytest.fixture(scope="module")
def life(tmp_path_factory, smtp):
    server = Server(tmp_path_factory.mktemp("life"), mail=smtp.uri, mail_from="Parvis <parvis@parvis.example>",
                    rate_limits="on", database=None)
    return Life(server, smtp)


@pytest.fixture
def long_life(life, tmp_path):
    """The same with rows that take a while; a file of the test's own."""
    path = tmp_path / "long.db"
    shutil.copy(moving.path_of(life.uri), path)
    moving.filler(path, FILLER)
    return file_uri(path)


numbers = itertools.count(1)


def serve(life, tmp_path, **settings):
    """A server over another database, with the key of the first."""
    folder = tmp_path / f"n{next(numbers)}"  # short: there will be sockets in it
    folder.mkdir()
    return Server(folder, **{**life.server.settings, "data": str(folder / "data"),
                             "key_file": str(life.server.data / "key"), **settings})


# ---- all of it


def test_a_lived_in_instance_goes_to_postgresql_and_comes_back(life, tmp_path, smtp):
    there, back = migrated_database(life.server), file_uri(tmp_path / "back" / "parvis.db")
    done = copy(life.server, life.uri, there).json
    assert done["equal"] and done["copied"] == done["rows"] == sum(map(len, content(life.uri).values()))
    assert content(there) == content(life.uri)
    copy(life.server, there, back)
    assert content(back) == content(life.uri)

    for database in (there, back):
        node = serve(life, tmp_path, database=database)
        if database == back:
            node = serve(life, tmp_path, database=None, data=str(tmp_path / "back"))
        node.start()
        try:
            lives_on(life, node, smtp)
        finally:
            node.stop()
    last = file_uri(tmp_path / "last.db")
    copy(life.server, there, last)
    assert content(last) == content(there) != content(life.uri)


def lives_on(life, node, smtp):
    """Whatever people had in hand is good at the new place."""
    for person in (life.acme.owner, life.member, life.admin, life.both):
        old = person.api.twin()
        old.port = node.port
        assert old.get("/me").ok().json, "a session from before"
        node.client().sign_in(person.email, PASSWORD)
    assert node.client(key=life.key).get("/organizations/premiere/members").ok()["items"]
    owner = node.client().sign_in(life.acme.owner.email, PASSWORD)
    names = {(m["account"]["given_name"], m["account"]["family_name"]) for m in owner.items(life.acme.path + "/members")}
    assert {("Zoë", "D’Àrc‐Nguyễn"), ("אבי", "山田")} <= names
    assert [m["account"]["id"] for m in owner.items(life.acme.path + "/members", q="d’arc")] == [life.member.id]
    events = node.query("SELECT count(*) FROM audit_event")[0][0]
    world = World(node, smtp)
    world.enrol(life.token).ok(201)
    world.enrol(life.linked).ok(201)
    assert node.query("SELECT count(*) FROM audit_event")[0][0] > events
    before = len(smtp.all_for(life.waits))
    node.clock.advance(hours=2)
    world.enrol(smtp.token_for(life.waits, before + 1)).ok(201)


def test_every_table_of_both_engines_is_carried(life):
    """A migration that adds a table is carried, or this fails."""
    there = migrated_database(life.server)
    listed = [table["table"] for table in copy(life.server, life.uri, there).json["tables"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == moving.tables(life.uri) - moving.OWN == moving.tables(there) - moving.OWN
    for table in listed:
        referred = {row[2] for row in ask(life.uri, f"PRAGMA foreign_key_list({table})")}
        assert all(listed.index(name) < listed.index(table) for name in referred), table


WEIRD = ["", "a", "á", "a\u0301", "A", "z", "é", "ÿ", "ﬀ", "\ufffd", "\uffff", "\U00010000", "😀", "👩‍👩‍👧", "\U0010ffff",
         "שלום", "‮abc", "‏", "한글", "עִבְרִית", "\t", "\n", "\r\n", "\x01", "\x7f", "\u0085", "\u2028", "'", '"', "\\", "\\N",
         "\\.", "%s", "$1", "?1", "NULL", "{x}", "\u00a0", "\u200b", "İ", "ı", "ß", "ẞ"]
NUMBERS = [0, 1, -1, 2**63 - 1, -(2**63), 1 << 32]
BLOBS = [b"", b"\0", b"\0\0", b"\xff", bytes(range(256)), b"\\x00", b"PGCOPY\n\xff\r\n\0", b"\xff\xff", bytes(70_000)]


def test_every_kind_of_value_arrives_as_it_was(life, tmp_path):
    """Unicode, NULL, empty, extreme: also as keys, in whose order the engines must agree across many pages."""
    source, there, back = file_uri(tmp_path / "weird.db"), migrated_database(life.server), file_uri(tmp_path / "back.db")
    shutil.copy(moving.path_of(life.uri), moving.path_of(source))
    chance = random.Random(3)
    db = sqlite3.connect(moving.path_of(source))
    for i, text in enumerate(WEIRD):
        db.execute("INSERT INTO organization (id, slug, name, created_at, reminder_after) VALUES (?, ?, ?, ?, ?)",
                   (chance.randbytes(16), f"w{i}" + text, text, chance.choice(NUMBERS), abs(chance.choice(NUMBERS[:4]))))
        db.execute("INSERT INTO mail (id, organization_id, kind, recipient, sealed, state, attempts, next_at, turn_of, turn_at, reply, created_at)"
                   " VALUES (?, ?, ?, ?, ?, 'failed', ?, ?, ?, ?, ?, ?)",
                   (chance.randbytes(16), bytes(16), text, text, chance.choice([None, *BLOBS]), chance.choice(NUMBERS),
                    chance.choice([None, *NUMBERS]), chance.choice(NUMBERS), chance.choice(NUMBERS), chance.choice([None, text]),
                    chance.choice(NUMBERS)))
    keys = {("".join(chance.choice(WEIRD) for _ in range(chance.randrange(4))), chance.choice(WEIRD)) for _ in range(2000)}
    db.executemany("INSERT INTO idempotency (holder_id, caller_id, key, route, body_hash, status, body, created_at)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                   [(bytes(16), chance.choice([bytes(16), b"\xff" * 16, b"\x7f" + bytes(15)]), key, route, chance.choice(BLOBS[:8]),
                     chance.choice(NUMBERS), chance.choice(BLOBS), chance.choice(NUMBERS)) for key, route in sorted(keys)])
    blobs = {bytes(chance.choice([0, 1, 0x7f, 0x80, 0xff]) for _ in range(chance.randrange(6))) for _ in range(1200)}
    db.executemany("INSERT INTO throttle (throttle_key, failures, until_at, updated_at) VALUES (?, ?, ?, ?)",
                   [(blob, *chance.choices(NUMBERS, k=3)) for blob in sorted(blobs)])
    db.commit()
    db.close()
    assert len(keys) > 1000 and len(blobs) > 500
    copy(life.server, source, there)
    copy(life.server, there, back)
    assert content(source) == content(there) == content(back)
    with sqlite3.connect(moving.path_of(back)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("PRAGMA journal_mode").fetchall() == [("wal",)]
    assert stat.S_IMODE(os.stat(moving.path_of(back)).st_mode) == 0o600


def test_a_text_that_the_other_side_cannot_hold_is_named(life, tmp_path):
    source, there = file_uri(tmp_path / "nul.db"), migrated_database(life.server)
    shutil.copy(moving.path_of(life.uri), moving.path_of(source))
    change(source, "UPDATE account SET given_name = 'a' || char(0) || 'b' WHERE email = ?", (life.member.email,))
    done = refused(life.server, source, there, sentence("source_no_text"))
    assert f"account, id = x'{ask(source, 'SELECT id FROM account WHERE email = ?', (life.member.email,))[0][0].hex()}'" in done.err
    assert "column given_name" in done.err and "22021" not in done.err


# ---- killed on the way


@pytest.mark.parametrize("back", [False, True], ids=["to_postgresql", "to_sqlite"])
def test_killed_ten_times_it_goes_on_where_it_was(life, long_life, tmp_path, back):
    source, chance = long_life, random.Random()
    if back:
        source = migrated_database(life.server)
        copy(life.server, long_life, source)

    def destination():
        return file_uri(tmp_path / f"{chance.random()}.db") if back else migrated_database(life.server)

    began = time.monotonic()
    copy(life.server, source, destination())
    whole = time.monotonic() - began
    there, seen, killed, on_the_way = destination(), 0, 0, 0
    while killed < 10 or not on_the_way:
        process = moving.start(life.server, source, there)
        try:
            process.wait(chance.uniform(0, whole / 4))
        except subprocess.TimeoutExpired:
            pass
        if moving.kill(process) == 0:
            assert content(there) == content(source)
            there, seen = destination(), 0
            continue
        killed += 1
        now = moving.brought(there)
        assert now == -1 or now >= seen, "what was there stays there"
        on_the_way += now > 0
        seen = max(seen, now)
    left = moving.brought(there)  # no marks: killed before it began, or after its last commit
    done = copy(life.server, source, there).json
    assert done["equal"] and done["copied"] <= done["rows"] - max(left, 0)
    assert content(there) == content(source)
    assert moving.tables(there) - moving.OWN == moving.tables(source) - moving.OWN, "no marks are left"


@pytest.mark.parametrize("to_file", [False, True], ids=["postgresql", "sqlite"])
def test_half_a_copy_is_served_by_nobody(life, long_life, tmp_path, to_file):
    there = file_uri(tmp_path / "half" / "parvis.db") if to_file else migrated_database(life.server)
    if to_file:
        (tmp_path / "half").mkdir()
    kill_midway(life.server, long_life, there)
    settings = {"data": str(tmp_path / "half"), "database": None} if to_file else {"database": there}
    node = serve(life, tmp_path, **settings)
    for command in ("serve", "migrate"):
        done = node.cli(command, check=False)
        assert done.returncode == 1 and "a copy that was not finished" in done.stderr, done.stderr
    refused(life.server, there, file_uri(tmp_path / "x.db"), sentence("source_unfinished"))
    assert copy(life.server, long_life, there).json["equal"]
    node.start()
    node.stop()


def test_a_changed_byte_is_found_and_its_table_named(life, long_life):
    there = migrated_database(life.server)
    kill_midway(life.server, long_life, there, rows=FILLER // 2 + 5000)
    [(event,)] = ask(there, "SELECT id FROM audit_event WHERE action = 'filler.7'")
    change(there, "UPDATE audit_event SET action = 'filler.8' WHERE id = ?", (event,))
    done = copy(life.server, long_life, there, code=1)
    assert done.different == ["audit_event"] and not done.json["equal"]
    assert sentence("differs") in done.err and "audit_event" in done.err
    sums = {table["table"]: table for table in done.json["tables"]}["audit_event"]
    assert sums["source"]["rows"] == sums["destination"]["rows"] and sums["source"]["checksum"] != sums["destination"]["checksum"]

    change(there, "DELETE FROM audit_event WHERE id = ?", (event,))
    done = copy(life.server, long_life, there, code=1)
    sums = {table["table"]: table for table in done.json["tables"]}["audit_event"]
    assert sums["source"]["rows"] == sums["destination"]["rows"] + 1

    columns = "organization_id, id, actor_kind, action, subject_kind, source"
    [row] = ask(long_life, f"SELECT {columns} FROM audit_event WHERE action = 'filler.7'")
    change(there, f"INSERT INTO audit_event ({columns}) VALUES (?, ?, ?, ?, ?, ?)",
           [v.hex() if isinstance(v, bytes) else v for v in row])
    assert copy(life.server, long_life, there).json["equal"], "mended, it is whole"


def test_a_source_that_changed_between_two_runs_is_noticed(life, long_life):
    there, other = migrated_database(life.server), migrated_database(life.server)
    for destination in (there, other):
        kill_midway(life.server, long_life, destination, rows=FILLER // 2 + 5000)
    change(long_life, "UPDATE audit_event SET source = '127.0.0.2' WHERE action = 'filler.0'")
    assert copy(life.server, long_life, there, code=1).different == ["audit_event"]
    change(long_life, "DELETE FROM audit_event WHERE action = 'filler.0'")
    done = refused(life.server, long_life, other, sentence("source_changed"))
    assert "audit_event" in done.err


def test_a_source_that_is_written_meanwhile_is_noticed(life, long_life, tmp_path):
    """PostgreSQL's source may be served: one moment of it is copied, and what came later shows."""
    source = migrated_database(life.server)
    copy(life.server, long_life, source)
    node = serve(life, tmp_path, database=source).start()
    try:
        process = moving.start(life.server, source, file_uri(tmp_path / "y.db"), "--json")
        moving.wait_begun(process, file_uri(tmp_path / "y.db"))
        process.send_signal(signal.SIGSTOP)
        node.client().sign_in(life.member.email, PASSWORD)
        process.send_signal(signal.SIGCONT)
        done = moving.Done(process)
    finally:
        node.stop()
    assert done.code == 1 and "session" in done.different
    assert sentence("nodes") in done.err and sentence("differs") in done.err


@pytest.mark.parametrize("lost", ["source", "destination"])
def test_a_connection_that_breaks_is_a_clear_end_and_no_more(life, long_life, tmp_path, lost):
    source, there = long_life, migrated_database(life.server)
    if lost == "source":
        copy(life.server, long_life, there)
        source, there = there, file_uri(tmp_path / "there.db")
    process = moving.start(life.server, source, there)
    moving.wait_begun(process, there)
    change(source if lost == "source" else there,
           "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parvis-copy'")
    done = moving.Done(process)
    assert done.code == 1 and sentence("broken") in done.err and not done.out
    again = copy(life.server, source, there)
    assert again.json["equal"] and 0 < again.json["copied"] < again.json["rows"]


def test_two_at_once_do_not_mix(life, long_life):
    """At most one of them ends well, and what it made is whole."""
    there = migrated_database(life.server)
    both = [moving.start(life.server, long_life, there, "--json") for _ in range(2)]
    codes = sorted(moving.Done(process).code for process in both)
    assert codes in ([0, 0], [0, 1], [1, 1])
    assert copy(life.server, long_life, there).json["equal"]
    assert content(there) == content(long_life)


# ---- refusals


def test_addresses_that_are_none(life):
    for arguments, key in (
        (["--from", life.uri, "--to", "mysql://x"], "address"),
        (["--from", "parvis.db", "--to", life.uri], "address"),
        (["--from", life.uri, "--to", life.uri], "same"),
    ):
        done = life.server.cli("copy", *arguments, check=False)
        assert done.returncode == 2 and TEXTS["cli.copy." + key].split("}")[-1] in done.stderr
    for arguments in ([], ["--from", life.uri], ["--to", life.uri], ["--from", life.uri, "--to", "sqlite:x", "more"]):
        assert life.server.cli("copy", *arguments, check=False).returncode == 2


def test_a_source_that_is_none(life, tmp_path):
    there = file_uri(tmp_path / "there.db")
    refused(life.server, file_uri(tmp_path / "missing.db"), there, sentence("source_closed"))
    (tmp_path / "text.db").write_text("not a database " * 100)
    refused(life.server, file_uri(tmp_path / "text.db"), there, sentence("source_closed"))
    sqlite3.connect(tmp_path / "empty.db").close()
    refused(life.server, file_uri(tmp_path / "empty.db"), there, sentence("source_strange"))
    refused(life.server, new_database(), there, sentence("source_strange"))
    secret = "postgresql://nobody:hunter2@127.0.0.1:1/x"
    done = refused(life.server, secret, there, sentence("source_closed"))
    assert "hunter2" not in done.err + done.out
    assert not (tmp_path / "missing.db").exists() and not (tmp_path / "there.db").exists()


def test_a_source_that_is_served(life, tmp_path):
    there = file_uri(tmp_path / "there.db")
    data = tmp_path / "data"
    shutil.copytree(life.server.data, data)
    node = serve(life, tmp_path, data=str(data), database=None).start()
    uri = file_uri(data / "parvis.db")
    refused(life.server, uri, there, sentence("source_used"))
    node.kill()
    (data / "lock").unlink()
    connection = sqlite3.connect(data / "parvis.db")
    connection.execute("SELECT count(*) FROM account").fetchall()
    refused(life.server, uri, there, sentence("source_used"))
    connection.close()
    copy(life.server, uri, there)
    assert content(there) == content(uri), "after a kill too, with all that only the log holds"


def test_both_sides_in_one_folder(life, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(life.server.data, data)
    source, there = file_uri(data / "parvis.db"), file_uri(data / "second.db")
    life.server.cli("copy", "--from", source, "--to", there, "--data", str(data))
    assert content(there) == content(source)
    refused(life.server, source, file_uri(data / ".." / "data" / "parvis.db"), sentence("destination_used"))
    assert content(there) == content(source)


def test_a_destination_that_is_served(life, tmp_path):
    there = migrated_database(life.server)
    node = serve(life, tmp_path, database=there).start()
    refused(life.server, life.uri, there, sentence("destination_used"))
    node.stop()
    data = tmp_path / "data"
    shutil.copytree(life.server.data, data)
    node = serve(life, tmp_path, data=str(data), database=None).start()
    refused(life.server, migrated_database(life.server), file_uri(data / "parvis.db"), sentence("destination_used"))
    node.stop()


def test_a_destination_that_is_not_ready(life, tmp_path):
    there = new_database()
    refused(life.server, life.uri, there, sentence("destination_unmigrated"))
    change(there, "CREATE TABLE somebodys (n bigint)")
    refused(life.server, life.uri, there, sentence("destination_strange"))
    stranger = tmp_path / "stranger.db"
    change(file_uri(stranger), "CREATE TABLE somebodys (n INTEGER)")
    refused(life.server, life.uri, file_uri(stranger), sentence("destination_strange"))
    refused(life.server, life.uri, "postgresql://nobody@127.0.0.1:1/x", sentence("destination_closed"))
    refused(life.server, life.uri, file_uri(tmp_path / "no" / "such" / "folder.db"), sentence("destination_closed"))


def test_schemas_that_differ(life, tmp_path):
    source = file_uri(tmp_path / "source.db")
    for sql in ("UPDATE schema_migration SET checksum = 'other' WHERE version = 1",
                "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES (99, 'later', 'x', 1)",
                "DELETE FROM schema_migration"):
        shutil.copy(moving.path_of(life.uri), moving.path_of(source))
        change(source, sql)
        refused(life.server, source, file_uri(tmp_path / "z.db"), sentence("source_version"))
        there = migrated_database(life.server)
        change(there, sql)
        refused(life.server, life.uri, there, sentence("destination_version"))


def test_a_destination_that_is_somebodys(life, long_life, tmp_path):
    full = Server(tmp_path, database=None)
    full.setup()
    uri = file_uri(full.data / "parvis.db")
    before = content(uri)
    done = refused(life.server, life.uri, uri, sentence("destination_full"))
    assert "organization" in done.err
    assert content(uri) == before

    half = migrated_database(life.server)
    kill_midway(life.server, long_life, half)
    refused(life.server, uri, half, sentence("destination_others"))

    full.cli("migrate", "--database", (other := new_database()))
    refused(life.server, life.uri, other, sentence("destination_key"))


def test_once_more_compares_what_is_there(life, long_life):
    there = migrated_database(life.server)
    copy(life.server, long_life, there)
    done = copy(life.server, long_life, there)
    assert done.json["equal"] and done.json["copied"] == 0 and sentence("there_already") in done.err
    change(there, "UPDATE audit_event SET source = '127.0.0.9' WHERE action = 'filler.1'")
    done = copy(life.server, long_life, there, code=1)
    assert done.different == ["audit_event"] and sentence("there_differs") in done.err


# ---- what people see


def test_a_table_for_people_in_their_language(life, tmp_path):
    for language, word, equal in (("C.UTF-8", "Checksum", "yes"), ("fr_FR.UTF-8", "Empreinte", "oui")):
        done = life.server.cli("copy", "--from", life.uri, "--to", file_uri(tmp_path / f"{language}.db"), env={"LANG": language})
        assert word in done.stdout and str(life.server.data / "key") in done.stdout
        rows = [line.split() for line in done.stdout.splitlines() if line.startswith("account ")]
        assert len(rows) == 1 and rows[0][1] == rows[0][2] != "0" and rows[0][3] == rows[0][4] and rows[0][5] == equal


def test_a_bar_on_a_terminal_and_lines_elsewhere(life, long_life, tmp_path):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    process = subprocess.Popen(
        [str(life.server.binary), "copy", "--from", long_life, "--to", file_uri(tmp_path / "bar.db"), "--json"],
        cwd=tmp_path, env=moving.environment_of(life.server), stdout=subprocess.PIPE, stderr=slave, text=True)
    os.set_blocking(master, False)
    seen = b""

    def read():
        nonlocal seen
        while process.poll() is None:
            try:
                seen += os.read(master, 65536)
            except BlockingIOError:
                time.sleep(0.01)

    reader = threading.Thread(target=read)
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join()
    os.close(slave)
    os.close(master)
    total = json.loads(out)["rows"]
    bars = [int(done) for done in re.findall(rb"\[#* *\] (\d+)/%d" % total, seen)]
    assert len(bars) > 5 and max(bars) > total // 2, seen[-500:]
    assert b"Copying" in seen and b"Comparing" in seen

    there = migrated_database(life.server)
    process = moving.start(life.server, long_life, there, "--json")
    moving.wait_begun(process, there)
    process.send_signal(signal.SIGSTOP)
    time.sleep(5.2)
    process.send_signal(signal.SIGCONT)
    done = moving.Done(process)
    assert re.search(r"^Copied: \d+ of %d rows \(\w+\)\.$" % total, done.err, re.M), done.err
    assert done.json["equal"]
