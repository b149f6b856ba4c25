/*
 * How far a copy has come, as its destination knows it: the table copy_progress, a row a table, moved in the
 * transaction that brings the rows; and a row in schema_migration that makes the database newer than any program, so
 * that nobody serves half of it. Both go when the copy is finished.
 */
#include "store/copy_parts.h"

static const char make_sql[] =
    "CREATE TABLE copy_progress (name TEXT PRIMARY KEY, origin TEXT NOT NULL, total BIGINT NOT NULL,"
    " copied BIGINT NOT NULL, last_key TEXT NOT NULL)";
static const char add_sql[] =
    "INSERT INTO copy_progress (name, origin, total, copied, last_key) VALUES ($1, $2, $3, 0, '')";
static const char read_sql[] = "SELECT name, origin, total, copied, last_key FROM copy_progress";
static const char move_sql[] =
    "UPDATE copy_progress SET copied = copied + $1, last_key = $2 WHERE name = $3 AND copied = $4 RETURNING copied";
static const char drop_sql[] = "DROP TABLE copy_progress";
static const char key_sql[] = "SELECT key_fingerprint FROM installation";
static const char forget_sql[] = "DELETE FROM installation";
static const char history_sql[] = "SELECT version, checksum, applied_at FROM schema_migration ORDER BY version";
static const char close_sql[] =
    "INSERT INTO schema_migration (version, name, checksum, applied_at) VALUES ($1, $2, '', 0)";
static const char open_sql[] = "DELETE FROM schema_migration WHERE version = $1";

/* ---- what a database says of itself ---- */

/* Version by version, what was applied must be what this program knows. */
static void history_judge(str rows, copy_history *out)
{
    static const column_type types[] = {COLUMN_INT, COLUMN_TEXT, COLUMN_INT};
    cell cells[3];
    digest_state state;
    size_t known = 0;
    bool strange = false;
    digest_begin(&state);
    for (str rest = rows; rest.n > 0;) {
        str row = rest;
        if (!row_take(&rest, types, 3, cells))
            break;
        int64_t version = cell_number(&cells[0]);
        if (version == MIGRATION_COPY) {
            out->unfinished = true;
            continue;
        }
        digest_add(&state, str_slice(row, 0, row.n - rest.n));
        const migration *m = known < store_migrations.n ? &store_migrations.p[known] : NULL;
        strange |= !m || m->version != version || !str_eq(cells[1].bytes, str_of(m->checksum));
        known++;
    }
    out->id = digest_end(&state);
    if (strange)
        out->is = HISTORY_NEWER;
    else
        out->is = known < store_migrations.n ? HISTORY_OLDER : HISTORY_OURS;
}

err history_read(copy_end *end, copy_history *out)
{
    static const column_type types[] = {COLUMN_INT, COLUMN_TEXT, COLUMN_INT};
    BUF_SCOPED rows = {0};
    int64_t tables, history;
    *out = (copy_history){.is = HISTORY_EMPTY};
    TRY(end_number(end, end->engine->tables, &tables));
    TRY(end_number(end, end->engine->history, &history));
    if (!history) {
        out->is = tables ? HISTORY_STRANGE : HISTORY_EMPTY;
        return OK;
    }
    TRY(end->engine->ask(end, history_sql, NULL, 0, types, 3, &rows, NULL));
    history_judge(buf_str(&rows), out);
    return OK;
}

/* ---- the key ---- */

bool key_is_in(const table_info *t)
{
    return str_eq(str_of(t->name), S("installation"));
}

static err key_read(copy_end *end, buf *out)
{
    static const column_type types[] = {COLUMN_BLOB};
    return end->engine->ask(end, key_sql, NULL, 0, types, 1, out, NULL);
}

static err keys_compare(copy *c)
{
    BUF_SCOPED ours = {0}, theirs = {0};
    TRY(copy_went(c, key_read(&c->source, &ours)));
    TRY(copy_went(c, key_read(&c->destination, &theirs)));
    if (ours.n == 0 || theirs.n == 0 || str_eq(buf_str(&ours), buf_str(&theirs)))
        return OK;
    return copy_refuse(c, COPY_DESTINATION_KEY, NULL);
}

err key_check(copy *c)
{
    for (size_t i = 0; i < store_tables.n; i++)
        if (key_is_in(&store_tables.p[i]))
            return keys_compare(c);
    return OK;
}

/* ---- marks ---- */

static copy_table *table_named(copy *c, str name)
{
    for (size_t i = 0; i < store_tables.n; i++)
        if (str_eq(str_of(c->tables[i].about->name), name))
            return &c->tables[i];
    return NULL;
}

static err mark_take(copy *c, const cell *cells)
{
    copy_table *t = table_named(c, cells[0].bytes);
    if (!t)
        return copy_refuse(c, COPY_DESTINATION_OTHERS, NULL);
    if (!str_eq(cells[1].bytes, hex_of(c->a, (str){(const char *)c->origin.b, sizeof c->origin.b})))
        return copy_refuse(c, COPY_DESTINATION_OTHERS, NULL);
    if (cell_number(&cells[2]) != t->total)
        return copy_refuse(c, COPY_SOURCE_CHANGED, t->about->name);
    t->copied = cell_number(&cells[3]);
    c->brought += t->copied;
    return hex_read(cells[4].bytes, &t->key) ? OK : copy_refuse(c, COPY_DESTINATION_OTHERS, NULL);
}

err marks_read(copy *c)
{
    static const column_type types[] = {COLUMN_TEXT, COLUMN_TEXT, COLUMN_INT, COLUMN_INT, COLUMN_TEXT};
    cell cells[5];
    BUF_SCOPED rows = {0};
    copy_end *end = &c->destination;
    TRY(copy_went(c, end->engine->ask(end, read_sql, NULL, 0, types, 5, &rows, NULL)));
    for (str rest = buf_str(&rows); rest.n > 0;) {
        if (!row_take(&rest, types, 5, cells))
            return copy_refuse(c, COPY_DESTINATION_OTHERS, NULL);
        TRY(mark_take(c, cells));
    }
    return OK;
}

/* The source's own row comes with the rest. */
static err key_forget(copy_end *end)
{
    for (size_t i = 0; i < store_tables.n; i++)
        if (key_is_in(&store_tables.p[i]))
            return end_run(end, forget_sql);
    return OK;
}

static err marks_make_inside(copy *c)
{
    number room;
    copy_end *end = &c->destination;
    TRY(key_forget(end));
    str origin = hex_of(c->a, (str){(const char *)c->origin.b, sizeof c->origin.b});
    TRY(end_run(end, make_sql));
    for (size_t i = 0; i < store_tables.n; i++) {
        const cell params[] = {text_cell(str_of(c->tables[i].about->name)), text_cell(origin),
                               number_cell(&room, c->tables[i].total)};
        TRY(end->engine->ask(end, add_sql, params, 3, NULL, 0, NULL, NULL));
    }
    const cell params[] = {number_cell(&room, MIGRATION_COPY), text_cell(S("unfinished-copy"))};
    return end->engine->ask(end, close_sql, params, 2, NULL, 0, NULL, NULL);
}

err marks_make(copy *c)
{
    TRY(copy_went(c, end_run(&c->destination, "BEGIN")));
    TRY(copy_went(c, marks_make_inside(c)));
    return copy_went(c, end_run(&c->destination, "COMMIT"));
}

err mark_move(copy *c, copy_table *t, int64_t count, str key)
{
    static const column_type types[] = {COLUMN_INT};
    number more, before;
    int64_t found;
    BUF_SCOPED rows = {0};
    ARENA_SCOPED a = arena_new(1 << 20);
    const cell params[] = {number_cell(&more, count), text_cell(hex_of(a, key)), text_cell(str_of(t->about->name)),
                           number_cell(&before, t->copied)};
    copy_end *end = &c->destination;
    TRY(copy_went(c, end->engine->ask(end, move_sql, params, 4, types, 1, &rows, &found)));
    return found == 1 ? OK : copy_refuse(c, COPY_OVERTAKEN, t->about->name);
}

static err marks_remove_inside(copy_end *end)
{
    number room;
    const cell version = number_cell(&room, MIGRATION_COPY);
    TRY(end_run(end, end->engine->durable));
    TRY(end_run(end, "BEGIN"));
    TRY(end_run(end, drop_sql));
    TRY(end->engine->ask(end, open_sql, &version, 1, NULL, 0, NULL, NULL));
    return end_run(end, "COMMIT");
}

err marks_remove(copy *c)
{
    return copy_went(c, marks_remove_inside(&c->destination));
}
