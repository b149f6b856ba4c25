/* Who changes a way in: components/requestBodies/Proof, for the routes that ask for it. */
#ifndef PARVIS_API_PROOF_H
#define PARVIS_API_PROOF_H

#include "domain/account/factor.h"
#include "http/request.h"

/** Finds what the password of a Proof is verified against, where it has one. ERR_RATE_LIMITED. */
err proof_find(request *r, txn *t, str password, str code, sign_in *in);
/** Verifies that password; on the pool's thread (prepare). */
void proof_verify(request *r, sign_in *in);
/** OK when the caller proved who they are; the refusals of caller_proved. */
err proof_shown(request *r, txn *t, const sign_in *in);

#endif
