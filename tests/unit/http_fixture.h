/* A running server with routes of its own over a real store, and a client that speaks in bytes. */
#ifndef PARVIS_TEST_HTTP_FIXTURE_H
#define PARVIS_TEST_HTTP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/log.h"
#include "http/answer_json.h"
#include "http/exchange.h"
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
     .media = BODY_FORM,
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

static inline int connected(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(f.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 15};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void put(int fd, str bytes)
{
    assert_int_equal(send(fd, bytes.p, bytes.n, MSG_NOSIGNAL), (ssize_t)bytes.n);
}

/* One answer as text, body included by its Content-Length; what was read beyond stays unread. Empty at the end. */
static inline str one_answer(int fd, arena *a)
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

static inline int status_of(str answer)
{
    return answer.n > 12 ? atoi(answer.p + 9) : 0;
}

static inline bool is_closed(int fd)
{
    char c;
    return recv(fd, &c, 1, 0) <= 0;
}

static inline bool holds(str text, const char *part)
{
    return str_find(text, str_of(part)) < text.n;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define JSON(path, length) \
    "POST " path " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " #length "\r\n\r\n"

static inline str ask(arena *a, str bytes)
{
    int fd = connected();
    put(fd, bytes);
    str answer = one_answer(fd, a);
    close(fd);
    return answer;
}

#endif
