/*
 * Whose mails get how many of the carriers. Anybody can have recipients whose mail servers are slow to answer, or keep
 * silent, and a relay may pass that on: it may cost their own mails time, and nobody else's. Inside this room.
 */
#ifndef PARVIS_WORKER_SHARE_H
#define PARVIS_WORKER_SHARE_H

#include "worker/parts.h"

/** Whether one more of theirs may be carried. Under the worker's lock, as the next three. */
bool share_may_carry(const worker *w, int64_t turn_of);
/** How many claimed mails of theirs wait for a carrier. */
size_t share_waiting(const worker *w, int64_t turn_of);
/** Theirs held a carrier for long within the last ten minutes. */
bool share_is_slow(const worker *w, int64_t turn_of);
/**
 * Notes whose exchanges last long by now and, where mails of others wait for a carrier, breaks off the longest of them
 * until the slow have no more than their part. To be called each second.
 */
void share_relieve(worker *w);
/** Takes the worker's lock. Of one who is slow, and has enough claimed, no more is wanted now (mail_wish). */
bool share_has_enough(void *context, int64_t turn_of);

#endif
