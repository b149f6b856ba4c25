/* The page of a refusal. It must not fail: no page follows. */
#include "console/console.h"
#include "domain/shared/secret.h"
#include "http/problem.h"
#include "ports/template.h"

/* Who came by the list, and is let see it. */
static bool leads_to_users(const request *r)
{
    str list = S("/o/{org}/users");
    return r->actor.kind == ACTOR_ACCOUNT && !uuid_none(r->actor.membership_id) && r->route &&
           str_starts(r->route->pattern, list) && !str_eq(r->route->pattern, list) &&
           (r->actor.may & PERM_MEMBERS_READ);
}

/* Where one can go from here. */
static void put_way(request *r, mval *m, err refusal)
{
    bool inside = r->actor.kind == ACTOR_ACCOUNT;
    bool of_address = r->route && str_starts(r->route->pattern, S("/email/"));
    if (refusal == ERR_TOKEN_INVALID && !of_address) {
        PUT(m, "way_url", S("/password/forgotten"));
        PUT(m, "way_text", text(r, "problem.way_forgotten"));
    } else if (refusal == ERR_ADDRESS_UNPROVED) {
        PUT(m, "way_url", S("/me#address"));
        PUT(m, "way_text", text(r, "me.unproved_action"));
    } else if (leads_to_users(r)) {
        PUT(m, "way_url", org_path(r, "/users"));
        PUT(m, "way_text", text(r, "problem.way_back"));
    } else if (!r->route) { /* nobody asked who is there: the root knows */
        PUT(m, "way_url", S("/"));
        PUT(m, "way_text", text(r, "problem.way_home"));
    } else {
        PUT(m, "way_url", inside ? S("/") : S("/sign-in"));
        PUT(m, "way_text", text(r, inside ? "problem.way_home" : "problem.way_sign_in"));
    }
}

/* A link that was cut short or added to on its way says nothing of the one that was sent: that may still work. */
static bool is_cut(request *r, err refusal)
{
    return refusal == ERR_TOKEN_INVALID && r->route && r->route->params[0].secret &&
           !secret_is_whole(r->a, r->params[0].text);
}

static str title_of(request *r, err refusal)
{
    return is_cut(r, refusal) ? text(r, "closed.invalid_title") : problem_title(r, refusal);
}

/* Nobody can ask for another link that takes an account back. */
static str detail_of(request *r, err refusal)
{
    if (is_cut(r, refusal))
        return text(r, "problem.link_cut");
    bool of_undo = refusal == ERR_TOKEN_INVALID && r->route && str_starts(r->route->pattern, S("/email/undo/"));
    return of_undo ? text(r, "email_undo.over") : problem_detail(r, refusal);
}

/* What has to be done first, beside: this page is left for nothing. STR_NONE: nothing but to try again. */
static str way_beside(err refusal)
{
    return refusal == ERR_UNAUTHENTICATED            ? S("/sign-in")
           : refusal == ERR_SECOND_FACTOR_REQUIRED   ? S("/sign-in/factor")
           : refusal == ERR_PASSWORD_CHANGE_REQUIRED ? S("/password/new")
                                                     : STR_NONE;
}

/*
 * Something that people fill in was sent, and may be sent again as it is. Steps of signing in lead on by themselves:
 * who is to take them anew begins with the first.
 */
static bool is_kept(const request *r, err refusal)
{
    if (!r->route || !r->route->page || !r->route->body || !problem_is_no_forms(refusal) ||
        (way_beside(refusal).p && r->route->stages))
        return false;
    for (size_t i = 0; i < r->typed.count; i++)
        for (const field *f = r->route->body->fields; f->name.p; f++)
            if (str_eq(f->name, r->typed.pairs[i].name) && !f->is_secret && r->typed.pairs[i].value.n)
                return true;
    return false;
}

/* The form, filled in by page_answer, to be sent once more: nothing was wrong with it. */
static err show_kept(request *r, err refusal)
{
    mval *m;
    TRY(page_open(r, NULL, &m));
    str way = way_beside(refusal);
    PUT(m, "title", way.p ? text(r, "kept.title") : title_of(r, refusal));
    PUT(m, "detail", way.p ? text(r, "kept.sign_in_first") : detail_of(r, refusal));
    PUT(m, "way_url", way);
    PUT(m, "action_url", r->raw_query.n ? arena_join(r->a, r->path, S("?"), r->raw_query) : r->path);
    if (r->idempotency_key.n) /* what was done all the same is not done twice */
        PUT(m, "once", r->idempotency_key);
    PUT(m, "request_id", r->request_id);
    return page_answer(r, err_about(refusal)->status, "kept", m);
}

static err show_problem(request *r, err refusal)
{
    mval *m;
    TRY(page_open(r, NULL, &m));
    PUT(m, "title", title_of(r, refusal));
    PUT(m, "detail", detail_of(r, refusal));
    PUT(m, "request_id", r->request_id);
    put_way(r, m, refusal);
    return page_answer(r, err_about(refusal)->status, refusal == ERR_NOT_FOUND ? "not_found" : "problem", m);
}

/* To sign in, and back to where one was. What stood in a form is lost by then: that much is said. */
static str to_sign_in(request *r, err refusal)
{
    bool unknown = refusal == ERR_UNAUTHENTICATED;
    bool again = unknown && r->actor.kind == ACTOR_ACCOUNT; /* good elsewhere, too old or too long idle here */
    bool typed = r->route && r->route->page && !str_eq(r->route->method, S("GET"));
    str said = typed   ? notice_table[NOTICE_FORM_NOT_SENT].key
               : again ? notice_table[NOTICE_SIGN_IN_AGAIN].key
                       : STR_NONE;
    bool inside =
        r->route && str_starts(r->route->pattern, S("/sign-in")); /* a step of signing in leads on by itself */
    str next = inside ? STR_NONE : page_address(r, STR_NONE);
    return LINK(r->a, unknown ? S("/sign-in") : S("/sign-in/factor"), {S("next"), next}, {S("notice"), said});
}

void console_problem(request *r, err refusal)
{
    if (is_kept(r, refusal) && show_kept(r, refusal) == OK)
        return;
    if (refusal == ERR_PASSWORD_CHANGE_REQUIRED && answer_redirect(r, S("/password/new")) == OK)
        return;
    if (refusal == ERR_UNAUTHENTICATED || refusal == ERR_SECOND_FACTOR_REQUIRED) {
        if (answer_redirect(r, to_sign_in(r, refusal)) == OK)
            return;
    }
    if (refusal == ERR_NOT_FOUND && r->shut_out && out_page(r) == OK)
        return;
    if (show_problem(r, refusal) == OK)
        return;
    if (answer_bytes(r, err_about(refusal)->status, S("text/plain; charset=utf-8"), err_about(refusal)->code) != OK)
        r->status = err_about(refusal)->status;
}
