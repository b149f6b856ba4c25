/* Permissions by name, in sets, and of roles. The table is generated from spec/permissions.yaml. */
#ifndef PARVIS_DOMAIN_SHARED_PERMISSION_H
#define PARVIS_DOMAIN_SHARED_PERMISSION_H

#include "base/arena.h"
#include "permission_table.h"

#include <stdbool.h>

/** The bit of a name ("members.read"); false when there is no such permission. */
bool permission_find(str name, permission *out);
/** The name of one bit. Static. */
str permission_name(permission one);
/** Takes the next permission, in the table's order, out of a set; false when the set is empty. */
bool permission_next(permission *set, permission *one);

/**
 * A set as it is stored: names with a space between, in the table's order, since bits move when the table grows. In the
 * arena; empty for none.
 */
str permissions_text(arena *a, permission set);
/** All names, with commas between: for who named one that is none. In the arena. */
str permissions_all(arena *a);
/** Reads that again. Names that are no permission any more grant nothing. */
permission permissions_read(str text);

/** What a role may do. Without `administrators_invite`, administrators do not invite administrators. */
permission role_permissions(str role, bool administrators_invite);

#endif
