/* API keys of an organization. */
#include "domain/member/api_key.h"
#include "domain/shared/permission.h"
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

static void write_permissions(json_writer *w, const api_key_view *k)
{
    permission set = k->permissions, one;
    if (!k->limited) {
        json_nothing(w, S("permissions"));
        return;
    }
    json_open(w, S("permissions"), '[');
    while (permission_next(&set, &one))
        json_str(w, STR_NONE, permission_name(one));
    json_close(w, ']');
}

/* Without its end: the secret belongs inside, once. */
static void write_key_open(json_writer *w, const api_key_view *k)
{
    json_open(w, STR_NONE, '{');
    json_id(w, S("id"), ID_KEY, k->id);
    json_str(w, S("name"), k->name);
    json_id(w, S("member"), ID_MEMBER, k->membership_id);
    json_open(w, S("account"), '{');
    json_id(w, S("id"), ID_ACCOUNT, k->account_id);
    json_str(w, S("email"), k->email);
    json_str(w, S("given_name"), k->given_name);
    json_str(w, S("family_name"), k->family_name);
    json_close(w, '}');
    write_permissions(w, k);
    json_time(w, S("created_at"), k->created_at);
    json_time(w, S("expires_at"), k->expires_at);
    json_day(w, S("last_used_on"), k->last_used_at);
}

err api_list_api_keys(request *r, txn *t)
{
    const query_list_api_keys *q = r->query;
    page p = PAGE_OF(q);
    api_key_view *list;
    size_t n;
    TRY(api_key_list(t, r->actor.organization_id, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++) {
        write_key_open(&w, &list[i]);
        json_close(&w, '}');
    }
    view_list_close(&w, &p);
    return OK;
}

static err read_new(request *r, const body_create_api_key *b, new_api_key *out)
{
    *out = (new_api_key){.name = b->name,
                         .limited = b->has_permissions,
                         .permissions = b->permissions.items,
                         .permission_count = b->permissions.count};
    if (b->expires_in.p && !(duration_parse(b->expires_in, &out->lifetime) && out->lifetime))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/expires_in"), S("not-allowed"), 0);
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
    json_writer w = answer_json(r, 201);
    write_key_open(&w, &made);
    answer_secret(r, &w, S("api_key"), key);
    json_close(&w, '}');
    return OK;
}

err api_revoke_api_key(request *r, txn *t)
{
    TRY(api_key_revoke(t, &r->actor, path_id(r)));
    return answer_empty(r, 204);
}
