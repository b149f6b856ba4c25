/*
 * What several jobs of one transaction ask alike: who calls, into which organization, with which rights. On PostgreSQL
 * each question is a round trip. All of the jobs were there before the transaction began, so an answer given to one of
 * them is true for the next, until the transaction itself changes a table that the question reads.
 */
#include "store/postgres.h"

static bool add(char key[PG_MEMO_KEY], size_t *n, const void *bytes, size_t size)
{
    if (size > PG_MEMO_KEY - *n)
        return false;
    if (size)
        memcpy(key + *n, bytes, size);
    *n += size;
    return true;
}

static bool add_param(char key[PG_MEMO_KEY], size_t *n, const column *c, const void *params)
{
    const void *p = (const char *)params + c->offset;
    const str *text = p;
    switch (c->type) {
    case COLUMN_UUID:
        return add(key, n, p, sizeof(uuid));
    case COLUMN_BOOL:
        return add(key, n, p, sizeof(bool));
    case COLUMN_INT:
    case COLUMN_TIME:
        return add(key, n, p, sizeof(int64_t));
    case COLUMN_TEXT:
    case COLUMN_BLOB:
        return add(key, n, &text->n, sizeof text->n) && add(key, n, text->p ? "1" : "0", 1) &&
               (!text->p || add(key, n, text->p, text->n));
    }
    return false;
}

/* The parameters as bytes; 0: too many of them to be remembered. */
static size_t key_of(const query *q, const void *params, char key[PG_MEMO_KEY])
{
    size_t n = 0;
    for (int i = 0; i < q->param_count; i++)
        if (!add_param(key, &n, &q->params[i], params))
            return 0;
    return n;
}

static bool may(const pg_connection *c, const query *q)
{
    return c->together && q->tables && q->row_size <= PG_MEMO_ROW;
}

/* The texts of a remembered row belong to another job, which may end before this one. */
static void copy_row(txn *t, const query *q, const pg_memo *m, void *row)
{
    memcpy(row, m->row, q->row_size);
    for (int i = 0; i < q->column_count; i++)
        if (q->columns[i].type == COLUMN_TEXT || q->columns[i].type == COLUMN_BLOB) {
            str *text = (str *)((char *)row + q->columns[i].offset);
            *text = arena_str(t->a, *text);
        }
}

bool pg_memo_find(txn *t, const query *q, const void *params, void *row)
{
    pg_connection *c = t->connection;
    char key[PG_MEMO_KEY];
    size_t n = may(c, q) ? key_of(q, params, key) : 0;
    for (size_t i = 0; n && i < PG_MEMOS; i++)
        if (c->memos[i].q == q && c->memos[i].key_n == n && memcmp(c->memos[i].key, key, n) == 0) {
            copy_row(t, q, &c->memos[i], row);
            return true;
        }
    return false;
}

void pg_memo_keep(pg_connection *c, const query *q, const void *params, const void *row)
{
    pg_memo *m = &c->memos[c->memo_at % PG_MEMOS];
    m->q = NULL;
    m->key_n = may(c, q) ? key_of(q, params, m->key) : 0;
    if (!m->key_n)
        return;
    memcpy(m->row, row, q->row_size);
    m->q = q;
    c->memo_at++;
}

void pg_memo_changed(pg_connection *c, const query *q)
{
    bool cascades = !q->tables || str_starts(str_of(q->postgres), S("DELETE"));
    for (size_t i = 0; c->together && i < PG_MEMOS; i++)
        if (c->memos[i].q && (cascades || (c->memos[i].q->tables & q->tables)))
            c->memos[i].q = NULL;
}

void pg_memo_begin(pg_connection *c)
{
    for (size_t i = 0; i < PG_MEMOS; i++)
        c->memos[i].q = NULL;
    c->together = true;
}
