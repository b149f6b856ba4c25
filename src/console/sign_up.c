/* Founding an organization where the operator lets anybody: by a mailed code, or by who is signed in. */
#include "console/console.h"
#include "domain/lifecycle/signup.h"

/* ---- somebody new ---- */

static err sign_up_open(request *r, txn *t, const body_sign_up_form *form, mval **out)
{
    TRY(page_open(r, t, out));
    mval *values = m_set_object(*out, S("form"));
    PUT(values, "organization", form->organization);
    PUT(values, "given_name", form->given_name);
    PUT(values, "family_name", form->family_name);
    PUT(values, "email", form->email);
    PUT(*out, "sign_in_url", LINK(r->a, S("/sign-in"), {S("next"), S("/organizations/new")}));
    return OK;
}

err console_sign_up_page(request *r, txn *t)
{
    mval *m;
    TRY(signup_allowed(t->env));
    if (r->actor.kind == ACTOR_ACCOUNT)
        return answer_redirect(r, S("/organizations/new"));
    TRY(sign_up_open(r, t, &(body_sign_up_form){0}, &m));
    return page_answer(r, 200, "sign_up", m);
}

err console_sign_up_form_admit(request *r, txn *t)
{
    const body_sign_up_form *form = r->body;
    signup_order *o = r->scratch = arena_new_of(r->a, signup_order);
    TRY(signup_allowed(t->env));
    *o = (signup_order){.email = form->email,
                        .given_name = form->given_name,
                        .family_name = form->family_name,
                        .organization = form->organization,
                        .locale = language_code(r->lang)};
    return page_note(r, signup_admit(t, &r->actor, o));
}

/* Names, address and password are judged together, so that all that is wrong is said at once. */
err console_sign_up_form_prepare(request *r)
{
    const body_sign_up_form *form = r->body;
    signup_order *o = r->scratch;
    const str about[] = {form->email, form->given_name, form->family_name, form->organization};
    err judged = signup_judge(r->a, &r->problem, o);
    return page_note(r,
                     page_new_password(r, judged, &(password_terms){.least = r->app->env.settings->password_min_length},
                                       form->password, about, sizeof about / sizeof *about, &o->password_hash));
}

static str code_page(request *r, uuid id)
{
    return arena_join(r->a, S("/sign-up/"), id_text(r, ID_SIGNUP, id));
}

err console_sign_up_form(request *r, txn *t)
{
    uuid id;
    err refusal = page_recall(r);
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, signup_begin(t, &r->actor, r->scratch, &id));
    if (refusal == OK)
        return answer_redirect(r, code_page(r, id));
    mval *m;
    TRY(sign_up_open(r, t, r->body, &m));
    return page_refused(r, refusal, "sign_up", m);
}

/* ---- the code ---- */

static err code_open(request *r, txn *t, uuid id, mval **out)
{
    signup_view view;
    TRY(signup_get(t, id, &view));
    TRY(page_open(r, t, out));
    PUT(*out, "action_url", code_page(r, id));
    PUT(*out, "resend_url", arena_join(r->a, code_page(r, id), S("/resend")));
    PUT(*out, "lead_text",
        view.is_long ? TEXT(r, "sign_up_code.lead_long", {S("email"), view.email})
                     : TEXT(r, "sign_up_code.lead", {S("email"), view.email}));
    PUT_BOOL(*out, "is_long", view.is_long);
    PUT_BOOL(*out, "is_kept", mail_is_kept(r));
    int64_t minutes = (view.resend_at - t->now + MSEC_MINUTE - 1) / MSEC_MINUTE;
    if (view.resend_at > t->now)
        PUT(*out, "wait_text", text_count(r, "sign_up_code.wait", minutes));
    return OK;
}

err console_sign_up_code_page(request *r, txn *t)
{
    mval *m;
    TRY(code_open(r, t, r->params[0].id, &m));
    return page_answer(r, 200, "sign_up_code", m);
}

err console_sign_up_code_form(request *r, txn *t)
{
    const body_sign_up_code_form *form = r->body;
    founded made = {0};
    mval *m;
    err refusal = signup_confirm(t, &r->actor, r->params[0].id, form->code, &made);
    if (refusal == OK) {
        if (r->actor.kind == ACTOR_ACCOUNT && made.session.token.p)
            TRY(sign_out(t, &r->actor));
        return page_enter(r, &made.session, arena_join(r->a, S("/o/"), made.slug, S("/users/invite")));
    }
    if (refusal != ERR_CODE_INVALID && refusal != ERR_RATE_LIMITED)
        return refusal;
    TRY(code_open(r, t, r->params[0].id, &m));
    return page_refused(r, refusal, "sign_up_code", m);
}

err console_sign_up_resend_form(request *r, txn *t)
{
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, signup_resend(t, &r->actor, r->params[0].id));
    if (refusal == OK)
        return page_redirect(r, code_page(r, r->params[0].id), NOTICE_CODE_RESENT);
    TRY(code_open(r, t, r->params[0].id, &m));
    return page_refused(r, refusal, "sign_up_code", m);
}

/* ---- somebody who is signed in ---- */

static err found_open(request *r, txn *t, str name, mval **out)
{
    TRY(signup_allowed(t->env));
    TRY(page_open(r, t, out));
    PUT(m_set_object(*out, S("form")), "organization", name);
    page_back(r, *out, S("/"), "nav.home");
    return OK;
}

err console_found_page(request *r, txn *t)
{
    mval *m;
    TRY(found_open(r, t, STR_NONE, &m));
    return page_answer(r, 200, "organization_new", m);
}

err console_found_form(request *r, txn *t)
{
    const body_found_form *form = r->body;
    const founding f = {.name = form->organization, .locale = r->actor.locale};
    founded made = {0};
    err refusal;
    mval *m;
    TRY(signup_allowed(t->env));
    PAGE_ATTEMPT(t, &refusal, organization_found_by(t, &r->actor, &f, &made));
    if (refusal == OK)
        return answer_redirect(r, arena_join(r->a, S("/o/"), made.slug, S("/users/invite")));
    for (size_t i = 0; i < r->problem.field_count; i++) /* the form calls it by what it is the name of */
        if (str_eq(r->problem.fields[i].pointer, S("/name")))
            r->problem.fields[i].pointer = S("/organization");
    TRY(found_open(r, t, form->organization, &m));
    return page_refused(r, refusal, "organization_new", m);
}
