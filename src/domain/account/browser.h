/*
 * Browsers that signed in to an account before. Each holds a signed word bound to that account, which opens nothing: it
 * has wrong tries of its own at sign-in, so that its person gets in though others behind the same address used up
 * theirs. Nothing is kept of it but a number on the account; counting that on ends them all (WAY_BROWSER in
 * spec/ways_in.yaml).
 */
#ifndef PARVIS_DOMAIN_ACCOUNT_BROWSER_H
#define PARVIS_DOMAIN_ACCOUNT_BROWSER_H

#include "domain/shared/env.h"

/**
 * The cookie's value after a sign-in: a new word for this account in front of those that `before` has for others, at
 * most BROWSERS_MAX in all. `browsers`: the account's number. Lives in the arena.
 */
str browser_sign_in(const struct env *env, arena *a, str before, uuid account_id, int64_t browsers, msec now);
/**
 * Whether the cookie holds a word for this account that is still good; *id is what its tries count under. Foreign bytes
 * are no word.
 */
bool browser_known(const struct env *env, arena *a, str cookie, uuid account_id, int64_t browsers, msec now, uuid *id);

#endif
