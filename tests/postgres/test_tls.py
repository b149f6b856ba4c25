"""A database that is reached over TLS alone, and what does not verify."""

import subprocess
import time

import pytest

from lib.people import fresh
from lib.pg_database import Database, addresses
from lib.server import Server


def invite(key):
    body = {"invitations": [{"email": fresh("tls"), "role": "member"}], "deliver": False}
    return key.twin().post("/organizations/bar/invitations", body)


class Authority:
    """A certificate authority, and a server's certificate by it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.root, self.key, self.certificate = folder / "root.crt", folder / "server.key", folder / "server.crt"
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        self.run("req", "-x509", *new, "-days", "30", "-subj", "/CN=Root of a test", "-keyout", str(folder / "root.key"), "-out",
                 str(self.root))
        self.run("req", *new, "-subj", "/CN=database.test", "-keyout", str(self.key), "-out", str(folder / "server.csr"))
        (folder / "names").write_text("subjectAltName=DNS:database.test,IP:127.0.0.1\n")
        self.run("x509", "-req", "-in", str(folder / "server.csr"), "-CA", str(self.root), "-CAkey",
                 str(folder / "root.key"), "-CAcreateserial", "-days", "30", "-extfile", str(folder / "names"), "-out",
                 str(self.certificate))

    @staticmethod
    def run(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """(a PostgreSQL that takes nothing but TLS from its network, its authority, another authority)"""
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority(folder / "ours"), Authority(folder / "theirs")
    made = Database()
    made.stop()
    made.put("server.key", ours.key.read_bytes())
    made.put("server.crt", ours.certificate.read_bytes())
    made.put("pg_hba.conf", b"hostssl all all 127.0.0.1/32 trust\n")
    made.configure(ssl="on", ssl_cert_file="'server.crt'", ssl_key_file="'server.key'")
    made.start()
    yield made, ours, theirs
    made.remove()


@pytest.fixture
def alone(tmp_path):
    return lambda uri: Server(tmp_path, database=uri)


def test_a_verified_database_over_tls(secure, on_database, tmp_path):
    made, ours, _ = secure
    name = made.new()
    verified = addresses(made.port, name=name, sslmode="verify-full", sslrootcert=ours.root)
    server = on_database(name=name, uri=lambda _: verified)
    server.beside = made.base + name
    key = server.client(key=server.setup("Bar", slug="bar")["api_key"])
    assert invite(key).status == 200
    found = made.sql("SELECT s.ssl, s.version FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid)"
                     " WHERE a.application_name = 'parvis'")
    assert found and all(ssl and version.startswith("TLSv1.") for ssl, version in found), found
    made.stop()
    made.start()
    until = time.monotonic() + 5
    while invite(key).status != 200:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("options, reason", [
    ({"sslmode": "verify-full", "sslrootcert": "THEIRS"}, "certificate verify failed"),
    ({"sslmode": "verify-full", "sslrootcert": "/nowhere/root.crt"}, "does not exist"),
    ({"sslmode": "disable"}, "no encryption"),
    ({"sslmode": "quite"}, "sslmode"),
], ids=["another authority", "no authority", "no TLS", "no such mode"])
def test_what_does_not_verify_is_refused_with_its_reason(secure, alone, options, reason):
    made, _, theirs = secure
    options = {k: str(v).replace("THEIRS", str(theirs.root)) for k, v in options.items()}
    done = alone(addresses(made.port, name="postgres", **options)).cli("migrate", check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "the database cannot be reached" in line]
    assert len(lines) == 1 and reason in lines[0], done.stderr


def test_a_name_that_is_not_the_certificates_is_refused(secure, alone):
    made, ours, _ = secure
    uri = addresses(made.port, name="postgres", hostaddr="127.0.0.1", sslmode="verify-full", sslrootcert=ours.root)
    done = alone(uri.replace("@127.0.0.1", "@localhost")).cli("migrate", check=False)
    assert done.returncode == 1 and "does not match host name" in done.stderr, done.stderr
