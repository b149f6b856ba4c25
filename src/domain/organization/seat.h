/*
 * Seats: members and live pending invitations against the organization's member limit. They change by the verbs below
 * and by nothing else; each says why, which is what a bill will be made from.
 */
#ifndef PARVIS_DOMAIN_ORGANIZATION_SEAT_H
#define PARVIS_DOMAIN_ORGANIZATION_SEAT_H

#include "store/store.h"

/** To be read; "seats are verbs" of tools/lint.sh finds who changes or adds them up elsewhere. */
typedef struct seats {
    uuid organization_id;
    int64_t limit;      /* 0: none */
    int64_t used, held; /* by members; by invitations */
    bool swept;         /* what had lapsed was taken off already in this transaction */
} seats;

typedef enum seat_cause {
    SEAT_INVITED,
    SEAT_REOPENED, /* a lapsed invitation sent again */
    SEAT_FOUNDED,  /* the first owner's */
    SEAT_JOINED,
    SEAT_LAPSED,
    SEAT_DECLINED,
    SEAT_REVOKED,
    SEAT_LEFT,
    SEAT_REMOVED,
} seat_cause;

/** Those that are gone, by members and invitations. */
static inline int64_t seats_gone(const seats *s)
{
    return s->used + s->held;
}

static inline int64_t seats_free(const seats *s)
{
    return s->limit ? (s->limit > seats_gone(s) ? s->limit - seats_gone(s) : 0) : INT64_MAX;
}

/** As they are at this moment: what lapsed holds nothing, whether it was retired already or not. */
err seats_read(txn *t, uuid organization_id, seats *out);
/**
 * Locks the seat row; every change of membership or invitation does this first, and gives what it gets to the verbs.
 */
err seats_lock(txn *t, uuid organization_id, seats *out);

/**
 * Takes one seat for a pending invitation. When full, lapsed invitations are marked expired and their seats freed
 * first. ERR_SEAT_LIMIT_REACHED when that is not enough.
 */
err seat_hold(txn *t, seats *s, seat_cause why);
/** As many of `want` as there are; *granted may be 0. */
err seat_hold_some(txn *t, seats *s, int64_t want, seat_cause why, int64_t *granted);
/** Counts one more of those that were read, and keeps it nowhere: what seat_hold would answer. */
err seat_try(txn *t, seats *s);
/** A seat that was held becomes a member's. */
err seat_convert(txn *t, seats *s, seat_cause why);
/** Seats that were held are free. */
err seat_release(txn *t, seats *s, int64_t count, seat_cause why);
/** A member's seat is free. */
err seat_vacate(txn *t, seats *s, seat_cause why);
/** Retires one lapsed invitation, and its seat is free: once, though seat_hold may have retired it meanwhile. */
err seat_lapse(txn *t, seats *s, uuid invitation_id);

#endif
