/* Groups: the list, and the page of one. */
#include "console/console.h"
#include "domain/member/change.h"
#include "domain/member/list.h"
#include "domain/organization/group.h"

static str group_link(request *r, uuid id, const char *rest)
{
    return org_path_id(r, "/groups/", ID_GROUP, id, rest);
}

static void put_group(request *r, mval *m, const group_view *g)
{
    PUT(m, "id", id_text(r, ID_GROUP, g->id));
    PUT(m, "name", g->name);
    PUT(m, "url", group_link(r, g->id, ""));
    PUT(m, "members_text", text_count(r, "users.count", g->members));
}

/* ---- all of them ---- */

static err groups_open(request *r, txn *t, str typed, mval **out)
{
    group_view *all;
    size_t n;
    TRY(group_all(t, r->actor.organization_id, &all, &n));
    TRY(page_open(r, t, out));
    PUT(m_set_object(*out, S("form")), "name", typed.p ? typed : S(""));
    PUT(*out, "action_url", org_path(r, "/groups"));
    PUT_BOOL(*out, "has_groups", n > 0);
    mval *list = m_set_list(*out, S("groups"));
    for (size_t i = 0; i < n; i++)
        put_group(r, m_add_object(list), &all[i]);
    return OK;
}

err console_groups_page(request *r, txn *t)
{
    mval *m;
    TRY(groups_open(r, t, STR_NONE, &m));
    return page_answer(r, 200, "groups", m);
}

err console_groups_form(request *r, txn *t)
{
    const body_groups_form *form = r->body;
    err refusal;
    uuid id;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, group_create(t, &r->actor, form->name, &id));
    if (refusal == OK)
        return page_redirect(r, group_link(r, id, ""), NOTICE_GROUP_CREATED);
    TRY(groups_open(r, t, form->name, &m));
    return page_refused(r, refusal, "groups", m);
}

/* ---- one ---- */

/* Its members, a page of them; what was typed stays in the form that was refused. */
static err group_open(request *r, txn *t, str name, str email, str cursor, mval **out)
{
    group_view g;
    member_view *rows;
    size_t n;
    page p = {.cursor = some(cursor)};
    uuid id = r->params[1].id;
    const member_filter f = {.group = id_text(r, ID_GROUP, id), .sort = S("family_name")};
    TRY(group_get(t, r->actor.organization_id, id, &g));
    TRY(member_list(t, r->actor.organization_id, &f, &p, &rows, &n));
    TRY(page_open(r, t, out));
    put_group(r, m_set_object(*out, S("group")), &g);
    mval *form = m_set_object(*out, S("form"));
    PUT(form, "name", name.p ? name : g.name);
    PUT(form, "email", email.p ? email : S(""));
    PUT(*out, "rename_url", group_link(r, id, "/name"));
    PUT(*out, "add_url", group_link(r, id, "/add"));
    PUT(*out, "take_url", group_link(r, id, "/take"));
    PUT(*out, "delete_url", group_link(r, id, "/delete"));
    PUT(*out, "count_text", text_count(r, "users.count", g.members));
    put_paging(*out, cursor, group_link(r, id, ""), p.next, LINK(r->a, group_link(r, id, ""), {S("cursor"), p.next}));
    PUT_BOOL(*out, "has_members", n > 0);
    mval *list = m_set_list(*out, S("members"));
    for (size_t i = 0; i < n; i++)
        put_member(r, m_add_object(list), &rows[i], t->now);
    page_back(r, *out, org_path(r, "/groups"), "nav.groups");
    return OK;
}

err console_group_page(request *r, txn *t)
{
    const query_group_page *q = r->query;
    mval *m;
    err e = group_open(r, t, STR_NONE, STR_NONE, q->cursor, &m);
    if (e == ERR_INVALID_REQUEST) /* an old or mistyped address: the list from its beginning */
        return answer_redirect(r, group_link(r, r->params[1].id, ""));
    TRY(e);
    return page_answer(r, 200, "group", m);
}

err console_group_name_form(request *r, txn *t)
{
    const body_group_name_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, group_rename(t, &r->actor, r->params[1].id, form->name));
    if (refusal == OK)
        return page_redirect(r, group_link(r, r->params[1].id, ""), NOTICE_GROUP_RENAMED);
    TRY(group_open(r, t, form->name, STR_NONE, STR_NONE, &m));
    return page_refused(r, refusal, "group", m);
}

/* The member with this address. */
static err add_by_address(request *r, txn *t, str email)
{
    member_view *found;
    size_t n;
    page p = {.limit = 1};
    const member_filter f = {.q = str_trim(email)};
    TRY(member_list(t, r->actor.organization_id, &f, &p, &found, &n));
    if (n != 1 || !str_eq_nocase(found[0].email, str_trim(email)))
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/email"), S("no-member"), 0);
    return group_put(t, &r->actor, r->params[1].id, found[0].id, true);
}

err console_group_add_form(request *r, txn *t)
{
    const body_group_add_form *form = r->body;
    err refusal;
    mval *m;
    PAGE_ATTEMPT(t, &refusal, add_by_address(r, t, form->email.p ? form->email : S("")));
    if (refusal == OK)
        return page_redirect(r, group_link(r, r->params[1].id, ""), NOTICE_GROUP_ADDED);
    TRY(group_open(r, t, STR_NONE, form->email, STR_NONE, &m));
    return page_refused(r, refusal, "group", m);
}

err console_group_take_form(request *r, txn *t)
{
    const body_group_take_form *form = r->body;
    uuid member;
    err refusal;
    mval *m;
    if (!typeid_parse(form->member, ID_MEMBER, &member))
        return ERR_NOT_FOUND;
    PAGE_ATTEMPT(t, &refusal, group_put(t, &r->actor, r->params[1].id, member, false));
    if (refusal == OK)
        return page_redirect(r, group_link(r, r->params[1].id, ""), NOTICE_GROUP_TAKEN);
    TRY(group_open(r, t, STR_NONE, STR_NONE, STR_NONE, &m));
    return page_refused(r, refusal, "group", m);
}

err console_group_delete_page(request *r, txn *t)
{
    group_view g;
    mval *m;
    TRY(group_get(t, r->actor.organization_id, r->params[1].id, &g));
    TRY(page_open(r, t, &m));
    put_group(r, m_set_object(m, S("group")), &g);
    PUT(m, "action_url", group_link(r, g.id, "/delete"));
    page_back(r, m, group_link(r, g.id, ""), "nav.groups");
    return page_answer(r, 200, "group_delete", m);
}

err console_group_delete_form(request *r, txn *t)
{
    TRY(group_delete(t, &r->actor, r->params[1].id));
    return page_redirect(r, org_path(r, "/groups"), NOTICE_GROUP_DELETED);
}
