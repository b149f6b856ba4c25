/* The real server on real sockets over a real store, with routes of its own: what it answers, and what it refuses. */
#include "http_fixture.h"

static void answers_of_each_kind(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    int fd = connected();
    put(fd, S(GET("/api/hello")));
    str answer = one_answer(fd, a);
    assert_true(status_of(answer) == 200 && holds(answer, "{\"said\":\"hello\",\"source\":\"127.0.0.1\"}"));
    assert_true(holds(answer, "X-Request-Id: req_") && holds(answer, "Cache-Control: no-store") &&
                holds(answer, "Date: "));
    assert_true(holds(answer, "default-src 'none'") && holds(answer, "nosniff") && !holds(answer, "Strict-Transport"));
    put(fd, S(GET("/api/read")));
    assert_true(holds(one_answer(fd, a), "hello"));
    put(fd, S(JSON("/api/echo", 14) "{\"text\":\"good\""
                                    "}"));
    answer = one_answer(fd, a);
    assert_int_equal(status_of(answer), 400); /* one byte short: the JSON is cut, and its last byte begins no request */
    close(fd);
    fd = connected();
    put(fd, S(JSON("/api/echo", 15) "{\"text\":\"good\"}" JSON("/api/nap", 0) GET("/api/hello")));
    assert_true(holds(one_answer(fd, a), "\"said\":\"good\""));
    assert_true(holds(one_answer(fd, a), "\"said\":\"rested\""));
    assert_true(holds(one_answer(fd, a), "\"said\":\"hello\""));
    close(fd);
}

static void head_and_options(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    int fd = connected();
    put(fd, S("HEAD /api/hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    char head[4096];
    ssize_t n = recv(fd, head, sizeof head, 0);
    str answer = {head, n > 0 ? (size_t)n : 0};
    assert_true(status_of(answer) == 200 && str_ends(answer, S("\r\n\r\n")) && holds(answer, "Content-Length: 37"));
    put(fd, S("OPTIONS /api/hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    answer = one_answer(fd, a);
    assert_true(status_of(answer) == 204 && holds(answer, "Allow: GET, HEAD, OPTIONS"));
    put(fd, S(GET("/api/nothing")));
    assert_int_equal(status_of(one_answer(fd, a)), 404); /* a refusal does not end a sound connection */
    put(fd, S("PUT /api/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"));
    answer = one_answer(fd, a);
    assert_true(status_of(answer) == 405 && holds(answer, "Allow: GET, HEAD, OPTIONS") &&
                holds(answer, "method-not-allowed"));
    close(fd);
}

static void refuses_in_the_readers_language(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    str answer = ask(a, S("GET /api/nothing HTTP/1.1\r\nHost: a\r\nAccept-Language: fr-CA, en;q=0.5\r\n\r\n"));
    assert_true(status_of(answer) == 404 && holds(answer, "application/problem+json") &&
                holds(answer, "\"code\":\"not-found\""));
    assert_true(holds(answer, "Il n\xe2\x80\x99y a rien ici"));
    answer = ask(a, S(GET("/nothing")));
    assert_true(status_of(answer) == 404 && holds(answer, "text/plain") && holds(answer, "There is nothing here"));
    answer = ask(a, S(GET("/nothing?lang=fr")));
    assert_true(holds(answer, "Il n\xe2\x80\x99y a rien ici"));
    answer = ask(a, S(JSON("/api/refuse", 0)));
    assert_true(status_of(answer) == 409 &&
                holds(answer, "\"pointer\":\"/x\",\"code\":\"too-many\",\"detail\":\"Too many (maximum: 3).\""));
    answer = ask(a, S(GET("/api/mine")));
    assert_true(status_of(answer) == 401 && holds(answer, "WWW-Authenticate: Bearer"));
    assert_int_equal(status_of(ask(a, S(GET("/api/operator")))), 401);
    assert_int_equal(status_of(ask(a, S(GET("/api/hello?x=1")))), 200);
    assert_int_equal(status_of(ask(a, S(GET("/api/read?x=1")))), 422);
}

static void looks_at_content(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    assert_int_equal(
        status_of(
            ask(a, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"))),
        415);
    assert_int_equal(status_of(ask(a, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"))), 415);
    assert_int_equal(status_of(ask(a, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Type: Application/JSON; "
                                        "charset=utf-8\r\nContent-Length: 10\r\n\r\n{\"text\":1}"))),
                     422);
    str answer = ask(a, S(JSON("/api/echo", 1048577)));
    assert_true(status_of(answer) == 413 && holds(answer, "Connection: close"));
    assert_int_equal(status_of(ask(a, S(JSON("/api/echo", 0)))), 400);
}

static void forms_come_from_our_own_pages(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
#define FORM(header)                                                                               \
    "POST /page HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n" header \
    "Content-Length: 6\r\n\r\ntext=a"
    assert_int_equal(status_of(ask(a, S(FORM("")))), 403);
    assert_int_equal(status_of(ask(a, S(FORM("Sec-Fetch-Site: cross-site\r\n")))), 403);
    assert_int_equal(status_of(ask(a, S(FORM("Origin: http://evil\r\n")))), 403);
    assert_int_equal(status_of(ask(a, S(FORM("Origin: http://127.0.0.1\r\n")))), 200);
    assert_int_equal(status_of(ask(a, S(FORM("Sec-Fetch-Site: same-origin\r\n")))), 200);
    assert_int_equal(
        status_of(ask(a, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\nContent-Type: "
                           "application/json\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}"))),
        403);
}

/* What the gate sees: one refusal, a closed connection, and never an answer to what was smuggled behind. */
static void refuses_once_and_closes(void **state)
{
    (void)state;
    static const struct {
        str bytes;
        int status;
    } rows[] = {
#define SMUGGLED GET("/api/hello")
        {S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" SMUGGLED), 411},
        {S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n" SMUGGLED),
         411},
        {S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n" SMUGGLED), 400},
        {S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET /api/hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET /api/hello HTTP/1.1\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET /api/%00 HTTP/1.1\r\nHost: a\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET http://a/api/hello HTTP/1.1\r\nHost: a\r\n\r\n" SMUGGLED), 400},
        {S_INIT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" SMUGGLED), 400},
        {S_INIT("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n" SMUGGLED), 405},
        {S_INIT("GET /api/../api/hello HTTP/1.1\r\nHost: a\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET /api/hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n" SMUGGLED), 400},
        {S_INIT("GET /api/hello HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n" SMUGGLED), 400},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ARENA_SCOPED a = arena_new(1 << 20);
        int fd = connected();
        put(fd, rows[i].bytes);
        str answer = one_answer(fd, a);
        if (status_of(answer) != rows[i].status || !is_closed(fd))
            fail_msg("row %zu: %.*s", i, STR_FMT(answer));
        assert_true(holds(answer, "Connection: close"));
        close(fd);
    }
}

/* What would vanish inside the library is seen before it: one refusal, and no second answer. */
static void never_two_answers_to_one_request(void **state)
{
    (void)state;
    static const str rows[] = {
        S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nX: 1\r\n Transfer-Encoding: chunked\r\nContent-Length: "
               "35\r\n\r\n" GET("/api/hello")),
        S_INIT("POST /api/echo HTTP/1.1\nHost: a\nContent-Length: 35\n\n" GET("/api/hello")),
        S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nX: a\0b\r\nContent-Length: 35\r\n\r\n" GET("/api/hello")),
        S_INIT(
            "POST /api/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\r\n : chunked\r\nContent-Length: 35\r\n\r\n" GET(
                "/api/hello")),
        S_INIT("GET /api/hello HTTP/1.1\r\nHost:  a\nX: y\n\n" GET("/api/hello")),
        S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 35\r\n\r\n" GET("/api/hello")),
        S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\n: z\r\nContent-Length: 35\r\n\r\n" GET("/api/hello")),
        S_INIT("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n" GET("/api/hello")),
        S_INIT("GET /api/hello HTTP/2.0\r\nHost: a\r\n\r\n" GET("/api/hello")),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ARENA_SCOPED a = arena_new(1 << 20);
        int fd = connected();
        put(fd, rows[i]);
        shutdown(fd, SHUT_WR);
        str first = one_answer(fd, a), second = one_answer(fd, a);
        if (status_of(first) != 400 || !holds(first, "application/problem+json") || status_of(second) != 0)
            fail_msg("row %zu: %.*s || %.*s", i, STR_FMT(first), STR_FMT(second));
        close(fd);
    }
}

static void bounds_head_and_target(void **state)
{
    (void)state;
    static char big[1 << 20];
    ARENA_SCOPED a = arena_new(8 << 20);
    memset(big, 'a', sizeof big);
    int fd = connected();
    put(fd, S("GET /api/hello HTTP/1.1\r\nHost: a\r\nX: "));
    ssize_t sent = send(fd, big, sizeof big, MSG_NOSIGNAL);
    assert_true(sent != 0);
    int status = status_of(one_answer(fd, a));
    assert_true(status == 431 || status == 0); /* the answer may be lost to the reset that follows unread bytes */
    close(fd);
    assert_int_equal(status_of(ask(a, arena_join(a, S("GET /api/hello HTTP/1.1\r\nHost: a\r\nX: "), (str){big, 17000},
                                                 S("\r\n\r\n")))),
                     431);
    assert_int_equal(status_of(ask(a, arena_join(a, S("GET /"), (str){big, 9000}, S(" HTTP/1.1\r\nHost: a\r\n\r\n")))),
                     400);
    str large = arena_join(a, S(JSON("/api/echo", 1000011) "{\"text\":\""), (str){big, 1000000}, S("\"}"));
    int whole = connected();
    put(whole, large);
    assert_int_equal(status_of(one_answer(whole, a)), 200);
    close(whole);
}

static void waits_for_100_continue(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    int fd = connected();
    put(fd, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: "
              "application/json\r\nContent-Length: 12\r\n\r\n"));
    assert_int_equal(status_of(one_answer(fd, a)), 100);
    put(fd, S("{\"text\":\"a\"}"));
    assert_int_equal(status_of(one_answer(fd, a)), 200);
    close(fd);
    fd = connected();
    put(fd, S("POST /api/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Type: "
              "application/json\r\nContent-Length: 9999999\r\n\r\n"));
    assert_int_equal(status_of(one_answer(fd, a)), 413);
    close(fd);
}

static void the_operators_socket(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    struct stat st;
    assert_int_equal(stat(f.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, f.path, strlen(f.path));
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    put(fd, S(GET("/api/operator")));
    str answer = one_answer(fd, a);
    assert_true(status_of(answer) == 200 && holds(answer, "\"source\":null"));
    put(fd, S(GET("/api/mine")));
    assert_int_equal(status_of(one_answer(fd, a)), 403);
    close(fd);
}

static void calls_inside_the_process(void **state)
{
    (void)state;
    ARENA_SCOPED a = arena_new(1 << 20);
    local_answer answer;
    assert_int_equal(local_call(&f.app, a, LANG_FR, S("GET"), S("/api/operator"), STR_NONE, &answer), OK);
    assert_true(answer.status == 200 && holds(answer.body, "hello"));
    assert_int_equal(local_call(&f.app, a, LANG_FR, S("POST"), S("/api/echo"), S("{\"text\":\"ici\"}"), &answer), OK);
    assert_true(answer.status == 200 && holds(answer.body, "\"said\":\"ici\""));
    assert_int_equal(local_call(&f.app, a, LANG_FR, S("POST"), S("/api/nap"), S("{}"), &answer), OK);
    assert_int_equal(answer.status, 200);
    assert_int_equal(local_call(&f.app, a, LANG_FR, S("GET"), S("/api/nothing"), STR_NONE, &answer), OK);
    assert_true(answer.status == 404 && holds(answer.body, "Il n\xe2\x80\x99y a rien ici"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_of_each_kind),
        cmocka_unit_test(head_and_options),
        cmocka_unit_test(refuses_in_the_readers_language),
        cmocka_unit_test(looks_at_content),
        cmocka_unit_test(forms_come_from_our_own_pages),
        cmocka_unit_test(refuses_once_and_closes),
        cmocka_unit_test(never_two_answers_to_one_request),
        cmocka_unit_test(bounds_head_and_target),
        cmocka_unit_test(waits_for_100_continue),
        cmocka_unit_test(the_operators_socket),
        cmocka_unit_test(calls_inside_the_process),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
