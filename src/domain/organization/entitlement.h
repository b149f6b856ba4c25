/* Entitlements: named options that an organization defines and switches on or off for each member. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_ENTITLEMENT_H
#define PARVIS_DOMAIN_ORGANIZATION_ENTITLEMENT_H

#include "domain/shared/actor.h"

enum { ENTITLEMENT_KEY_MAX = 40 };

/** Who may have one: a set of roles. */
enum { FOR_OWNERS = 1, FOR_ADMINISTRATORS = 2, FOR_MEMBERS = 4, FOR_ALL = 7 };

/* ---- on each request's way: what organization.entitlement_keys holds, "offline:0:oam:1 mobile-app:1:m:0" ---- */

typedef struct entitlement {
    str key;
    int slot;       /* the bit that stands for it */
    unsigned roles; /* who may have it */
    bool by_default;
} entitlement;

/** Takes the next one off `*keys`; false at the end. In the order of their keys. */
bool entitlement_next(str *keys, entitlement *out);
/**
 * Whether a member of this role has it. What the role may not have is off, whatever bit was set when they had another.
 */
bool entitlement_is_on(const entitlement *e, int64_t set, str role);
/** The set of those that are on where nobody chose. */
int64_t entitlements_by_default(str keys);

/** What somebody chose: on or off, by key. */
typedef struct entitlement_choice {
    str key;
    bool on;
} entitlement_choice;
/**
 * Changes a set by what was chosen for a member of this role. ERR_INVALID_REQUEST at /entitlements/KEY: no such key
 * here, or one that the role may not have switched on.
 */
err entitlements_choose(txn *t, str keys, str role, const entitlement_choice *choices, size_t count, int64_t *set);
/** What somebody of this role has, as choices: to give it to somebody else. */
void entitlements_as_choices(arena *a, str keys, int64_t set, str role, entitlement_choice **out, size_t *count);
/** The keys that are set, with a space between: for audit. */
str entitlements_text(arena *a, str keys, int64_t set);
/** For forms, where a box that is not ticked is not sent: every key of the organization, on when it is among `on`. */
void entitlements_ticked(arena *a, str keys, const str *on, size_t on_count, entitlement_choice **out, size_t *count);

/* ---- defining them ---- */

typedef struct entitlement_view {
    str key, name_en, name_fr;
    bool by_default;
    unsigned roles;
} entitlement_view;

/** All of them (at most ENTITLEMENTS_MAX), by key. */
err entitlement_list(txn *t, uuid organization_id, entitlement_view **out, size_t *count);
/** ERR_NOT_FOUND. */
err entitlement_get(txn *t, uuid organization_id, str key, entitlement_view *out);
/**
 * Defines one; nobody has it yet. ERR_INVALID_REQUEST for a key that is not [a-z0-9_-]{1,40}, for names (name_clean)
 * and for nobody who may have it; ERR_CONFLICT at /key when it is taken, or when there are ENTITLEMENTS_MAX.
 */
err entitlement_create(txn *t, const actor *by, const entitlement_view *e);

typedef struct entitlement_change {
    str name_en, name_fr; /* STR_NONE: unchanged */
    bool has_default, by_default;
    unsigned roles; /* 0: unchanged */
} entitlement_change;
/** ERR_NOT_FOUND, ERR_INVALID_REQUEST. The default concerns those who are invited from now on. */
err entitlement_update(txn *t, const actor *by, str key, const entitlement_change *c);
/** Nobody has it any more, and no invitation gives it. ERR_NOT_FOUND. */
err entitlement_delete(txn *t, const actor *by, str key);

#endif
