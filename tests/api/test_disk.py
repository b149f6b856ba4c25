"""Disks that are full or read-only, descriptors that run out: clear refusals, nothing lost, nothing half done, and all goes on by
itself when there is room again."""

import email
import os
import resource
import socket
import subprocess
import time

import pytest

from lib import disk, postgres
from lib.disk import Disk
from lib.mailbox import Mailbox
from lib.people import PASSWORD, World, fresh, token_of
from lib.server import BINARY, Server
from lib.spec import texts

BACK_WITHIN = 4.0  # seconds: the promise is two, and machines are busy
NO_ROOM, READ_ONLY = "No space left on device", "Read-only file system"


@pytest.fixture
def make_disk():
    made = []

    def make(megabytes):
        made.append(Disk(megabytes))
        return made[-1]

    yield make
    for one in made:
        one.remove()


@pytest.fixture
def make(tmp_path):
    """Servers in this test's folder, their data where the test says; not started."""
    made = []

    def new(**settings):
        folder = tmp_path / f"server{len(made)}"
        folder.mkdir()
        made.append(Server(folder, **settings))
        return made[-1]

    yield new
    for server in made:
        server.stop()


def many(count):
    return {"invitations": [{"email": fresh("row"), "role": "member"} for _ in range(count)]}


def invite_until_refused(org, most=3000):
    """Single invitations; the addresses that were taken before the first 503."""
    taken = []
    while len(taken) < most:
        address = fresh("single")
        answer = org.send(address)
        if answer.status != 200:
            assert_refused(answer)
            return taken
        taken.append(address)
    raise AssertionError("there was always room")


def assert_refused(answer, language="en"):
    answer.refused("unavailable", 503)
    assert answer["title"] == texts(language)["problem.unavailable.title"]
    assert int(answer.headers["Retry-After"]) >= 1


def wait_until_written(org):
    """The first single invitation that is taken again: its address."""
    until = time.monotonic() + BACK_WITHIN
    while True:
        address = fresh("again")
        if org.send(address).status == 200:
            return address
        assert time.monotonic() < until, f"nothing is written {BACK_WITHIN} s after there is room"
        time.sleep(0.05)


def kept_mails(folder):
    """The recipients of the mails that are kept as files."""
    return sorted(email.message_from_bytes(p.read_bytes())["To"].strip("<>") for p in folder.glob("*.eml"))


def wait_for_mails(server, folder, wanted):
    """Each once. A mail that could not be kept is tried again after a minute, then two."""
    until = time.monotonic() + 20
    while kept_mails(folder) != sorted(wanted) and time.monotonic() < until:
        server.clock.advance(minutes=5)
        time.sleep(0.3)
    assert kept_mails(folder) == sorted(wanted)
    assert not list(folder.glob(".*")), "a piece of a mail was left"


def wait_for_delivery(org, ids, state):
    until = time.monotonic() + 10
    while {org.invitation(i)["delivery"]["state"] for i in ids} != {state}:
        assert time.monotonic() < until, [org.invitation(i)["delivery"] for i in ids]
        time.sleep(0.05)


def refuses_to_start(server):
    """Its exit code and what it said, when it must end by itself."""
    server.start(wait=False)
    code = server.process.wait(20)
    server.process = None
    return code, server.log(server.log_start)


def processor_seconds(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class FileTests:
    """SQLite, and mails beside it."""

    def test_a_full_disk_in_the_midst_of_work(self, make_disk, make):
        d = make_disk(16)
        server = make(data=d.path, mail=f"file:{d.path}/mail").start()
        world = World(server, None)
        org, door = world.found("Full"), fresh("door")
        token = token_of(org.link(org.invite(door)).ok()["url"])
        wait_for_mails(server, d.path / "mail", [door])
        d.fill()
        pid, since = server.process.pid, server.log_path.stat().st_size
        taken = [door, *invite_until_refused(org)]
        for language in ("en", "fr"):
            assert_refused(org.api.twin(language).post(org.path + "/invitations", many(50)), language)
        somebody = server.client()
        assert_refused(somebody.post("/sessions", {"email": org.owner.email, "password": PASSWORD}))
        assert_refused(world.enrol(token, client=somebody))
        assert org.api.get("/me").status == 200, "reading goes on"
        assert {i["email"] for i in org.api.items(org.path + "/invitations", limit=200)} == set(taken)
        time.sleep(2.2)  # the worker tries, too
        said = server.log(since)
        assert said.count("the database refuses") == 1, said
        assert said.count("mails cannot be claimed") <= 1 and said.count("cannot be written down") <= 1, said

        d.make_room()
        taken.append(wait_until_written(org))
        rows = many(50)
        taken += [r["email"] for r in rows["invitations"]]
        assert all(r["outcome"] == "invited" for r in org.api.post(org.path + "/invitations", rows).ok()["results"])
        world.enrol(token, client=somebody).ok(201)
        somebody.sign_in(org.owner.email, PASSWORD)
        assert server.process.pid == pid and server.process.poll() is None
        assert server.log(since).count("the database works again") == 1
        wait_for_mails(server, d.path / "mail", taken)
        used_and_held, row = org.recount()
        assert used_and_held == row == (2, len(taken) - 1)
        assert server.query("PRAGMA integrity_check") == [("ok",)]

    def test_what_was_sent_while_the_disk_was_full_is_not_sent_again(self, make_disk, make):
        d, box = make_disk(16), Mailbox()
        try:
            box.data_delay = 1.0
            server = make(data=d.path, mail=box.uri).start()
            org = World(server, None).found("Sent")
            since = server.log_path.stat().st_size
            wanted = [fresh() for _ in range(3)]
            ids = [org.invite(a)["id"] for a in wanted]
            while box.attempts < 3:
                time.sleep(0.01)
            d.fill()
            for address in wanted:
                box.wait(address)
            time.sleep(1.7)  # three tries to write it down
            assert {org.invitation(i)["delivery"]["state"] for i in ids} == {"queued"}
            assert server.log(since).count("cannot be written down") == 1, server.log(since)
            d.make_room()
            wait_for_delivery(org, ids, "sent")
            assert len(box.mails) == 3
        finally:
            box.stop()

    def test_a_full_disk_at_the_start(self, make_disk, make):
        d = make_disk(4)
        server = make(data=d.path, mail=None)
        d.fill()
        code, said = refuses_to_start(server)
        assert code == 1 and ("space" in said.lower() or "full" in said.lower()), (code, said)
        d.make_room()
        server.start()
        org = World(server, None).found("Begun")
        address = org.invite(fresh(), deliver=False)["email"]
        server.stop()
        d.fill()
        code, said = refuses_to_start(server)
        assert code == 1 and "the database refuses" in said, (code, said)
        d.make_room()
        server.start()
        client = server.client().sign_in(org.owner.email, PASSWORD)
        assert [i["email"] for i in client.items(org.path + "/invitations")] == [address]

    def test_a_read_only_disk_at_the_start(self, make_disk, make):
        d = make_disk(4)
        server = make(data=d.path, mail=None).start()
        org = World(server, None).found("Read")
        server.stop()
        d.read_only()
        code, said = refuses_to_start(server)
        assert code == 1 and READ_ONLY in said, (code, said)
        d.read_only(False)
        server.start()
        server.client().sign_in(org.owner.email, PASSWORD)

    def test_a_disk_that_takes_no_byte_any_more(self, make):
        """As one that the kernel makes read-only under a running server: not even what is there can be written over."""
        server = make(mail=None)
        server.file_limit = 1 << 40  # only so that a signal of the limit is passed over
        server.start()
        org = World(server, None).found("Stuck")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, 1 << 40))
        for _ in range(3):
            assert_refused(org.send(fresh(), deliver=False))
        assert_refused(server.client().post("/sessions", {"email": org.owner.email, "password": PASSWORD}))
        assert org.api.get("/me").status == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1 << 40, 1 << 40))
        address = wait_until_written(org)
        assert [i["email"] for i in org.api.items(org.path + "/invitations")] == [address]
        assert server.query("PRAGMA integrity_check") == [("ok",)]


class MailTests:
    """The folder of mails on a disk of its own; on either engine."""

    @pytest.mark.parametrize("reason", [NO_ROOM, READ_ONLY])
    def test_mails_wait_while_their_disk_takes_none(self, make_disk, make, reason):
        d = make_disk(1)
        server = make(mail=f"file:{d.path}/mail").start()
        org, first, then = World(server, None).found("Mails"), fresh("first"), [fresh("then") for _ in range(3)]
        org.invite(first)
        wait_for_mails(server, d.path / "mail", [first])
        d.fill() if reason == NO_ROOM else d.read_only()
        ids = [org.invite(a)["id"] for a in then]
        wait_for_delivery(org, ids, "deferred")
        assert {org.invitation(i)["delivery"]["reply"] for i in ids} == {reason}
        assert not list((d.path / "mail").glob(".*")), "a piece of a mail takes the room"
        d.make_room() if reason == NO_ROOM else d.read_only(False)
        wait_for_mails(server, d.path / "mail", [first, *then])
        wait_for_delivery(org, ids, "kept")


class DescriptorTests:
    def test_no_descriptor_is_left(self, make, tmp_path):
        """Under a hard limit who is connected is served, who comes beyond it is refused at once, and who comes when there is room
        again is let in."""
        limited = tmp_path / "limited"
        limited.write_text(f'#!/bin/sh\nulimit -S -n 160\nulimit -H -n 160\nexec {BINARY} "$@"\n')
        limited.chmod(0o700)
        server = make(binary=limited, mail=None).start()
        org = World(server, None).found("Many")
        crowd = [socket.create_connection(("127.0.0.1", server.port), timeout=BACK_WITHIN) for _ in range(200)]
        spent = processor_seconds(server)
        for _ in range(10):
            assert org.api.get("/me").status == 200
            assert org.send(fresh(), deliver=False).status == 200
            time.sleep(0.1)
        spent = processor_seconds(server) - spent
        assert spent < 0.7, f"{spent} s of processor in a second of waiting"
        taken, refused = [], 0
        for one in crowd:
            try:
                one.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                answer = one.recv(4096)
            except ConnectionError:
                answer = b""
            if answer:
                assert answer.startswith(b"HTTP/1.1 200 "), answer
                taken.append(one)
            else:
                refused += 1
        assert 40 < len(taken) <= 80 and refused == 200 - len(taken), (len(taken), refused)
        taken[0].close()
        until = time.monotonic() + BACK_WITHIN
        while True:
            try:
                assert server.client(timeout=BACK_WITHIN).sign_in(org.owner.email, PASSWORD).get("/me").status == 200
                break
            except ConnectionError:
                assert time.monotonic() < until, "nobody was let in when there was room"
                time.sleep(0.05)
        for one in crowd:
            one.close()


class PostgresTests:
    """The database's own disk, with its tables and its log."""

    @pytest.fixture
    def database(self, make_disk):
        d = make_disk(112)
        yield d
        self.run("stop", d)

    def run(self, command, d):
        return subprocess.run([postgres.SCRIPT, command, d.path], capture_output=True, text=True, timeout=60)

    def begin(self, make, d):
        uri = self.run("start", d).stdout.strip()
        server = make(database=uri + "postgres", mail=None).start()
        return server, World(server, None).found("Full")

    def fill(self, server, d):
        d.fill()
        os.chmod(d.path / "filler", 0o666)

    def finish(self, server, org, taken):
        taken.append(wait_until_written(org))
        assert {i["email"] for i in org.api.items(org.path + "/invitations", limit=200)} == set(taken)
        used_and_held, row = org.recount()
        assert used_and_held == row == (1, len(taken))
        assert server.client().send("GET", "/readyz").status == 200

    def test_tables_that_cannot_grow(self, database, make):
        server, org = self.begin(make, database)
        self.fill(server, database)
        taken, refused = [], None
        for _ in range(80):
            rows = many(50)
            answer = org.api.post(org.path + "/invitations", {**rows, "deliver": False})
            if answer.status != 200:
                refused = answer
                break
            taken += [r["email"] for r in rows["invitations"]]
        assert_refused(refused)
        assert org.api.get("/me").status == 200, "reading goes on"
        assert server.process.poll() is None
        database.make_room()
        self.finish(server, org, taken)

    def test_a_log_that_cannot_grow(self, database, make):
        """PostgreSQL gives up altogether; somebody makes room and starts it again."""
        server, org = self.begin(make, database)
        taken = [org.invite(fresh(), deliver=False)["email"]]
        self.fill(server, database)
        with pytest.raises(Exception):
            for _ in range(40):
                postgres.rows(server.settings["database"], "SELECT pg_logical_emit_message(true, 'x', repeat('x', 1000000))")
        until = time.monotonic() + 20
        while server.client().send("GET", "/readyz").status == 200 and time.monotonic() < until:
            time.sleep(0.05)
        at = time.monotonic()
        assert_refused(org.send(fresh(), deliver=False))
        assert time.monotonic() - at < BACK_WITHIN
        database.make_room()
        assert self.run("start", database).returncode == 0
        self.finish(server, org, taken)


if disk.may_mount():

    class TestMails(MailTests):
        pass

    class TestEngine(PostgresTests if postgres.WANTED else FileTests):
        pass

else:

    def test_disks_where_mounting_is_allowed():
        disk.run_where_mounts_are_allowed(__file__)


class TestDescriptors(DescriptorTests):
    pass
