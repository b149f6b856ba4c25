/*
 * TCP and Unix sockets, as many for one address as threads listen on it. An address that cannot be had ends the start
 * with a sentence that says why.
 */
#include "http/listen.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, SOCKET_FLAGS = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC };

typedef union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    struct sockaddr_un local;
    struct sockaddr_storage room;
} address;

static err cannot(str text, const char *why)
{
    log_(LOG_ERROR, "cannot listen", LOG_TEXT("address", text), LOG_TEXT("why", str_of(why)));
    return ERR_UNAVAILABLE;
}

static void set_option(int fd, int level, int name)
{
    int on = 1;
    setsockopt(fd, level, name, &on, sizeof on);
}

/* ---- TCP ---- */

static err resolve(arena *a, str text, address *out, socklen_t *length)
{
    size_t colon = text.n;
    while (colon > 0 && text.p[colon - 1] != ':')
        colon--;
    uint64_t port;
    if (colon == 0 || !str_to_u64(str_slice(text, colon, text.n), 65535, &port))
        return cannot(text, "an address is HOST:PORT, [IPV6]:PORT or unix:PATH");
    str host = str_slice(text, 0, colon - 1);
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_slice(host, 1, host.n - 1);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    const char *service = arena_printf(a, "%u", (unsigned)port).p;
    int failed = getaddrinfo(host.n ? arena_cstr(a, host) : NULL, service, &hints, &found);
    if (failed)
        return cannot(text, gai_strerror(failed));
    *length = found->ai_addrlen;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return OK;
}

/* -1 with errno when it cannot be bound. `shared`: others of ours follow on the same port. */
static int bind_tcp(const address *where, socklen_t length, bool shared)
{
    int fd = socket(where->any.sa_family, SOCKET_FLAGS, 0);
    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR);
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    if (where->any.sa_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (shared)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT);
    if (bind(fd, &where->any, length) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static str address_text(arena *a, const address *where)
{
    char host[INET6_ADDRSTRLEN] = "";
    bool four = where->any.sa_family == AF_INET;
    inet_ntop(where->any.sa_family, four ? (const void *)&where->four.sin_addr : (const void *)&where->six.sin6_addr,
              host, sizeof host);
    return arena_printf(a, four ? "%s:%u" : "[%s]:%u", host, ntohs(four ? where->four.sin_port : where->six.sin6_port));
}

static err open_tcp(arena *a, str text, size_t copies, listener *out)
{
    address where = {0};
    socklen_t length;
    TRY(resolve(a, text, &where, &length));
    /*
     * First without SO_REUSEPORT: it finds port 0's number, and another server on this port is an error, not a partner.
     */
    int probe = bind_tcp(&where, length, false);
    if (probe < 0 || listen(probe, 1) < 0 || getsockname(probe, &where.any, &length) < 0) {
        if (probe >= 0)
            close(probe);
        return cannot(text, strerror(errno));
    }
    close(probe);
    for (size_t i = 0; i < copies; i++) {
        int fd = bind_tcp(&where, length, true);
        if (fd < 0 || listen(fd, BACKLOG) < 0)
            return cannot(text, strerror(errno));
        out->fds[out->count++] = fd;
    }
    out->address = address_text(a, &where);
    return OK;
}

/* ---- Unix ---- */

/* True when the path is free, or held a socket that nobody listens on any more. */
static bool clear_stale(const address *where, socklen_t length)
{
    struct stat st;
    const char *path = where->local.sun_path;
    if (lstat(path, &st) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(st.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    bool alive = fd >= 0 && (connect(fd, &where->any, length) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return !alive && unlink(path) == 0;
}

static err open_unix(arena *a, str text, bool is_operator, size_t copies, listener *out)
{
    str path = str_starts(text, S("unix:")) ? str_slice(text, 5, text.n) : text;
    address where = {.local = {.sun_family = AF_UNIX}};
    if (path.n == 0 || path.n >= sizeof where.local.sun_path)
        return cannot(text, "the path of a Unix socket has 1 to 107 bytes");
    memcpy(where.local.sun_path, path.p, path.n);
    if (!clear_stale(&where, sizeof where.local))
        return cannot(text, "something else stands there");
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    mode_t before = umask(is_operator ? 0177 : 0111);
    int failed = fd < 0 ? -1 : bind(fd, &where.any, sizeof where.local);
    umask(before);
    if (failed || listen(fd, BACKLOG) < 0)
        return cannot(text, strerror(errno));
    out->fds[out->count++] = fd;
    while (out->count < copies)
        out->fds[out->count++] = dup(fd);
    out->unix_path = arena_str(a, path);
    out->address = arena_join(a, S("unix:"), path);
    return OK;
}

err listen_open(arena *a, str text, bool is_operator, size_t copies, listener *out)
{
    *out = (listener){.is_operator = is_operator};
    if (copies > LISTEN_COPIES_MAX)
        copies = LISTEN_COPIES_MAX;
    bool local = is_operator || str_starts(text, S("unix:"));
    err result = local ? open_unix(a, text, is_operator, copies, out) : open_tcp(a, text, copies, out);
    if (result != OK)
        listen_close(out);
    return result;
}

void listen_close(listener *l)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->fds[i] >= 0)
            close(l->fds[i]);
    l->count = 0;
    if (l->unix_path.p)
        unlink(l->unix_path.p);
    l->unix_path = STR_NONE;
}
