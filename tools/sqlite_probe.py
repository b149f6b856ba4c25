"""A database in memory through SQLite's C interface, for what Python's own module does not tell: where a result column comes
from, which tables a statement touches."""
import ctypes

LIBRARY = ctypes.CDLL("libsqlite3.so.0")
ROW, DONE = 100, 101
DELETE, INSERT, READ, UPDATE = 9, 18, 20, 23  # what the authorizer is asked
AUTHORIZER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, *[ctypes.c_char_p] * 4)
for _name in ("errmsg", "column_name", "column_table_name", "column_origin_name", "column_text"):
    getattr(LIBRARY, "sqlite3_" + _name).restype = ctypes.c_char_p


class SqliteError(Exception):
    pass


class Look:
    """columns: (name, (table, column) or None for an expression); tables: the names it touches; changes: those it changes."""

    def __init__(self, columns, tables, changes):
        self.columns, self.tables, self.changes = columns, tables, changes


class Database:
    def __init__(self):
        self.db = ctypes.c_void_p()
        self.touched, self.changed = set(), set()
        self.hook = AUTHORIZER(self._asked)  # kept: SQLite holds a pointer to it
        self._check(LIBRARY.sqlite3_open(b":memory:", ctypes.byref(self.db)))
        LIBRARY.sqlite3_set_authorizer(self.db, self.hook, None)

    def _asked(self, _context, action, table, _column, _database, _trigger):
        if action in (DELETE, INSERT, READ, UPDATE) and table:
            self.touched.add(table.decode())
        if action in (DELETE, INSERT, UPDATE) and table:
            self.changed.add(table.decode())
        return 0

    def _check(self, code):
        if code not in (0, ROW, DONE):
            raise SqliteError(LIBRARY.sqlite3_errmsg(self.db).decode())

    def script(self, text):
        self._check(LIBRARY.sqlite3_exec(self.db, text.encode(), None, None, None))

    def _prepare(self, sql):
        statement, tail = ctypes.c_void_p(), ctypes.c_char_p()
        self._check(LIBRARY.sqlite3_prepare_v2(self.db, sql.encode(), -1, ctypes.byref(statement), ctypes.byref(tail)))
        return statement

    def rows(self, sql):
        """Every row as a list of texts."""
        statement, found = self._prepare(sql), []
        try:
            while True:
                code = LIBRARY.sqlite3_step(statement)
                self._check(code)
                if code != ROW:
                    return found
                values = [LIBRARY.sqlite3_column_text(statement, i) for i in range(LIBRARY.sqlite3_column_count(statement))]
                found.append([value and value.decode() for value in values])
        finally:
            LIBRARY.sqlite3_finalize(statement)

    def plan(self, sql):
        return [row[3] for row in self.rows("EXPLAIN QUERY PLAN " + sql)]

    def look(self, sql):
        self.touched, self.changed = set(), set()
        statement = self._prepare(sql)
        try:
            columns = []
            for i in range(LIBRARY.sqlite3_column_count(statement)):
                table = LIBRARY.sqlite3_column_table_name(statement, i)
                column = LIBRARY.sqlite3_column_origin_name(statement, i)
                origin = (table.decode(), column.decode()) if table and column else None
                columns.append((LIBRARY.sqlite3_column_name(statement, i).decode(), origin))
            return Look(columns, self.touched, self.changed)
        finally:
            LIBRARY.sqlite3_finalize(statement)
