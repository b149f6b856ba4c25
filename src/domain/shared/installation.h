/* The one row about the server itself: which key its secrets are sealed with. */
#ifndef PARVIS_DOMAIN_SHARED_INSTALLATION_H
#define PARVIS_DOMAIN_SHARED_INSTALLATION_H

#include "ports/token.h"
#include "store/store.h"

/**
 * Compares the key with the fingerprint that the database keeps, and notes it where there is none yet. The fingerprint
 * is a keyed hash under a subkey of its own: it tells one key from another, and nothing else about either. To be called
 * on a migrated database, before anything is sealed or opened. Errors: ERR_CONFLICT, with a log line that names `file`;
 * ERR_UNAVAILABLE.
 */
err installation_check_key(store *s, const server_key *key, str file);

/** In a write, where several processes share the database: whoever founds the first organization is alone with it. */
err installation_lock(txn *t);

#endif
