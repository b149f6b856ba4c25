/* Inside server*.c: the threads' loops, their doors and connections. Nobody else includes this. */
#ifndef PARVIS_HTTP_SERVER_CLIENT_H
#define PARVIS_HTTP_SERVER_CLIENT_H

#include "http/exchange.h"
#include "http/listen.h"
#include "http/server.h"
#include "http/wire.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

enum {
    LISTENERS_MAX = 16,
    /*
     * The library's own: the head, and the head of the answer. Half of it is too little for what is answered to a head
     * of 16 KB.
     */
    MEMORY_A_CONNECTION = 32 * 1024,
    SOURCE_SLOTS = 16384,
    DESCRIPTORS_BESIDE = 256,      /* files, listeners, the database's */
    READ_TIME = 10 * MSEC_SECOND,  /* for a whole request, however slowly its bytes drip */
    IDLE_TIME = 30 * MSEC_SECOND,  /* between two requests */
    SEND_TIME = 120 * MSEC_SECOND, /* for a whole answer */
    DRAIN_TIME = 20 * MSEC_SECOND,
    SWEEP_TIME = 1 * MSEC_SECOND,
    /* In 0.9.75 "strict" adds a check for Host alone, which the gate has, and sends that refusal's head twice. */
    STRICTNESS = MHD_VERSION > 0x00097500 ? 1 : 0,
};

typedef struct loop loop;

/* One daemon of the library: one listening socket in one thread. */
typedef struct door {
    loop *loop;
    const listener *listener;
    struct MHD_Daemon *daemon;
} door;

struct loop {
    server *server;
    pthread_t thread;
    int epoll, wake;
    atomic_bool woken;   /* wake was written since the loop last looked: one write serves a whole commit group */
    atomic_uint ringing; /* threads inside on_ready: the bell must outlive them */
    door doors[LISTENERS_MAX];
    size_t door_count;
    struct client *clients; /* all connections of this thread */
    struct client **by_fd;  /* the same, by descriptor */
    size_t by_fd_size;
};

struct server {
    app *app;
    arena *a;
    server_options options;
    listener listeners[LISTENERS_MAX];
    size_t listener_count;
    loop *loops;
    size_t started;
    atomic_bool draining;
    atomic_size_t connections; /* open, over all doors */
    /* Open connections by hash of the address: collisions only make the limit stricter. */
    atomic_uint sources[SOURCE_SLOTS];
};

typedef enum phase { PHASE_IDLE, PHASE_HEAD, PHASE_BODY, PHASE_WORKING, PHASE_SENDING, PHASE_ENDED } phase;

/* One connection. */
typedef struct client {
    struct client *next, **back;
    loop *loop;
    const listener *listener;
    struct MHD_Connection *connection;
    int fd;
    phase phase;
    msec deadline; /* monotonic; 0: none (a write waits for its commit) */
    peer from;
    size_t source_slot; /* SOURCE_SLOTS: not counted */
    wire wire;
    bool closing; /* the answer on its way is the last */
    exchange *exchange;
} client;

/** The connection of a request; NULL when it was not taken in. */
static inline client *client_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/** The library's callbacks for connections; their context is the door. */
enum MHD_Result may_connect(void *context, const struct sockaddr *address, socklen_t length);
void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                   enum MHD_ConnectionNotificationCode what);

/** Ends a connection past the library: with a refusal, or OK without a word. */
void end_client(client *c, err refusal);
/** Ends every connection whose deadline has passed; while draining, idle ones too. */
void sweep_clients(loop *l, msec now, bool draining);
/** Once, on the loop's own thread: from here on the bytes of its connections are looked at. */
void watch_wire(loop *l);

#endif
