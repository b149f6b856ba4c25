/*
 * Who calls: from cookie, key or socket to an actor, and whether the route is for them. Each in the transaction that
 * does the work.
 */
#ifndef PARVIS_HTTP_CALLER_H
#define PARVIS_HTTP_CALLER_H

#include "http/exchange.h"

/** What stands for {org} in the path; STR_NONE on a route that is no organization's. */
str caller_organization(const request *r);
/** What shows who calls, as it was sent: no two callers show the same, but those who show nothing. */
str caller_shown(const exchange *x);
/**
 * Fills x->r.actor afresh, and its language. On a public route a dead session or key is nobody's, and so is one whose
 * sign-in is not through; elsewhere ERR_UNAUTHENTICATED.
 */
err caller_authenticate(exchange *x, txn *t);
/**
 * Whether the route is for such a caller: ERR_UNAUTHENTICATED, ERR_FORBIDDEN, ERR_PASSWORD_CHANGE_REQUIRED,
 * ERR_SECOND_FACTOR_REQUIRED.
 */
err caller_check(const request *r);
/** Their place in {org}, with the route's permission: as actor_enter. Nothing on other routes. */
err caller_enter(request *r, txn *t);

#endif
