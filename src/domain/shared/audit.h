/* One line of the record for each change, in the change's own transaction. */
#ifndef PARVIS_DOMAIN_SHARED_AUDIT_H
#define PARVIS_DOMAIN_SHARED_AUDIT_H

#include "domain/shared/actor.h"

enum { AUDIT_LINES_A_DAY = 10000 };

typedef struct audit_entry {
    str action;       /* "invitation.revoked" */
    str subject_kind; /* "invitation" */
    uuid subject_id;
    uuid organization_id; /* the actor's when none; both none: the server's own record */
    str before, after;    /* JSON objects without personal details; STR_NONE: nothing to say */
    str detail;           /* JSON object with personal details (addresses, names): kept apart, erasable; or STR_NONE */
    uuid about;           /* whose details those are; the subject's when none */
    bool took_a_secret;   /* nobody without one causes it: no stranger's, and never gathered */
} audit_entry;

/**
 * Writes a line of its own for it. But what anonymous callers do and what is refused is made by whoever likes, as often as they
 * like: it is gathered, by action, source (an IPv6 /64 as one) and minute, in one line whose `after` holds the count. Who and
 * what it is about, and what `after` says beside, stay there only while they are the same for all. After AUDIT_LINES_A_DAY such
 * lines a day, all sources have one together.
 */
MUST err audit_write(txn *t, const actor *by, const audit_entry *entry);
/** `TRY(audit(t, by, "member.removed", .subject_kind = S("member"), .subject_id = id));` */
#define audit(t, by, action_text, ...) audit_write((t), (by), &(audit_entry){.action = S(action_text), __VA_ARGS__})

/** A flat JSON object of text values from name, value pairs; values that are STR_NONE become null. In the arena. */
str audit_object(arena *a, const str (*pairs)[2], size_t count);
#define AUDIT_OBJECT(a, ...) \
    audit_object((a), (const str[][2]){__VA_ARGS__}, sizeof((const str[][2]){__VA_ARGS__}) / sizeof(str[2]))

#endif
