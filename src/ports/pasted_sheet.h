/*
 * Rows and columns in pasted text: cells with a tab, semicolon, comma or bar between, quoted as RFC 4180 has them.
 * A text is a sheet
 * - where its first row is a heading: words of the tables in the source, in French, English or German, none with an @;
 * - else, by tabs, where a row has one address and names beside it;
 * - else where every row, two at least, has as many cells, the address in the same one and alone in it, and names
 * beside.
 * Without a heading the columns of names are guessed: those whose cells are names, before the address, or else
 * behind it;
 * two are given and family name, but in the order that capitals tell. Who asks may say what each column is instead.
 * A row without an address is refused; an address in a column that nobody asked for is, too, unless somebody said so.
 */
#ifndef PARVIS_PORTS_PASTED_SHEET_H
#define PARVIS_PORTS_PASTED_SHEET_H

#include "ports/pasted_people.h"

/** Reads it if it is a sheet: true, and *columns and the rest of *out are set. */
bool sheet_read(people *p, const pasted_role *roles, size_t role_count, pasted *out);
/** Where a text that is no sheet begins behind a line that is but a heading: « Adresse e-mail ». */
size_t sheet_behind_heading(people *p);

#endif
