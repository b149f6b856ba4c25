/* Removing members, one or several: the first page says what goes and asks, the second request does it. */
#include "console/console.h"

static err put_one(request *r, txn *t, uuid id, mval *list, removal_preview *sum)
{
    member_view v;
    removal_preview takes;
    TRY(member_get(t, r->actor.organization_id, id, &v));
    TRY(member_removal_preview(t, r->actor.organization_id, id, &takes));
    put_member(r, m_add_object(list), &v, t->now);
    sum->api_keys += takes.api_keys;
    sum->pending_invitations += takes.pending_invitations;
    return OK;
}

static err put_what_goes(request *r, txn *t, mval *m, const removal_preview *sum)
{
    organization_view o;
    TRY(organization_get(t, r->actor.organization_id, &o));
    mval *goes = m_set_list(m, S("goes"));
    m_add(goes, m_str(r->a, TEXT(r, "removal.membership", {S("organization_name"), o.name})));
    if (sum->api_keys)
        m_add(goes, m_str(r->a, text(r, "removal.keys")));
    PUT_BOOL(m, "has_pending", sum->pending_invitations > 0);
    PUT(m, "pending_text", text_count(r, "removal.pending_count", sum->pending_invitations));
    return OK;
}

static err removal_open(request *r, txn *t, const uuid *ids, size_t count, mval **out)
{
    removal_preview sum = {0};
    TRY(page_open(r, t, out));
    mval *list = m_set_list(*out, S("members"));
    for (size_t i = 0; i < count; i++)
        TRY(put_one(r, t, ids[i], list, &sum));
    PUT_INT(*out, "count", (int64_t)count);
    page_back(r, *out, org_path(r, "/users"), "nav.back_members");
    return put_what_goes(r, t, *out, &sum);
}

static pending_fate fate_of(str word)
{
    return str_eq(word, S("take_over")) ? PENDING_TAKE_OVER : PENDING_REVOKE;
}

err console_member_remove_page(request *r, txn *t)
{
    mval *m;
    TRY(removal_open(r, t, &r->params[1].id, 1, &m));
    PUT(m, "action_url", org_path_id(r, "/users/", ID_MEMBER, r->params[1].id, "/remove"));
    return page_answer(r, 200, "member_remove", m);
}

err console_member_remove_form(request *r, txn *t)
{
    const body_member_remove_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, member_remove(t, &r->actor, r->params[1].id, fate_of(form->pending_invitations)));
    if (refusal == OK)
        return page_redirect(r, org_path(r, "/users"), NOTICE_MEMBER_REMOVED);
    TRY(removal_open(r, t, &r->params[1].id, 1, &m));
    PUT(m, "action_url", org_path_id(r, "/users/", ID_MEMBER, r->params[1].id, "/remove"));
    return page_refused(r, refusal, "member_remove", m);
}

/* ---- several ---- */

static err several_open(request *r, txn *t, const uuid *ids, size_t count, mval **out)
{
    TRY(removal_open(r, t, ids, count, out));
    PUT_BOOL(*out, "is_several", true);
    PUT(*out, "action_url", org_path(r, "/users/remove"));
    return OK;
}

/* All or none: the first refusal undoes the others. */
static err remove_all(request *r, txn *t, const uuid *ids, size_t count, pending_fate fate)
{
    for (size_t i = 0; i < count; i++)
        TRY(member_remove(t, &r->actor, ids[i], fate));
    return OK;
}

static err read_ids(request *r, uuid **out)
{
    const list *named = &((const body_members_remove_form *)r->body)->member;
    uuid *ids = *out = arena_array_of(r->a, uuid, named->count + 1);
    for (size_t i = 0; i < named->count; i++)
        if (!typeid_parse(((const str *)named->items)[i], ID_MEMBER, &ids[i]))
            return ERR_NOT_FOUND;
    return OK;
}

err console_members_remove_form(request *r, txn *t)
{
    const body_members_remove_form *form = r->body;
    size_t count = form->member.count;
    uuid *ids;
    err refusal = OK;
    mval *m;
    TRY(read_ids(r, &ids));
    if (!count)
        return page_redirect(r, org_path(r, "/users"), NOTICE_NOTHING_SELECTED);
    if (form->confirmed) {
        PAGE_ATTEMPT(t, &refusal, remove_all(r, t, ids, count, fate_of(form->pending_invitations)));
        if (refusal == OK)
            return page_redirect(r, org_path(r, "/users"), count > 1 ? NOTICE_MEMBERS_REMOVED : NOTICE_MEMBER_REMOVED);
    }
    TRY(several_open(r, t, ids, count, &m));
    return refusal == OK ? page_answer(r, 200, "member_remove", m) : page_refused(r, refusal, "member_remove", m);
}

err console_members_remove_form_again(request *r, txn *t)
{
    size_t count = ((const body_members_remove_form *)r->body)->member.count;
    uuid *ids;
    mval *m;
    TRY(read_ids(r, &ids));
    if (!count)
        return ERR_NOT_FOUND;
    TRY(several_open(r, t, ids, count, &m));
    return page_answer(r, 200, "member_remove", m);
}
