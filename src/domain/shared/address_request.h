/*
 * What somebody asks for an address: a reset, a sign-up. The asking does the same work and writes the same rows whoever
 * has the address; what differs between somebody and nobody happens later, in the worker, for all that came since its
 * last look.
 */
#ifndef PARVIS_DOMAIN_SHARED_ADDRESS_REQUEST_H
#define PARVIS_DOMAIN_SHARED_ADDRESS_REQUEST_H

#include "domain/shared/actor.h"

/** Notes a request of `kind`; `what` is sealed, since it names an address. Errors: the store's. */
err address_request_put(txn *t, const actor *who, address_request_kind kind, str what);

#endif
