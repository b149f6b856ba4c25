/* RFC 6068, 2: recipients with commas between, then header fields. What holds no recipient is a word. */
#include "ports/pasted_mailto.h"

#define SCHEME S("mailto:")

typedef struct link {
    str text;
    void (*found)(void *context, span recipient);
    void *context;
} link;

static bool is_link_end(char c)
{
    return str_has_byte(S(" \t\n<>()[]\"|"), c);
}

static bool begins(str text, size_t at, str with)
{
    return str_eq_nocase(str_slice(text, at, at + with.n), with);
}

static size_t recipient_end(str text, size_t at, size_t end)
{
    while (at < end && !is_link_end(text.p[at]) && !str_has_byte(S(",;?&"), text.p[at]))
        at++;
    return at;
}

/* Recipients up to `end`; the first that holds no @ ends them. Returns where they end. */
static size_t recipients(const link *l, size_t at, size_t end)
{
    while (at < end) {
        size_t to = recipient_end(l->text, at, end);
        str one = str_slice(l->text, at, to);
        if (str_find_byte(one, '@') == one.n && str_find(one, S("%40")) == one.n)
            return at;
        l->found(l->context, (span){at, to});
        at = to;
        if (at + 1 >= end || !str_has_byte(S(",;"), l->text.p[at]))
            return at;
        at++;
    }
    return at;
}

/* The fields behind "?": to, cc and bcc are recipients, too. */
static void fields(const link *l, size_t at, size_t end)
{
    static const str names[] = {S_INIT("to="), S_INIT("cc="), S_INIT("bcc=")};
    while (at < end) {
        size_t to = at + str_find_byte(str_slice(l->text, at, end), '&');
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (to - at > names[i].n && begins(l->text, at, names[i]))
                recipients(l, at + names[i].n, to);
        at = to + 1;
    }
}

/* Where the fields end: with the link, or before the next one behind a comma. */
static size_t fields_end(str text, size_t end)
{
    while (end < text.n && !is_link_end(text.p[end]) &&
           !(str_has_byte(S(",;"), text.p[end]) && begins(text, end + 1, SCHEME)))
        end++;
    return end;
}

bool mailto_read(str text, size_t *at, void (*found)(void *context, span recipient), void *context)
{
    const link l = {text, found, context};
    size_t from = *at + SCHEME.n, behind = recipients(&l, from, text.n);
    bool more = behind < text.n && text.p[behind] == '?';
    *at = more ? fields_end(text, behind) : behind == from ? recipient_end(text, from, text.n) : behind;
    if (more)
        fields(&l, behind + 1, *at);
    return more || behind != from;
}
