/* Text as people search and sort it: without case and accents. */
#ifndef PARVIS_PORTS_FOLD_H
#define PARVIS_PORTS_FOLD_H

#include "base/arena.h"

/**
 * Compatibility-decomposed, case-folded, without combining marks ("Éloïse ŒUVRE" → "eloise œuvre"; Unicode 15, 3.13 and
 * 5.18), by libunistring. Text that is not UTF-8 is given back as it is.
 */
str fold_text(arena *a, str text);

enum { FOLD_WORDS_MAX = 16 };
/** The words of folded text: runs of letters, digits and marks. At most FOLD_WORDS_MAX; returns how many. */
size_t fold_words(arena *a, str folded, str words[FOLD_WORDS_MAX]);

#endif
