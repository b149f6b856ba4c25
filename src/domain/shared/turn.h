/*
 * Whose turn it is in a queue that all share: each stands behind their own. Whoever asks for a place gets it a SPACE
 * behind their last one, and no earlier than now: who comes seldom passes whoever has hundreds waiting. Nobody waits
 * for a turn: the first that stands there is served.
 */
#ifndef PARVIS_DOMAIN_SHARED_TURN_H
#define PARVIS_DOMAIN_SHARED_TURN_H

#include "domain/shared/actor.h"

/** TURN_AGAIN: mails that were put off, which must not push what their owner sends meanwhile behind themselves. */
typedef enum turn_queue { TURN_MAIL, TURN_AGAIN, TURN_REQUEST, TURN_QUEUE_COUNT } turn_queue;

/** Who takes a turn, as a positive number that nobody can choose: a keyed hash of a name of theirs. */
int64_t turn_of(const txn *t, str name);
/** By where somebody comes from whom nobody knows: throttle_network. */
int64_t turn_of_source(const txn *t, str source);
/** Their next place: a moment to sort by, in ms. At most a day ahead. Kept in this process alone, and approximate. */
msec turn_take(turn_queue queue, int64_t whose, msec now);

#endif
