/*
 * The same server under many clients: crowds, clients that leave, slow ones, a full queue, an end with work in flight.
 */
#include "http_fixture.h"

enum { CROWD = 64, ROUNDS = 30 };
static void *one_of_a_crowd(void *context)
{
    (void)context;
    ARENA_SCOPED a = arena_new(64 << 20);
    int fd = connected();
    intptr_t good = 0;
    for (int i = 0; i < ROUNDS; i++) {
        put(fd, S(JSON("/api/echo", 15) "{\"text\":\"good\"}"));
        good += status_of(one_answer(fd, a)) == 200;
    }
    close(fd);
    return (void *)good;
}

static void a_crowd_that_writes(void **state)
{
    (void)state;
    pthread_t threads[CROWD];
    intptr_t good = 0;
    for (int i = 0; i < CROWD; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, one_of_a_crowd, NULL), 0);
    for (int i = 0; i < CROWD; i++) {
        void *result;
        pthread_join(threads[i], &result);
        good += (intptr_t)result;
    }
    assert_int_equal(good, CROWD * ROUNDS);
}

static void clients_that_leave_harm_nobody(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    for (int i = 0; i < 60; i++) {
        int fd = connected();
        if (i % 3 == 0)
            put(fd, S(JSON("/api/nap", 0)));
        else if (i % 3 == 1)
            put(fd, S(JSON("/api/echo", 15) "{\"text\":\"good\"}"));
        else
            put(fd, S(JSON("/api/echo", 15) "{\"text\""));
        struct linger now = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now); /* a reset, not a goodbye */
        close(fd);
    }
    usleep(500 * 1000);
    assert_int_equal(status_of(ask(a, S(JSON("/api/echo", 15) "{\"text\":\"good\"}"))), 200);
}

static void slow_bytes_have_a_deadline(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    int head = connected(), body = connected(), silent = connected();
    struct timeval brief = {.tv_usec = 1000};
    msec from = clock_monotonic();
    put(head, S("GET /api/hello HTTP/1.1\r\nHost: a\r\nX: "));
    put(body, S(JSON("/api/echo", 1000)));
    for (int i = 0; i < 20; i++) { /* a byte each now and then is not progress */
        send(head, "a", 1, MSG_NOSIGNAL);
        send(body, "a", 1, MSG_NOSIGNAL);
        usleep(400 * 1000);
    }
    assert_int_equal(status_of(one_answer(head, a)), 408);
    assert_true(is_closed(head));
    str late = one_answer(body, a);
    assert_true(status_of(late) == 408 && holds(late, "\"code\":\"request-timeout\"") && holds(late, "X-Request-Id: "));
    assert_true(is_closed(silent));
    msec took = clock_monotonic() - from;
    assert_true(took > 9000 && took < 14000);
    setsockopt(head, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    close(head);
    close(body);
    close(silent);
}

static void the_pools_queue_is_short(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    int fds[90], refused = 0, rested = 0;
    for (int i = 0; i < 90; i++) {
        fds[i] = connected();
        put(fds[i], S(JSON("/api/nap", 0)));
    }
    for (int i = 0; i < 90; i++) {
        str answer = one_answer(fds[i], a);
        rested += status_of(answer) == 200;
        refused +=
            status_of(answer) == 503 && holds(answer, "Retry-After: 1") && holds(answer, "\"code\":\"unavailable\"");
        close(fds[i]);
    }
    assert_int_equal(refused + rested, 90);
    assert_true(rested >= 64 && refused >= 1);
}

static void *napping(void *context)
{
    int fd = *(int *)context;
    ARENA_SCOPED a = arena_new(1 << 20);
    return (void *)(intptr_t)status_of(one_answer(fd, a));
}

static void finishes_what_is_in_flight(void **state)
{
    (void)state;
    int fd = connected(), idle = connected();
    pthread_t thread;
    void *status;
    put(fd, S(JSON("/api/nap", 0)));
    usleep(20 * 1000);
    assert_int_equal(pthread_create(&thread, NULL, napping, &fd), 0);
    msec from = clock_monotonic();
    server_stop(f.server);
    assert_true(clock_monotonic() - from < 8000);
    pthread_join(thread, &status);
    assert_int_equal((intptr_t)status, 200);
    assert_true(is_closed(fd) && is_closed(idle));
    close(fd);
    close(idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crowd_that_writes),        cmocka_unit_test(clients_that_leave_harm_nobody),
        cmocka_unit_test(slow_bytes_have_a_deadline), cmocka_unit_test(the_pools_queue_is_short),
        cmocka_unit_test(finishes_what_is_in_flight),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
