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
    email_change_pending made;
    err e = email_change_cancel(t, &r->actor);
    if (e != ERR_NOT_FOUND)
        return e == OK ? me_redirect(r, NOTICE_EMAIL_CHANGE_CANCELLED) : e;
    e = email_change_made(t, &r->actor, &made); /* confirmed meanwhile; else it lapsed, or was cancelled */
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    return me_redirect(r, e == OK ? NOTICE_EMAIL_CHANGE_CONFIRMED : NOTICE_EMAIL_CHANGE_GONE);
}

static str moment_of(request *r, msec when)
{
    return moment_text(r, when);
}

static err put_email_changed(request *r, txn *t, mval *m)
{
    email_change_pending made;
    err e = email_change_made(t, &r->actor, &made);
    if (e == OK)
        PUT(m, "changed_text",
            TEXT(r, "me.email_changed", {S("when"), moment_of(r, made.asked_at)},
                 {S("until"), moment_of(r, made.expires_at)}));
    return e == ERR_NOT_FOUND ? OK : e;
}

err put_email_change(request *r, txn *t, mval *m)
{
    email_change_pending asked;
    err e = email_change_asked(t, r->actor.account_id, &asked);
    if (e == ERR_NOT_FOUND)
        return put_email_changed(r, t, m);
    TRY(e);
    mval *o = m_set_object(m, S("pending"));
    PUT(o, "text",
        TEXT(r, "me.email_pending", {S("email"), asked.email}, {S("when"), moment_of(r, asked.asked_at)},
             {S("until"), moment_of(r, asked.expires_at)}));
    PUT(o, "cancel_url", me_path(r, S("/email/cancel")));
    return OK;
}

/* ---- the links ---- */

static err put_link(request *r, txn *t, const email_change_view *v, mval **m)
{
    TRY(page_open(r, t, m));
    PUT(*m, "email", v->email);
    if (v->current.n)
        PUT(*m, "current_email", v->current);
    PUT(*m, "action_url", r->path);
    return OK;
}

err console_email_confirm_page(request *r, txn *t)
{
    email_change_view v;
    mval *m;
    TRY(email_change_lookup(t, r->params[0].text, EMAIL_CONFIRM, &v));
    TRY(put_link(r, t, &v, &m));
    return page_answer(r, 200, "email_confirm", m);
}

/* What is left to do is on the page of a link that waits, whether it was used just now or before. */
static err show_undo(request *r, txn *t, int status, bool is_waiting)
{
    email_undo_view v;
    mval *m;
    TRY(email_undo_lookup(t, r->params[0].text, &v));
    TRY(put_link(r, t, &v.link, &m));
    PUT_BOOL(m, "is_waiting", is_waiting);
    PUT_BOOL(m, "is_share", v.link.is_share);
    PUT_BOOL(m, "is_taken", v.is_taken);
    PUT(m, "until", moment_of(r, v.until));
    mval *goes = m_set_list(m, S("organizations"));
    for (size_t i = 0; i < v.share.gained.n; i++)
        m_add(goes, m_str(r->a, v.share.gained.p[i].name));
    return page_answer(r, status, "email_undo", m);
}

err console_email_undo_page(request *r, txn *t)
{
    return show_undo(r, t, 200, false);
}

/* Who is signed in reads it on their own page: signing in would only lead them on, without a word. */
static err tell(request *r, uuid whose, notice own, notice other)
{
    if (r->actor.kind != ACTOR_ACCOUNT)
        return page_redirect(r, S("/sign-in"), own);
    return page_redirect(r, S("/me"), uuid_eq(r->actor.account_id, whose) ? own : other);
}

err console_email_confirm_form(request *r, txn *t)
{
    uuid whose;
    TRY(email_change_confirm(t, &r->actor, r->params[0].text, &whose));
    return tell(r, whose, NOTICE_EMAIL_CHANGED, NOTICE_EMAIL_CHANGED_ELSEWHERE);
}

err console_email_undo_form(request *r, txn *t)
{
    email_undone done;
    err e = email_change_undo(t, &r->actor, r->params[0].text, &done);
    if (done.waits) /* done, but for the address */
        return show_undo(r, t, 409, true);
    TRY(e);
    if (done.is_share)
        return tell(r, done.account_id, NOTICE_EMAIL_SHARE_TAKEN, NOTICE_EMAIL_SHARE_TAKEN);
    if (uuid_eq(r->actor.account_id, done.account_id)) /* all its sessions have ended */
        return page_redirect(r, S("/sign-in"), NOTICE_EMAIL_CHANGE_UNDONE);
    return tell(r, done.account_id, NOTICE_EMAIL_CHANGE_UNDONE, NOTICE_EMAIL_CHANGE_UNDONE_ELSEWHERE);
}
