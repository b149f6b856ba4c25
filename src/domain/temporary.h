/*
 * Temporary passwords. Inviting somebody without an account may make the account at once: it waits, without names perhaps and
 * confined to the organization, behind a password that the server made, which is good for one sign-in. That one opens a
 * session (STAGE_PASSWORD) in which nothing works but setting a password of one's own, and doing so accepts the invitation.
 * Until then the account is nobody's: it goes when the invitation ends, and gives way to whoever proves the address.
 */
#ifndef PARVIS_DOMAIN_TEMPORARY_H
#define PARVIS_DOMAIN_TEMPORARY_H

#include "domain/enrolment.h"

#define METHOD_LINK      S("link")
#define METHOD_TEMPORARY S("temporary_password")

/** How an organization hands temporary passwords over: its own settings, else the server's. */
typedef struct temporary_terms {
    str delivery; /* "ask", "send", "show" */
    msec lifetime;
} temporary_terms;
/** For the pages that let one choose. */
MUST err temporary_terms_get(txn *t, uuid organization_id, temporary_terms *out);

/**
 * Whether what was typed is the temporary password of the account with this address, whatever became of it since; without
 * one (STR_NONE) in the same time. For sign_in_find.
 */
bool temporary_matches(txn *t, str email_key, str hash, str typed);
/**
 * Uses a right one up, in the transaction that makes the session; the account's row is locked. ERR_SIGN_IN_FAILED when
 * another was issued or the invitation has ended since; ERR_TEMPORARY_PASSWORD_EXPIRED when it is past its time or was used.
 */
MUST err temporary_use(txn *t, uuid account_id, str email_key, str typed);

/** What a person sets in place of a temporary password. */
typedef struct temporary_replacement {
    str given_name, family_name; /* STR_NONE: as the account has them */
    str locale;                  /* chosen on the page, or STR_NONE */
    str pointer;                 /* of the password in the caller's document: "/new_password" */
    str password, hash;          /* hashed before, in the pool */
} temporary_replacement;
/**
 * Sets the caller's own password in a session of STAGE_PASSWORD, accepts the invitation and gives a new, full session, all at
 * once; a mailed temporary password proves the address. Errors: ERR_INVALID_REQUEST when a name is missing or not sound;
 * ERR_PASSWORD_TOO_WEAK when it is the temporary one; ERR_INVITATION_* when the invitation is pending no more;
 * ERR_UNAUTHENTICATED when the session has ended meanwhile.
 */
MUST err temporary_replace(txn *t, const actor *who, const temporary_replacement *r, accepted *out);

/**
 * Removes the account that waits at this address, if there is one, for somebody who proved the address in another way (a
 * founder, a changed address). Its invitation stays pending, and is sent again as a link.
 */
MUST err temporary_give_way(txn *t, str email_key);

#endif
