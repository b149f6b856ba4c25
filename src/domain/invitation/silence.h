/* Whoever is invited may say that an organization is not to invite them again. */
#ifndef PARVIS_DOMAIN_INVITATION_SILENCE_H
#define PARVIS_DOMAIN_INVITATION_SILENCE_H

#include "domain/shared/actor.h"

/** The keyed hash that an address is silenced by. */
str silence_hash(txn *t, str email_key);
/** From now on the organization's invitations to the address are refused; noted as `by`'s, of this invitation. */
err silence_begin(txn *t, const actor *by, uuid organization_id, uuid invitation_id, str email_key);
/** ERR_INVITATIONS_REFUSED where the address wants none of the organization. */
err silence_check(txn *t, uuid organization_id, str email_key);
/** Ends it, noted as `by`'s; nothing where there is none: *was, which may be NULL. */
err silence_end(txn *t, const actor *by, uuid organization_id, str email_key, bool *was);

typedef struct silence_view {
    uuid organization_id;
    str organization_name, organization_slug;
    msec since;
} silence_view;
/** Those of the caller's address; none while it is unproved. */
err silences_own(txn *t, const actor *who, silence_view **out, size_t *count);
/** Ends one of them. ERR_NOT_FOUND. */
err silence_lift(txn *t, const actor *who, uuid organization_id);

#endif
