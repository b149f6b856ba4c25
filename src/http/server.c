/*
 * libmicrohttpd's callbacks, and their meeting with the walk of a request: a suspended connection is resumed when its
 * answer is there.
 */
#include "http/server.h"

#include "base/log.h"
#include "http/exchange_run.h"
#include "http/response.h"
#include "http/server_client.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* ---- one request ---- */

/* The library has no bell of its own for external loops. */
static void wake(loop *l)
{
    if (!atomic_exchange(&l->woken, true) && eventfd_write(l->wake, 1) != 0)
        log_plain(LOG_DEBUG, "an HTTP thread was not woken; it looks by itself within a second");
}

/* On a thread of the store or the pool. */
static void on_ready(exchange *x)
{
    client *c = x->carrier;
    loop *l = c->loop; /* c is the loop's again once it is resumed */
    atomic_fetch_add(&l->ringing, 1);
    MHD_resume_connection(c->connection);
    wake(l);
    atomic_fetch_sub(&l->ringing, 1);
}

/* The request line is complete; the target is seen here as it came, before anything is unescaped or cut. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    door *d = context;
    client *c = client_of(connection);
    if (!c)
        return NULL;
    if (c->phase == PHASE_IDLE && c->exchange == NULL)
        c->deadline = clock_monotonic() + READ_TIME;
    exchange *x = exchange_new(d->loop->server->app, on_ready, c);
    if (x) {
        x->head.target = arena_str(x->r.a, str_of(target));
        x->from = c->from;
        x->is_operator = d->listener->is_operator;
    }
    c->exchange = x;
    c->phase = PHASE_HEAD;
    return x;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode why)
{
    (void)context;
    (void)why;
    client *c = client_of(connection);
    exchange_free(*request_context);
    *request_context = NULL;
    if (!c)
        return;
    c->exchange = NULL;
    if (c->phase == PHASE_ENDED)
        return;
    c->phase = PHASE_IDLE;
    c->deadline = clock_monotonic() + IDLE_TIME;
    if (c->wire.refusal != OK && !c->closing) /* what came behind an answered request */
        end_client(c, c->wire.refusal);
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, size_t name_n,
                                   const char *value, size_t value_n)
{
    (void)kind;
    exchange *x = context;
    request_head *head = &x->head;
    if (head->header_count == HEADERS_MAX) {
        head->overflow = true;
        return MHD_NO;
    }
    header *h = &head->headers[head->header_count++];
    h->name = arena_str(x->r.a, (str){name, name_n});
    h->value = arena_str(x->r.a, (str){value ? value : "", value ? value_n : 0});
    return MHD_YES;
}

static struct MHD_Response *make_response(exchange *x, bool close)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(x->r.out.n, x->r.out.p, MHD_RESPMEM_PERSISTENT);
    header headers[RESPONSE_HEADERS_MAX];
    size_t n = response_headers(&x->r, headers);
    for (size_t i = 0; response && i < n; i++)
        MHD_add_response_header(response, arena_cstr(x->r.a, headers[i].name), arena_cstr(x->r.a, headers[i].value));
    if (response && close)
        MHD_add_response_header(response, "Connection", "close");
    return response;
}

static enum MHD_Result send_answer(client *c)
{
    exchange *x = c->exchange;
    exchange_finish(x);
    c->closing = x->must_close || atomic_load(&c->loop->server->draining);
    struct MHD_Response *response = make_response(x, c->closing);
    if (!response)
        return MHD_NO;
    c->phase = PHASE_SENDING;
    c->deadline = clock_monotonic() + SEND_TIME;
    enum MHD_Result queued = MHD_queue_response(c->connection, (unsigned)x->r.status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result take_head(client *c, const char *method, const char *version)
{
    exchange *x = c->exchange;
    x->head.method = arena_str(x->r.a, str_of(method));
    x->head.version = arena_str(x->r.a, str_of(version));
    MHD_get_connection_values_n(c->connection, MHD_HEADER_KIND, take_header, x);
    bool more = exchange_begin(x);
    if (x->must_close)
        return send_answer(c);
    c->phase = more ? PHASE_BODY : PHASE_WORKING; /* an answer queued right here would end the connection */
    return MHD_YES;
}

static enum MHD_Result run(client *c)
{
    exchange *x = c->exchange;
    c->phase = PHASE_WORKING;
    c->deadline = 0;
    bool may_wait = exchange_may_wait(x);
    if (may_wait)
        MHD_suspend_connection(c->connection); /* before it runs: ready() may come at once, on another thread */
    bool answered = exchange_run(x);
    if (!may_wait)
        return send_answer(c);
    if (answered)
        on_ready(x);
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *size, void **request_context)
{
    (void)context;
    (void)url;
    client *c = client_of(connection);
    exchange *x = *request_context;
    if (!c || !x || c->phase == PHASE_ENDED)
        return MHD_NO;
    if (c->phase == PHASE_HEAD)
        return take_head(c, method, version);
    if (*size > 0) {
        bool fits = exchange_body(x, (str){data, *size});
        *size = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    return c->phase == PHASE_WORKING ? send_answer(c) : run(c);
}

/* ---- threads ---- */

/* True once a second, or when there is something to run: which doors is told in `due`. */
static void wait_for_work(loop *l, bool due[LISTENERS_MAX])
{
    struct epoll_event events[LISTENERS_MAX + 1];
    MHD_UNSIGNED_LONG_LONG soonest = SWEEP_TIME, timeout;
    for (size_t i = 0; i < l->door_count; i++) {
        due[i] = l->doors[i].daemon && MHD_get_timeout(l->doors[i].daemon, &timeout) == MHD_YES && timeout == 0;
        if (due[i])
            soonest = 0;
    }
    bool woken = false;
    int n = epoll_wait(l->epoll, events, LISTENERS_MAX + 1, (int)soonest);
    for (int i = 0; i < n; i++)
        if (events[i].data.u32 < LISTENERS_MAX)
            due[events[i].data.u32] = true;
        else
            woken = true;
    if (woken) {
        atomic_store(&l->woken, false); /* before the doors run: what comes later rings again */
        memset(due, true, l->door_count * sizeof *due);
    } else /* something was resumed, on any door */
        memset(due, true, LISTENERS_MAX);
}

static void stop_accepting(loop *l)
{
    for (size_t i = 0; i < l->door_count; i++) {
        MHD_socket fd = MHD_quiesce_daemon(l->doors[i].daemon);
        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
}

static bool has_work(const loop *l)
{
    return l->clients != NULL;
}

/* Ends the daemons; a connection that still waits for its commit would be torn down under it, so then they stay. */
static void end_doors(loop *l)
{
    for (const client *c = l->clients; c; c = c->next)
        if (c->phase == PHASE_WORKING) {
            log_plain(LOG_WARNING, "requests were still in flight when the time to finish them was over");
            return;
        }
    for (size_t i = 0; i < l->door_count; i++)
        MHD_stop_daemon(l->doors[i].daemon);
}

/* What one turn of the loop does for many requests is done once: a snapshot of the database, a write to the log. */
static void linger(loop *l)
{
    log_linger(true);
    if (l->server->app->store)
        store_linger(l->server->app->store);
}

static void rest(loop *l)
{
    log_rest();
    if (l->server->app->store)
        store_rest(l->server->app->store);
}

static void *serve(void *context)
{
    loop *l = context;
    bool due[LISTENERS_MAX], draining = false;
    msec swept = clock_monotonic(), last = 0;
    pthread_setname_np(pthread_self(), "http");
    watch_wire(l);
    linger(l);
    while (!draining || (has_work(l) && clock_monotonic() < last)) {
        wait_for_work(l, due);
        for (size_t i = 0; i < l->door_count; i++)
            if (due[i])
                MHD_run(l->doors[i].daemon);
        rest(l);
        msec now = clock_monotonic();
        if (!draining && atomic_load(&l->server->draining)) {
            draining = true;
            last = now + DRAIN_TIME;
            stop_accepting(l);
        }
        if (draining || now - swept >= SWEEP_TIME) {
            sweep_clients(l, now, draining);
            swept = now;
        }
    }
    end_doors(l);
    rest(l);
    log_linger(false);
    return NULL;
}

static bool open_door(server *s, loop *l, size_t index)
{
    const listener *from = &s->listeners[index];
    door *d = &l->doors[l->door_count];
    size_t mine = (size_t)(l - s->loops);
    *d = (door){.loop = l, .listener = from};
    unsigned limit = (unsigned)s->options.connections + 1; /* may_connect counts over all doors, and refuses first */
    d->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, may_connect, d, on_request,
                                 d, MHD_OPTION_LISTEN_SOCKET, from->fds[mine], MHD_OPTION_CONNECTION_LIMIT, limit,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_A_CONNECTION,
                                 MHD_OPTION_STRICT_FOR_CLIENT, STRICTNESS, MHD_OPTION_URI_LOG_CALLBACK, on_target, d,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_completed, d, MHD_OPTION_NOTIFY_CONNECTION,
                                 on_connection, d, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
    if (!d->daemon)
        return false;
    s->listeners[index].fds[mine] = -1; /* the daemon's now */
    int fd = MHD_get_daemon_info(d->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)l->door_count};
    l->door_count++;
    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool open_loop(server *s, loop *l)
{
    *l = (loop){.server = s, .epoll = epoll_create1(EPOLL_CLOEXEC), .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = LISTENERS_MAX};
    if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &event) != 0)
        return false;
    for (size_t i = 0; i < s->listener_count; i++)
        if (!open_door(s, l, i))
            return false;
    return pthread_create(&l->thread, NULL, serve, l) == 0;
}

/* ---- the public face ---- */

err server_open(app *app, const server_options *options, server **out)
{
    server *s = calloc(1, sizeof *s);
    *out = s;
    if (!s || !(s->a = arena_new(1 << 20)))
        return ERR_UNAVAILABLE;
    s->app = app;
    s->options = *options;
    s->loops = arena_array_of(s->a, loop, options->threads);
    for (size_t i = 0; i < options->listen_count && i < LISTENERS_MAX - 1; i++, s->listener_count++)
        TRY(listen_open(s->a, options->listen[i], false, options->threads, &s->listeners[i]));
    if (options->operator_socket.n) {
        TRY(listen_open(s->a, options->operator_socket, true, options->threads, &s->listeners[s->listener_count]));
        s->listener_count++;
    }
    return OK;
}

size_t server_address_count(const server *s)
{
    return s->listener_count - (s->options.operator_socket.n ? 1 : 0);
}

str server_address(const server *s, size_t i)
{
    return s->listeners[i].address;
}

/*
 * A connection is a descriptor; the usual soft limit of 1,024 is for programs that use select(2). How many connections
 * fit: those beyond are refused here, for a library without a descriptor stops accepting until one of its own
 * connections ends.
 */
static size_t connections_that_fit(size_t connections)
{
    struct rlimit limit;
    rlim_t wanted = connections + DESCRIPTORS_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return connections;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max; /* RLIM_INFINITY is the largest number */
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == wanted)
        return connections;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t have = limit.rlim_cur;
    size_t fit = (size_t)(have > 2 * DESCRIPTORS_BESIDE ? have - DESCRIPTORS_BESIDE : have / 2);
    log_(LOG_WARNING, "fewer descriptors than max_connections wants", LOG_INT("limit", have),
         LOG_INT("connections", fit));
    return fit;
}

err server_start(server *s)
{
    s->options.connections = connections_that_fit(s->options.connections);
    signal(SIGPIPE, SIG_IGN);
    for (; s->started < s->options.threads; s->started++)
        if (!open_loop(s, &s->loops[s->started])) {
            log_plain(LOG_ERROR, "cannot start the HTTP threads");
            return ERR_UNAVAILABLE;
        }
    return OK;
}

void server_stop(server *s)
{
    atomic_store(&s->draining, true);
    for (size_t i = 0; i < s->started; i++)
        wake(&s->loops[i]);
    for (size_t i = 0; i < s->started; i++) {
        pthread_join(s->loops[i].thread, NULL);
        while (atomic_load(&s->loops[i].ringing) > 0)
            sched_yield();
        close(s->loops[i].epoll);
        close(s->loops[i].wake);
        free(s->loops[i].by_fd);
    }
    s->started = 0;
}

void server_free(server *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->listener_count; i++)
        listen_close(&s->listeners[i]);
    arena_free(s->a);
    free(s);
}
