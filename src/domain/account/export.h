/* What an account may take along. */
#ifndef PARVIS_DOMAIN_ACCOUNT_EXPORT_H
#define PARVIS_DOMAIN_ACCOUNT_EXPORT_H

#include "domain/account/account.h"

typedef struct exported_invitation {
    uuid id, organization_id;
    str organization_name, organization_slug, email, role, message;
    msec created_at, accepted_at;
} exported_invitation;

typedef struct exported_event {
    uuid id, organization_id, subject_id; /* organization UUID_NONE: the server's own record */
    str action, subject_kind, source;
    str before, after, detail; /* JSON objects; STR_NONE: none */
} exported_event;

/**
 * All of it; the lists beside it are account_memberships and account_sessions. No secret is among it, nor anybody
 * else's name.
 */
typedef struct account_export {
    account_view account;
    exported_invitation *invitations; /* accepted, by the address of now */
    size_t invitation_count;
    exported_event *events; /* what the account did itself; the newest 1,000 */
    size_t event_count;
} account_export;

/** Reads it. ERR_NOT_FOUND. */
err account_export_read(txn *t, uuid account_id, account_export *out);

#endif
