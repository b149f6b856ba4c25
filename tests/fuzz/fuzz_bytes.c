/* Foreign bytes on their way to the store: text comes out, no longer than asked, and text stays as it is. */
#include "base/text.h"

#include <stdlib.h>

/* As slow as it is plain, beside the one that looks at eight bytes at a time. */
static bool is_text(str s)
{
    for (size_t i = 0; i < s.n;) {
        size_t next = i;
        if (s.p[i] == 0)
            return false;
        str_next_codepoint(s, &next);
        if (next - i == 1 && (unsigned char)s.p[i] >= 0x80)
            return false;
        i = next;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 4096)
        return 0;
    ARENA_SCOPED a = arena_new(1 << 20);
    size_t most = data[0] * 4u;
    str bytes = {(const char *)data + 1, size - 1};
    bool sound = text_is_sound(bytes);
    str made = text_of_bytes(a, bytes, most);
    if (sound != is_text(bytes) || !text_is_sound(made) || str_has_control(made) || made.n > most)
        abort();
    if (!str_eq(text_of_bytes(a, made, most), made))
        abort();
    if (sound && !str_has_control(bytes) && !str_eq(made, text_cut(bytes, most)))
        abort();
    return 0;
}
