/* Listening sockets. */
#ifndef PARVIS_HTTP_LISTEN_H
#define PARVIS_HTTP_LISTEN_H

#include "base/arena.h"
#include "base/err.h"

enum { LISTEN_COPIES_MAX = 64 };

/** One address, with a socket for each HTTP thread: SO_REUSEPORT for TCP, one socket shared for Unix. */
typedef struct listener {
    str address;   /* as bound: "127.0.0.1:8080", "[::1]:41234", "unix:PATH" */
    str unix_path; /* STR_NONE for TCP */
    bool is_operator;
    int fds[LISTEN_COPIES_MAX];
    size_t count;
} listener;

/**
 * Binds `text` ("127.0.0.1:8080", "[::1]:0", "unix:PATH"; port 0 picks one) and listens, `copies` times. A stale Unix
 * socket is replaced, a live one is not. The operator's socket is for its owner alone (0600). Errors: ERR_UNAVAILABLE,
 * with a log line that says why.
 */
err listen_open(arena *a, str text, bool is_operator, size_t copies, listener *out);
/** Closes what is still open and removes a Unix socket's file. */
void listen_close(listener *l);

#endif
