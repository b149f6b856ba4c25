/* Groups: named sets of members. */
#ifndef PARVIS_DOMAIN_ORGANIZATION_GROUP_H
#define PARVIS_DOMAIN_ORGANIZATION_GROUP_H

#include "domain/shared/actor.h"
#include "domain/shared/page.h"

typedef struct group_view {
    uuid id;
    str name;
    int64_t members;
    msec created_at;
} group_view;

/** The groups by name. */
err group_list(txn *t, uuid organization_id, page *p, group_view **out, size_t *count);
/** All of them (at most GROUPS_MAX), by name: to choose from. */
err group_all(txn *t, uuid organization_id, group_view **out, size_t *count);
/** ERR_NOT_FOUND. */
err group_get(txn *t, uuid organization_id, uuid id, group_view *out);
/** ERR_INVALID_REQUEST for a name (name_clean); ERR_CONFLICT at /name when it is taken (folded), or at GROUPS_MAX. */
err group_create(txn *t, const actor *by, str name, uuid *id);
/** The same, and ERR_NOT_FOUND. */
err group_rename(txn *t, const actor *by, uuid id, str name);
/** Its members stay members; invitations into it lead into the others alone. ERR_NOT_FOUND. */
err group_delete(txn *t, const actor *by, uuid id);

/* ---- lists of groups, as memberships and invitations keep them: TypeIDs, each with a space after it ---- */

/** Whether this one is among them. */
bool group_among(str ids, str id);
/** The word in member_word by which the members of a group are found. */
str group_word(arena *a, str id);

/** How many ids stand in the list. */
size_t group_ids_count(str ids);
/** As an array, in the arena. */
str *group_ids_list(arena *a, str ids, size_t *count);

/** What there is to choose from. */
typedef struct group_choice {
    uuid *ids; /* sorted */
    size_t count;
    int64_t *more; /* members of each who came, less those who left, and are not counted yet */
} group_choice;
/** All groups of the organization; in t->a. */
err group_choice_read(txn *t, uuid organization_id, group_choice *out);
/**
 * The kept form of what was chosen, each once. ERR_NOT_FOUND for an id that is no group's here; ERR_CONFLICT beyond
 * MEMBER_GROUPS_MAX.
 */
err group_chosen(txn *t, const group_choice *from, const str *ids, size_t count, str *out);
/** The sets' sum and difference. */
str group_ids_with(arena *a, str ids, str more);
str group_ids_without(arena *a, str ids, str less);
/**
 * Makes words and counts follow a membership whose list goes from `before` to `after`; the list itself is the caller's.
 * `sums`: many are to follow, and group_sums_write counts them all; then this is the last step of a change that stands.
 * NULL: counted at once. Under the seats' lock.
 */
err group_ids_moved(txn *t, uuid organization_id, uuid member, str before, str after, const group_choice *sums);
/** Writes each group's sum, once: a row that one transaction changes hundreds of times costs hundreds of times that. */
err group_sums_write(txn *t, uuid organization_id, const group_choice *sums);

#endif
