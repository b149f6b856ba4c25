/* Any text on a sheet: it ends, its lines hold all of it, and the file says truly where its objects stand. */
#include "domain/invitation/sheet.h"
#include <stdio.h>
#include <stdlib.h>

/* Each object stands where the table at the end says (ISO 32000-1, 7.5.4). */
static void check_table(str file)
{
    if (!str_starts(file, S("%PDF-1.7\n")) || !str_ends(file, S("\n%%EOF\n")))
        abort();
    size_t mark = file.n; /* what stands behind the last "startxref" */
    while (!str_starts(str_slice(file, mark, file.n), S("startxref\n")))
        mark--;
    size_t table = (size_t)strtoul(file.p + mark + 10, NULL, 10), count = 0;
    if (table >= file.n || sscanf(file.p + table, "xref\n0 %zu\n", &count) != 1)
        abort();
    size_t row = table + str_find_byte(str_slice(file, table + 5, file.n), '\n') + 6;
    for (size_t number = 1; number < count; number++) {
        size_t at = (size_t)strtoul(file.p + row + 20 * number, NULL, 10);
        char expected[32];
        snprintf(expected, sizeof expected, "%zu 0 obj\n", number);
        if (at >= file.n || !str_starts(str_slice(file, at, file.n), str_of(expected)))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    if (size > 2000 || !str_is_utf8(text))
        return 0;
    ARENA_SCOPED a = arena_new(4 << 20);
    str rest = text, name = str_cut(&rest, '\n'), email = str_cut(&rest, '\n');
    sheet sheets[] = {{.email = email, .password = rest.p ? rest : name, .locale = S("fr")},
                      {.email = name, .password = email.p ? email : name, .expires_at = (msec)size * MSEC_DAY}};
    const sheet_house house = {name, S("en"), S("Europe/Paris"), S("https://parvis.example/sign-in")};
    check_table(sheets_render(a, &house, sheets, 2));
    return 0;
}
