/* Who an address was typed by is answered; whose it is, the worker looks up. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_ADDRESS_ANSWER_H
#define PARVIS_DOMAIN_LIFECYCLE_ADDRESS_ANSWER_H

#include "domain/shared/actor.h"

/**
 * Takes up to `limit` requests, answers each and forgets it; *count is how many there were. For the worker. Errors: the
 * store's; then none was taken.
 */
err address_requests_answer(txn *t, int64_t limit, int64_t *count);

#endif
