/* Seats: members and live pending invitations against the organization's member limit. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_SEAT_H
#define PARVIS_DOMAIN_ORGANIZATION_SEAT_H

#include "store/store.h"

typedef struct seats {
    int64_t limit; /* 0: none */
    int64_t used, held;
    bool swept; /* what had lapsed was taken off already in this transaction */
} seats;

static inline int64_t seats_free(const seats *s)
{
    return s->limit ? (s->limit > s->used + s->held ? s->limit - s->used - s->held : 0) : INT64_MAX;
}

MUST err seats_read(txn *t, uuid organization_id, seats *out);
/** Locks the seat row; every change of membership or invitation does this first. */
MUST err seats_lock(txn *t, uuid organization_id, seats *out);
/**
 * Takes one seat for a pending invitation. When full, lapsed invitations are marked expired and their seats freed first.
 * ERR_SEAT_LIMIT_REACHED when that is not enough. `s` is what seats_lock gave and is kept up to date.
 */
MUST err seat_hold(txn *t, uuid organization_id, seats *s);
/** Retires one lapsed invitation, and its seat is free: once, though seat_hold may have retired it meanwhile. */
MUST err seat_lapse(txn *t, uuid organization_id, uuid invitation_id, seats *s);
/** Notes s->used and s->held in the row. */
MUST err seats_save(txn *t, uuid organization_id, const seats *s);

#endif
