/* Telling a member, and those who administer, what became of a membership. */
#ifndef PARVIS_DOMAIN_MEMBER_NOTICE_H
#define PARVIS_DOMAIN_MEMBER_NOTICE_H

#include "domain/shared/actor.h"

/** Queues a mail (MAIL_MEMBER_…) to the member, in their language. */
err member_tell(txn *t, uuid organization_id, uuid member, uuid account, mail_kind kind);
/**
 * Tells those whose access ends within a day, and the administrators, once; at most `limit`, *count is how many. For
 * the worker. A new date is a new warning.
 */
err members_warn(txn *t, int64_t limit, int64_t *count);

#endif
