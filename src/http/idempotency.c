/*
 * The answer is kept in the transaction of the change itself: neither can be there without the other. Secrets are cut
 * out of it, at the places that the writer noted.
 */
#include "http/idempotency.h"

#include "domain/shared/env.h"
#include "domain/shared/throttle.h"
#include "http/answer.h"
#include "http/problem.h"
#include "http/schema.h"
#include "limits_table.h"
#include "ports/token.h"
#include "queries.h"

/* ROUTE_MOST: an index of PostgreSQL takes 2,704 bytes, of which the key has 255. */
enum { SWEEP_ONE_IN = 64, AROUND_ANSWER = 256, ROUTE_MOST = 1000, PAGE_MOST = 64 << 10, PAGE_KEY_LENGTH = 22 };

/* What comes between two sums of an account's answers, about: of small ones one in hundreds brings one. */
#define FIT_EVERY (ANSWERS_KEPT_BYTES / 32)

/* Before a page's key: no program's begins with it. */
#define PAGE_SIGN "\u00A7"

bool idempotency_key_valid(str key)
{
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] < 0x20 || key.p[i] > 0x7E)
            return false;
    return key.n >= 1 && key.n <= 255;
}

str idempotency_page_key(arena *a, str form)
{
    str bytes, typed = form_value(a, form, S("once"));
    return typed.n == PAGE_KEY_LENGTH && base64url_decode(a, typed, &bytes) ? typed : STR_NONE;
}

static bool is_form(const request *r)
{
    return r->route->face == FACE_CONSOLE;
}

bool idempotency_asked(const request *r)
{
    return r->idempotency_key.p && (is_form(r) || r->actor.kind != ACTOR_ANONYMOUS) &&
           str_eq(r->route->method, S("POST")) && !r->route->effect_free;
}

/* Whoever is not signed in is known by where they come from, and fills nobody else's room. */
static uuid scope_of_source(txn *t, const actor *who)
{
    uuid id;
    token_digest mac = token_mac(t->env->key, KEY_BODY, throttle_source_of(t->a, who));
    memcpy(id.b, mac.b, sizeof id.b);
    return id;
}

static uuid scope_of(txn *t, const actor *who)
{
    if (who->kind == ACTOR_ANONYMOUS)
        return scope_of_source(t, who);
    bool key = who->kind == ACTOR_API_KEY || who->kind == ACTOR_INSTANCE_KEY;
    return key ? who->key_id : who->account_id; /* the operator: zeros */
}

/* An account's keys take up its room: one account may make as many as it likes. The operator's are the operator's. */
static uuid holder_of(txn *t, const actor *who)
{
    return who->kind == ACTOR_ANONYMOUS ? scope_of_source(t, who) : who->account_id;
}

static bool is_kept_status(int status)
{
    return status < 500 && status != 401 && status != 429;
}

/* A page or the way to one, and nothing besides: a cookie is for the first alone. */
static bool is_kept_form(const request *r)
{
    bool page = r->location.p || str_starts(r->content_type, S("text/html"));
    return page && r->status < 400 && r->cookie_count == 0 && r->extra_header_count == 0 && r->out.n <= PAGE_MOST;
}

static bool is_kept(const request *r)
{
    return is_form(r) ? is_kept_form(r) : is_kept_status(r->status);
}

/*
 * The content type, a line break, the body with null for each secret; no body at all when a secret cannot be cut out.
 */
static str kept_body(request *r)
{
    BUF_SCOPED out = {0};
    buf_add(&out, r->content_type.p ? r->content_type : S(""));
    buf_byte(&out, '\n');
    if (!r->has_secret || r->secret_count > 0) {
        size_t from = 0;
        for (size_t i = 0; i < r->secret_count; i++) {
            buf_add(&out, str_slice(buf_str(&r->out), from, r->secrets[i].from));
            buf_lit(&out, "null");
            from = r->secrets[i].to;
        }
        buf_add(&out, str_slice(buf_str(&r->out), from, r->out.n));
    }
    return arena_str(r->a, buf_str(&out));
}

/* The address that it led to, a line break, and the page; sealed: it may show what is shown once. */
static str kept_page(request *r, const txn *t)
{
    str location = r->location.p ? r->location : S("");
    return seal(t->env->key, r->a, arena_join(r->a, location, S("\n"), buf_str(&r->out)));
}

/* False: it was sealed with another key. */
static bool replay_page(request *r, const txn *t, str kept)
{
    str page;
    if (!unseal(t->env->key, r->a, kept, &page))
        return false;
    str location = str_cut(&page, '\n');
    r->location = location.n ? location : STR_NONE;
    if (page.n)
        r->content_type = S("text/html; charset=utf-8");
    buf_add(&r->out, page);
    return true;
}

static void replay_answer(request *r, str body)
{
    str type = str_cut(&body, '\n');
    if (type.n)
        r->content_type = type;
    if (body.n)
        buf_add(&r->out, body);
}

static bool replay(request *r, const txn *t, const q_idempotency_get_row *row)
{
    answer_reset(r);
    r->status = (int)row->status;
    if (!is_form(r))
        replay_answer(r, row->body);
    else if (!replay_page(r, t, row->body))
        return false;
    answer_header(r, S("Idempotency-Replayed"), S("true"));
    return true;
}

/* The handler in a savepoint of its own: a refusal that is kept undoes what it wrote, and nothing else. */
static err run_handler(request *r, txn *t)
{
    if (is_form(r))
        return r->route->handle(r, t);
    TRY(store_savepoint(t));
    err result = r->route->handle(r, t);
    if (result == OK)
        return store_release(t);
    if (!is_kept_status(err_about(result)->status))
        return result;
    store_rollback_to(t);
    problem_answer(r, result);
    return OK;
}

/* Method, path and query; of a long one its hash, behind a sign that no path begins with. */
static str route_of(arena *a, const request *r)
{
    str query = r->raw_query.p ? arena_join(a, S("?"), r->raw_query) : S("");
    str whole = arena_join(a, r->route->method, S(" "), r->path, query);
    if (whole.n <= ROUTE_MOST)
        return whole;
    token_digest hash = token_hash(whole);
    return arena_join(a, r->route->method, S(" #"), base64url_encode(a, token_digest_str(&hash)));
}

/* Where the answer to this request is kept. */
typedef struct keeping {
    uuid holder, scope;
    str key, route;
    token_digest hash;
} keeping;

static keeping keeping_of(const request *r, txn *t, str body)
{
    return (keeping){
        .holder = holder_of(t, &r->actor),
        .scope = scope_of(t, &r->actor),
        .key = is_form(r) ? arena_join(t->a, S(PAGE_SIGN), r->idempotency_key) : r->idempotency_key,
        .route = route_of(t->a, r),
        .hash = token_mac(t->env->key, KEY_BODY, body), /* a bare hash could be guessed at: it may hold a password */
    };
}

/* The answer kept for this very request; *found: there is one. */
static err find_kept(const request *r, txn *t, const keeping *at, q_idempotency_get_row *row, bool *found)
{
    *found = false;
    err e =
        q_idempotency_get(t, row, .holder_id = at->holder, .caller_id = at->scope, .key = at->key, .route = at->route);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    if (!row->status || row->created_at <= t->now - ANSWER_KEPT_FOR)
        return OK;
    *found = token_equal(row->body_hash, token_digest_str(&at->hash));
    return *found || is_form(r) ? OK : ERR_IDEMPOTENCY_KEY_REUSED;
}

static err replay_from(request *r, txn *t, const keeping *at, bool *replayed)
{
    q_idempotency_get_row row;
    TRY(find_kept(r, t, at, &row, replayed));
    *replayed = *replayed && replay(r, t, &row);
    return OK;
}

err idempotency_replay(request *r, txn *t, str body, bool *replayed)
{
    const keeping at = keeping_of(r, t, body);
    return replay_from(r, t, &at, replayed);
}

err idempotency_way_on(request *r, txn *t, str body, err refusal)
{
    if (!is_form(r) || !idempotency_asked(r) || r->actor.kind != ACTOR_ACCOUNT)
        return refusal;
    const keeping at = keeping_of(r, t, body);
    q_idempotency_get_row row;
    bool found;
    TRY(find_kept(r, t, &at, &row, &found));
    return found && row.status == 303 && replay(r, t, &row) ? OK : refusal;
}

/* A twin of this request may be at it at this moment: whoever comes second waits here. */
static err claim(txn *t, const keeping *at)
{
    if (!store_is_shared(t->store))
        return OK;
    return q_idempotency_claim(t, .holder_id = at->holder, .caller_id = at->scope, .key = at->key, .route = at->route,
                               .body_hash = token_digest_str(&at->hash), .body = S(""), .created_at = t->now);
}

static err unclaim(txn *t, const keeping *at)
{
    if (!store_is_shared(t->store))
        return OK;
    return q_idempotency_unclaim(t, .holder_id = at->holder, .caller_id = at->scope, .key = at->key,
                                 .route = at->route);
}

/* What nobody can foresee or choose, and what the transaction's next attempt gives again. */
static uint32_t chance_of(const txn *t, const keeping *at)
{
    str caller = {(const char *)at->scope.b, sizeof at->scope.b};
    str where = arena_join(t->a, caller, at->key, S(" "), at->route);
    token_digest mac = token_mac(t->env->key, KEY_BODY, where);
    uint32_t chance;
    memcpy(&chance, mac.b, sizeof chance);
    return chance;
}

/* The chance is as large as the answer: however many answers FIT_EVERY bytes are, they bring about one sum. */
static err fit(txn *t, const keeping *at, size_t body, uint32_t chance)
{
    if (chance % FIT_EVERY >= body + 2 * (at->key.n + at->route.n) + AROUND_ANSWER)
        return OK;
    return q_idempotency_fit(t, .holder_id = at->holder, .sign = S(PAGE_SIGN), .around = AROUND_ANSWER,
                             .most = ANSWERS_KEPT_BYTES);
}

static err keep(request *r, txn *t, const keeping *at)
{
    uint32_t chance = chance_of(t, at);
    if (chance % SWEEP_ONE_IN == 0)
        TRY(q_idempotency_forget(t, .before_at = t->now - ANSWER_KEPT_FOR));
    str body = is_form(r) ? kept_page(r, t) : kept_body(r);
    TRY(q_idempotency_put(t, .holder_id = at->holder, .caller_id = at->scope, .key = at->key, .route = at->route,
                          .body_hash = token_digest_str(&at->hash), .status = r->status, .created_at = t->now,
                          .body = body));
    return is_form(r) ? q_idempotency_prune(t, .holder_id = at->holder, .caller_id = at->scope, .sign = S(PAGE_SIGN),
                                            .most = PAGES_KEPT)
                      : fit(t, at, body.n, chance);
}

err idempotency_run(request *r, txn *t, str body)
{
    const keeping at = keeping_of(r, t, body);
    bool replayed;
    TRY(claim(t, &at));
    TRY(replay_from(r, t, &at, &replayed));
    if (replayed)
        return OK;
    TRY(run_handler(r, t));
    return is_kept(r) ? keep(r, t, &at) : unclaim(t, &at);
}
