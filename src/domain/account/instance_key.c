/*
 * A key is found by the id it carries and compared by its hash, like any other secret; it belongs to nobody's account,
 * and ends when the operator says so.
 */
#include "domain/account/instance_key.h"

#include "domain/shared/audit.h"
#include "domain/shared/name.h"
#include "domain/shared/secret.h"
#include "queries.h"

err instance_key_authenticate(txn *t, str key, actor *who)
{
    secret s;
    q_instance_key_open_row row;
    if (!secret_open(t->a, str_slice(key, INSTANCE_KEY_PREFIX.n, key.n), false, &s))
        return ERR_UNAUTHENTICATED;
    err e = q_instance_key_open(t, &row, s.first);
    if (e == ERR_NOT_FOUND)
        return ERR_UNAUTHENTICATED;
    TRY(e);
    if (!token_equal(row.secret_hash, s.hash))
        return ERR_UNAUTHENTICATED;
    who->kind = ACTOR_INSTANCE_KEY;
    who->key_id = s.first;
    return OK;
}

err instance_key_create(txn *t, const actor *by, str name, instance_key_view *out, str *key)
{
    str token, hash;
    *out = (instance_key_view){.id = uuid_new(t->now), .created_at = t->now};
    TRY(name_clean(t->a, t->problem, S("/name"), name, &out->name));
    secret_new(t->a, out->id, UUID_NONE, &token, &hash);
    *key = arena_join(t->a, INSTANCE_KEY_PREFIX, token);
    TRY(q_instance_key_insert(t, .id = out->id, .name = out->name, .secret_hash = hash, .created_at = t->now));
    return audit(t, by, EVENT_INSTANCE_KEY_CREATED, .subject_id = out->id, .after = {.name = out->name});
}

static page_mark mark_of(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const instance_key_view *)rows)[i].id};
}

err instance_key_list(txn *t, page *p, instance_key_view **out, size_t *count)
{
    page_mark from;
    q_instance_key_page_rows rows;
    TRY(page_start(p, t->a, t->problem, S("instance keys"), true, &from));
    TRY(q_instance_key_page(t, &rows, .after = from.id, .limit = page_fetch(p)));
    *out = arena_array_of(t->a, instance_key_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (instance_key_view){rows.p[i].id, rows.p[i].name, rows.p[i].created_at};
    page_end(p, t->a, count, mark_of, *out);
    return OK;
}

err instance_key_revoke(txn *t, const actor *by, uuid id)
{
    int64_t revoked;
    TRY(q_instance_key_delete(t, &revoked, id));
    if (!revoked)
        return ERR_NOT_FOUND;
    return audit(t, by, EVENT_INSTANCE_KEY_REVOKED, .subject_id = id);
}
