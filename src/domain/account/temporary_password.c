/* A temporary password, behind which an account waits. */
#include "domain/account/temporary_password.h"

#include "domain/account/spent.h"
#include "domain/account/ways_in.h"
#include "domain/shared/env.h"
#include "ports/token.h"
#include "queries.h"

/* Bound to its address, like a salt. */
static str hash_of(txn *t, str email_key, str normal)
{
    token_digest d = token_mac(t->env->key, KEY_TEMPORARY, arena_join(t->a, email_key, S("\n"), normal));
    return arena_str(t->a, token_digest_str(&d));
}

str temporary_hash(txn *t, str email_key, str typed, bool *shaped)
{
    char normal[TEMPORARY_LENGTH + 1];
    *shaped = temporary_normalise(typed, normal);
    str hash = hash_of(t, email_key, *shaped ? str_of(normal) : S(""));
    explicit_bzero(normal, sizeof normal);
    return hash;
}

bool temporary_matches(txn *t, str email_key, str hash, str typed)
{
    bool shaped;
    str typed_hash = temporary_hash(t, email_key, typed, &shaped);
    return token_equal(hash, typed_hash) && shaped;
}

/* An account whose temporary password just died. */
err temporary_forget(txn *t, uuid id)
{
    TRY(ways_end(t, WAYS_TEMPORARY_ENDED, &(ways_of){.account_id = id}));
    return q_temporary_forget(t, id);
}

err temporary_give_way(txn *t, str email_key)
{
    q_temporary_give_way_row row;
    err e = q_temporary_give_way(t, &row, email_key);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return temporary_forget(t, row.id);
}

/* For the first time, or once more. */
static err use(txn *t, const actor *who, const sign_in *in, const q_account_password_kept_row *now, bool *again)
{
    spent was;
    const str typed[] = {in->email, in->code, who->page}; /* who issued it knows it, and not the page */
    const spending s = {.kind = SPENT_TEMPORARY,
                        .id = in->account_id,
                        .secret_hash = now->temporary_hash,
                        .sent = spent_sent(t, typed, sizeof typed / sizeof *typed)};
    *again = now->temporary_used_at != 0;
    if (*again) {
        err e = spent_again(t, who, &s, &was);
        return e == ERR_NOT_FOUND ? ERR_TEMPORARY_PASSWORD_EXPIRED : e;
    }
    TRY(q_temporary_use(t, .temporary_used_at = t->now, .id = in->account_id));
    return spent_note(t, who, &s, &(spent){.account_id = in->account_id});
}

err temporary_use(txn *t, const actor *who, const sign_in *in, str email_key, bool *again)
{
    q_account_password_kept_row now;
    err e = q_account_password_kept(t, &now, in->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_SIGN_IN_FAILED : e; /* it went with its invitation */
    if (!temporary_matches(t, email_key, now.temporary_hash, in->password))
        return ERR_SIGN_IN_FAILED;
    return now.temporary_expires_at > t->now ? use(t, who, in, &now, again) : ERR_TEMPORARY_PASSWORD_EXPIRED;
}
