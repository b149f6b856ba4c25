/* Telling a member, and those who administer, what became of a membership. */
#ifndef PARVIS_DOMAIN_MEMBER_NOTICE_H
#define PARVIS_DOMAIN_MEMBER_NOTICE_H

#include "domain/shared/actor.h"
#include "domain/shared/due.h"

/** Queues a mail (MAIL_MEMBER_…) to the member, in their language. */
err member_tell(txn *t, uuid organization_id, uuid member, uuid account, mail_kind kind);
/** Whose access ends within a day and who was not told yet, oldest first, from behind `after`; at most `limit`. */
err member_warnings_due(txn *t, const due_row *after, int64_t limit, due_row **out, size_t *count);
/** Tells one of them, and the administrators, once. For the worker. A new date is a new warning. */
err member_warn(txn *t, const due_row *whom);

#endif
