/* The forms that single settings ask for, beyond their type: addresses, URIs, what must not be empty. */
#ifndef PARVIS_PORTS_CONFIG_FORM_H
#define PARVIS_PORTS_CONFIG_FORM_H

#include "ports/config.h"

/**
 * NULL where a value has the form that its setting asks for, if it asks for one. Else the code of settings_error, and
 * *allowed for it: "bad_form" with some that are good, "too_long" with how many bytes it may have.
 */
const char *setting_fault(arena *a, setting_id id, str value, str *allowed);
/** The host of a URI, brackets off; empty where there is none. */
str uri_host(str uri);
/** A URI as it may be shown: whatever stands between the first ':' after "//" and the last '@' is its password. */
str uri_masked(arena *a, str uri);

#endif
