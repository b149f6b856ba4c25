/* Parvis: puts the rooms together. What a command does stands in cli/; what a server is, here. */
#include "base/log.h"
#include "base/random.h"
#include "cli/cli.h"
#include "console/console.h"
#include "domain/account/ways_in.h"
#include "domain/mail/mail.h"
#include "domain/organization/organization.h"
#include "domain/organization/seat.h"
#include "domain/shared/held.h"
#include "domain/shared/throttle.h"
#include "http/app.h"
#include "http/exchange.h"
#include "http/server.h"
#include "routes.h"
#include "worker/worker.h"

#include <stdlib.h>

enum { HOST_BYTES = 16 * 1024 * 1024, PER_SOURCE = 1000, SETUP_SECRET_BYTES = 16 };

struct host {
    arena *a;
    app app;
    server *server;
    worker *worker;
    bool http_ready, started;
};

/* ---- the one-time setup address ---- */

/*
 * A way in for a browser, as long as there is no organization; made anew at every start, kept nowhere. Where several
 * nodes share the database, whichever of them is asked must know it: there it comes from their key.
 */
static str setup_secret(host *h)
{
    char secret[SETUP_SECRET_BYTES];
    token_digest shared = token_mac(h->app.env.key, KEY_SETUP, S("the first organization"));
    if (store_is_shared(h->app.store))
        memcpy(secret, shared.b, sizeof secret);
    else
        random_bytes(secret, sizeof secret);
    return base64url_encode(h->a, (str){secret, sizeof secret});
}

static err read_none(txn *t, void *context)
{
    return organization_none(t, (bool *)context);
}

static err make_setup_token(host *h)
{
    problem p = {0};
    bool none;
    TRY(store_read(h->app.store, h->a, &p, read_none, &none));
    if (none)
        h->app.setup_token = setup_secret(h);
    return OK;
}

static str setup_url(const host *h)
{
    return h->app.setup_token.p ? arena_join(h->a, h->app.env.public_url, S("/setup/"), h->app.setup_token) : STR_NONE;
}

/* ---- starting ---- */

static str first_address(const str *addresses, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!str_starts(addresses[i], S("unix:")))
            return addresses[i];
    return S("localhost");
}

/* With port 0, links need the port that was bound; a command that serves itself for a moment binds none. */
static str public_url(host *h, bool alone)
{
    const settings *s = h->app.env.settings;
    if (!str_empty(s->public_url))
        return s->public_url;
    if (alone)
        return arena_join(h->a, S("http://"), first_address(s->listen.items, s->listen.count));
    size_t count = server_address_count(h->server);
    str *bound = arena_array_of(h->a, str, count + 1);
    for (size_t i = 0; i < count; i++)
        bound[i] = server_address(h->server, i);
    return arena_join(h->a, S("http://"), first_address(bound, count));
}

static err release_leases(txn *t, void *context)
{
    (void)context;
    return mail_release_leases(t);
}

static err open_listeners(host *h, bool alone)
{
    const settings *s = h->app.env.settings;
    server_options options = {
        .listen = s->listen.items,
        .listen_count = alone ? 0 : s->listen.count,
        .operator_socket = instance_socket(h->a, s, alone),
        .threads = alone ? 1 : (size_t)s->http_threads,
        .connections = (size_t)s->max_connections,
        .per_source = PER_SOURCE,
    };
    return server_open(&h->app, &options, &h->server);
}

/* What a transaction that begins again locks beforehand. */
static err hold_again(txn *t, store_hold what)
{
    seats unused;
    switch ((held_kind)what.kind) {
    case HELD_ACCOUNT:
        return ways_hold(t, what.id);
    case HELD_LIMIT:
        return throttle_hold(t, what.id);
    case HELD_SEATS:
        return seats_lock(t, what.id, &unused);
    }
    return ERR_INTERNAL;
}

static err start_parts(host *h, bool alone)
{
    problem p = {0};
    TRY(http_setup(&h->app, h->a));
    h->http_ready = true;
    TRY(open_listeners(h, alone));
    h->app.env.public_url = public_url(h, alone);
    h->app.secure = str_starts(h->app.env.public_url, S("https://"));
    store_set_holder(h->app.store, hold_again);
    store_set_env(h->app.store, &h->app.env);
    TRY(make_setup_token(h));
    if (!store_is_shared(h->app.store)) /* the lock is ours: whoever held them is gone */
        TRY(store_write(h->app.store, h->a, &p, release_leases, NULL));
    TRY(worker_start(h->app.store, &h->app.env, &h->worker));
    TRY(server_start(h->server));
    h->started = true;
    return OK;
}

static bool settle(host *h, msec patience)
{
    return worker_settle(h->worker, patience);
}

static void stop(host *h)
{
    if (h->started)
        server_stop(h->server);
    worker_stop(h->worker);
    server_free(h->server);
    if (h->http_ready)
        http_teardown(&h->app);
    arena_free(h->a);
    free(h);
}

static err start(instance *in, bool alone, host **out)
{
    host *h = calloc(1, sizeof *h);
    *out = NULL;
    if (!h)
        return ERR_UNAVAILABLE;
    h->a = arena_new(HOST_BYTES);
    h->app = (app){
        .env = {.settings = in->settings, .key = in->key, .places = in->places},
        .store = in->store,
        .routes = routes,
        .route_count = route_count,
        .problem_page = console_problem,
        .look_out = console_look_out,
    };
    err e = start_parts(h, alone);
    if (e != OK) {
        stop(h);
        return e;
    }
    for (size_t i = 0; i < server_address_count(h->server); i++)
        log_(LOG_INFO, "listening", LOG_TEXT("address", server_address(h->server, i)));
    *out = h;
    return OK;
}

int main(int argc, char **argv)
{
    static const cli_host program = {.start = start, .setup_url = setup_url, .settle = settle, .stop = stop};
    return cli_main(argc, argv, &program);
}
