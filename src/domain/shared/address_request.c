/* One row, whoever has the address: looking it up here would take longer for some than for others, and tell. */
#include "domain/shared/address_request.h"

#include "domain/shared/env.h"
#include "domain/shared/turn.h"
#include "queries.h"

err address_request_put(txn *t, const actor *who, address_request_kind kind, str what)
{
    int64_t whose = turn_of_source(t, who->source.p ? who->source : S(""));
    return q_address_request_insert(t, .id = uuid_new(t->now), .kind = address_request_kind_text(kind),
                                    .sealed = seal(t->env->key, t->a, what), .source = who->source,
                                    .request_id = who->request_id, .turn_at = turn_take(TURN_REQUEST, whose, t->now),
                                    .created_at = t->now);
}
