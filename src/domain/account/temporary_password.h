/* A temporary password: matching it, its one sign-in, its end. Issuing one: invitation/temporary.h. */
#ifndef PARVIS_DOMAIN_ACCOUNT_TEMPORARY_PASSWORD_H
#define PARVIS_DOMAIN_ACCOUNT_TEMPORARY_PASSWORD_H

#include "domain/account/credential.h"

/**
 * Whether what was typed is the temporary password of the account with this address, whatever became of it since;
 * without one (STR_NONE) in the same time. For sign_in_find.
 */
bool temporary_matches(txn *t, str email_key, str hash, str typed);
/**
 * Uses a right one up, in the transaction that makes the session; the account's row is locked. ERR_SIGN_IN_FAILED when
 * another was issued or the invitation has ended since; ERR_TEMPORARY_PASSWORD_EXPIRED when it is past its time or was
 * used, unless that was within the last minute and all was typed alike: then *again.
 */
err temporary_use(txn *t, const actor *who, const sign_in *in, str email_key, bool *again);
/**
 * Removes the account that waits at this address, if there is one, for somebody who proved the address in another way
 * (a founder, a changed address). Its invitation stays pending, and is sent again as a link.
 */
err temporary_give_way(txn *t, str email_key);
/**
 * The keyed hash of what was typed, bound to its address like a salt; what cannot be one is hashed as nothing, and
 * *shaped says so.
 */
str temporary_hash(txn *t, str email_key, str typed, bool *shaped);
/** Ends what an account whose temporary password just died could still use, and the account. */
err temporary_forget(txn *t, uuid account_id);

#endif
