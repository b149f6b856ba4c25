/* Kept by a hash of the address, so that it outlives the account and names nobody. */
#include "domain/invitation/silence.h"

#include "domain/account/account.h"
#include "domain/shared/audit.h"
#include "domain/shared/env.h"
#include "ports/token.h"
#include "queries.h"

str silence_hash(txn *t, str email_key)
{
    token_digest d = token_mac(t->env->key, KEY_SILENCE, email_key);
    return arena_str(t->a, token_digest_str(&d));
}

err silence_begin(txn *t, const actor *by, uuid organization_id, uuid invitation_id, str email_key)
{
    TRY(q_silence_insert(t, .organization_id = organization_id, .address_hash = silence_hash(t, email_key),
                         .invitation_id = invitation_id, .created_at = t->now));
    return audit(t, by, EVENT_INVITATIONS_SILENCED, .subject_id = invitation_id, .organization_id = organization_id);
}

err silence_check(txn *t, uuid organization_id, str email_key)
{
    q_silence_by_row row;
    err e = q_silence_by(t, &row, .organization_id = organization_id, .address_hash = silence_hash(t, email_key));
    return e == OK ? ERR_INVITATIONS_REFUSED : e == ERR_NOT_FOUND ? OK : e;
}

err silence_end(txn *t, const actor *by, uuid organization_id, str email_key, bool *was)
{
    int64_t gone;
    TRY(q_silence_delete(t, &gone, .organization_id = organization_id, .address_hash = silence_hash(t, email_key)));
    if (was)
        *was = gone > 0;
    if (!gone)
        return OK;
    return audit(t, by, EVENT_INVITATIONS_SILENCE_LIFTED, .subject_id = organization_id,
                 .organization_id = organization_id);
}

err silences_own(txn *t, const actor *who, silence_view **out, size_t *count)
{
    q_silences_own_rows rows = {0};
    str key;
    TRY(account_proved_key(t, who, &key));
    if (key.p)
        TRY(q_silences_own(t, &rows, silence_hash(t, key)));
    *out = arena_array_of(t->a, silence_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++)
        (*out)[i] = (silence_view){rows.p[i].organization_id, rows.p[i].name, rows.p[i].slug, rows.p[i].created_at};
    return OK;
}

err silence_lift(txn *t, const actor *who, uuid organization_id)
{
    str key;
    bool was = false;
    TRY(account_proved_key(t, who, &key));
    if (key.p)
        TRY(silence_end(t, who, organization_id, key, &was));
    return was ? OK : ERR_NOT_FOUND;
}
