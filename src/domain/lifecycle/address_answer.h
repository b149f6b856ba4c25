/* Who an address was typed by is answered; whose it is, the worker looks up. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_ADDRESS_ANSWER_H
#define PARVIS_DOMAIN_LIFECYCLE_ADDRESS_ANSWER_H

#include "domain/shared/actor.h"

/** Where a request stands; zeros: before the first. */
typedef struct request_mark {
    msec turn_at;
    uuid id;
} request_mark;
/**
 * Takes the first request behind `after` that nobody else takes, answers it and forgets it; *taken says which, also
 * where answering failed and it stays. For the worker. ERR_NOT_FOUND: there is none.
 */
err address_request_answer(txn *t, const request_mark *after, request_mark *taken);

#endif
