/* TZif files: whatever is read holds together, in order, and gives an offset of less than a day at any moment. */
#include "ports/zone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static zone_rules z;
    static const int64_t moments[] = {INT64_MIN, -1, 0, 1795253400, INT64_MAX};
    str text = {(const char *)data, size};
    if (zone_exists(text) && (text.n > 64 || str_find(text, S("..")) < text.n || text.p[0] == '/'))
        abort();
    if (!zone_read(text, &z))
        return 0;
    if (z.count > ZONE_MOMENTS_MAX)
        abort();
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int32_t offset = zone_rules_at(&z, moments[i]);
        if (offset <= -86400 || offset >= 86400)
            abort();
    }
    return 0;
}
