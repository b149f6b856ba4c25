/* Found by the address as the account has it now; that it is proved is asked again at the door. */
#include "domain/lifecycle/own_invitation.h"

#include "domain/account/account.h"
#include "queries.h"

err own_invitations(txn *t, const actor *who, own_invitation **out, size_t *count)
{
    q_own_invitations_rows rows = {0};
    str key;
    TRY(account_proved_key(t, who, &key));
    if (key.p)
        TRY(q_own_invitations(t, &rows, .email_key = key, .account_id = who->account_id, .now = t->now));
    *out = arena_array_of(t->a, own_invitation, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_own_invitations_row *r = &rows.p[i];
        (*out)[i] =
            (own_invitation){r->organization_id,     r->id,         r->name,      r->role, r->inviter_given_name,
                             r->inviter_family_name, r->created_at, r->expires_at};
    }
    return OK;
}

err own_invitation_key(txn *t, const actor *who, uuid id, invitation_key *out)
{
    q_invitations_at_rows rows;
    str key;
    TRY(account_proved_key(t, who, &key));
    for (size_t which = 0; key.p && which < Q_INVITATIONS_AT_WHICH_COUNT; which++) {
        TRY(q_invitations_at(t, which, &rows, .email_key = key));
        for (size_t i = 0; i < rows.n; i++) {
            if (!uuid_eq(rows.p[i].id, id))
                continue;
            *out = (invitation_key){.organization_id = rows.p[i].organization_id, .invitation_id = id};
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}
