/*
 * The same twice is once: the same key and body within ANSWER_KEPT_FOR get the first answer again. A program names its
 * key (Idempotency-Key, CONTRACT.md, section 3); a page of the console has one for its forms (`once`, random, put into
 * each by the templates' generator), so that a second click, a reload or a way back repeats nothing.
 */
#ifndef PARVIS_HTTP_IDEMPOTENCY_H
#define PARVIS_HTTP_IDEMPOTENCY_H

#include "http/request.h"

/** True for 1 to 255 printable ASCII characters. */
bool idempotency_key_valid(str key);

/** The key of a page in an urlencoded form; STR_NONE for what no page of ours holds: 128 bits in base64url. */
str idempotency_page_key(arena *a, str form);

/** Whether this request may be a repeat: a POST that changes something, with a sound key of somebody's. */
bool idempotency_asked(const request *r);

/**
 * Runs the route's handler in t, or answers with what it answered before. The answer is kept in the same transaction.
 * `body` is the request's own, as sent.
 *
 * To a program: with null where it held a secret, and refusals, too (what the handler wrote is undone first), but for
 * 401, 429 and 5xx; the last ANSWERS_KEPT_BYTES of an account, whatever keys it works by. To a form: what succeeded
 * alone, sealed, since the page may show what is shown once, and unless it signed somebody in or out or is longer than
 * a page ought to be; the last PAGES_KEPT of a caller, which is a source where nobody is signed in. A form that comes
 * with the same key and says something else is another one: somebody went back and changed it.
 *
 * Errors: ERR_IDEMPOTENCY_KEY_REUSED, and those of the handler that are not kept.
 */
err idempotency_run(request *r, txn *t, str body);
/**
 * Answers with what was answered before, if it is kept: *replayed. Only reads, so that a repeated request costs no
 * hash. ERR_IDEMPOTENCY_KEY_REUSED when a program's key came with another body.
 */
err idempotency_replay(request *r, txn *t, str body, bool *replayed);
/**
 * What whoever may not do it (`refusal`) is answered: where the first one led, when this form is its repeat, since what
 * was done may be why (a member left, an owner handed over); else the refusal. No page is shown again.
 */
err idempotency_way_on(request *r, txn *t, str body, err refusal);

#endif
