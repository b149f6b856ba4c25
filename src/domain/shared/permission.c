/*
 * Sets are bits, whose places may change from one version to the next: what is kept is names, turned into bits when it
 * is read.
 */
#include "domain/shared/permission.h"

#include "words.h"

static const struct {
    str name;
    permission bit;
} table[] = {
#define PERMISSION_ROW(text, bit) {S_INIT(text), bit},
    PERMISSION_TABLE(PERMISSION_ROW)
#undef PERMISSION_ROW
};
enum { PERMISSIONS = sizeof table / sizeof *table };

bool permission_find(str name, permission *out)
{
    for (size_t i = 0; i < PERMISSIONS; i++)
        if (str_eq(table[i].name, name)) {
            *out = table[i].bit;
            return true;
        }
    return false;
}

str permission_name(permission one)
{
    for (size_t i = 0; i < PERMISSIONS; i++)
        if (table[i].bit == one)
            return table[i].name;
    return STR_NONE;
}

bool permission_next(permission *set, permission *one)
{
    for (size_t i = 0; i < PERMISSIONS; i++)
        if (*set & table[i].bit) {
            *one = table[i].bit;
            *set &= ~table[i].bit;
            return true;
        }
    return false;
}

str permissions_text(arena *a, permission set)
{
    str out = S("");
    for (permission one; permission_next(&set, &one);)
        out = arena_join(a, out, out.n ? S(" ") : S(""), permission_name(one));
    return out;
}

str permissions_all(arena *a)
{
    str out = S("");
    for (size_t i = 0; i < PERMISSIONS; i++)
        out = arena_join(a, out, i ? S(", ") : S(""), table[i].name);
    return out;
}

permission permissions_read(str text)
{
    permission set = 0, one;
    while (!str_empty(text))
        if (permission_find(str_cut(&text, ' '), &one))
            set |= one;
    return set;
}

permission role_permissions(str role, bool administrators_invite)
{
    if (role_is(role, ROLE_OWNER))
        return ROLE_MASK_OWNER;
    if (role_is(role, ROLE_ADMINISTRATOR))
        return administrators_invite ? ROLE_MASK_ADMINISTRATOR : ROLE_MASK_ADMINISTRATOR & ~PERM_ADMINISTRATORS_INVITE;
    return ROLE_MASK_MEMBER;
}
