/* Tables, and the searches over them. What does not close on its line is not looked for again there. */
#include "ports/pasted_mark.h"

/* A quote whose mark may also stand inside words closes where a word ends. */
static const struct {
    mark_kind kind;
    str open, close[3];
    bool inner;
} marks[] = {
    {MARK_QUOTE, S_INIT("\""), {S_INIT("\"")}, false},
    {MARK_ANGLE, S_INIT("<"), {S_INIT(">")}, false},
    {MARK_ROUND, S_INIT("("), {S_INIT(")")}, false},
    {MARK_SQUARE, S_INIT("["), {S_INIT("]")}, false},
    {MARK_QUOTE, S_INIT("'"), {S_INIT("'"), S_INIT("\u2019")}, true},
    {MARK_QUOTE, S_INIT("\u2018"), {S_INIT("\u2019"), S_INIT("'")}, true},
    {MARK_QUOTE, S_INIT("\u201a"), {S_INIT("\u2018"), S_INIT("\u2019")}, true},
    {MARK_QUOTE, S_INIT("\u201c"), {S_INIT("\u201d"), S_INIT("\u201c")}, false},
    {MARK_QUOTE, S_INIT("\u201d"), {S_INIT("\u201d")}, false},
    {MARK_QUOTE, S_INIT("\u201e"), {S_INIT("\u201d"), S_INIT("\u201c")}, false},
    {MARK_QUOTE, S_INIT("\u00ab"), {S_INIT("\u00bb")}, false},
    {MARK_QUOTE, S_INIT("\u00bb"), {S_INIT("\u00ab")}, false},
    {MARK_QUOTE, S_INIT("\u2039"), {S_INIT("\u203a")}, false},
    {MARK_QUOTE, S_INIT("\u300c"), {S_INIT("\u300d")}, false},
};

static bool starts_at(str text, size_t at, size_t end, str with)
{
    return with.n && at + with.n <= end && memcmp(text.p + at, with.p, with.n) == 0;
}

static bool ends_word(str text, size_t at)
{
    return at >= text.n || str_has_byte(S(" \t\n,;|<>()[]"), text.p[at]);
}

/* '"': "" and \" stand for themselves. A cell of several lines closes where a cell does, and holds an @. */
static size_t double_quote(str text, size_t from, size_t line_end, size_t limit)
{
    bool at_sign = false;
    for (size_t i = from; i < limit; i++) {
        at_sign = at_sign || text.p[i] == '@';
        if (text.p[i] == '\\' && i + 1 < limit) {
            i++;
            continue;
        }
        if (text.p[i] != '"')
            continue;
        if (i + 1 < limit && text.p[i + 1] == '"' && i > from) {
            i++;
            continue;
        }
        bool cell = i + 1 == text.n || str_has_byte(S("\t\n,;"), text.p[i + 1]);
        return i < line_end || (cell && at_sign) ? i : limit;
    }
    return limit;
}

/* Brackets count their own kind inside. */
static size_t bracket(str text, size_t from, size_t line_end, char open, char close)
{
    size_t depth = 1;
    for (size_t i = from; i < line_end; i++) {
        depth += text.p[i] == open && open != '<';
        if (text.p[i] == close && --depth == 0)
            return i;
    }
    return line_end;
}

static size_t quote(str text, size_t from, size_t line_end, const str close[3], bool inner, size_t *length)
{
    for (size_t i = from; i < line_end; i++)
        for (size_t k = 0; k < 3; k++)
            if (starts_at(text, i, line_end, close[k]) && (!inner || ends_word(text, i + close[k].n))) {
                *length = close[k].n;
                return i;
            }
    return line_end;
}

mark mark_at(str text, size_t at, size_t line_end, size_t limit, mark_memory *m)
{
    size_t k = 0, length = 1, end;
    while (k < sizeof marks / sizeof *marks && !starts_at(text, at, line_end, marks[k].open))
        k++;
    if (k == sizeof marks / sizeof *marks || at < m->unclosed[k])
        return (mark){.kind = MARK_NONE};
    size_t inside = at + marks[k].open.n, last = line_end;
    if (k == 0) {
        last = limit < at + QUOTED_CELL_MAX ? limit : at + QUOTED_CELL_MAX;
        last = last > line_end ? last : line_end;
        end = double_quote(text, inside, line_end, last);
    } else if (marks[k].kind == MARK_QUOTE) {
        end = quote(text, inside, line_end, marks[k].close, marks[k].inner, &length);
    } else {
        end = bracket(text, inside, line_end, marks[k].open.p[0], marks[k].close[0].p[0]);
    }
    if (end == last) {
        m->unclosed[k] = line_end;
        return (mark){.kind = MARK_NONE};
    }
    return (mark){marks[k].kind, inside, end, end + length};
}

size_t word_end(str text, size_t at, size_t end)
{
    size_t i = at;
    while (i < end && !ends_word(text, i)) {
        bool literal = text.p[i] == '@' && i + 1 < end && text.p[i + 1] == '[';
        i++;
        if (!literal)
            continue;
        while (i < end && !str_has_byte(S("]\n \t"), text.p[i]))
            i++;
        i += i < end && text.p[i] == ']';
    }
    return i;
}

size_t spaces_at(str text, size_t at, size_t end)
{
    size_t i = at;
    while (i < end && (text.p[i] == ' ' || text.p[i] == '\t'))
        i++;
    return i - at;
}

bool is_conjunction(str word)
{
    static const str all[] = {S_INIT("et"),   S_INIT("and"),  S_INIT("ou"),  S_INIT("or"), S_INIT("und"),
                              S_INIT("oder"), S_INIT("y"),    S_INIT("e"),   S_INIT("en"), S_INIT("og"),
                              S_INIT("och"),  S_INIT("puis"), S_INIT("then")};
    return str_is_one_of(word, all, sizeof all / sizeof *all);
}

bool is_foreign_scheme(str word)
{
    static const str all[] = {S_INIT("sip"),  S_INIT("sips"), S_INIT("xmpp"), S_INIT("x400"),   S_INIT("x500"),
                              S_INIT("http"), S_INIT("ftp"),  S_INIT("im"),   S_INIT("https"),  S_INIT("callto"),
                              S_INIT("tel"),  S_INIT("file"), S_INIT("data"), S_INIT("skype"),  S_INIT("notes"),
                              S_INIT("urn"),  S_INIT("acct"), S_INIT("ssh"),  S_INIT("msteams")};
    str scheme = str_slice(word, 0, str_find_byte(word, ':'));
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (str_eq_nocase(all[i], scheme))
            return true;
    return false;
}

label_kind label_known(str folded)
{
    static const str headers[] = {
        S_INIT("to"),  S_INIT("cc"),    S_INIT("bcc"),     S_INIT("from"),         S_INIT("reply to"),
        S_INIT("a"),   S_INIT("cci"),   S_INIT("de"),      S_INIT("pour"),         S_INIT("an"),
        S_INIT("von"), S_INIT("copie"), S_INIT("copie a"), S_INIT("copie cachee"), S_INIT("sender")};
    static const str fields[] = {
        S_INIT("e mail"),
        S_INIT("email"),
        S_INIT("mail"),
        S_INIT("mel"),
        S_INIT("courriel"),
        S_INIT("e mails"),
        S_INIT("emails"),
        S_INIT("mails"),
        S_INIT("courriels"),
        S_INIT("adresse"),
        S_INIT("adresses"),
        S_INIT("adresse e mail"),
        S_INIT("adresse email"),
        S_INIT("adresse mail"),
        S_INIT("adresse electronique"),
        S_INIT("email address"),
        S_INIT("e mail address"),
        S_INIT("address"),
        S_INIT("addresses"),
        S_INIT("contact"),
        S_INIT("contacts"),
        S_INIT("destinataire"),
        S_INIT("destinataires"),
        S_INIT("participant"),
        S_INIT("participants"),
        S_INIT("invite"),
        S_INIT("invites"),
        S_INIT("membre"),
        S_INIT("membres"),
        S_INIT("member"),
        S_INIT("members"),
        S_INIT("attendee"),
        S_INIT("attendees"),
        S_INIT("recipient"),
        S_INIT("recipients"),
        S_INIT("required"),
        S_INIT("optional"),
        S_INIT("obligatoire"),
        S_INIT("facultatif"),
        S_INIT("organizer"),
        S_INIT("organisateur"),
        S_INIT("smtp"),
        S_INIT("mailto"),
        S_INIT("adresse de messagerie"),
        S_INIT("messagerie"),
        S_INIT("adresse courriel"),
        S_INIT("adresses e mail"),
        S_INIT("adresses mail"),
    };
    if (str_is_one_of(folded, headers, sizeof headers / sizeof *headers))
        return LABEL_HEADER;
    return str_is_one_of(folded, fields, sizeof fields / sizeof *fields) ? LABEL_FIELD : LABEL_NONE;
}
