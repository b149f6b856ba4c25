/* The real server on real sockets over a real store, with routes of its own: framing, deadlines, suspending, draining. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/log.h"
#include "http/answer.h"
#include "http/local.h"
#include "http/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- routes ---- */

typedef struct body_echo {
    str text;
} body_echo;
static const field echo_fields[] = {{.name = S_INIT("text"),
                                     .type = FIELD_STRING,
                                     .offset = 0,
                                     .has_offset = FIELD_ALWAYS,
                                     .required = true,
                                     .max = 2000000},
                                    {.name = {NULL, 0}}};
static const schema echo_schema = {echo_fields, sizeof(body_echo), 1 << 20};

static err say(request *r, str what)
{
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_str(&w, S("said"), what);
    json_str(&w, S("source"), r->actor.source);
    json_close(&w, '}');
    return OK;
}

static err hello(request *r, txn *t)
{
    (void)t;
    return say(r, S("hello"));
}

static err echo(request *r, txn *t)
{
    assert_true(t->writes);
    return say(r, ((body_echo *)r->body)->text);
}

static err refuse(request *r, txn *t)
{
    (void)r;
    return problem_at(t->problem, ERR_SEAT_LIMIT_REACHED, S("/x"), S("too-many"), 3);
}

static err nap_prepare(request *r)
{
    usleep(60 * 1000);
    r->scratch = (void *)(uintptr_t)str_of("rested").p;
    return OK;
}

static err nap(request *r, txn *t)
{
    (void)t;
    return say(r, str_of(r->scratch));
}

#define ROW(m, path, k, h)                                                               \
    {                                                                                    \
        .method = S_INIT(m), .pattern = S_INIT(path), .name = #h, .kind = k, .handle = h \
    }
static const route table[] = {
    ROW("GET", "/api/hello", ROUTE_BARE, hello),
    ROW("GET", "/api/read", ROUTE_READ, hello),
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/page"),
     .name = "page",
     .kind = ROUTE_BARE,
     .face = FACE_CONSOLE,
     .handle = hello},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/page"),
     .name = "form",
     .kind = ROUTE_WRITE,
     .face = FACE_CONSOLE,
     .body = &echo_schema,
     .handle = echo},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/api/echo"),
     .name = "echo",
     .kind = ROUTE_WRITE,
     .body = &echo_schema,
     .handle = echo},
    {.method = S_INIT("POST"),
     .pattern = S_INIT("/api/nap"),
     .name = "nap",
     .kind = ROUTE_SLOW,
     .prepare = nap_prepare,
     .handle = nap},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/api/mine"),
     .name = "mine",
     .kind = ROUTE_READ,
     .access = ACCESS_SESSION,
     .handle = hello},
    {.method = S_INIT("GET"),
     .pattern = S_INIT("/api/operator"),
     .name = "operator",
     .kind = ROUTE_READ,
     .access = ACCESS_OPERATOR,
     .handle = hello},
    ROW("POST", "/api/refuse", ROUTE_WRITE, refuse),
};

/* ---- a running server ---- */

static struct {
    char folder[64];
    char path[128];
    app app;
    settings settings;
    arena *a;
    server *server;
    uint16_t port;
} f;

static int start(void **state)
{
    (void)state;
    log_setup(LOG_ERROR, false);
    static const str listen[] = {S_INIT("127.0.0.1:0"), S_INIT("[::1]:0")};
    snprintf(f.folder, sizeof f.folder, "/tmp/parvis-http-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/socket", f.folder);
    f.a = arena_new(1 << 20);
    f.app = (app){.routes = table, .route_count = sizeof table / sizeof table[0]};
    f.app.env = (env){.settings = &f.settings, .public_url = S("http://127.0.0.1")};
    assert_int_equal(store_open(arena_printf(f.a, "sqlite:%s/db", f.folder), &f.app.store), OK);
    assert_int_equal(store_migrate(f.app.store), OK);
    store_set_env(f.app.store, &f.app.env);
    assert_int_equal(http_setup(&f.app, f.a), OK);
    server_options options = {.listen = listen,
                              .listen_count = 2,
                              .operator_socket = str_of(f.path),
                              .threads = 2,
                              .connections = 1000,
                              .per_source = 100};
    assert_int_equal(server_open(&f.app, &options, &f.server), OK);
    str address = server_address(f.server, 0);
    assert_true(str_starts(address, S("127.0.0.1:")) && str_starts(server_address(f.server, 1), S("[::1]:")));
    f.port = (uint16_t)atoi(address.p + 10);
    assert_int_equal(server_start(f.server), OK);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop(f.server);
    server_free(f.server);
    http_teardown(&f.app);
    store_close(f.app.store);
    arena_free(f.a);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f.folder);
    return system(command);
}

static int connected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(f.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 15};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void put(int fd, str bytes)
{
    assert_int_equal(send(fd, bytes.p, bytes.n, MSG_NOSIGNAL), (ssize_t)bytes.n);
}

/* One answer as text, body included by its Content-Length; what was read beyond stays unread. Empty at the end. */
static str one_answer(int fd, arena *a)
{
    BUF_SCOPED got = {0};
    char c;
    while (!str_ends(buf_str(&got), S("\r\n\r\n"))) {
        if (recv(fd, &c, 1, 0) != 1)
            return arena_str(a, buf_str(&got));
        buf_byte(&got, c);
    }
    size_t at = str_find(buf_str(&got), S("Content-Length: "));
    size_t left = at < got.n ? (size_t)atoi(got.p + at + 16) : 0;
    while (left-- > 0 && recv(fd, &c, 1, 0) == 1)
        buf_byte(&got, c);
    return arena_str(a, buf_str(&got));
}

static int status_of(str answer)
{
    return answer.n > 12 ? atoi(answer.p + 9) : 0;
}

static bool is_closed(int fd)
{
    char c;
    return recv(fd, &c, 1, 0) <= 0;
}

static bool holds(str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define JSON(path, length) \
    "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " #length "\r\n\r\n"

static str ask(arena *a, str bytes)
{
    int fd = connected();
    put(fd, bytes);
    str answer = one_answer(fd, a);
    close(fd);
    return answer;
}

/* ---- tests ---- */

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
        cmocka_unit_test(a_crowd_that_writes),
        cmocka_unit_test(clients_that_leave_harm_nobody),
        cmocka_unit_test(slow_bytes_have_a_deadline),
        cmocka_unit_test(the_pools_queue_is_short),
        cmocka_unit_test(finishes_what_is_in_flight),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
