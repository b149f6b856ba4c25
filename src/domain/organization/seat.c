#include "domain/organization/seat.h"
#include "queries.h"

err seats_read(txn *t, uuid organization_id, seats *out)
{
    q_seat_get_row row;
    TRY(q_seat_get(t, &row, organization_id));
    *out = (seats){.limit = row.member_limit, .used = row.used, .held = row.held};
    return OK;
}

err seats_lock(txn *t, uuid organization_id, seats *out)
{
    q_seat_lock_row row;
    TRY(q_seat_lock(t, &row, organization_id));
    store_hold_no_more(t); /* whoever has an account may be waiting for these seats */
    *out = (seats){.limit = row.member_limit, .used = row.used, .held = row.held};
    return OK;
}

err seat_hold(txn *t, uuid organization_id, seats *s)
{
    if (seats_free(s) == 0 && !s->swept) {
        int64_t lapsed;
        TRY(q_invitation_expire_lapsed(t, &lapsed, .now = t->now, .organization_id = organization_id));
        s->held = s->held > lapsed ? s->held - lapsed : 0;
        s->swept = true;
    }
    if (seats_free(s) == 0) {
        problem_arg(t->problem, "limit", arena_printf(t->a, "%lld", (long long)s->limit));
        return ERR_SEAT_LIMIT_REACHED;
    }
    s->held++;
    return OK;
}

err seat_lapse(txn *t, uuid organization_id, uuid invitation_id, seats *s)
{
    int64_t lapsed;
    TRY(q_invitation_lapse_one(t, &lapsed, .now = t->now, .organization_id = organization_id, .id = invitation_id));
    s->held = s->held > lapsed ? s->held - lapsed : 0;
    return OK;
}

err seats_save(txn *t, uuid organization_id, const seats *s)
{
    return q_seat_save(t, .organization_id = organization_id, .used = s->used, .held = s->held);
}
