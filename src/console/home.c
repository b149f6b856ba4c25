/* Every member's home, and the way out. */
#include "console/console.h"
#include "domain/invitation/invitation.h"
#include "domain/member/change.h"

enum { CONTACTS_MOST = 6, ASKING_MOST = 6 };

err account_name(const request *r, txn *t, uuid account_id, str *out)
{
    account_view a;
    *out = STR_NONE;
    if (uuid_none(account_id))
        return OK;
    err e = account_get(t, account_id, &a);
    if (e == OK)
        *out = a.closed ? text(r, "account.closed") : phrase_name(r->a, a.given_name, a.family_name);
    return e == ERR_NOT_FOUND ? OK : e;
}

err is_last_owner(request *r, txn *t, bool *out)
{
    *out = false;
    if (!role_is(r->actor.role, ROLE_OWNER))
        return OK;
    return owner_is_last(t, r->actor.organization_id, r->actor.membership_id, out);
}

static err put_membership(request *r, txn *t, mval *m)
{
    member_view mine;
    str inviter;
    TRY(member_get(t, r->actor.organization_id, r->actor.membership_id, &mine));
    TRY(account_name(r, t, mine.invited_by_id, &inviter));
    mval *o = m_set_object(m, S("membership"));
    PUT(o, "role_text", text_of(r, "role", mine.role));
    PUT(o, "joined_at", machine_time(r, mine.joined_at));
    PUT(o, "joined_at_text", date_text(r, mine.joined_at));
    PUT(o, "invited_by_name", inviter);
    return OK;
}

static err put_contacts(request *r, txn *t, mval *m)
{
    account_view *people;
    size_t count;
    TRY(organization_contacts(t, r->actor.organization_id, CONTACTS_MOST, &people, &count));
    mval *contacts = m_set_list(m, S("contacts"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(contacts);
        put_person(r, o, people[i].given_name, people[i].family_name, people[i].email);
        PUT(o, "role_text", text_of(r, "role", people[i].role));
    }
    return OK;
}

/* Who asks for another invitation: owners see all of them, an administrator those of their own. */
static err put_asked(request *r, txn *t, mval *m)
{
    asking_view *asking;
    size_t count = 0;
    if (r->actor.may & PERM_INVITATIONS_READ)
        TRY(invitations_asked(t, &r->actor, ASKING_MOST, &asking, &count));
    PUT_BOOL(m, "has_asked", count > 0);
    mval *list = m_set_list(m, S("asked"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(list);
        str name = phrase_name(r->a, asking[i].given_name, asking[i].family_name);
        PUT(o, "name", str_empty(name) ? asking[i].email : name);
        PUT(o, "email", str_empty(name) ? STR_NONE : asking[i].email);
        PUT(o, "at_text", phrase_ago(r->a, r->lang, asking[i].asked_at, t->now));
    }
    PUT(m, "asked_url", LINK(r->a, org_path(r, "/users/invitations"), {S("state"), S("asked")}));
    return OK;
}

/* The operator has no membership, hence no home here: the Unix socket shows no pages of a member. */
err console_home_page(request *r, txn *t)
{
    bool last;
    mval *m;
    if (r->actor.kind != ACTOR_ACCOUNT)
        return ERR_UNAUTHENTICATED;
    TRY(page_open(r, t, &m));
    TRY(put_membership(r, t, m));
    TRY(put_contacts(r, t, m));
    TRY(put_asked(r, t, m));
    TRY(put_own_invitations(r, t, m));
    TRY(is_last_owner(r, t, &last));
    PUT_BOOL(m, "is_last_owner", last);
    PUT_BOOL(m, "has_shared", false);
    PUT(m, "leave_url", org_path(r, "/leave"));
    return page_answer(r, 200, "home", m);
}

/* What the page needs that says that one is let in no more; it is shown where nothing can be read any longer. */
typedef struct shut_out {
    membership_out out;
    account_view *contacts;
    size_t contact_count;
    msec now;
} shut_out;

err console_look_out(request *r, txn *t)
{
    membership_out *out;
    size_t count;
    shut_out *found = arena_new_of(r->a, shut_out);
    found->now = t->now;
    TRY(account_memberships_out(t, r->actor.account_id, &out, &count));
    TRY(organization_contacts(t, r->actor.organization_id, CONTACTS_MOST, &found->contacts, &found->contact_count));
    for (size_t i = 0; i < count; i++) {
        if (!uuid_eq(out[i].organization_id, r->actor.organization_id))
            continue;
        found->out = out[i];
        r->shut_out = found;
    }
    return OK;
}

err out_page(request *r)
{
    const shut_out *found = r->shut_out;
    mval *m;
    TRY(page_open(r, NULL, &m));
    PUT(m, "organization_name", found->out.organization_name);
    put_out(r, m, &found->out, found->now);
    mval *list = m_set_list(m, S("contacts"));
    for (size_t i = 0; i < found->contact_count; i++) {
        const account_view *who = &found->contacts[i];
        mval *o = m_add_object(list);
        put_person(r, o, who->given_name, who->family_name, who->email);
        PUT(o, "role_text", text_of(r, "role", who->role));
    }
    PUT_BOOL(m, "has_contacts", found->contact_count > 0);
    return page_answer(r, err_about(ERR_NOT_FOUND)->status, "out", m);
}

static err leave_open(request *r, txn *t, mval **out)
{
    bool last;
    TRY(is_last_owner(r, t, &last));
    TRY(page_open(r, t, out));
    page_back(r, *out, org_path(r, ""), "nav.back_home");
    PUT_BOOL(*out, "is_last_owner", last);
    PUT(*out, "action_url", org_path(r, "/leave"));
    PUT(*out, "users_url", org_path(r, "/users"));
    return OK;
}

err console_leave_page(request *r, txn *t)
{
    mval *m;
    TRY(leave_open(r, t, &m));
    return page_answer(r, 200, "leave", m);
}

err console_leave_form(request *r, txn *t)
{
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, member_leave(t, &r->actor));
    if (refusal == OK)
        return page_redirect(r, S("/me"), NOTICE_LEFT);
    TRY(leave_open(r, t, &m));
    return page_refused(r, refusal, "leave", m);
}
