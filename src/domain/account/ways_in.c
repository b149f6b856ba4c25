/*
 * Carries out the table that spec/ways_in.yaml becomes. Nobody else ends ways in bulk, so that a way that is added has
 * to be thought of once, in the table.
 */
#include "domain/account/ways_in.h"

#include "domain/shared/held.h"
#include "queries.h"
#include "words.h"

WAYS_TABLE(table);

/* What one cell of the table asks of a statement. */
typedef struct ending {
    uuid account_id, but;
    msec since; /* 0: all */
    bool alone;
} ending;

/* The compiler sees to it that no way is forgotten. */
static err end_one(txn *t, way_in way, const ending *e, int64_t *gone)
{
    switch (way) {
    case WAY_SESSION:
        return q_ways_session(t, gone, .account_id = e->account_id, .since = e->since, .but = e->but);
    case WAY_RESET_LINK:
        return q_ways_reset_link(t, gone, .account_id = e->account_id, .since = e->since);
    case WAY_PROOF_CODE:
        return q_ways_proof_code(t, gone, .account_id = e->account_id, .since = e->since);
    case WAY_ADDRESS_CHANGE:
        return q_ways_email_change(t, gone, .account_id = e->account_id, .kind = email_change_kind_text(EMAIL_CONFIRM),
                                   .since = e->since);
    case WAY_UNDO:
        return q_ways_email_change(t, gone, .account_id = e->account_id, .kind = email_change_kind_text(EMAIL_UNDO),
                                   .since = e->since);
    case WAY_BROWSER:
        return q_ways_browser(t, gone, e->account_id);
    case WAY_PASSKEY:
        if (!e->alone)
            TRY(q_ways_passkey(t, gone, .account_id = e->account_id, .since = e->since));
        return q_ways_passkey_alone(t, gone, e->account_id); /* what is left of them */
    case WAY_APP:
        return q_ways_app(t, gone, .account_id = e->account_id, .since = e->since);
    case WAY_RECOVERY_CODE:
        return q_ways_recovery_code(t, gone, .account_id = e->account_id, .since = e->since);
    case WAY_API_KEY:
        return q_ways_api_key(t, gone, .account_id = e->account_id, .since = e->since);
    case WAY_PASSWORD:
        return q_ways_password(t, gone, e->account_id);
    case WAY_TEMPORARY_PASSWORD:
        return q_ways_temporary_password(t, gone, e->account_id);
    case WAY_REPEAT:
        return q_ways_repeat(t, gone, e->account_id);
    }
    return ERR_INTERNAL;
}

/* Where there is none, nobody else makes one by this id: as good as held. */
static err lock_account(txn *t, bool waits, void *, uuid *id)
{
    q_ways_hold_row row;
    err e = q_ways_hold(t, waits ? Q_WAYS_HOLD_HOW_WAITS : Q_WAYS_HOLD_HOW_TRIES, &row, *id);
    return e == ERR_NOT_FOUND && waits ? OK : e;
}

err ways_hold(txn *t, uuid account_id)
{
    if (uuid_none(account_id)) /* nobody's is nobody else's, either */
        return OK;
    return row_hold(t, HELD_ACCOUNT, account_id, &(held_row){.lock = lock_account});
}

err ways_end(txn *t, ways_case why, const ways_of *whose)
{
    TRY(ways_hold(t, whose->account_id));
    for (int way = 0; way < WAY_COUNT; way++) {
        int64_t gone;
        way_extent extent = table[why][way];
        const ending e = {.account_id = whose->account_id,
                          .but = extent == WAY_OTHERS ? whose->session_id : UUID_NONE,
                          .since = extent == WAY_SINCE ? whose->since : 0,
                          .alone = extent == WAY_ALONE};
        if (extent != WAY_KEEP)
            TRY(end_one(t, (way_in)way, &e, &gone));
    }
    return OK;
}
