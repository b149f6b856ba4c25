#include "http/exchange.h"

#include "base/log.h"
#include "domain/instance_key.h"
#include "domain/session.h"
#include "domain/throttle.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/cookie.h"
#include "http/idempotency.h"
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
    BULK_BODY = 8 << 10,
    QUEUE_MAX = 64,
    READS_MAX = 4096,
    READ_ATTEMPTS = 3,
    LATE = 500, /* ms: shorter than Retry-After says, and long enough for two hundred clients without patience */
    LATE_MAX = 1024,
    SLOW_PATIENCE = 5000, /* ms in the pool's queue */
    NICE = 5
};

static const field no_fields[] = {{.name = {NULL, 0}}};
static const schema nothing = {.fields = no_fields, .size = 0, .max_bytes = BODY_MAX_DEFAULT};

err http_setup(app *app, arena *a)
{
    const settings *s = app->env.settings;
    schema_setup();
    app->router = router_new(a, app->routes, app->route_count);
    app->trusted = proxies_parse(a, s->trusted_proxies.items, s->trusted_proxies.count);
    if (!app->trusted) {
        log_plain(LOG_ERROR, "trusted_proxies holds something that is neither an address nor a network");
        return ERR_UNAVAILABLE;
    }
    app->pool = pool_new(pool_cores(), NICE, QUEUE_MAX);
    app->late = late_new(LATE, LATE_MAX);
    bool waits = app->store && store_is_shared(app->store);
    if (waits)
        app->readers = pool_new((size_t)s->database_connections, 0, READS_MAX);
    return app->pool && app->late && (app->readers || !waits) ? OK : ERR_UNAVAILABLE;
}

void http_teardown(app *app)
{
    late_free(app->late);
    pool_free(app->readers);
    pool_free(app->pool);
    app->late = NULL;
    app->pool = app->readers = NULL;
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

/* The reader's own choice comes first: in the address, then by the switch on a page, then with the account. */
static void choose_language(exchange *x)
{
    request *r = &x->r;
    r->lang_chosen = language_parse(form_value(r->a, r->raw_query, S("lang")), &r->lang) ||
                     language_parse(cookie_find(&x->head, S("parvis_lang")), &r->lang) ||
                     language_parse(r->actor.locale, &r->lang);
    if (!r->lang_chosen)
        r->lang = language_negotiate(head_value(&x->head, S("accept-language")), LANG_EN);
}

static bool is_safe(str method)
{
    return str_eq(method, S("GET")) || str_eq(method, S("HEAD")) || str_eq(method, S("OPTIONS"));
}

/* CONTRACT.md, section 3. A bearer key is no cookie: no page of another site can send it. */
static err check_site(const exchange *x)
{
    if (is_safe(x->head.method) || x->is_operator || head_value(&x->head, S("authorization")).p)
        return OK;
    bool api = x->r.route->face == FACE_API;
    return site_is_ours(&x->head, x->r.app->env.public_url, api) ? OK : ERR_CROSS_SITE;
}

static const schema *body_schema(const exchange *x)
{
    return x->r.route->body ? x->r.route->body : &nothing;
}

static const str body_types[][2] = {[BODY_JSON] = {S_INIT("application/json")},
                                    [BODY_FORM] = {S_INIT("application/x-www-form-urlencoded")},
                                    [BODY_MULTIPART] = {S_INIT("multipart/form-data")},
                                    [BODY_IMAGE] = {S_INIT("image/png"), S_INIT("image/jpeg")}};

static body_media media_of(const exchange *x)
{
    if (x->r.route->body)
        return x->r.route->media;
    return x->r.route->face == FACE_API ? BODY_JSON : BODY_FORM;
}

static str content_type(const exchange *x, str *parameters)
{
    str rest = head_value(&x->head, S("content-type")), type = str_trim(str_cut(&rest, ';'));
    if (parameters)
        *parameters = rest;
    return type;
}

static err check_body_head(const exchange *x)
{
    if (x->pass.length > body_schema(x)->max_bytes)
        return ERR_PAYLOAD_TOO_LARGE;
    if (x->pass.length == 0)
        return OK;
    const str *types = body_types[media_of(x)];
    str type = content_type(x, NULL);
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

static err begin(exchange *x)
{
    request *r = &x->r;
    err sound = gate_check(&x->head, &x->pass);
    if (sound == OK)
        r->raw_query = x->pass.query;
    choose_language(x); /* a refusal of the gate is read by somebody, too */
    TRY(sound);
    r->path = x->pass.path;
    r->idempotency_key = head_value(&x->head, S("idempotency-key"));
    r->if_none_match = head_value(&x->head, S("if-none-match"));
    r->actor.source = source_find(r->app->trusted, &x->from, &x->head, r->a);
    if (str_starts(r->path, S("/assets/")) && is_safe(x->head.method))
        return response_asset(r, &x->head) ? OK : ERR_NOT_FOUND;
    err found = find_route(x);
    if (found == ERR_METHOD_NOT_ALLOWED && str_eq(x->head.method, S("OPTIONS")))
        return answer_empty(r, 204);
    TRY(found);
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
    if (x->body.n + bytes.n > body_schema(x)->max_bytes) {
        x->outcome = ERR_PAYLOAD_TOO_LARGE;
        x->must_close = true;
        return false;
    }
    buf_add(&x->body, bytes);
    return true;
}

/* ---- who ---- */

static err identify(exchange *x, txn *t, actor *who)
{
    request *r = &x->r;
    str sent = head_value(&x->head, S("authorization"));
    str cookie_name = r->app->secure ? S("__Host-parvis_session") : S("parvis_session");
    if (sent.p) {
        str scheme = str_cut(&sent, ' '), key = str_trim(sent);
        if (!str_eq_nocase(scheme, S("bearer")))
            return ERR_UNAUTHENTICATED;
        return str_starts(key, INSTANCE_KEY_PREFIX) ? instance_key_authenticate(t, key, who)
                                                    : api_key_authenticate(t, key, who);
    }
    if (x->is_operator) {
        who->kind = ACTOR_OPERATOR;
        return OK;
    }
    str token = cookie_find(&x->head, cookie_name);
    return token.n ? session_authenticate(t, token, who) : OK;
}

/* Fills r->actor afresh. On a public route a dead session or key is nobody's, and so is one whose sign-in is not through;
 * elsewhere it is refused. */
static err authenticate(exchange *x, txn *t)
{
    request *r = &x->r;
    actor nobody = {
        .source = r->actor.source, .request_id = r->request_id, .user_agent = head_value(&x->head, S("user-agent"))};
    r->actor = nobody;
    err result = identify(x, t, &r->actor);
    bool half = r->actor.stage != STAGE_FULL && !(r->route->stages & (unsigned)r->actor.stage);
    if ((result == ERR_UNAUTHENTICATED || half) && r->route->access == ACCESS_PUBLIC) {
        r->actor = nobody;
        result = OK;
    }
    if (r->actor.locale.p)
        choose_language(x);
    return result;
}

static err check_access(const request *r)
{
    actor_kind who = r->actor.kind;
    if (r->actor.stage == STAGE_PASSWORD && !(r->route->stages & STAGE_PASSWORD))
        return ERR_PASSWORD_CHANGE_REQUIRED;
    if (r->actor.stage == STAGE_FACTOR && !(r->route->stages & STAGE_FACTOR))
        return ERR_SECOND_FACTOR_REQUIRED;
    if (who == ACTOR_INSTANCE_KEY)
        return r->route->instance_key ? OK : ERR_FORBIDDEN;
    if (r->route->access == ACCESS_PUBLIC)
        return OK;
    if (who == ACTOR_ANONYMOUS)
        return ERR_UNAUTHENTICATED;
    if (r->route->access == ACCESS_SESSION && who != ACTOR_ACCOUNT)
        return ERR_FORBIDDEN;
    if (r->route->access == ACCESS_OPERATOR && who != ACTOR_OPERATOR)
        return ERR_FORBIDDEN;
    return OK;
}

/* What stands for {org} in the path; STR_NONE on a route that is no organization's. */
static str organization_of(const request *r)
{
    if (r->route->access != ACCESS_MEMBER && r->route->access != ACCESS_PERMISSION)
        return STR_NONE;
    size_t i = 0;
    while (!str_eq(r->route->params[i].name, S("org"))) /* the generator saw to it that there is one */
        i++;
    return r->params[i].text;
}

/* The caller's place in {org}, read in the transaction that does the work. */
static err enter(request *r, txn *t)
{
    str organization = organization_of(r);
    return organization.p ? actor_enter(t, &r->actor, organization,
                                        r->route->access == ACCESS_PERMISSION ? r->route->permission : 0)
                          : OK;
}

/* ---- what ---- */

static err read_input(exchange *x)
{
    request *r = &x->r;
    bool api = r->route->face == FACE_API;
    void *ignored;
    const schema *query = r->route->query ? r->route->query : &nothing;
    TRY(schema_from_query(query, r->a, &r->problem, r->raw_query, api, r->route->query ? &r->query : &ignored));
    str text = buf_str(&x->body);
    if (is_safe(x->head.method) || (!r->route->body && (text.n == 0 || !api)))
        return OK;
    void **out = r->route->body ? &r->body : &ignored;
    str parameters;
    switch (media_of(x)) {
    case BODY_JSON:
        return schema_from_json(body_schema(x), r->a, &r->problem, text, out);
    case BODY_FORM:
        return schema_from_form(body_schema(x), r->a, &r->problem, text, out);
    case BODY_MULTIPART:
        content_type(x, &parameters);
        return schema_from_multipart(body_schema(x), r->a, &r->problem, parameters, text, out);
    case BODY_IMAGE:
        return schema_from_bytes(body_schema(x), r->a, &r->problem, text, out);
    }
    return ERR_INTERNAL;
}

static bool is_idempotent_post(const request *r)
{
    return r->idempotency_key.p && r->route->face == FACE_API && r->actor.kind != ACTOR_ANONYMOUS &&
           str_eq(r->route->method, S("POST")) && !r->route->effect_free;
}

typedef struct touch {
    store_job job;
    problem problem;
    uuid session_id;
} touch;

static err touch_run(txn *t, void *context)
{
    return session_touch(t, ((touch *)context)->session_id);
}

static void touch_done(void *context, err result)
{
    touch *job = context;
    if (result != OK)
        log_plain(LOG_DEBUG, "a session's last use was not noted");
    arena_free(job->job.a);
    free(job);
}

static void note_session(const request *r)
{
    if (r->actor.kind != ACTOR_ACCOUNT || !session_is_stale(&r->actor, clock_now()))
        return;
    touch *job = calloc(1, sizeof *job);
    arena *a = job ? arena_new(1 << 16) : NULL;
    if (!a) {
        free(job);
        return;
    }
    job->session_id = r->actor.session_id;
    job->job = (store_job){.run = touch_run, .done = touch_done, .context = job, .a = a, .problem = &job->problem};
    store_submit(r->app->store, &job->job);
}

/* Who calls, whether they may, and what they sent: everything before the handler. */
static err prepare_in(exchange *x, txn *t)
{
    TRY(authenticate(x, t));
    TRY(check_access(&x->r));
    return read_input(x);
}

/* A whole transaction that reads, perhaps more than once. */
static err reading(exchange *x, err (*work)(exchange *x, txn *t))
{
    request *r = &x->r;
    err result = OK;
    bool again = true;
    for (int attempts = 0; again && attempts < READ_ATTEMPTS; attempts++) {
        txn t;
        answer_reset(r);
        r->problem = (problem){0};
        TRY(store_read(r->app->store, r->a, &r->problem, &t));
        result = work(x, &t);
        again = store_read_again(&t);
        store_read_end(&t);
    }
    return again ? ERR_UNAVAILABLE : result;
}

static err prepare_and_handle(exchange *x, txn *t)
{
    request *r = &x->r;
    TRY(prepare_in(x, t));
    TRY(enter(r, t));
    return r->route->handle(r, t);
}

/* In the transaction that writes; perhaps more than once. */
static err job_run(txn *t, void *context)
{
    exchange *x = context;
    request *r = &x->r;
    answer_reset(r);
    r->problem = (problem){0};
    TRY(authenticate(x, t)); /* again: a session that ended since is ended */
    TRY(check_access(r));
    TRY(enter(r, t));
    return is_idempotent_post(r) ? idempotency_run(r, t, buf_str(&x->body)) : r->route->handle(r, t);
}

static void job_done(void *context, err result)
{
    exchange *x = context;
    x->outcome = result;
    note_session(&x->r);
    x->ready(x);
}

static void submit(exchange *x)
{
    request *r = &x->r;
    str organization = organization_of(r);
    x->job = (store_job){.run = job_run,
                         .done = job_done,
                         .context = x,
                         .a = r->a,
                         .problem = &r->problem,
                         .bulk = x->body.n > BULK_BODY,
                         .lane = organization.p ? str_hash(organization) : 0};
    store_submit(r->app->store, &x->job);
}

static void prepare_then_submit(void *context)
{
    exchange *x = context;
    bool late = clock_monotonic() - x->r.started > SLOW_PATIENCE; /* told so, while they still listen */
    err result = late ? ERR_UNAVAILABLE : x->r.route->prepare(&x->r);
    if (result == OK)
        submit(x);
    else
        job_done(x, result);
}

/* ---- admission to the pool ---- */

static str source_of(const request *r)
{
    return throttle_source(r->a, r->actor.source.p ? r->actor.source : S(""));
}

/*
 * What can be refused by reading is refused here, before anything is hashed: rights in {org}, limits, dead tokens. The handler
 * asks again in the transaction that writes, where limits are counted. A page that shows what was found needs no other.
 */
static err prepare_and_admit(exchange *x, txn *t)
{
    request *r = &x->r;
    bool replayed = false;
    r->finding = (finding){0};
    r->no_work = false;
    TRY(prepare_in(x, t));
    TRY(enter(r, t));
    if (is_idempotent_post(r))
        TRY(idempotency_replay(r, t, buf_str(&x->body), &replayed));
    if (!replayed && r->route->admit)
        TRY(r->route->admit(r, t));
    return r->finding.refusal == OK ? OK : r->route->handle(r, t);
}

static void answer_late(void *context)
{
    exchange *x = context;
    x->ready(x);
}

/* Whoever is refused without having cost work asks again at once: paced, they take no processor from who is served. */
static bool wait_then_answer(exchange *x)
{
    x->task = (pool_task){.run = answer_late, .context = x};
    return late_put(x->r.app->late, &x->task);
}

/* No thread is free for this one, and none soon. True: answered. */
static bool refuse_busy(exchange *x)
{
    x->outcome = ERR_UNAVAILABLE;
    return !wait_then_answer(x);
}

/* Into the pool, in its source's line. Who had to give way is told as who found no place is. */
static bool submit_slow(exchange *x)
{
    pool_task *displaced;
    x->task = (pool_task){.run = prepare_then_submit, .context = x, .source = source_of(&x->r)};
    bool queued = pool_submit(x->r.app->pool, &x->task, &displaced);
    exchange *other = displaced ? displaced->context : NULL;
    if (other && refuse_busy(other))
        other->ready(other);
    return !queued && refuse_busy(x);
}

/* True: answered. False: on its way, and perhaps gone already. */
static bool run_here(exchange *x)
{
    request *r = &x->r;
    bool slow = r->route->kind == ROUTE_SLOW;
    x->outcome = reading(x, slow ? prepare_and_admit : r->route->kind == ROUTE_READ ? prepare_and_handle : prepare_in);
    if (r->route->kind == ROUTE_READ || x->outcome != OK || r->status != 0) {
        err refusal = x->outcome != OK ? x->outcome : r->finding.refusal;
        note_session(r);
        return !(slow && refusal == ERR_RATE_LIMITED && wait_then_answer(x));
    }
    if (slow && !r->no_work)
        return submit_slow(x);
    submit(x);
    return false;
}

static void run_there(void *context)
{
    exchange *x = context;
    request *r = &x->r;
    bool late = clock_monotonic() - r->started > r->app->env.settings->database_timeout;
    if (late) /* all before it wait for the database; whoever asked has left by now */
        x->outcome = ERR_UNAVAILABLE;
    if (late || run_here(x))
        x->ready(x);
}

bool exchange_run(exchange *x)
{
    request *r = &x->r;
    if (x->body.n != x->pass.length) { /* two readers saw two lengths */
        x->outcome = ERR_BAD_REQUEST;
        x->must_close = true;
        return true;
    }
    if (r->route->kind == ROUTE_BARE) {
        x->outcome = r->route->handle(r, NULL);
        return true;
    }
    if (r->route->kind == ROUTE_SLOW && pool_would_refuse(r->app->pool, source_of(r)))
        return refuse_busy(x); /* before anything of it is read */
    if (!r->app->readers)
        return run_here(x);
    /* What was sent can be read, and its transaction asks who sent it: another one beforehand would say nothing new. */
    if (r->route->kind == ROUTE_WRITE && read_input(x) == OK) {
        submit(x);
        return false;
    }
    r->problem = (problem){0};
    pool_task *displaced; /* none: all of them stand in one line */
    x->task = (pool_task){.run = run_there, .context = x};
    if (pool_submit(r->app->readers, &x->task, &displaced))
        return false;
    x->outcome = ERR_UNAVAILABLE;
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

void exchange_finish(exchange *x)
{
    request *r = &x->r;
    if (x->outcome == OK && arena_full(r->a))
        x->outcome = ERR_UNAVAILABLE;
    if (x->outcome == OK && r->status == 0)
        x->outcome = ERR_INTERNAL;
    if (x->outcome != OK)
        problem_answer(r, x->outcome);
    if (x->outcome == ERR_METHOD_NOT_ALLOWED || (r->status == 204 && !r->route))
        if (x->allow.n)
            answer_header(r, S("Allow"), x->allow);
    note(x);
}
