/* An invitation's mail once more, with a link beside the earlier ones: reminders, and what is asked for. */
#ifndef PARVIS_DOMAIN_INVITATION_REMIND_H
#define PARVIS_DOMAIN_INVITATION_REMIND_H

#include "domain/shared/actor.h"
#include "domain/shared/due.h"

enum { INVITATIONS_MAILED_MOST = 100 };

/** Whose reminders are due, oldest first, from behind `after`; at most `limit`. */
err invitation_reminders_due(txn *t, const due_row *after, int64_t limit, due_row **out, size_t *count);
/** Sends one of them. For the worker. */
err invitation_remind(txn *t, const due_row *whose);
/**
 * Mails a link of a pending invitation beside what was sent already; earlier ones stay good. For whoever has forgotten
 * a temporary password that was never replaced. Of one that has expired it leads to where a new one is asked for;
 * nothing when it was answered or revoked. The organization sees none of it, in the invitation, its list of mails or
 * its record: an address whose password was made up would be told apart by it.
 */
err invitation_mail_link(txn *t, const actor *by, uuid organization_id, uuid id);
/**
 * Asks for the same (ADDRESS_REQUEST_LINK) of whatever mail invited the address, of each organization the last. Nothing
 * for what was never mailed, and at most INVITATIONS_MAILED_MOST.
 */
err invitations_mail_links(txn *t, const actor *by, str email_key);
/** One that was asked for so; nothing when it has gone since. For address_request_answer. */
err invitation_answer_link(txn *t, const actor *by, str what);

#endif
