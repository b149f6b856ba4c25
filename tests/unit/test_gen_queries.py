"""What the statement generator must refuse, each with file and line, and what it makes of what it accepts."""
import os
import re
import subprocess
import sys

import pytest

GENERATOR = os.path.join(os.path.dirname(__file__), "../../tools/gen_queries.py")
SCHEMA = """
CREATE TABLE organization (id BLOB PRIMARY KEY NOT NULL, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE thing (
    organization_id BLOB NOT NULL REFERENCES organization (id),
    id BLOB NOT NULL,
    label TEXT NOT NULL,
    note TEXT,
    amount INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (organization_id, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE part (
    organization_id BLOB NOT NULL,
    thing_id BLOB NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (organization_id, thing_id, name)
) STRICT, WITHOUT ROWID;
"""


class Outcome:
    def __init__(self, folder, code, message):
        self.refused, self.message = code != 0, message
        self.header = (folder / "out.h").read_text() if code == 0 else ""
        self.source = (folder / "out.c").read_text() if code == 0 else ""


@pytest.fixture
def generate(tmp_path):
    def run(sql, *more_migrations):
        queries, migrations = tmp_path / "queries", tmp_path / "migrations"
        queries.mkdir()
        migrations.mkdir()
        (queries / "q.sql").write_text(sql)
        for number, text in enumerate((SCHEMA, *more_migrations), 1):
            (migrations / f"{number:04d}-step.sql").write_text(text)
        done = subprocess.run([sys.executable, GENERATOR, "x", str(queries), str(migrations), *(str(tmp_path / name) for name in
                               ("out.h", "out.c", "out.d"))], capture_output=True, text=True, check=False)
        return Outcome(tmp_path, done.returncode, done.stderr)
    return run


REFUSED = {
    "no organization": ("SELECT label FROM thing WHERE id = :id;", "touches thing"),
    "another's parts through a join": (
        "SELECT p.name FROM thing t JOIN part p ON p.thing_id = t.id WHERE t.organization_id = :organization;", "tie p"),
    "a subquery without the organization": (
        "SELECT label FROM thing WHERE organization_id = :organization AND id IN (SELECT p.thing_id FROM part p);", "tie p"),
    "an update of every organization": ("UPDATE thing SET amount = 1 WHERE id = :id;", "touches thing"),
    "the organization in a comment only": (
        "SELECT label FROM thing WHERE id = :id /* organization_id = :organization */;", "touches thing"),
    "an organization that is a constant": (
        "SELECT label FROM thing WHERE organization_id = x'00' AND id = :id;", "touches thing"),
    "unknown table": ("SELECT a FROM nowhere;", "no such table: nowhere"),
    "unknown column": ("SELECT colour FROM thing WHERE organization_id = :organization;", "no such column: colour"),
    "unknown parameter": ("SELECT id FROM thing WHERE organization_id = :organization AND label > :from_here;", "from_here"),
    "an expression without a type": (
        "SELECT amount + 1 AS more FROM thing WHERE organization_id = :organization AND id = :id;", "more"),
    "a full scan": ("SELECT id FROM organization WHERE name = :name;", "whole of organization"),
    "the clock": ("SELECT id FROM organization WHERE id = :id AND current_timestamp > '';", "time or chance"),
    "chance": ("SELECT id FROM organization WHERE id = randomblob(16);", "time or chance"),
    "one engine's own words": ("SELECT ifnull(name, '') AS name FROM organization WHERE id = :id;", "not portable"),
    "two statements": ("SELECT id FROM organization WHERE id = :id; SELECT 1;", "one ;"),
    "no end": ("SELECT id FROM organization WHERE id = :id", "no whole statement"),
    "one column twice": ("SELECT id, id FROM organization WHERE id = :id;", "two columns named id"),
    "a keyword as a field": ("SELECT name AS register FROM organization WHERE id = :id;", "register"),
    "no result from :one": ("UPDATE organization SET name = :name WHERE id = :id;", "gives 0 columns"),
    "a parameter that is not there": ("-- param: q text\nSELECT id FROM organization WHERE id = :id;", "has no q"),
    "a type that is none": ("-- param: q date\nSELECT id FROM organization WHERE id = :q;", "TYPE one of"),
    "@global without its reason": ("-- @global\nSELECT id FROM thing WHERE id = :id;", "needs its reason"),
    "a header misspelt": ("-- @globl because\nSELECT id FROM organization WHERE id = :id;", "not a header"),
    "engines that take different parameters": (
        "-- @sqlite\nSELECT id FROM organization WHERE id = :id;\n-- @postgres\nSELECT id FROM organization WHERE name = :name;",
        "same parameters"),
    "a lock of one server's own": (
        "SELECT id FROM organization WHERE id = :id AND pg_advisory_xact_lock(1) IS NULL;", "pg_advisory_xact_lock"),
    "a lock of one server's own in its own text": (
        "-- @sqlite\nSELECT id FROM organization WHERE id = :id;\n"
        "-- @postgres\nSELECT id FROM organization WHERE id = :id AND pg_try_advisory_lock(1);", "pg_try_advisory_lock"),
    "a sequence": ("SELECT id FROM organization WHERE id = :id AND nextval('s') > 0;", "nextval"),
    "a signal between sessions": ("NOTIFY somebody;", "NOTIFY"),
    "a row's place": ("SELECT ctid AS place FROM organization WHERE id = :id;", "ctid"),
    "a text for one engine only": ("-- @sqlite\nSELECT id FROM organization WHERE id = :id;", "one for each"),
}


@pytest.mark.parametrize("sql, why", REFUSED.values(), ids=REFUSED.keys())
def test_refused(generate, sql, why):
    outcome = generate("-- name: bad :one\n" + sql)
    assert outcome.refused
    assert why in outcome.message
    assert "q.sql:1: " in outcome.message or "q.sql:2: " in outcome.message


def test_the_organization_missing_in_one_engines_text(generate):
    outcome = generate("-- name: bad :one\n-- @sqlite\nSELECT id FROM thing WHERE organization_id = :organization AND id = :id;\n"
                       "-- @postgres\nSELECT id FROM thing WHERE id = :id AND :organization IS NOT NULL;")
    assert outcome.refused and "touches thing" in outcome.message


NOT_SHARDED = {
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON thing BEGIN SELECT 1; END;", "CREATE TRIGGER"),
    "a check put off": ("CREATE TABLE other (id BLOB PRIMARY KEY NOT NULL REFERENCES organization (id) DEFERRABLE INITIALLY DEFERRED)"
                        " STRICT, WITHOUT ROWID;", "DEFERRABLE"),
    "a numbered key": ("CREATE TABLE other (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;", "AUTOINCREMENT"),
    "a key that begins with something else": (
        "CREATE TABLE other (organization_id BLOB NOT NULL, id BLOB NOT NULL, PRIMARY KEY (id, organization_id)) STRICT, WITHOUT ROWID;",
        "the key of other does not begin with organization_id"),
    "something unique in all organizations": (
        "CREATE UNIQUE INDEX thing_label ON thing (label);", "thing has something unique (thing_label) without organization_id"),
    "a reference to another organization's row": (
        "CREATE TABLE other (organization_id BLOB NOT NULL, id BLOB NOT NULL, thing_id BLOB NOT NULL, owner_id BLOB NOT NULL,"
        " PRIMARY KEY (organization_id, id), FOREIGN KEY (owner_id, thing_id) REFERENCES thing (organization_id, id))"
        " STRICT, WITHOUT ROWID;", "other points at thing without its organization_id"),
}


@pytest.mark.parametrize("ddl, why", NOT_SHARDED.values(), ids=NOT_SHARDED.keys())
def test_a_schema_that_cannot_be_sharded(generate, ddl, why):
    outcome = generate("", ddl)
    assert outcome.refused and why in outcome.message and ".sql:" in outcome.message


def test_a_tenants_table_may_say_why_it_is_everybodys(generate):
    outcome = generate("", "-- @global taken by workers\n-- of any node\nCREATE TABLE other (id BLOB PRIMARY KEY NOT NULL,"
                           " organization_id BLOB NOT NULL) STRICT, WITHOUT ROWID;")
    assert not outcome.refused, outcome.message


def test_one_name_two_types(generate):
    outcome = generate("", "CREATE TABLE other (id BLOB PRIMARY KEY NOT NULL, amount TEXT) STRICT;")
    assert outcome.refused and "amount is int in thing and text in other" in outcome.message


def test_a_migration_that_does_not_run(generate):
    outcome = generate("", "CREATE TABLE thing (id BLOB) STRICT;")
    assert outcome.refused and "0002-step.sql:1: " in outcome.message


def test_two_statements_of_one_name(generate):
    one = "-- name: same :one\nSELECT id FROM organization WHERE id = :id;\n"
    outcome = generate(one + one)
    assert outcome.refused and "same stands already" in outcome.message


def test_every_refusal_is_told_at_once(generate):
    outcome = generate("-- name: a :one\nSELECT x FROM organization;\n-- name: b :one\nSELECT y FROM organization;\n")
    assert "column: x" in outcome.message and "column: y" in outcome.message


LEAVES = {  # the text names the organization as it should
    "a row taken from another": "UPDATE thing SET organization_id = :organization WHERE id = :id;",
    "OR beside the condition": "DELETE FROM thing WHERE organization_id = :organization OR id = :id;",
    "NOT": "UPDATE thing SET amount = 1 WHERE NOT organization_id = :organization;",
    "a table in brackets": "DELETE FROM part WHERE organization_id = :organization AND thing_id IN (SELECT t.id FROM (thing) AS t);",
    "a LEFT JOIN": "UPDATE organization SET name = '' WHERE id IN (SELECT o.id FROM organization o LEFT JOIN thing t"
                   " ON t.organization_id = :organization OR t.organization_id = o.id WHERE t.id = :id);",
}


@pytest.mark.parametrize("sql", LEAVES.values(), ids=LEAVES.keys())
def test_a_statement_that_leaves_its_organization_when_it_is_run(generate, sql):
    outcome = generate("-- name: good :exec\nDELETE FROM thing WHERE organization_id = :organization AND id = :id;\n"
                       f"-- name: bad :exec\n-- @scan a test\n{sql}\n")
    assert outcome.refused and "q.sql:3: bad, run as one organization, " in outcome.message
    assert outcome.message.count("\n") == 1


def test_a_shape_that_does_not_fit(generate):
    outcome = generate("-- name: a :one\n-- as: s\nSELECT id FROM organization WHERE id = :id;\n"
                       "-- name: b :one\n-- as: s\nSELECT name FROM organization WHERE id = :id;\n")
    assert outcome.refused and "b does not take and give the same as a" in outcome.message


def test_excuses_are_accepted(generate):
    outcome = generate("-- name: all :many\n-- @global a test\n-- @scan a test\nSELECT label FROM thing;\n")
    assert not outcome.refused, outcome.message


def test_parameters_types_and_texts(generate):
    outcome = generate("-- name: look :one\nSELECT t.id, t.note -- with a comment; and :colons\n  FROM thing t\n"
                       " WHERE t.organization_id = :organization AND t.id = :thing AND t.closed_at < :closed_at\n"
                       "   AND t.label <> ':no' AND t.is_open = :is_open AND t.id <> :thing FOR UPDATE SKIP LOCKED;\n")
    assert not outcome.refused, outcome.message
    tail = "t.label <> ':no' AND t.is_open = {0}4 AND t.id <> {0}2"
    assert tail.format("?") + '"' in outcome.source
    assert tail.format("$") + ' FOR UPDATE SKIP LOCKED"' in outcome.source
    struct = outcome.header.split("typedef struct q_look_in {")[1].split("}")[0].split("\n")
    assert [line.strip() for line in struct if line.strip()] == [
        "uuid organization;", "uuid thing;", "msec closed_at; /* may be none */", "bool is_open;"]


@pytest.mark.parametrize("sql, writes", [
    ("-- name: look :one\nSELECT note FROM thing WHERE organization_id = :organization AND id = :thing;\n", "false"),
    ("-- name: lock :one\nSELECT note FROM thing WHERE organization_id = :organization AND id = :thing FOR UPDATE;\n", "true"),
    ("-- name: take :many\n-- @sqlite\nSELECT note FROM thing WHERE organization_id = :organization;\n"
     "-- @postgres\nSELECT note FROM thing WHERE organization_id = :organization FOR SHARE;\n", "true"),
    ("-- name: give :one\nUPDATE thing SET note = '' WHERE organization_id = :organization AND id = :thing RETURNING note;\n", "true"),
], ids=["reads", "locks", "locks on one engine", "changes and returns"])
def test_what_changes_or_locks_is_for_writing(generate, sql, writes):
    outcome = generate(sql)
    assert not outcome.refused, outcome.message
    assert outcome.source.count(f".writes = {writes},") == 1


@pytest.mark.parametrize("sql, tables", [
    ("-- name: x :one\nSELECT label FROM thing WHERE organization_id = :organization AND id = :id;\n", "thing"),
    ("-- name: x :exec\nUPDATE thing SET label = '' WHERE organization_id = :organization AND id = :id;\n", "thing"),
    ("-- name: x :one\nSELECT name FROM organization WHERE id = :id;\n", "organization"),
    ("-- name: x :one\nSELECT o.name FROM thing t JOIN organization o ON o.id = t.organization_id"
     " WHERE t.organization_id = :organization AND t.id = :id;\n", "organization thing"),
], ids=["reads one", "changes it", "reads the other", "reads both"])
def test_a_statement_knows_its_tables(generate, sql, tables):
    outcome = generate(sql)
    assert not outcome.refused, outcome.message
    every = sorted(re.findall(r"CREATE TABLE (\w+)", SCHEMA))
    mask = sum(1 << every.index(table) for table in tables.split())
    assert outcome.source.count(f".tables = {mask:#x}}}") == 1


def test_what_statements_share_is_said_once(generate):
    outcome = generate("-- share: {words} = name, id\n-- name: look :one\nSELECT {words} FROM organization WHERE id = :id;\n")
    assert "SELECT name, id FROM organization" in outcome.source, outcome.message


def test_what_statements_share_is_shared_once(generate):
    share = "-- share: {words} = name, id\n"
    outcome = generate(share + share + "-- name: look :one\nSELECT {words} FROM organization WHERE id = :id;\n")
    assert outcome.refused and "q.sql:2: {words} is shared already" in outcome.message


def test_what_nobody_shares_is_no_sql(generate):
    assert generate("-- name: look :one\nSELECT {words} FROM organization WHERE id = :id;\n").refused


def test_each_makes_every_combination(generate):
    outcome = generate("-- name: page_{sort}_{dir} :many\n-- each: sort = label|id; dir = asc|desc\n"
                       "-- let: {than} = asc:>|desc:<\n-- let: {odd} = label+desc: AND t.amount > 1|*:\n"
                       "SELECT t.id, t.label FROM thing t WHERE t.organization_id = :organization AND t.{sort} {than} :{sort}{odd}\n"
                       " ORDER BY t.{sort} {dir};\n")
    assert not outcome.refused, outcome.message
    assert "t.label < ?2 AND t.amount > 1 ORDER BY t.label desc" in outcome.source
    assert "t.id > ?2 ORDER BY t.id asc" in outcome.source
    assert outcome.header.count("#define q_page_") == 4


# ---- the tables, for what carries all of them

NOT_CARRIED = {
    "no key": ("CREATE TABLE loose (note TEXT NOT NULL) STRICT;", "loose has no primary key"),
    "a table of itself": (
        "CREATE TABLE tree (id BLOB PRIMARY KEY NOT NULL, up_id BLOB REFERENCES tree (id)) STRICT, WITHOUT ROWID;",
        "tree refers to itself"),
    "two tables of each other": (
        "CREATE TABLE hen (id BLOB PRIMARY KEY NOT NULL, egg_id BLOB REFERENCES egg (id)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE egg (id BLOB PRIMARY KEY NOT NULL, hen_id BLOB REFERENCES hen (id)) STRICT, WITHOUT ROWID;",
        "egg and hen refer to each other"),
}


@pytest.mark.parametrize("sql, why", NOT_CARRIED.values(), ids=NOT_CARRIED.keys())
def test_a_table_that_could_not_be_carried(generate, sql, why):
    outcome = generate("", sql)
    assert outcome.refused and why in outcome.message and "0002-step.sql:1: " in outcome.message


def test_every_table_after_those_that_it_refers_to(generate):
    outcome = generate("", "CREATE TABLE label (id BLOB PRIMARY KEY NOT NULL, kind_id BLOB NOT NULL REFERENCES kind (id),"
                           " rank_at INTEGER) STRICT, WITHOUT ROWID;",
                       "CREATE TABLE kind (id BLOB PRIMARY KEY NOT NULL) STRICT, WITHOUT ROWID;")
    assert not outcome.refused, outcome.message
    names = re.findall(r'\{\.name = "(\w+)",\n     \.types', outcome.source)
    assert sorted(names) == ["kind", "label", "organization", "part", "thing"]
    assert names.index("kind") < names.index("label") and names.index("organization") < names.index("thing")
    assert ("types_label[] = {COLUMN_UUID, COLUMN_UUID, COLUMN_TIME};" in outcome.source
            and "key_part[] = {0, 1, 2};" in outcome.source)
