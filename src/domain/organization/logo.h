/* An organization's look: its colour and its picture. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_LOGO_H
#define PARVIS_DOMAIN_ORGANIZATION_LOGO_H

#include "domain/shared/actor.h"

/** What its pages wear, also those of people who are not in yet. */
typedef struct organization_look {
    str accent; /* STR_NONE: the pages' own */
    str logo;   /* its digest; STR_NONE: none */
} organization_look;
/** Reads only; strings in t->a. ERR_NOT_FOUND. */
err organization_look_get(txn *t, uuid id, organization_look *out);
/** Makes a picture, written by image_normalise, the logo of the caller's organization. */
err organization_logo_set(txn *t, const actor *by, str png);
/** ERR_NOT_FOUND when there is none. */
err organization_logo_remove(txn *t, const actor *by);
/** The picture, for anybody. ERR_NOT_FOUND unless it is the one of this digest. */
err organization_logo_get(txn *t, uuid organization_id, str digest, str *png);
/** Where it is fetched; STR_NONE without one. */
str organization_logo_path(arena *a, uuid organization_id, str digest);

#endif
