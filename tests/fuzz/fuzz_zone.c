/*
 * TZif files and the rules at their end: whatever is read holds together, in order, and gives an offset of less than a
 * day at any moment.
 */
#include "ports/zone.h"

#include <stdlib.h>

static const int64_t moments[] = {INT64_MIN,  -62135500000, -1,           0,        951782400,
                                  1795253400, 4102444800,   253402200000, INT64_MAX};

static void judge(int32_t offset)
{
    if (offset <= -86400 || offset >= 86400)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static zone_rules z;
    str text = {(const char *)data, size};
    zone_footer footer;
    bool rule = zone_footer_read(text, &footer);
    for (size_t i = 0; rule && i < sizeof moments / sizeof *moments; i++)
        judge(zone_footer_at(&footer, moments[i]));
    if (zone_exists(text) && (text.n > 64 || str_find(text, S("..")) < text.n || text.p[0] == '/'))
        abort();
    if (!zone_read(text, &z))
        return 0;
    if (z.count > ZONE_MOMENTS_MAX)
        abort();
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        judge(zone_rules_at(&z, moments[i]));
    return 0;
}
