/* One member: the page, and what can be done to them; each action asks first. */
#include "console/console.h"
#include "domain/member/change.h"

static err find_member(request *r, txn *t, member_view *out)
{
    return member_get(t, r->actor.organization_id, r->params[1].id, out);
}

static str member_link(request *r, const char *rest)
{
    return org_path_id(r, "/users/", ID_MEMBER, r->params[1].id, rest);
}

/* A page about one member: their data twice, as `member` and as a list of one. */
static err member_open(request *r, txn *t, const member_view *v, mval **out)
{
    TRY(page_open(r, t, out));
    mval *one = m_set_object(*out, S("member"));
    put_member(r, one, v, t->now);
    m_add(m_set_list(*out, S("members")), one);
    page_back(r, *out, org_path(r, "/users"), "nav.back_members");
    return OK;
}

err console_member_page(request *r, txn *t)
{
    member_view v;
    account_view account;
    removal_preview sent;
    str inviter;
    mval *m;
    TRY(find_member(r, t, &v));
    TRY(account_get(t, v.account_id, &account));
    TRY(account_name(r, t, v.invited_by_id, &inviter));
    TRY(member_removal_preview(t, r->actor.organization_id, v.id, &sent));
    TRY(member_open(r, t, &v, &m));
    put_member(r, m, &v, t->now); /* the actions' addresses stand outside {{#member}} */
    mval *one = m_set_object(m, S("member"));
    put_member(r, one, &v, t->now);
    PUT(one, "invited_by_name", inviter);
    TRY(put_member_options(r, t, one, &v));
    PUT(m, "change_url", org_path(r, "/users/change"));
    PUT(one, "pending_text",
        sent.pending_invitations ? text_count(r, "member.pending_count", sent.pending_invitations) : STR_NONE);
    PUT_BOOL(one, "is_unproved", !account.address_proved);
    return page_answer(r, 200, "member", m);
}

/* ---- role ---- */

void put_role_options(request *r, mval *m, bool administrator, bool owner, str chosen)
{
    const struct {
        str role;
        bool offered;
    } all[] = {
        {role_text(ROLE_MEMBER), true}, {role_text(ROLE_ADMINISTRATOR), administrator}, {role_text(ROLE_OWNER), owner}};
    mval *options = m_set_list(m, S("role_options"));
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (!all[i].offered)
            continue;
        mval *o = m_add_object(options);
        PUT(o, "value", all[i].role);
        PUT(o, "text", text_of(r, "role", all[i].role));
        PUT(o, "detail", text_of(r, "role", arena_join(r->a, all[i].role, S(".detail"))));
        PUT_BOOL(o, "selected", str_eq(all[i].role, chosen));
    }
}

static err role_open(request *r, txn *t, str chosen, mval **out)
{
    member_view v;
    TRY(find_member(r, t, &v));
    TRY(member_open(r, t, &v, out));
    PUT(*out, "action_url", member_link(r, "/role"));
    put_role_options(r, *out, true, true, chosen.p ? chosen : v.role);
    return OK;
}

err console_member_role_page(request *r, txn *t)
{
    mval *m;
    TRY(role_open(r, t, STR_NONE, &m));
    return page_answer(r, 200, "member_role", m);
}

err console_member_role_form(request *r, txn *t)
{
    const body_member_role_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, member_update(t, &r->actor, r->params[1].id, &(member_change){.role = form->role}));
    if (refusal == OK) /* who gave up their own rights may not see the list any more */
        return page_redirect(r, org_path(r, uuid_eq(r->params[1].id, r->actor.membership_id) ? "" : "/users"),
                             NOTICE_ROLE_CHANGED);
    TRY(role_open(r, t, form->role, &m));
    return page_refused(r, refusal, "member_role", m);
}

/* ---- ownership ---- */

static err transfer_open(request *r, txn *t, mval **out)
{
    member_view v;
    TRY(find_member(r, t, &v));
    TRY(member_open(r, t, &v, out));
    PUT(*out, "action_url", member_link(r, "/transfer"));
    return OK;
}

err console_transfer_page(request *r, txn *t)
{
    mval *m;
    TRY(transfer_open(r, t, &m));
    return page_answer(r, 200, "transfer", m);
}

err console_transfer_form(request *r, txn *t)
{
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, ownership_transfer(t, &r->actor, r->params[1].id));
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/users"), NOTICE_OWNERSHIP_TRANSFERRED);
    TRY(transfer_open(r, t, &m));
    return page_refused(r, refusal, "transfer", m);
}
