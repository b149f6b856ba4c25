/*
 * Rows that are locked in one order on PostgreSQL (store_hold): what a transaction that lost begins with, who waits
 * where, what a savepoint takes along, and which lane is whose. Somebody from outside has a row for as long as a test
 * wants it.
 */
#include "store_fixture.h"

#include <semaphore.h>
#include <time.h>

enum { EARLY, LATE }; /* kinds */
enum { ROWS = 6, NOTED = 8, CROWD = 12, CONNECTIONS = 4, PATIENCE = 30 /* seconds */, A_WHILE_MS = 300 };

/* A job that locks rows, each in its turn, and then does something. */
typedef struct locker {
    fixture *f;
    store_hold wants[ROWS];
    size_t n;
    err (*then)(txn *t, struct locker *l);
    void *beside;            /* of `then` */
    store_hold first[NOTED]; /* what its last run had to lock beforehand */
    size_t first_n;
    int run; /* the attempt that they are of */
    _Atomic int runs;
    err result;
    sem_t done;
    store_job job;
} locker;

static store_hold rows[ROWS]; /* of one kind, in order */
static PGconn *outside;       /* somebody who is no job of the store */

static store_hold of_kind(unsigned kind, int row)
{
    return (store_hold){kind, rows[row].id};
}

/* As the domain's rules lock theirs. */
static err take(txn *t, store_hold what)
{
    const locker *l = t->job->context;
    q_thing_hold_row row;
    store_turn turn = store_hold_turn(t, what);
    if (turn == STORE_HELD)
        return OK;
    bool waits = turn == STORE_WAIT;
    err e = q_thing_hold(t, waits ? Q_THING_HOLD_HOW_WAITS : Q_THING_HOLD_HOW_TRIES, &row, l->f->organization, what.id);
    if (e == ERR_NOT_FOUND && !waits)
        return store_hold_first(t, what);
    TRY(e);
    store_held(t, what);
    return OK;
}

static err take_first(txn *t, store_hold what)
{
    locker *l = t->job->context;
    if (l->run != t->job->attempts)
        l->first_n = 0;
    l->run = t->job->attempts;
    if (l->first_n < NOTED)
        l->first[l->first_n++] = what;
    return take(t, what);
}

static err lock_all(txn *t, void *context)
{
    locker *l = context;
    if (l->run != t->job->attempts)
        l->first_n = 0;
    l->runs++;
    for (size_t i = 0; i < l->n; i++)
        TRY(take(t, l->wants[i]));
    return l->then ? l->then(t, l) : OK;
}

static void locker_done(void *context, err result)
{
    locker *l = context;
    l->result = result;
    sem_post(&l->done);
}

static locker *submitted(fixture *f, locker like)
{
    locker *l = arena_new_of(f->a, locker);
    *l = like;
    l->f = f;
    sem_init(&l->done, 0, 0);
    l->job = (store_job){.run = lock_all, .done = locker_done, .context = l, .a = arena_new(ARENA)};
    store_submit(f->s, &l->job);
    return l;
}

static void ended(locker *l, err expected)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE;
    if (sem_timedwait(&l->done, &until) != 0)
        fail_msg("it waits without end");
    assert_int_equal(l->result, expected);
    arena_free(l->job.a);
}

static void held_first(const locker *l, const store_hold *expected, size_t n)
{
    assert_int_equal(l->first_n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(l->first[i].kind, expected[i].kind);
        assert_memory_equal(&l->first[i].id, &expected[i].id, sizeof expected[i].id);
    }
}

/* ---- somebody from outside ---- */

static bool do_outside(const char *sql)
{
    PGresult *r = PQexec(outside, sql);
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK;
    PQclear(r);
    return good;
}

/* Locks a row, or finds that somebody has it. */
static bool taken_outside(int row)
{
    char sql[160], id[2 * sizeof rows->id + 1];
    for (size_t i = 0; i < sizeof rows->id; i++)
        snprintf(id + 2 * i, 3, "%02x", rows[row].id.b[i]);
    snprintf(sql, sizeof sql, "SELECT 1 FROM thing WHERE id = '%s' FOR NO KEY UPDATE NOWAIT", id);
    assert_true(do_outside("BEGIN"));
    return do_outside(sql);
}

static void let_go_outside(void)
{
    assert_true(do_outside("ROLLBACK"));
}

/* How many wait for a row. */
static long waiting(void)
{
    PGresult *r =
        PQexec(outside, "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')");
    long n = strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

/* Until so many wait, and no more of them come. */
static void wait_for_waiting(long expected)
{
    for (msec until = clock_monotonic() + PATIENCE * MSEC_SECOND; waiting() < expected && clock_monotonic() < until;)
        usleep(5000);
    for (msec until = clock_monotonic() + A_WHILE_MS; clock_monotonic() < until; usleep(20000))
        assert_int_equal(waiting(), expected);
}

/* ---- the rows ---- */

/* A store with so many connections, none of them made yet. */
static void open_with(fixture *f, size_t connections)
{
    store_close(f->s);
    open_store(f, &sample_migrations);
    store_set_connections(f->s, connections);
    store_set_timeout(f->s, 2 * PATIENCE * MSEC_SECOND); /* a slow disk is nobody's lost turn */
    store_set_holder(f->s, take_first);
    pg_of(f->s)->lane_key = (hash_key){{1}}; /* nothing is left to chance */
}

static int setup_rows(void **state)
{
    setup(state);
    fixture *f = *state;
    const uuid base = {{1}};
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (store_hold){EARLY, base};
        rows[i].id.b[sizeof base.b - 1] = (uint8_t)i;
        q_thing_add_in in = thing(f, arena_printf(f->a, "row %d", i));
        in.id = rows[i].id;
        in.amount = ROWS;
        assert_int_equal(write_(f, add_thing, &in), OK);
    }
    open_with(f, CONNECTIONS);
    char uri[160];
    snprintf(uri, sizeof uri, "%s%s", server_uri, f->path);
    outside = PQconnectdb(uri);
    return PQstatus(outside) == CONNECTION_OK ? 0 : -1;
}

static int teardown_rows(void **state)
{
    PQfinish(outside); /* whoever waits for its rows goes on */
    return teardown(state);
}

#define ON_ROWS(test) cmocka_unit_test_setup_teardown(test, setup_rows, teardown_rows)

/* ---- again, in order ---- */

/* Rows that were not waited for are told apart by where they stand. */
static err look_around(txn *t, locker *l)
{
    (void)l;
    assert_int_equal(store_hold_turn(t, of_kind(EARLY, 3)), STORE_TRY); /* an earlier kind than the last that it has */
    assert_int_equal(store_hold_turn(t, of_kind(LATE, 0)), STORE_TRY);
    assert_int_equal(store_hold_turn(t, of_kind(EARLY, 2)), STORE_HELD);
    assert_int_equal(store_hold_turn(t, (store_hold){LATE, UUID_NONE}), STORE_TRY);
    assert_int_equal(store_hold_turn(t, of_kind(LATE, 3)), STORE_WAIT);
    return OK;
}

static void test_who_found_a_row_taken_begins_with_all_of_them_in_order(void **state)
{
    fixture *f = *state;
    assert_true(taken_outside(0));
    locker *l = submitted(
        f, (locker){.wants = {of_kind(LATE, 1), of_kind(EARLY, 2), of_kind(EARLY, 0)}, .n = 3, .then = look_around});
    wait_for_waiting(1);
    let_go_outside();
    ended(l, OK);
    assert_int_equal(l->runs, 2);
    held_first(l, (store_hold[]){of_kind(EARLY, 0), of_kind(EARLY, 2), of_kind(LATE, 1)}, 3);
}

/* Nobody waits for a row before they lost it once: they have others, and stand in a lane where it is nobody's turn. */
static err tries_all(txn *t, locker *l)
{
    (void)l;
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(store_hold_turn(t, rows[i]), STORE_TRY);
    return OK;
}

static void test_the_first_run_waits_for_nothing(void **state)
{
    ended(submitted(*state, (locker){.then = tries_all}), OK);
}

/* ---- a deadlock over rows that have no order ---- */

typedef struct crossing {
    uuid first, second;
    sem_t mine, *others;
} crossing;

static err take_both(txn *t, locker *l)
{
    crossing *c = l->beside;
    q_thing_take_row row;
    TRY(q_thing_take(t, &row, l->f->organization, c->first));
    if (l->runs == 1) { /* each has one row before it asks for the other's */
        sem_post(&c->mine);
        while (sem_wait(c->others) != 0) {
        }
    }
    return q_thing_take(t, &row, l->f->organization, c->second);
}

static void test_who_lost_to_a_deadlock_begins_with_all_it_had(void **state)
{
    fixture *f = *state;
    crossing c[2] = {{.first = rows[4].id, .second = rows[5].id}, {.first = rows[5].id, .second = rows[4].id}};
    locker *l[2];
    for (int i = 0; i < 2; i++) {
        sem_init(&c[i].mine, 0, 0);
        c[i].others = &c[1 - i].mine;
    }
    for (int i = 0; i < 2; i++)
        l[i] = submitted(f, (locker){.wants = {of_kind(LATE, 2 * i + 1), of_kind(EARLY, 2 * i)},
                                     .n = 2,
                                     .then = take_both,
                                     .beside = &c[i]});
    for (int i = 0; i < 2; i++)
        ended(l[i], OK);
    assert_true(l[0]->runs + l[1]->runs >= 3); /* who comes back before the other is awake loses again */
    for (int i = 0; i < 2; i++)
        held_first(l[i], (store_hold[]){of_kind(EARLY, 2 * i), of_kind(LATE, 2 * i + 1)}, l[i]->runs > 1 ? 2 : 0);
}

/* ---- the lane of a row ---- */

static err add_one(txn *t, locker *l)
{
    q_thing_add_in in = thing(l->f, arena_printf(t->a, "by %p", (void *)l));
    return q_thing_add_(t, &in);
}

static int64_t transactions_of(void)
{
    PGresult *r = PQexec(outside, "SELECT count(DISTINCT xmin::text) FROM thing WHERE label LIKE 'by %'");
    long n = strtol(PQgetvalue(r, 0, 0), NULL, 10);
    PQclear(r);
    return n;
}

static void test_one_connection_waits_for_a_row(void **state)
{
    fixture *f = *state;
    locker *crowd[CROWD];
    assert_true(taken_outside(0));
    for (int i = 0; i < CROWD; i++)
        crowd[i] = submitted(f, (locker){.wants = {rows[0]}, .n = 1, .then = add_one});
    for (int i = 0; i < CROWD; i++) /* each has found it taken, and most stand in its lane by now */
        for (msec until = clock_monotonic() + PATIENCE * MSEC_SECOND; !crowd[i]->runs && clock_monotonic() < until;)
            usleep(5000);
    wait_for_waiting(1);
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(crowd[i]->runs, 1);
    ended(submitted(f, (locker){.wants = {rows[1]}, .n = 1, .then = add_one}),
          OK); /* who wants another row is served */
    let_go_outside();
    for (int i = 0; i < CROWD; i++) {
        ended(crowd[i], OK);
        assert_int_equal(crowd[i]->runs, 2);
        assert_int_equal(crowd[i]->job.lane, crowd[0]->job.lane);
    }
    assert_int_equal(transactions_of(), CROWD + 1); /* each by itself: what it locks it waits for */
}

static void test_each_row_has_a_lane_of_its_own(void **state)
{
    fixture *f = *state;
    const store_hold wanted[] = {of_kind(EARLY, 0), of_kind(EARLY, 0), of_kind(LATE, 0), of_kind(EARLY, 1)};
    locker *l[4];
    open_with(f, 2 * CONNECTIONS); /* half of them wait */
    assert_true(taken_outside(0) && taken_outside(1));
    for (int i = 0; i < 4; i++)
        l[i] = submitted(f, (locker){.wants = {wanted[i]}, .n = 1});
    wait_for_waiting(3);
    let_go_outside();
    for (int i = 0; i < 4; i++)
        ended(l[i], OK);
    assert_int_equal(l[0]->job.lane, l[1]->job.lane);
    assert_int_not_equal(l[0]->job.lane, l[2]->job.lane);
    assert_int_not_equal(l[0]->job.lane, l[3]->job.lane);
}

/* ---- savepoints ---- */

static err lose_a_part(txn *t, locker *l)
{
    q_thing_get_row row;
    TRY(store_savepoint(t));
    TRY(take(t, rows[1]));
    TRY(store_savepoint(t));
    TRY(take(t, rows[2]));
    TRY(store_release(t));
    assert_int_equal(store_hold_turn(t, rows[2]), STORE_HELD); /* kept with the part around it */
    store_rollback_to(t);
    TRY(q_thing_get(t, &row, l->f->organization, rows[0].id)); /* it is undone there, too */
    for (int i = 1; i <= 2; i++) {
        assert_true(taken_outside(i));
        let_go_outside();
        assert_int_equal(store_hold_turn(t, rows[i]), STORE_TRY);
    }
    assert_int_equal(store_hold_turn(t, rows[0]), STORE_HELD);
    TRY(take(t, rows[1]));
    assert_false(taken_outside(1)); /* locked again, and not only believed to be */
    let_go_outside();
    return OK;
}

static void test_what_an_undone_part_held_is_held_no_more(void **state)
{
    ended(submitted(*state, (locker){.wants = {rows[0]}, .n = 1, .then = lose_a_part}), OK);
}

/* Past what can be counted, nothing counts as held: what was is locked once more. */
static err lose_a_deep_part(txn *t, locker *l)
{
    (void)l;
    for (int i = 0; i <= PG_PARTS; i++)
        TRY(store_savepoint(t));
    TRY(take(t, rows[1]));
    store_rollback_to(t);
    assert_int_equal(store_hold_turn(t, rows[1]), STORE_TRY);
    assert_int_equal(store_hold_turn(t, rows[0]), STORE_TRY);
    for (int i = 0; i < PG_PARTS; i++)
        TRY(store_release(t));
    return OK;
}

static void test_parts_deeper_than_are_counted(void **state)
{
    ended(submitted(*state, (locker){.wants = {rows[0]}, .n = 1, .then = lose_a_deep_part}), OK);
}

/* ---- one transaction and the next ---- */

static err holds_but_one(txn *t, locker *l)
{
    (void)l;
    assert_int_equal(store_hold_turn(t, rows[0]), STORE_TRY);
    assert_int_equal(store_hold_turn(t, rows[3]), STORE_HELD);
    return OK;
}

static void test_what_one_held_the_next_does_not(void **state)
{
    fixture *f = *state;
    open_with(f, 1);
    ended(submitted(f, (locker){.wants = {rows[0], rows[3]}, .n = 2}), OK);
    ended(submitted(f, (locker){.wants = {rows[3]}, .n = 1, .then = holds_but_one}), OK);
}

/* ---- which lane a number means ---- */

enum { NUMBERS = 16 };

static err note_lane(txn *t, void *context)
{
    pg_store *s = pg_of(t->store);
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < PG_LANES; i++)
        if (s->lanes[i].busy)
            *(size_t *)context = i;
    pthread_mutex_unlock(&s->lock);
    return OK;
}

typedef struct noting {
    size_t lane;
    sem_t done;
} noting;

static void noted(void *context, err result)
{
    assert_int_equal(result, OK);
    sem_post(&((noting *)context)->done);
}

/* Where a job of this number stood. One connection: the lane before is done with by then. */
static size_t lane_of_number(fixture *f, uint64_t number)
{
    noting n = {0};
    sem_init(&n.done, 0, 0);
    store_job job = {.run = note_lane, .done = noted, .context = &n, .a = f->a, .lane = number};
    store_submit(f->s, &job);
    while (sem_wait(&n.done) != 0) {
    }
    return n.lane;
}

static size_t different(const size_t *lanes)
{
    size_t n = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        size_t j = 0;
        while (lanes[j] != lanes[i])
            j++;
        n += j == i;
    }
    return n;
}

/* Whoever could choose two numbers that meet would have another tenant wait. */
static void test_nobody_outside_knows_which_lanes_meet(void **state)
{
    fixture *f = *state;
    size_t lanes[NUMBERS];
    assert_memory_not_equal(&pg_of(f->s)->lane_key, &(hash_key){0}, sizeof(hash_key));
    open_with(f, 1);
    for (uint64_t i = 0; i < NUMBERS; i++) { /* the same number, under another key */
        pg_of(f->s)->lane_key = (hash_key){{(uint8_t)(1 + i)}};
        lanes[i] = lane_of_number(f, 7);
    }
    assert_true(different(lanes) > NUMBERS / 2);
    pg_of(f->s)->lane_key = (hash_key){{1}};
    for (uint64_t i = 0; i < NUMBERS; i++) /* numbers that a plain remainder would have meet under each key */
        lanes[i] = lane_of_number(f, 7 + i * PG_LANES);
    assert_true(different(lanes) > NUMBERS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ROWS(test_who_found_a_row_taken_begins_with_all_of_them_in_order),
        ON_ROWS(test_the_first_run_waits_for_nothing),
        ON_ROWS(test_who_lost_to_a_deadlock_begins_with_all_it_had),
        ON_ROWS(test_one_connection_waits_for_a_row),
        ON_ROWS(test_each_row_has_a_lane_of_its_own),
        ON_ROWS(test_what_an_undone_part_held_is_held_no_more),
        ON_ROWS(test_parts_deeper_than_are_counted),
        ON_ROWS(test_what_one_held_the_next_does_not),
        FRESH(test_nobody_outside_knows_which_lanes_meet),
    };
    return cmocka_run_group_tests_name("store_hold", tests, start_server, NULL);
}
