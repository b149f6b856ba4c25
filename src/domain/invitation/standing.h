/* An invitation that stands, taken up to be changed: what it is, what it may become. Domain-internal. */
#ifndef PARVIS_DOMAIN_INVITATION_STANDING_H
#define PARVIS_DOMAIN_INVITATION_STANDING_H

#include "domain/invitation/parts.h"
#include "domain/organization/seat.h"

/** Locked for change, with its organization and the seats. */
typedef struct standing {
    uuid organization_id;
    q_organization_by_id_row organization;
    q_invitation_for_change_row inv;
    seats seats;
    str state; /* invitation_effective */
} standing;

/** ERR_NOT_FOUND for one that is not the organization's. The account that waits behind it is held before the seats. */
err standing_take_up(txn *t, uuid organization_id, uuid id, standing *s);

typedef enum change { CHANGE_RESEND, CHANGE_REVOKE, CHANGE_PENDING_ONLY, CHANGE_COUNT } change;
/** The refusal that its state gives to such a change; ERR_CONFLICT, too, for one whose address was erased. */
err standing_may_become(const standing *s, change c);
/** A mail of it, still to be filled in by invitation_mail. */
invitation_send standing_send(const standing *s, mail_kind kind);

#endif
