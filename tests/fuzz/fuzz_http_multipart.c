/*
 * multipart/form-data: the parts stand within the body, in order, and hold no delimiter. The first line is the
 * boundary.
 */
#include "http/multipart.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    text_pair parts[MULTIPART_MOST];
    size_t count;
    if (size > 1 << 16)
        return 0;
    str body = {(const char *)data, size}, parameters = str_cut(&body, '\n');
    const char *last = body.p;
    if (multipart_read(parameters, body, parts, &count) != OK)
        return 0;
    for (size_t i = 0; i < count; i++) {
        bool inside = parts[i].name.p > last && parts[i].value.p > parts[i].name.p &&
                      parts[i].value.p + parts[i].value.n <= body.p + body.n;
        if (!inside || !parts[i].name.n)
            abort();
        last = parts[i].value.p + parts[i].value.n;
    }
    return 0;
}
