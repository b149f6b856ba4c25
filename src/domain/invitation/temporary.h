/*
 * Temporary passwords. Inviting somebody without an account may make the account at once: it waits, without names
 * perhaps and confined to the organization, behind a password that the server made, which is good for one sign-in. That
 * one opens a session (STAGE_PASSWORD) in which nothing works but setting a password of one's own, and doing so accepts
 * the invitation. Until then the account is nobody's: it goes when the invitation ends, and gives way to whoever proves
 * the address.
 */
#ifndef PARVIS_DOMAIN_INVITATION_TEMPORARY_H
#define PARVIS_DOMAIN_INVITATION_TEMPORARY_H

#include "domain/invitation/parts.h"

/** How an organization hands temporary passwords over: its own settings, else the server's. */
typedef struct temporary_terms {
    str delivery; /* "ask", "send", "show" */
    msec lifetime;
} temporary_terms;
/** For the pages that let one choose. */
err temporary_terms_get(txn *t, uuid organization_id, temporary_terms *out);

/** The organization's terms, from its row. */
temporary_terms temporary_terms_of(const txn *t, const q_organization_by_id_row *o);
/**
 * Whether `wished` ("send", "show" or STR_NONE) may be under these terms: ERR_INVALID_REQUEST at /delivery when it must
 * be chosen and is not, or differs from what is set. *out is the delivery.
 */
err temporary_delivery(txn *t, const temporary_terms *terms, str wished, str *out);

/**
 * Makes a temporary password, and the account behind it, for the invitation that `s` is about; fills s->method,
 * s->password_delivery (`delivery`), s->password and s->kind. An earlier one, and the sessions it opened, are dead.
 * When the address has an account of its own, or one that waits for another organization: ERR_CONFLICT where s->tells;
 * otherwise the password is made up, kept nowhere and opens nothing (s->made_up).
 */
err temporary_issue(txn *t, invitation_send *s, str delivery, str given_name, str family_name, msec expires_at);
/**
 * Holds all who wait behind what an inviter sent and is pending, or what a batch holds: whoever ends or renews these
 * passwords does so first. `whose` is Q_TEMPORARY_OF_WHOSE_…, `of` the account or the batch. It waits for nobody: whom
 * somebody else has makes t begin again (store_hold_first).
 */
err temporary_hold(txn *t, uuid organization_id, unsigned whose, uuid of);
/**
 * Ends what an invitation issued: the password, its sessions, the account. Nothing when somebody made the account
 * theirs.
 */
err temporary_end(txn *t, str email_key, uuid invitation_id);
/** The same for all that an inviter sent and is pending; call it before those are revoked. */
err temporary_end_sent_by(txn *t, uuid organization_id, uuid inviter_account_id);

#endif
