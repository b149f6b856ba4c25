"""A PostgreSQL of the crash tests' own, that is killed as if its machine had lost power, and started again."""

import atexit
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from lib import postgres

START_SECONDS = 60


def children_of(parent):
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(entry.name))
    return found


def is_there(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def integrity(uri):
    """Each index against its table, each foreign key against the rows it names."""
    connection = postgres.connect(uri)
    cursor = connection.cursor()
    cursor.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
    cursor.execute(
        "SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
    )
    indexes = cursor.rowcount
    cursor.execute(
        "SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,"
        " (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.conkey) WITH ORDINALITY u(at, n)"
        "  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.at),"
        " (SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(at, n)"
        "  JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.at)"
        " FROM pg_constraint k WHERE k.contype = 'f'"
    )
    keys = cursor.fetchall()
    assert indexes and keys
    for table, target, columns, named in keys:
        joined = " AND ".join(f'a."{c}" = b."{n}"' for c, n in zip(columns, named))
        given = " AND ".join(f'a."{c}" IS NOT NULL' for c in columns)
        cursor.execute(
            f"SELECT count(*) FROM {table} a WHERE {given} AND NOT EXISTS (SELECT 1 FROM {target} b WHERE {joined})"
        )
        assert cursor.fetchone() == (0,), f"rows of {table} name rows of {target} that are not there"
    connection.close()


class Database:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="parvis-crash-pg-")
        atexit.register(self.remove)
        self.uri = self.start()

    def start(self):
        """Its URI without a database's name; returns when it takes connections."""
        done = subprocess.run([postgres.SCRIPT, "start", self.folder], capture_output=True, text=True, timeout=START_SECONDS)
        assert done.returncode == 0, f"{done.stderr}\n{(pathlib.Path(self.folder) / 'log').read_text()[-3000:]}"
        return done.stdout.strip()

    def make(self, name):
        """The URI of a new database."""
        connection = postgres.connect(self.uri + "postgres")
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return self.uri + name

    def kill(self):
        """All its processes. The postmaster is stopped first and goes last: neither it nor they see the others die."""
        note = pathlib.Path(self.folder) / "data/postmaster.pid"
        postmaster = int(note.read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)
        everyone = [*children_of(postmaster), postmaster]
        for pid in everyone:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        while any(is_there(pid) for pid in everyone):
            time.sleep(0.002)
        for left in (note, *pathlib.Path(self.folder).glob(".s.PGSQL.*")):
            left.unlink()  # the number in it may stand for a dead process that nobody has buried yet

    def remove(self):
        subprocess.run([postgres.SCRIPT, "remove", self.folder], check=False)
