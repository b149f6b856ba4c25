/*
 * A state machine over words and marks, with nothing kept of the text but a few spans: the words that wait for an
 * address, the pieces before a comma that may be a family name, the label that may be a name.
 */
#include "ports/pasted_list.h"
#include "ports/pasted_mailto.h"
#include "ports/pasted_mark.h"
#include "ports/pasted_word.h"

enum { WAITING_MAX = 2, LABEL_BYTES_MAX = 100 };

typedef struct reader {
    people *p;
    str text; /* up to the end of what is read */
    size_t at, line_end;
    unsigned depth;
    bool numbered; /* every line has a number glued to it */
    mark_memory memory;
    /* the line */
    bool header; /* folded lines go on */
    span label;
    size_t labelled; /* addresses behind the label */
    long labelled_first;
    /* the piece */
    span words;       /* before the next address; empty: none */
    bool found, open; /* an address, or what should be one, was in it; "<" came and does not close */
    bool in_label;    /* the label belongs to this piece */
    long last;
    size_t last_from, bare; /* bare addresses in it */
    /* before it */
    span waiting[WAITING_MAX];
    size_t waiting_count;
} reader;

static str of(const reader *r, span s)
{
    return str_slice(r->text, s.from, s.to);
}

static bool is_empty(span s)
{
    return s.from >= s.to;
}

static void refuse(reader *r, span s)
{
    if (!name_is_noise(r->p->scratch, of(r, s)))
        people_refuse(r->p, s);
}

static void flush(reader *r)
{
    for (size_t i = 0; i < r->waiting_count; i++)
        refuse(r, r->waiting[i]);
    r->waiting_count = 0;
}

static void extend(reader *r, span s)
{
    r->words = is_empty(r->words) ? s : (span){r->words.from, s.to};
}

/* ---- names for addresses ---- */

/* What waits before a comma is the family name: `Family, Given <a@b>`, `Given Family, PhD <a@b>`. */
static bool waiting_joins(const reader *r, const address *found, bool angled)
{
    arena *a = r->p->scratch;
    if (!r->waiting_count)
        return false;
    bool degree = !is_empty(r->words) && name_is_degree(a, of(r, r->words));
    if (r->waiting_count > 1 && (!degree || name_words(of(r, r->waiting[1])) > 1))
        return false;
    for (size_t i = 0; i < r->waiting_count; i++)
        if (!name_is_possible(a, of(r, r->waiting[i])))
            return false;
    span all = {r->waiting[0].from, r->waiting[r->waiting_count - 1].to};
    return (angled && !is_empty(r->words)) || (found && name_is_told_by(a, of(r, all), found));
}

/* Takes the words before an address, as far as they are its name; others are refused. `from`: where it all begins. */
static span take_name(reader *r, const address *found, bool angled, size_t *from)
{
    arena *a = r->p->scratch;
    span name = r->words;
    r->words = (span){0};
    if (!is_empty(name) && !angled && !name_is_noise(a, of(r, name)) && !name_is_likely(a, of(r, name)) &&
        !(found && name_is_possible(a, of(r, name)) && name_is_told_by(a, of(r, name), found))) {
        flush(r);
        refuse(r, name);
        return (span){0};
    }
    r->words = name;
    bool joins = waiting_joins(r, found, angled);
    r->words = (span){0};
    if (joins) {
        name = (span){r->waiting[0].from, is_empty(name) ? r->waiting[r->waiting_count - 1].to : name.to};
        r->waiting_count = 0;
    }
    flush(r);
    *from = is_empty(name) ? *from : name.from;
    return name;
}

static void note(reader *r, long number, size_t from)
{
    r->last = number;
    r->last_from = from;
    r->found = true;
    r->open = false;
    if (r->labelled++ == 0)
        r->labelled_first = number;
}

static void found_address(reader *r, const address *found, span at, bool angled)
{
    size_t from = at.from;
    span name = take_name(r, found, angled || r->open, &from);
    long number = people_add(r->p, found, (span){from, at.to});
    if (!is_empty(name))
        people_name(r->p, number, name_in(r->p->scratch, of(r, name), false));
    r->bare += !angled;
    note(r, number, from);
}

static void found_none(reader *r, span at, bool angled)
{
    if (waiting_joins(r, NULL, angled || r->open)) {
        r->words.from = r->waiting[0].from;
        r->waiting_count = 0;
    }
    flush(r);
    size_t from = is_empty(r->words) ? at.from : r->words.from;
    r->words = (span){0};
    note(r, people_refuse(r->p, (span){from, at.to}), from);
    r->labelled += 2; /* then the label is nobody's name */
}

/* ---- labels ---- */

/* What was labelled is over: one address has the label for its name, unless `group` says that a word names a group. */
static void label_over(reader *r, bool group)
{
    arena *a = r->p->scratch;
    if (!is_empty(r->label) && r->labelled == 1 && name_is_possible(a, of(r, r->label)) &&
        !(group && name_words(of(r, r->label)) < 2))
        people_name(r->p, r->labelled_first, name_in(a, of(r, r->label), false));
    r->label = (span){0};
    r->labelled = 0;
    r->in_label = false;
}

/* Words that end in a colon. */
static void label_ends(reader *r, span words)
{
    extend(r, words);
    str text = of(r, r->words);
    label_kind known = text.n <= LABEL_BYTES_MAX ? label_known(name_folded(r->p->scratch, text)) : LABEL_NONE;
    flush(r);
    label_over(r, false);
    if (known == LABEL_NONE) {
        r->label = r->words;
        r->in_label = true;
    }
    r->header = r->header || known == LABEL_HEADER;
    r->words = (span){0};
}

/* ---- pieces and lines ---- */

/* Words behind the last address of a piece: more of what was refused, or the name of the one address that is there. */
static void leftover(reader *r)
{
    people_refuse_on(r->p, r->last, (span){r->last_from, r->words.to});
    if (r->bare == 1 && people_nameless(r->p, r->last) && name_is_likely(r->p->scratch, of(r, r->words)))
        people_name(r->p, r->last, name_in(r->p->scratch, of(r, r->words), false));
}

static void wait_for_name(reader *r, span piece)
{
    if (r->waiting_count == WAITING_MAX) {
        refuse(r, r->waiting[0]);
        r->waiting[0] = r->waiting[1];
        r->waiting_count--;
    }
    r->waiting[r->waiting_count++] = piece;
}

static void piece_over(reader *r, char separator)
{
    if (r->in_label && !r->found) { /* a label without an address is none */
        r->words = (span){r->label.from, is_empty(r->words) ? r->label.to + 1 : r->words.to};
        r->label = (span){0};
    }
    if (r->found && !is_empty(r->words))
        leftover(r);
    if (!r->found && !is_empty(r->words) && separator == ',')
        wait_for_name(r, r->words);
    else if (separator != ',')
        flush(r);
    if (!r->found && !is_empty(r->words) && separator != ',')
        refuse(r, r->words);
    if (separator == ';' || separator == '\n')
        label_over(r, separator == ';');
    r->words = (span){0};
    r->found = r->open = r->in_label = false;
    r->last = NOBODY;
    r->bare = 0;
}

static size_t line_end_from(const reader *r, size_t at)
{
    return at + str_find_byte(str_slice(r->text, at, r->text.n), '\n');
}

/* A line that begins with a space goes on in a header, and with "<" where words wait for it (RFC 5322, 2.2.3). */
static bool goes_on(const reader *r, size_t next)
{
    size_t spaces = spaces_at(r->text, next, r->text.n), behind = next + spaces;
    if (!spaces || behind >= r->text.n || r->text.p[behind] == '\n')
        return false;
    return r->header || (!r->found && !is_empty(r->words) && r->text.p[behind] == '<');
}

static void skip_number(reader *r)
{
    size_t at = r->at + spaces_at(r->text, r->at, r->text.n);
    while (at < r->text.n && r->text.p[at] >= '0' && r->text.p[at] <= '9')
        at++;
    r->at = at + (at < r->text.n && r->text.p[at] == '.');
}

static void line_over(reader *r)
{
    bool on = goes_on(r, r->at + 1);
    r->at++;
    r->line_end = line_end_from(r, r->at);
    if (on)
        return;
    piece_over(r, '\n');
    r->header = false;
    if (r->numbered)
        skip_number(r);
}

/* ---- links ---- */

static bool takes_scheme(str *text, str scheme)
{
    if (!str_eq_nocase(str_slice(*text, 0, scheme.n), scheme))
        return false;
    *text = str_slice(*text, scheme.n, text->n);
    return true;
}

/* One recipient of a link. */
static void recipient(void *context, span at)
{
    reader *r = context;
    address found;
    str text = of(r, at);
    takes_scheme(&text, S("mailto:"));
    if (word_address(r->p->scratch, percent_decoded(r->p->scratch, text), &found))
        found_address(r, &found, at, true);
    else
        found_none(r, at, true);
}

static void mailto(reader *r)
{
    size_t begin = r->at;
    bool any = mailto_read(r->text, &r->at, recipient, r);
    if (!any) /* a word like others */
        extend(r, (span){begin, r->at});
}

/* ---- marks ---- */

static void read_into(reader *r, span inside);

/* The one address that a bracket holds: alone, as a link, twice with a bar between. */
static bool single(reader *r, str inside, address *found)
{
    str text = str_trim(inside);
    bool link = takes_scheme(&text, S("mailto:"));
    if (!link)
        takes_scheme(&text, S("smtp:"));
    if (!link && word_address(r->p->scratch, text, found))
        return true;
    text = str_slice(text, 0, str_find_byte(text, '|'));
    text = str_trim(str_slice(text, 0, str_find_byte(text, '<')));
    if (link)
        text = percent_decoded(r->p->scratch, str_slice(text, 0, str_find_byte(text, '?')));
    return word_address(r->p->scratch, text, found);
}

/* "[text](link)": the text is the name, unless it is an address. */
static bool is_link_text(const reader *r, mark m)
{
    str next = str_slice(r->text, m.behind, r->line_end);
    return next.n && next.p[0] == '(' && str_find_byte(str_slice(next, 0, ADDRESS_MAX), '@') < ADDRESS_MAX &&
           str_find_byte(str_slice(next, 0, ADDRESS_MAX), '@') < next.n;
}

static void comment(reader *r, mark m, span outer)
{
    span inside = {m.inside, m.end};
    if (m.kind == MARK_SQUARE && is_link_text(r, m))
        extend(r, inside);
    else if (m.kind == MARK_ROUND && r->found && is_empty(r->words) && people_nameless(r->p, r->last) &&
             name_is_possible(r->p->scratch, of(r, inside)))
        people_name(r->p, r->last, name_in(r->p->scratch, of(r, inside), false));
    else if (!r->found || !is_empty(r->words))
        extend(r, outer);
}

static bool may_be_several(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (str_has_byte(S(",;<|: "), text.p[i]))
            return true;
    return false;
}

static void bracket(reader *r, mark m, size_t from)
{
    address found;
    span outer = {from, m.behind}, inside = {m.inside, m.end};
    str text = of(r, inside);
    if (str_find_byte(text, '@') == text.n && str_find(text, S("%40")) == text.n) {
        comment(r, m, outer);
        return;
    }
    if (single(r, text, &found)) {
        found_address(r, &found, outer, true);
        return;
    }
    if (r->depth < LIST_DEPTH_MAX && (m.kind != MARK_ANGLE || may_be_several(text)))
        read_into(r, inside);
    else
        found_none(r, outer, true);
}

/* ---- words ---- */

static void word(reader *r)
{
    address found;
    size_t from = r->at, to = word_end(r->text, from, r->text.n);
    str text = str_slice(r->text, from, to);
    size_t colon = str_find_byte(text, ':'), at_sign = str_find_byte(text, '@');
    bool foreign = colon < text.n && is_foreign_scheme(text);
    r->at = to > from ? to : from + 1;
    if (at_sign == text.n) {
        if (colon + 1 == text.n && !r->found && !foreign && of(r, r->words).n <= LABEL_BYTES_MAX)
            label_ends(r, (span){from, to - 1});
        else if (is_conjunction(text) && is_empty(r->words))
            piece_over(r, r->found ? ' ' : ',');
        else
            extend(r, (span){from, to});
        return;
    }
    if (colon < at_sign && !foreign && !r->found) {
        label_ends(r, (span){from, from + colon});
        r->at = from + colon + 1;
        return;
    }
    if (!foreign && word_address(r->p->scratch, text, &found))
        found_address(r, &found, (span){from, to}, false);
    else
        found_none(r, (span){from, to}, false);
}

static void word_or_encoded(reader *r)
{
    str rest = str_slice(r->text, r->at, r->text.n), ignored;
    size_t encoded = str_starts(rest, S("=?")) ? encoded_words(r->p->scratch, rest, &ignored) : 0;
    if (encoded) {
        extend(r, (span){r->at, r->at + encoded});
        r->at += encoded;
        r->line_end = r->line_end < r->at ? line_end_from(r, r->at) : r->line_end;
    } else if (takes_scheme(&rest, S("mailto:"))) {
        mailto(r);
    } else if (takes_scheme(&rest, S("smtp:"))) {
        r->at += S("smtp:").n;
    } else {
        word(r);
    }
}

static void step(reader *r)
{
    char c = r->text.p[r->at];
    arena_reset(r->p->scratch);
    if (c == '\n') {
        line_over(r);
    } else if (c == ' ') {
        r->at++;
    } else if (str_has_byte(S(",;|\t"), c)) {
        piece_over(r, c);
        r->at++;
    } else {
        size_t from = r->at;
        mark m = mark_at(r->text, from, r->line_end, r->text.n, &r->memory);
        if (m.kind != MARK_NONE) {
            r->at = m.behind;
            r->line_end = r->line_end < r->at ? line_end_from(r, r->at) : r->line_end;
            if (m.kind == MARK_QUOTE && str_find_byte(of(r, (span){m.inside, m.end}), '@') == m.end - m.inside)
                extend(r, (span){from, m.behind});
            else
                bracket(r, m, from);
        } else if (str_has_byte(S("<>()[]"), c)) {
            r->open = c == '<';
            r->at++;
        } else {
            word_or_encoded(r);
        }
    }
}

/* Numbers glued to what stands behind them, on each of two lines at least, in sequence: "1.a@b" and "2.c@d". */
static bool is_numbered(str text)
{
    uint64_t last = 0, number, lines = 0;
    for (str rest = text; rest.p;) {
        str line = str_trim(str_cut(&rest, '\n'));
        if (!line.n)
            continue;
        size_t dot = str_find_byte(str_slice(line, 0, 6), '.');
        if (!str_to_u64(str_slice(line, 0, dot), 99999, &number) || dot >= line.n || line.p[dot] != '.' ||
            (lines && number != last + 1))
            return false;
        last = number;
        lines++;
    }
    return lines > 1;
}

static void run(reader *r)
{
    r->line_end = line_end_from(r, r->at);
    r->last = NOBODY;
    if (r->numbered)
        skip_number(r);
    while (r->at < r->text.n && !r->p->full)
        step(r);
    piece_over(r, '\n');
}

/* A list inside of brackets; the words before it are the name of its one person. */
static void read_into(reader *r, span inside)
{
    flush(r);
    size_t before = r->p->count;
    reader within = {.p = r->p, .text = str_slice(r->text, 0, inside.to), .at = inside.from, .depth = r->depth + 1};
    run(&within);
    span words = r->words;
    r->words = (span){0};
    if (r->p->count == before + 1 && !is_empty(words))
        people_name(r->p, (long)before, name_in(r->p->scratch, of(r, words), false));
    else if (!is_empty(words))
        refuse(r, words);
    r->found = true;
    r->last = NOBODY;
    r->labelled += r->p->count - before;
    r->labelled_first = (long)r->p->count - 1;
}

void list_read(people *p, size_t from, size_t to)
{
    str text = str_slice(p->t->text, 0, to);
    reader r = {.p = p, .text = text, .at = from, .numbered = is_numbered(str_slice(text, from, to))};
    run(&r);
}
