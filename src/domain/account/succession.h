/*
 * The same twice, where what is sent once is a form that gives another session for the one that sent it: a second
 * factor, a new password. The second click brings the old session's cookie, which is nobody's any more, or the new
 * one's. Who sends all else as it was, too, within the minute (domain/account/spent.h), is answered as before; where
 * the new cookie is not there yet, by a session like the one that was given.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_SUCCESSION_H
#define PARVIS_DOMAIN_ACCOUNT_SUCCESSION_H

#include "domain/account/spent.h"

/** Notes that the caller's session had `made` for its successor; `sent`: spent_sent. As spent_note, after ways_end. */
err succession_note(txn *t, const actor *who, str sent, const signed_in *made);
/**
 * Notes in `who`, who stays nobody, that a token was such a session's within the minute (actor_is_former). Errors:
 * ERR_UNAUTHENTICATED for any other.
 */
err succession_find(txn *t, str token, actor *who);
/** The same in a caller whose session is a successor since less than a minute; nothing for any other. */
err succession_trace(txn *t, actor *who);
/** The salt of a password that the form brings, before it is known whether this is its repeat. */
str succession_salt(txn *t, const actor *who);
/** Before it is hashed for somebody who is former: sign-in's limits. ERR_UNAUTHENTICATED. */
err succession_admit(txn *t, const actor *who, password_terms *terms);
/**
 * A session that lasts as the successor does, which must live still; the caller's own, without a token, where they have
 * it. Errors: ERR_UNAUTHENTICATED where anything differs, which ends the minute: who has a session meant something
 * else.
 */
err succession_again(txn *t, const actor *who, str sent, signed_in *out);
/** The same where a password is among what was sent: under sign-in's limits. */
err succession_again_by_password(txn *t, const actor *who, str sent, signed_in *out);

#endif
