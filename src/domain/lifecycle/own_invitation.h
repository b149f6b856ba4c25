/* What is offered to somebody who is signed in and proved the address that it went to: without its mail. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_OWN_INVITATION_H
#define PARVIS_DOMAIN_LIFECYCLE_OWN_INVITATION_H

#include "domain/lifecycle/door.h"

typedef struct own_invitation {
    uuid organization_id, id;
    str organization_name, role;
    str inviter_given_name, inviter_family_name; /* STR_NONE: the organization itself invites */
    msec created_at, expires_at;
} own_invitation;

/** Those that are pending, the last first; none while the caller's address is unproved. */
err own_invitations(txn *t, const actor *who, own_invitation **out, size_t *count);
/** The key to one of those that went to the caller's address, in whatever state. ERR_NOT_FOUND. */
err own_invitation_key(txn *t, const actor *who, uuid id, invitation_key *out);

#endif
