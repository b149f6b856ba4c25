#!/usr/bin/env python3
"""Named statements (.sql) and migrations -> typed C functions (.h, .c).

gen_queries.py NAME QUERIES_FOLDER MIGRATIONS_FOLDER OUT.h OUT.c OUT.d

Every statement is prepared against a freshly migrated database in memory. What does not hold fails the build, with file
and line: unknown tables, columns and types, a tenant's table read without its organization, a full scan nobody excused,
SQL that only one engine understands, a reading of the clock; and what, when it is run, leaves its organization
(tenant_probe.py). The format is told in src/store/queries/README.md.
"""
import hashlib
import itertools
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from schema_tables import NotCarried, c_tables, tables_of  # noqa: E402
import query_portability as portability  # noqa: E402
from query_files import NAME, TYPES, Refused, read_file, shares_of, spread, with_shares  # noqa: E402
import tenant_probe  # noqa: E402
from write_anew import write_anew  # noqa: E402
from sqlite_probe import Database, SqliteError  # noqa: E402

BUILTIN = {"now": ("time", False), "limit": ("int", False)}
ENDINGS = (("_id$", "uuid"), ("_at$", "time"), ("^is_", "bool"))
TENANT = "organization_id"
TOKEN = re.compile(r"""(?P<string>'(?:[^']|'')*'|"[^"]*")|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<cast>::)"""
                   r"""|:(?P<param>[a-z_][a-z0-9_]*)|(?P<space>\s+)|(?P<other>.)""", re.S)
LOCK = re.compile(r"\s+FOR (?:NO KEY |KEY )?(?:UPDATE|SHARE)(?: OF \w+(?:, \w+)*)?(?: SKIP LOCKED| NOWAIT)?", re.I)
CLOCKS = re.compile(r"\b(datetime|strftime|julianday|unixepoch|clock_timestamp|now|random|randomblob|gen_random_uuid)\s*\("
                    r"|\bcurrent_(time|date|timestamp)\b", re.I)
NOT_PORTABLE = re.compile(r"\b(insert or \w+|replace into|ifnull\s*\(|glob\b|rowid\b|instr\s*\(|json_each)|`|\[", re.I)
KEYWORDS = set("""auto break case char const continue default do double else enum extern float for goto if inline int long
register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false
typeof asm""".split())
NOT_ALIAS = set("""where set on join left inner cross order group limit values using returning union for natural having
as default select do""".split())


# ---- the schema ----

class Schema:
    def __init__(self, files):
        self.db = Database()
        for path, text in files:
            self.check(portability.alone(plain, text), path)
            try:
                self.db.script(text)
            except SqliteError as error:
                raise Refused((path, 1), str(error)) from None
        self.tables, self.tenants, self.keyed = {}, set(), set()
        self.scripts = [text for _, text in files]
        names = {}  # column name -> (type, nullable, first place)
        for (table,) in self.db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            columns = {}
            for name, declared, not_null, key in self.db.rows(
                    f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{table}')"):
                kind = self.kind_of(files, table, name, declared)
                nullable = not_null == "0" and key == "0" and name != TENANT
                columns[name] = (kind, nullable)
                known = names.setdefault(name, (kind, nullable, table))
                if known[0] != kind:
                    raise Refused((files[-1][0], 1), f"{name} is {known[0]} in {known[2]} and {kind} in {table}: "
                                                     "one name, one type")
                names[name] = (kind, known[1] or nullable, known[2])
                if name == TENANT:
                    self.tenants.add(table)
                    if key != "0":
                        self.keyed.add(table)
            self.tables[table] = columns
        self.names = {name: entry[:2] for name, entry in names.items()}
        self.check(portability.unsharded(self, TENANT, files))

    @staticmethod
    def check(fault, path=None):
        """Refuses the first of the faults there are: (place or line, why)."""
        if fault:
            raise Refused((path, fault[0]) if path else fault[0], fault[1])

    @staticmethod
    def kind_of(files, table, name, declared):
        if declared == "BLOB" and (name == "id" or name.endswith("_id")):
            return "uuid"
        if declared == "INTEGER" and name.endswith("_at"):
            return "time"
        if declared == "INTEGER" and name.startswith("is_"):
            return "bool"
        try:
            return {"TEXT": "text", "BLOB": "blob", "INTEGER": "int"}[declared]
        except KeyError:
            raise Refused((files[-1][0], 1), f"{table}.{name} is {declared or 'untyped'}: "
                                             "use TEXT, BLOB or INTEGER") from None


# ---- one engine's text ----

def rewrite(where, text, names, mark):
    """Without comments and needless space; parameters numbered in the order of their first appearance."""
    out = ""
    for match in TOKEN.finditer(text):
        if match["param"]:
            if match["param"] not in names:
                names.append(match["param"])
            out += mark + str(names.index(match["param"]) + 1)
        elif match["space"] or match["comment"]:
            out += "" if out.endswith(" ") else " "
        else:
            out += match[0]
    out = out.strip()
    if not out.endswith(";") or ";" in re.sub(r"'[^']*'", "", out[:-1]):
        raise Refused(where, "one statement, ended by one ;")
    return out[:-1].rstrip()


def plain(text):
    """For looking at: no comments, strings emptied."""
    return "".join("''" if m["string"] else " " if m["comment"] or m["space"] else m[0] for m in TOKEN.finditer(text))


def references(text, tables):
    """(verb, table, alias) wherever a table is named."""
    pattern = rf"(\bFROM|\bJOIN|\bINTO|\bUPDATE|,)\s+({'|'.join(sorted(tables)) or '-'})\b(?!\s*\.)(?:\s+(?:AS\s+)?([a-z_]\w*))?"
    for match in re.finditer(pattern, text, re.I):
        alias = match[3] if match[3] and match[3].lower() not in NOT_ALIAS else None
        yield match[1].upper(), match[2], alias


def check_tenant(statement, text, touched, schema):
    tenants = schema.tenants
    if not touched & tenants or "@global" in statement.excuses:
        return
    why = f"{statement.name} touches {', '.join(sorted(touched & tenants))}"
    loose, inserted = [], False
    for verb, table, alias in references(text, tenants):
        columns = re.search(rf"INTO\s+{table}\b[^(]*\(([^)]*)\)", text, re.I) if verb == "INTO" else None
        if columns and re.search(rf"\b{TENANT}\b", columns[1]):
            inserted = True
            continue
        own = re.escape(alias or table)
        if table in schema.keyed and not re.search(rf"\b{own}\.{TENANT}\s*=|=\s*{own}\.{TENANT}\b", text, re.I):
            loose.append(alias or table)
    bare = len(re.findall(rf"(?<![.\w]){TENANT}\s*=|USING\s*\([^)]*\b{TENANT}\b", text, re.I))
    if len(loose) > bare:
        raise Refused(statement.where, f"{why} and does not tie {loose[-1]} to an organization: "
                                       f"compare its {TENANT}, or say -- @global and why")
    if not inserted and not re.search(rf"{TENANT}\s*=\s*:organization|:organization\w*\s*=\s*(\w+\.)?{TENANT}", text, re.I):
        raise Refused(statement.where, f"{why} without “{TENANT} = :organization”, or -- @global and why")


def check_words(statement):
    for engine, text in statement.text.items():
        text = plain(text)
        lonely = portability.LONELY.search(text)
        if lonely:
            raise Refused(statement.where, f"{statement.name}: {portability.WHY.format(lonely[0])}")
        if CLOCKS.search(text):
            raise Refused(statement.where, f"{statement.name} reads time or chance: pass it in (:now)")
        strange = NOT_PORTABLE.search(text)
        if engine == "both" and strange:
            raise Refused(statement.where, f"{statement.name}: “{strange[0].strip()}” is not portable; give each engine its own "
                                           "text (-- @sqlite, -- @postgres)")


def check_plan(statement, schema, sql):
    if "@scan" in statement.excuses:
        return
    known = set(schema.tables) | {alias for _, _, alias in references(sql, schema.tables) if alias}
    for detail in schema.db.plan(sql):
        match = re.match(r"SCAN (\w+)", detail)
        if match and match[1] in known and "VIRTUAL TABLE" not in detail:
            raise Refused(statement.where, f"{statement.name} reads the whole of {match[1]} ({detail}); "
                                           "give it an index, or say -- @scan and why")


# ---- types ----

class Query:
    """A checked statement: what the C code is made from."""

    def __init__(self, statement, schema):
        self.statement, self.name, self.kind = statement, statement.name, statement.kind
        self.shape = self.name  # whose structs it uses
        if not NAME.match(self.name):
            raise Refused(statement.where, f"“{self.name}” is not a name")
        check_words(statement)
        both, names = statement.text["both"], []
        here, there = statement.text["sqlite"] or both, statement.text["postgres"] or both
        if not here or not there or (both and statement.text["sqlite"] and statement.text["postgres"]):
            raise Refused(statement.where, f"{self.name}: one text for both engines, or one for each")
        self.sqlite = LOCK.sub("", rewrite(statement.where, here, names, "?"))
        count = len(names)
        self.postgres = rewrite(statement.where, there, names, "$")
        self.writes = any(LOCK.search(plain(text)) or not plain(text).lstrip().upper().startswith("SELECT") for text in (here, there))
        if len(names) != count or any(f":{name}" not in there for name in names):
            raise Refused(statement.where, f"{self.name}: both engines' texts take the same parameters")
        try:
            probe = schema.db.look(self.sqlite)
        except SqliteError as error:
            raise Refused(statement.where, f"{self.name}: {error}") from None
        self.changes, self.of_tenants = probe.changes, bool(probe.tables & schema.tenants)
        touched = probe.tables | {table for _, table, _ in references(plain(there), schema.tables)}
        self.tables = sum(1 << at for at, table in enumerate(sorted(schema.tables)) if table in touched)
        for text in {here, there}:
            check_tenant(statement, plain(text), probe.tables, schema)
        check_plan(statement, schema, self.sqlite)
        self.params = [(name, *self.param_type(name, schema)) for name in names]
        self.columns = [(name, *self.column_type(name, origin, schema)) for name, origin in probe.columns]
        self.check_shape()

    def param_type(self, name, schema):
        if name in self.statement.params:
            return self.statement.params[name]
        for candidate in (name, name + "_id"):
            if candidate in schema.names:
                return schema.names[candidate]
        if name in BUILTIN:
            return BUILTIN[name]
        for pattern, kind in ENDINGS:
            if re.search(pattern, name):
                return kind, False
        raise Refused(self.statement.where, f"{self.name}: no column is named {name} or {name}_id; "
                                            f"say -- param: {name} TYPE")

    def column_type(self, name, origin, schema):
        if name in self.statement.columns:
            return self.statement.columns[name]
        if origin:
            return schema.tables[origin[0]][origin[1]]
        if name in schema.names:
            return schema.names[name]
        raise Refused(self.statement.where, f"{self.name}: the result “{name}” is an expression; name it (AS) and "
                                            "say -- column: NAME TYPE")

    def check_shape(self):
        where = self.statement.where
        if bool(self.columns) != (self.kind in ("one", "many")):
            raise Refused(where, f"{self.name} is :{self.kind} and gives {len(self.columns)} columns")
        for fields in (self.params, self.columns):
            names = [name for name, _, _ in fields]
            for name in names:
                if not NAME.match(name) or name in KEYWORDS:
                    raise Refused(where, f"{self.name}: “{name}” is no name for a field")
                if names.count(name) > 1:
                    raise Refused(where, f"{self.name} gives two columns named {name}")
        for unused in (set(self.statement.params) - {p[0] for p in self.params}
                       | set(self.statement.columns) - {c[0] for c in self.columns}):
            raise Refused(where, f"{self.name} has no {unused}")


# ---- the other engine's schema ----

STRICT = re.compile(r"\)\s*(?:STRICT|WITHOUT ROWID)(?:\s*,\s*(?:STRICT|WITHOUT ROWID))*\s*;", re.I)
DECLARED = re.compile(r"\b(\w+)(\s+)(BLOB|INTEGER|TEXT)\b")


def postgres_ddl(text):
    """A migration as PostgreSQL reads it. Text compares by its bytes, as in SQLite; an is_… stays a number, so that one
    statement may set it in both."""
    text = "".join("" if m["comment"] else m[0] for m in TOKEN.finditer(text))
    text = re.sub(r"\n\s*\n+", "\n", STRICT.sub(");", text)).strip() + "\n"

    def declared(match):
        name, space, kind = match.groups()
        if kind == "BLOB":
            return name + space + ("UUID" if name == "id" or name.endswith("_id") else "BYTEA")
        return name + space + {"INTEGER": "BIGINT", "TEXT": 'TEXT COLLATE "C"'}[kind]
    return DECLARED.sub(declared, text)


# ---- writing C ----

def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def c_lines(text):
    return "".join(f"\n     {c_string(line)}" for line in text.splitlines(keepends=True))


def c_struct(name, fields):
    body = "".join(f"    {TYPES[kind]} {field};{' /* may be none */' if nullable else ''}\n" for field, kind, nullable in fields)
    return f"typedef struct {name} {{\n{body or '    char none;' + chr(10)}}} {name};\n"


CALLS = {
    "one": ("q_{n}_row *row, ", "store_query_one(t, q, in, row)", "row"),
    "many": ("q_{n}_rows *rows, ", None, "rows"),
    "exec": ("", "store_execute(t, q, in, NULL)", None),
    "changed": ("int64_t *changed, ", "store_execute(t, q, in, changed)", "changed"),
}


def c_types(query, name):
    out = c_struct(f"q_{name}_in", query.params)
    if query.columns:
        out += c_struct(f"q_{name}_row", query.columns)
    if query.kind == "many":
        out += f"typedef struct q_{name}_rows {{\n    q_{name}_row *p;\n    size_t n;\n}} q_{name}_rows;\n"
    return out


def c_function(name, kind, table, extra, index):
    result, call, argument = CALLS[kind]
    indexes = "".join(f"size_t {variable}, " for variable in extra)
    passed = "".join(f"({variable}), " for variable in extra) + (f"({argument}), " if argument else "")
    shown = "".join(f"{variable}, " for variable in extra) + (f"{argument}, " if argument else "")
    body = f"    return {call};\n"
    if kind == "many":
        body = ("    void *p = NULL;\n    err result = store_query_many(t, q, in, &p, &rows->n);\n    rows->p = p;\n"
                "    return result;\n")
    return (f"static inline err q_{name}_(txn *t, {indexes}{result.format(n=name)}const q_{name}_in *in)\n{{\n"
            f"    const query *q = &{table}[{index}];\n{body}}}\n"
            f"#define q_{name}(t, {shown}...) q_{name}_((t), {passed}&(const q_{name}_in){{__VA_ARGS__}})\n\n")


def c_family(base, each, members, table, first):
    """One function over all combinations, where they take and give the same."""
    out = ""
    for variable, values in each:
        out += ("enum { " + ", ".join(f"Q_{base}_{variable}_{value}".upper() for value in values)
                + f", Q_{base.upper()}_{variable.upper()}_COUNT }};\n")
    if members[0].shape != base:
        out += "".join(f"typedef q_{members[0].shape}_{suffix} q_{base}_{suffix};\n" for suffix in suffixes(members[0]))
    index = ""
    for variable, values in each:
        index = f"({index}) * {len(values)} + {variable}" if index else variable
    return out + c_function(base, members[0].kind, table, [variable for variable, _ in each], f"{first} + {index}")


def suffixes(query):
    return ["in"] + ["row"] * bool(query.columns) + ["rows"] * (query.kind == "many")


def c_shape(query, shapes):
    """A query's structs. Those that share a shape (`as`, or one `each`) name the same structs, so that a table can pick
    among them."""
    named, family = query.statement.shape, query.statement.family
    base = named or (family[0] + "_" if family else None)
    if not base:
        return c_types(query, query.name)
    first = shapes.setdefault(base, query)
    alike = (query.kind, sorted(query.params), query.columns) == (first.kind, sorted(first.params), first.columns)
    if named and not alike:
        raise Refused(query.statement.where, f"{query.name} does not take and give the same as {first.name}")
    if not alike:
        return c_types(query, query.name)
    query.shape = named or first.name
    out = c_types(query, query.shape) if first is query else ""
    if query.shape != query.name:
        out += "".join(f"typedef q_{query.shape}_{suffix} q_{query.name}_{suffix};\n" for suffix in suffixes(query))
    return out


def header_text(name, queries):
    table = f"{name}_queries"
    out = (f"/* Generated by tools/gen_queries.py. */\n#ifndef PARVIS_{name.upper()}_QUERIES_H\n"
           f"#define PARVIS_{name.upper()}_QUERIES_H\n\n#include \"store/migration.h\"\n#include \"store/table.h\"\n\n"
           f"extern const query {table}[];\nextern const size_t {name}_query_count;\n"
           f"extern const migration_set {name}_migrations;\nextern const table_set {name}_tables;\n\n")
    shapes = {}
    for index, query in enumerate(queries):
        path, line = query.statement.where
        out += f"/* {os.path.basename(path)}:{line} */\n" + c_shape(query, shapes)
        out += c_function(query.name, query.kind, table, [], index)
    for _, group in itertools.groupby(enumerate(queries), lambda pair: pair[1].statement.family and pair[1].statement.where):
        group = list(group)
        first, query = group[0]
        members = [member for _, member in group]
        if query.statement.family and all(member.shape == query.shape for member in members):
            base, each = query.statement.family
            out += c_family(base, each, members, table, first)
    return out + "#endif\n"


def c_columns(array, struct, fields):
    if not fields:
        return ""
    rows = "".join(f"    {{COLUMN_{kind.upper()}, offsetof({struct}, {field}), {'true' if nullable else 'false'}, \"{field}\"}},\n"
                   for field, kind, nullable in fields)
    return f"static const column {array}[] = {{\n{rows}}};\n"


def source_text(name, header, queries, migrations, tables):
    out = f"/* Generated by tools/gen_queries.py. */\n#include \"{header}\"\n\n#include <stddef.h>\n\n"
    rows = ""
    for index, query in enumerate(queries):
        out += c_columns(f"in_{index}", f"q_{query.name}_in", query.params)
        out += c_columns(f"row_{index}", f"q_{query.name}_row", query.columns)
        rows += (f"    {{.name = \"{query.name}\",\n     .sqlite = {c_string(query.sqlite)},\n"
                 f"     .postgres = {c_string(query.postgres)},\n"
                 f"     .params = {f'in_{index}' if query.params else 'NULL'}, .param_count = {len(query.params)},\n"
                 f"     .columns = {f'row_{index}' if query.columns else 'NULL'}, .column_count = {len(query.columns)},\n"
                 f"     .row_size = {f'sizeof(q_{query.name}_row)' if query.columns else '0'}, .index = {index}, "
                 f".writes = {'true' if query.writes else 'false'},\n     .tables = {query.tables:#x}}},\n")
    out += f"\nconst query {name}_queries[] = {{\n{rows or '    {0},' + chr(10)}}};\nconst size_t {name}_query_count = {len(queries)};\n\n"
    out += "static const migration migrations[] = {\n"
    for version, title, digest, text in migrations:
        out += f"    {{{version}, \"{title}\", \"{digest}\",{c_lines(text)},{c_lines(postgres_ddl(text))}}},\n"
    out += f"}};\nconst migration_set {name}_migrations = {{migrations, {len(migrations)}}};\n\n"
    return out + c_tables(name, tables)


# ---- all of it ----

def load_migrations(folder):
    found = []
    for path in sql_files(folder):
        match = re.fullmatch(r"(\d{4})-([a-z0-9-]+)\.sql", os.path.basename(path))
        if not match or int(match[1]) != len(found) + 1:
            raise Refused((path, 1), "migrations are named NNNN-what-for.sql and numbered from 0001 without a gap")
        data = open(path, "rb").read()
        found.append((path, int(match[1]), match[2], hashlib.sha256(data).hexdigest(), data.decode("utf-8")))
    if not found:
        raise Refused((folder, 1), "no migrations")
    return found


def sql_files(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".sql")]


def load_queries(folder, schema):
    """Every statement, or every refusal at once."""
    queries, refusals, seen, shares = [], [], {}, shares_of(sql_files(folder))
    for path in sql_files(folder):
        try:
            statements = [one for written in read_file(path) for one in spread(with_shares(written, shares))]
        except Refused as refused:
            refusals.append(str(refused))
            continue
        for statement in statements:
            try:
                query = Query(statement, schema)
                other = seen.setdefault(query.name, query)
                if other is not query:
                    raise Refused(statement.where, f"{query.name} stands already in {other.statement.where[0]}")
                queries.append(query)
            except Refused as refused:
                refusals.append(str(refused))
    refusals = refusals or [str(Refused(where, why)) for where, why in tenant_probe.faults(schema, queries)]
    if refusals:
        sys.exit("\n".join(refusals))
    return queries


def main(name, query_folder, migration_folder, header, source, depfile):
    migrations = load_migrations(migration_folder)
    schema = Schema([(path, text) for path, _, _, _, text in migrations])
    queries = load_queries(query_folder, schema)
    try:
        tables = tables_of(schema)
    except NotCarried as reason:
        raise Refused((migrations[-1][0], 1), str(reason)) from None
    write_anew(header, header_text(name, queries))
    with open(source, "w", encoding="utf-8") as out:
        out.write(source_text(name, os.path.basename(header), queries, [entry[1:] for entry in migrations], tables))
    with open(depfile, "w", encoding="utf-8") as out:
        needed = [query_folder, migration_folder, *sql_files(query_folder), *sql_files(migration_folder)]
        out.write(f"{header} {source}: {' '.join(needed)}\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Refused as refused:
        sys.exit(str(refused))
