/* What becomes of an invitation that is out: sent again, corrected, revoked. */
#ifndef PARVIS_DOMAIN_INVITATION_CHANGE_H
#define PARVIS_DOMAIN_INVITATION_CHANGE_H

#include "domain/invitation/invitation.h"

/**
 * A new mail, a new secret; the old links die and say so; the lifetime starts again. ERR_CONFLICT unless pending or
 * expired. Where a temporary password was issued, a new one is, handed over as before as far as the organization's
 * terms allow, and *shown gets it when that is by showing; `shown` NULL: ERR_CONFLICT then. Whoever has an account by
 * now gets a link. One that was declined or revoked is sent again only to who asked for it (ERR_CONFLICT), as another
 * invitation of the same: *id is then that one's.
 */
err invitation_resend(txn *t, const actor *by, uuid *id, str *shown);
/**
 * The same, for temporary passwords alone (else ERR_CONFLICT), handed over by `delivery` (STR_NONE: as before);
 * ERR_INVALID_REQUEST at /delivery when the organization's terms do not allow that. ERR_CONFLICT, too, when the address
 * has an account by now and that may be told: nothing is done then but a note that it was told.
 */
err invitation_new_password(txn *t, const actor *by, uuid id, str delivery, str *shown);
/**
 * Resends to all of a batch who have not answered; *resent of *asked (limits may stop some). Temporary passwords that
 * would have to be shown are left as they are: they are renewed one by one.
 */
err batch_resend(txn *t, const actor *by, uuid batch_id, int64_t *resent, int64_t *asked);
/** From commit on its links are dead, its seat is free, and a mail still waiting is not sent. */
err invitation_revoke(txn *t, const actor *by, uuid id);
/**
 * Revoke and invite in one step; *new_id is the invitation at the right address, *shown its temporary password when
 * that is shown. ERR_ACCOUNT_ALREADY_ACTIVE does nothing but note that it was told.
 */
err invitation_correct(txn *t, const actor *by, uuid id, str email, uuid *new_id, str *shown);
/** Revokes (or hands to `heir`) what an account had sent and is still pending. */
err invitations_of_inviter(txn *t, const actor *by, uuid inviter_account_id, bool take_over);

#endif
