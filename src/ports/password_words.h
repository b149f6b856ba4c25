/* The table that tools/gen_common_words.py makes of spec/common_words.txt and Debian's john-data. */
#ifndef PARVIS_PORTS_PASSWORD_WORDS_H
#define PARVIS_PORTS_PASSWORD_WORDS_H

#include "base/str.h"

extern const str password_words[]; /* folded to a-z and 0-9, sorted in byte order */
extern const size_t password_word_count;

#endif
