/*
 * What PostgreSQL alone can do to the store: conflicts among many, lost connections, commits of unknown fate, a
 * database that goes.
 */
#include "store_fixture.h"
#include "wire_store.h"

#include "queries.h"

#include <pthread.h>
#include <semaphore.h>

/* ---- every statement of the program ---- */

static void test_every_statement_is_understood(void **state)
{
    fixture *f = *state;
    store_set_migrations(f->s, &store_migrations);
    assert_int_equal(store_migrate(f->s), OK);
    pg_store *own = pg_of(f->s);
    assert_true(store_query_count > 100);
    for (size_t i = 0; i < store_query_count; i++) {
        const query *q = &store_queries[i];
        char params[2048] = {0}; /* NULLs, empty texts, zeros */
        pg_fresh(&own->plain);
        assert_int_equal(pg_connect(&own->plain), OK);
        assert_int_equal(pg_ask(&own->plain, &pg_own[PG_BEGIN_WRITE], NULL, NULL), OK);
        violation v;
        if (pg_send(&own->plain, q, params) != OK)
            fail_msg("%s", q->name);
        err e = pg_collect(&own->plain, NULL, &v);
        if (e != OK && e != ERR_CONFLICT) /* an empty row may break a constraint */
            fail_msg("%s: %s", q->name, q->postgres);
        own->plain.broken = OK;
        assert_int_equal(pg_ask(&own->plain, &pg_own[PG_ROLLBACK], NULL, NULL), OK);
    }
}

/* Text compares by its bytes, as in SQLite: keys and pages are the same on both. */
static void test_text_is_ordered_by_its_bytes(void **state)
{
    fixture *f = *state;
    static const str labels[] = {S_INIT("b"), S_INIT("\xc3\xa9"), S_INIT("B"), S_INIT("a-c"), S_INIT("ab")};
    static const str ordered[] = {S_INIT("B"), S_INIT("a-c"), S_INIT("ab"), S_INIT("b"), S_INIT("\xc3\xa9")};
    for (size_t i = 0; i < 5; i++) {
        q_thing_add_in in = thing(f, labels[i]);
        assert_int_equal(write_(f, add_thing, &in), OK);
    }
    txn t;
    q_thing_page_rows rows;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 10), OK);
    for (size_t i = 0; i < 5; i++)
        assert_true(str_eq(rows.p[i].label, ordered[i]));
    store_read_end(&t);
}

/* ---- run again ---- */

typedef struct runs {
    fixture *f;
    q_thing_add_in in;
    int count;
    violation seen;
} runs;

/* A constraint is met, told, and survived: the first run was hopeful, the second is careful. */
static err meet_a_conflict(txn *t, void *context)
{
    runs *r = context;
    q_thing_add_in in = r->in;
    r->count++;
    TRY(q_thing_add_(t, &in));
    err e = q_thing_add_(t, &in);
    r->seen = t->violation;
    if (r->count > 1)
        assert_int_equal(e, ERR_CONFLICT);
    in.id = uuid_new(t->now);
    in.label = S("another");
    return q_thing_add_(t, &in);
}

static void test_a_conflict_may_be_survived(void **state)
{
    fixture *f = *state;
    runs r = {.f = f, .in = thing(f, S("a"))};
    assert_int_equal(write_(f, meet_a_conflict, &r), OK);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.seen, VIOLATION_UNIQUE);
    assert_int_equal(things(f), 2);
}

static err fail_twice(txn *t, void *context)
{
    runs *r = context;
    TRY(q_thing_add_(t, &r->in));
    if (++r->count < 3) { /* what CockroachDB and SERIALIZABLE answer */
        static const query again = {
            .name = "again", .postgres = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$", .index = 62};
        int64_t changed;
        return store_execute(t, &again, NULL, &changed);
    }
    return OK;
}

static void test_a_serialization_failure_is_run_again(void **state)
{
    fixture *f = *state;
    runs r = {.f = f, .in = thing(f, S("a"))};
    assert_int_equal(write_(f, fail_twice, &r), OK);
    assert_int_equal(r.count, 3);
    assert_int_equal(things(f), 1);
}

/* ---- the line is cut ---- */

static err count_and_add(txn *t, void *context)
{
    runs *r = context;
    r->count++;
    return q_thing_add_(t, &r->in);
}

static void cut_once(fixture *f, cut how, int expected_runs)
{
    wire_proxy p;
    open_through(f, &p);
    for (int i = 0; i < 10; i++) {
        char label[8];
        runs r = {.f = f, .in = thing(f, (str){label, (size_t)snprintf(label, sizeof label, "%d", i)})};
        p.next = (int)how;
        assert_int_equal(write_(f, count_and_add, &r), OK);
        assert_int_equal(p.next, CUT_NOTHING);
        assert_int_equal(r.count, expected_runs);
        assert_int_equal(things(f), i + 1);
    }
    assert_int_equal(p.cuts, 10);
    close_through(f, &p);
}

static void test_a_line_cut_before_commit(void **state)
{
    cut_once(*state, CUT_BEFORE_COMMIT, 2);
}

/* The commit stands, and nobody said so: the second attempt finds its fate and does nothing. */
static void test_a_line_cut_after_commit(void **state)
{
    cut_once(*state, CUT_AFTER_COMMIT, 1);
}

static void test_a_line_cut_everywhere(void **state)
{
    fixture *f = *state;
    wire_proxy p;
    open_through(f, &p);
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    p.next = CUT_ALL;
    in = thing(f, S("b"));
    msec before = clock_monotonic();
    assert_int_equal(write_(f, add_thing, &in), ERR_UNAVAILABLE);
    assert_true(f->problem.retry_after > 0);
    assert_true(clock_monotonic() - before < 3000);
    txn t;
    err e = store_read_begin(f->s, f->a, &f->problem, &t);
    q_organization_count_row row;
    if (e == OK) {
        e = q_organization_count(&t, &row);
        store_read_end(&t);
    }
    assert_int_equal(e, ERR_UNAVAILABLE);
    p.next = CUT_NOTHING;
    while (write_(f, add_thing, &in) != OK && clock_monotonic() - before < 8000)
        usleep(50000);
    assert_int_equal(things(f), 2);
    close_through(f, &p);
}

/* ---- the database goes and comes back ---- */

static void test_the_database_goes_and_comes_back(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    migration_state m;
    assert_int_equal(write_(f, add_thing, &in), OK);
    assert_int_equal(things(f), 1);
    server_do("stop", NULL, 0);
    in = thing(f, S("b"));
    for (int i = 0; i < 3; i++) {
        msec before = clock_monotonic();
        assert_int_equal(write_(f, add_thing, &in), ERR_UNAVAILABLE);
        assert_true(clock_monotonic() - before < 3000);
    }
    assert_int_equal(store_migration_state(f->s, &m), ERR_UNAVAILABLE);
    server_do("start", server_uri, sizeof server_uri);
    msec back = clock_monotonic();
    err e;
    while ((e = write_(f, add_thing, &in)) != OK && clock_monotonic() - back < 6000)
        usleep(20000);
    assert_int_equal(e, OK);
    assert_int_equal(things(f), 2);
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
}

/* ---- who migrates ---- */

static void *migrate_one(void *context)
{
    fixture *f = context;
    store *s;
    assert_int_equal(store_open(uri_of(f), &s), OK);
    store_set_migrations(s, &sample_migrations);
    err e = store_migrate(s);
    store_close(s);
    return (void *)(intptr_t)e;
}

static void test_several_migrate_at_once(void **state)
{
    fixture *f = *state;
    pthread_t threads[6];
    void *result;
    for (int i = 0; i < 6; i++)
        pthread_create(&threads[i], NULL, migrate_one, f);
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], &result);
        assert_int_equal((intptr_t)result, OK);
    }
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
    assert_true(store_is_shared(f->s));
}

static void test_opening_refuses(void **state)
{
    (void)state;
    store *s;
    assert_int_equal(store_open(S("postgresql://127.0.0.1:1/x"), &s), ERR_UNAVAILABLE);
    assert_null(s);
    assert_int_equal(store_open(S("postgresql://127.0.0.1/x?nonsense=1"), &s), ERR_UNAVAILABLE);
    char uri[160];
    snprintf(uri, sizeof uri, "%snowhere", server_uri);
    assert_int_equal(store_open(str_of(uri), &s), ERR_UNAVAILABLE);
}

/* ---- bulk work leaves room ---- */

typedef struct slow {
    store_job job;
    sem_t *held, *go, *done; /* held: may be NULL */
} slow;

static err slow_run(txn *t, void *context)
{
    (void)t;
    slow *s = context;
    if (s->held)
        sem_post(s->held);
    while (sem_wait(s->go) != 0) {
    }
    return OK;
}

static void slow_done(void *context, err result)
{
    (void)result;
    sem_post(((slow *)context)->done);
}

static void test_bulk_leaves_room(void **state)
{
    fixture *f = *state;
    enum { BULK = 12 };
    slow jobs[BULK];
    sem_t go, done;
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    store_set_connections(f->s, 4);
    for (int i = 0; i < BULK; i++) {
        jobs[i] = (slow){.go = &go, .done = &done};
        jobs[i].job = (store_job){.run = slow_run, .done = slow_done, .context = &jobs[i], .a = f->a, .bulk = true};
        store_submit(f->s, &jobs[i].job);
    }
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    for (int i = 0; i < BULK; i++)
        sem_post(&go);
    for (int i = 0; i < BULK; i++)
        while (sem_wait(&done) != 0) {
        }
}

/* ---- lanes ---- */

enum { TOGETHER = 20, ODD = 5 };

typedef struct mate {
    runs runs;
    err returns, result;
    bool refuses_first; /* before it changes anything */
    bool keeps;         /* what it changes, though it is refused */
    wire_proxy *proxy;  /* whose line its first run has cut */
    cut how;
    sem_t *done;
    store_job job;
} mate;

static err mate_run(txn *t, void *context)
{
    mate *m = context;
    if (m->runs.count++ == 0 && m->proxy)
        m->proxy->next = (int)m->how;
    if (m->refuses_first)
        return m->returns;
    TRY(q_thing_add_(t, &m->runs.in));
    if (m->keeps)
        txn_keep(t);
    return m->returns;
}

static void mate_done(void *context, err result)
{
    mate *m = context;
    m->result = result;
    sem_post(m->done);
}

/* Twenty jobs of one lane that waited together behind another; the odd one is made by its caller. */
static void run_together(fixture *f, mate *mates, const mate *odd)
{
    sem_t held, go, done;
    slow first = {.held = &held, .go = &go, .done = &done};
    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    first.job = (store_job){.run = slow_run, .done = slow_done, .context = &first, .a = f->a, .lane = 7};
    store_submit(f->s, &first.job);
    while (sem_wait(&held) != 0) {
    }
    for (int i = 0; i < TOGETHER; i++) {
        mates[i] = (mate){.done = &done};
        mates[i].runs.in = thing(f, arena_printf(f->a, "%d", i));
        if (i == ODD && odd) {
            mates[i].returns = odd->returns;
            mates[i].refuses_first = odd->refuses_first;
            mates[i].keeps = odd->keeps;
            mates[i].proxy = odd->proxy;
            mates[i].how = odd->how;
            if (odd->runs.in.label.p)
                mates[i].runs.in.label = odd->runs.in.label;
        }
        mates[i].job =
            (store_job){.run = mate_run, .done = mate_done, .context = &mates[i], .a = arena_new(ARENA), .lane = 7};
        store_submit(f->s, &mates[i].job);
    }
    sem_post(&go);
    for (int i = 0; i <= TOGETHER; i++)
        while (sem_wait(&done) != 0) {
        }
    for (int i = 0; i < TOGETHER; i++)
        arena_free(mates[i].job.a);
}

static int64_t transactions_seen(fixture *f)
{
    static const column total[] = {{COLUMN_INT, 0, false}};
    static const query ask = {.name = "transactions",
                              .postgres = "SELECT count(DISTINCT xmin::text) FROM thing",
                              .columns = total,
                              .column_count = 1,
                              .row_size = sizeof(int64_t),
                              .index = 61};
    txn t;
    int64_t n;
    assert_int_equal(store_read_begin(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(store_query_one(&t, &ask, NULL, &n), OK);
    store_read_end(&t);
    return n;
}

static void test_a_lane_commits_together(void **state)
{
    mate mates[TOGETHER];
    run_together(*state, mates, NULL);
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(mates[i].result, OK);
        assert_int_equal(mates[i].runs.count, 1);
    }
    assert_int_equal(things(*state), TOGETHER);
    assert_int_equal(transactions_seen(*state), 1);
}

/* Twenty jobs look at the same row, and every third one changes it. */
typedef struct look {
    mate mate;
    q_thing_add_in *in;
    int number;
    int64_t amount;
    bool named;
} look;

static err look_run(txn *t, void *context)
{
    look *l = context;
    q_thing_get_row row;
    TRY(q_thing_get(t, &row, l->in->organization, l->in->id));
    l->amount = row.amount;
    l->named = str_eq(row.label, S("seen")) && row.label.p != l->in->label.p;
    int64_t changed;
    return l->number % 3 ? OK : q_thing_raise(t, &changed, 1, l->in->organization);
}

static void test_what_is_asked_alike_is_right(void **state)
{
    fixture *f = *state;
    look looks[TOGETHER];
    sem_t held, go, done;
    slow first = {.held = &held, .go = &go, .done = &done};
    q_thing_add_in in = thing(f, S("seen"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    sem_init(&held, 0, 0);
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    first.job = (store_job){.run = slow_run, .done = slow_done, .context = &first, .a = f->a, .lane = 7};
    store_submit(f->s, &first.job);
    while (sem_wait(&held) != 0) {
    }
    for (int i = 0; i < TOGETHER; i++) {
        looks[i] = (look){.mate.done = &done, .in = &in, .number = i};
        looks[i].mate.job =
            (store_job){.run = look_run, .done = mate_done, .context = &looks[i], .a = arena_new(ARENA), .lane = 7};
        store_submit(f->s, &looks[i].mate.job);
    }
    sem_post(&go);
    for (int i = 0; i <= TOGETHER; i++)
        while (sem_wait(&done) != 0) {
        }
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(looks[i].mate.result, OK);
        assert_int_equal(looks[i].amount, in.amount + (i + 2) / 3);
        assert_true(looks[i].named);
        arena_free(looks[i].mate.job.a);
    }
}

/* The odd one is refused, in its way; the others stand, in so many transactions. */
static void refuse_one(fixture *f, const mate *odd, err expected, int64_t transactions)
{
    mate mates[TOGETHER];
    run_together(f, mates, odd);
    for (int i = 0; i < TOGETHER; i++)
        assert_int_equal(mates[i].result, i == ODD ? expected : OK);
    assert_int_equal(things(f), TOGETHER - !odd->keeps);
    assert_int_equal(transactions_seen(f), transactions);
}

static void test_a_refusal_that_changed_nothing_is_its_own(void **state)
{
    refuse_one(*state, &(mate){.returns = ERR_FORBIDDEN, .refuses_first = true}, ERR_FORBIDDEN, 1);
}

static void test_a_refusal_that_changed_something_sets_all_apart(void **state)
{
    refuse_one(*state, &(mate){.returns = ERR_FORBIDDEN}, ERR_FORBIDDEN, TOGETHER - 1);
}

static void test_a_refusal_that_keeps_what_it_changed_is_its_own(void **state)
{
    refuse_one(*state, &(mate){.returns = ERR_FORBIDDEN, .keeps = true}, ERR_FORBIDDEN, 1);
}

static void test_a_conflict_sets_all_apart(void **state)
{
    refuse_one(*state, &(mate){.runs.in.label = S("4")}, ERR_CONFLICT, TOGETHER - 1);
}

static void cut_together(fixture *f, cut how, int expected_runs, err odd)
{
    wire_proxy p;
    mate mates[TOGETHER];
    open_through(f, &p);
    run_together(f, mates, &(mate){.proxy = &p, .how = how, .keeps = odd != OK, .returns = odd});
    assert_int_equal(p.cuts, 1);
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(mates[i].result, i == ODD ? odd : OK);
        assert_int_equal(mates[i].runs.count, expected_runs);
    }
    assert_int_equal(things(f), TOGETHER);
    close_through(f, &p);
}

static void test_a_line_cut_before_all_commit(void **state)
{
    cut_together(*state, CUT_BEFORE_COMMIT, 2, OK);
}

static void test_a_line_cut_after_all_commit(void **state)
{
    cut_together(*state, CUT_AFTER_COMMIT, 1, OK);
}

static void test_a_line_cut_before_a_note_is_committed(void **state)
{
    cut_together(*state, CUT_BEFORE_COMMIT, 2, ERR_FORBIDDEN);
}

/* Nothing runs again, and the refusal is told all the same. */
static void test_a_line_cut_after_a_note_is_committed(void **state)
{
    cut_together(*state, CUT_AFTER_COMMIT, 1, ERR_FORBIDDEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(test_every_statement_is_understood),
        FRESH(test_text_is_ordered_by_its_bytes),
        FRESH(test_a_conflict_may_be_survived),
        FRESH(test_a_serialization_failure_is_run_again),
        FRESH(test_a_line_cut_before_commit),
        FRESH(test_a_line_cut_after_commit),
        FRESH(test_a_line_cut_everywhere),
        FRESH(test_the_database_goes_and_comes_back),
        EMPTY(test_several_migrate_at_once),
        cmocka_unit_test(test_opening_refuses),
        FRESH(test_bulk_leaves_room),
        FRESH(test_a_lane_commits_together),
        FRESH(test_what_is_asked_alike_is_right),
        FRESH(test_a_refusal_that_changed_nothing_is_its_own),
        FRESH(test_a_refusal_that_changed_something_sets_all_apart),
        FRESH(test_a_refusal_that_keeps_what_it_changed_is_its_own),
        FRESH(test_a_conflict_sets_all_apart),
        FRESH(test_a_line_cut_before_all_commit),
        FRESH(test_a_line_cut_after_all_commit),
        FRESH(test_a_line_cut_before_a_note_is_committed),
        FRESH(test_a_line_cut_after_a_note_is_committed),
    };
    return cmocka_run_group_tests_name("store_postgres", tests, start_server, NULL);
}
