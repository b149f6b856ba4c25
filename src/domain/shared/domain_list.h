/* Lists of mail domains. */
#ifndef PARVIS_DOMAIN_SHARED_DOMAIN_LIST_H
#define PARVIS_DOMAIN_SHARED_DOMAIN_LIST_H

#include "base/str.h"

/** Whether the settings let an address in, by its key. A refused domain is refused though it is allowed too. */
bool organization_takes_domain(str allowed, str refused, str email_key);

#endif
