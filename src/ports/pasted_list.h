/*
 * A list of addresses, with names or without. Its grammar, over plain text (pasted_text.h):
 *
 *   list     = *(line NL)                  a line that begins with a space goes on in a header, or before "<"
 *                                          (RFC 5322, 2.2.3)
 *   line     = [number] [label] *(piece separator)
 *   label    = words ":"                   of the table (To, À, Cc, E-mail…): none of the name; else the one
 *                                          address's name,
 *                                          or that of several (RFC 5322, 3.4: group)
 *   separator= "," / ";" / TAB / "|" / NL / SP "et" SP / SP "and" SP …
 *   piece    = *(words mailbox) [comment]  spaces alone may stand between mailboxes
 *   words    = word / quoted / encoded / comment, the name of the mailbox behind them; before a comma, its family name
 *   mailbox  = address / "<" list ">" / mailto / "smtp:" address
 *   mailto   = RFC 6068: recipients before "?", and to, cc, bcc behind it, percent-decoded; nothing else is
 *   quoted   = marks of the table in the source, closed on their line; '"' also behind it, as RFC 4180 has cells
 *   brackets = "(" / "[" / "<" / quotes: a list of their own where they hold an @; a comment where they hold none
 *
 * Numbers glued to addresses go where every line has one and they are in sequence.
 */
#ifndef PARVIS_PORTS_PASTED_LIST_H
#define PARVIS_PORTS_PASTED_LIST_H

#include "ports/pasted_people.h"

enum { LIST_DEPTH_MAX = 4 };

/** Reads from..to of the plain text: adds everybody in it, and refuses the rest. */
void list_read(people *p, size_t from, size_t to);

#endif
