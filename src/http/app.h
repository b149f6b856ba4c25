/* Everything a running server has, made once in main. */
#ifndef PARVIS_HTTP_APP_H
#define PARVIS_HTTP_APP_H

#include "domain/shared/env.h"
#include "http/request.h"

/**
 * Answers a page's refusal (the sign-in redirect, "not found" …): r->problem and r->lang are filled, r->route may be
 * NULL. It may read, but must not fail: no other refusal follows.
 */
typedef void problem_page(request *r, err refusal);

struct app {
    env env;
    store *store;
    const route *routes; /* generated, api and console together */
    size_t route_count;
    problem_page *problem_page; /* console/; NULL: plain text */
    handler *look_out;          /* console/: what its page needs of an organization that lets its member in no more */
    bool secure;                /* public_url is https */
    str setup_token;            /* on an empty database: the one-time setup address's secret; STR_NONE otherwise */

    /* made by http_setup */
    const struct router *router;
    const struct proxies *trusted; /* trusted_proxies */
    struct pool *pool;             /* where slow routes are prepared */
    struct pool
        *heavy; /* where heavy reads and large bodies are worked on, so that nobody who signs in waits behind them */
    struct late *late;    /* where those wait whom no thread can take */
    struct pool *readers; /* where reading waits for a database over a network; NULL: it does not wait */
    struct lanes *lanes;  /* there, too: who was let in where */
};

#endif
