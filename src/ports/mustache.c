/* Templates to their parsed form: one pass over the source, one flat array of nodes. */
#include "ports/mustache_tree.h"

/* ---- tags ---- */

mustache_lexer mustache_lex(str source)
{
    return (mustache_lexer){.source = source, .open = S("{{"), .close = S("}}")};
}

size_t mustache_line(str source, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at && i < source.n; i++)
        line += source.p[i] == '\n';
    return line;
}

static str from(str s, size_t at)
{
    return str_slice(s, at, s.n);
}

static bool has_space(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r'))
            return true;
    return false;
}

/* {{=<% %>=}} */
static bool change_delimiters(mustache_lexer *lexer, str content)
{
    size_t gap = 0;
    while (gap < content.n && !has_space(str_slice(content, gap, gap + 1)))
        gap++;
    str open = str_slice(content, 0, gap), close = str_trim(from(content, gap));
    if (str_empty(open) || str_empty(close) || has_space(close) || str_find_byte(open, '=') < open.n ||
        str_find_byte(close, '=') < close.n)
        return false;
    lexer->open = open;
    lexer->close = close;
    return true;
}

int mustache_next(mustache_lexer *lexer, mustache_tag *tag)
{
    str source = lexer->source;
    size_t start = lexer->at + str_find(from(source, lexer->at), lexer->open);
    if (start >= source.n)
        return 0;
    size_t inner = start + lexer->open.n;
    while (inner < source.n && has_space(str_slice(source, inner, inner + 1)))
        inner++;
    char sigil = inner < source.n ? source.p[inner] : '\0';
    if (!sigil || !strchr("&{#^/>!=", sigil))
        sigil = '\0';
    if (sigil)
        inner++;
    size_t end = inner + str_find(from(source, inner), lexer->close);
    lexer->at = start;
    lexer->what = "a tag is not closed";
    if (end >= source.n)
        return -1;
    size_t after = end + lexer->close.n, stop = end;
    if (sigil == '{') { /* "}}}": the brace belongs to the tag, in front of the delimiter or, for }}}, behind it */
        if (stop > inner && source.p[stop - 1] == '}')
            stop--;
        else if (after < source.n && source.p[after] == '}')
            after++;
        else
            return -1;
    }
    if (sigil == '=') {
        lexer->what = "delimiters are changed like this: {{=<% %>=}}";
        if (stop == inner || source.p[stop - 1] != '=')
            return -1;
        stop--;
    }
    *tag = (mustache_tag){sigil, str_trim(str_slice(source, inner, stop)), start, after};
    if (sigil == '=' && !change_delimiters(lexer, tag->content))
        return -1;
    lexer->what = "a tag needs one name";
    if (sigil != '!' && sigil != '=' && (str_empty(tag->content) || has_space(tag->content)))
        return -1;
    lexer->at = after;
    return 1;
}

/* ---- standalone lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Where the white space in front of `at` begins when nothing else stands before it on its line; else `at + 1`. */
static size_t line_begin(str source, size_t at)
{
    size_t begin = at;
    while (begin > 0 && is_blank(source.p[begin - 1]))
        begin--;
    return begin == 0 || source.p[begin - 1] == '\n' ? begin : at + 1;
}

/* Behind the end of the line when only white space follows `at`; else 0. */
static size_t line_end(str source, size_t at)
{
    while (at < source.n && is_blank(source.p[at]))
        at++;
    if (at == source.n)
        return at;
    if (source.p[at] == '\r' && at + 1 < source.n && source.p[at + 1] == '\n')
        return at + 2;
    return source.p[at] == '\n' ? at + 1 : 0;
}

/* ---- parsing ---- */

typedef struct parser {
    arena *a;
    node *nodes;
    size_t count, room;
    size_t open[MUSTACHE_DEPTH_MAX]; /* sections not yet closed */
    size_t depth;
} parser;

static node *push(parser *p, node n)
{
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : 32;
        node *grown = arena_array_of(p->a, node, room);
        if (p->count)
            memcpy(grown, p->nodes, p->count * sizeof *grown);
        p->nodes = grown;
        p->room = room;
    }
    p->nodes[p->count] = n;
    return &p->nodes[p->count++];
}

static void push_text(parser *p, str text)
{
    if (!str_empty(text))
        push(p, (node){.kind = NODE_TEXT, .text = text});
}

static const char *open_section(parser *p, const mustache_tag *tag)
{
    if (p->depth == MUSTACHE_DEPTH_MAX)
        return "sections are nested too deep";
    if (str_starts(tag->content, S("t.")))
        return "a text of the catalogue cannot be a section";
    p->open[p->depth++] = p->count;
    push(p, (node){.kind = tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, .text = tag->content});
    return NULL;
}

static const char *close_section(parser *p, const mustache_tag *tag)
{
    if (p->depth == 0)
        return "this section was not opened";
    node *section = &p->nodes[p->open[--p->depth]];
    if (!str_eq(section->text, tag->content))
        return "this closes another section than the one that is open";
    section->end = p->count;
    return NULL;
}

static void push_variable(parser *p, const mustache_tag *tag)
{
    bool raw = tag->sigil != '\0';
    if (str_starts(tag->content, S("t.")))
        push(p, (node){.kind = NODE_CATALOG, .raw = raw, .text = from(tag->content, 2)});
    else
        push(p, (node){.kind = raw ? NODE_RAW : NODE_VARIABLE, .text = tag->content});
}

/* NULL, or what is wrong. */
static const char *take_tag(parser *p, const mustache_tag *tag, bool standalone, str indent)
{
    switch (tag->sigil) {
    case '#':
    case '^':
        return open_section(p, tag);
    case '/':
        return close_section(p, tag);
    case '>':
        push(p, (node){.kind = NODE_PARTIAL, .text = tag->content, .indent = indent, .standalone = standalone});
        return NULL;
    case '!':
    case '=':
        return NULL;
    default:
        push_variable(p, tag);
        return NULL;
    }
}

static const mustache *refuse(mustache_problem *fault, str source, size_t at, const char *what)
{
    *fault = (mustache_problem){mustache_line(source, at), what};
    return NULL;
}

const mustache *mustache_parse(arena *a, str source, mustache_problem *fault)
{
    mustache_lexer lexer = mustache_lex(source);
    parser *p = arena_new_of(a, parser);
    p->a = a;
    size_t text = 0;
    mustache_tag tag;
    int found;
    while ((found = mustache_next(&lexer, &tag)) > 0) {
        size_t begin = line_begin(source, tag.from), end = line_end(source, tag.to);
        bool standalone =
            tag.sigil && tag.sigil != '&' && tag.sigil != '{' && begin <= tag.from && begin >= text && end > 0;
        push_text(p, str_slice(source, text, standalone ? begin : tag.from));
        str indent = standalone ? str_slice(source, begin, tag.from) : S("");
        const char *what = take_tag(p, &tag, standalone, indent);
        if (what)
            return refuse(fault, source, tag.from, what);
        text = standalone ? end : tag.to;
        lexer.at = text;
    }
    if (found < 0)
        return refuse(fault, source, lexer.at, lexer.what);
    push_text(p, from(source, text));
    if (p->depth > 0)
        return refuse(fault, source, source.n, "a section is not closed");
    mustache *m = arena_new_of(a, mustache);
    *m = (mustache){p->nodes, p->count};
    return m;
}
