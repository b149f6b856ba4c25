/*
 * What somebody asks for an address: a reset, a sign-up. The asking does the same work and writes the same rows whoever has
 * the address; what differs between somebody and nobody happens later, in the worker, for all that came since its last look.
 */
#ifndef PARVIS_DOMAIN_ADDRESS_REQUEST_H
#define PARVIS_DOMAIN_ADDRESS_REQUEST_H

#include "domain/actor.h"

#define ADDRESS_REQUEST_RESET  S("reset")
#define ADDRESS_REQUEST_SIGNUP S("signup")

/** Notes a request of `kind`; `what` is sealed, since it names an address. Errors: the store's. */
MUST err address_request_put(txn *t, const actor *who, str kind, str what);
/**
 * Takes up to `limit` requests, answers each and forgets it; *count is how many there were. For the worker. Errors: the
 * store's; then none was taken.
 */
MUST err address_requests_answer(txn *t, int64_t limit, int64_t *count);

/** credential.c: mails a link when the address that was typed is an account's. */
MUST err password_reset_answer(txn *t, const actor *who, str what);
/** signup.c: mails a code, or to the holder of an account that they have one. */
MUST err signup_answer(txn *t, const actor *who, str what);

#endif
