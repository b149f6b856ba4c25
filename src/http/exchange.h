/*
 * One request on its way through the house, whoever carries it: the socket server (server.c) or a call inside the
 * process (local.c). The carrier fills `head`, feeds the body, and sends what stands in `r` when it is ready.
 */
#ifndef PARVIS_HTTP_EXCHANGE_H
#define PARVIS_HTTP_EXCHANGE_H

#include "http/gate.h"
#include "http/pool.h"
#include "http/request.h"
#include "http/source.h"

typedef struct exchange exchange;
struct exchange {
    request r; /* with the answer */
    peer from;
    bool is_operator; /* came by the operator's socket */
    bool must_close;  /* the connection cannot be trusted any further */

    /* the walk's own */
    gate_pass pass;
    str allow;
    buf body;
    err outcome;
    store_job job;
    pool_task task;
    msec queued_at; /* in a pool; monotonic */
    bool was_again; /* its form was refused, and a page made for it: again.h */
    /* Called once, on any thread, when exchange_run returned false: quick, never blocking. */
    void (*ready)(exchange *x);
    void *carrier;
    request_head head; /* the carrier's to fill; last, because its room for headers is not cleared */
};

/**
 * Builds what the walk of a request needs from the fields of app; settings and routes must be set. Everything lives in
 * `a` but the pool's threads: http_teardown ends them, once nothing is in flight. Before threads, once for an app.
 * Errors: ERR_UNAVAILABLE when threads cannot be made, with a log line, or for proxies that settings_load would refuse.
 */
err http_setup(app *app, arena *a);
void http_teardown(app *app);

/** A new exchange with its own arena and request id; NULL without memory. */
exchange *exchange_new(app *app, void (*ready)(exchange *x), void *carrier);
/** exchange_free(NULL) is harmless. Not between exchange_run and ready. */
void exchange_free(exchange *x);

/**
 * The head is complete: gate, route, limits, cross-site protection. False: answered already, the body does not matter.
 */
bool exchange_begin(exchange *x);
/** More of the body. False: too large, answered already. */
bool exchange_body(exchange *x, str bytes);
/** Turns the outcome into the answer, and notes the request in the log. Call once before sending, in every case. */
void exchange_finish(exchange *x);

/* ---- where the walk goes on: exchange_run.c, caller.c ---- */

/** The schema of a body or query that is none. */
extern const schema exchange_no_body;

/** GET, HEAD, OPTIONS. */
bool exchange_is_safe(str method);
/** What the route's body must be. */
const schema *exchange_body_schema(const exchange *x);
body_media exchange_media(const exchange *x);
/** The media type as sent; *parameters (may be NULL): what follows it. */
str exchange_content_type(const exchange *x, str *parameters);

#endif
