/* What the headings of sheets say, in French, English and German. */
#ifndef PARVIS_PORTS_PASTED_HEADING_H
#define PARVIS_PORTS_PASTED_HEADING_H

#include "base/str.h"
#include "words.h" /* generated from spec/words.yaml */

/** What a column of this heading holds; `words` folded (name_folded). PASTED_IGNORED: nothing that is asked for. */
pasted_role heading_role(str words);
/** Whether a line is nothing but the heading of a column of addresses: « Adresse e-mail ». */
bool is_heading_alone(str words);

#endif
