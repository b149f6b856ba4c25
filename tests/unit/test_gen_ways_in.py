"""What the generator of ways_in_table.h must refuse: a table, a way or a cell that nobody spoke of, and one that makes no sense."""
import os
import subprocess
import sys

import pytest

GENERATOR = os.path.join(os.path.dirname(__file__), "../../tools/gen_ways_in.py")
SCHEMA = "CREATE TABLE account (id INTEGER PRIMARY KEY) STRICT;\nCREATE TABLE session (id INTEGER PRIMARY KEY) STRICT;\n"
MORE = "CREATE TABLE passkey (id INTEGER PRIMARY KEY) STRICT;\nCREATE TABLE colour (id INTEGER PRIMARY KEY) STRICT;\n"
WAYS = "ways:\n  session: {table: session}\n  passkey: {table: passkey}\n  password: {table: account}\n"
CASES = "cases:\n  changed: {session: others, passkey: -, password: new}\n  closed: {session: ends, passkey: ends, password: ends}\n"
REASONS = "no_way:\n  colour: a colour\n"


@pytest.fixture
def generate(tmp_path):
    """The header, or the refusal as an assertion's text."""
    def run(spec=WAYS + CASES + REASONS, more=""):
        folder, out = tmp_path / "migrations", tmp_path / "ways_in_table.h"
        folder.mkdir(exist_ok=True)
        (folder / "0001-first.sql").write_text(SCHEMA)
        (folder / "0002-more.sql").write_text(MORE + more)
        (tmp_path / "ways_in.yaml").write_text(spec)
        out.unlink(missing_ok=True)
        names = [str(tmp_path / "ways_in.yaml"), str(folder), str(out), str(tmp_path / "ways.d")]
        done = subprocess.run([sys.executable, GENERATOR, *names], capture_output=True, text=True)
        if done.returncode:
            assert not out.exists(), "what is refused writes nothing"
            raise AssertionError(done.stderr)
        return out.read_text()
    return run


def refused(generate, match, *args, **kw):
    with pytest.raises(AssertionError, match=match):
        generate(*args, **kw)


def changed(old, new):
    spec = WAYS + CASES + REASONS
    assert spec.count(old) == 1, old
    return spec.replace(old, new)


def test_a_whole_table_is_written(generate):
    header = generate()
    assert "[WAYS_CHANGED] = {[WAY_SESSION] = WAY_OTHERS, [WAY_PASSKEY] = WAY_KEEP, [WAY_PASSWORD] = WAY_KEEP}" in header
    assert "[WAYS_CLOSED] = {[WAY_SESSION] = WAY_ALL, [WAY_PASSKEY] = WAY_ALL, [WAY_PASSWORD] = WAY_ALL}" in header


def test_every_table_is_a_way_or_excused(generate):
    """Of whichever migration it is."""
    refused(generate, "device is neither a way", more="CREATE TABLE device (id INTEGER PRIMARY KEY) STRICT;\n")
    refused(generate, "colour is neither a way", changed("  colour: a colour", "  {}"))
    assert generate(more="DROP TABLE colour;\nCREATE TABLE colour (name TEXT PRIMARY KEY) STRICT;\n")


def test_no_table_is_made_up_or_both(generate):
    refused(generate, "device is no table", changed("no_way:\n", "no_way:\n  device: a machine\n"))
    refused(generate, "cookie is no table", changed("{table: session}", "{table: cookie}"))
    refused(generate, "colour is no table", more="DROP TABLE colour;\n")
    refused(generate, "account is a way and none", changed("no_way:\n", "no_way:\n  account: counts\n"))


@pytest.mark.parametrize("reason", ["", " ''", " '  '", " ~", " null"])
def test_an_excuse_has_a_reason(generate, reason):
    refused(generate, "colour is no way in, and nothing says why", changed("colour: a colour", "colour:" + reason))


def test_every_case_speaks_of_every_way_and_of_no_other(generate):
    refused(generate, "changed: what becomes of passkey", changed("others, passkey: -,", "others,"))
    refused(generate, "closed: what becomes of password", changed(", password: ends}", "}"))
    refused(generate, "closed: what becomes of app", changed("{session: ends,", "{session: ends, app: ends,"))


@pytest.mark.parametrize("way,extent", [("session", "new"), ("session", "since"), ("session", "alone"), ("passkey", "others"), ("passkey", "new"),
                                        ("password", "others"), ("password", "since"), ("password", "alone"), ("password", "some"),
                                        ("session", "END"), ("session", "''")])
def test_a_way_knows_its_extents_alone(generate, way, extent):
    refused(generate, f"closed: {way} knows no", changed(f"{way}: ends", f"{way}: {extent}"))


@pytest.mark.parametrize("way,extent,word", [("session", "others", "OTHERS"), ("session", "-", "KEEP"), ("passkey", "since", "SINCE"),
                                             ("passkey", "alone", "ALONE"), ("password", "new", "KEEP")])
def test_and_those_it_knows(generate, way, extent, word):
    closed = generate(changed(f"{way}: ends", f"{way}: {extent}")).partition("[WAYS_CLOSED]")[2]
    assert f"[WAY_{way.upper()}] = WAY_{word}" in closed


def test_nothing_is_said_twice(generate):
    refused(generate, "session is said twice", changed("{session: ends,", "{session: '-', session: ends,"))
    refused(generate, "changed is said twice", changed("  closed: {", "  changed: {"))
    refused(generate, "passkey is said twice", changed("  password: {table", "  passkey: {table"))
    refused(generate, "colour is said twice", changed("  colour: a colour", "  colour: a colour\n  colour: another"))
