/* Found by the session's id, known by the hash that its row had; the row itself is gone. */
#include "domain/account/succession.h"

#include "domain/account/account.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "limits_table.h"
#include "ports/token.h"
#include "queries.h"

static spending of(const actor *who, str sent)
{
    bool former = actor_is_former(who);
    return (spending){SPENT_SESSION, former ? who->former_id : who->session_id,
                      former ? who->former_hash : who->session_hash, sent};
}

err succession_note(txn *t, const actor *who, str sent, const signed_in *made)
{
    const spending s = {SPENT_SESSION, who->session_id, who->session_hash, sent};
    return spent_note(t, who, &s, &(spent){.account_id = who->account_id, .made_id = made->session_id});
}

err succession_find(txn *t, str token, actor *who)
{
    secret s;
    q_spent_find_row row;
    if (!secret_open(t->a, token, false, &s))
        return ERR_UNAUTHENTICATED;
    err e = q_spent_find(t, &row, .id = s.first, .kind = spent_kind_text(SPENT_SESSION));
    bool was = e == OK && row.spent_at + REPEAT_WITHIN > t->now && token_equal(row.secret_hash, s.hash);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (!was)
        return ERR_UNAUTHENTICATED;
    who->former_id = s.first;
    who->former_hash = row.secret_hash;
    return OK;
}

err succession_trace(txn *t, actor *who)
{
    q_spent_successor_row row;
    err e = q_spent_successor(t, &row, .account_id = who->account_id, .made_id = who->session_id);
    if (e == OK && row.spent_at + REPEAT_WITHIN > t->now) {
        who->former_id = row.id;
        who->former_hash = row.secret_hash;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

str succession_salt(txn *t, const actor *who)
{
    const spending s = of(who, STR_NONE);
    return spent_salt(t, &s);
}

err succession_admit(txn *t, const actor *who, password_terms *terms)
{
    const spending s = of(who, STR_NONE);
    *terms = (password_terms){.salt = spent_salt(t, &s)};
    TRY(spent_standing(t, who, &s, &terms->is_again));
    return terms->is_again ? OK : ERR_UNAUTHENTICATED;
}

/* Nothing lasts longer by it. */
static err like(txn *t, const actor *who, err found, const spent *was, signed_in *out)
{
    q_session_open_row row;
    err e = found == OK ? q_session_open(t, &row, was->made_id) : found;
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    *out = (signed_in){.stage = STAGE_FULL, .session_id = who->session_id, .expires_at = row.expires_at};
    TRY(account_get(t, was->account_id, &out->account));
    if (who->kind == ACTOR_ACCOUNT)
        return OK;
    TRY(session_create(t, who, was->account_id, STAGE_FULL, row.factor_at != 0, &out->session_id, &out->token,
                       &out->expires_at));
    out->expires_at = row.expires_at;
    return q_session_continue(t, .created_at = row.created_at, .expires_at = row.expires_at, .id = out->session_id);
}

err succession_again(txn *t, const actor *who, str sent, signed_in *out)
{
    spent was;
    const spending s = of(who, sent);
    return like(t, who, spent_again(t, who, &s, &was), &was, out);
}

err succession_again_by_password(txn *t, const actor *who, str sent, signed_in *out)
{
    spent was;
    const spending s = of(who, sent);
    bool anybody = who->kind != ACTOR_ACCOUNT;
    return like(t, who, anybody ? spent_again_by_password(t, who, &s, &was) : spent_again(t, who, &s, &was), &was, out);
}
