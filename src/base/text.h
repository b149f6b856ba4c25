/* Foreign bytes, and the text that is made of them. */
#ifndef PARVIS_BASE_TEXT_H
#define PARVIS_BASE_TEXT_H

#include "base/arena.h"

/**
 * True for what both engines take as text: well-formed UTF-8 without NUL. Eight bytes at a time where they are ASCII.
 */
bool text_is_sound(str s);

/**
 * The longest beginning of sound text that has at most `most` bytes and ends where a character does; borrows from s.
 */
str text_cut(str s, size_t most);

/**
 * Makes text of bytes that somebody else chose (a header, a mail server's words): what is no UTF-8 and what
 * str_has_control refuses becomes one U+FFFD a run, tabs and line breaks a space, and the whole is cut at a character's
 * end, at most `most` bytes long. Text that is fine is given back as it is, so that the result borrows from `bytes` or
 * lives in `a`; STR_NONE stays STR_NONE. Doing it twice changes nothing.
 */
str text_of_bytes(arena *a, str bytes, size_t most);

#endif
