/*
 * The walk's first half: the head, before a body is read. What needs no database is refused here, so that it costs
 * nothing.
 */
#include "http/exchange.h"

#include "base/log.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/cookie.h"
#include "http/idempotency.h"
#include "http/lane.h"
#include "http/language_choice.h"
#include "http/late.h"
#include "http/problem.h"
#include "http/response.h"
#include "http/router.h"
#include "http/schema.h"
#include "http/site.h"

#include <stdlib.h>

enum {
    ARENA_CAP = 64 << 20,
    BODY_MAX_DEFAULT = 64 << 10,
    QUEUE_MAX = 64,
    READS_MAX = 4096,
    LATE = 500, /* ms: shorter than Retry-After says, and long enough for two hundred clients without patience */
    LATE_MAX = 1024,
    NICE = 5,
    HEAVY_THREADS = 2 /* the operator's check of a large database may hold one for long */
};

static const field no_fields[] = {{.name = {NULL, 0}}};
const schema exchange_no_body = {.fields = no_fields, .size = 0, .max_bytes = BODY_MAX_DEFAULT};

err http_setup(app *app, arena *a)
{
    const settings *s = app->env.settings;
    schema_setup();
    app->router = router_new(a, app->routes, app->route_count);
    app->trusted = proxies_parse(a, s->trusted_proxies.items, s->trusted_proxies.count);
    if (!app->trusted)
        return ERR_UNAVAILABLE;
    app->pool = pool_new("pool", pool_cores(), NICE, QUEUE_MAX);
    app->heavy = pool_new("heavy", HEAVY_THREADS, NICE, QUEUE_MAX);
    app->late = late_new(LATE, LATE_MAX);
    bool waits = app->store && store_is_shared(app->store);
    app->lanes = waits ? lanes_new(a) : NULL;
    if (waits)
        app->readers = pool_new("readers", (size_t)s->database_connections, 0, READS_MAX);
    return app->pool && app->heavy && app->late && (app->readers || !waits) ? OK : ERR_UNAVAILABLE;
}

void http_teardown(app *app)
{
    late_free(app->late);
    pool_free(app->readers);
    pool_free(app->heavy);
    pool_free(app->pool);
    app->late = NULL;
    app->pool = app->heavy = app->readers = NULL;
}

exchange *exchange_new(app *app, void (*ready)(exchange *x), void *carrier)
{
    exchange *x = malloc(sizeof *x);
    arena *a = x ? arena_new(ARENA_CAP) : NULL;
    if (!a) {
        free(x);
        return NULL;
    }
    memset(x, 0, offsetof(exchange, head.headers));
    char id[TYPEID_SIZE];
    x->ready = ready;
    x->carrier = carrier;
    x->r.app = app;
    x->r.a = a;
    x->r.started = clock_monotonic();
    x->r.request_id = arena_str(a, typeid_format(S("req"), uuid_new(clock_now()), id));
    return x;
}

void exchange_free(exchange *x)
{
    if (!x)
        return;
    buf_free(&x->body);
    buf_free(&x->r.out);
    arena_free(x->r.a); /* wipes: x itself holds views alone */
    free(x);
}

/* ---- the head ---- */

bool exchange_is_safe(str method)
{
    return str_eq(method, S("GET")) || str_eq(method, S("HEAD")) || str_eq(method, S("OPTIONS"));
}

/* CONTRACT.md, section 3. A bearer key is no cookie: no page of another site can send it. */
static err check_site(const exchange *x)
{
    if (exchange_is_safe(x->head.method) || x->is_operator || head_value(&x->head, S("authorization")).p)
        return OK;
    bool api = x->r.route->face == FACE_API;
    return site_is_ours(&x->head, x->r.app->env.public_url, api) ? OK : ERR_CROSS_SITE;
}

const schema *exchange_body_schema(const exchange *x)
{
    return x->r.route->body ? x->r.route->body : &exchange_no_body;
}

static const str body_types[][2] = {[BODY_JSON] = {S_INIT("application/json")},
                                    [BODY_FORM] = {S_INIT("application/x-www-form-urlencoded")},
                                    [BODY_MULTIPART] = {S_INIT("multipart/form-data")},
                                    [BODY_IMAGE] = {S_INIT("image/png"), S_INIT("image/jpeg")}};

body_media exchange_media(const exchange *x)
{
    if (x->r.route->body)
        return x->r.route->media;
    return x->r.route->face == FACE_API ? BODY_JSON : BODY_FORM;
}

str exchange_content_type(const exchange *x, str *parameters)
{
    str rest = head_value(&x->head, S("content-type")), type = str_trim(str_cut(&rest, ';'));
    if (parameters)
        *parameters = rest;
    return type;
}

static err check_body_head(const exchange *x)
{
    if (x->pass.length > exchange_body_schema(x)->max_bytes)
        return ERR_PAYLOAD_TOO_LARGE;
    if (x->pass.length == 0)
        return OK;
    const str *types = body_types[exchange_media(x)];
    str type = exchange_content_type(x, NULL);
    return str_eq_nocase(type, types[0]) || (types[1].p && str_eq_nocase(type, types[1])) ? OK
                                                                                          : ERR_UNSUPPORTED_MEDIA_TYPE;
}

static err find_route(exchange *x)
{
    request *r = &x->r;
    route_match match;
    err found = router_find(r->app->router, r->a, x->head.method, r->path, &match);
    x->allow = match.allow;
    r->route = match.route;
    _Static_assert(sizeof match.params == sizeof r->params, "the match is copied whole");
    memcpy(r->params, match.params, sizeof r->params);
    return found;
}

/* The slug of /o/{org} as it is kept: somebody typed it in capitals. STR_NONE when it stands so already. */
static str small_slug(const request *r)
{
    size_t from = S("/o/").n, to = from;
    if (!str_starts(r->route->pattern, S("/o/{org}")))
        return STR_NONE;
    char *p = arena_alloc(r->a, r->path.n);
    memcpy(p, r->path.p, r->path.n);
    for (; to < r->path.n && p[to] != '/'; to++)
        if (p[to] >= 'A' && p[to] <= 'Z')
            p[to] |= 0x20;
    str path = {p, r->path.n};
    return str_find_byte(str_slice(path, from, to), '%') < to - from || str_eq(path, r->path) ? STR_NONE : path;
}

/* Where a page stands whose address was typed with a slash at its end, or with capitals; STR_NONE: nowhere else. */
static str other_spelling(const exchange *x, err found)
{
    const request *r = &x->r;
    route_match match;
    bool looks = str_eq(x->head.method, S("GET")) || str_eq(x->head.method, S("HEAD"));
    if (looks && found == OK && r->route->face == FACE_CONSOLE)
        return small_slug(r);
    if (!looks || found != ERR_NOT_FOUND || r->path.n < 2 || r->path.p[r->path.n - 1] != '/')
        return STR_NONE;
    str path = str_slice(r->path, 0, r->path.n - 1);
    bool there = router_find(r->app->router, r->a, S("GET"), path, &match) == OK;
    return there && match.route->face == FACE_CONSOLE ? path : STR_NONE;
}

static err begin(exchange *x)
{
    request *r = &x->r;
    err sound = gate_check(&x->head, &x->pass);
    str accept = head_list(r->a, &x->head, S("accept"));
    r->reads_pages = str_find(accept, S("text/html")) < accept.n;
    if (sound == OK)
        r->raw_query = x->pass.query;
    language_choose(x); /* a refusal of the gate is read by somebody, too */
    TRY(sound);
    r->path = x->pass.path;
    r->if_none_match = head_list(r->a, &x->head, S("if-none-match"));
    r->actor.source = source_find(r->app->trusted, &x->from, &x->head, r->a);
    if (str_starts(r->path, S("/assets/")) && exchange_is_safe(x->head.method))
        return response_asset(r, &x->head) ? OK : ERR_NOT_FOUND;
    err found = find_route(x);
    if (found == ERR_METHOD_NOT_ALLOWED && str_eq(x->head.method, S("OPTIONS")))
        return answer_empty(r, 204);
    str other = other_spelling(x, found);
    if (other.p)
        return answer_redirect(r, r->raw_query.p ? arena_join(r->a, other, S("?"), r->raw_query) : other);
    TRY(found);
    if (r->route->face == FACE_API) /* of a form it stands in the body */
        r->idempotency_key = head_value(&x->head, S("idempotency-key"));
    if (r->idempotency_key.p && !idempotency_key_valid(r->idempotency_key))
        return ERR_BAD_REQUEST;
    TRY(check_body_head(x));
    return check_site(x);
}

bool exchange_begin(exchange *x)
{
    x->outcome = begin(x);
    bool refused_early = x->outcome == ERR_BAD_REQUEST || x->outcome == ERR_LENGTH_REQUIRED ||
                         x->outcome == ERR_HEADERS_TOO_LARGE || !x->r.path.p;
    x->must_close = refused_early || (x->outcome != OK && x->pass.length > 0);
    return x->outcome == OK && x->r.status == 0;
}

bool exchange_body(exchange *x, str bytes)
{
    if (x->body.n + bytes.n > exchange_body_schema(x)->max_bytes) {
        x->outcome = ERR_PAYLOAD_TOO_LARGE;
        x->must_close = true;
        return false;
    }
    buf_add(&x->body, bytes);
    return true;
}

/* ---- the answer ---- */

static void note(const exchange *x)
{
    const request *r = &x->r;
    bool probe = r->route && r->route->kind == ROUTE_BARE;
    log_level level = r->status >= 500 ? LOG_WARNING : probe ? LOG_DEBUG : LOG_INFO;
    str pattern = r->route                                                ? r->route->pattern
                  : str_starts(r->path, S("/assets/")) && r->status < 400 ? S("/assets/")
                                                                          : S("-");
    log_(level, "request", LOG_TEXT("method", r->path.p ? x->head.method : S("-")), LOG_TEXT("route", pattern),
         LOG_INT("status", r->status), LOG_INT("ms", clock_monotonic() - r->started), LOG_TEXT("id", r->request_id),
         LOG_TEXT("source", r->actor.source.p ? r->actor.source : S("-")));
}

/* A form that nothing is wrong with is kept by the page that says why it was not done: r->typed, and its key. */
static void keep_typed(exchange *x)
{
    request *r = &x->r;
    problem ignored = {0};
    void *object;
    bool is_form = r->route && r->route->page && r->route->body && !exchange_is_safe(x->head.method) &&
                   exchange_media(x) == BODY_FORM;
    if (!is_form || r->body || arena_full(r->a) || !problem_is_no_forms(x->outcome))
        return;
    if (schema_from_form(r->route->body, r->a, &ignored, buf_str(&x->body), &r->typed, &object) == ERR_BAD_REQUEST)
        r->typed = (typed_form){0};
    r->idempotency_key = idempotency_page_key(r->a, buf_str(&x->body));
}

void exchange_finish(exchange *x)
{
    request *r = &x->r;
    if (x->outcome == OK && arena_full(r->a))
        x->outcome = ERR_UNAVAILABLE;
    if (x->outcome == OK && r->status == 0)
        x->outcome = ERR_INTERNAL;
    if (x->outcome != OK) {
        keep_typed(x);
        problem_answer(r, x->outcome);
    }
    if (x->outcome == ERR_METHOD_NOT_ALLOWED || (r->status == 204 && !r->route))
        if (x->allow.n)
            answer_header(r, S("Allow"), x->allow);
    note(x);
}
