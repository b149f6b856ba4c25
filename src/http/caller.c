/* Who calls, whether this route is for them, and their place in the organization of the path. */
#include "http/caller.h"

#include "base/text.h"
#include "domain/account/instance_key.h"
#include "domain/account/succession.h"
#include "domain/member/api_key.h"
#include "domain/shared/session.h"
#include "http/app.h"
#include "http/cookie.h"
#include "http/exchange.h"
#include "http/language_choice.h"
#include "ports/zone.h"

str caller_organization(const request *r)
{
    if (r->route->access != ACCESS_MEMBER && r->route->access != ACCESS_PERMISSION)
        return STR_NONE;
    size_t i = 0;
    while (!str_eq(r->route->params[i].name, S("org"))) /* the generator saw to it that there is one */
        i++;
    return r->params[i].text;
}

#define OWN_COOKIE(x, name) cookie_find(&(x)->head, (x)->r.app->secure ? S("__Host-" name) : S(name))

static err open_session(exchange *x, txn *t, str token, actor *who)
{
    err e = session_authenticate(t, token, who);
    if (!x->r.route->succeeds)
        return e;
    return e == OK ? succession_trace(t, who) : e == ERR_UNAUTHENTICATED ? succession_find(t, token, who) : e;
}

/*
 * By plain http a cookie of another path or port-mate stands beside ours, a dead one for ever: the one live session
 * among them is meant. Two that live are nobody's, since nobody can tell who set which; __Host- has no twins in a
 * browser.
 */
static err identify_session(exchange *x, txn *t, actor *who)
{
    enum { TWINS = 4 };
    str tokens[TWINS];
    const actor nobody = *who;
    bool secure = x->r.app->secure;
    size_t live = 0,
           n = cookie_values(&x->head, secure ? S("__Host-parvis_session") : S("parvis_session"), tokens, TWINS);
    x->r.has_twin_cookies = n > 1;
    if (n == 1)
        return tokens[0].n ? open_session(x, t, tokens[0], who) : OK;
    for (size_t i = 0; i < n && n <= TWINS && !secure && live < 2; i++) {
        actor other = nobody;
        err e = session_authenticate(t, tokens[i], &other);
        if (e != OK && e != ERR_UNAUTHENTICATED)
            return e;
        live += e == OK;
        *who = e == OK ? other : *who;
    }
    *who = live == 1 ? *who : nobody;
    return OK;
}

static err identify(exchange *x, txn *t, actor *who)
{
    str sent = head_value(&x->head, S("authorization"));
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
    return identify_session(x, t, who);
}

str caller_shown(const exchange *x)
{
    str sent = head_value(&x->head, S("authorization"));
    if (sent.p)
        return arena_join(x->r.a, S("key "), sent);
    if (x->is_operator)
        return actor_kind_text(ACTOR_OPERATOR);
    str session = OWN_COOKIE(x, "parvis_session");
    return session.p ? arena_join(x->r.a, S("session "), session) : S("");
}

/* Forms carry it beside what their schema names; what is no zone says nothing. */
static str zone_here(const request *r)
{
    for (size_t i = 0; i < r->typed.count; i++)
        if (str_eq(r->typed.pairs[i].name, S("here")) && zone_exists(r->typed.pairs[i].value))
            return r->typed.pairs[i].value;
    return STR_NONE;
}

err caller_authenticate(exchange *x, txn *t)
{
    request *r = &x->r;
    actor nobody = {.source = r->actor.source,
                    .request_id = r->request_id,
                    .user_agent = text_of_bytes(r->a, head_value(&x->head, S("user-agent")), USER_AGENT_MOST),
                    .page = r->route->face == FACE_CONSOLE ? r->idempotency_key : STR_NONE,
                    .browsers = r->route->kind == ROUTE_READ ? STR_NONE : OWN_COOKIE(x, "parvis_browser"),
                    .zone = r->app->env.settings->time_zone,
                    .here_zone = zone_here(r)};
    r->actor = nobody;
    err result = identify(x, t, &r->actor);
    bool half = r->actor.stage != STAGE_FULL && !(r->route->stages & (unsigned)r->actor.stage);
    if ((result == ERR_UNAUTHENTICATED || half) && r->route->access == ACCESS_PUBLIC) {
        r->actor = nobody;
        result = OK;
    }
    actor_tell_in(&r->actor, STR_NONE);
    if (r->actor.locale.p)
        language_choose(x);
    return result;
}

err caller_check(const request *r)
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
    if (who == ACTOR_ANONYMOUS) /* succession_find leaves nobody else so */
        return actor_is_former(&r->actor) ? OK : ERR_UNAUTHENTICATED;
    if (r->route->access == ACCESS_SESSION && who != ACTOR_ACCOUNT)
        return ERR_FORBIDDEN;
    if (r->route->access == ACCESS_OPERATOR && who != ACTOR_OPERATOR)
        return ERR_FORBIDDEN;
    return OK;
}

err caller_enter(request *r, txn *t)
{
    str organization = caller_organization(r);
    if (!organization.p)
        return OK;
    err e = actor_enter(t, &r->actor, organization, r->route->access == ACCESS_PERMISSION ? r->route->permission : 0);
    if (e == ERR_NOT_FOUND && r->actor.is_out && r->route->face == FACE_CONSOLE)
        TRY(r->app->look_out(r, t)); /* its page is made when there is no transaction any more */
    return e;
}
