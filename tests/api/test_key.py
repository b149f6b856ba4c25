"""The key file belongs to its database: another one is noticed before anything is sealed with it, or opened."""

import hashlib
import subprocess

import pytest

from lib.server import BINARY

OTHER = "5e" * 32 + "\n"


@pytest.fixture
def stopped(make_server):
    """A server with an organization, ended; its data is left."""
    server = make_server()
    server.setup()
    server.stop()
    return server


def serve(server, **env):
    return subprocess.run([str(BINARY), "serve"], cwd=server.folder, env={**server.environment(), **env},
                          capture_output=True, text=True, timeout=30)


def swap(server):
    key = server.data / "key"
    own = key.read_text()
    key.write_text(OTHER)
    return own


def test_another_key_does_not_start_the_server(stopped):
    before, own = stopped.dump(), swap(stopped)
    done = serve(stopped)
    assert done.returncode == 1
    assert str(stopped.data / "key") in done.stderr and "restore that one from your backup" in done.stderr
    assert "--key-file" in done.stderr.splitlines()[-1]
    assert stopped.dump() == before and (stopped.data / "key").read_text() == OTHER
    (stopped.data / "key").write_text(own)
    stopped.start()
    stopped.client().sign_in("olive.martin@example.org", "orchard-lantern-42")


def test_it_is_told_in_french_too(stopped):
    swap(stopped)
    assert "n’est pas le fichier de clé avec lequel cette base a été créée" in serve(stopped, LANG="fr_FR.UTF-8").stderr


@pytest.mark.parametrize("command", ["migrate", "check", "mail list", "account show olive.martin@example.org"])
def test_nor_does_any_command_work_with_it(stopped, command):
    before, own = stopped.dump(), swap(stopped)
    done = stopped.cli(*command.split(), check=False)
    assert done.returncode == 1 and "is not the key file that this database was made with" in done.stderr
    assert stopped.dump() == before
    (stopped.data / "key").write_text(own)
    stopped.cli(*command.split())


def test_what_the_database_keeps_of_the_key_helps_nobody(stopped):
    ((kept,),) = stopped.query("SELECT key_fingerprint FROM installation")
    key = (stopped.data / "key").read_text().strip()
    raw = bytes.fromhex(key)
    guesses = {raw, key.encode()}
    for known in (raw, key.encode()):
        guesses |= {hashlib.blake2b(known, digest_size=32).digest(), hashlib.sha256(known).digest()}
    assert len(kept) == 32 and kept not in guesses
