/* The operator's keys. */
#include "api/view.h"
#include "bodies.h"
#include "domain/account/instance_key.h"
#include "routes.h"

static void write_key(json_writer *w, const instance_key_view *k)
{
    json_id(w, S("id"), ID_INSTANCE_KEY, k->id);
    json_str(w, S("name"), k->name);
    json_time(w, S("created_at"), k->created_at);
}

err api_create_instance_key(request *r, txn *t)
{
    const body_create_instance_key *b = r->body;
    instance_key_view made;
    str key;
    TRY(instance_key_create(t, &r->actor, b->name, &made, &key));
    json_writer w = answer_json(r, 201);
    json_open(&w, STR_NONE, '{');
    write_key(&w, &made);
    answer_secret(r, &w, S("key"), key);
    json_close(&w, '}');
    return OK;
}

err api_list_instance_keys(request *r, txn *t)
{
    const query_list_instance_keys *q = r->query;
    page p = PAGE_OF(q);
    instance_key_view *list;
    size_t n;
    TRY(instance_key_list(t, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++) {
        json_open(&w, STR_NONE, '{');
        write_key(&w, &list[i]);
        json_close(&w, '}');
    }
    view_list_close(&w, &p);
    return OK;
}

err api_revoke_instance_key(request *r, txn *t)
{
    TRY(instance_key_revoke(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}
