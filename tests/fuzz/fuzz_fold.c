/* What people search for: folded text stays UTF-8, capitals do not matter, words are words. */
#include "ports/fold.h"

#include <stdlib.h>

static str in_capitals(arena *a, str text)
{
    char *out = arena_alloc(a, text.n + 1);
    for (size_t i = 0; i < text.n; i++)
        out[i] = text.p[i] >= 'a' && text.p[i] <= 'z' ? (char)(text.p[i] - 'a' + 'A') : text.p[i];
    return (str){out, text.n};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 4096)
        return 0;
    ARENA_SCOPED a = arena_new(4 << 20);
    str text = {(const char *)data, size}, words[FOLD_WORDS_MAX];
    bool sound = str_is_utf8(text);
    str folded = fold_text(a, text);
    if (sound != str_is_utf8(folded) || (!sound && !str_eq(folded, text)))
        abort();
    size_t count = fold_words(a, folded, data[size - 1] & 1, words);
    if (count > FOLD_WORDS_MAX)
        abort();
    for (size_t i = 0; i < count; i++)
        if (words[i].n == 0 || str_find_byte(words[i], '\'') < words[i].n ||
            str_find_byte(words[i], ' ') < words[i].n || str_find_byte(words[i], '%') < words[i].n ||
            (sound && !str_is_utf8(words[i])))
            abort();
    if (sound && !str_eq(fold_text(a, in_capitals(a, text)), folded))
        abort();
    return 0;
}
