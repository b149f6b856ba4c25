/*
 * In which of the store's lanes a write stands: in its organization's, however the path names it, where its caller is
 * known to be let in; everybody else stands with those who come from where they come. Nothing depends on it but who
 * waits behind whom: the transaction asks again who calls, and what they may.
 */
#ifndef PARVIS_HTTP_LANE_H
#define PARVIS_HTTP_LANE_H

#include "http/exchange.h"

/**
 * Who was let in where lately: for writes that are submitted before anybody asked who calls. Of many, some are
 * forgotten.
 */
typedef struct lanes lanes;

/** Nobody yet; lives as long as a. */
lanes *lanes_new(arena *a);
/** For x as it is submitted: r.actor is as a transaction found it that let them in, or nobody yet. 0: any lane. */
uint64_t lane_of(const exchange *x);
/** What the transaction found that did x's work; r.actor is filled. Any thread. */
void lane_note(const exchange *x, bool entered);

#endif
