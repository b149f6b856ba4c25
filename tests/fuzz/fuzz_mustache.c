/*
 * Any bytes as a template: parsed, checked, and rendered with itself as its only partial. What the check accepts as
 * HTML must leave a hostile value harmless wherever the template puts it.
 */
#include "ports/mustache.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const mustache *itself(void *context, str name)
{
    return str_eq(name, S("me")) ? context : NULL;
}

static mval *hostile_data(arena *a)
{
    mval *o = m_object(a), *rows = m_set_list(o, S("l"));
    m_set_str(o, S("x"), S("\"'><script>&\n"));
    m_set_int(o, S("count"), 1234567);
    m_set_bool(o, S("b"), true);
    m_set_str(m_set_object(o, S("o")), S("x"), S("{t.language.name}{{x}}"));
    for (int i = 0; i < 3; i++)
        m_set_int(m_add_object(rows), S("i"), i);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    str source = {(const char *)data, size};
    mustache_problem fault = {0};
    arena *a = arena_new(8 << 20);
    buf out = {0};
    const mustache *m = mustache_parse(a, source, &fault);
    if (!m && (!fault.what || fault.line == 0))
        abort();
    if (template_check(source, true, &fault) && !m)
        abort();
    if (m) {
        mustache_run run = {.lang = LANG_FR, .lookup = itself, .lookup_context = (void *)m};
        err e = mustache_render(m, &run, hostile_data(a), &out);
        str made = buf_str(&out);
        if (e == OK && str_find(source, S("<script")) == source.n && str_find(source, S("&")) == source.n &&
            str_find(source, S("{")) < source.n && template_check(source, true, &fault) &&
            str_find(made, S("<script>")) < made.n)
            abort();
    }
    buf_free(&out);
    arena_free(a);
    return 0;
}
