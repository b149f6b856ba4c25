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
    /* Called once, on any thread, when exchange_run returned false: quick, never blocking. */
    void (*ready)(exchange *x);
    void *carrier;
    request_head head; /* the carrier's to fill; last, because its room for headers is not cleared */
};

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
/** Whether exchange_run may return false, once the body is complete. */
bool exchange_may_wait(const exchange *x);
/** The body is complete. True: answered. False: on its way; call exchange_finish after ready() came. */
bool exchange_run(exchange *x);
/** Turns the outcome into the answer, and notes the request in the log. Call once before sending, in every case. */
void exchange_finish(exchange *x);

#endif
