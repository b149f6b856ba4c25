/* Names as people paste them: what is kept is seen, has one spelling, and cleaning it again changes nothing. */
#include "ports/typed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    str text = {(const char *)data, size}, clean, again;
    typed_verdict v = typed_line(a, text, &clean);
    if (v == TYPED_FINE && !str_is_utf8(text))
        abort();
    if (v != TYPED_FINE)
        return 0;
    if (!str_is_utf8(clean) || str_has_control(clean) || str_empty(clean) || str_find(clean, S("  ")) < clean.n ||
        str_starts(clean, S(" ")) || str_ends(clean, S(" ")))
        abort();
    if (typed_line(a, clean, &again) != TYPED_FINE || !str_eq(clean, again))
        abort();
    return 0;
}
