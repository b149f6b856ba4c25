/* What a display name says, on one line of words. */
#ifndef PARVIS_PORTS_PASTED_LINE_H
#define PARVIS_PORTS_PASTED_LINE_H

#include "base/arena.h"

/**
 * `text` without marks of quotes and comments, its encoded words decoded, each run of spaces one. Empty when nothing is
 * left, or what cannot stand in a name. *aside is its first comment in parentheses; STR_NONE: there is none.
 */
str name_line(arena *a, str text, str *aside);

#endif
