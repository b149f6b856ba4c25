/* The operator's keys. */
#include "api/view.h"
#include "bodies.h"
#include "domain/account/instance_key.h"
#include "routes.h"

static reply_instance_key view_key(const instance_key_view *k)
{
    return (reply_instance_key){.id = k->id, .name = k->name, .created_at = k->created_at};
}

err api_create_instance_key(request *r, txn *t)
{
    const body_create_instance_key *b = r->body;
    instance_key_view made;
    str key;
    TRY(instance_key_create(t, &r->actor, b->name, &made, &key));
    reply_instance_key shown = view_key(&made);
    shown.key = key;
    return REPLY_OF(r, 201, instance_key, &shown);
}

err api_list_instance_keys(request *r, txn *t)
{
    const query_list_instance_keys *q = r->query;
    page p = PAGE_OF(q);
    instance_key_view *list;
    size_t n;
    TRY(instance_key_list(t, &p, &list, &n));
    reply_instance_key *items = arena_array_of(r->a, reply_instance_key, n);
    for (size_t i = 0; i < n; i++)
        items[i] = view_key(&list[i]);
    return REPLY(r, 200, instance_key_list, .items = {items, n}, .next_cursor = p.next);
}

err api_revoke_instance_key(request *r, txn *t)
{
    TRY(instance_key_revoke(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}
