/*
 * Search and order in one form, by libunistring: decomposed, without marks, case folded. Both engines then compare
 * bytes.
 */
#include "ports/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

static str without_marks(arena *a, const uint8_t *p, size_t n)
{
    char *out = arena_alloc(a, n + 1);
    size_t used = 0;
    for (size_t i = 0; i < n;) {
        ucs4_t cp;
        int len = u8_mbtouc(&cp, p + i, n - i);
        if (!uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_M)) {
            memcpy(out + used, p + i, (size_t)len);
            used += (size_t)len;
        }
        i += (size_t)len;
    }
    return (str){out, used};
}

str fold_text(arena *a, str text)
{
    if (text.n == 0 || !str_is_utf8(text))
        return text;
    size_t n = 0;
    uint8_t *folded = u8_casefold((const uint8_t *)text.p, text.n, NULL, UNINORM_NFKD, NULL, &n);
    if (!folded)
        return text;
    str out = without_marks(a, folded, n);
    free(folded);
    return out;
}

static bool in_word(ucs4_t cp)
{
    return uc_is_general_category_withtable(cp, UC_CATEGORY_MASK_L | UC_CATEGORY_MASK_N | UC_CATEGORY_MASK_M);
}

size_t fold_words(arena *a, str folded, str words[FOLD_WORDS_MAX])
{
    size_t count = 0, start = 0;
    bool inside = false;
    for (size_t i = 0; i <= folded.n && count < FOLD_WORDS_MAX;) {
        ucs4_t cp = ' ';
        int len = i < folded.n ? u8_mbtouc(&cp, (const uint8_t *)folded.p + i, folded.n - i) : 1;
        bool word = in_word(cp);
        if (word && !inside)
            start = i;
        if (!word && inside)
            words[count++] = arena_str(a, str_slice(folded, start, i));
        inside = word;
        i += (size_t)len;
    }
    return count;
}
