/* Getting in and out, and the language of the pages. */
#include "console/console.h"

err console_root(request *r, txn *t)
{
    if (r->actor.kind != ACTOR_ACCOUNT)
        return answer_redirect(r, S("/sign-in"));
    membership_view *mine;
    size_t count;
    TRY(account_memberships(t, r->actor.account_id, &mine, &count));
    return answer_redirect(r, count ? arena_join(r->a, S("/o/"), mine[0].organization_slug) : S("/me"));
}

err console_set_language(request *r, txn *t)
{
    (void)t;
    const body_set_language *form = r->body;
    language chosen;
    if (language_parse(form->lang, &chosen))
        answer_language_cookie(r, chosen);
    return answer_redirect(r, safe_next(form->next, S("/")));
}

static err sign_in_open(request *r, txn *t, str email, str next, mval **out)
{
    TRY(page_open(r, t, out));
    mval *form = m_set_object(*out, S("form"));
    PUT(form, "email", email);
    PUT(*out, "next", next);
    PUT(*out, "forgotten_url", LINK(r->a, S("/password/forgotten"), {S("next"), next}));
    return OK;
}

err console_sign_in_page(request *r, txn *t)
{
    const query_sign_in_page *query = r->query;
    str next = safe_next(query->next, STR_NONE);
    if (r->actor.kind == ACTOR_ACCOUNT)
        return answer_redirect(r, next.p ? next : S("/"));
    mval *m;
    TRY(sign_in_open(r, t, STR_NONE, next, &m));
    return page_answer(r, 200, "sign_in", m);
}

/* What was found out before the transaction. */
typedef struct sign_in_try {
    sign_in in;
    page_finding found;
} sign_in_try;

err console_sign_in_form_prepare(request *r)
{
    const body_sign_in_form *form = r->body;
    sign_in_try *attempt = r->scratch = arena_new_of(r->a, sign_in_try);
    attempt->in = (sign_in){.email = form->email, .password = form->password};
    txn t;
    TRY(store_read(r->app->store, r->a, &r->problem, &t));
    err refusal = sign_in_find(&t, &r->actor, &attempt->in);
    store_read_end(&t);
    if (refusal == OK)
        sign_in_verify(r->a, &attempt->in);
    return page_note(r, refusal, &attempt->found);
}

err console_sign_in_form(request *r, txn *t)
{
    const body_sign_in_form *form = r->body;
    const sign_in_try *attempt = r->scratch;
    str next = safe_next(form->next, STR_NONE);
    signed_in in;
    err refusal = page_recall(r, &attempt->found);
    if (refusal == OK)
        refusal = sign_in_finish(t, &r->actor, &attempt->in, &in);
    if (refusal == OK) {
        if (r->actor.kind == ACTOR_ACCOUNT)
            TRY(sign_out(t, &r->actor));
        answer_session_cookie(r, in.token, in.expires_at);
        return answer_redirect(r, next.p ? next : S("/"));
    }
    mval *m; /* the answer is OK for the store: the wrong try that was noted stays */
    TRY(sign_in_open(r, t, form->email, next, &m));
    if (refusal == ERR_SIGN_IN_FAILED) {
        PUT(m, "problem_text", problem_detail(r, refusal));
        return page_answer(r, 401, "sign_in", m);
    }
    return page_refused(r, refusal, "sign_in", m);
}

err console_sign_out_form(request *r, txn *t)
{
    TRY(sign_out(t, &r->actor));
    answer_session_cookie(r, S(""), 0);
    return page_redirect(r, S("/sign-in"), "signed_out");
}
