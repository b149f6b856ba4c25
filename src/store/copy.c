/* A copy from its beginning to its end. */
#include "store/copy_parts.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum { ARENA_BYTES = 4 << 20, FIRST_ROWS = 500, MOST_ROWS = 5000, GROWTH = 4, PAGE_BYTES = 4 << 20, TICK_MS = 200 };

static const copy_engine *const engines[] = {&sqlite_copy, &postgres_copy};

static const copy_engine *engine_of(str uri)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        for (size_t k = 0; k < sizeof engines[i]->schemes / sizeof *engines[i]->schemes; k++)
            if (engines[i]->schemes[k].n && str_starts(uri, engines[i]->schemes[k]))
                return engines[i];
    return NULL;
}

bool copy_knows(str uri)
{
    return engine_of(uri) != NULL;
}

/* ---- pages ---- */

/* A table's rows, page by page. Pages of large rows are short, so that memory stays bounded. */
typedef struct pager {
    copy_end *end;
    const table_info *t;
    buf *key; /* of the last row read, as a row of its own; empty: begin with the first. The caller's */
    buf rows; /* of this page; count 0: there are no more */
    int64_t count, limit;
} pager;

static bool key_of_last(pager *p)
{
    cell cells[CELLS_MAX];
    str rest = buf_str(&p->rows);
    while (rest.n > 0)
        if (!row_take(&rest, p->t->types, p->t->type_count, cells))
            return false;
    p->key->n = 0;
    row_begin(p->key, p->t->key_count);
    for (size_t i = 0; i < p->t->key_count; i++)
        row_cell(p->key, cells[p->t->key[i]].bytes);
    return true;
}

static bool key_cells(const pager *p, cell *cells)
{
    column_type types[CELLS_MAX];
    str key = buf_str(p->key);
    for (size_t i = 0; i < p->t->key_count; i++)
        types[i] = p->t->types[p->t->key[i]];
    return row_take(&key, types, p->t->key_count, cells) && key.n == 0;
}

static err pager_next(pager *p)
{
    cell params[CELLS_MAX + 1];
    number room;
    bool begins = p->key->n == 0;
    size_t count = begins ? 0 : p->t->key_count;
    if (p->limit == 0)
        p->limit = FIRST_ROWS;
    if (!begins && !key_cells(p, params))
        return ERR_INTERNAL;
    params[count++] = number_cell(&room, p->limit);
    p->rows.n = 0;
    TRY(p->end->engine->ask(p->end, begins ? p->t->first : p->t->next, params, count, p->t->types, p->t->type_count,
                            &p->rows, &p->count));
    if (p->count == 0)
        return OK;
    int64_t fitting = PAGE_BYTES / ((int64_t)p->rows.n / p->count + 1) + 1, wanted = p->limit * GROWTH;
    p->limit = wanted < fitting ? wanted : fitting;
    if (p->limit > MOST_ROWS)
        p->limit = MOST_ROWS;
    return key_of_last(p) ? OK : ERR_INTERNAL;
}

/* ---- opening ---- */

static err side_open(copy *c, copy_end *end, bool writes)
{
    err e = end->engine->open(end, end->uri, writes);
    copy_refusal why = writes ? COPY_DESTINATION_CLOSED : COPY_SOURCE_CLOSED;
    if (e == ERR_CONFLICT)
        why = writes ? COPY_DESTINATION_USED : COPY_SOURCE_USED;
    return e == OK ? OK : copy_refuse(c, why, NULL);
}

static err source_open(copy *c)
{
    copy_history history;
    TRY(side_open(c, &c->source, false));
    TRY(copy_went(c, history_read(&c->source, &history)));
    c->origin = history.id;
    if (history.is == HISTORY_EMPTY || history.is == HISTORY_STRANGE)
        return copy_refuse(c, COPY_SOURCE_STRANGE, NULL);
    if (history.unfinished)
        return copy_refuse(c, COPY_SOURCE_UNFINISHED, NULL);
    if (history.is != HISTORY_OURS)
        return copy_refuse(c, COPY_SOURCE_VERSION, NULL);
    if (c->source.engine->nodes)
        TRY(copy_went(c, end_number(&c->source, c->source.engine->nodes, &c->nodes)));
    return OK;
}

/* A transaction that sees one moment of the source, to its end. */
static err source_measure(copy *c)
{
    TRY(copy_went(c, end_run(&c->source, c->source.engine->begin_read)));
    for (size_t i = 0; i < store_tables.n; i++)
        TRY(copy_went(c, end_number(&c->source, c->tables[i].about->count, &c->tables[i].total)));
    return OK;
}

static err destination_open(copy *c, copy_history *history)
{
    copy_end *end = &c->destination;
    err e = end->engine->open(end, end->uri, true);
    bool missing = e == ERR_NOT_FOUND && end->engine->make;
    *history = (copy_history){.is = HISTORY_EMPTY};
    if (e == ERR_CONFLICT || (e != OK && !missing))
        return copy_refuse(c, e == ERR_CONFLICT ? COPY_DESTINATION_USED : COPY_DESTINATION_CLOSED, NULL);
    if (!missing)
        TRY(copy_went(c, history_read(end, history)));
    if (history->is != HISTORY_EMPTY || !end->engine->make)
        return OK;
    if (!missing)
        end->engine->close(end);
    if (end->engine->make(end) != OK)
        return copy_refuse(c, COPY_DESTINATION_CLOSED, NULL);
    TRY(side_open(c, end, true));
    return copy_went(c, history_read(end, history));
}

static err destination_judge(copy *c, const copy_history *history)
{
    int64_t nodes = 0;
    if (history->is == HISTORY_EMPTY)
        return copy_refuse(c, COPY_DESTINATION_UNMIGRATED, NULL);
    if (history->is == HISTORY_STRANGE)
        return copy_refuse(c, COPY_DESTINATION_STRANGE, NULL);
    if (history->is != HISTORY_OURS)
        return copy_refuse(c, COPY_DESTINATION_VERSION, NULL);
    if (c->destination.engine->nodes)
        TRY(copy_went(c, end_number(&c->destination, c->destination.engine->nodes, &nodes)));
    return nodes ? copy_refuse(c, COPY_DESTINATION_USED, NULL) : OK;
}

/* The destination holds rows and no marks: it may be what this source became already. */
static err look_alike(copy *c)
{
    for (size_t i = 0; i < store_tables.n; i++) {
        copy_table *t = &c->tables[i];
        TRY(copy_went(c, end_number(&c->destination, t->about->count, &t->copied)));
        if (t->copied != t->total)
            return copy_refuse(c, COPY_DESTINATION_FULL, t->about->name);
    }
    c->is_there = true;
    return OK;
}

/* What migrating itself leaves is not somebody's data: it says with which key. */
static err is_empty(copy *c, bool *empty)
{
    *empty = true;
    for (size_t i = 0; *empty && i < store_tables.n; i++) {
        int64_t any = 0;
        if (!key_is_in(&store_tables.p[i]))
            TRY(copy_went(c, end_number(&c->destination, c->tables[i].about->any, &any)));
        *empty = !any;
    }
    return OK;
}

static err choose(copy *c, const copy_history *history)
{
    bool empty;
    if (history->unfinished)
        return marks_read(c);
    TRY(is_empty(c, &empty));
    if (!empty)
        return look_alike(c);
    TRY(key_check(c));
    return marks_make(c);
}

err copy_open(str from, str to, copy **out)
{
    copy_history history;
    copy *c = *out = calloc(1, sizeof *c);
    if (!c)
        return ERR_UNAVAILABLE;
    c->a = arena_new(ARENA_BYTES);
    c->source = (copy_end){.engine = engine_of(from), .uri = arena_str(c->a, from)};
    c->destination = (copy_end){.engine = engine_of(to), .uri = arena_str(c->a, to)};
    c->tables = arena_array_of(c->a, copy_table, store_tables.n);
    for (size_t i = 0; i < store_tables.n; i++)
        c->tables[i].about = &store_tables.p[i];
    if (!c->source.engine || !c->destination.engine)
        return copy_refuse(c, c->source.engine ? COPY_DESTINATION_CLOSED : COPY_SOURCE_CLOSED, NULL);
    TRY(source_open(c));
    TRY(destination_open(c, &history));
    TRY(destination_judge(c, &history));
    TRY(source_measure(c));
    return choose(c, &history);
}

copy_refusal copy_why(const copy *c)
{
    return c ? c->why : COPY_BROKEN;
}

const char *copy_at(const copy *c)
{
    return c ? c->at : NULL;
}

int64_t copy_source_nodes(const copy *c)
{
    return c->nodes;
}

bool copy_is_there(const copy *c)
{
    return c->is_there;
}

int64_t copy_brought(const copy *c)
{
    return c->brought;
}

void copy_close(copy *c)
{
    if (!c)
        return;
    for (size_t i = 0; c->tables && i < store_tables.n; i++)
        buf_free(&c->tables[i].key);
    if (c->source.connection)
        c->source.engine->close(&c->source);
    if (c->destination.connection)
        c->destination.engine->close(&c->destination);
    arena_free(c->a);
    free(c);
}

/* ---- carrying ---- */

/* A page's rows and their mark, together or not at all: what fails is undone with the end of its connection. */
static err batch(copy *c, copy_table *t, const pager *p, str key)
{
    copy_end *end = &c->destination;
    TRY(copy_went(c, end_run(end, "BEGIN")));
    TRY(mark_move(c, t, p->count, key));
    TRY(copy_went(c, end->engine->put(end, t->about, buf_str(&p->rows))));
    TRY(copy_went(c, end_run(end, "COMMIT")));
    t->copied += p->count;
    return OK;
}

/* PostgreSQL would refuse it without saying what; a SQLite file would hand it on to whoever reads that one. */
static err judge_text(copy *c, const pager *p)
{
    cell cells[CELLS_MAX];
    for (str rest = buf_str(&p->rows); rest.n > 0;) {
        if (!row_take(&rest, p->t->types, p->t->type_count, cells))
            return ERR_INTERNAL;
        size_t at = row_no_text(p->t, cells);
        if (at < p->t->type_count)
            return copy_refuse(c, COPY_SOURCE_NO_TEXT, arena_cstr(c->a, row_place(c->a, p->t, cells, at)));
    }
    return OK;
}

static err carry_table(copy *c, copy_table *t, copy_progress *progress, copy_watch watch, void *context)
{
    pager p = {.end = &c->source, .t = t->about, .key = &t->key};
    err e;
    progress->table = t->about->name;
    while ((e = copy_went(c, pager_next(&p))) == OK && p.count > 0) {
        e = copy_went(c, judge_text(c, &p));
        if (e == OK)
            e = batch(c, t, &p, buf_str(&t->key));
        if (e != OK)
            break;
        progress->done += p.count;
        if (watch)
            watch(context, progress);
    }
    buf_free(&p.rows);
    return e;
}

err copy_run(copy *c, copy_watch watch, void *context)
{
    copy_progress progress = {.done = c->brought};
    for (size_t i = 0; i < store_tables.n; i++)
        progress.total += c->tables[i].total;
    for (size_t i = 0; !c->is_there && i < store_tables.n; i++)
        TRY(carry_table(c, &c->tables[i], &progress, watch, context));
    return copy_went(c, end_run(&c->source, "COMMIT"));
}

/* ---- comparing ---- */

typedef struct reading {
    copy *c;
    copy_end *end;
    size_t at; /* in copy_found */
    err result;
    _Atomic(const char *) table;
    _Atomic int64_t *done;
    _Atomic bool *stop;
} reading;

static err sum_table(reading *r, copy_table *t)
{
    BUF_SCOPED key = {0};
    digest_state state;
    pager p = {.end = r->end, .t = t->about, .key = &key};
    err e;
    digest_begin(&state);
    t->found.rows[r->at] = 0;
    r->table = t->about->name;
    while ((e = pager_next(&p)) == OK && p.count > 0 && !*r->stop) {
        digest_add(&state, buf_str(&p.rows));
        t->found.rows[r->at] += p.count;
        *r->done += p.count;
    }
    t->found.sums[r->at] = digest_end(&state);
    buf_free(&p.rows);
    return e;
}

static void *reading_main(void *context)
{
    reading *r = context;
    r->result = end_run(r->end, r->end->engine->begin_read);
    for (size_t i = 0; r->result == OK && i < store_tables.n && !*r->stop; i++)
        r->result = sum_table(r, &r->c->tables[i]);
    if (r->result == OK)
        r->result = end_run(r->end, "COMMIT");
    if (r->result != OK)
        *r->stop = true;
    return NULL;
}

static struct timespec soon(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += TICK_MS * 1000000L;
    t.tv_sec += t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

/* Waits for a thread, and says now and then how far both are. */
static void await(pthread_t thread, const reading *shown, copy_progress *progress, copy_watch watch, void *context)
{
    for (;;) {
        struct timespec until = soon();
        int code = pthread_timedjoin_np(thread, NULL, &until);
        progress->table = shown->table;
        progress->done = *shown->done / 2;
        if (watch && progress->table)
            watch(context, progress);
        if (code != ETIMEDOUT)
            return;
    }
}

/* Both sides at the same time, a thread each. */
static err read_both(copy *c, copy_progress *progress, copy_watch watch, void *context)
{
    _Atomic int64_t done = 0;
    _Atomic bool stop = false;
    reading sides[] = {{.c = c, .end = &c->source, .at = 0, .done = &done, .stop = &stop},
                       {.c = c, .end = &c->destination, .at = 1, .done = &done, .stop = &stop}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, reading_main, &sides[i]) != 0) {
            stop = true;
            if (i > 0)
                pthread_join(threads[0], NULL);
            return ERR_UNAVAILABLE;
        }
    for (size_t i = 0; i < 2; i++)
        await(threads[i], &sides[i], progress, watch, context);
    TRY(sides[0].result);
    return sides[1].result;
}

err copy_compare(copy *c, copy_watch watch, void *context, const copy_found **found, size_t *count, bool *equal)
{
    copy_progress progress = {.compares = true};
    copy_found *list = arena_array_of(c->a, copy_found, store_tables.n);
    *found = list;
    *count = store_tables.n;
    *equal = true;
    for (size_t i = 0; i < store_tables.n; i++)
        progress.total += c->tables[i].total;
    TRY(copy_went(c, read_both(c, &progress, watch, context)));
    for (size_t i = 0; i < store_tables.n; i++) {
        list[i] = c->tables[i].found;
        list[i].table = c->tables[i].about->name;
        *equal &= list[i].rows[0] == list[i].rows[1] && digest_eq(&list[i].sums[0], &list[i].sums[1]);
    }
    return OK;
}

err copy_finish(copy *c)
{
    if (!c->is_there)
        TRY(marks_remove(c));
    return copy_went(c, end_run(&c->destination, c->destination.engine->settle));
}
