/* What opens and closes in pasted lists, where words end, and the tables of words that are nobody's name. */
#ifndef PARVIS_PORTS_PASTED_MARK_H
#define PARVIS_PORTS_PASTED_MARK_H

#include "base/arena.h"

typedef enum mark_kind { MARK_NONE, MARK_QUOTE, MARK_ROUND, MARK_SQUARE, MARK_ANGLE } mark_kind;

enum { MARKS_MAX = 16, QUOTED_CELL_MAX = 4096 };

/* What was searched for in vain: from there to here it does not close. Zeros: nothing yet. */
typedef struct mark_memory {
    size_t unclosed[MARKS_MAX];
} mark_memory;

typedef struct mark {
    mark_kind kind;
    size_t inside, end, behind; /* what it holds, and where the next thing begins */
} mark;

/**
 * The mark that opens at `at` of `text` and closes before `line_end`, or a quoted cell of several lines before `limit`.
 * MARK_NONE: none. Each byte is looked at a bounded number of times, by what `m` remembers.
 */
mark mark_at(str text, size_t at, size_t line_end, size_t limit, mark_memory *m);
/** Where the word that begins at `at` ends: a space, a separator, a bracket; those of an address literal are its
 * own. */
size_t word_end(str text, size_t at, size_t end);
/** The bytes from `at` that are spaces. */
size_t spaces_at(str text, size_t at, size_t end);
/** « et », "and" and their like, in small letters. */
bool is_conjunction(str word);
/** What a link begins with that is no mail address: "sip:". `word` holds a colon. */
bool is_foreign_scheme(str word);

typedef enum label_kind { LABEL_NONE, LABEL_FIELD, LABEL_HEADER } label_kind;
/** Whether folded words (name_folded) are a label of the table; a header goes on in folded lines. */
label_kind label_known(str folded);

#endif
