/* Accept-Language and the choice of a language: capitals, and what comes after an answer is clear, change nothing. */
#include "base/arena.h"
#include "ports/catalog.h"

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
    if (size > 1 << 14)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data, size}, capitals = in_capitals(a, text);
    language en = language_negotiate(text, LANG_EN), fr = language_negotiate(text, LANG_FR), one, other;
    if (en >= LANG_COUNT || fr >= LANG_COUNT)
        abort();
    if (language_negotiate(capitals, LANG_EN) != en || language_negotiate(capitals, LANG_FR) != fr)
        abort();
    if (en == LANG_FR &&
        fr == LANG_EN) /* whoever prefers one gets it from any default; nobody prefers the other way round */
        abort();
    bool is = language_parse(text, &one);
    if (is != language_parse(capitals, &other) || (is && one != other))
        abort();
    if (is && str_find_byte(text, ',') == size && str_find_byte(text, ';') == size &&
        (language_negotiate(text, LANG_EN) != one || language_negotiate(text, LANG_FR) != one))
        abort();
    return 0;
}
