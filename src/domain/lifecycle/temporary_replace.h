/* A password of one's own in place of a temporary one. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_TEMPORARY_REPLACE_H
#define PARVIS_DOMAIN_LIFECYCLE_TEMPORARY_REPLACE_H

#include "domain/lifecycle/enrolment.h"

/** What a person sets in place of a temporary password. */
typedef struct temporary_replacement {
    str given_name, family_name; /* STR_NONE: as the account has them */
    str locale;                  /* chosen on the page, or STR_NONE */
    str pointer;                 /* of the password in the caller's document: "/new_password" */
    str password, hash;          /* hashed before, in the pool */
} temporary_replacement;
/**
 * Sets the caller's own password in a session of STAGE_PASSWORD, accepts the invitation and gives a new, full session,
 * all at once; a mailed temporary password proves the address. Errors: ERR_INVALID_REQUEST when a name is missing or
 * not sound; ERR_PASSWORD_TOO_WEAK when it is the temporary one; ERR_INVITATION_* when the invitation is pending no
 * more; ERR_UNAUTHENTICATED when the session has ended meanwhile.
 */
err temporary_replace(txn *t, const actor *who, const temporary_replacement *r, accepted *out);

#endif
