/*
 * Fills the answer's fields in the request. Nothing is sent here: what a transaction answered goes out after its
 * commit, and is forgotten when it runs again.
 */
#include "http/answer.h"

#include "domain/account/browser.h"
#include "http/app.h"
#include "http/problem.h"
#include "limits_table.h"

enum {
    COOKIES_MAX = sizeof((request *)0)->cookies / sizeof(str),
    HEADERS_MAX_EXTRA = sizeof((request *)0)->extra_headers / sizeof(str[2])
};

void answer_reset(request *r)
{
    if (r->out.n)
        explicit_bzero(r->out.p, r->out.n);
    r->out.n = 0;
    r->status = 0;
    r->content_type = r->location = STR_NONE;
    r->cookie_count = r->extra_header_count = r->secret_count = 0;
    r->has_secret = false;
}

err answer_empty(request *r, int status)
{
    r->status = status;
    return OK;
}

err answer_redirect(request *r, str path)
{
    r->status = 303;
    r->location = path;
    return OK;
}

err answer_bytes(request *r, int status, str content_type, str bytes)
{
    r->out.n = 0;
    r->status = status;
    r->content_type = content_type;
    buf_add(&r->out, bytes);
    return OK;
}

void answer_header(request *r, str name, str value)
{
    if (r->extra_header_count == HEADERS_MAX_EXTRA)
        return;
    r->extra_headers[r->extra_header_count][0] = name;
    r->extra_headers[r->extra_header_count++][1] = value;
}

static void add_cookie(request *r, str whole)
{
    if (r->cookie_count < COOKIES_MAX)
        r->cookies[r->cookie_count++] = whole;
}

static int64_t seconds_until(msec t)
{
    msec left = t - clock_now();
    return left > 0 ? left / MSEC_SECOND : 0;
}

/* Only our own pages' requests carry it, no script sees it. */
static void add_own_cookie(request *r, const char *name, str value, int64_t seconds)
{
    bool secure = r->app->secure;
    add_cookie(r,
               arena_printf(r->a, "%s%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=%lld", secure ? "__Host-" : "",
                            name, STR_FMT(value), secure ? "; Secure" : "", (long long)seconds));
}

void answer_session(request *r, const signed_in *in)
{
    if (!in->token.p) /* a repeat by whoever is in already: they have their cookie */
        return;
    add_own_cookie(r, "parvis_session", in->token, seconds_until(in->expires_at));
    if (in->stage != STAGE_FULL)
        return;
    str words =
        browser_sign_in(&r->app->env, r->a, r->actor.browsers, in->account.id, in->account.browsers, clock_now());
    add_own_cookie(r, "parvis_browser", words, BROWSER_LIFETIME / MSEC_SECOND);
}

void answer_session_ended(request *r)
{
    add_own_cookie(r, "parvis_session", S(""), 0);
}

void answer_language_cookie(request *r, language lang)
{
    add_cookie(r, arena_printf(r->a, "parvis_lang=%.*s; Path=/; HttpOnly; SameSite=Lax%s; Max-Age=31536000",
                               STR_FMT(language_code(lang)), r->app->secure ? "; Secure" : ""));
}
