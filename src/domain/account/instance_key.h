/* Keys of the operator's, for programs that found organizations: "pvi_…", shown once, a hash kept. */
#ifndef PARVIS_DOMAIN_ACCOUNT_INSTANCE_KEY_H
#define PARVIS_DOMAIN_ACCOUNT_INSTANCE_KEY_H

#include "domain/shared/actor.h"
#include "domain/shared/page.h"

#define INSTANCE_KEY_PREFIX S("pvi_")

typedef struct instance_key_view {
    uuid id;
    str name;
    msec created_at;
} instance_key_view;

/** Who holds this key: fills kind and key_id. ERR_UNAUTHENTICATED for any that is none. */
err instance_key_authenticate(txn *t, str key, actor *who);
/** Makes one; *key is shown once. ERR_INVALID_REQUEST at /name, as name_clean. */
err instance_key_create(txn *t, const actor *by, str name, instance_key_view *out, str *key);
/** All of them, newest first. */
err instance_key_list(txn *t, page *p, instance_key_view **out, size_t *count);
/** Its next request already fails. ERR_NOT_FOUND. */
err instance_key_revoke(txn *t, const actor *by, uuid id);

#endif
