/* Temporary passwords on the one page that ever shows them. */
#include "console/invite.h"

static void put_password(request *r, mval *list, const shown_password *s)
{
    mval *o = m_add_object(list);
    PUT(o, "email", s->email);
    PUT(o, "full_name", s->full_name);
    PUT(o, "password", s->password);
    PUT(o, "locale", s->locale.p ? s->locale : S(""));
    PUT(o, "expires_at", machine_time(r, s->expires_at));
    PUT(o, "expires_text", moment_text(r, s->expires_at));
}

void put_report(request *r, mval *m, const shown_password *shown, size_t count, str done_url)
{
    BUF_SCOPED all = {0};
    mval *list = m_set_list(m, S("passwords"));
    for (size_t i = 0; i < count; i++) {
        put_password(r, list, &shown[i]);
        buf_printf(&all, "%.*s\t%.*s\t%.*s\n", STR_FMT(shown[i].email), STR_FMT(shown[i].password),
                   STR_FMT(moment_text(r, shown[i].expires_at)));
    }
    PUT(m, "all_text", arena_str(r->a, buf_str(&all)));
    PUT_INT(m, "count", (int64_t)count);
    PUT_BOOL(m, "is_many", count > 1);
    PUT(m, "heading", text(r, count > 1 ? "report.title" : "report.title_one"));
    PUT(m, "sheets_url", org_path(r, "/users/invite/sheets"));
    PUT(m, "done_url", done_url);
    r->has_secret = true;
}

err answer_report(request *r, txn *t, uuid invitation_id, str password)
{
    invitation_view v;
    mval *m;
    TRY(invitation_get(t, r->actor.organization_id, invitation_id, &v));
    TRY(page_open(r, t, &m));
    shown_password shown = {.email = v.email,
                            .full_name = phrase_name(r->a, v.given_name, v.family_name),
                            .password = password,
                            .locale = v.locale,
                            .expires_at = v.expires_at};
    put_report(r, m, &shown, 1, org_path(r, "/users/invitations"));
    return page_answer(r, 200, "invite_report", m);
}
