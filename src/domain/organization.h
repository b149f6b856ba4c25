/* Organizations and their settings. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_H
#define PARVIS_DOMAIN_ORGANIZATION_H

#include "domain/account.h"
#include "domain/organization_settings.h"
#include "domain/page.h"
#include "domain/seat.h"

typedef struct organization_view {
    uuid id;
    str slug, name, locale; /* locale STR_NONE: unknown, mails speak both languages */
    msec created_at;
    organization_settings settings;
    seats seats;
    int64_t administering; /* how many persons hold administration rights (owners and administrators), counted to 2 */
} organization_view;

/** One organization by id; ERR_NOT_FOUND. The caller has been let in by actor_enter. */
MUST err organization_get(txn *t, uuid id, organization_view *out);
/** What its pages wear, also those of people who are not in yet. */
typedef struct organization_look {
    str accent; /* STR_NONE: the pages' own */
    str logo;   /* its digest; STR_NONE: none */
} organization_look;
MUST err organization_look_get(txn *t, uuid id, organization_look *out);
/** Makes a picture, written by image_normalise, the logo of the caller's organization. */
MUST err organization_logo_set(txn *t, const actor *by, str png);
/** ERR_NOT_FOUND when there is none. */
MUST err organization_logo_remove(txn *t, const actor *by);
/** The picture, for anybody. ERR_NOT_FOUND unless it is the one of this digest. */
MUST err organization_logo_get(txn *t, uuid organization_id, str digest, str *png);
/** Where it is fetched; STR_NONE without one. */
str organization_logo_path(arena *a, uuid organization_id, str digest);
/** The caller's own, newest first (an API key's: its one); for the operator, all. Without settings and `administering`. */
MUST err organization_list(txn *t, const actor *who, page *p, organization_view **out, size_t *count);
/** The owners and administrators (at most `most`), for "who to ask". */
MUST err organization_contacts(txn *t, uuid id, int64_t most, account_view **out, size_t *count);

typedef struct founding {
    str owner_pointer; /* where the owner's fields stand in the caller's document: "/owner"; STR_NONE: at the top */
    str name, slug, locale;             /* slug STR_NONE: made from the name */
    int64_t member_limit;               /* 0: none */
    str email, given_name, family_name; /* of the first owner */
    uuid owner_id;                      /* an account that stands, in place of a name for the owner */
    str password_hash;                  /* STR_NONE: a link to set one is made */
    bool proved;                        /* the address was proved by a mailed code */
    bool first;                         /* setup: ERR_CONFLICT unless the database is empty; also makes an API key */
    bool sign_in;                       /* setup in the browser: also makes a session */
} founding;
typedef struct founded {
    uuid organization_id, account_id, membership_id;
    bool new_account;
    str slug;
    str api_key;          /* setup only; shown once */
    str set_password_url; /* for a new account without a password; shown once */
    signed_in session;
} founded;
/** Founds an organization with its owner. ERR_CONFLICT at /slug when taken; ERR_INVALID_ADDRESS; ERR_INVALID_REQUEST. */
MUST err organization_found(txn *t, const actor *by, const founding *f, founded *out);
/** True when there is no organization yet. */
MUST err organization_none(txn *t, bool *out);

typedef struct organization_change {
    str name;
    bool has_locale;
    str locale;            /* STR_NONE with has_locale: unknown */
    bool has_member_limit; /* operator alone: ERR_FORBIDDEN otherwise */
    int64_t member_limit;
} organization_change;
/** Changes what is no setting (those: organization_settings_update). ERR_INVALID_REQUEST at /name. */
MUST err organization_update(txn *t, const actor *by, const organization_change *change);

/** What `parvis check` reports: rows that break a rule, as sentences for the operator. */
MUST err organization_recount(txn *t, str **findings, size_t *count);

#endif
