/* What a member is offered: options, groups, end of access; suspended or not; for one or for several. */
#include "console/console.h"
#include "domain/member/change.h"
#include "domain/organization/group.h"

/* ---- one ---- */

static str date_value(request *r, msec ends)
{
    char text[CLOCK_TEXT_SIZE];
    if (!ends)
        return S("");
    return arena_str(r->a, str_slice(clock_format(clock_ends_day(ends) ? ends - 1 : ends, text), 0, 10));
}

/* Nobody but an owner switches an option of their own on. */
static bool may_switch_on(const request *r, uuid member)
{
    return !uuid_eq(member, r->actor.membership_id) || role_is(r->actor.role, ROLE_OWNER);
}

/* Every option, ticked when it is among `set`; those that the role may not have are left out, and, where nothing may be
 * switched on, those that are off. */
static err put_entitlements(request *r, txn *t, mval *m, str role, int64_t set, bool off_too)
{
    entitlement_view *named;
    size_t n;
    entitlement e;
    str keys = r->actor.entitlement_keys;
    mval *list = m_set_list(m, S("entitlements"));
    TRY(entitlement_list(t, r->actor.organization_id, &named, &n));
    for (size_t i = 0; i < n && entitlement_next(&keys, &e); i++) { /* both by key */
        if (role.p && !entitlement_is_on(&e, off_too ? INT64_MAX : set, role))
            continue;
        str name = r->lang == LANG_FR ? named[i].name_fr : named[i].name_en;
        put_option(list, e.key, name, entitlement_is_on(&e, set, role) ? e.key : STR_NONE);
    }
    PUT_BOOL(m, "has_entitlements", n > 0);
    return OK;
}

static err put_groups(request *r, txn *t, mval *m, str ids)
{
    group_view *all;
    size_t n;
    TRY(group_all(t, r->actor.organization_id, &all, &n));
    mval *list = m_set_list(m, S("group_options"));
    for (size_t i = 0; i < n; i++) {
        str id = id_text(r, ID_GROUP, all[i].id);
        put_option(list, id, all[i].name, group_among(ids, id) ? id : STR_NONE);
    }
    PUT_BOOL(m, "has_groups", n > 0);
    return OK;
}

err put_member_options(request *r, txn *t, mval *m, const member_view *v)
{
    TRY(put_entitlements(r, t, m, v->role, v->entitlements, may_switch_on(r, v->id)));
    TRY(put_groups(r, t, m, v->group_ids));
    PUT(m, "ends_text", v->access_ends_at ? access_end_text(r, v->access_ends_at) : STR_NONE);
    return OK;
}

static err options_open(request *r, txn *t, const member_view *v, str ends, mval **out)
{
    TRY(page_open(r, t, out));
    put_member(r, m_set_object(*out, S("member")), v, t->now);
    TRY(put_member_options(r, t, *out, v));
    PUT_BOOL(*out, "own_options", !may_switch_on(r, v->id));
    PUT(m_set_object(*out, S("form")), "access_ends_at", ends.p ? ends : date_value(r, v->access_ends_at));
    PUT_BOOL(*out, "may_end", !role_is(v->role, ROLE_OWNER) && !uuid_eq(v->id, r->actor.membership_id));
    PUT(*out, "action_url", org_path_id(r, "/users/", ID_MEMBER, v->id, "/options"));
    page_back(r, *out, org_path_id(r, "/users/", ID_MEMBER, v->id, ""), "nav.back_member");
    return OK;
}

err console_member_options_page(request *r, txn *t)
{
    member_view v;
    mval *m;
    TRY(member_get(t, r->actor.organization_id, r->params[1].id, &v));
    TRY(options_open(r, t, &v, STR_NONE, &m));
    return page_answer(r, 200, "member_options", m);
}

/* The date as it stands in the form; one that was not touched stays the moment it is. */
static err read_end(request *r, const member_view *v, str typed, member_change *c)
{
    str date = typed.p ? str_trim(typed) : S("");
    c->has_access_ends_at = typed.p && !str_eq(date, date_value(r, v->access_ends_at));
    if (!c->has_access_ends_at || str_empty(date) || access_end_parse(date, &c->access_ends_at))
        return OK;
    return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/access_ends_at"), S("not-a-time"), 0);
}

/* Of the options that the form showed: those that the role may have. */
static void read_entitlements(request *r, const member_view *v, const list *on, member_change *c)
{
    entitlement e;
    entitlement_choice *all;
    size_t n, kept = 0;
    str keys = r->actor.entitlement_keys;
    entitlements_ticked(r->a, keys, on->items, on->count, &all, &n);
    for (size_t i = 0; i < n && entitlement_next(&keys, &e); i++)
        if (entitlement_is_on(&e, INT64_MAX, v->role))
            all[kept++] = all[i];
    c->entitlements = all;
    c->entitlement_count = kept;
}

err console_member_options_form(request *r, txn *t)
{
    const body_member_options_form *form = r->body;
    member_view v;
    mval *m;
    TRY(member_get(t, r->actor.organization_id, r->params[1].id, &v));
    member_change c = {.has_groups = true, .groups = form->group.items, .group_count = form->group.count};
    read_entitlements(r, &v, &form->entitlement, &c);
    err refusal = read_end(r, &v, form->access_ends_at, &c);
    if (refusal == OK)
        PAGE_ATTEMPT(t, &refusal, member_update(t, &r->actor, v.id, &c));
    if (refusal == OK)
        return page_redirect(r, org_path_id(r, "/users/", ID_MEMBER, v.id, ""), NOTICE_MEMBER_SAVED);
    TRY(options_open(r, t, &v, form->access_ends_at, &m));
    return page_refused(r, refusal, "member_options", m);
}

/* ---- several ---- */

static err read_members(request *r, const list *named, uuid **ids)
{
    const str *texts = named->items;
    *ids = arena_array_of(r->a, uuid, named->count + 1);
    for (size_t i = 0; i < named->count; i++)
        if (!typeid_parse(texts[i], ID_MEMBER, &(*ids)[i]))
            return ERR_NOT_FOUND;
    return OK;
}

static void put_words(request *r, mval *list, const char *const *words, str chosen)
{
    for (; *words; words++)
        put_option(list, str_of(*words), text_of(r, "members_change", str_of(*words)), chosen);
}

/* Asks first: whom, and for options, what. */
static err bulk_open(request *r, txn *t, const uuid *ids, size_t count, const body_members_change_form *form,
                     mval **out)
{
    static const char *const ends[] = {"keep", "none", "on", NULL};
    TRY(page_open(r, t, out));
    mval *list = m_set_list(*out, S("members"));
    for (size_t i = 0; i < count; i++) {
        member_view v;
        TRY(member_get(t, r->actor.organization_id, ids[i], &v));
        put_member(r, m_add_object(list), &v, t->now);
    }
    PUT(*out, "action", form->action);
    PUT(*out, "action_url", org_path(r, "/users/change"));
    PUT(*out, "heading", text_of(r, "members_change.title", form->action));
    PUT(*out, "explanation", text_of(r, "members_change.text", form->action));
    PUT(*out, "submit_text", text_of(r, "members_change.submit", form->action));
    bool options = str_eq(form->action, S("options"));
    PUT_BOOL(*out, "is_options", options);
    if (options) {
        TRY(put_entitlements(r, t, *out, STR_NONE, 0, true));
        TRY(put_groups(r, t, *out, S("")));
        put_words(r, m_set_list(*out, S("end_options")), ends, form->end.p ? form->end : S("keep"));
        PUT(m_set_object(*out, S("form")), "access_ends_at", form->access_ends_at.p ? form->access_ends_at : S(""));
    }
    page_back(r, *out, org_path(r, "/users"), "nav.back_members");
    return OK;
}

/* "KEY=on", "KEY=off"; anything else leaves that option as it is. */
static void read_switches(request *r, const list *given, member_change *c)
{
    const str *texts = given->items;
    entitlement_choice *out = arena_array_of(r->a, entitlement_choice, given->count);
    for (size_t i = 0; i < given->count; i++) {
        str rest = texts[i], key = str_cut(&rest, '=');
        if (str_eq(rest, S("on")) || str_eq(rest, S("off")))
            out[c->entitlement_count++] = (entitlement_choice){key, str_eq(rest, S("on"))};
    }
    c->entitlements = out;
}

/* "grp_…=add", "grp_…=take". */
static void read_group_switches(request *r, const list *given, member_change *c)
{
    const str *texts = given->items;
    str *add = arena_array_of(r->a, str, given->count), *take = arena_array_of(r->a, str, given->count);
    for (size_t i = 0; i < given->count; i++) {
        str rest = texts[i], id = str_cut(&rest, '=');
        if (str_eq(rest, S("add")))
            add[c->groups_add_count++] = id;
        else if (str_eq(rest, S("take")))
            take[c->groups_remove_count++] = id;
    }
    c->groups_add = add;
    c->groups_remove = take;
}

static err read_change(request *r, const body_members_change_form *form, member_change *c)
{
    *c = (member_change){.state = str_eq(form->action, S("suspend"))      ? member_state_text(MEMBER_SUSPENDED)
                                  : str_eq(form->action, S("reactivate")) ? member_state_text(MEMBER_ACTIVE)
                                                                          : STR_NONE};
    if (c->state.p)
        return OK;
    read_switches(r, &form->entitlement, c);
    read_group_switches(r, &form->group, c);
    bool on = str_eq(form->end, S("on"));
    c->has_access_ends_at = on || str_eq(form->end, S("none"));
    if (!on || access_end_parse(str_trim(form->access_ends_at), &c->access_ends_at))
        return OK;
    return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/access_ends_at"), S("not-a-time"), 0);
}

/* All or none, as with removal: the first refusal undoes the others. */
static err change_all(request *r, txn *t, const uuid *ids, size_t count, const member_change *c)
{
    member_result *results = arena_array_of(r->a, member_result, count);
    TRY(members_update(t, &r->actor, ids, count, c, results));
    for (size_t i = 0; i < count; i++)
        if (results[i].outcome != OK) {
            *t->problem = *results[i].problem;
            return results[i].outcome;
        }
    return OK;
}

err console_members_change_form(request *r, txn *t)
{
    const body_members_change_form *form = r->body;
    size_t count = form->member.count;
    uuid *ids;
    member_change c;
    mval *m;
    err refusal = OK;
    TRY(read_members(r, &form->member, &ids));
    if (!count)
        return page_redirect(r, org_path(r, "/users"), NOTICE_NOTHING_SELECTED);
    if (form->confirmed)
        refusal = read_change(r, form, &c);
    if (form->confirmed && refusal == OK) {
        PAGE_ATTEMPT(t, &refusal, change_all(r, t, ids, count, &c));
        if (refusal == OK)
            return page_redirect_count(r, org_path(r, "/users"), NOTICE_MEMBERS_CHANGED, (int64_t)count);
    }
    TRY(bulk_open(r, t, ids, count, form, &m));
    return refusal == OK ? page_answer(r, 200, "members_change", m) : page_refused(r, refusal, "members_change", m);
}

err console_members_change_form_again(request *r, txn *t)
{
    const body_members_change_form *form = r->body;
    uuid *ids;
    mval *m;
    TRY(read_members(r, &form->member, &ids));
    if (!form->member.count || !form->action.p)
        return ERR_NOT_FOUND;
    TRY(bulk_open(r, t, ids, form->member.count, form, &m));
    return page_answer(r, 200, "members_change", m);
}
