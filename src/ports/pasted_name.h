/*
 * The name that stands beside an address. Its grammar, on one line of plain text (pasted_text.h):
 *
 *   name     = [number] part *("," part)          one part: Given Family; more: Family, Given (RFC 5322's display-name,
 *   part     = *title word *(" " word) *degree      as Outlook writes it)
 *   word     = bare / quoted / encoded             RFC 5322, 3.2.4; RFC 2047, 2
 *   comment  = "(" … ")" / "[" … "]" / "<" … ">"   is no part of it; the name by itself where nothing else is (RFC 822)
 *
 * Words in capitals, first or last, are the family name, in every script that has them. Titles and degrees are words of
 * the tables in the source, whole and in any spelling. What comes out has passed typed_line, has at most
 * ADDRESS_NAME_MAX characters, no @ and nothing of a link; else there is no name.
 */
#ifndef PARVIS_PORTS_PASTED_NAME_H
#define PARVIS_PORTS_PASTED_NAME_H

#include "ports/address.h"

enum { NAME_SPAN_MAX = 1000, NAME_WORDS_MAX = 5 };

typedef struct person_name {
    str given, family; /* STR_NONE: not known */
} person_name;

/** The name in it; both STR_NONE when there is none. `family_first`: where neither comma nor capitals tell. */
person_name name_in(arena *a, str text, bool family_first);
/** A name that has a column of its own, as it stands there. STR_NONE: none. */
str name_alone(arena *a, str text);
/** Whether anything is left of it once bullets, numbers, dashes and titles are gone. */
bool name_is_noise(arena *a, str text);
/** Whether it has the form of a name: few words, no digits, each with a capital, or of a script without them. */
bool name_is_likely(arena *a, str text);
/** Whether it has few words and no digits. */
bool name_is_possible(arena *a, str text);
/** Whether all its words are in capitals. */
bool name_is_shouted(arena *a, str text);
/** Whether it is nothing but a degree: « PhD ». */
bool name_is_degree(arena *a, str text);
/** How many words it has: 0 to NAME_WORDS_MAX + 1. */
size_t name_words(str text);
/** Whether a word of it stands in the local part. */
bool name_is_told_by(arena *a, str text, const address *address);
/** Folded (fold.h), letters and digits alone, single spaces between: what tables of words are asked for. */
str name_folded(arena *a, str text);

#endif
