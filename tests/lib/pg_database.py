"""A PostgreSQL that a test may stop, freeze and start again, and how a server beside it is looked at meanwhile."""

import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import uuid

from lib import postgres
from lib.client import Client


class Database:
    """A PostgreSQL server in a folder of its own, which a test may stop, freeze and start again."""

    def __init__(self, of=None):
        """`of`: a streaming standby of that one."""
        self.folder = tempfile.mkdtemp(prefix="parvis-pg-")
        if of:
            self.copy(of)
        self.base = self.do("start")
        self.port = int(re.search(r":(\d+)/", self.base).group(1))

    def do(self, what):
        done = subprocess.run([postgres.SCRIPT, what, self.folder], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def copy(self, of):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").iterdir())[-1] / "bin"
        data = pathlib.Path(self.folder) / "data"
        subprocess.run([programs / "pg_basebackup", "-h", "127.0.0.1", "-p", str(of.port), "-U", "parvis", "-D", data, "-R",
                        "-X", "stream", "-c", "fast"], check=True, capture_output=True)
        for path in (data, *data.rglob("*")):
            shutil.chown(path, *self.owner(of))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.configure(port=free.getsockname()[1], unix_socket_directories=f"'{self.folder}'")

    @staticmethod
    def owner(of):
        """Whom PostgreSQL runs as."""
        found = (pathlib.Path(of.folder) / "data").stat()
        return found.st_uid, found.st_gid

    def put(self, name, content):
        """A file in its folder, its alone."""
        path = pathlib.Path(self.folder) / "data" / name
        path.write_bytes(content)
        path.chmod(0o600)
        shutil.chown(path, *self.owner(self))

    def start(self):
        self.do("start")

    def stop(self):
        """As if the machine had been switched off."""
        self.do("stop")

    def remove(self):
        self.do("remove")

    def configure(self, **settings):
        """Lines of postgresql.conf, for the next start."""
        with open(pathlib.Path(self.folder) / "data/postgresql.conf", "a", encoding="utf-8") as f:
            f.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def processes(self):
        """All of its processes, the first one first."""
        first = int((pathlib.Path(self.folder) / "data/postmaster.pid").read_text().split()[0])
        rest = subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True, check=False).stdout.split()
        return [first, *map(int, rest)]

    def sql(self, text, *args, database="postgres"):
        """Runs it, and gives the rows there are."""
        connection = postgres.connect(self.base + database)
        try:
            cursor = connection.cursor()
            cursor.execute(text, args or None)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def new(self):
        """The name of a new, empty database."""
        name = "parvis_" + uuid.uuid4().hex[:12]
        self.sql(f"CREATE DATABASE {name}")
        return name


def addresses(*ports, name, **options):
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    more = "&".join(f"{k}={v}" for k, v in options.items())
    return f"postgresql://parvis@{hosts}/{name}" + ("?" + more if more else "")


def moments(count_per_second, seconds):
    """The moments of a measurement, evenly spaced."""
    start = time.monotonic()
    for i in range(int(count_per_second * seconds)):
        wait = start + i / count_per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        yield time.monotonic() - start


def probe(server, path, timeout=8.0, **headers):
    """(status, Retry-After, seconds) of one GET on a connection of its own; None where nothing came."""
    start = time.monotonic()
    client = Client(server.port, timeout=timeout)
    try:
        answer = client.send("GET", path, None, headers)
        return answer.status, answer.headers.get("Retry-After"), time.monotonic() - start
    except OSError:
        return None, None, time.monotonic() - start
    finally:
        client.close()
