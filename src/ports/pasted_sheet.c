/*
 * Rows are walked, never kept: once for each separator that may be it, to count what its columns hold, and once more to
 * read them.
 */
#include "ports/pasted_sheet.h"
#include "ports/pasted_heading.h"
#include "ports/pasted_list.h"
#include "ports/pasted_word.h"

enum { CELL_HEADING_MAX = 80 };

/* ---- rows ---- */

typedef struct row {
    span cells[PASTED_COLUMNS_MAX];
    size_t count, from, to;
    bool wide; /* more cells than columns are kept */
} row;

/* Behind the quoted cell that begins at `at`; 0 when it is none: it ends where a cell does. */
static size_t behind_quotes(str text, size_t at, char separator)
{
    enum { CELL_MAX = 8192 };
    for (size_t i = at + 1; i < text.n && i - at < CELL_MAX; i++) {
        if (text.p[i] != '"')
            continue;
        if (i + 1 < text.n && text.p[i + 1] == '"') {
            i++;
            continue;
        }
        return i + 1 == text.n || text.p[i + 1] == separator || text.p[i + 1] == '\n' ? i + 1 : 0;
    }
    return 0;
}

static span trimmed(str text, span s)
{
    while (s.from < s.to && str_has_byte(S(" \t\n"), text.p[s.from]))
        s.from++;
    while (s.to > s.from && str_has_byte(S(" \t\n"), text.p[s.to - 1]))
        s.to--;
    return s;
}

/* Not dashes alone, as under the heading of a table in Markdown. */
static bool says_something(str cell)
{
    for (size_t i = 0; i < cell.n; i++) {
        char c = cell.p[i];
        if ((uint8_t)c >= 0x80 || c == '@' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            return true;
    }
    return false;
}

/* The next row from *at that is not empty; false at the end. `unclosed`: from there on no quote closes. */
static bool next_row(str text, char separator, size_t *at, size_t *unclosed, row *out)
{
    bool any = false;
    while (!any && *at < text.n) {
        *out = (row){.from = *at};
        for (bool on = true; on;) {
            size_t from = *at, end = from;
            while (end < text.n && text.p[end] == ' ')
                end++;
            size_t quoted =
                end < text.n && text.p[end] == '"' && end >= *unclosed ? behind_quotes(text, end, separator) : 0;
            if (!quoted && end < text.n && text.p[end] == '"')
                *unclosed = end + 1 + str_find_byte(str_slice(text, end + 1, text.n), '\n');
            end = quoted ? quoted : end;
            while (end < text.n && text.p[end] != separator && text.p[end] != '\n')
                end++;
            span cell = trimmed(text, (span){from, end});
            if (out->count < PASTED_COLUMNS_MAX)
                out->cells[out->count++] = cell;
            else
                out->wide = true;
            any = any || says_something(str_slice(text, cell.from, cell.to));
            on = end < text.n && text.p[end] == separator;
            *at = end + 1;
            out->to = end;
        }
    }
    return any;
}

/* A cell without the quotes around it. */
static str inside(str text, span cell)
{
    str s = str_slice(text, cell.from, cell.to);
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? str_trim(str_slice(s, 1, s.n - 1)) : s;
}

static bool has_at(str cell)
{
    return str_find_byte(cell, '@') < cell.n;
}

/* ---- what columns hold ---- */

typedef struct column {
    size_t filled, names, addresses, shouted, words;
    str sample;
} column;

typedef struct sheet {
    people *p;
    str text;
    char separator;
    bool has_heading;
    bool told; /* it says something */
    bool even; /* all rows are alike */
    bool bare; /* addresses stand alone in their cells */
    row heading;
    size_t begin;  /* of the rows */
    size_t rows;   /* how many */
    size_t shaped; /* those of one address and more */
    size_t width;  /* cells of the first */
    size_t email;  /* the column with most addresses */
    column columns[PASTED_COLUMNS_MAX];
    pasted_role roles[PASTED_COLUMNS_MAX];
    bool unclear;
} sheet;

static bool next(const sheet *s, size_t *at, size_t *unclosed, row *out)
{
    return next_row(s->text, s->separator, at, unclosed, out);
}

static bool has_role(const sheet *s, pasted_role role)
{
    for (size_t i = 0; i < PASTED_COLUMNS_MAX; i++)
        if (s->roles[i] == role)
            return true;
    return false;
}

static void turn_roles(sheet *s, pasted_role from, pasted_role to)
{
    for (size_t i = 0; i < PASTED_COLUMNS_MAX; i++)
        s->roles[i] = s->roles[i] == from ? to : s->roles[i];
}

/* « Nom » without « Prénom » is the whole name; "Name" beside „Vorname“ the family's; a whole one beside both, none. */
static void settle_names(sheet *s, bool plain_family)
{
    bool given = has_role(s, PASTED_GIVEN), family = has_role(s, PASTED_FAMILY);
    if (!given && family && plain_family)
        turn_roles(s, PASTED_FAMILY, PASTED_WHOLE);
    if (given && has_role(s, PASTED_WHOLE))
        turn_roles(s, PASTED_WHOLE, family ? PASTED_IGNORED : PASTED_FAMILY);
    if (given || family)
        turn_roles(s, PASTED_FAMILY_FIRST, PASTED_IGNORED);
}

/* What a row says of the columns: true when it is a heading, of an address or of two things at least. */
static bool take_heading(sheet *s, const row *r)
{
    size_t known = 0;
    bool plain_family = false;
    memset(s->roles, 0, sizeof s->roles);
    for (size_t i = 0; i < r->count; i++) {
        str cell = inside(s->text, r->cells[i]);
        str words = cell.n <= CELL_HEADING_MAX ? name_folded(s->p->scratch, cell) : S("");
        pasted_role role = heading_role(words);
        if (role == PASTED_IGNORED || has_role(s, role))
            continue;
        s->roles[i] = role;
        plain_family = plain_family || str_eq(words, S("nom"));
        known++;
    }
    settle_names(s, plain_family);
    return known > 1 || has_role(s, PASTED_ADDRESS);
}

static bool is_name_cell(const sheet *s, str cell)
{
    return cell.n && name_is_possible(s->p->scratch, cell) && !name_is_noise(s->p->scratch, cell);
}

static void count_cell(sheet *s, column *c, str cell)
{
    address ignored;
    c->filled += cell.n > 0;
    c->sample = c->sample.n ? c->sample : cell;
    if (has_at(cell)) {
        c->addresses++;
        s->bare = s->bare && (str_find_byte(cell, ' ') == cell.n || word_address(s->p->scratch, cell, &ignored));
    } else if (is_name_cell(s, cell)) {
        c->names++;
        c->shouted += name_is_shouted(s->p->scratch, cell);
        c->words += name_words(cell) > 1 || str_find_byte(cell, ',') < cell.n;
    }
}

/* One address in the row, and a name beside it. */
static bool is_shaped(const sheet *s, const row *r, bool judged)
{
    size_t addresses = 0, others = !judged;
    for (size_t i = 0; i < r->count; i++) {
        str cell = inside(s->text, r->cells[i]);
        addresses += has_at(cell);
        others += judged && is_name_cell(s, cell);
    }
    return addresses == 1 && others > 0;
}

/* Names are looked for in the first rows only; that each row has one address, in all of them. */
static void count_row(sheet *s, const row *r)
{
    enum { JUDGED_MAX = 500 };
    arena_reset(s->p->scratch);
    bool judged = s->rows++ < JUDGED_MAX, shaped = is_shaped(s, r, judged);
    for (size_t i = 0; i < r->count && (shaped || s->told); i++) {
        if (judged)
            count_cell(s, &s->columns[i], inside(s->text, r->cells[i]));
        else
            s->columns[i].addresses += has_at(inside(s->text, r->cells[i]));
    }
    s->shaped += shaped;
    s->width = s->width > r->count || s->rows > 1 ? s->width : r->count;
    s->even = s->even && !r->wide && r->count == s->width && shaped;
}

static bool row_has_at(const sheet *s, const row *r)
{
    return has_at(str_slice(s->text, r->from, r->to));
}

static size_t filled_cells(const row *r)
{
    size_t filled = 0;
    for (size_t i = 0; i < r->count; i++)
        filled += r->cells[i].from < r->cells[i].to;
    return filled;
}

/* The first row that says what columns are, behind a title or two, or the first of all; it has no address. */
static void find_heading(sheet *s)
{
    enum { TITLES_MAX = 3 };
    row r, first = {0};
    size_t at = 0, unclosed = 0, behind_first = 0;
    for (int i = 0; i < TITLES_MAX && next(s, &at, &unclosed, &r) && !row_has_at(s, &r); i++) {
        if (i == 0) {
            first = r;
            behind_first = at;
        }
        s->told = filled_cells(&r) > 1 && take_heading(s, &r);
        if (s->told) {
            s->has_heading = true;
            s->heading = r;
            s->begin = at;
            return;
        }
    }
    memset(s->roles, 0, sizeof s->roles);
    s->has_heading = filled_cells(&first) > 1;
    s->heading = first;
    s->begin = s->has_heading ? behind_first : 0;
}

/* Counts the rows below the heading. */
static void count(sheet *s)
{
    row r;
    size_t unclosed = 0;
    s->even = s->bare = true;
    find_heading(s);
    bool any_shape = s->told || s->separator == '\t';
    for (size_t at = s->begin; (any_shape || s->even) && next(s, &at, &unclosed, &r);)
        count_row(s, &r);
    for (size_t i = 1; i < PASTED_COLUMNS_MAX; i++)
        if (s->columns[i].addresses > s->columns[s->email].addresses)
            s->email = i;
}

static bool is_sheet(const sheet *s)
{
    if (s->told)
        return has_role(s, PASTED_ADDRESS) || s->columns[s->email].addresses > 0;
    if (s->separator == '\t')
        return s->shaped > 0 && (!s->has_heading || s->heading.count == s->width);
    return s->even && s->bare && s->rows > 1 && s->width > 1 && s->columns[s->email].addresses == s->rows &&
           (!s->has_heading || s->heading.count == s->width);
}

/* ---- which column is which ---- */

/* Columns of names between two others, at most two: given and family name, or both in one. */
static size_t guess_between(sheet *s, size_t from, size_t to)
{
    size_t names[2] = {0}, found = 0;
    for (size_t i = from; i < to; i++) {
        if (s->columns[i].names * 2 <= s->columns[i].filled || !s->columns[i].filled)
            continue;
        if (found < 2)
            names[found] = i;
        found++;
    }
    if (!found)
        return 0;
    column *first = &s->columns[names[0]], *second = &s->columns[names[1]];
    bool whole = found == 1 || first->words == first->names;
    bool family_first = !whole && first->shouted == first->names && second->shouted < second->names;
    bool family_last = !whole && second->shouted == second->names && first->shouted < first->names;
    s->roles[names[0]] = whole ? PASTED_WHOLE : family_first ? PASTED_FAMILY : PASTED_GIVEN;
    if (!whole)
        s->roles[names[1]] = family_first ? PASTED_GIVEN : PASTED_FAMILY;
    s->unclear = s->unclear || found > 2 || (found == 2 && !family_first && !family_last);
    return found;
}

static void guess_names(sheet *s)
{
    size_t before = guess_between(s, 0, s->email);
    size_t behind = before ? 0 : guess_between(s, s->email + 1, PASTED_COLUMNS_MAX);
    s->unclear = s->unclear || (s->has_heading && before + behind > 1);
}

static void decide(sheet *s, const pasted_role *roles, size_t role_count)
{
    size_t with_addresses = 0;
    if (role_count) {
        memset(s->roles, 0, sizeof s->roles);
        memcpy(s->roles, roles, (role_count < PASTED_COLUMNS_MAX ? role_count : PASTED_COLUMNS_MAX) * sizeof *roles);
        for (size_t i = 0; i < PASTED_COLUMNS_MAX; i++)
            s->email = s->roles[i] == PASTED_ADDRESS ? i : s->email;
        return;
    }
    for (size_t i = 0; i < PASTED_COLUMNS_MAX; i++) {
        s->email = s->roles[i] == PASTED_ADDRESS ? i : s->email;
        with_addresses += s->columns[i].addresses > 0;
    }
    bool named = has_role(s, PASTED_GIVEN) || has_role(s, PASTED_FAMILY) || has_role(s, PASTED_WHOLE) ||
                 has_role(s, PASTED_FAMILY_FIRST);
    if (!named && !s->told)
        guess_names(s);
    for (size_t i = 0; i < PASTED_COLUMNS_MAX && !named && s->told; i++)
        s->unclear = s->unclear || s->columns[i].names * 2 > s->columns[i].filled;
    s->roles[s->email] = PASTED_ADDRESS;
    s->unclear = s->unclear || (with_addresses > 1 && !s->told);
}

/* ---- reading them ---- */

static person_name row_name(const sheet *s, const row *r)
{
    arena *a = s->p->scratch;
    person_name name = {STR_NONE, STR_NONE};
    for (size_t i = 0; i < r->count; i++) {
        str cell = inside(s->text, r->cells[i]);
        if (!cell.n || has_at(cell))
            continue;
        if (s->roles[i] == PASTED_GIVEN)
            name.given = name_alone(a, cell);
        else if (s->roles[i] == PASTED_FAMILY)
            name.family = name_alone(a, cell);
        else if (s->roles[i] == PASTED_WHOLE || s->roles[i] == PASTED_FAMILY_FIRST)
            name = name_in(a, cell, s->roles[i] == PASTED_FAMILY_FIRST);
    }
    return name;
}

/* Reads a cell as a list of its own; the row's name goes to the one who is in it. */
static void read_cell(sheet *s, const row *r, size_t at)
{
    size_t before = s->p->count;
    span cell = r->cells[at];
    address found;
    if (!has_at(str_slice(s->text, cell.from, cell.to)) || s->p->full) {
        people_refuse(s->p, cell);
        return;
    }
    if (word_address(s->p->scratch, inside(s->text, cell), &found)) {
        people_name(s->p, people_add(s->p, &found, cell), row_name(s, r));
        return;
    }
    list_read(s->p, cell.from, cell.to);
    if (s->p->count == before + 1)
        people_name(s->p, (long)before, row_name(s, r));
}

/* Addresses where nobody looks for them are neither invited nor lost. */
static void refuse_others(sheet *s, const row *r, bool told)
{
    address found;
    for (size_t i = 0; i < r->count && !told; i++) {
        str cell = inside(s->text, r->cells[i]);
        if (i == s->email || !has_at(cell))
            continue;
        if (!word_address(s->p->scratch, cell, &found) || !people_has(s->p, &found))
            people_refuse(s->p, r->cells[i]);
    }
}

/* A row of another shape than the others: one address with names beside it says what its cells are, or it is a list. */
static void read_loose(const sheet *of, const row *r)
{
    sheet one = {.p = of->p, .text = of->text, .separator = of->separator}, *s = &one;
    if (r->wide || !is_shaped(s, r, true)) {
        list_read(s->p, r->from, r->to);
        return;
    }
    for (size_t i = 0; i < r->count; i++) {
        count_cell(s, &s->columns[i], inside(s->text, r->cells[i]));
        s->email = s->columns[i].addresses ? i : s->email;
    }
    guess_names(s);
    read_cell(s, r, s->email);
}

static void read_row(sheet *s, const row *r, bool told)
{
    arena_reset(s->p->scratch);
    size_t addresses = 0;
    for (size_t i = 0; i < r->count; i++)
        addresses += has_at(inside(s->text, r->cells[i]));
    bool here = s->email < r->count && r->cells[s->email].from < r->cells[s->email].to;
    bool at_home = here && has_at(inside(s->text, r->cells[s->email]));
    if (!told && !s->told && addresses && (addresses > 1 || r->wide || !at_home)) {
        read_loose(s, r);
        return;
    }
    if (here && (at_home || s->told || told))
        read_cell(s, r, s->email);
    else
        people_refuse(s->p, (span){r->from, r->to});
    refuse_others(s, r, told);
    if (r->wide && row_has_at(s, r))
        list_read(s->p, r->cells[PASTED_COLUMNS_MAX - 1].to, r->to);
}

static void show_columns(const sheet *s, pasted *out)
{
    size_t columns = s->width > s->heading.count ? s->width : s->heading.count;
    out->columns = arena_array_of(s->p->a, pasted_column, columns + 1);
    out->column_count = columns;
    out->unclear = s->unclear;
    for (size_t i = 0; i < columns; i++)
        out->columns[i] = (pasted_column){
            s->roles[i],
            s->has_heading && i < s->heading.count ? arena_str(s->p->a, inside(s->text, s->heading.cells[i])) : S(""),
            s->columns[i].sample.p ? arena_str(s->p->a, s->columns[i].sample) : S("")};
}

bool sheet_read(people *p, const pasted_role *roles, size_t role_count, pasted *out)
{
    static const char separators[] = "\t;,|";
    for (const char *separator = separators; *separator; separator++) {
        if (str_find_byte(p->t->text, *separator) == p->t->text.n)
            continue;
        sheet *s = arena_new_of(p->a, sheet);
        *s = (sheet){.p = p, .text = p->t->text, .separator = *separator};
        count(s);
        if (!is_sheet(s))
            continue;
        decide(s, roles, role_count);
        row r;
        size_t unclosed = 0;
        if (s->told)
            people_refuse(p, (span){0, s->heading.from});
        for (size_t at = s->begin; !p->full && next(s, &at, &unclosed, &r);)
            read_row(s, &r, role_count > 0);
        show_columns(s, out);
        return true;
    }
    return false;
}

size_t sheet_behind_heading(people *p)
{
    str text = p->t->text;
    size_t at = 0;
    while (at < text.n && str_has_byte(S(" \t\n"), text.p[at]))
        at++;
    size_t end = at + str_find_byte(str_slice(text, at, text.n), '\n');
    str line = str_slice(text, at, end);
    if (line.n > CELL_HEADING_MAX || has_at(line) || end == text.n)
        return 0;
    return is_heading_alone(name_folded(p->scratch, line)) ? end : 0;
}
