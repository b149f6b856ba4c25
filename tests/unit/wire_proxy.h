/*
 * Stands between the store and PostgreSQL and cuts the line at the worst moments: before COMMIT arrives, and after it
 * was done but before anybody heard of it. One thread for each connection; it knows COMMIT by the name of its prepared
 * statement. A test that reads names another statement in COMMIT's place.
 */
#ifndef PARVIS_TEST_WIRE_PROXY_H
#define PARVIS_TEST_WIRE_PROXY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum cut { CUT_NOTHING, CUT_BEFORE_COMMIT, CUT_AFTER_COMMIT, CUT_ALL } cut;

typedef struct wire_proxy {
    int listener, target_port, port;
    const char *statement; /* COMMIT's, before a test names another */
    _Atomic int next;      /* what to do with the next COMMIT (CUT_ALL: with whatever comes) */
    _Atomic int cuts;      /* how many lines were cut */
    _Atomic int wires;
    pthread_t thread;
} wire_proxy;

typedef struct wire {
    wire_proxy *proxy;
    int client, server;
} wire;

static inline int wire_connect(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static inline int wire_names(const wire *w, const char *bytes, size_t n)
{
    return memmem(bytes, n, w->proxy->statement, strlen(w->proxy->statement)) != NULL;
}

/* True when the line is to be cut now. */
static inline int wire_pass(wire *w, int from, int to)
{
    char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes);
    if (n <= 0)
        return 1;
    int wanted = w->proxy->next;
    int is_commit = from == w->client && wire_names(w, bytes, (size_t)n);
    if (wanted == CUT_ALL || (is_commit && wanted == CUT_BEFORE_COMMIT)) {
        if (wanted != CUT_ALL)
            w->proxy->next = CUT_NOTHING;
        w->proxy->cuts++;
        return 1;
    }
    if (write(to, bytes, (size_t)n) != n)
        return 1;
    if (!is_commit || wanted != CUT_AFTER_COMMIT)
        return 0;
    w->proxy->next = CUT_NOTHING;
    w->proxy->cuts++;
    return read(w->server, bytes, sizeof bytes) >= 0; /* it is done now */
}

static inline void *wire_main(void *context)
{
    wire *w = context;
    struct pollfd both[2] = {{.fd = w->client, .events = POLLIN}, {.fd = w->server, .events = POLLIN}};
    int over = w->server < 0;
    while (!over && poll(both, 2, -1) > 0) {
        if (both[0].revents)
            over = wire_pass(w, w->client, w->server);
        if (!over && both[1].revents)
            over = wire_pass(w, w->server, w->client);
    }
    close(w->client);
    if (w->server >= 0)
        close(w->server);
    w->proxy->wires--;
    free(w);
    return NULL;
}

static inline void *wire_accept(void *context)
{
    wire_proxy *p = context;
    int client;
    while ((client = accept(p->listener, NULL, NULL)) >= 0) {
        pthread_t thread;
        wire *w = malloc(sizeof *w);
        *w = (wire){p, client, wire_connect(p->target_port)};
        p->wires++;
        pthread_create(&thread, NULL, wire_main, w);
        pthread_detach(thread);
    }
    return NULL;
}

static inline void wire_start(wire_proxy *p, int target_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    *p = (wire_proxy){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
                      .target_port = target_port,
                      .statement = "parvis_commit"};
    if (bind(p->listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(p->listener, 64) != 0)
        abort();
    getsockname(p->listener, (struct sockaddr *)&at, &size);
    p->port = ntohs(at.sin_port);
    pthread_create(&p->thread, NULL, wire_accept, p);
}

/* Once nobody uses it: waits for the lines to end. */
static inline void wire_stop(wire_proxy *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
    while (p->wires > 0)
        usleep(1000);
}

#endif
