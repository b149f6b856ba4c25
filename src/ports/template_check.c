/*
 * Walks the HTML around the tags of a template, with as many states as it takes to know where each tag stands (WHATWG
 * HTML, 13.2.5, simplified to the strict side), so that escaping alone makes every value harmless there.
 */
#include "ports/mustache_tree.h"

typedef enum place {
    TEXT,
    MARKUP, /* between "<!", "<?" or "</" with no letter, and ">" */
    COMMENT,
    RAW_TEXT,     /* <script>, <style>, <iframe>: no values */
    ESCAPED_TEXT, /* <title>, <textarea>: text, but for their own end tag */
    TAG_NAME,
    IN_TAG,
    ATTRIBUTE_NAME,
    AFTER_NAME, /* white space after an attribute's name: "=" may follow */
    BEFORE_VALUE,
    DOUBLE_QUOTED,
    SINGLE_QUOTED,
    UNQUOTED,
} place;

typedef enum attribute_kind { PLAIN, LINK, NO_VALUES } attribute_kind;

typedef struct walker {
    place at;
    attribute_kind attribute;
    bool value_begins; /* nothing fixed stands in this link yet */
    bool must_break;   /* a section ended a name: nothing may grow on it */
    size_t word_from;  /* where the name of the tag or attribute begins */
    str element;       /* the open tag's name; an end tag's begins with "/" */
    const char *what;
} walker;

typedef struct opened {
    place at;
    attribute_kind attribute;
    bool value_begins;
    size_t word_from;
    str element;
} opened;

static const str raw_elements[] = {S_INIT("script"), S_INIT("style"), S_INIT("iframe"), STR_NONE};
static const str escaped_elements[] = {S_INIT("title"), S_INIT("textarea"), STR_NONE};
static const str refused_elements[] = {S_INIT("plaintext"), S_INIT("xmp"),     S_INIT("noembed"),
                                       S_INIT("noframes"),  S_INIT("listing"), S_INIT("base"),
                                       S_INIT("object"),    S_INIT("embed"),   STR_NONE};
static const str link_attributes[] = {S_INIT("href"),
                                      S_INIT("src"),
                                      S_INIT("action"),
                                      S_INIT("formaction"),
                                      S_INIT("poster"),
                                      S_INIT("cite"),
                                      S_INIT("data"),
                                      S_INIT("background"),
                                      S_INIT("manifest"),
                                      S_INIT("longdesc"),
                                      S_INIT("xlink:href"),
                                      S_INIT("ping"),
                                      STR_NONE};
static const str valueless_attributes[] = {S_INIT("style"), S_INIT("srcdoc"), S_INIT("srcset"), S_INIT("http-equiv"),
                                           STR_NONE};

static bool in_words(str word, const str *words)
{
    for (; words->p; words++)
        if (str_eq_nocase(word, *words))
            return true;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static attribute_kind attribute_of(str name)
{
    if (in_words(name, link_attributes))
        return LINK;
    bool handler = name.n > 2 && str_eq_nocase(str_slice(name, 0, 2), S("on"));
    return handler || in_words(name, valueless_attributes) ? NO_VALUES : PLAIN;
}

/* ---- literal text ---- */

static bool fixed_link(str rest, str *safe)
{
    static const str beginnings[] = {S_INIT("https://"), S_INIT("mailto:"), S_INIT("tel:"),
                                     S_INIT("#"),        S_INIT("?"),       S_INIT("/")};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        if (str_starts(rest, beginnings[i])) {
            *safe = beginnings[i];
            return true;
        }
    }
    return false;
}

/*
 * The first literal byte of a link: a fixed, harmless beginning, with something fixed behind a bare "/" or "https://".
 */
static void begin_link(walker *w, str rest)
{
    str safe;
    w->value_begins = false;
    if (!fixed_link(rest, &safe)) {
        w->what =
            "a link begins with /, https://, mailto:, # or ?, or with a variable made by the server (…url, …link)";
        return;
    }
    str behind = str_slice(rest, safe.n, rest.n);
    if (str_ends(safe, S("/")) && str_starts(behind, S("{{")))
        w->what = "a variable right after the beginning of a link could lead to another server";
}

static void end_tag(walker *w)
{
    if (in_words(w->element, refused_elements))
        w->what = "this element is not allowed in a template";
    w->at = in_words(w->element, raw_elements)       ? RAW_TEXT
            : in_words(w->element, escaped_elements) ? ESCAPED_TEXT
                                                     : TEXT;
}

static void name_ended(walker *w, str source, size_t at)
{
    if (w->at == TAG_NAME)
        w->element = str_slice(source, w->word_from, at);
    else
        w->attribute = attribute_of(str_slice(source, w->word_from, at));
}

static void after_angle(walker *w, str source, size_t at)
{
    str rest = str_slice(source, at, source.n);
    size_t letter = at + 1 + (rest.n > 1 && rest.p[1] == '/');
    w->must_break = false;
    if (str_starts(rest, S("<!--"))) {
        w->at = COMMENT;
    } else if (letter < source.n && is_letter(source.p[letter])) {
        w->at = TAG_NAME;
        w->word_from = at + 1;
    } else if (str_starts(str_slice(source, letter, source.n), S("{{"))) {
        w->what = "a tag's name cannot come from a variable";
    } else if (rest.n > 1 && (rest.p[1] == '!' || rest.p[1] == '?' || rest.p[1] == '/')) {
        w->at = MARKUP;
    }
}

/* In <script> or <title>: only its own end tag ends it. */
static void in_raw(walker *w, str source, size_t at)
{
    str rest = str_slice(source, at, source.n);
    str behind = str_slice(rest, 2 + w->element.n, rest.n);
    if (!str_starts(rest, S("</")) || !str_eq_nocase(str_slice(rest, 2, 2 + w->element.n), w->element) ||
        str_empty(behind) || (!is_white(behind.p[0]) && behind.p[0] != '/' && behind.p[0] != '>'))
        return;
    w->at = TAG_NAME;
    w->word_from = at + 1;
}

static void in_name(walker *w, str source, size_t at)
{
    char c = source.p[at];
    if (!is_white(c) && c != '>' && c != '/' && (c != '=' || w->at == TAG_NAME))
        return;
    bool slash_first = w->at == TAG_NAME && c == '/' && at == w->word_from;
    if (slash_first)
        return;
    name_ended(w, source, at);
    if (c == '>')
        end_tag(w);
    else
        w->at = c == '=' ? BEFORE_VALUE : is_white(c) && w->at == ATTRIBUTE_NAME ? AFTER_NAME : IN_TAG;
}

static void in_tag(walker *w, size_t at, char c)
{
    if (w->must_break && !is_white(c) && c != '>' && c != '/') {
        w->what = "white space must stand between a section and what follows it here";
        return;
    }
    w->must_break = false;
    if (c == '>') {
        end_tag(w);
    } else if (w->at == AFTER_NAME && c == '=') {
        w->at = BEFORE_VALUE;
    } else if (!is_white(c) && c != '/') {
        w->at = ATTRIBUTE_NAME;
        w->word_from = at;
        w->attribute = PLAIN;
    }
}

static void before_value(walker *w, char c)
{
    if (is_white(c))
        return;
    if (c == '>') {
        end_tag(w);
        return;
    }
    w->at = c == '"' ? DOUBLE_QUOTED : c == '\'' ? SINGLE_QUOTED : UNQUOTED;
    w->value_begins = w->attribute == LINK;
    if (w->at == UNQUOTED && w->attribute != PLAIN)
        w->what = "the value of this attribute must be quoted";
}

static void in_value(walker *w, str source, size_t at, char quote)
{
    char c = source.p[at];
    if (c == quote)
        w->at = IN_TAG;
    else if (w->value_begins)
        begin_link(w, str_slice(source, at, source.n));
}

static void literal(walker *w, str source, size_t at)
{
    char c = source.p[at];
    switch (w->at) {
    case TEXT:
        if (c == '<')
            after_angle(w, source, at);
        break;
    case MARKUP:
        if (c == '>')
            w->at = TEXT;
        break;
    case COMMENT:
        if (c == '>' && at >= 2 && source.p[at - 1] == '-' && source.p[at - 2] == '-')
            w->at = TEXT;
        break;
    case RAW_TEXT:
    case ESCAPED_TEXT:
        if (c == '<')
            in_raw(w, source, at);
        break;
    case TAG_NAME:
    case ATTRIBUTE_NAME:
        in_name(w, source, at);
        break;
    case IN_TAG:
    case AFTER_NAME:
        in_tag(w, at, c);
        break;
    case BEFORE_VALUE:
        before_value(w, c);
        break;
    case DOUBLE_QUOTED:
    case SINGLE_QUOTED:
        in_value(w, source, at, w->at == DOUBLE_QUOTED ? '"' : '\'');
        break;
    case UNQUOTED:
        if (c == '>')
            end_tag(w);
        else if (is_white(c))
            w->at = IN_TAG;
        break;
    }
}

/* ---- tags ---- */

static bool made_by_server(str name)
{
    size_t dot = name.n;
    while (dot > 0 && name.p[dot - 1] != '.')
        dot--;
    str last = str_slice(name, dot, name.n);
    return str_ends(last, S("url")) || str_ends(last, S("link")) || str_starts(last, S("asset_"));
}

static const char *value_here(walker *w, const mustache_tag *tag)
{
    switch (w->at) {
    case TEXT:
    case ESCAPED_TEXT:
        return NULL;
    case DOUBLE_QUOTED:
    case SINGLE_QUOTED:
        if (w->attribute == NO_VALUES)
            return "no variable may stand in a style, srcset or event attribute";
        if (w->value_begins && !made_by_server(tag->content))
            return "a link begins with something fixed, or with a variable made by the server (…url, …link)";
        w->value_begins = false;
        return NULL;
    case BEFORE_VALUE:
    case UNQUOTED:
        return "an attribute that holds a variable must be quoted";
    case RAW_TEXT:
        return "no variable may stand in a script, style or frame";
    default:
        return "a variable may stand in text or in a quoted attribute";
    }
}

/* A section may wrap whole attributes; it then ends the name that it touches. */
static const char *section_here(walker *w, str source, size_t at)
{
    switch (w->at) {
    case TAG_NAME:
    case ATTRIBUTE_NAME:
        name_ended(w, source, at);
        w->must_break = true;
        w->at = IN_TAG;
        return NULL;
    case AFTER_NAME:
        w->at = IN_TAG;
        return NULL;
    case BEFORE_VALUE:
    case UNQUOTED:
        return "an attribute that holds a section must be quoted";
    case RAW_TEXT:
        return "no section may stand in a script, style or frame";
    case MARKUP:
        return "no section may stand here";
    default:
        return NULL;
    }
}

typedef struct sections {
    opened stack[MUSTACHE_DEPTH_MAX];
    size_t depth;
} sections;

static const char *open_here(walker *w, sections *s)
{
    s->stack[s->depth++] = (opened){w->at, w->attribute, w->value_begins, w->word_from, w->element};
    return NULL;
}

static const char *close_here(walker *w, sections *s)
{
    const opened *o = &s->stack[--s->depth];
    bool same = o->at == w->at && str_eq(o->element, w->element);
    if (o->at == DOUBLE_QUOTED || o->at == SINGLE_QUOTED)
        same = same && o->word_from == w->word_from;
    if (o->at == TEXT)
        same = w->at == TEXT;
    if (!same)
        return "a section must end where it began: in text, in a tag, or in the same attribute";
    w->value_begins = o->value_begins; /* the section may have been left out */
    return NULL;
}

static const char *tag_refused(walker *w, sections *s, str source, const mustache_tag *tag)
{
    switch (tag->sigil) {
    case '{':
    case '&':
        return "values are always escaped: {{{ and {{& are not allowed";
    case '=':
        return "delimiters cannot be changed";
    case '!':
        return w->at == TEXT || w->at == IN_TAG ? NULL : section_here(w, source, tag->from);
    case '>':
        return w->at == TEXT ? NULL : "a partial may stand in text alone";
    case '#':
    case '^':
    case '/': {
        const char *what = section_here(w, source, tag->from);
        return what ? what : tag->sigil == '/' ? close_here(w, s) : open_here(w, s);
    }
    default:
        return value_here(w, tag);
    }
}

static const char *text_missing(const mustache_tag *tag)
{
    bool text = tag->sigil == '\0' && str_starts(tag->content, S("t."));
    return text && !catalog_has(str_slice(tag->content, 2, tag->content.n)) ? "the catalogue has no such text" : NULL;
}

bool template_check(str source, bool html, mustache_problem *fault)
{
    ARENA_SCOPED a = arena_new(source.n * 64 + (1 << 20));
    if (!mustache_parse(a, source, fault)) /* from here on tags are well-formed and sections pair */
        return false;
    mustache_lexer lexer = mustache_lex(source);
    walker w = {.element = S("")};
    sections *s = arena_new_of(a, sections);
    mustache_tag tag = {0};
    size_t at = 0;
    bool more = true;
    while (more) {
        more = mustache_next(&lexer, &tag) > 0;
        for (size_t end = more ? tag.from : source.n; html && at < end && !w.what; at++)
            literal(&w, source, at);
        if (!w.what && more) {
            at = tag.from;
            w.what = html || tag.sigil == '{' || tag.sigil == '&' || tag.sigil == '=' ? tag_refused(&w, s, source, &tag)
                                                                                      : NULL;
            w.what = w.what ? w.what : text_missing(&tag);
        }
        if (w.what) {
            *fault = (mustache_problem){mustache_line(source, at), w.what};
            return false;
        }
        at = more ? tag.to : at;
    }
    if (html && w.at != TEXT) {
        *fault = (mustache_problem){mustache_line(source, source.n), "a template must end outside of tags and scripts"};
        return false;
    }
    return true;
}
