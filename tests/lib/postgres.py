"""With PARVIS_TEST_DATABASE=postgres, the same tests over a PostgreSQL of their own: a database for each data folder."""

import atexit
import contextlib
import os
import pathlib
import re
import subprocess
import tempfile
import uuid

WANTED = os.environ.get("PARVIS_TEST_DATABASE") == "postgres"
SCRIPT = pathlib.Path(__file__).with_name("postgres.sh")
# Tests of SQLite's own file: how it is written, and the disk that the server itself fills.
SQLITE_ALONE = {
    "test_a_full_disk_is_a_clear_503_and_nothing_half_done",
    "test_one_writer_with_a_log_and_full_sync",
}
base, folder, databases, migrated = None, None, {}, set()
kept_open = {}  # URI → the connection of the last question: another backend for each costs 8 ms of a processor


def start():
    """The server, once; its URI without a database's name."""
    global base, folder
    if base is None:
        folder = tempfile.mkdtemp(prefix="parvis-pg-")
        atexit.register(subprocess.run, [SCRIPT, "remove", folder], check=False)
        base = subprocess.run([SCRIPT, "start", folder], check=True, capture_output=True, text=True).stdout.strip()
    return base


def connect(uri):
    import psycopg2
    import psycopg2.extensions
    connection = psycopg2.connect(uri)
    connection.set_session(autocommit=True)
    return connection


def database_of(data):
    """The URI of the data folder's database, made when it is asked for the first time."""
    if data not in databases:
        name = "parvis_" + uuid.uuid4().hex[:12]
        connection = connect(start() + "postgres")
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        databases[data] = start() + name
    return databases[data]


@contextlib.contextmanager
def connected(uri):
    """A connection that nobody else asks meanwhile. It is kept for the next question, unless one to another database comes."""
    connection = kept_open.pop(uri, None)
    if connection is None or not answers(connection):
        connection = connect(uri)
    try:
        yield connection
    except Exception:
        connection.close()
        raise
    for other in [kept_open.pop(name, None) for name in list(kept_open)]:
        if other:
            other.close()
    kept_open[uri] = connection


def answers(connection):
    """Whether the database did not end it meanwhile, or was ended itself."""
    import psycopg2
    try:
        connection.cursor().execute("SELECT 1")
    except psycopg2.Error:
        return False
    return True


def plain(value):
    return bytes(value) if isinstance(value, memoryview) else value


def rows(uri, sql, args=()):
    """Asks as the tests ask SQLite: a question mark for each parameter, or ?1 for the first."""
    order = []

    def mark(match):
        order.append(int(match[1]) - 1 if match[1] else len(order))
        return "%s"
    if args:
        sql = re.sub(r"\?(\d*)", mark, sql.replace("%", "%%"))
    with connected(uri) as connection:
        cursor = connection.cursor()
        cursor.execute(sql, [args[i] for i in order] or None)
        return [tuple(map(plain, row)) for row in cursor.fetchall()]


def kept(uri, since):
    """(name, bytes) of what lies on the disk for this database: its tables, the write-ahead log since then, the server's log."""
    connection = connect(uri)
    cursor = connection.cursor()
    cursor.execute("CHECKPOINT")
    cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
    own = pathlib.Path(folder, "data/base", str(cursor.fetchone()[0]))
    connection.close()
    written = [p for p in pathlib.Path(folder, "data/pg_wal").iterdir() if p.is_file() and p.stat().st_mtime >= since]
    for path in [*own.iterdir(), *written, pathlib.Path(folder, "log")]:
        yield str(path.relative_to(folder)), path.read_bytes()


def columns(uri):
    """{table: [column]}"""
    found = {}
    for table, column in rows(uri, "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
                                   " AND table_name <> 'transaction_fate' ORDER BY 1, ordinal_position"):
        found.setdefault(table, []).append(column)
    return found
