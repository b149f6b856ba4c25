/* Names of people, organizations, groups, options, keys and passkeys: what is one, and how it is kept. */
#ifndef PARVIS_DOMAIN_SHARED_NAME_H
#define PARVIS_DOMAIN_SHARED_NAME_H

#include "base/arena.h"
#include "base/err.h"

/**
 * Cleans what somebody gave as a name (typed_line) and notes at `pointer` what is wrong with it, as
 * ERR_INVALID_REQUEST: `required` (nothing was given), `too-long` (over 100 characters), `invalid-characters` (a
 * control character, nothing that anybody could see, or something that looks like a link: a name travels in our mails).
 * A family name, which the end of the pointer tells, may be empty: some people have one name. *out is in NFC and lives
 * in `a`, or is empty.
 */
err name_clean(arena *a, problem *p, str pointer, str name, str *out);
/**
 * Cleans what somebody looks for, alike; nothing, or nothing that is seen, is the empty text. ERR_INVALID_REQUEST at /q
 * with `invalid-characters`, where typed_line refuses it.
 */
err name_sought(arena *a, problem *p, str sought, str *out);

#endif
