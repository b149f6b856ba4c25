/* Who changes a way in: components/requestBodies/Proof, for the routes that ask for it. */
#ifndef PARVIS_API_PROOF_H
#define PARVIS_API_PROOF_H

#include "domain/account/factor.h"
#include "http/request.h"

/** Finds what the password of a Proof is verified against, where it has one. ERR_RATE_LIMITED. */
err proof_find(request *r, txn *t, str password, str code, sign_in *in);
/** Verifies that password; on the pool's thread (prepare). */
void proof_verify(request *r, sign_in *in);
/** Whether the caller proved who they are. False: refused, and answered so that the wrong try is kept, or *e is to be returned. */
bool proof_shown(request *r, txn *t, const sign_in *in, err *e);

#endif
