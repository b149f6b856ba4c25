/*
 * A cursor is the last row's key and id behind four bytes that say of which list it is: one of another list is refused,
 * and none holds anything that was not shown.
 */
#include "domain/shared/page.h"
#include "base/text.h"
#include "ports/token.h"

int64_t page_fetch(const page *p)
{
    return (p->limit ? p->limit : PAGE_DEFAULT) + 1;
}

int64_t page_count_limit(const page *p)
{
    return p->count_most ? p->count_most + 1 : INT64_MAX;
}

void page_counted(page *p)
{
    p->more = p->count_most && p->total > p->count_most;
    p->total = p->more ? p->count_most : p->total;
}

/* Zeros going up; going down, above every UTF-8 text and every id. */
page_mark page_edge(bool descending)
{
    page_mark m = {.key = descending ? S("\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF") : S(""), .id = UUID_NONE};
    if (descending)
        memset(m.id.b, 0xFF, sizeof m.id.b);
    return m;
}

/* FNV-1a: no secret, only a name that fits in four bytes. */
static uint32_t sort_tag(str list, bool descending)
{
    uint32_t tag = descending ? 2166136261u : ~2166136261u;
    for (size_t i = 0; i < list.n; i++)
        tag = (tag ^ (uint8_t)list.p[i]) * 16777619u;
    return tag;
}

err page_start(page *p, arena *a, problem *problem, str list, bool descending, page_mark *out)
{
    enum { ID_AT = sizeof p->sorted, KEY_AT = ID_AT + sizeof out->id.b };
    *out = page_edge(descending);
    p->sorted = sort_tag(list, descending);
    if (!p->cursor.p)
        return OK;
    str raw;
    if (!base64url_decode(a, p->cursor, &raw) || raw.n < KEY_AT || memcmp(raw.p, &p->sorted, ID_AT) != 0 ||
        !text_is_sound(str_slice(raw, KEY_AT, raw.n)))
        return problem_at(problem, ERR_INVALID_REQUEST, S("/cursor"), S("not-allowed"), 0);
    memcpy(out->id.b, raw.p + ID_AT, sizeof out->id.b);
    out->key = str_slice(raw, KEY_AT, raw.n);
    return OK;
}

void page_end(page *p, arena *a, size_t *count, page_mark (*mark_of)(const void *rows, size_t index), const void *rows)
{
    size_t shown = (size_t)page_fetch(p) - 1;
    p->next = STR_NONE;
    if (*count <= shown)
        return;
    *count = shown;
    page_mark last = mark_of(rows, shown - 1);
    p->next = base64url_encode(a, arena_join(a, ((str){(const char *)&p->sorted, sizeof p->sorted}),
                                             ((str){(const char *)last.id.b, sizeof last.id.b}), last.key));
}
