/* A walk over tags, and nothing more of HTML than what the templates write. */
#include "console/tags.h"

#include "ports/mustache.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
}

static size_t name_end(str page, size_t at)
{
    while (at < page.n && (is_name(page.p[at]) || (page.p[at] >= 'A' && page.p[at] <= 'Z')))
        at++;
    return at;
}

static size_t find_byte(str page, size_t at, char c)
{
    return at + str_find_byte(str_slice(page, at, page.n), c);
}

bool tag_next(str page, size_t *at, tag *out)
{
    for (size_t open = find_byte(page, *at, '<'); open < page.n; open = find_byte(page, open + 1, '<')) {
        bool closing = open + 1 < page.n && page.p[open + 1] == '/';
        size_t name = open + 1 + closing, end = name_end(page, name);
        if (end == name)
            continue;
        *out = (tag){str_slice(page, name, end), closing, {open, page.n}};
        while (end < page.n && page.p[end] != '>')
            end = page.p[end] == '"' ? find_byte(page, end + 1, '"') + 1 : end + 1;
        out->all.to = *at = end < page.n ? end + 1 : page.n;
        return true;
    }
    *at = page.n;
    return false;
}

bool tag_attribute(str page, const tag *t, str name, span *all, span *value)
{
    size_t end = t->all.to - 1;
    for (size_t i = name_end(page, t->all.from + 1); i < end;) {
        if (is_space(page.p[i]) || page.p[i] == '/') {
            i++;
            continue;
        }
        size_t after = name_end(page, i), quote = after + 1;
        if (after == i)
            return false;
        str found = str_slice(page, i, after);
        span inner = {after, after}, whole = {i, after};
        if (quote < end && page.p[after] == '=' && page.p[quote] == '"') {
            inner = (span){quote + 1, find_byte(page, quote + 1, '"')};
            whole.to = inner.to + 1;
        }
        if (str_eq(found, name)) {
            *all = whole;
            if (value)
                *value = inner;
            return true;
        }
        i = whole.to;
    }
    return false;
}

/* One character behind an ampersand: those that our own escaping writes, and what templates write by name. */
static size_t entity(str rest, char *out)
{
    static const struct {
        str name;
        char is;
    } known[] = {{S_INIT("&amp;"), '&'},  {S_INIT("&lt;"), '<'},   {S_INIT("&gt;"), '>'},
                 {S_INIT("&quot;"), '"'}, {S_INIT("&#39;"), '\''}, {S_INIT("&nbsp;"), ' '}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_starts(rest, known[i].name)) {
            *out = known[i].is;
            return known[i].name.n;
        }
    *out = rest.p[0];
    return 1;
}

static str unescaped(arena *a, str text)
{
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;)
        i += entity(str_slice(text, i, text.n), &p[n++]);
    return (str){p, n};
}

str tag_value(arena *a, str page, const tag *t, str name)
{
    span all, value;
    if (!tag_attribute(page, t, name, &all, &value))
        return STR_NONE;
    return unescaped(a, str_slice(page, value.from, value.to));
}

bool tag_has_word(str page, const tag *t, str name, str word)
{
    span all, value;
    if (!tag_attribute(page, t, name, &all, &value))
        return false;
    for (str rest = str_slice(page, value.from, value.to); rest.p;)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

str tag_text(arena *a, str page, span between)
{
    BUF_SCOPED out = {0};
    bool inside = false, gap = false;
    for (size_t i = between.from; i < between.to; i++) {
        char c = page.p[i];
        if (c == '<' || inside) {
            inside = c != '>';
            continue;
        }
        if (is_space(c)) {
            gap = true;
            continue;
        }
        if (gap && out.n)
            buf_byte(&out, ' ');
        gap = false;
        buf_byte(&out, c);
    }
    return unescaped(a, arena_str(a, buf_str(&out)));
}

void tag_escape(buf *out, str text)
{
    for (size_t from = 0, i = 0; i <= text.n; i++) {
        bool kept = i < text.n && ((uint8_t)text.p[i] >= ' ' || text.p[i] == '\t' || text.p[i] == '\n');
        if (kept)
            continue;
        html_escape(out, str_slice(text, from, i));
        from = i + 1;
    }
}
