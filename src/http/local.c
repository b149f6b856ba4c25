/* Carries a request through the same walk as the server does, without a socket, and waits for its answer. */
#include "http/local.h"

#include "http/exchange.h"
#include "http/exchange_run.h"

#include <pthread.h>

typedef struct wait_for {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool ready;
} wait_for;

static void on_ready(exchange *x)
{
    wait_for *w = x->carrier;
    pthread_mutex_lock(&w->mutex);
    w->ready = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

static void add_header(exchange *x, str name, str value)
{
    x->head.headers[x->head.header_count++] = (header){name, value};
}

static void fill_head(exchange *x, language lang, str method, str target, str body)
{
    x->is_operator = true;
    x->from.unix_path = S("local");
    x->head.method = arena_str(x->r.a, method);
    x->head.target = arena_str(x->r.a, target);
    x->head.version = S("HTTP/1.1");
    add_header(x, S("Host"), S("localhost"));
    add_header(x, S("Accept-Language"), language_code(lang));
    if (body.p) {
        add_header(x, S("Content-Type"), S("application/json"));
        add_header(x, S("Content-Length"), arena_printf(x->r.a, "%zu", body.n));
    }
}

static void run(exchange *x, str body)
{
    if (!exchange_begin(x) || (body.n && !exchange_body(x, body)) || exchange_run(x))
        return;
    wait_for *w = x->carrier;
    pthread_mutex_lock(&w->mutex);
    while (!w->ready)
        pthread_cond_wait(&w->changed, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

err local_call(app *app, arena *a, language lang, str method, str target, str body, local_answer *out)
{
    wait_for w = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    exchange *x = exchange_new(app, on_ready, &w);
    if (!x)
        return ERR_UNAVAILABLE;
    fill_head(x, lang, method, target, body);
    run(x, body);
    exchange_finish(x);
    *out = (local_answer){.status = x->r.status,
                          .content_type = arena_str(a, x->r.content_type),
                          .body = arena_str(a, buf_str(&x->r.out))};
    exchange_free(x);
    return OK;
}
