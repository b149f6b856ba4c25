/* The store's promises, on a schema of its own (tests/unit/sample). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/random.h"
#include "sample_queries.h"
#include "store/sqlite.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARENA = 4 << 20 };

/* The linker gives clock_now's callers this one instead, so that the wall clock can be set back. */
msec __real_clock_now(void);
msec __wrap_clock_now(void);
static _Atomic int64_t clock_shift;
msec __wrap_clock_now(void)
{
    return __real_clock_now() + clock_shift;
}

/* ---- a fresh store for each test ---- */

typedef struct fixture {
    char folder[64], path[96], uri[128];
    store *s;
    arena *a;
    problem problem;
    uuid organization;
} fixture;

static str uri_of(fixture *f)
{
    return str_of(f->uri);
}

static void open_store(fixture *f, const migration_set *set)
{
    assert_int_equal(store_open(uri_of(f), &f->s), OK);
    store_set_migrations(f->s, set);
}

static err add_organization(txn *t, void *context)
{
    return q_organization_add(t, ((fixture *)context)->organization, S("Bar"));
}

static err write_(fixture *f, err (*run)(txn *t, void *context), void *context)
{
    return store_write(f->s, f->a, &f->problem, run, context);
}

static int setup_empty(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/parvis-store-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof f->path, "%s/test.db", f->folder);
    snprintf(f->uri, sizeof f->uri, "sqlite:%s", f->path);
    f->a = arena_new(ARENA);
    f->organization = uuid_new(clock_now());
    open_store(f, &sample_migrations);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    setup_empty(state);
    fixture *f = *state;
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(write_(f, add_organization, f), OK);
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    store_close(f->s);
    arena_free(f->a);
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
    int failed = system(command);
    free(f);
    clock_shift = 0;
    return failed;
}

static q_thing_add_in thing(fixture *f, str label)
{
    return (q_thing_add_in){.organization = f->organization,
                            .id = uuid_new(clock_now()),
                            .label = label,
                            .seal = S("x"),
                            .amount = 1,
                            .made_at = 1000};
}

static err add_thing(txn *t, void *context)
{
    return q_thing_add_(t, context);
}

static int64_t things(fixture *f)
{
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    q_thing_by_rows rows;
    assert_int_equal(q_thing_by(&t, Q_THING_BY_SORT_ID, Q_THING_BY_DIR_ASC, &rows, f->organization, 1000000), OK);
    store_read_end(&t);
    return (int64_t)rows.n;
}

static int64_t fillers(fixture *f)
{
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    q_filler_count_row row;
    assert_int_equal(q_filler_count(&t, &row), OK);
    store_read_end(&t);
    return row.total;
}

/* ---- opening and migrating ---- */

static void test_opening_refuses(void **state)
{
    (void)state;
    store *s;
    store_close(NULL);
    assert_int_equal(store_open(S("oracle:x"), &s), ERR_UNAVAILABLE);
    assert_null(s);
    assert_int_equal(store_open(S("sqlite:"), &s), ERR_UNAVAILABLE);
    assert_int_equal(store_open(S("sqlite:/nonexistent/folder/x.db"), &s), ERR_UNAVAILABLE);
    assert_int_equal(store_open(S("sqlite:/dev"), &s), ERR_UNAVAILABLE);
    assert_null(s);
}

static void test_migrating(void **state)
{
    fixture *f = *state;
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 0);
    assert_int_equal(m.want, 2);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
    struct stat file;
    assert_int_equal(stat(f->path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    char copy[128];
    snprintf(copy, sizeof copy, "%s.before-1", f->path);
    assert_int_equal(access(copy, F_OK), -1); /* an empty file needs no copy */
}

static void test_what_was_committed_is_there_after_opening_again(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    store_close(f->s);
    open_store(f, &sample_migrations);
    assert_int_equal(store_migrate(f->s), OK);
    assert_int_equal(things(f), 1);
}

/* Opens again with another set of migrations. */
static err migrate_with(fixture *f, const migration *p, size_t n)
{
    static migration_set set;
    set = (migration_set){p, n};
    store_close(f->s);
    open_store(f, &set);
    return store_migrate(f->s);
}

static void test_a_changed_migration_is_refused(void **state)
{
    fixture *f = *state;
    migration changed[2] = {sample_migrations.p[0], sample_migrations.p[1]};
    changed[0].checksum = "0000";
    assert_int_equal(migrate_with(f, changed, 2), ERR_UNAVAILABLE);
    assert_int_equal(migrate_with(f, sample_migrations.p, 2), OK);
}

static void test_a_newer_file_is_refused(void **state)
{
    fixture *f = *state;
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), ERR_UNAVAILABLE);
}

static void test_a_strangers_file_is_refused(void **state)
{
    fixture *f = *state;
    sqlite_store *own = sqlite_of(f->s);
    assert_int_equal(sqlite_run(&own->writer, "CREATE TABLE shopping (item TEXT)"), SQLITE_OK);
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), ERR_UNAVAILABLE);
    assert_int_equal(store_migrate(f->s), ERR_UNAVAILABLE);
}

static void test_a_copy_is_made_before_a_migration(void **state)
{
    fixture *f = *state;
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), OK);
    assert_int_equal(write_(f, add_organization, f), OK);
    assert_int_equal(migrate_with(f, sample_migrations.p, 2), OK);
    assert_int_equal(fillers(f), 0); /* the second migration's table is there */

    size_t length = strlen(f->uri);
    snprintf(f->uri + length, sizeof f->uri - length, ".before-2");
    struct stat file;
    assert_int_equal(stat(f->uri + strlen("sqlite:"), &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_int_equal(migrate_with(f, sample_migrations.p, 1), OK); /* the copy is at version 1 */
    txn t;
    q_organization_count_row row;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(q_organization_count(&t, &row), OK);
    assert_int_equal(row.total, 1);
    store_read_end(&t);
}

static void test_a_failing_migration_changes_nothing(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    migration set[3] = {sample_migrations.p[0],
                        sample_migrations.p[1],
                        {3, "broken", "b", "DELETE FROM thing; CREATE TABLE thing (id BLOB) STRICT;"}};
    assert_int_not_equal(migrate_with(f, set, 3), OK);
    assert_int_equal(things(f), 1);
    set[2].sql = "DELETE FROM organization;"; /* leaves things that belong to none */
    assert_int_equal(migrate_with(f, set, 3), ERR_UNAVAILABLE);
    assert_int_equal(things(f), 1);
    migration_state m;
    assert_int_equal(store_migration_state(f->s, &m), OK);
    assert_int_equal(m.have, 2);
    assert_int_equal(write_(f, add_thing, &(q_thing_add_in){.id = in.id}),
                     ERR_CONFLICT); /* foreign keys are on again */
}

/* ---- statements ---- */

typedef struct round_trip {
    q_thing_add_in in;
    q_thing_get_row row;
    q_thing_nulls_row nulls;
} round_trip;

static err go_round(txn *t, void *context)
{
    round_trip *r = context;
    TRY(q_thing_add_(t, &r->in));
    TRY(q_thing_nulls(t, &r->nulls, r->in.organization, r->in.id));
    return q_thing_get(t, &r->row, .id = r->in.id, .organization = r->in.organization);
}

static void test_every_type_comes_back(void **state)
{
    fixture *f = *state;
    round_trip r = {.in = {.organization = f->organization,
                           .id = uuid_new(clock_now()),
                           .label = S("Zoé"),
                           .note = S(""),
                           .seal = S("\0\1\0"),
                           .secret = S(""),
                           .owner = uuid_new(clock_now()),
                           .amount = INT64_MAX,
                           .is_open = true,
                           .made_at = 1763716200123,
                           .closed_at = -1}};
    assert_int_equal(write_(f, go_round, &r), OK);
    assert_true(uuid_eq(r.row.id, r.in.id));
    assert_true(str_eq(r.row.label, r.in.label) && r.row.label.p != r.in.label.p);
    assert_true(r.row.note.p && r.row.note.n == 0);
    assert_true(str_eq(r.row.seal, r.in.seal));
    assert_true(r.row.secret.p && r.row.secret.n == 0);
    assert_true(uuid_eq(r.row.owner_id, r.in.owner));
    assert_true(r.row.amount == INT64_MAX && r.row.is_open && r.row.made_at == 1763716200123 && r.row.closed_at == -1);
    assert_int_equal(r.nulls.nulls, 0);
}

static void test_none_is_null_or_empty(void **state)
{
    fixture *f = *state;
    round_trip r = {.in = {.organization = f->organization}};
    assert_int_equal(write_(f, go_round, &r), OK);
    assert_true(uuid_none(r.row.id));
    assert_true(r.row.label.p && r.row.label.n == 0 && r.row.seal.p && r.row.seal.n == 0);
    assert_true(!r.row.note.p && !r.row.secret.p && uuid_none(r.row.owner_id) && r.row.closed_at == 0);
    assert_true(r.row.amount == 0 && !r.row.is_open && r.row.made_at == 0);
    assert_int_equal(r.nulls.nulls, 4);
}

static err read_nothing(txn *t, void *context)
{
    fixture *f = context;
    q_thing_get_row row;
    assert_int_equal(q_thing_get(t, &row, f->organization, UUID_NONE), ERR_NOT_FOUND);
    q_thing_by_label_asc_rows rows;
    assert_int_equal(q_thing_by_label_asc(t, &rows, f->organization, 10), OK);
    assert_int_equal(rows.n, 0);
    assert_int_equal(t->violation, VIOLATION_NONE);
    return OK;
}

static void test_nothing_found(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, read_nothing, f), OK);
}

static err add_many(txn *t, void *context)
{
    for (int i = 0; i < 1000; i++) {
        q_thing_add_in in = thing(context, arena_printf(t->a, "%04d", i));
        in.amount = i;
        TRY(q_thing_add_(t, &in));
    }
    int64_t changed;
    TRY(q_thing_raise(t, &changed, 5, ((fixture *)context)->organization));
    assert_int_equal(changed, 1000);
    TRY(q_thing_raise(t, &changed, 5, UUID_NONE));
    assert_int_equal(changed, 0);
    return OK;
}

static void test_many_rows_in_their_order(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, add_many, f), OK);
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    q_thing_page_rows rows;
    assert_int_equal(q_thing_by(&t, Q_THING_BY_SORT_LABEL, Q_THING_BY_DIR_DESC, &rows, f->organization, 1000), OK);
    assert_int_equal(rows.n, 1000);
    for (size_t i = 0; i < rows.n; i++)
        assert_int_equal(rows.p[i].amount, 1004 - i);
    assert_true(str_eq(rows.p[1].label, S("0998")));
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 3), OK);
    assert_int_equal(rows.n, 3);
    assert_int_equal(rows.p[0].amount, 5);
    store_read_end(&t);
}

typedef struct violator {
    q_thing_add_in in;
    violation seen;
} violator;

static err violate(txn *t, void *context)
{
    violator *v = context;
    err e = q_thing_add_(t, &v->in);
    v->seen = t->violation;
    return e;
}

static void test_violations_say_their_kind(void **state)
{
    fixture *f = *state;
    violator v = {.in = thing(f, S("a"))};
    assert_int_equal(write_(f, violate, &v), OK);
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_UNIQUE);
    v.in.id = uuid_new(clock_now()); /* the label is taken, too */
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_UNIQUE);
    v.in = thing(f, S("b"));
    v.in.amount = -1;
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_CHECK);
    v.in = thing(f, S("b"));
    v.in.organization = v.in.id;
    assert_int_equal(write_(f, violate, &v), ERR_CONFLICT);
    assert_int_equal(v.seen, VIOLATION_FOREIGN_KEY);
    assert_int_equal(things(f), 1);
}

static err take_twice(txn *t, void *context)
{
    q_thing_add_in *in = context;
    q_thing_take_row row;
    TRY(q_thing_take(t, &row, in->organization, in->id));
    assert_int_equal(row.amount, 0);
    assert_int_equal(q_thing_take(t, &row, in->organization, in->id), ERR_CONFLICT);
    assert_int_equal(t->violation, VIOLATION_CHECK);
    q_thing_get_row after; /* a conflict undoes its statement, not what went before */
    TRY(q_thing_get(t, &after, in->organization, in->id));
    assert_int_equal(after.amount, 0);
    return q_thing_take(t, &row, in->organization, UUID_NONE);
}

static void test_a_change_may_return_its_row(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    assert_int_equal(write_(f, take_twice, &in), ERR_NOT_FOUND);
}

static err write_in_a_read(fixture *f)
{
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    q_thing_add_in in = thing(f, S("a"));
    err e = q_thing_add_(&t, &in);
    store_read_end(&t);
    return e;
}

static void test_a_reading_transaction_cannot_write(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_in_a_read(f), ERR_INTERNAL);
    assert_int_equal(things(f), 0);
}

/* ---- savepoints and refusals ---- */

static err nest(txn *t, void *context)
{
    fixture *f = context;
    q_thing_add_in a = thing(f, S("a")), b = thing(f, S("b")), c = thing(f, S("c")), d = thing(f, S("d"));
    TRY(q_thing_add_(t, &a));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &b));
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &c));
    store_rollback_to(t); /* c goes */
    TRY(q_thing_add_(t, &d));
    TRY(store_release(t)); /* b and d stay */
    TRY(store_savepoint(t));
    TRY(q_thing_add_(t, &c));
    store_rollback_to(t);
    return OK;
}

static err nest_and_refuse(txn *t, void *context)
{
    TRY(nest(t, context));
    TRY(store_savepoint(t)); /* left open */
    return ERR_FORBIDDEN;
}

static void test_savepoints_nest(void **state)
{
    fixture *f = *state;
    assert_int_equal(write_(f, nest_and_refuse, f), ERR_FORBIDDEN);
    assert_int_equal(things(f), 0);
    assert_int_equal(write_(f, nest, f), OK);
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    q_thing_page_rows rows;
    assert_int_equal(q_thing_by_label_asc(&t, &rows, f->organization, 10), OK);
    assert_int_equal(rows.n, 3);
    assert_true(str_eq(rows.p[0].label, S("a")) && str_eq(rows.p[1].label, S("b")) && str_eq(rows.p[2].label, S("d")));
    store_read_end(&t);
}

static err outgrow(txn *t, void *context)
{
    TRY(q_thing_add_(t, context));
    arena_alloc(t->a, 64 << 10);
    return OK;
}

static void test_a_job_that_outgrows_its_arena_is_undone(void **state)
{
    fixture *f = *state;
    q_thing_add_in in = thing(f, S("a"));
    ARENA_SCOPED small = arena_new(32 << 10);
    problem p = {0};
    assert_int_equal(store_write(f->s, small, &p, outgrow, &in), ERR_UNAVAILABLE);
    assert_true(p.retry_after > 0);
    assert_int_equal(things(f), 0);
}

/* ---- groups ---- */

typedef struct step step;
typedef struct plan {
    fixture *f;
    sem_t held, go, done;
    store_job hold;
    int order[64];
    int ran;
    int64_t seen_at_done[64]; /* rows that a reader sees when done() is called */
} plan;

struct step {
    plan *plan;
    int number;
    q_thing_add_in in;
    err returns, result;
    msec now;
    store_job job;
    problem problem;
};

static err hold_run(txn *t, void *context)
{
    (void)t;
    plan *p = context;
    sem_post(&p->held);
    while (sem_wait(&p->go) != 0) {
    }
    return OK;
}

static void hold_done(void *context, err result)
{
    (void)result;
    sem_post(&((plan *)context)->done);
}

static err step_run(txn *t, void *context)
{
    step *s = context;
    s->now = t->now;
    s->plan->order[s->plan->ran++] = s->number;
    if (s->in.label.p)
        TRY(q_thing_add_(t, &s->in));
    return s->returns;
}

static void step_done(void *context, err result)
{
    step *s = context;
    s->result = result;
    s->plan->seen_at_done[s->number] = things(s->plan->f);
    sem_post(&s->plan->done);
}

/* Keeps the writer busy, so that what is queued next waits together. */
static void plan_start(plan *p, fixture *f)
{
    *p = (plan){.f = f};
    sem_init(&p->held, 0, 0);
    sem_init(&p->go, 0, 0);
    sem_init(&p->done, 0, 0);
    p->hold = (store_job){.run = hold_run, .done = hold_done, .context = p, .a = f->a};
    store_submit(f->s, &p->hold);
    sem_wait(&p->held);
}

static void plan_add(plan *p, step *s, str label, err returns, bool bulk)
{
    s->plan = p;
    s->in = label.p ? thing(p->f, label) : (q_thing_add_in){0};
    s->returns = returns;
    s->result = ERR_INTERNAL;
    s->job = (store_job){
        .run = step_run, .done = step_done, .context = s, .a = p->f->a, .problem = &s->problem, .bulk = bulk};
    store_submit(p->f->s, &s->job);
}

static void plan_finish(plan *p, int steps)
{
    sem_post(&p->go);
    for (int i = 0; i < steps + 1; i++)
        sem_wait(&p->done);
}

static void test_a_refusal_in_a_group_leaves_the_others(void **state)
{
    fixture *f = *state;
    plan p;
    step steps[5] = {0};
    static const err returns[5] = {OK, ERR_FORBIDDEN, OK, ERR_LAST_OWNER, OK};
    const str labels[5] = {S("a"), S("b"), S("a"), S("d"), S("e")}; /* the third conflicts with the first */
    plan_start(&p, f);
    for (int i = 0; i < 5; i++) {
        steps[i].number = i;
        plan_add(&p, &steps[i], labels[i], returns[i], false);
    }
    plan_finish(&p, 5);
    static const err expected[5] = {OK, ERR_FORBIDDEN, ERR_CONFLICT, ERR_LAST_OWNER, OK};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(steps[i].result, expected[i]);
        assert_int_equal(p.order[i], i);
        assert_int_equal(p.seen_at_done[i], 2); /* refusals, too, are told after the one COMMIT */
    }
}

static void test_time_never_goes_back(void **state)
{
    fixture *f = *state;
    plan p;
    step steps[3] = {0};
    for (int i = 0; i < 3; i++) {
        steps[i].number = i;
        plan_start(&p, f);
        plan_add(&p, &steps[i], STR_NONE, OK, false);
        plan_finish(&p, 1);
        clock_shift = i == 0 ? -3600000 : 7200000;
    }
    assert_true(steps[0].now > 1700000000000);
    assert_true(steps[1].now == steps[0].now); /* the wall clock was set back */
    assert_true(steps[2].now > steps[0].now + 3600000);
}

static void test_bulk_jobs_and_groups_take_turns(void **state)
{
    fixture *f = *state;
    plan p;
    step steps[8] = {0};
    plan_start(&p, f);
    for (int i = 0; i < 8; i++) {
        steps[i].number = i;
        plan_add(&p, &steps[i], STR_NONE, OK, i < 3);
    }
    plan_finish(&p, 8);
    static const int expected[8] = {0, 3, 4, 5, 6, 7, 1, 2};
    for (int i = 0; i < 8; i++)
        assert_int_equal(p.order[i], expected[i]);
}

static err quick(txn *t, void *context)
{
    (void)t;
    (void)context;
    return OK;
}

typedef struct tally {
    _Atomic int64_t ok, refused, other;
} tally;

static void tally_done(void *context, err result)
{
    tally *c = context;
    if (result == OK)
        c->ok++;
    else if (result == ERR_UNAVAILABLE)
        c->refused++;
    else
        c->other++;
}

static void test_the_queue_has_a_bound(void **state)
{
    fixture *f = *state;
    enum { BOUND = 20000, MORE = 7 };
    store_job *jobs = calloc(BOUND + MORE, sizeof *jobs);
    tally c = {0};
    plan p;
    plan_start(&p, f);
    for (int i = 0; i < BOUND + MORE; i++) {
        jobs[i] = (store_job){.run = quick, .done = tally_done, .context = &c, .a = f->a};
        store_submit(f->s, &jobs[i]);
    }
    assert_int_equal(c.refused, MORE);
    assert_int_equal(c.ok, 0);
    plan_finish(&p, 0);
    assert_int_equal(write_(f, quick, NULL), OK);
    store_close(f->s); /* waits for the rest */
    f->s = NULL;
    assert_int_equal(c.ok, BOUND);
    assert_int_equal(c.other, 0);
    free(jobs);
}

/* ---- a machine in trouble ---- */

static err limit_pages(txn *t, void *context)
{
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", *(int *)context);
    return sqlite_run(t->connection, sql) == SQLITE_OK ? OK : ERR_INTERNAL;
}

static str bulk_of(arena *a, size_t n)
{
    char *p = arena_alloc(a, n);
    random_bytes(p, n);
    return (str){p, n};
}

static err add_filler(txn *t, void *context)
{
    (void)context;
    return q_filler_add(t, uuid_new(t->now), bulk_of(t->a, 100 << 10));
}

static err add_filler_and_hide_the_failure(txn *t, void *context)
{
    err e = add_filler(t, context);
    assert_int_not_equal(e, OK);
    q_filler_count_row row;
    assert_int_equal(q_filler_count(t, &row), ERR_UNAVAILABLE); /* nothing goes on in a broken transaction */
    assert_int_equal(store_savepoint(t), ERR_UNAVAILABLE);
    return OK;
}

static void test_full_disk(void **state)
{
    fixture *f = *state;
    int pages = 50, plenty = 1000000;
    assert_int_equal(write_(f, add_filler, NULL), OK);
    assert_int_equal(write_(f, limit_pages, &pages), OK);
    assert_int_equal(write_(f, add_filler, NULL), ERR_UNAVAILABLE);
    assert_true(f->problem.retry_after > 0);
    assert_int_equal(write_(f, add_filler_and_hide_the_failure, NULL), ERR_UNAVAILABLE);
    assert_int_equal(fillers(f), 1); /* reading goes on, nothing is half done */
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK); /* what fits, fits */
    assert_int_equal(write_(f, limit_pages, &plenty), OK);
    assert_int_equal(write_(f, add_filler, NULL), OK);
    assert_int_equal(fillers(f), 2);
}

static err fill_step(txn *t, void *context)
{
    step *s = context;
    s->plan->ran++;
    return s->returns == OK ? q_thing_add_(t, &s->in) : add_filler(t, NULL);
}

static void test_full_disk_in_the_midst_of_a_group(void **state)
{
    fixture *f = *state;
    int pages = 20, plenty = 1000000;
    assert_int_equal(write_(f, limit_pages, &pages), OK);
    plan p;
    step steps[3] = {0};
    const str labels[3] = {S("a"), S("b"), S("c")};
    plan_start(&p, f);
    for (int i = 0; i < 3; i++) {
        steps[i] = (step){.plan = &p, .number = i, .in = thing(f, labels[i]), .returns = i == 1 ? ERR_UNAVAILABLE : OK};
        steps[i].job = (store_job){.run = fill_step, .done = step_done, .context = &steps[i], .a = f->a};
        store_submit(f->s, &steps[i].job);
    }
    plan_finish(&p, 3);
    assert_int_equal(steps[1].result, ERR_UNAVAILABLE);
    int64_t promised = (steps[0].result == OK) + (steps[2].result == OK);
    assert_int_equal(things(f), promised); /* what was answered with success is there, and nothing else */
    assert_int_equal(fillers(f), 0);
    assert_int_equal(write_(f, limit_pages, &plenty), OK);
    assert_int_equal(write_(f, add_filler, NULL), OK);
}

static int64_t size_of(const char *path, const char *suffix)
{
    char whole[128];
    struct stat file;
    snprintf(whole, sizeof whole, "%s%s", path, suffix);
    return stat(whole, &file) == 0 ? (int64_t)file.st_size : 0;
}

static void test_a_commit_that_cannot_be_written_fails_the_whole_group(void **state)
{
    fixture *f = *state;
    plan p;
    step steps[3] = {0};
    const str labels[3] = {S("a"), S("b"), S("c")};
    plan_start(&p, f);
    for (int i = 0; i < 3; i++) {
        steps[i].number = i;
        plan_add(&p, &steps[i], labels[i], i == 1 ? ERR_FORBIDDEN : OK, false);
    }
    struct rlimit before, tight;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = (rlim_t)size_of(f->path, "-wal");
    setrlimit(RLIMIT_FSIZE, &tight);
    plan_finish(&p, 3);
    setrlimit(RLIMIT_FSIZE, &before);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(steps[i].result, ERR_UNAVAILABLE);
        assert_true(steps[i].problem.retry_after > 0);
    }
    assert_int_equal(things(f), 0);
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), OK);
    assert_int_equal(things(f), 1);
}

static void test_another_process_holds_the_file(void **state)
{
    fixture *f = *state;
    sqlite3 *other;
    assert_int_equal(sqlite3_open(f->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    q_thing_add_in in = thing(f, S("a"));
    assert_int_equal(write_(f, add_thing, &in), ERR_UNAVAILABLE);
    assert_int_equal(things(f), 0);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(write_(f, add_thing, &in), OK);
}

/* ---- threads ---- */

enum { THREADS = 8, EACH = 100 };

static void *write_hundred(void *context)
{
    fixture *f = context;
    ARENA_SCOPED a = arena_new(ARENA);
    for (int i = 0; i < EACH; i++) {
        problem p = {0};
        q_thing_add_in in = thing(f, STR_NONE);
        char label[2 * sizeof in.id.b];
        for (size_t k = 0; k < sizeof in.id.b; k++) {
            label[2 * k] = (char)('a' + (in.id.b[k] & 15));
            label[2 * k + 1] = (char)('a' + (in.id.b[k] >> 4));
        }
        in.label = (str){label, sizeof label};
        assert_int_equal(store_write(f->s, a, &p, add_thing, &in), OK);
        txn t;
        assert_int_equal(store_read(f->s, a, &p, &t), OK);
        q_thing_get_row row;
        assert_int_equal(q_thing_get(&t, &row, f->organization, in.id), OK); /* one reads what one wrote */
        store_read_end(&t);
        arena_reset(a);
    }
    return NULL;
}

static void test_many_threads_write_and_read(void **state)
{
    fixture *f = *state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_hundred, f);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(things(f), THREADS * EACH);
}

static void *read_once(void *context)
{
    fixture *f = context;
    ARENA_SCOPED a = arena_new(ARENA);
    problem p = {0};
    txn t;
    q_organization_count_row row;
    assert_int_equal(store_read(f->s, a, &p, &t), OK);
    assert_int_equal(q_organization_count(&t, &row), OK);
    store_read_end(&t);
    return NULL;
}

static void test_a_reader_is_used_again_when_its_thread_ends(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, read_once, f);
        pthread_join(thread, NULL);
    }
    sqlite_store *own = sqlite_of(f->s);
    assert_non_null(own->readers);
    assert_null(own->readers->next);
}

static void test_a_reader_sees_one_moment(void **state)
{
    fixture *f = *state;
    txn t, inner;
    q_filler_count_row row;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    assert_int_equal(q_filler_count(&t, &row), OK);
    assert_int_equal(write_(f, add_filler, NULL), OK);
    assert_int_equal(store_read(f->s, f->a, &f->problem, &inner), OK); /* one inside another */
    assert_int_equal(q_filler_count(&inner, &row), OK);
    assert_int_equal(row.total, 0);
    store_read_end(&inner);
    assert_int_equal(q_filler_count(&t, &row), OK);
    assert_int_equal(row.total, 0);
    store_read_end(&t);
    assert_int_equal(fillers(f), 1);
}

static err look_at_env(txn *t, void *context)
{
    assert_ptr_equal(t->env, context);
    assert_true(t->writes);
    return OK;
}

static void test_transactions_carry_the_env(void **state)
{
    fixture *f = *state;
    struct env *env = (struct env *)&f->organization; /* never looked into */
    store_set_env(f->s, env);
    assert_int_equal(write_(f, look_at_env, env), OK);
    txn t;
    assert_int_equal(store_read(f->s, f->a, &f->problem, &t), OK);
    assert_ptr_equal(t.env, env);
    assert_false(t.writes);
    store_read_end(&t);
}

static void test_the_log_is_written_back(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 400; i++) {
        assert_int_equal(write_(f, add_filler, NULL), OK);
        arena_reset(f->a);
    }
    assert_int_equal(fillers(f), 400); /* 40 MB went through a log that starts again at 8 */
    assert_true(size_of(f->path, "-wal") < 20 << 20);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
#define EMPTY(test) cmocka_unit_test_setup_teardown(test, setup_empty, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening_refuses),
        EMPTY(test_migrating),
        FRESH(test_what_was_committed_is_there_after_opening_again),
        FRESH(test_a_changed_migration_is_refused),
        FRESH(test_a_newer_file_is_refused),
        EMPTY(test_a_strangers_file_is_refused),
        EMPTY(test_a_copy_is_made_before_a_migration),
        FRESH(test_a_failing_migration_changes_nothing),
        FRESH(test_every_type_comes_back),
        FRESH(test_none_is_null_or_empty),
        FRESH(test_nothing_found),
        FRESH(test_many_rows_in_their_order),
        FRESH(test_violations_say_their_kind),
        FRESH(test_a_change_may_return_its_row),
        FRESH(test_a_reading_transaction_cannot_write),
        FRESH(test_savepoints_nest),
        FRESH(test_a_job_that_outgrows_its_arena_is_undone),
        FRESH(test_a_refusal_in_a_group_leaves_the_others),
        FRESH(test_time_never_goes_back),
        FRESH(test_bulk_jobs_and_groups_take_turns),
        FRESH(test_the_queue_has_a_bound),
        FRESH(test_full_disk),
        FRESH(test_full_disk_in_the_midst_of_a_group),
        FRESH(test_a_commit_that_cannot_be_written_fails_the_whole_group),
        FRESH(test_another_process_holds_the_file),
        FRESH(test_many_threads_write_and_read),
        FRESH(test_a_reader_is_used_again_when_its_thread_ends),
        FRESH(test_a_reader_sees_one_moment),
        FRESH(test_transactions_carry_the_env),
        FRESH(test_the_log_is_written_back),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
