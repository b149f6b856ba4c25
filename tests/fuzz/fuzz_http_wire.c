/*
 * A stream of bytes in portions: how it is cut changes nothing, and no line of a head that passed ends in anything but
 * CRLF.
 */
#include "http/wire.h"

#include <stdlib.h>

static size_t pass(str stream, size_t step, wire *w)
{
    size_t passed = 0;
    *w = (wire){0};
    for (size_t at = 0; at < stream.n && w->refusal == OK; at += step)
        passed += wire_scan(w, str_slice(stream, at, at + step));
    return passed;
}

static bool names_a_length(str stream)
{
    for (size_t i = 0; i + 14 <= stream.n; i++)
        if (str_eq_nocase(str_slice(stream, i, i + 14), S("content-length")))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wire whole, cut;
    if (size < 2)
        return 0;
    str stream = {(const char *)data + 1, size - 1};
    size_t at_once = pass(stream, stream.n, &whole), in_portions = pass(stream, (size_t)data[0] % 17 + 1, &cut);
    if (at_once > stream.n || in_portions < at_once || whole.refusal != cut.refusal)
        abort();
    if (whole.refusal == OK && (at_once != stream.n || in_portions != stream.n || whole.state != cut.state))
        abort();
    if (whole.refusal == OK && !names_a_length(stream)) /* no bodies: every line is a head's */
        for (size_t i = 0; i < stream.n; i++)
            if (stream.p[i] == 0 || (stream.p[i] == '\n' && (i == 0 || stream.p[i - 1] != '\r')))
                abort();
    return 0;
}
