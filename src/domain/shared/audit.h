/* One line of the record for each change, in the change's own transaction. */
#ifndef PARVIS_DOMAIN_SHARED_AUDIT_H
#define PARVIS_DOMAIN_SHARED_AUDIT_H

#include "domain/shared/actor.h"
#include "event_table.h" /* generated from spec/events.yaml */

enum { AUDIT_LINES_A_DAY = 10000 };

/** Null as the value of a field that is otherwise left out (`field?` in spec/events.yaml). */
#define AUDIT_NULL ((str){audit_null, 0})
extern const char audit_null[];

/** The value of such a field where it is said: null where there is none. */
static inline str audit_given(str value)
{
    return value.p ? value : AUDIT_NULL;
}

/**
 * Writes a line of its own for it. But what anonymous callers do and what is refused is made by whoever likes, as often
 * as they like: it is gathered, by action, source (an IPv6 /64 as one) and minute, in one line whose `after` holds the
 * count. Who and what it is about, and what `after` says beside, stay there only while they are the same for all. After
 * AUDIT_LINES_A_DAY such lines a day, all sources have one together.
 *
 * `line` is the event's own struct, EVENT_…_line: call audit(). A build with levers ends where `by` may not do that.
 */
err audit_write(txn *t, const actor *by, audit_event event, const void *line);

/**
 * `TRY(audit(t, by, EVENT_MEMBER_ROLE_CHANGED, .subject_id = id, .before = {.role = was}, .after = {.role = is}));`
 *
 * subject_id        what it is about, of the kind that the event names
 * organization_id   whose record; the actor's when none; both none: the server's own
 * before, after     what the event says, without personal details
 * detail            personal details (addresses, names): kept apart, erasable
 * about             whose details those are; the subject's when none
 * took_a_secret     nobody without one causes it: no stranger's, and never gathered
 */
#define audit(t, by, event, ...) audit_write((t), (by), (event), &(const event##_line){__VA_ARGS__})

#endif
