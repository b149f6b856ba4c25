/* The sheet of paper that carries a temporary password to its person. Made in memory, never kept. */
#ifndef PARVIS_DOMAIN_INVITATION_SHEET_H
#define PARVIS_DOMAIN_INVITATION_SHEET_H

#include "base/arena.h"
#include "base/clock.h"

typedef struct sheet {
    str email, password;
    str locale; /* the person's language; STR_NONE: the organization's */
    msec expires_at;
} sheet;

/** Who hands them out. */
typedef struct sheet_house {
    str name, locale, time_zone; /* the organization's */
    str sign_in_url;
} sheet_house;

/** A PDF in the arena, one page a sheet in the order given, each in its person's language. */
str sheets_render(arena *a, const sheet_house *house, const sheet *sheets, size_t count);

#endif
