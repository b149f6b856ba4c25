/* The users page: members, and the head that it shares with the invitations. */
#include "console/console.h"
#include "domain/member/list.h"
#include "domain/organization/group.h"

/* What one sees in the list depends on what one may do to that member. */
static bool may_remove(const request *r, const member_view *v)
{
    bool owner = role_is(r->actor.role, ROLE_OWNER);
    return (r->actor.may & PERM_MEMBERS_REMOVE) && !uuid_eq(v->id, r->actor.membership_id) &&
           (owner || !role_is(v->role, ROLE_OWNER));
}

static void put_member_actions(request *r, mval *m, const member_view *v)
{
    bool me = uuid_eq(v->id, r->actor.membership_id), active = member_state_is(v->state, MEMBER_ACTIVE);
    bool role = r->actor.may & PERM_ROLES_CHANGE;
    bool transfer = (r->actor.may & PERM_OWNERSHIP_TRANSFER) && !me && active && !role_is(v->role, ROLE_OWNER);
    bool removal = may_remove(r, v);
    PUT(m, "change_role_url", role ? org_path_id(r, "/users/", ID_MEMBER, v->id, "/role") : STR_NONE);
    PUT(m, "transfer_url", transfer ? org_path_id(r, "/users/", ID_MEMBER, v->id, "/transfer") : STR_NONE);
    PUT(m, "remove_url", removal ? org_path_id(r, "/users/", ID_MEMBER, v->id, "/remove") : STR_NONE);
    PUT_BOOL(m, "has_menu", role || transfer || removal);
    bool update =
        (r->actor.may & PERM_MEMBERS_UPDATE) && (role_is(r->actor.role, ROLE_OWNER) || !role_is(v->role, ROLE_OWNER));
    PUT(m, "options_url", update ? org_path_id(r, "/users/", ID_MEMBER, v->id, "/options") : STR_NONE);
    PUT_BOOL(m, "has_actions", role || transfer || removal || update);
    PUT_BOOL(m, "can_suspend", update && !me && active);
    PUT_BOOL(m, "can_reactivate", update && !me && !active && !v->access_ends_at);
    PUT_BOOL(m, "can_select", removal);
}

void put_member(request *r, mval *m, const member_view *v, msec now)
{
    put_person(r, m, v->given_name, v->family_name, v->email);
    PUT(m, "id", id_text(r, ID_MEMBER, v->id));
    PUT(m, "url", org_path_id(r, "/users/", ID_MEMBER, v->id, ""));
    PUT(m, "role_text", text_of(r, "role", v->role));
    PUT_BOOL(m, "is_admin", !role_is(v->role, ROLE_MEMBER));
    PUT(m, "state_text", text_of(r, "member_state", v->state));
    PUT_BOOL(m, "is_suspended", member_state_is(v->state, MEMBER_SUSPENDED));
    PUT(m, "joined_at", machine_time(r, v->joined_at));
    PUT(m, "joined_at_text", date_text(r, v->joined_at));
    PUT(m, "joined_day_text", day_text(r, v->joined_at, now));
    PUT(m, "active_on", v->last_active_at ? str_slice(machine_time(r, v->last_active_at), 0, 10) : STR_NONE);
    PUT(m, "active_text",
        v->last_active_at ? phrase_day(r->a, r->lang, v->last_active_at, now) : text(r, "users.never_active"));
    PUT_BOOL(m, "is_secured", v->is_secured);
    PUT(m, "secured_text", text(r, v->is_secured ? "users.secured_yes" : "users.secured_no"));
    PUT_BOOL(m, "is_me", uuid_eq(v->id, r->actor.membership_id));
    put_member_actions(r, m, v);
}

/* ---- the head that members and invitations share ---- */

err put_users_tabs(request *r, txn *t, mval *m, bool invitations, organization_view *o)
{
    TRY(organization_get(t, r->actor.organization_id, o));
    mval *tabs = m_set_object(m, S("tabs"));
    PUT_BOOL(tabs, "members_current", !invitations);
    PUT_BOOL(tabs, "invitations_current", invitations);
    PUT(tabs, "members_text", phrase_number(r->a, r->lang, o->seats.used));
    PUT(tabs, "invitations_text", phrase_number(r->a, r->lang, o->seats.held));
    PUT_BOOL(m, "recommend_second_administrator", o->administering < 2);
    return OK;
}

/* ---- the list ---- */

void put_choices(request *r, mval *filter, const char *list, const char *family, const str *words, size_t count,
                 str chosen)
{
    mval *options = m_set_list(filter, str_of(list));
    put_option(options, S(""), text_of(r, family, S("any")), chosen.p ? chosen : S(""));
    for (size_t i = 0; i < count; i++)
        put_option(options, words[i], text_of(r, family, words[i]), chosen);
}

static const char newest_first[] = "-joined_at";

static str members_link(request *r, const query_members_page *q, str sort, str cursor)
{
    return LINK(r->a, org_path(r, "/users"), {S("q"), q->q}, {S("role"), q->role}, {S("state"), q->state},
                {S("group"), q->group}, {S("sort"), str_eq(sort, str_of(newest_first)) ? STR_NONE : sort},
                {S("cursor"), cursor});
}

/* A column's link sorts by it, or turns the order round when it is the one in force. */
static void put_sort(request *r, mval *sort, const query_members_page *q, str current, str column, bool down_first,
                     const char *url_name, const char *dir_name)
{
    str down = arena_join(r->a, S("-"), column);
    bool is_up = str_eq(current, column), is_down = str_eq(current, down);
    str next = is_up ? down : is_down ? column : down_first ? down : column;
    m_set_str(sort, str_of(url_name), members_link(r, q, next, STR_NONE));
    m_set_str(sort, str_of(dir_name), is_up ? S("ascending") : is_down ? S("descending") : S("none"));
}

static void put_sorts(request *r, mval *m, const query_members_page *q)
{
    str current = str_empty(q->sort) ? str_of(newest_first) : q->sort;
    mval *sort = m_set_object(m, S("sort"));
    PUT(sort, "value", q->sort);
    put_sort(r, sort, q, current, S("family_name"), false, "name_url", "name_dir");
    put_sort(r, sort, q, current, S("email"), false, "email_url", "email_dir");
    put_sort(r, sort, q, current, S("role"), false, "role_url", "role_dir");
    put_sort(r, sort, q, current, S("joined_at"), true, "joined_url", "joined_dir");
}

void put_paging(mval *m, str cursor, str first_url, str next, str next_url)
{
    mval *paging = m_set_object(m, S("page"));
    PUT_BOOL(paging, "is_paged", !str_empty(cursor) || next.p);
    PUT(paging, "first_url", str_empty(cursor) ? STR_NONE : first_url);
    PUT(paging, "next_url", next.p ? next_url : STR_NONE);
}

str some(str s)
{
    return str_empty(s) ? STR_NONE : s;
}

static err read_members(request *r, txn *t, const query_members_page *q, page *p, member_view **rows, size_t *count)
{
    member_filter f = {.q = some(q->q),
                       .role = some(q->role),
                       .state = some(q->state),
                       .group = some(q->group),
                       .sort = some(q->sort)};
    p->cursor = some(q->cursor);
    p->count = f.q.p || f.role.p || f.state.p || f.group.p;
    p->count_most = COUNT_MOST;
    return member_list(t, r->actor.organization_id, &f, p, rows, count);
}

static void put_filter(request *r, mval *m, const query_members_page *q)
{
    mval *filter = m_set_object(m, S("filter"));
    PUT(filter, "q", q->q);
    put_choices(r, filter, "role_options", "role", role_words, ROLE_STORED, q->role);
    put_choices(r, filter, "state_options", "member_state", member_state_words, MEMBER_STORED, q->state);
}

static err put_group_filter(request *r, txn *t, mval *m, str chosen)
{
    group_view *all;
    size_t n;
    TRY(group_all(t, r->actor.organization_id, &all, &n));
    mval *list = m_set_list(m, S("group_filter"));
    if (n) /* nothing to choose from: no box */
        put_option(list, S(""), text(r, "groups.any"), chosen.p ? chosen : S(""));
    for (size_t i = 0; i < n; i++)
        put_option(list, id_text(r, ID_GROUP, all[i].id), all[i].name, chosen);
    PUT_BOOL(m, "has_group_filter", n > 0);
    return OK;
}

err console_members_page(request *r, txn *t)
{
    const query_members_page *q = r->query;
    organization_view o;
    page p = {0};
    member_view *rows = NULL;
    size_t count = 0;
    mval *m;
    TRY(page_open(r, t, &m));
    TRY(put_users_tabs(r, t, m, false, &o));
    err failed = read_members(r, t, q, &p, &rows, &count);
    if (is_search_refused(r, failed))
        return failed;
    if (failed == ERR_INVALID_REQUEST ||
        failed == ERR_NOT_FOUND) /* an old or mistyped address: the list from its beginning */
        return answer_redirect(r, org_path(r, "/users"));
    if (failed != OK && failed != ERR_UNAVAILABLE)
        return failed;
    PUT_BOOL(m_set_object(m, S("list")), "is_failed", failed != OK);
    PUT(m, "retry_url", link_here(r));
    put_filter(r, m, q);
    TRY(put_group_filter(r, t, m, q->group));
    put_sorts(r, m, q);
    PUT_BOOL(m, "is_filtered", p.count);
    PUT(m, "clear_url", org_path(r, "/users"));
    PUT(m, "count_text", text_total(r, "users.count", p.count ? p.total : o.seats.used, p.more));
    put_paging(m, q->cursor, members_link(r, q, q->sort, STR_NONE), p.next, members_link(r, q, q->sort, p.next));
    PUT_BOOL(m, "has_members", count > 0);
    mval *list = m_set_list(m, S("members"));
    for (size_t i = 0; i < count; i++)
        put_member(r, m_add_object(list), &rows[i], t->now);
    return page_answer(r, failed == OK ? 200 : 503, "users", m);
}
