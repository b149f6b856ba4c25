"""Whether a statement keeps to its organization, found out by running it.

What a statement says can be read wrongly; what it does cannot. Two databases are filled alike: organization A, and all that is
nobody's own. One of them holds rows of organization B beside, most of them twins: the same ids, the same keys, but other values.
Run as A, a statement must do the same in both: give the same rows, leave the same behind, and of B leave everything as it was.

Rows and parameters are drawn from few values, so that they meet; the draw is the same each time. That each of the project's
statements met some, and that none would pass without one of its conditions, is what tests/unit/test_tenant_probe.py sees to.
"""
import random
import re
import sqlite3

A, B = b"\xa0" * 16, b"\xb0" * 16
TENANT = "organization_id"
ROWS = 8  # of a table, for each organization
WORLDS, MEETINGS, DRAWS_MOST = 16, 4, 200
LOWEST = {"uuid": bytes(16), "text": "", "blob": b"", "int": 0, "time": 0, "bool": 0}
HIGHEST = {"uuid": b"\xff" * 16, "text": "~", "blob": b"~", "int": 9, "time": 1 << 40, "bool": 1}


class Values:
    """What may stand in a column: a few values a type, numbered, and the words and numbers that a CHECK asks for."""

    def __init__(self, schema):
        self.words, self.all_words, self.bounds = {}, {}, {}  # (table, column): its words; column: those of all tables
        for table, ddl in schema.db.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL"):
            found = [(name, word) for name, listed in re.findall(r"\b(\w+) IN \(((?:'[^']*',? ?)+)\)", ddl)
                     for word in re.findall(r"'([^']*)'", listed)] + re.findall(r"\b(\w+) = '([^']*)'", ddl)
            for name, word in found:
                for words in (self.words.setdefault((table, name), []), self.all_words.setdefault(name, [])):
                    words += [word] * (word not in words)
            for name, low, high in re.findall(r"\b(\w+) BETWEEN (\d+) AND (\d+)", ddl):
                self.bounds[name] = (int(low), int(high))

    def words_for(self, name):
        """A parameter only_state takes what the column state does, in any table."""
        return next((self.all_words[column] for column in sorted(self.all_words, key=len, reverse=True)
                     if name == column or name.endswith("_" + column)), None)

    def of(self, name, kind, number):
        """The value of this number, from 1 to ROWS."""
        low, high = self.bounds.get(name, (0, 1 << 40))
        return {"uuid": bytes([number]) * 16, "text": f"w{number}", "blob": f"b{number}".encode(), "int": min(low + number, high),
                "time": number * 1000, "bool": number % 2}[kind]


class World:
    """Rows of every table, by organization; None: nobody's. Kept are those that the schema takes."""

    def __init__(self, schema, values, seed):
        self.schema, self.values = schema, values
        self.jitter, self.gaps, self.nulls = (0.05, 0.25, 0.1, 0.4)[seed % 4], (0.3, 0.1)[seed % 2], (0.2, 0.6)[seed // 4 % 2]
        self.rows = []  # (whose, table, {column: value})
        judge = database_of(schema)
        for at, table in enumerate(sorted(schema.tables)):
            self.chance = random.Random(f"{seed} {table}")  # a table that gains a column leaves the others as they are
            whose = [A, B] if table in schema.tenants or table == "organization" else [None]
            only_one = schema.db.rows(f"SELECT name FROM pragma_table_info('{table}') WHERE pk > 0") == [[TENANT]]
            drawn = [(number, owner) for owner in whose for number in self.numbers(table, only_one, (seed + at) >> (owner == B) & 1)]
            for number, owner in sorted(drawn, key=lambda one: (one[0], (one[1] == B) != one[0] % 2)):  # each is first in turn
                self.add(judge, table, owner, number)
        self.chance = random.Random(seed)
        judge.close()

    def numbers(self, table, only_one, is_there):
        """Which rows there are. Of a table that holds one row an organization: the first or none, both ways in turn."""
        if table == "organization" or only_one:
            return [1] * (is_there or table == "organization")
        return [number for number in range(1, ROWS + 1) if self.chance.random() >= self.gaps]

    def add(self, judge, table, owner, number):
        for _ in range(40):
            row = {name: self.draw(name, kind, nullable, number, self.values.words.get((table, name)))
                   for name, (kind, nullable) in self.schema.tables[table].items()}
            row |= {"id": owner} if table == "organization" else {TENANT: owner} if owner else {}
            try:
                insert(judge, table, row)
            except sqlite3.IntegrityError:
                continue
            self.rows.append((owner, table, row))
            return

    def draw(self, name, kind, nullable, number, words):
        if nullable and self.chance.random() < self.nulls:
            return None
        if words:
            return words[0] if self.chance.random() < 0.4 else self.chance.choice(words)
        return self.values.of(name, kind, self.chance.randint(1, ROWS) if self.chance.random() < self.jitter else number)

    def params(self, query):
        """Most of one row's, whose number is drawn (the last is of none yet); A is who calls."""
        chance, number = self.chance, self.chance.randint(1, ROWS + 1)
        backwards, empty, drawn = chance.random() < 0.4, chance.choice((0.3, 0.8)), []
        for name, kind, nullable in query.params:
            if re.match(r"organization(_id)?$", name):
                value = A
            elif name == "limit":
                value = 1000
            elif name in ("rows", "offset"):
                value = chance.randint(0, 1)
            elif name.startswith(("after", "until")):
                low = name.startswith("after") != backwards
                value = (LOWEST if low else HIGHEST)[kind] if chance.random() < 0.8 else self.values.of(name, kind, number)
            elif name.endswith("_end"):
                value = HIGHEST[kind] if chance.random() < 0.8 else self.values.of(name, kind, number + 1)
            elif nullable and chance.random() < 0.2:
                value = None
            elif kind == "text" and chance.random() < empty:
                value = "" if chance.random() < 0.7 else "w"  # no filter; what all begin with
            elif kind == "time":
                value = chance.choice((0, 1500, 2500, 3500, 4500, number * 1000, 1 << 40))
            else:
                value = self.draw(name, kind, False, number, self.values.words_for(name) if kind == "text" else None)
            drawn.append(value)
        return drawn


def database_of(schema):
    made = sqlite3.connect(":memory:", isolation_level=None)
    for text in schema.scripts:
        made.executescript(text)
    return made


def insert(database, table, row):
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


class Sqlite:
    """The engine: two databases, one with B and one without."""

    Refusal = sqlite3.IntegrityError

    def __init__(self, schema, world):
        self.schema = schema
        self.both = {with_b: database_of(schema) for with_b in (False, True)}
        for owner, table, row in world.rows:
            for with_b, database in self.both.items():
                if with_b or owner != B:
                    insert(database, table, row)

    def text(self, query):
        return query.sqlite

    def begin(self, with_b):
        self.both[with_b].execute("BEGIN")

    def run(self, with_b, text, params):
        cursor = self.both[with_b].execute(text, params)
        return cursor.fetchall(), cursor.rowcount

    def rows(self, with_b, table):
        return self.both[with_b].execute(f"SELECT * FROM {table}").fetchall()

    def end(self, with_b):
        self.both[with_b].execute("ROLLBACK")

    def close(self):
        for database in self.both.values():
            database.close()


class Left:
    """What a statement did: its answer, and what stands there afterwards, of B and of all others."""

    def __init__(self, engine, with_b, query, params):
        self.of_b, self.rest, self.answer, self.count = [], [], "refused", 0
        engine.begin(with_b)
        try:
            rows, self.count = engine.run(with_b, engine.text(query), params)
            self.answer = sorted(map(repr, rows))
        except engine.Refusal:
            pass  # as a rule would hear it: in both databases, or the answer differs
        else:
            for table in query.changes:
                self.look(engine, with_b, table)
        engine.end(with_b)

    def look(self, engine, with_b, table):
        names = list(engine.schema.tables[table])
        at = names.index(TENANT if TENANT in names else "id") if TENANT in names or table == "organization" else None
        for row in engine.rows(with_b, table):
            (self.of_b if at is not None and row[at] == B else self.rest).append((table, repr(row)))
        self.rest.sort()
        self.of_b.sort()

    def met(self):
        return bool(self.answer) and self.answer != "refused" or self.count > 0


def compare(engine, world, query, params):
    """What is wrong, or None; and whether the statement found anything of A's to do."""
    alone, beside = (Left(engine, with_b, query, params) for with_b in (False, True))
    untouched = sorted((table, repr(tuple(row.values()))) for owner, table, row in world.rows if owner == B and table in query.changes)
    if beside.answer != "refused" and beside.of_b != untouched:
        return "changes rows of another", True
    if "refused" in (alone.answer, beside.answer) and not query.changes & engine.schema.keyed:
        return None, False  # an id that is another's already, in a table whose ids are everybody's
    if alone.answer != beside.answer:
        return "gives another answer, or a refusal, where another organization has rows", True
    if alone.rest != beside.rest:
        return "does something else where another organization has rows", True
    return None, alone.met()


def judge(engines, query, patience=1):
    """What is wrong, or None; and how often it met a row of A's. More patience: more draws."""
    met = 0
    for draw in range(DRAWS_MOST):
        for engine, world in engines:
            fault, found = compare(engine, world, query, world.params(query))
            if fault:
                return f"{query.name}, run as one organization, {fault}: compare its {TENANT}, or say -- @global and why", met
            met += found
        if draw >= patience * ((6 if query.changes else 3) + len(query.params)) and met >= MEETINGS:
            break
    return None, met


def is_tried(query):
    """A tenant's statement, and what an organization is named in, unless it says that it is everybody's."""
    return "@global" not in query.statement.excuses and (query.of_tenants or any(name in ("organization", TENANT) for name, _, _ in query.params))


def engines_of(schema, engine=Sqlite, worlds=WORLDS):
    values = Values(schema)
    made = [World(schema, values, seed) for seed in range(worlds)]
    return [(engine(schema, world), world) for world in made]


def faults(schema, queries):
    """(place, why) of every statement that leaves its organization."""
    tried = [query for query in queries if is_tried(query)]
    if not tried:
        return
    engines = engines_of(schema)
    for query in tried:
        why, _ = judge(engines, query)
        if why:
            yield query.statement.where, why
    for engine, _ in engines:
        engine.close()
