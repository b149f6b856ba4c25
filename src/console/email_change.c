/* Another address for one's account: the form that asks, and the pages of the two links. */
#include "console/console.h"
#include "domain/account/email_change.h"
#include "domain/lifecycle/email_take.h"
#include "domain/lifecycle/email_undo.h"

err console_me_email_form_admit(request *r, txn *t)
{
    const body_me_email_form *form = r->body;
    sign_in *proof = r->scratch = arena_new_of(r->a, sign_in);
    *proof = (sign_in){.email = r->actor.email, .password = form->current_password};
    err refusal = email_change_admit(t, &r->actor, form->email);
    return page_note(r, refusal == OK ? sign_in_find(t, &r->actor, proof) : refusal);
}

err console_me_email_form_prepare(request *r)
{
    sign_in_verify(r->a, r->scratch);
    return OK;
}

/* Both forms of the page have a current password: this one's has a name of its own in what is wrong. */
static err refused(request *r, txn *t, str typed, err refusal)
{
    mval *m;
    if (refusal == ERR_SIGN_IN_FAILED)
        refusal = problem_at(&r->problem, ERR_INVALID_REQUEST, S("/email_password"), S("wrong-password"), 0);
    TRY(me_page_open(r, t, &m));
    PUT(m, "new_email", typed);
    return me_page_refused(r, m, refusal, "email_problem_text");
}

err console_me_email_form(request *r, txn *t)
{
    const body_me_email_form *form = r->body;
    err refusal = page_recall(r);
    if (refusal == OK)
        refusal = email_change_request(t, &r->actor, r->scratch, form->email);
    if (refusal == OK)
        return me_redirect(r, NOTICE_EMAIL_CHANGE_SENT);
    if (refusal != ERR_SIGN_IN_FAILED && err_about(refusal)->status >= 500)
        return refusal;
    return refused(r, t, form->email, refusal);
}

err console_me_email_cancel_form(request *r, txn *t)
{
    err e = email_change_cancel(t, &r->actor);
    if (e != OK && e != ERR_NOT_FOUND) /* confirmed, lapsed or cancelled meanwhile: the page shows how it stands */
        return e;
    return me_redirect(r, e == OK ? NOTICE_EMAIL_CHANGE_CANCELLED : NOTICE_EMAIL_CHANGE_GONE);
}

err put_email_change(request *r, txn *t, mval *m)
{
    email_change_pending asked;
    err e = email_change_asked(t, r->actor.account_id, &asked);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    mval *o = m_set_object(m, S("pending"));
    PUT(o, "text",
        TEXT(r, "me.email_pending", {S("email"), asked.email},
             {S("when"), phrase_moment(r->a, r->lang, r->actor.time_zone, asked.asked_at)},
             {S("until"), phrase_moment(r->a, r->lang, r->actor.time_zone, asked.expires_at)}));
    PUT(o, "cancel_url", me_path(r, S("/email/cancel")));
    return OK;
}

/* ---- the links ---- */

static err show_link(request *r, txn *t, email_change_kind kind, const char *page)
{
    email_change_view v;
    mval *m;
    TRY(email_change_lookup(t, r->params[0].text, kind, &v));
    TRY(page_open(r, t, &m));
    PUT(m, "email", v.email);
    if (v.current.n)
        PUT(m, "current_email", v.current);
    PUT_BOOL(m, "is_share", v.is_share);
    PUT(m, "action_url", r->path);
    return page_answer(r, 200, page, m);
}

err console_email_confirm_page(request *r, txn *t)
{
    return show_link(r, t, EMAIL_CONFIRM, "email_confirm");
}

err console_email_undo_page(request *r, txn *t)
{
    return show_link(r, t, EMAIL_UNDO, "email_undo");
}

err console_email_confirm_form(request *r, txn *t)
{
    uuid whose;
    TRY(email_change_confirm(t, &r->actor, r->params[0].text, &whose));
    bool signed_in = r->actor.kind == ACTOR_ACCOUNT && uuid_eq(r->actor.account_id, whose);
    return page_redirect(r, signed_in ? S("/me") : S("/sign-in"), NOTICE_EMAIL_CHANGED);
}

err console_email_undo_form(request *r, txn *t)
{
    bool waits;
    mval *m;
    err e = email_change_undo(t, &r->actor, r->params[0].text, &waits);
    if (waits) { /* done, but for the address: the page says what is left to do */
        TRY(page_open(r, t, &m));
        PUT_BOOL(m, "is_waiting", true);
        return page_answer(r, 409, "email_undo", m);
    }
    TRY(e);
    return page_redirect(r, S("/sign-in"), NOTICE_EMAIL_CHANGE_UNDONE);
}
