/* What a browser says of itself, in a few words. */
#ifndef PARVIS_DOMAIN_ACCOUNT_USER_AGENT_H
#define PARVIS_DOMAIN_ACCOUNT_USER_AGENT_H

#include "base/str.h"

/** "Firefox" on "Linux"; STR_NONE for what is not said. Program text, owned by nobody. */
typedef struct device {
    str browser, system;
} device;

/** Reads a User-Agent (RFC 9110, section 10.1.5): hostile text, from which only words of our own tables are taken. */
device device_of(str user_agent);

#endif
