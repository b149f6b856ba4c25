/* What bodies say of a member's options, as the rules take it. */
#ifndef PARVIS_API_OPTION_H
#define PARVIS_API_OPTION_H

#include "domain/organization/entitlement.h"
#include "http/request.h"

/** A body's map of entitlements; as many as it has. */
const entitlement_choice *option_choices(arena *a, const list *flags);
/** An end of access as it is written (access_end_parse); STR_NONE: 0. ERR_INVALID_REQUEST at the pointer. */
err option_access_end(problem *p, str pointer, str text, msec *out);

#endif
