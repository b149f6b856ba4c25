/* What the rules know of the server around them. Made once in main, carried by every transaction. */
#ifndef PARVIS_DOMAIN_SHARED_ENV_H
#define PARVIS_DOMAIN_SHARED_ENV_H

#include "ports/config.h"
#include "ports/place.h"
#include "ports/token.h"
#include "store/store.h"

typedef struct env {
    const settings *settings;
    const server_key *key;
    str public_url;       /* without a slash at the end; the only source of links */
    const places *places; /* NULL without place_database */
} env;

#endif
