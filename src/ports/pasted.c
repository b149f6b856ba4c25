/* A sheet, or else a list. */
#include "ports/pasted.h"
#include "ports/pasted_list.h"
#include "ports/pasted_sheet.h"

enum { SCRATCH_MAX = 8 << 20 };

err pasted_more(arena *a, const pasted *before, str text, const pasted_role *roles, size_t role_count, size_t max,
                pasted *out)
{
    *out = (pasted){0};
    if (!text.p || !str_is_utf8(text))
        return ERR_INVALID_REQUEST;
    if (text.n > PASTED_BYTES_MAX)
        return ERR_PAYLOAD_TOO_LARGE;
    plain_text plain = pasted_plain(a, text);
    ARENA_SCOPED scratch = arena_new(SCRATCH_MAX);
    people p = {.a = a, .scratch = scratch, .t = &plain, .max = max};
    for (size_t i = 0; i < before->count; i++)
        people_take(&p, &before->entries[i]);
    if (!sheet_read(&p, roles, role_count, out))
        list_read(&p, sheet_behind_heading(&p), plain.text.n);
    out->entries = p.entries;
    out->count = p.count;
    return p.full ? ERR_PAYLOAD_TOO_LARGE : OK;
}

err pasted_read(arena *a, str text, const pasted_role *roles, size_t role_count, size_t max, pasted *out)
{
    return pasted_more(a, &(pasted){0}, text, roles, role_count, max, out);
}

pasted_role *pasted_roles(arena *a, const str *words, size_t count)
{
    pasted_role *roles = arena_array_of(a, pasted_role, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!pasted_role_of(words[i], &roles[i]))
            roles[i] = PASTED_IGNORED;
    return roles;
}

err pasted_judged(problem *p, str pointer, const pasted *read, size_t max, err result)
{
    if (result != ERR_PAYLOAD_TOO_LARGE)
        return result;
    bool many = read->count == max;
    return problem_at(p, ERR_INVALID_REQUEST, pointer, many ? S("too-many") : S("too-long"),
                      many ? (int64_t)max : PASTED_BYTES_MAX);
}

/* What was refused where a sheet's column told that it is none of the people's would be one by itself. */
static str refused_line(arena *a, str raw)
{
    pasted again;
    bool same = pasted_read(a, raw, NULL, 0, 2, &again) == OK && again.count == 1 && !again.entries[0].address.key.p;
    return same ? raw : STR_NONE;
}

str pasted_line(arena *a, const pasted_entry *e)
{
    if (!e->address.key.p)
        return refused_line(a, e->raw);
    if (!e->given_name.p && !e->family_name.p) { /* in brackets where its signs would be taken for more than its own */
        bool odd = e->doubtful || str_find_byte(e->address.typed, '|') < e->address.typed.n;
        return odd ? arena_join(a, S("<"), e->address.typed, S(">")) : e->address.typed;
    }
    return arena_join(a, S("\""), e->family_name, S(", "), e->given_name, S("\" <"), e->address.typed, S(">"));
}
