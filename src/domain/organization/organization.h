/* Organizations and their settings. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_ORGANIZATION_H
#define PARVIS_DOMAIN_ORGANIZATION_ORGANIZATION_H

#include "domain/account/account.h"
#include "domain/organization/seat.h"
#include "domain/organization/settings.h"
#include "domain/shared/page.h"

typedef struct organization_view {
    uuid id;
    str slug, name, locale; /* locale STR_NONE: unknown, mails speak both languages */
    msec created_at;
    organization_settings settings;
    seats seats;
    int64_t administering; /* how many persons hold administration rights (owners and administrators), counted to 2 */
} organization_view;

/** One organization by id; ERR_NOT_FOUND. The caller has been let in by actor_enter. */
err organization_get(txn *t, uuid id, organization_view *out);
/**
 * The caller's own, newest first (an API key's: its one); for the operator, all. Without settings and `administering`.
 */
err organization_list(txn *t, const actor *who, page *p, organization_view **out, size_t *count);
/** The owners and administrators (at most `most`), for "who to ask". */
err organization_contacts(txn *t, uuid id, int64_t most, account_view **out, size_t *count);

/** True when there is no organization yet. */
err organization_none(txn *t, bool *out);

typedef struct organization_change {
    str name;
    bool has_locale;
    str locale;            /* STR_NONE with has_locale: unknown */
    bool has_member_limit; /* operator alone: ERR_FORBIDDEN otherwise */
    int64_t member_limit;
} organization_change;
/** Changes what is no setting (those: organization_settings_update). ERR_INVALID_REQUEST at /name. */
err organization_update(txn *t, const actor *by, const organization_change *change);

/** What `parvis check` reports: rows that break a rule, as sentences for the operator. */
err organization_recount(txn *t, str **findings, size_t *count);

#endif
