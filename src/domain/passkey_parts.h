/* What the two halves of passkey.h share. Inside this room. */
#ifndef PARVIS_DOMAIN_PASSKEY_PARTS_H
#define PARVIS_DOMAIN_PASSKEY_PARTS_H

#include "domain/passkey.h"

/** The id of a challenge that this server made for this use, account or invitation; false for any other bytes. */
bool challenge_open(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, str bytes, uuid *id);
/** Uses it up: *fresh is false when it is too old or was used before. */
MUST err challenge_spend(txn *t, uuid id, bool *fresh);

#endif
