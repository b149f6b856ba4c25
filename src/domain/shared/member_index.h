/* What a member is found and sorted by. */
#ifndef PARVIS_DOMAIN_SHARED_MEMBER_INDEX_H
#define PARVIS_DOMAIN_SHARED_MEMBER_INDEX_H

#include "store/store.h"

/** The words a member is found by (given, family name, address), written anew. */
err member_index(txn *t, uuid organization_id, uuid membership_id, str given_name, str family_name, str email_key);
/** The key that lists are sorted by: family name, then given name, folded. */
str member_family_key(arena *a, str given_name, str family_name);

#endif
