/* The HTTP server: sockets, threads, deadlines. The only room door behind which libmicrohttpd is known. */
#ifndef PARVIS_HTTP_SERVER_H
#define PARVIS_HTTP_SERVER_H

#include "http/app.h"

typedef struct server server;

typedef struct server_options {
    const str *listen; /* "127.0.0.1:8080", "[::1]:0", "unix:PATH" */
    size_t listen_count;
    str operator_socket; /* path of the operator's socket; STR_NONE: none */
    size_t threads;      /* 1–64 */
    size_t connections;  /* in all */
    size_t per_source;   /* open connections of one address (IPv6: /64), loopback apart */
} server_options;

/**
 * Binds all addresses, so that their numbers are known before anything is served. `app` is borrowed and set up
 * (http_setup) before server_start. Errors: ERR_UNAVAILABLE, with a log line; *out then still wants server_free.
 */
err server_open(app *app, const server_options *options, server **out);
/** The addresses as bound, in the order given (the operator's socket is not among them). */
size_t server_address_count(const server *s);
str server_address(const server *s, size_t i);

/**
 * Starts answering. Its threads take the signal mask of the caller; SIGPIPE is ignored from here on. Errors:
 * ERR_UNAVAILABLE.
 */
err server_start(server *s);
/**
 * Accepts nothing new, finishes what is in flight (at most 20 s), ends the threads. The store must still be running.
 */
void server_stop(server *s);
/** Frees everything; after server_stop if it was started. server_free(NULL) is harmless. */
void server_free(server *s);

#endif
