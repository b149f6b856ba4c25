"""Every statement that must keep to its organization, run as one beside another's twin rows: as in the build, on PostgreSQL."""
import re
import uuid

import psycopg2
import psycopg2.errors
import pytest

from lib import postgres
from lib.tenants import FOOLS, fool, project
import gen_queries
import tenant_probe

WORLDS, DRAWS = 6, 3
TYPES = {"uuid": "uuid", "text": "text", "blob": "bytea", "int": "bigint", "time": "bigint", "bool": "bigint"}


def sent(kind, value):
    if value is None or kind not in ("uuid", "blob"):
        return value
    return str(uuid.UUID(bytes=value)) if kind == "uuid" else psycopg2.Binary(value)


class Postgres:
    """Two databases, as the probe asks for: one with the other organization's rows, one without. Nothing is ever committed."""

    Refusal = psycopg2.IntegrityError

    def __init__(self, database, schema):
        self.schema, self.prepared = schema, {}
        self.both = {with_b: postgres.connect(database.base + database.new()) for with_b in (False, True)}
        for connection in self.both.values():
            for script in schema.scripts:
                connection.cursor().execute(gen_queries.postgres_ddl(script))
            connection.cursor().execute("SET session_replication_role = replica")  # the rows drawn refer to anything

    def ask(self, with_b, sql, args=None):
        cursor = self.both[with_b].cursor()
        cursor.execute(sql, args)
        return cursor

    def fill(self, world):
        for with_b in self.both:
            cursor = self.ask(with_b, "ROLLBACK; BEGIN")
            inserts = [cursor.mogrify(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
                                      [sent(self.schema.tables[table][name][0], value) for name, value in row.items()])
                       for owner, table, row in world.rows if with_b or owner != tenant_probe.B]
            self.ask(with_b, b"; ".join(inserts) + b"; SAVEPOINT clean")

    def text(self, query):
        return query

    def prepare(self, query):
        if self.prepared.get(query.name) == query.postgres:
            return
        types = ", ".join(TYPES[kind] for _, kind, _ in query.params)
        for with_b in self.both:
            forget = f"DEALLOCATE {query.name}; " if query.name in self.prepared else ""
            self.ask(with_b, f"ROLLBACK; {forget}PREPARE {query.name}{f' ({types})' if types else ''} AS {query.postgres}")
        self.prepared[query.name] = query.postgres

    def begin(self, with_b):
        pass  # with the statement: each question asked is a way there and back

    def run(self, with_b, query, params):
        values = [sent(kind, value) for (_, kind, _), value in zip(query.params, params)]
        cursor = self.ask(with_b, f"ROLLBACK TO clean; EXECUTE {query.name}" + (f" ({', '.join(['%s'] * len(values))})" if values else ""), values)
        rows = cursor.fetchall() if cursor.description else []
        return [tuple(map(postgres.plain, row)) for row in rows], cursor.rowcount

    def rows(self, with_b, table):
        kinds = [kind for kind, _ in self.schema.tables[table].values()]
        rows = self.ask(with_b, f"SELECT * FROM {table}").fetchall()
        return [tuple(uuid.UUID(value).bytes if kind == "uuid" and value else postgres.plain(value) for kind, value in zip(kinds, row))
                for row in rows]

    def end(self, with_b):
        pass

    def close(self):
        for connection in self.both.values():
            connection.close()


@pytest.fixture(scope="module")
def engine(database):
    made = Postgres(database, project()[0])
    yield made
    made.close()


def judged(engine, queries, draws=DRAWS):
    """{statement: what is wrong, or how often it met a row}"""
    schema = project()[0]
    values, told, seed = tenant_probe.Values(schema), {query.name: 0 for query in queries}, 0
    for query in queries:
        engine.prepare(query)
    while seed < WORLDS and any(isinstance(what, int) for what in told.values()):
        world = tenant_probe.World(schema, values, seed)
        seed += 1
        engine.fill(world)
        for query in queries:
            for _ in range(draws if isinstance(told[query.name], int) else 0):
                fault, met = tenant_probe.compare(engine, world, query, world.params(query))
                told[query.name] = fault or told[query.name] + met
                if fault:
                    break
    return told


@pytest.mark.timeout(600)
def test_no_statement_leaves_its_organization(engine):
    told = judged(engine, project()[1])
    assert len(told) > 100
    assert {name: why for name, why in told.items() if isinstance(why, str)} == {}
    assert sum(met > 0 for met in told.values()) > len(told) * 3 / 4  # all of them meet rows in the build's own probe


@pytest.mark.parametrize("kind, sql", FOOLS.values(), ids=FOOLS.keys())
def test_one_that_does_is_found(engine, tmp_path, kind, sql):
    query = fool(project()[0], tmp_path, kind, sql)
    if re.search(r"\((membership|api_key)\)", sql):  # this engine has no table in brackets
        with pytest.raises(psycopg2.errors.SyntaxError):
            engine.prepare(query)
    else:
        assert isinstance(judged(engine, [query], draws=20)["fool"], str)
