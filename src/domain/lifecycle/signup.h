/*
 * Founding an organization without an operator, where the setting `signup` allows it: somebody new by a code that is
 * mailed to them, somebody who is signed in at once.
 */
#ifndef PARVIS_DOMAIN_LIFECYCLE_SIGNUP_H
#define PARVIS_DOMAIN_LIFECYCLE_SIGNUP_H

#include "domain/lifecycle/founding.h"

typedef struct signup_order {
    str email, given_name, family_name, organization;
    str locale;    /* STR_NONE: not chosen */
    str time_zone; /* where the form was filled in; STR_NONE: unknown */
    str password_hash;
} signup_order;

/** ERR_NOT_FOUND unless the operator allows sign-up. */
err signup_allowed(const struct env *env);
/**
 * Judges address and names, and cleans the names in place: what costs nothing, before a password is hashed.
 * ERR_INVALID_ADDRESS, ERR_INVALID_REQUEST, at /email, /given_name, /family_name, /organization.
 */
err signup_judge(arena *a, problem *p, signup_order *o);
/** What signup_begin would refuse, before anything is hashed for it; reads only. ERR_NOT_FOUND, ERR_RATE_LIMITED. */
err signup_admit(txn *t, const actor *who, const signup_order *o);
/**
 * Notes a sign-up and asks for its mail. The same work whoever has the address: the worker looks, and mails a code to
 * somebody new, or to the holder of an account that they have one. ERR_RATE_LIMITED by source; an address that many ask
 * about gets longer codes instead.
 */
err signup_begin(txn *t, const actor *who, const signup_order *o, uuid *id);
/**
 * Asks for another code: after a minute, then two, four … five times. ERR_RATE_LIMITED (retry_after), ERR_CODE_INVALID.
 */
err signup_resend(txn *t, const actor *who, uuid id);

typedef struct signup_view {
    str email;
    msec resend_at; /* not before */
    bool is_long;   /* the code: ten characters, not six digits */
} signup_view;
/** What the page of a sign-up shows. ERR_NOT_FOUND when there is none, or no longer. */
err signup_get(txn *t, uuid id, signup_view *out);

/**
 * The mailed code: founds the organization, with an account whose address is proved and a session. A code is good for
 * ten minutes and five tries. ERR_CODE_INVALID for every code that does not serve, for sign-ups that are none, and when
 * the address has an account: the try is noted. ERR_RATE_LIMITED by source.
 */
err signup_confirm(txn *t, const actor *who, uuid id, str code, founded *out);

/**
 * Founds an organization by whoever may: the operator and their keys for an owner that they name, and, where sign-up is
 * on, somebody who is signed in for themselves. ERR_FORBIDDEN, ERR_ADDRESS_UNPROVED, ERR_RATE_LIMITED, as
 * organization_found.
 */
err organization_found_by(txn *t, const actor *by, const founding *f, founded *out);

/** Mails a code, or to the holder of an account that they have one. For address_requests_answer. */
err signup_answer(txn *t, const actor *who, str what);

#endif
