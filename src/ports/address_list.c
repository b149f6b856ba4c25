/*
 * Lists of addresses as people paste them. Three passes, each linear: the text is cut into pieces and the separators
 * between them; pieces become entries; names that stand beside an address (spreadsheet columns) or before one
 * (`Family, Given <a@b>`) are joined to it.
 */
#include "ports/address_list.h"

typedef enum separator { SEP_END, SEP_SPACE, SEP_COMMA, SEP_SEMICOLON, SEP_TAB, SEP_LINE } separator;

/* One piece of text between separators; quoted and bracketed parts are never cut. */
typedef struct piece {
    str raw;
    separator after;
    bool has_at; /* an @ outside of quotes */
} piece;

typedef struct list {
    arena *a;
    address_entry *entries;
    size_t count, room, max;
    bool full;
} list;

/* ---- cutting ---- */

enum { TEXT_MAX = 512 << 10, PIECES_PER_ENTRY = 8 };

/* Word processors bring no-break and zero-width spaces and byte order marks: spaces, or nothing. */
static str plain_spaces(arena *a, str text)
{
    static const str spaces[] = {S_INIT("\u00a0"), S_INIT("\u202f"), S_INIT("\u3000"), S_INIT("\u200b"),
                                 S_INIT("\ufeff")};
    char *out = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        size_t k = 0;
        while (k < 5 && ((uint8_t)text.p[i] < 0x80 || !str_starts(str_slice(text, i, text.n), spaces[k])))
            k++;
        if (k < 3)
            out[n++] = ' ';
        else if (k == 5)
            out[n++] = text.p[i];
        i += k < 5 ? spaces[k].n : 1;
    }
    return (str){out, n};
}

static bool is_gap(char c)
{
    return c == ' ' || c == '\v' || c == '\f';
}

static separator separator_of(char c)
{
    switch (c) {
    case ',':
        return SEP_COMMA;
    case ';':
        return SEP_SEMICOLON;
    case '\t':
        return SEP_TAB;
    case '\n':
    case '\r':
        return SEP_LINE;
    default:
        return SEP_END;
    }
}

/*
 * Behind the closing mark of a quote, bracket or parenthesis that opens at `at`; 0 when it is not closed on its line.
 */
static size_t closed_at(str text, size_t at, size_t line_end)
{
    char open = text.p[at], close = open == '(' ? ')' : open == '<' ? '>' : '"';
    for (size_t i = at + 1; i < line_end; i++) {
        if (open == '"' && text.p[i] == '\\' && i + 1 < line_end)
            i++;
        else if (text.p[i] == close)
            return i + 1;
    }
    return 0;
}

static size_t line_end_from(str text, size_t at)
{
    while (at < text.n && text.p[at] != '\n' && text.p[at] != '\r')
        at++;
    return at;
}

typedef struct pieces {
    piece *items;
    size_t count, room, max;
} pieces;

/* False when there are too many. */
static bool add_cut(arena *a, pieces *p, piece next)
{
    if (str_empty(next.raw)) { /* ", \n" ends the line as well */
        if (p->count > 0 && next.after > p->items[p->count - 1].after)
            p->items[p->count - 1].after = next.after;
        return true;
    }
    if (p->count == p->max)
        return false;
    if (p->count == p->room) {
        p->room = p->room ? p->room * 2 : 64;
        piece *grown = arena_array_of(a, piece, p->room);
        if (p->count)
            memcpy(grown, p->items, p->count * sizeof *grown);
        p->items = grown;
    }
    p->items[p->count++] = next;
    return true;
}

/*
 * Cuts the text into pieces, none of them empty. A mark that is not closed on its line is not looked for again there,
 * so that every byte is looked at a bounded number of times.
 */
static bool cut(arena *a, str text, pieces *out)
{
    size_t begin = 0, line_end = line_end_from(text, 0);
    bool unclosed[128] = {0}, has_at = false;
    for (size_t i = 0; i <= text.n;) {
        char c = i < text.n ? text.p[i] : '\0';
        if ((c == '"' || c == '<' || c == '(') && !unclosed[(int)c]) {
            size_t behind = closed_at(text, i, line_end);
            unclosed[(int)c] = behind == 0;
            has_at = has_at || (c == '<' && behind);
            i = behind ? behind : i + 1;
            continue;
        }
        separator after = separator_of(c);
        has_at = has_at || c == '@';
        if (i < text.n && after == SEP_END) {
            i++;
            continue;
        }
        if (!add_cut(a, out, (piece){str_trim(str_slice(text, begin, i)), after, has_at}))
            return false;
        has_at = false;
        begin = ++i;
        if (after == SEP_LINE) {
            line_end = line_end_from(text, i);
            memset(unclosed, 0, sizeof unclosed);
        }
    }
    return true;
}

/* ---- names ---- */

/*
 * A name fit to be shown: no quotes around, control characters gone, white space single; STR_NONE when nothing is left.
 */
static str clean_name(arena *a, str name)
{
    name = str_trim(name);
    if (name.n >= 2 && (name.p[0] == '"' || name.p[0] == '\'') && name.p[name.n - 1] == name.p[0])
        name = str_trim(str_slice(name, 1, name.n - 1));
    if (str_empty(name))
        return STR_NONE;
    char *out = arena_alloc(a, name.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < name.n;) {
        size_t from = i;
        str_next_codepoint(name, &i);
        str one = str_slice(name, from, i);
        bool space = one.n == 1 && (is_gap(one.p[0]) || one.p[0] == '\t');
        if (!space && (str_has_control(one) || (one.n == 1 && strchr("\\\"<>", one.p[0]))))
            continue;
        if (space && (n == 0 || out[n - 1] == ' '))
            continue;
        if (n + one.n > ADDRESS_NAME_MAX)
            break;
        memcpy(out + n, space ? " " : one.p, one.n);
        n += one.n;
    }
    str cleaned = str_trim((str){out, n});
    return str_empty(cleaned) ? STR_NONE : cleaned;
}

/* Words without small ASCII letters and with at least two capitals: « MARTIN », "DE LA TOUR". */
static bool is_shouted(str word)
{
    size_t capitals = 0;
    for (size_t i = 0; i < word.n; i++) {
        if (word.p[i] >= 'a' && word.p[i] <= 'z')
            return false;
        capitals += word.p[i] >= 'A' && word.p[i] <= 'Z';
    }
    return capitals > 1;
}

static void set_names(str given, str family, str *given_name, str *family_name)
{
    *given_name = str_empty(given) ? STR_NONE : given;
    *family_name = str_empty(family) ? STR_NONE : family;
}

/* Splits a display name: "Given Family", "Family, Given"; words in capitals are taken for the family name. */
static void address_split_name(arena *a, str display, str *given_name, str *family_name)
{
    str name = clean_name(a, display);
    size_t comma = name.p ? str_find_byte(name, ',') : 0;
    if (name.p && comma < name.n) {
        set_names(str_trim(str_slice(name, comma + 1, name.n)), str_trim(str_slice(name, 0, comma)), given_name,
                  family_name);
        return;
    }
    size_t space = name.p ? str_find_byte(name, ' ') : 0;
    if (space >= name.n) {
        set_names(name, STR_NONE, given_name, family_name);
        return;
    }
    /* « MARTIN Olive »: capitals first are the family name; else the first word is the given name. */
    size_t shouted = 0;
    for (size_t at = 0; at < name.n;) {
        size_t end = at + str_find_byte(str_slice(name, at, name.n), ' ');
        if (!is_shouted(str_slice(name, at, end)))
            break;
        shouted = at = end + (end < name.n);
    }
    if (shouted > 0 && shouted < name.n)
        set_names(str_slice(name, shouted, name.n), str_trim(str_slice(name, 0, shouted)), given_name, family_name);
    else
        set_names(str_slice(name, 0, space), str_slice(name, space + 1, name.n), given_name, family_name);
}

/* ---- entries ---- */

static address_entry *add(list *l, str raw)
{
    if (l->count == l->max) {
        l->full = true;
        return NULL;
    }
    if (l->count == l->room) {
        l->room = l->room ? l->room * 2 : 32;
        address_entry *grown = arena_array_of(l->a, address_entry, l->room);
        if (l->count)
            memcpy(grown, l->entries, l->count * sizeof *grown);
        l->entries = grown;
    }
    address_entry *e = &l->entries[l->count++];
    *e = (address_entry){.raw = raw};
    return e;
}

/* `a@b <a@b>` has one address; `a@b c@d <e@f>` has three, and they are words. */
static bool is_display_name(str before)
{
    bool quoted = !str_empty(before) && before.p[0] == '"' && before.p[before.n - 1] == '"';
    return quoted || str_find_byte(before, '@') == before.n ||
           (str_find_byte(before, ' ') == before.n && before.p[0] != '<');
}

/* `Name <a@b>`, `a@b (Name)`: true when the piece had that form. */
static bool add_named(list *l, str raw)
{
    char last = raw.p[raw.n - 1];
    size_t open = raw.n;
    if (last == '>' || last == ')')
        while (open > 0 && raw.p[open - 1] != (last == '>' ? '<' : '('))
            open--;
    if (open == 0 || open == raw.n)
        return false;
    str before = str_trim(str_slice(raw, 0, open - 1)), inside = str_slice(raw, open, raw.n - 1);
    if (last == '>' && !is_display_name(before))
        return false;
    address_entry *e = add(l, raw);
    if (!e)
        return true;
    str bare = last == '>' ? inside : before;
    if (last == ')' && bare.n > 2 && bare.p[0] == '<' && bare.p[bare.n - 1] == '>')
        bare = str_slice(bare, 1, bare.n - 1);
    str name = last == '>' ? before : inside;
    if (address_parse(l->a, bare, &e->address) && str_find_byte(name, '@') == name.n)
        address_split_name(l->a, name, &e->given_name, &e->family_name);
    return true;
}

/* Words with spaces between: each that holds an @ is an entry; words before one that do not are its name. */
static void add_words(list *l, str raw)
{
    size_t name_from = 0;
    for (size_t at = 0; at < raw.n;) {
        size_t end = at;
        while (end < raw.n && !is_gap(raw.p[end]))
            end++;
        str word = str_slice(raw, at, end);
        if (str_find_byte(word, '@') < word.n) {
            str name = str_trim(str_slice(raw, name_from, at));
            if (word.n > 2 && word.p[0] == '<' && word.p[word.n - 1] == '>')
                word = str_slice(word, 1, word.n - 1);
            address_entry *e = add(l, word);
            if (!e)
                return;
            if (address_parse(l->a, word, &e->address) && !str_empty(name))
                address_split_name(l->a, name, &e->given_name, &e->family_name);
            name_from = end;
        }
        at = end + 1;
    }
    str left = str_trim(str_slice(raw, name_from, raw.n));
    if (!str_empty(left) && name_from == 0)
        add(l, left);
}

static void add_piece(list *l, str raw)
{
    if (!add_named(l, raw))
        add_words(l, raw);
}

/*
 * `Family, Given <a@b>`: a piece without @, a comma, then one that ends in an address with a name of its own before it.
 */
static bool is_reversed_name(const piece *p, size_t left)
{
    return left >= 2 && !p[0].has_at && p[0].after == SEP_COMMA && p[1].has_at && p[1].raw.p[p[1].raw.n - 1] == '>' &&
           p[1].raw.p[0] != '<';
}

static str span(str first, str last)
{
    return (str){first.p, (size_t)(last.p + last.n - first.p)};
}

/* How many pieces stand in one row of a spreadsheet; *with_at of them hold an @, the last of these at *address_at. */
static size_t row_length(const piece *p, size_t left, size_t *with_at, size_t *address_at)
{
    size_t n = 0;
    *with_at = *address_at = 0;
    do {
        if (p[n].has_at) {
            ++*with_at;
            *address_at = n;
        }
    } while (p[n++].after == SEP_TAB && n < left);
    return n;
}

/* A first row that only names the columns of the next. Returns pieces taken. */
static size_t skip_headings(const piece *p, size_t left)
{
    size_t with_at, at;
    size_t n = left ? row_length(p, left, &with_at, &at) : 0;
    if (n < 2 || n >= left || with_at != 0 || p[n - 1].after != SEP_LINE)
        return 0;
    return row_length(p + n, left - n, &with_at, &at) > 1 && with_at == 1 ? n : 0;
}

/* A spreadsheet's row: given, family and address with tabs between, the address first or last; what stands behind an
 * address that has a name before it is another column. Returns pieces taken. */
static size_t add_row(list *l, const piece *p, size_t left)
{
    size_t with_at, address_at, n = row_length(p, left, &with_at, &address_at), names = 0;
    if (n == 1 || with_at != 1)
        return 0;
    str name[2] = {STR_NONE, STR_NONE};
    for (size_t i = address_at ? 0 : 1, end = address_at ? address_at : n; i < end && names < 2; i++)
        name[names++] = p[i].raw;
    if (names == 2 && is_shouted(name[0]) && !is_shouted(name[1])) { /* « MARTIN | Olive » */
        str family = name[0];
        name[0] = name[1];
        name[1] = family;
    }
    address_entry *e = NULL;
    size_t before = l->count;
    add_piece(l, p[address_at].raw);
    if (l->count == before + 1)
        e = &l->entries[before];
    if (e && e->address.key.p && names > 0 && !e->given_name.p && !e->family_name.p) {
        if (names == 1) {
            address_split_name(l->a, name[0], &e->given_name, &e->family_name);
        } else {
            e->given_name = clean_name(l->a, name[0]);
            e->family_name = clean_name(l->a, name[1]);
        }
    }
    return n;
}

err address_list_parse(arena *a, str text, size_t max, address_entry **out, size_t *count)
{
    if (!text.p || !str_is_utf8(text))
        return ERR_INVALID_REQUEST;
    if (text.n > TEXT_MAX)
        return ERR_PAYLOAD_TOO_LARGE;
    list l = {.a = a, .max = max};
    pieces p = {.max = max * PIECES_PER_ENTRY};
    l.full = !cut(a, plain_spaces(a, text), &p);
    for (size_t i = skip_headings(p.items, p.count); i < p.count && !l.full;) {
        const piece *at = p.items + i;
        size_t taken = add_row(&l, at, p.count - i);
        if (taken == 0 && is_reversed_name(at, p.count - i)) {
            add_piece(&l, span(at[0].raw, at[1].raw));
            taken = 2;
        } else if (taken == 0) {
            add_piece(&l, at->raw);
            taken = 1;
        }
        i += taken;
    }
    *out = l.entries;
    *count = l.count;
    return l.full ? ERR_PAYLOAD_TOO_LARGE : OK;
}
