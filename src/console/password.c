/* A forgotten password: the mail that is asked for, and the page its link leads to. */
#include "console/console.h"

static str sign_in_link(request *r, str next)
{
    return LINK(r->a, S("/sign-in"), {S("next"), next});
}

static err forgotten_open(request *r, txn *t, str email, str next, mval **out)
{
    TRY(page_open(r, t, out));
    PUT(m_set_object(*out, S("form")), "email", email);
    PUT(*out, "email", email);
    PUT(*out, "next", next);
    PUT(*out, "sign_in_url", sign_in_link(r, next));
    PUT_BOOL(*out, "is_kept", mail_is_kept(r));
    return OK;
}

err console_password_forgotten_page(request *r, txn *t)
{
    const query_password_forgotten_page *query = r->query;
    mval *m;
    TRY(forgotten_open(r, t, STR_NONE, safe_next(query->next, STR_NONE), &m));
    return page_answer(r, 200, "password_forgotten", m);
}

err console_password_forgotten_form(request *r, txn *t)
{
    const body_password_forgotten_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, way_in_request(t, &r->actor, ADDRESS_REQUEST_RESET, form->email, form->next));
    TRY(forgotten_open(r, t, form->email, safe_next(form->next, STR_NONE), &m));
    if (refusal != OK)
        return page_refused(r, refusal, "password_forgotten", m);
    return page_answer(r, 200, "password_sent", m);
}

/* Who is mailed a link and has no password lost one, to an undo; who is handed one never had any. */
static err reset_open(request *r, txn *t, const account_view *a, bool is_mailed, str next, mval **out)
{
    str hash;
    TRY(password_current(t, a->id, &hash));
    TRY(page_open(r, t, out));
    PUT(*out, "action_url", arena_join(r->a, S("/password/reset/"), r->params[0].text));
    PUT(*out, "next", next);
    PUT_BOOL(*out, "is_first", str_empty(hash) && !is_mailed);
    PUT_BOOL(*out, "is_ended", str_empty(hash) && is_mailed);
    PUT_BOOL(*out, "is_change", true);
    return put_least(*out, t, a->id, UUID_NONE);
}

err console_password_reset_page(request *r, txn *t)
{
    const query_password_reset_page *query = r->query;
    account_view account;
    bool is_mailed;
    mval *m;
    TRY(password_reset_lookup(t, r->params[0].text, &account, &is_mailed));
    TRY(reset_open(r, t, &account, is_mailed, safe_next(query->next, STR_NONE), &m));
    return page_answer(r, 200, "password_reset", m);
}

typedef struct reset_work {
    reset_admitted admitted;
    str hash;
} reset_work;

err console_password_reset_form_admit(request *r, txn *t)
{
    reset_work *work = r->scratch = arena_new_of(r->a, reset_work);
    return password_reset_admit(t, &r->actor, r->params[0].text, &work->admitted);
}

err console_password_reset_form_prepare(request *r)
{
    const body_password_reset_form *form = r->body;
    reset_work *work = r->scratch;
    const account_view *whose = &work->admitted.whose;
    str about[] = {whose->given_name, whose->family_name, whose->email};
    err refusal = password_prepare(&work->admitted.terms, r->a, &r->problem, S("/password"), form->new_password, about,
                                   sizeof about / sizeof about[0], &work->hash);
    return page_note(r, refusal);
}

err console_password_reset_form(request *r, txn *t)
{
    const body_password_reset_form *form = r->body;
    const reset_work *work = r->scratch;
    str next = safe_next(form->next, STR_NONE);
    err refusal = page_recall(r);
    if (refusal == OK) {
        signed_in in;
        TRY(password_reset_complete(t, &r->actor, r->params[0].text, work->hash, &in));
        if (r->actor.kind == ACTOR_ACCOUNT && !uuid_eq(r->actor.account_id, in.account.id))
            TRY(sign_out(t, &r->actor));
        return page_enter(r, &in, next);
    }
    mval *m;
    TRY(reset_open(r, t, &work->admitted.whose, work->admitted.is_mailed, next, &m));
    return page_refused(r, refusal, "password_reset", m);
}

err console_well_known_password(request *r, txn *t)
{
    (void)t;
    return answer_redirect(r, S("/me#password-change"));
}
