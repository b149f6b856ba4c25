/* Inviting: many at once, previewed and made. */
#ifndef PARVIS_DOMAIN_INVITATION_CREATE_H
#define PARVIS_DOMAIN_INVITATION_CREATE_H

#include "domain/invitation/invitation.h"
#include "domain/organization/seat.h"

/**
 * What sending would do, row by row, in the order given. Changes nothing but the counter of addresses looked at. Where
 * it may not be told that an address has an account (domain/disclosure.h), it reads as one of a new person, here and in
 * all that follows. `guarded`: past addresses_per_hour ERR_RATE_LIMITED (API); otherwise rows past it are not told
 * (console).
 */
err invitations_preview(txn *t, const actor *by, const invite_order *order, bool guarded, invite_result *results,
                        seats *seats);
/**
 * Invites: all rows in this one transaction, each its own result. ERR_RATE_LIMITED when none fits the hour: then no
 * address was looked at; ERR_INVALID_REQUEST at /delivery or /deliver for what the organization's terms do
 * not allow.
 */
err invitations_create(txn *t, const actor *by, const invite_order *order, invite_result *results, uuid *batch_id);

/** How long an invitation shall be good, within the bounds of its method; else ERR_INVALID_REQUEST at /expires_in. */
err invite_lifetime_read(arena *a, problem *p, str method, str text, msec *out);

#endif
