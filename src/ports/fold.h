/* Text as people search and sort it: without case and accents. */
#ifndef PARVIS_PORTS_FOLD_H
#define PARVIS_PORTS_FOLD_H

#include "base/arena.h"

/**
 * Compatibility-decomposed, case-folded, without combining marks and what nobody sees, letters of their own as others
 * type them ("Éloïse ŒUVRE Łoś" → "eloise oeuvre los"; Unicode 15, 3.13 and 5.18), each apostrophe ASCII's, by
 * libunistring. Text that is not UTF-8 is given back as it is.
 */
str fold_text(arena *a, str text);

enum { FOLD_WORDS_MAX = 16 };
/**
 * The words of folded text: runs of letters, digits and marks, apostrophes inside left out ("o'brien" → "obrien"); with
 * `parts`, what stands before and behind them, too ("o", "brien"). At most FOLD_WORDS_MAX; returns how many.
 */
size_t fold_words(arena *a, str folded, bool parts, str words[FOLD_WORDS_MAX]);

#endif
