/* One invitation: resend, revoke, a link to hand over, a mistyped address. */
#include "console/invite.h"
#include "domain/invitation/change.h"
#include "domain/invitation/link.h"
#include "limits_table.h"

static str list_link(request *r)
{
    return org_path(r, "/users/invitations");
}

static str invitation_path(request *r, const char *rest)
{
    return org_path_id(r, "/users/invitations/", ID_INVITATION, r->params[1].id, rest);
}

static err invitation_open(request *r, txn *t, invitation_view *v, mval **out)
{
    TRY(invitation_get(t, r->actor.organization_id, r->params[1].id, v));
    TRY(page_open(r, t, out));
    mval *o = m_set_object(*out, S("invitation"));
    PUT(o, "email", v->email);
    PUT(o, "expires_text", until_text(r, v->expires_at, t->now));
    page_back(r, *out, list_link(r), "nav.back_invitations");
    return OK;
}

err console_invitation_resend_page(request *r, txn *t)
{
    invitation_view v;
    mval *m;
    TRY(invitation_open(r, t, &v, &m));
    PUT(m, "action_url", invitation_path(r, "/resend"));
    return page_answer(r, 200, "invitation_resend", m);
}

err console_invitation_resend_form(request *r, txn *t)
{
    str shown = STR_NONE;
    uuid id = r->params[1].id;
    TRY(invitation_resend(t, &r->actor, &id, &shown));
    return shown.p ? answer_report(r, t, id, shown) : page_redirect(r, list_link(r), NOTICE_INVITATION_RESENT);
}

err console_invitation_password_page(request *r, txn *t)
{
    invitation_view v;
    temporary_terms terms;
    mval *m;
    TRY(invitation_open(r, t, &v, &m));
    TRY(temporary_terms_get(t, r->actor.organization_id, &terms));
    bool as_before = v.password_delivery.p && method_allowed(&terms, false, v.password_delivery);
    put_methods(r, m, &terms, false, as_before ? v.password_delivery : method_usual(r, &terms, false));
    PUT(m, "method_legend", text(r, "new_password.method"));
    PUT(m, "action_url", invitation_path(r, "/password"));
    return page_answer(r, 200, "invitation_password", m);
}

err console_invitation_password_form(request *r, txn *t)
{
    const body_invitation_password_form *form = r->body;
    str shown = STR_NONE;
    TRY(invitation_new_password(t, &r->actor, r->params[1].id, some(form->method), &shown));
    return shown.p ? answer_report(r, t, r->params[1].id, shown)
                   : page_redirect(r, list_link(r), NOTICE_PASSWORD_ISSUED);
}

err console_invitation_revoke_page(request *r, txn *t)
{
    invitation_view v;
    mval *m;
    TRY(invitation_open(r, t, &v, &m));
    PUT(m, "action_url", invitation_path(r, "/revoke"));
    return page_answer(r, 200, "invitation_revoke", m);
}

err console_invitation_revoke_form(request *r, txn *t)
{
    TRY(invitation_revoke(t, &r->actor, r->params[1].id));
    return page_redirect(r, list_link(r), NOTICE_INVITATION_REVOKED);
}

err console_invitation_link_form(request *r, txn *t)
{
    invitation_link_view made;
    invitation_view v;
    mval *m;
    TRY(invitation_link_make(t, &r->actor, r->params[1].id, &made));
    TRY(invitation_open(r, t, &v, &m));
    PUT(m, "link", made.url);
    PUT(m, "code", made.code);
    PUT(m, "code_expires_text", moment_text(r, t->now + LINK_CODE_LIFETIME));
    PUT(m, "join_url_text", arena_join(r->a, r->app->env.public_url, S("/join")));
    r->has_secret = true;
    return page_answer(r, 200, "invitation_link", m);
}

static err correct_open(request *r, txn *t, str email, mval **out)
{
    invitation_view v;
    TRY(invitation_open(r, t, &v, out));
    PUT(*out, "action_url", invitation_path(r, "/correct"));
    PUT(m_set_object(*out, S("form")), "email", email.p ? email : v.email);
    return OK;
}

err console_invitation_correct_page(request *r, txn *t)
{
    mval *m;
    TRY(correct_open(r, t, STR_NONE, &m));
    return page_answer(r, 200, "invitation_correct", m);
}

err console_invitation_correct_form(request *r, txn *t)
{
    const body_invitation_correct_form *form = r->body;
    uuid new_id;
    str shown = STR_NONE;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal,
                 invitation_correct(t, &r->actor, r->params[1].id, str_trim(form->email), &new_id, &shown));
    if (refusal == OK && shown.p)
        return answer_report(r, t, new_id, shown);
    if (refusal == OK)
        return page_redirect(r, list_link(r), NOTICE_INVITATION_CORRECTED);
    TRY(correct_open(r, t, form->email, &m));
    return page_refused(r, refusal, "invitation_correct", m);
}
