/*
 * What ends the ways into an account: sessions, mailed tokens, addresses under way, browsers that are known, passkeys,
 * apps, codes, keys, passwords. spec/ways_in.yaml says for each case what becomes of each way. Beside it stand only
 * what somebody takes away themselves (one session, one key, one factor) and the sweeping of what has expired.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_WAYS_IN_H
#define PARVIS_DOMAIN_ACCOUNT_WAYS_IN_H

#include "store/store.h"
#include "ways_in_table.h" /* generated from spec/ways_in.yaml */

/** Whose, and what stays. */
typedef struct ways_of {
    uuid account_id;
    uuid session_id; /* the caller's own, kept where the table says `others`; UUID_NONE: none is */
    msec since;      /* where it says `since` */
} ways_of;

/**
 * Holds an account until the end of t. Whoever acts as it, or opens a way into it, holds it beforehand; ways_end does,
 * and so waits for all of those and finds what they made, while whoever comes later finds what it left. Before seats
 * are locked. Where it would have to be waited for out of order, t begins again (row_hold): an error, and t comes
 * to nothing.
 */
err ways_hold(txn *t, uuid account_id);

/** Ends what the table says for this case, in t: at commit all of it is dead. Only trouble with the database fails. */
err ways_end(txn *t, ways_case why, const ways_of *whose);

#endif
