/*
 * Connections: how many a source may hold, how each is known again by its socket, and how one is ended past the
 * library.
 */
#include "http/server_client.h"

#include "base/hash.h"
#include "base/log.h"
#include "http/response.h"

#include <stdlib.h>
#include <sys/socket.h>

/* ---- counting a source's connections ---- */

static size_t source_slot(const server *s, const peer *from)
{
    const uint8_t *b = from->address.s6_addr;
    bool four = IN6_IS_ADDR_V4MAPPED(&from->address);
    bool local = from->unix_path.p || IN6_IS_ADDR_LOOPBACK(&from->address) || (four && b[12] == 127);
    if (local || proxies_trust(s->app->trusted, from)) /* many people behind one address */
        return SOURCE_SLOTS;
    return hash_of((str){(const char *)b, four ? 16 : 8}) % SOURCE_SLOTS;
}

enum MHD_Result may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
    (void)length;
    door *d = context;
    server *s = d->loop->server;
    peer from;
    if (d->listener->is_operator)
        return MHD_YES;
    if (atomic_load(&s->connections) >= s->options.connections)
        return MHD_NO;
    if (d->listener->unix_path.p || !peer_of(address, &from))
        return MHD_YES;
    size_t slot = source_slot(s, &from);
    return slot == SOURCE_SLOTS || atomic_load(&s->sources[slot]) < s->options.per_source ? MHD_YES : MHD_NO;
}

/* ---- connections ---- */

static _Thread_local loop *this_loop;

static bool know_fd(loop *l, client *c)
{
    size_t index = (size_t)c->fd;
    if (index >= l->by_fd_size) {
        size_t size = index * 2 + 64;
        client **grown = reallocarray(l->by_fd, size, sizeof *grown);
        if (!grown)
            return false;
        memset(grown + l->by_fd_size, 0, (size - l->by_fd_size) * sizeof *grown);
        l->by_fd = grown;
        l->by_fd_size = size;
    }
    l->by_fd[index] = c;
    return true;
}

static void client_opened(door *d, struct MHD_Connection *connection, void **socket_context)
{
    client *c = calloc(1, sizeof *c);
    *socket_context = c;
    if (!c)
        return;
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    c->loop = d->loop;
    c->listener = d->listener;
    c->connection = connection;
    c->fd = fd->connect_fd;
    if (!know_fd(d->loop, c)) {
        *socket_context = NULL;
        free(c);
        return;
    }
    c->deadline = clock_monotonic() + READ_TIME;
    if (d->listener->unix_path.p || !peer_of(address->client_addr, &c->from))
        c->from = (peer){.unix_path = d->listener->unix_path};
    c->source_slot = source_slot(d->loop->server, &c->from);
    size_t before = atomic_fetch_add(&d->loop->server->connections, 1);
    if (before >= d->loop->server->options.connections && !d->listener->is_operator)
        shutdown(c->fd, SHUT_RDWR); /* another loop let one in between may_connect and here */
    if (c->source_slot < SOURCE_SLOTS)
        atomic_fetch_add(&d->loop->server->sources[c->source_slot], 1);
    c->next = d->loop->clients;
    c->back = &d->loop->clients;
    if (c->next)
        c->next->back = &c->next;
    d->loop->clients = c;
}

static void client_closed(client *c)
{
    if (!c)
        return;
    c->loop->by_fd[c->fd] = NULL;
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
    atomic_fetch_sub(&c->loop->server->connections, 1);
    if (c->source_slot < SOURCE_SLOTS)
        atomic_fetch_sub(&c->loop->server->sources[c->source_slot], 1);
    exchange_free(c->exchange);
    free(c);
}

void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                   enum MHD_ConnectionNotificationCode what)
{
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        client_opened(context, connection, socket_context);
    else
        client_closed(*socket_context);
}

/* ---- ending a connection ---- */

/* Past the library, which has nothing to say on this connection now. */
static void write_answer(int fd, exchange *x)
{
    BUF_SCOPED out = {0};
    header headers[RESPONSE_HEADERS_MAX];
    size_t n = response_headers(&x->r, headers);
    buf_printf(&out, "HTTP/1.1 %d %s\r\n", x->r.status, MHD_get_reason_phrase_for((unsigned)x->r.status));
    for (size_t i = 0; i < n; i++)
        buf_printf(&out, "%.*s: %.*s\r\n", STR_FMT(headers[i].name), STR_FMT(headers[i].value));
    buf_printf(&out, "Content-Length: %zu\r\nConnection: close\r\n\r\n", x->r.out.n);
    buf_add(&out, buf_str(&x->r.out));
    if (send(fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_plain(LOG_DEBUG, "a refused client was gone");
}

/* The library sees the end of the connection, and closes it. OK: without a word. */
void end_client(client *c, err refusal)
{
    exchange *x = c->exchange ? c->exchange : exchange_new(c->loop->server->app, NULL, c);
    if (refusal != OK && x) {
        x->from = c->from;
        x->outcome = refusal;
        exchange_finish(x);
        write_answer(c->fd, x);
    }
    if (x != c->exchange)
        exchange_free(x);
    shutdown(c->fd, SHUT_RDWR);
    c->phase = PHASE_ENDED;
    c->deadline = 0;
}

static bool is_answering(const client *c)
{
    return c->phase == PHASE_BODY || c->phase == PHASE_WORKING || c->phase == PHASE_SENDING;
}

/*
 * The library's own recv(2): the program's definition comes before libc's. Every byte of our connections passes the
 * wire's check here; an unsound message is the end of the connection for the library, and one refusal for the client.
 */
ssize_t recv(int fd, void *buffer, size_t n, int flags)
{
    ssize_t got = recvfrom(fd, buffer, n, flags, NULL, NULL);
    loop *l = this_loop;
    client *c = l && (size_t)fd < l->by_fd_size ? l->by_fd[fd] : NULL;
    if (!c || got <= 0)
        return got;
    size_t sound = wire_scan(&c->wire, (str){buffer, (size_t)got});
    if (sound == 0 && !is_answering(c) && c->phase != PHASE_ENDED)
        end_client(c, c->wire.refusal);
    return (ssize_t)sound;
}

void watch_wire(loop *l)
{
    this_loop = l;
}

/* ---- deadlines ---- */

void sweep_clients(loop *l, msec now, bool draining)
{
    for (client *c = l->clients; c; c = c->next)
        if ((c->deadline && now >= c->deadline) || (draining && c->phase == PHASE_IDLE))
            end_client(c, c->phase == PHASE_HEAD || c->phase == PHASE_BODY ? ERR_REQUEST_TIMEOUT : OK);
}
