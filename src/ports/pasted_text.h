/*
 * Pasted text made plain: one sign for each thing that its writers spell in many ways. What it decodes, and no more:
 * - lines: CR LF, CR, VT, FF, NEL, U+2028 and U+2029 are a new line
 * - white space of every kind (Unicode's White_Space, the Braille blank) is a space; the tab stays
 * - what nobody sees is dropped, but for joiners and variation selectors, which spell names (typed.h)
 * - commas, semicolons and full stops of other scripts, and full-width punctuation (UTS 46, 4: U+3002 is a dot),
 *   are ASCII's
 * - bullets are a space, unless they stand between two letters or digits
 * - character references (HTML 5, 13.5) of the table below and by number, which a semicolon ends
 */
#ifndef PARVIS_PORTS_PASTED_TEXT_H
#define PARVIS_PORTS_PASTED_TEXT_H

#include "base/arena.h"

typedef struct plain_text {
    str text;           /* never longer than what was typed */
    str typed;          /* borrowed */
    const uint32_t *at; /* for each byte of text, and its end: where it was typed */
} plain_text;

/** UTF-8. Lives in `a`. */
plain_text pasted_plain(arena *a, str typed);
/** The bytes from..to of the plain text as they were typed, without white space around. */
str pasted_typed(const plain_text *t, size_t from, size_t to);

#endif
