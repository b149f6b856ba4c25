/*
 * Slowing down guesses, and counting what may be done only so often. Kept in the store, so that every node sees the
 * same.
 */
#ifndef PARVIS_DOMAIN_SHARED_THROTTLE_H
#define PARVIS_DOMAIN_SHARED_THROTTLE_H

#include "domain/shared/actor.h"
#include "domain/shared/env.h"
#include "limits_table.h"

/**
 * Guesses are slowed for each pair of typed address and source, with growing delays; those of strangers for each source
 * alone, too, whose count decays, so that an office behind one address is never shut out for good. There is no counter
 * for an address by itself: nobody can lock its holder out. Unknown addresses count the same. THROTTLE_TOTP is the
 * exception: it counts an account's wrong digits from anywhere, but only behind its password, and recovery codes do not
 * ask it. The kinds, how many tries are free and how long one waits then are rows of spec/limits.yaml.
 */
typedef struct throttle_of {
    throttle_kind kind;
    str subject;
    str source; /* STR_NONE: wherever it comes from */
} throttle_of;

/**
 * What counts as one source: an IPv4 address, or the /64 that an IPv6 address stands in, for whoever has one of its
 * addresses has them all (RFC 6177, 2). Anything else as it is.
 */
str throttle_source(arena *a, str source);
/**
 * What its sources stand in, for whoever has many of them: an IPv4 address's /24, an IPv6 address's /48 (RFC 6177, 2),
 * as bytes. Anything else as it is.
 */
str throttle_network(arena *a, str source);
/** The caller's; "" for who comes from nowhere (the socket). */
str throttle_source_of(arena *a, const actor *who);

/** ERR_RATE_LIMITED (with retry_after) while the pair or the source must wait. Reads only. */
err throttle_check(txn *t, const throttle_of *of);
/**
 * Notes a wrong try; the next one waits longer: the kind's free ones not at all, then 1 s, 2 s, 4 s … up to its longest
 * wait.
 */
err throttle_failed(txn *t, const throttle_of *of);
/** How many wrong tries of the pair are remembered. */
err throttle_failures(txn *t, const throttle_of *of, int64_t *failures);
/** Whether the pair's next try is one of the kind's free ones. */
err throttle_is_free(txn *t, const throttle_of *of, bool *is_free);
/**
 * A right try: forgets the pair's wrong ones, and takes those, no others, from what the source's count has not forgiven
 * yet.
 */
err throttle_passed(txn *t, const throttle_of *of);

/**
 * Takes up to `want` from what the window still allows and returns how many in *taken (0 … want). When fewer than
 * asked, problem.retry_after says when the window ends. `rate_limits = off` always grants.
 */
err rate_take(txn *t, const rate_rule *rule, str subject, int64_t want, int64_t *taken);

/** Whether rate_take would grant one more; reads only. */
err rate_room(txn *t, const rate_rule *rule, str subject, bool *room);
/** The same as a refusal, to be asked before work: ERR_RATE_LIMITED, with retry_after. */
err rate_check(txn *t, const rate_rule *rule, str subject);
/** The same for rate_take_distinct. */
err rate_check_distinct(txn *t, const rate_rule *rule, str subject, str item);
/** The same for rate_take_from: what that would refuse now. */
err rate_check_from(txn *t, const rate_rule *all, const rate_rule *each, str subject, str asker);

/**
 * Takes one of what anybody may ask for somebody else's address. It costs the asker, not the address: each may ask so
 * often as `each` says, and once only while `subject` is *crowded, which is when all askers together passed `all`. So
 * strangers who keep asking shut nobody out. ERR_RATE_LIMITED.
 */
err rate_take_from(txn *t, const rate_rule *all, const rate_rule *each, str subject, str asker, bool *crowded);

/**
 * Whether a mail that anybody may ask for is sent to an address: as often as `few` says, then once in each window of
 * `crowded`. For mails of which one serves as well as many.
 */
err rate_mail_due(txn *t, const rate_rule *few, const rate_rule *crowded, str subject, bool *due);

/**
 * Counts distinct items: one already seen in this window is granted for nothing, a new one takes from the rule.
 * *granted is false when the window has no room for a new one.
 */
err rate_take_distinct(txn *t, const rate_rule *rule, str subject, str item, bool *granted);

/** Has the counters whose keys begin like this, for who begins again: HELD_LIMIT. */
err throttle_hold(txn *t, uuid id);

#endif
