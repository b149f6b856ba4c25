/*
 * Held seats are an upper bound, since lapsed invitations count until somebody looks: before anyone is refused they are
 * swept, in the same transaction, under the row's lock.
 */
#include "domain/organization/seat.h"
#include "domain/shared/held.h"
#include "queries.h"

err seats_read(txn *t, uuid organization_id, seats *out)
{
    q_seat_get_row row;
    TRY(q_seat_get(t, &row, .organization_id = organization_id, .now = t->now));
    *out = (seats){.organization_id = organization_id, .limit = row.member_limit, .used = row.used, .held = row.held};
    return OK;
}

static err lock(txn *t, bool waits, void *of, uuid *id)
{
    q_seat_lock_row row;
    seats *out = of;
    TRY(q_seat_lock(t, waits ? Q_SEAT_LOCK_HOW_WAITS : Q_SEAT_LOCK_HOW_TRIES, &row, *id));
    *out = (seats){.organization_id = *id, .limit = row.member_limit, .used = row.used, .held = row.held};
    return OK;
}

static err find(txn *t, void *of, uuid *id)
{
    return seats_read(t, *id, of);
}

err seats_lock(txn *t, uuid organization_id, seats *out)
{
    const held_row row = {.lock = lock, .find = find, .of = out, .reads_too = true};
    return row_hold(t, HELD_SEATS, organization_id, &row);
}

/* The one place where seats are written. */
static err write_down(txn *t, seats *s, int64_t used, int64_t held, seat_cause why)
{
    (void)why;
    s->used += used;
    s->held += held;
    return q_seat_save(t, .organization_id = s->organization_id, .used = s->used, .held = s->held);
}

/* No more than there are. */
static int64_t at_most(int64_t wanted, int64_t there)
{
    return wanted < there ? wanted : there;
}

static err sweep(txn *t, seats *s)
{
    int64_t lapsed;
    s->swept = true;
    TRY(q_invitation_expire_lapsed(t, &lapsed, .now = t->now, .organization_id = s->organization_id));
    return lapsed ? write_down(t, s, 0, -at_most(lapsed, s->held), SEAT_LAPSED) : OK;
}

err seat_hold_some(txn *t, seats *s, int64_t want, seat_cause why, int64_t *granted)
{
    if (seats_free(s) < want && !s->swept)
        TRY(sweep(t, s));
    *granted = at_most(want, seats_free(s));
    return *granted ? write_down(t, s, 0, *granted, why) : OK;
}

static err full(txn *t, const seats *s)
{
    problem_arg(t->problem, "limit", arena_printf(t->a, "%lld", (long long)s->limit));
    return ERR_SEAT_LIMIT_REACHED;
}

err seat_hold(txn *t, seats *s, seat_cause why)
{
    int64_t granted;
    TRY(seat_hold_some(t, s, 1, why, &granted));
    return granted ? OK : full(t, s);
}

err seat_try(txn *t, seats *s)
{
    if (seats_free(s) == 0)
        return full(t, s);
    s->held++;
    return OK;
}

err seat_convert(txn *t, seats *s, seat_cause why)
{
    return write_down(t, s, 1, -at_most(1, s->held), why);
}

err seat_release(txn *t, seats *s, int64_t count, seat_cause why)
{
    count = at_most(count, s->held);
    return count ? write_down(t, s, 0, -count, why) : OK;
}

err seat_vacate(txn *t, seats *s, seat_cause why)
{
    return write_down(t, s, -1, 0, why);
}

err seat_lapse(txn *t, seats *s, uuid invitation_id)
{
    int64_t lapsed;
    TRY(q_invitation_lapse_one(t, &lapsed, .now = t->now, .organization_id = s->organization_id, .id = invitation_id));
    return seat_release(t, s, lapsed, SEAT_LAPSED);
}
