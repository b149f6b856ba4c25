"""parvis copy as tests run it, and what they look at on both sides. The server's own settings are the source's."""

import json
import os
import pathlib
import random
import signal
import sqlite3
import struct
import subprocess
import time
import uuid

from lib import postgres

# Each database has these for itself.
OWN = {"schema_migration", "schema_lock", "transaction_fate"}


def file_uri(path):
    return f"sqlite:{path}"


def new_database():
    """An empty PostgreSQL database."""
    return postgres.database_of(f"copy-{uuid.uuid4().hex}")


def migrated_database(server):
    """The same, migrated with the server's key."""
    uri = new_database()
    server.cli("migrate", "--database", uri)
    return uri


# ---- running it


def start(server, source, destination, *more):
    return subprocess.Popen(
        [str(server.binary), "copy", "--from", source, "--to", destination, *more],
        cwd=server.folder, env=server.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Done:
    def __init__(self, process):
        self.out, self.err = process.communicate(timeout=300)
        self.code = process.returncode
        assert "Sanitizer" not in self.err and "runtime error" not in self.err, self.err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def different(self):
        return [table["table"] for table in self.json["tables"] if not table["equal"]]


def copy(server, source, destination, *more, code=0):
    done = Done(start(server, source, destination, "--json", *more))
    assert done.code == code, f"{done.code}\n{done.out[-3000:]}\n{done.err}"
    return done


def refused(server, source, destination, sentence, code=1):
    """It ends with this sentence of the catalogue and writes nothing on standard output."""
    done = copy(server, source, destination, code=code)
    assert sentence in done.err, done.err
    return done


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode


def brought(uri):
    """How many rows the marks at a destination speak of; -1 when there are none."""
    try:
        found = ask(uri, "SELECT coalesce(sum(copied), 0) FROM copy_progress")
    except Exception as error:
        if "copy_progress" in str(error) or "locked" in str(error) or "unable to open" in str(error):
            return -1
        raise
    return int(found[0][0])


def has_begun(uri, rows):
    """So many rows are there. Nobody else may look into a file that is copied: what is written tells."""
    if uri.startswith("postgres"):
        return brought(uri) >= rows
    log = pathlib.Path(f"{path_of(uri)}-wal")
    return log.exists() and log.stat().st_size > 1 << 20


def wait_begun(process, destination, rows=1):
    until = time.monotonic() + 60
    while not has_begun(destination, rows):
        assert process.poll() is None, "it ended too soon:\n" + Done(process).err
        assert time.monotonic() < until
        time.sleep(0.002)


def kill_midway(server, source, destination, rows=1):
    """A copy that is killed after so many rows and before its end."""
    process = start(server, source, destination)
    wait_begun(process, destination, rows)
    assert kill(process) == -signal.SIGKILL
    assert brought(destination) >= rows, "it was finished"


# ---- looking at databases


def ask(uri, sql, args=()):
    if uri.startswith("postgres"):
        return postgres.rows(uri, sql, args)
    connection = sqlite3.connect(f"file:{path_of(uri)}?mode=ro", uri=True, timeout=0)
    try:
        return connection.execute(sql, args).fetchall()
    finally:
        connection.close()


def change(uri, sql, args=()):
    """Behind everybody's back."""
    if uri.startswith("postgres"):
        connection = postgres.connect(uri)
        connection.cursor().execute(sql.replace("?", "%s"), args or None)
    else:
        connection = sqlite3.connect(path_of(uri))
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(sql, args)
        connection.commit()
    connection.close()


def path_of(uri):
    return pathlib.Path(uri.partition(":")[2])


def tables(uri):
    if uri.startswith("postgres"):
        found = ask(uri, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    else:
        found = ask(uri, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in found}


def value(found):
    """As SQLite has it: PostgreSQL's driver gives an id as text with hyphens."""
    if isinstance(found, str) and len(found) == 36 and found.count("-") == 4:
        return uuid.UUID(found).bytes
    return found


def content(uri):
    """Every row of every table of the schema, as a sorted list."""
    found = {}
    for table in tables(uri) - OWN:
        rows = ask(uri, f'SELECT * FROM "{table}"')
        found[table] = sorted((tuple(map(value, row)) for row in rows), key=repr)
    return found


# ---- rows that take time to carry


def filler(path, count):
    """Events of an audit nobody reads, and people whose addresses are everywhere in the order of things."""
    db = sqlite3.connect(path)
    chance = random.Random(7)
    now = int(time.time() * 1000)

    def made(i):
        return struct.pack(">Q", (now + i) << 16)[:6] + b"\x70\0\x80" + chance.randbytes(7)

    none = bytes(16)
    db.executemany(
        "INSERT INTO audit_event (organization_id, id, actor_kind, action, subject_kind, source) VALUES (?, ?, 'system', ?, 'x', ?)",
        ((none, made(i), f"filler.{i}", "127.0.0.1" if i % 3 else None) for i in range(count)))
    db.executemany(
        "INSERT INTO account (id, email, email_key, given_name, family_name, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        ((made(i), address, address, "Ann", "Ex", now + i)
         for i in range(count // 2) for address in [f"{chance.randrange(10**12)}.{i}@filler.example"]))
    db.commit()
    db.close()


def environment_of(server, **more):
    return {**os.environ, **server.environment(), **more}
