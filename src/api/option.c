/* Groups and entitlements. */
#include "api/option.h"

#include "api/view.h"
#include "bodies.h"
#include "domain/member/change.h"
#include "domain/member/list.h"
#include "domain/member/member.h"
#include "domain/organization/group.h"
#include "routes.h"

const entitlement_choice *option_choices(arena *a, const list *flags)
{
    const flag *given = flags->items;
    entitlement_choice *out = arena_array_of(a, entitlement_choice, flags->count);
    for (size_t i = 0; i < flags->count; i++)
        out[i] = (entitlement_choice){given[i].name, given[i].on};
    return out;
}

err option_access_end(problem *p, str pointer, str text, msec *out)
{
    *out = 0;
    return !text.p || access_end_parse(text, out) ? OK
                                                  : problem_at(p, ERR_INVALID_REQUEST, pointer, S("not-a-time"), 0);
}

/* ---- entitlements ---- */

static const unsigned bits[ROLE_COUNT] = {
    [ROLE_OWNER] = FOR_OWNERS, [ROLE_ADMINISTRATOR] = FOR_ADMINISTRATORS, [ROLE_MEMBER] = FOR_MEMBERS};

static unsigned roles_read(const list *given)
{
    unsigned set = 0;
    const str *words = given->items;
    role one;
    for (size_t i = 0; i < given->count; i++)
        set |= role_of(words[i], &one) ? bits[one] : 0;
    return set;
}

static reply_entitlement view_entitlement(arena *a, const entitlement_view *e)
{
    str *for_roles = arena_array_of(a, str, ROLE_COUNT);
    size_t n = 0;
    for (role k = 0; k < ROLE_COUNT; k++)
        if (e->roles & bits[k])
            for_roles[n++] = role_text(k);
    return (reply_entitlement){.key = e->key,
                               .name = {.fr = e->name_fr, .en = e->name_en},
                               .default_ = e->by_default,
                               .roles = {for_roles, n}};
}

static err answer_entitlement(request *r, txn *t, int status, str key)
{
    entitlement_view e;
    TRY(entitlement_get(t, r->actor.organization_id, key, &e));
    reply_entitlement shown = view_entitlement(r->a, &e);
    return REPLY_OF(r, status, entitlement, &shown);
}

err api_list_entitlements(request *r, txn *t)
{
    entitlement_view *list;
    size_t n;
    TRY(entitlement_list(t, r->actor.organization_id, &list, &n));
    reply_entitlement *items = arena_array_of(r->a, reply_entitlement, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_entitlement(r->a, &list[i]);
    return REPLY(r, 200, entitlement_list, .items = {items, n});
}

err api_create_entitlement(request *r, txn *t)
{
    const body_create_entitlement *b = r->body;
    const entitlement_view e = {.key = b->key,
                                .name_en = b->name.en,
                                .name_fr = b->name.fr,
                                .by_default = b->default_,
                                .roles = b->has_roles ? roles_read(&b->roles) : FOR_ALL};
    TRY(entitlement_create(t, &r->actor, &e));
    return answer_entitlement(r, t, 201, b->key);
}

err api_get_entitlement(request *r, txn *t)
{
    return answer_entitlement(r, t, 200, r->params[1].text);
}

err api_update_entitlement(request *r, txn *t)
{
    const body_update_entitlement *b = r->body;
    const entitlement_change c = {.name_en = b->name.en,
                                  .name_fr = b->name.fr,
                                  .has_default = b->has_default_,
                                  .by_default = b->default_,
                                  .roles = roles_read(&b->roles)};
    TRY(entitlement_update(t, &r->actor, r->params[1].text, &c));
    return answer_entitlement(r, t, 200, r->params[1].text);
}

err api_delete_entitlement(request *r, txn *t)
{
    TRY(entitlement_delete(t, &r->actor, r->params[1].text));
    return answer_empty(r, 204);
}

/* ---- groups ---- */

static reply_group view_group(const group_view *g)
{
    return (reply_group){.id = g->id, .name = g->name, .members = g->members, .created_at = g->created_at};
}

static err answer_group(request *r, txn *t, int status, uuid id)
{
    group_view g;
    TRY(group_get(t, r->actor.organization_id, id, &g));
    reply_group shown = view_group(&g);
    return REPLY_OF(r, status, group, &shown);
}

err api_list_groups(request *r, txn *t)
{
    const query_list_groups *q = r->query;
    page p = PAGE_OF(q);
    group_view *list;
    size_t n;
    TRY(group_list(t, r->actor.organization_id, &p, &list, &n));
    reply_group *items = arena_array_of(r->a, reply_group, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_group(&list[i]);
    return REPLY(r, 200, group_list, .items = {items, n}, .next_cursor = p.next);
}

err api_create_group(request *r, txn *t)
{
    const body_create_group *b = r->body;
    uuid id;
    TRY(group_create(t, &r->actor, b->name, &id));
    return answer_group(r, t, 201, id);
}

err api_get_group(request *r, txn *t)
{
    return answer_group(r, t, 200, path_id(r));
}

err api_update_group(request *r, txn *t)
{
    const body_update_group *b = r->body;
    TRY(group_rename(t, &r->actor, path_id(r), b->name));
    return answer_group(r, t, 200, path_id(r));
}

err api_delete_group(request *r, txn *t)
{
    TRY(group_delete(t, &r->actor, path_id(r)));
    return answer_empty(r, 204);
}

err api_list_group_members(request *r, txn *t)
{
    const query_list_group_members *q = r->query;
    const member_filter f = {.group = r->params[1].text};
    page p = PAGE_OF(q);
    p.count = q->count;
    return answer_members(r, t, &f, &p);
}

err api_add_group_member(request *r, txn *t)
{
    member_view m;
    TRY(group_put(t, &r->actor, path_id(r), r->params[2].id, true));
    TRY(member_get(t, r->actor.organization_id, r->params[2].id, &m));
    reply_member shown = view_member(r->a, r->actor.entitlement_keys, &m);
    return REPLY_OF(r, 200, member, &shown);
}

err api_remove_group_member(request *r, txn *t)
{
    TRY(group_put(t, &r->actor, path_id(r), r->params[2].id, false));
    return answer_empty(r, 204);
}
