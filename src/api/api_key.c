/* API keys of an organization. */
#include "domain/member/api_key.h"
#include "domain/shared/permission.h"
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

static reply_texts view_permissions(arena *a, const api_key_view *k)
{
    permission set = k->permissions, one;
    size_t n = 0, count = 0;
    for (permission rest = set; permission_next(&rest, &one);)
        count++;
    str *names = arena_array_of(a, str, count);
    while (permission_next(&set, &one))
        names[n++] = permission_name(one);
    return (reply_texts){names, n};
}

static reply_api_key view_key(arena *a, const api_key_view *k)
{
    return (reply_api_key){
        .id = k->id,
        .name = k->name,
        .member = k->membership_id,
        .account = {.id = k->account_id, .email = k->email, .given_name = k->given_name, .family_name = k->family_name},
        .has_permissions = k->limited,
        .permissions = view_permissions(a, k),
        .created_at = k->created_at,
        .expires_at = k->expires_at,
        .last_used_on = k->last_used_at};
}

err api_list_api_keys(request *r, txn *t)
{
    const query_list_api_keys *q = r->query;
    page p = PAGE_OF(q);
    api_key_view *list;
    size_t n;
    TRY(api_key_list(t, r->actor.organization_id, &p, &list, &n));
    reply_api_key *items = arena_array_of(r->a, reply_api_key, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_key(r->a, &list[i]);
    return REPLY(r, 200, api_key_list, .items = {items, n}, .next_cursor = p.next);
}

static err read_new(request *r, const body_create_api_key *b, new_api_key *out)
{
    *out = (new_api_key){.name = b->name,
                         .limited = b->has_permissions,
                         .permissions = b->permissions.items,
                         .permission_count = b->permissions.count};
    if (b->expires_in.p)
        TRY(api_key_lifetime_read(r->a, &r->problem, b->expires_in, &out->lifetime));
    if (b->member.p && !typeid_parse(b->member, ID_MEMBER, &out->membership_id))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/member"), S("not-allowed"), 0);
    return OK;
}

err api_create_api_key(request *r, txn *t)
{
    new_api_key asked;
    api_key_view made;
    uuid id;
    str key;
    TRY(read_new(r, r->body, &asked));
    TRY(api_key_create(t, &r->actor, &asked, &id, &key));
    TRY(api_key_get(t, r->actor.organization_id, id, &made));
    reply_api_key shown = view_key(r->a, &made);
    shown.api_key = key;
    return REPLY_OF(r, 201, api_key, &shown);
}

err api_revoke_api_key(request *r, txn *t)
{
    TRY(api_key_revoke(t, &r->actor, path_id(r)));
    return answer_empty(r, 204);
}
