/* What inviting, resending and reminding share. Domain-internal. */
#ifndef PARVIS_DOMAIN_INVITATION_PARTS_H
#define PARVIS_DOMAIN_INVITATION_PARTS_H

#include "domain/shared/actor.h"
#include "domain/shared/env.h"
#include "queries.h"

/**
 * "pending" counts as "expired" as soon as its time has passed: decided here, by the transaction's clock, never by a
 * job.
 */
str invitation_effective(str state, msec expires_at, msec now);

/**
 * For an initializer of invitation_view: what is shown as it is kept, from a row of invitations or what one is inserted
 * from. A column that is to be shown is named here, once, and stands in all of them or does not build.
 */
#define INVITATION_AS_KEPT(kept)                                                                                    \
    .id = (kept)->id, .batch_id = (kept)->batch_id, .email = (kept)->email, .role = (kept)->role,                   \
    .method = (kept)->method, .password_delivery = (kept)->password_delivery, .locale = (kept)->locale,             \
    .message = (kept)->message, .given_name = (kept)->given_name, .family_name = (kept)->family_name,               \
    .entitlements = (kept)->entitlements, .group_ids = (kept)->group_ids, .access_ends_at = (kept)->access_ends_at, \
    .invited_by_id = (kept)->invited_by_id, .created_at = (kept)->created_at, .expires_at = (kept)->expires_at,     \
    .last_sent_at = (kept)->last_sent_at, .sent_count = (kept)->sent_count

/** What a new mail of an invitation needs; the hashes to keep come back. */
typedef struct invitation_send {
    uuid organization_id, invitation_id;
    mail_kind kind;               /* MAIL_INVITATION, MAIL_REMINDER, MAIL_TEMPORARY_PASSWORD */
    str email, email_key, locale; /* the invitation's */
    str organization_locale;
    str account_email, account_locale; /* of the account with this address, when there is one that proved it */
    bool tells;                    /* the organization may see whether there is one: domain/invitation/disclosure.h */
    str method, password_delivery; /* METHOD_LINK, or as temporary_issue filled them */
    str password;                  /* the temporary one; STR_NONE: a link is sent */
    str asked_from;                /* as a mail_order has it */
    bool made_up;                  /* it opens nothing, and a link is sent to whoever has the account */
    str secret_hash, code_hash;    /* out */
    msec code_expires_at;          /* out */
    uuid mail_id;                  /* out */
} invitation_send;
/** Fills in what the account of s->email_key says, if there is one whose address is proved. */
err invitation_find_account(txn *t, invitation_send *s);
/**
 * Makes the link and the code and queues the mail, to the stored spelling when there is an account. With a temporary
 * password there is neither: the mail holds the password when it is to be sent. One that was made up is queued as if it
 * were such a mail, and holds a link.
 */
err invitation_mail(txn *t, invitation_send *s);
/** The keyed hash of a typed code, bound to its invitation. */
str invitation_code_hash(txn *t, uuid invitation_id, str code);
/** When the first or next reminder is due; 0: none. */
msec invitation_next_reminder(msec now, msec after, int64_t most, int64_t reminded, msec expires_at);
/** When an invitation made now expires: after its lifetime, and no later than the access it offers (0: no end). */
msec invitation_expiry(msec now, msec lifetime, msec access_ends_at);
/** ERR_FORBIDDEN when the role is more than the inviter may give. */
err invitation_role_allowed(const actor *by, str role);
/** Takes `want` from the organization's hour and day; fewer when there is no room. */
err invitation_rate(txn *t, uuid organization_id, int64_t want, int64_t *taken);
/** Marks the two links as replaced, so that they can say so. */
err invitation_retire_secrets(txn *t, uuid organization_id, const q_invitation_for_change_row *inv);

/** The refusal that a state other than pending gives: ERR_INVITATION_EXPIRED, …; OK for pending. */
err invitation_state_error(str state);

#endif
