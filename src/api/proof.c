/*
 * A Proof is a password, a code or a sign-in that is fresh: found while reading, verified in the pool, judged in the
 * write. Which of them it must be is the domain's to say (caller_proved).
 */
#include "api/proof.h"

err proof_find(request *r, txn *t, str password, str code, sign_in *in)
{
    *in = (sign_in){.email = r->actor.email, .password = password, .code = code};
    return in->password.p ? sign_in_find(t, &r->actor, in) : OK;
}

void proof_verify(request *r, sign_in *in)
{
    if (in->password.p)
        sign_in_verify(r->a, in);
}

err proof_shown(request *r, txn *t, const sign_in *in)
{
    return caller_proved(t, &r->actor, in, in->code);
}
