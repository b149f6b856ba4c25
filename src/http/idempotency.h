/* Idempotency-Key: the same key and body within 24 hours gets the first answer again (CONTRACT.md, section 3). */
#ifndef PARVIS_HTTP_IDEMPOTENCY_H
#define PARVIS_HTTP_IDEMPOTENCY_H

#include "http/request.h"

/** True for 1 to 255 printable ASCII characters. */
bool idempotency_key_valid(str key);

/**
 * Runs the route's handler in t, or answers with what it answered before. The answer is kept in the same transaction,
 * with null where it held a secret. Refusals are kept too (what the handler wrote is undone first), but for 401, 429
 * and 5xx. `body` is the request's own, as sent. Errors: ERR_IDEMPOTENCY_KEY_REUSED, and those of the handler that are
 * not kept.
 */
err idempotency_run(request *r, txn *t, str body);
/**
 * Answers with what was answered before, if it is kept: *replayed. Only reads, so that a repeated request costs no
 * hash. ERR_IDEMPOTENCY_KEY_REUSED when the key came with another body.
 */
err idempotency_replay(request *r, txn *t, str body, bool *replayed);

#endif
