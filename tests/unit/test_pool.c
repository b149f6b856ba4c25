/*
 * The pool's promises: a line for each source, turns, who gives way in a full queue, what a source had lately, bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/pool.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>

/* The pool's clock stands still, and goes on by what a task says that it took. */
static _Atomic msec clock_ms = 1000000;
msec __wrap_clock_monotonic(void);
msec __wrap_clock_monotonic(void)
{
    return clock_ms;
}

enum { MOST = 8, TASKS = 400 };

typedef struct stage stage;
typedef struct work_item {
    stage *stage;
    char name;
    msec takes;
    pool_task task;
} work_item;

struct stage {
    pool *pool;
    sem_t held, go;
    work_item items[TASKS];
    size_t used;
    char order[TASKS + 1];
    size_t ran;
};

static void run_item(void *context)
{
    work_item *w = context;
    clock_ms += w->takes;
    w->stage->order[w->stage->ran++] = w->name;
}

static void hold(void *context)
{
    stage *s = context;
    sem_post(&s->held);
    while (sem_wait(&s->go) != 0) {
    }
}

/* One thread that nothing is asked of yet. */
static void open_stage(stage *s)
{
    *s = (stage){.pool = pool_new("test", 1, 0, MOST)};
    assert_non_null(s->pool);
    sem_init(&s->held, 0, 0);
    sem_init(&s->go, 0, 0);
}

/* It is kept busy until play(). */
static void keep_busy(stage *s, pool_task *holding)
{
    pool_task *displaced;
    *holding = (pool_task){.run = hold, .context = s, .source = S("stage")};
    assert_true(pool_submit(s->pool, holding, &displaced));
    sem_wait(&s->held);
}

static void set_up(stage *s, pool_task *holding)
{
    open_stage(s);
    keep_busy(s, holding);
}

static void take_ms(void *context)
{
    clock_ms += *(msec *)context;
}

/* This source has so much of the idle thread, before anything else is asked. */
static void spend(stage *s, str source, msec takes)
{
    pool_task *displaced, task = {.run = take_ms, .context = &takes, .source = source};
    assert_true(pool_submit(s->pool, &task, &displaced));
    while (pool_is_busy(s->pool))
        sched_yield();
}

/* What was queued runs, in the order that comes back. */
static const char *play(stage *s)
{
    sem_post(&s->go);
    pool_free(s->pool);
    sem_destroy(&s->held);
    sem_destroy(&s->go);
    s->order[s->ran] = 0;
    return s->order;
}

static bool add(stage *s, str source, char name, msec takes, char *gave_way)
{
    pool_task *displaced;
    work_item *w = &s->items[s->used++];
    *w = (work_item){s, name, takes, {.run = run_item, .context = w, .source = source}};
    bool refused = pool_would_refuse(s->pool, source);
    bool queued = pool_submit(s->pool, &w->task, &displaced);
    assert_true(queued != refused); /* nothing came between: what was foretold holds */
    if (gave_way)
        *gave_way = displaced ? ((work_item *)displaced->context)->name : 0;
    else
        assert_null(displaced);
    return queued;
}

static void lines_take_turns(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    set_up(&s, &holding);
    for (int i = 0; i < 5; i++)
        assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'B', 1, NULL));
    assert_true(add(&s, S(""), 'o', 1, NULL)); /* the operator's */
    assert_string_equal(play(&s), "aboaBaaa");
}

static void a_full_queue_has_room_for_who_has_less(void **state)
{
    stage s;
    pool_task holding;
    char gone;
    (void)state;
    set_up(&s, &holding);
    for (int i = 0; i < MOST; i++)
        assert_true(add(&s, S("192.0.2.1"), (char)('a' + i), 1, NULL));
    assert_false(add(&s, S("192.0.2.1"), 'z', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'A', 1, &gone));
    assert_int_equal(gone, 'h');
    assert_true(add(&s, S("192.0.2.3"), 'X', 1, &gone));
    assert_int_equal(gone, 'g');
    assert_true(add(&s, S("192.0.2.2"), 'B', 1, &gone));
    assert_int_equal(gone, 'f');
    assert_true(add(&s, S("192.0.2.2"), 'C', 1, &gone));
    assert_int_equal(gone, 'e'); /* 4, 3 and 1 now: one more would only change places */
    assert_false(add(&s, S("192.0.2.2"), 'D', 1, NULL));
    assert_string_equal(play(&s), "aAXbBcCd");
}

static void who_had_much_lately_comes_last(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    set_up(&s, &holding);
    assert_true(add(&s, S("2001:db8::"), 'a', 500, NULL)); /* half a second of the thread, then it is no newcomer */
    assert_true(add(&s, S("2001:db8::"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'c', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'd', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'e', 1, NULL));
    assert_string_equal(play(&s), "acdeb");
}

static void what_was_had_is_forgotten(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    set_up(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 500, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'c', 60000, NULL)); /* a minute goes by */
    assert_true(add(&s, S("192.0.2.1"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.1"), 'B', 1, NULL));
    assert_true(add(&s, S("192.0.2.3"), 'd', 1, NULL));
    assert_true(add(&s, S("192.0.2.3"), 'D', 1, NULL));
    assert_string_equal(play(&s), "acdbDB");
}

static void whoever_came_first_stays_among_equals(void **state)
{
    static char names[MOST][16];
    stage s;
    pool_task holding;
    char gone;
    (void)state;
    set_up(&s, &holding);
    for (int i = 0; i < MOST; i++) {
        snprintf(names[i], sizeof names[i], "198.51.100.%d", i);
        assert_true(add(&s, str_of(names[i]), (char)('a' + i), 1, NULL));
    }
    assert_false(add(&s, S("192.0.2.9"), 'z', 1, &gone)); /* nobody had more than it: who came first stays */
    assert_string_equal(play(&s), "abcdefgh");
}

static void a_few_hashes_more_or_less_are_no_reason_to_wait(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    spend(&s, S("192.0.2.1"), 40);
    spend(&s, S("192.0.2.2"), 1);
    spend(&s, S("192.0.2.3"), 100);
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.3"), 'c', 1, NULL));
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.1"), 'A', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'B', 1, NULL));
    assert_string_equal(play(&s), "abABc");
}

static void many_small_tasks_come_to_much(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    for (int i = 0; i < 4; i++)
        spend(&s, S("192.0.2.1"), 30);
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_string_equal(play(&s), "ba");
}

static void what_was_had_counts_half_every_four_seconds(void **state)
{
    static const struct {
        msec passed;
        const char *order;
    } cases[] = {{3000, "ba"}, {5000, "ba"}, {9000, "ba"}, {13000, "ab"}}; /* 400 ms, 200, 100, 50 */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stage s;
        pool_task holding;
        open_stage(&s);
        spend(&s, S("192.0.2.1"), 400);
        clock_ms += cases[i].passed;
        keep_busy(&s, &holding);
        assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
        assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
        assert_string_equal(play(&s), cases[i].order);
    }
}

/* Whoever asks now and then is forgiven as who asks nothing. */
static void a_little_more_does_not_keep_the_rest_from_being_forgotten(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    spend(&s, S("192.0.2.1"), 100);
    clock_ms += 3000;
    spend(&s, S("192.0.2.1"), 1);
    clock_ms += 3000;
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_string_equal(play(&s), "ab");
}

static void who_comes_back_waits_from_then_on(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    spend(&s, S("192.0.2.2"), 1);
    spend(&s, S("192.0.2.1"), 1);
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.3"), 'c', 1, NULL));
    assert_string_equal(play(&s), "abc");
}

static void of_equal_lines_the_one_that_had_more_gives_way(void **state)
{
    (void)state;
    for (int greedy = 0; greedy < 2; greedy++) { /* whichever is the older line */
        stage s;
        pool_task holding;
        char gone;
        open_stage(&s);
        spend(&s, S("192.0.2.1"), greedy == 0 ? 500 : 1);
        spend(&s, S("192.0.2.2"), greedy == 1 ? 500 : 1);
        keep_busy(&s, &holding);
        for (int i = 0; i < MOST / 2; i++) {
            assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
            assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
        }
        assert_true(add(&s, S("192.0.2.3"), 'c', 1, &gone));
        assert_int_equal(gone, greedy == 0 ? 'a' : 'b');
        play(&s);
    }
}

static void one_each_the_newcomer_who_had_less_comes_in(void **state)
{
    static char names[MOST][16];
    stage s;
    pool_task holding;
    char gone;
    (void)state;
    open_stage(&s);
    for (int i = 0; i < MOST; i++) {
        snprintf(names[i], sizeof names[i], "198.51.100.%d", i);
        spend(&s, str_of(names[i]), i == 5 ? 300 : 100);
    }
    spend(&s, S("192.0.2.8"), 500);
    keep_busy(&s, &holding);
    for (int i = 0; i < MOST; i++)
        assert_true(add(&s, str_of(names[i]), (char)('a' + i), 1, NULL));
    assert_false(add(&s, S("192.0.2.8"), 'y', 1, NULL));
    assert_true(add(&s, S("192.0.2.9"), 'z', 1, &gone));
    assert_int_equal(gone, 'f');
    assert_string_equal(play(&s), "zabcdegh");
}

enum { LINES = MOST + 1 + 192 };

/* Lines are given on by what they had: nobody's is forgotten because many others asked a little. */
static void a_new_source_gets_the_line_of_the_one_that_had_least(void **state)
{
    static char name[24];
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    spend(&s, S("192.0.2.1"), 500);
    for (unsigned i = 0; i < 2 * LINES; i++) {
        snprintf(name, sizeof name, "2001:db8:%x::", i);
        spend(&s, str_of(name), 1);
        if (i == LINES - 3) /* the last but none */
            spend(&s, S("192.0.2.2"), 500);
    }
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.2"), 'b', 1, NULL));
    assert_true(add(&s, S("192.0.2.3"), 'c', 1, NULL));
    assert_string_equal(play(&s), "cab");
}

static void more_are_remembered_than_can_wait_at_once(void **state)
{
    static char name[24];
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    spend(&s, S("192.0.2.1"), 70);
    for (unsigned i = 0; i < 50; i++) { /* each had more, and all within a half-life */
        snprintf(name, sizeof name, "2001:db8:%x::", i);
        spend(&s, str_of(name), 71);
    }
    keep_busy(&s, &holding);
    assert_true(add(&s, S("192.0.2.1"), 'a', 1, NULL));
    assert_true(add(&s, S("192.0.2.3"), 'c', 1, NULL));
    assert_string_equal(play(&s), "ca");
}

static void it_is_busy_while_a_task_runs_or_waits(void **state)
{
    stage s;
    pool_task holding;
    (void)state;
    open_stage(&s);
    assert_false(pool_is_busy(s.pool));
    keep_busy(&s, &holding);
    assert_true(pool_is_busy(s.pool)); /* it runs, and nothing waits */
    sem_post(&s.go);
    for (int i = 0; i < 100000000 && pool_is_busy(s.pool); i++)
        sched_yield();
    assert_false(pool_is_busy(s.pool));
    keep_busy(&s, &holding);
    play(&s);
}

/* More sources than are remembered: lines are given on. */
typedef struct count {
    pool_task task;
    sem_t *done;
} count;

static void post(void *context)
{
    sem_post(((count *)context)->done);
}

static void one_pool_serves_more_sources_than_it_remembers(void **state)
{
    static char name[24];
    sem_t done;
    pool *p = pool_new("test", 2, 0, MOST);
    (void)state;
    assert_non_null(p);
    sem_init(&done, 0, 0);
    for (unsigned i = 0; i < 1000; i++) {
        pool_task *displaced;
        count c = {.done = &done};
        snprintf(name, sizeof name, "2001:db8:%x::", i);
        c.task = (pool_task){.run = post, .context = &c, .source = str_of(name)};
        assert_true(pool_submit(p, &c.task, &displaced));
        while (sem_wait(&done) != 0) {
        }
    }
    pool_free(p);
    sem_destroy(&done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_take_turns),
        cmocka_unit_test(a_full_queue_has_room_for_who_has_less),
        cmocka_unit_test(who_had_much_lately_comes_last),
        cmocka_unit_test(what_was_had_is_forgotten),
        cmocka_unit_test(whoever_came_first_stays_among_equals),
        cmocka_unit_test(a_few_hashes_more_or_less_are_no_reason_to_wait),
        cmocka_unit_test(many_small_tasks_come_to_much),
        cmocka_unit_test(what_was_had_counts_half_every_four_seconds),
        cmocka_unit_test(a_little_more_does_not_keep_the_rest_from_being_forgotten),
        cmocka_unit_test(who_comes_back_waits_from_then_on),
        cmocka_unit_test(of_equal_lines_the_one_that_had_more_gives_way),
        cmocka_unit_test(one_each_the_newcomer_who_had_less_comes_in),
        cmocka_unit_test(a_new_source_gets_the_line_of_the_one_that_had_least),
        cmocka_unit_test(more_are_remembered_than_can_wait_at_once),
        cmocka_unit_test(it_is_busy_while_a_task_runs_or_waits),
        cmocka_unit_test(one_pool_serves_more_sources_than_it_remembers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
