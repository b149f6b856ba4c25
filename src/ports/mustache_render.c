/* Parsed templates and data to text. */
#include "ports/mustache_tree.h"

#include <stdio.h>

enum { STEPS_MAX = 4000000 }; /* nodes visited: nested sections over long lists cost time without output */

/* The context stack: each frame stands on the C stack of the section that pushed it. */
typedef struct frame {
    const mval *value;
    const struct frame *below;
} frame;

typedef struct painter {
    const mustache_run *run;
    buf *out;
    size_t limit; /* of out->n */
    size_t steps;
    int depth;
    bool line_start; /* the next output begins a line of an indented partial */
} painter;

/* ---- looking up ---- */

static const mval *member(const mval *object, str name)
{
    if (!object || object->kind != MVAL_OBJECT)
        return NULL;
    for (const mval_item *i = object->items.first; i; i = i->next)
        if (str_eq(i->name, name))
            return i->value;
    return NULL;
}

/* A dotted name: its first part is looked for down the stack, the rest only in what was found. */
static const mval *resolve(const frame *top, str name)
{
    if (str_eq(name, S(".")))
        return top->value;
    str rest = name;
    str part = str_cut(&rest, '.');
    const mval *v = NULL;
    for (const frame *f = top; f && !v; f = f->below)
        v = member(f->value, part);
    while (v && rest.p) {
        part = str_cut(&rest, '.');
        v = member(v, part);
    }
    return v;
}

/* Nothing, false, zero, an empty text and an empty list are false. */
static bool is_true(const mval *v)
{
    if (!v)
        return false;
    switch (v->kind) {
    case MVAL_NONE:
        return false;
    case MVAL_BOOL:
        return v->truth;
    case MVAL_INT:
        return v->number != 0;
    case MVAL_STR:
        return v->text.n > 0;
    case MVAL_LIST:
        return v->items.first != NULL;
    case MVAL_OBJECT:
        return true;
    }
    return false;
}

/* ---- writing ---- */

void html_escape(buf *out, str s)
{
    static const char special[] = "&<>\"'";
    static const str entity[] = {S_INIT("&amp;"), S_INIT("&lt;"), S_INIT("&gt;"), S_INIT("&quot;"), S_INIT("&#39;")};
    size_t done = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *hit = s.p[i] ? strchr(special, s.p[i]) : NULL;
        if (!hit)
            continue;
        buf_add(out, str_slice(s, done, i));
        buf_add(out, entity[hit - special]);
        done = i + 1;
    }
    buf_add(out, str_slice(s, done, s.n));
}

static void put(buf *out, str s, bool escape)
{
    if (escape)
        html_escape(out, s);
    else
        buf_add(out, s);
}

/* 1234567 → "1,234,567" or, with narrow no-break spaces, « 1 234 567 ». */
static void put_grouped(buf *out, language lang, int64_t n)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%lld", (long long)n);
    for (int i = 0; i < count; i++) {
        int left = count - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
            buf_add(out, lang == LANG_FR ? S("\u202f") : S(","));
        buf_byte(out, digits[i]);
    }
}

static void put_value(buf *out, const mval *v, bool escape)
{
    if (!v)
        return;
    if (v->kind == MVAL_STR)
        put(out, v->text, escape);
    else if (v->kind == MVAL_INT)
        buf_int(out, v->number);
    else if (v->kind == MVAL_BOOL && v->truth)
        buf_lit(out, "true");
}

static bool is_placeholder_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* A catalogue text with its {placeholders} filled from the stack. What they bring is not looked at again. */
static void put_catalog(painter *p, const frame *top, str key, bool escape)
{
    const mval *count = resolve(top, S("count"));
    language lang = p->run->lang;
    str text = count && count->kind == MVAL_INT ? catalog_plural(lang, key, count->number) : catalog_text(lang, key);
    size_t done = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '{')
            continue;
        size_t end = i + 1;
        while (end < text.n && is_placeholder_byte(text.p[end]))
            end++;
        if (end == text.n || text.p[end] != '}' || end == i + 1)
            continue;
        put(p->out, str_slice(text, done, i), escape);
        const mval *v = resolve(top, str_slice(text, i + 1, end));
        if (v && v->kind == MVAL_INT)
            put_grouped(p->out, lang, v->number);
        else
            put_value(p->out, v, escape);
        done = end + 1;
        i = end;
    }
    put(p->out, str_slice(text, done, text.n), escape);
}

static void begin_line(painter *p, str indent)
{
    if (p->line_start)
        buf_add(p->out, indent);
    p->line_start = false;
}

/* Literal text: inside an indented partial each of its lines begins with the indentation. */
static void put_text(painter *p, str text, str indent)
{
    if (str_empty(indent)) {
        buf_add(p->out, text);
        p->line_start = text.p[text.n - 1] == '\n';
        return;
    }
    while (!str_empty(text)) {
        size_t line = str_find_byte(text, '\n');
        line += line < text.n;
        begin_line(p, indent);
        buf_add(p->out, str_slice(text, 0, line));
        p->line_start = text.p[line - 1] == '\n';
        text = str_slice(text, line, text.n);
    }
}

/* ---- nodes ---- */

static err render(painter *p, const mustache *m, size_t begin, size_t end, const frame *top, str indent);

static err render_section(painter *p, const mustache *m, size_t at, const frame *top, str indent)
{
    const node *n = &m->nodes[at];
    const mval *v = resolve(top, n->text);
    if (is_true(v) == (n->kind == NODE_INVERTED))
        return OK;
    if (n->kind == NODE_INVERTED)
        return render(p, m, at + 1, n->end, top, indent);
    if (v->kind != MVAL_LIST)
        return render(p, m, at + 1, n->end, &(frame){v, top}, indent);
    for (const mval_item *i = v->items.first; i; i = i->next)
        TRY(render(p, m, at + 1, n->end, &(frame){i->value, top}, indent));
    return OK;
}

static err render_partial(painter *p, const node *n, const frame *top, str indent)
{
    const mustache *partial = p->run->lookup ? p->run->lookup(p->run->lookup_context, n->text) : NULL;
    if (!partial)
        return OK;
    if (!n->standalone) {
        begin_line(p, indent);
        err e = render(p, partial, 0, partial->count, top, S(""));
        p->line_start = false;
        return e;
    }
    ARENA_SCOPED scratch = NULL;
    if (str_empty(indent)) {
        indent = n->indent;
    } else if (!str_empty(n->indent)) {
        scratch = arena_new(indent.n + n->indent.n + 4096);
        indent = arena_join(scratch, indent, n->indent);
    }
    p->line_start = true;
    return render(p, partial, 0, partial->count, top, indent);
}

static err render(painter *p, const mustache *m, size_t begin, size_t end, const frame *top, str indent)
{
    if (++p->depth > MUSTACHE_DEPTH_MAX)
        return ERR_INTERNAL;
    for (size_t at = begin; at < end; at++) {
        const node *n = &m->nodes[at];
        if (p->out->n > p->limit || ++p->steps > STEPS_MAX)
            return ERR_INTERNAL;
        switch (n->kind) {
        case NODE_TEXT:
            put_text(p, n->text, indent);
            break;
        case NODE_VARIABLE:
        case NODE_RAW:
            begin_line(p, indent);
            put_value(p->out, resolve(top, n->text), n->kind == NODE_VARIABLE && !p->run->text);
            break;
        case NODE_CATALOG:
            begin_line(p, indent);
            put_catalog(p, top, n->text, !n->raw && !p->run->text);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            TRY(render_section(p, m, at, top, indent));
            at = n->end - 1;
            break;
        case NODE_PARTIAL:
            TRY(render_partial(p, n, top, indent));
            break;
        }
    }
    p->depth--;
    return p->out->n > p->limit ? ERR_INTERNAL : OK;
}

err mustache_render(const mustache *m, const mustache_run *run, mval *data, buf *out)
{
    painter p = {.run = run, .out = out, .limit = out->n + MUSTACHE_OUTPUT_MAX};
    return render(&p, m, 0, m->count, &(frame){data, NULL}, S(""));
}
