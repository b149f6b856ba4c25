"""The tables that the migrations leave, as C data with the statements that carry their rows from one database to
another: for `parvis copy`, which so carries every table there is. Rows are read in the order of the primary key, which
is the same on both engines; tables come after those that they refer to."""


class NotCarried(Exception):
    """Why a table's rows could not be carried."""


def quoted(names):
    return ", ".join(f'"{name}"' for name in names)


def marks(count, first=1):
    return ", ".join(f"${number}" for number in range(first, first + count))


class Table:
    def __init__(self, db, name, columns):
        self.name, self.columns = name, columns  # columns: {name: (type, nullable)}
        info = [(int(key), column) for column, key in db.rows(f"SELECT name, pk FROM pragma_table_info('{name}')")]
        self.key = [column for key, column in sorted(info) if key]
        references = db.rows(f"SELECT \"table\" FROM pragma_foreign_key_list('{name}')")
        self.parents = {parent for (parent,) in references}
        if not self.key:
            raise NotCarried(f"{name} has no primary key: parvis copy could not walk through it")
        if name in self.parents:
            raise NotCarried(f"{name} refers to itself: parvis copy could carry a row before the one that it needs")

    def statements(self):
        """One text for both engines, but for `insert` (SQLite) and `receive` (PostgreSQL)."""
        every, order = quoted(self.columns), quoted(self.key)
        page = f'SELECT {every} FROM "{self.name}"'
        after = f"WHERE ({order}) > ({marks(len(self.key))})"
        return {
            "count": f'SELECT count(*) FROM "{self.name}"',
            "any": f'SELECT count(*) FROM (SELECT 1 FROM "{self.name}" LIMIT 1) AS one',
            "first": f"{page} ORDER BY {order} LIMIT $1",
            "next": f"{page} {after} ORDER BY {order} LIMIT ${len(self.key) + 1}",
            "insert": f'INSERT INTO "{self.name}" ({every}) VALUES ({marks(len(self.columns))})',
            "receive": f'COPY "{self.name}" ({every}) FROM STDIN (FORMAT binary)',
        }

    def check(self, db):
        """Both pages come straight from the primary key."""
        statements = self.statements()
        for which, strange in (("first", ("TEMP B-TREE",)), ("next", ("TEMP B-TREE", "SCAN"))):
            for detail in db.plan(statements[which]):
                if any(word in detail for word in strange):
                    raise NotCarried(f"{self.name} is not read in the order of its key ({detail})")
        db.look(statements["insert"])


def in_order(tables):
    """Those that are referred to first."""
    left, sorted_names, found = list(tables), set(), []
    while left:
        ready = [table for table in left if table.parents <= sorted_names]
        if not ready:
            raise NotCarried(f"{' and '.join(sorted(table.name for table in left))} refer to each other: "
                             "parvis copy could not carry one before the other")
        found += ready
        sorted_names |= {table.name for table in ready}
        left = [table for table in left if table not in ready]
    return found


def tables_of(schema):
    tables = in_order([Table(schema.db, name, columns) for name, columns in schema.tables.items()])
    for table in tables:
        table.check(schema.db)
    return tables


def c_text(text):
    return '"' + text.replace('"', '\\"') + '"'


def c_tables(name, tables):
    out, rows = "", ""
    for table in tables:
        types = ", ".join(f"COLUMN_{kind.upper()}" for kind, _ in table.columns.values())
        places = ", ".join(str(list(table.columns).index(column)) for column in table.key)
        names = ", ".join(f'"{column}"' for column in table.columns)
        out += f"static const char *const names_{table.name}[] = {{{names}}};\n"
        out += f"static const column_type types_{table.name}[] = {{{types}}};\n"
        out += f"static const uint16_t key_{table.name}[] = {{{places}}};\n"
        texts = "".join(f"     .{which} = {c_text(text)},\n" for which, text in table.statements().items())
        rows += (f"    {{.name = \"{table.name}\",\n"
                 f"     .types = types_{table.name}, .type_count = {len(table.columns)},\n"
                 f"     .key = key_{table.name}, .key_count = {len(table.key)}, .columns = names_{table.name},\n{texts}    }},\n")
    out += f"static const table_info tables[] = {{\n{rows}}};\n"
    return out + f"const table_set {name}_tables = {{tables, {len(tables)}}};\n"
