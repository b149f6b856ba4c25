/* JSON bodies: whatever comes, a refusal with sound pointers or a struct within its bounds. */
#include "bodies.h"
#include "http/json.h"
#include "http/schema.h"

#include <stdlib.h>

static void check_flags(const list *flags)
{
    const flag *all = flags->items;
    if (flags->count > 62)
        abort();
    for (size_t i = 0; i < flags->count; i++)
        if (!all[i].name.n || str_codepoints(all[i].name) > 40 || str_has_control(all[i].name))
            abort();
}

static void check_rows(const body_create_invitations *body)
{
    const body_create_invitations_invitations *rows = body->invitations.items;
    if (body->invitations.count < 1 || body->invitations.count > 1000)
        abort();
    for (size_t i = 0; i < body->invitations.count; i++) {
        if (!rows[i].email.p || !rows[i].role.p || str_codepoints(rows[i].email) > 400 ||
            str_has_control(rows[i].email))
            abort();
        check_flags(&rows[i].entitlements);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready)
        schema_setup();
    ready = true;
    static const schema *const schemas[] = {&schema_body_create_invitations, &schema_body_setup,
                                            &schema_body_update_settings, &schema_body_update_organization,
                                            &schema_body_update_member};
    str text = {(const char *)data, size};
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
        ARENA_SCOPED a = arena_new(64 << 20);
        BUF_SCOPED out = {0};
        problem p = {0};
        void *body;
        err e = schema_from_json(schemas[i], a, &p, text, &body);
        if ((e == OK) != (body != NULL) || (e == ERR_INVALID_REQUEST) != (p.field_count > 0))
            abort();
        if (e == OK && i == 0)
            check_rows(body);
        if (e == OK && schemas[i] == &schema_body_update_member)
            check_flags(&((const body_update_member *)body)->entitlements);
        json_writer w = {.out = &out};
        for (size_t f = 0; f < p.field_count; f++)
            json_str(&w, STR_NONE, p.fields[f].pointer);
        if (!str_is_utf8(buf_str(&out)))
            abort();
    }
    return 0;
}
