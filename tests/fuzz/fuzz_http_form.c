/* Forms and query strings. */
#include "bodies.h"
#include "http/schema.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED a = arena_new(64 << 20);
    problem p = {0};
    typed_form typed;
    void *body;
    if (size > 1 << 16)
        return 0;
    str text = {(const char *)data, size};
    err e = schema_from_form(&schema_body_invite_step_form, a, &p, text, &typed, &body);
    if (e == OK) {
        const body_invite_step_form *form = body;
        if (form->has_addresses &&
            (!str_is_utf8(form->addresses) || str_find_byte(form->addresses, '\r') < form->addresses.n))
            abort();
    }
    e = schema_from_form(&schema_body_members_remove_form, a, &p, text, &typed, &body);
    if (e == OK && ((const body_members_remove_form *)body)->member.count > 200)
        abort();
    e = schema_from_query(&schema_query_list_members, a, &p, text, size % 2 ? &typed : NULL, &body);
    const query_list_members *query = body;
    if (e == OK && query->has_limit && (query->limit < 1 || query->limit > 200))
        abort();
    form_value(a, text, S("lang"));
    return 0;
}
