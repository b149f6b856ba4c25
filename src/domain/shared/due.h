/* What the clock makes due, one by one, of all organizations: for the worker, which does each in a write of its own. */
#ifndef PARVIS_DOMAIN_SHARED_DUE_H
#define PARVIS_DOMAIN_SHARED_DUE_H

#include "store/store.h"

/** One of an organization's rows, and since when; all 0: before the first. */
typedef struct due_row {
    msec at;
    uuid id, organization_id;
} due_row;

#endif
