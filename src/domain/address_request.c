#include "domain/address_request.h"

#include "domain/env.h"
#include "queries.h"

static const struct {
    str kind;
    err (*answer)(txn *t, const actor *who, str what);
} kinds[] = {
    {S_INIT("reset"), password_reset_answer},
    {S_INIT("signup"), signup_answer},
};

err address_request_put(txn *t, const actor *who, str kind, str what)
{
    return q_address_request_insert(t, .id = uuid_new(t->now), .kind = kind, .sealed = seal(t->env->key, t->a, what),
                                    .source = who->source, .request_id = who->request_id, .created_at = t->now);
}

static err answer_one(txn *t, const q_address_request_take_row *r)
{
    str what;
    const actor who = {.kind = ACTOR_ANONYMOUS, .source = r->source, .request_id = r->request_id};
    if (!unseal(t->env->key, t->a, r->sealed, &what)) /* another key file's: nobody can tell what it was */
        return OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_eq(kinds[i].kind, r->kind))
            return kinds[i].answer(t, &who, what);
    return OK;
}

err address_requests_answer(txn *t, int64_t limit, int64_t *count)
{
    q_address_request_take_rows rows;
    TRY(q_address_request_take(t, &rows, limit));
    for (size_t i = 0; i < rows.n; i++)
        TRY(answer_one(t, &rows.p[i]));
    *count = (int64_t)rows.n;
    return OK;
}
