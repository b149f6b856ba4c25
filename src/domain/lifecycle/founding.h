/* Founding an organization, with its first owner. */
#ifndef PARVIS_DOMAIN_LIFECYCLE_FOUNDING_H
#define PARVIS_DOMAIN_LIFECYCLE_FOUNDING_H

#include "domain/account/credential.h"
#include "domain/organization/organization.h"

typedef struct founding {
    str owner_pointer; /* where the owner's fields stand in the caller's document: "/owner"; STR_NONE: at the top */
    str name, slug, locale;             /* slug STR_NONE: made from the name */
    str time_zone;                      /* its founder's; STR_NONE: where the one who founds it is, if that is known */
    int64_t member_limit;               /* 0: none */
    str email, given_name, family_name; /* of the first owner */
    uuid owner_id;                      /* an account that stands, in place of a name for the owner */
    str password_hash;                  /* STR_NONE: a link to set one is made */
    bool proved;                        /* the address was proved by a mailed code */
    bool first;                         /* setup: ERR_CONFLICT unless the database is empty; also makes an API key */
    bool sign_in;                       /* setup in the browser: also makes a session */
} founding;
typedef struct founded {
    uuid organization_id, account_id, membership_id;
    bool new_account;
    str slug;
    str api_key;          /* setup only; shown once */
    str set_password_url; /* for a new account without a password; shown once */
    signed_in session;
} founded;
/**
 * Founds an organization with its owner. ERR_CONFLICT at /slug when taken; ERR_INVALID_ADDRESS; ERR_INVALID_REQUEST.
 */
err organization_found(txn *t, const actor *by, const founding *f, founded *out);

#endif
