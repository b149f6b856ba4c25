/*
 * The same twice is once. Who clicks twice gets the second answer, since the browser throws the first away: so what a
 * secret did that is good for once is known for a minute (REPEAT_WITHIN), and who sends it again, with all else as it
 * was, is answered as before. Nothing is done again but that a session is made. What ends the ways into the account
 * ends that minute, too (WAY_REPEAT in spec/ways_in.yaml), and so does whoever sends the secret with anything else.
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_SPENT_H
#define PARVIS_DOMAIN_ACCOUNT_SPENT_H

#include "domain/account/credential.h"

/** A secret, and what was sent with it. */
typedef struct spending {
    spent_kind kind;
    uuid id;         /* of what the secret is of: an invitation, a link, a sign-up, an account */
    str secret_hash; /* as its own row keeps it */
    str sent;        /* spent_sent of all else; STR_NONE: nothing else is */
} spending;

/** What it did. */
typedef struct spent {
    uuid account_id; /* whose way in it is; UUID_NONE: nobody's */
    uuid made_id;    /* the organization that was founded, the account that a share was taken from, the successor of
                        a session; or UUID_NONE */
    bool is_factor;  /* a second factor came with it */
} spent;

/** The secret of a link that is known by its token alone, which opens by one id (secret_open). */
spending spent_link(txn *t, spent_kind kind, str token);
/** A keyed hash of what came with a secret; in t->a. A password goes in hashed, by spent_salt. */
str spent_sent(txn *t, const str *values, size_t count);
/** The salt of a password that comes with this secret: sent twice, it has the same hash. Reads kind, id, secret. */
str spent_salt(txn *t, const spending *s);

/** Notes what was done, at the end of the transaction that did it: after ways_end. */
err spent_note(txn *t, const actor *who, const spending *s, const spent *what);
/**
 * Whether all of it was sent before, within the minute, from the same source and browser (whoever else has the secret
 * clicks elsewhere), and what it did then; the account is held. ERR_NOT_FOUND otherwise, to be refused as if there were
 * no such minute: and whatever differs ends it.
 */
err spent_again(txn *t, const actor *who, const spending *s, spent *out);
/**
 * The same for what comes with a password, under sign-in's limits: another one counts as a wrong one there, and while
 * they are slowed nobody is told anything. ERR_RATE_LIMITED.
 */
err spent_again_by_password(txn *t, const actor *who, const spending *s, spent *out);
/** Whether it may come to that, before the password is hashed for it; reads only, and needs no `sent`. The same. */
err spent_standing(txn *t, const actor *who, const spending *s, bool *standing);
/** Ends the minute of what that id's secret did: for who tells by something else that a guess came in between. */
err spent_end(txn *t, spent_kind kind, uuid id);

/**
 * The session of a repeat: half of one, waiting for the second factor, where the account has any by now and none came
 * with the secret; the caller's own, without a token, where the first answer had come. ERR_NOT_FOUND when the account
 * is gone.
 */
err spent_session(txn *t, const actor *who, const spent *s, signed_in *out);

#endif
