/*
 * What the command line says to people: sentences of the catalogue, with the API's names of fields turned into the
 * command's own, and nothing printed that could steer a terminal.
 */
#include "cli/command.h"

#include "base/buf.h"

#include <stdio.h>

str said(cli *c, const char *key, const placeholder *with, size_t count)
{
    BUF_SCOPED out = {0};
    str text = catalog_text(c->lang, str_of(key));
    while (text.n) {
        size_t open = str_find_byte(text, '{');
        size_t close = open + str_find_byte(str_slice(text, open, text.n), '}');
        buf_add(&out, str_slice(text, 0, open));
        if (close >= text.n)
            break;
        str name = str_slice(text, open + 1, close);
        for (size_t i = 0; i < count; i++)
            if (str_eq(name, str_of(with[i].name)))
                buf_add(&out, with[i].value);
        text = str_slice(text, close + 1, text.n);
    }
    return arena_str(c->a, buf_str(&out));
}

str plain_text(cli *c, const char *key)
{
    return catalog_text(c->lang, str_of(key));
}

int refuse(int code, str sentence)
{
    fprintf(stderr, "parvis: %.*s\n", STR_FMT(sentence));
    return code;
}

int refuse_start(cli *c, err why)
{
    if (why == ERR_NOT_FOUND)
        return refuse(EXIT_REFUSED, SAID(c, "cli.server.no_database",
                                         {"database", printable(c->a, store_name(c->a, c->settings.database))}));
    return refuse(EXIT_REFUSED, why == ERR_CONFLICT ? SAID(c, "cli.server.wrong_key", {"file", c->settings.key_file})
                                                    : SAID(c, "cli.server.cannot_start", {"data", c->settings.data}));
}

int check_database(cli *c, str name, str uri)
{
    str unknown;
    if (store_understands(c->a, uri, &unknown))
        return EXIT_DONE;
    if (!unknown.p)
        return refuse(EXIT_USAGE, SAID(c, "cli.database.address", {"name", name}));
    return refuse(EXIT_USAGE,
                  SAID(c, "cli.database.parameter", {"name", name}, {"parameter", printable(c->a, unknown)}));
}

void say(str line)
{
    printf("%.*s\n", STR_FMT(line));
}

/* ---- fields ---- */

/* Whether the command has such a flag, or an argument that is called so. */
static str own_name(const cli *c, str field)
{
    for (const cli_flag *f = c->command->flags; f && f->name; f++)
        if (str_eq(str_of(f->name), field))
            return arena_join(c->a, S("--"), field);
    str rest = str_of(c->command->arguments);
    while (rest.p) {
        str word = str_cut(&rest, ' '), name = word;
        while (name.n && ((name.p[0] < 'A' && name.p[0] != '-') || name.p[0] == '[')) /* "[NAME…]" */
            name = str_slice(name, 1, name.n);
        size_t n = 0;
        while (n < name.n && ((name.p[n] >= 'A' && name.p[n] <= 'Z') || name.p[n] == '-'))
            n++;
        if (n && str_eq_nocase(str_slice(name, 0, n), field))
            return str_slice(name, 0, n);
    }
    return STR_NONE;
}

/* Where the API and the command line call a thing otherwise. */
static const struct {
    str field, here;
} other_names[] = {{S_INIT("email"), S_INIT("address")},
                   {S_INIT("groups"), S_INIT("group")},
                   {S_INIT("groups-add"), S_INIT("group")},
                   {S_INIT("id"), S_INIT("slug")},
                   {S_INIT("email"), S_INIT("member")},
                   {S_INIT("method"), S_INIT("temporary-password")},
                   {S_INIT("password"), S_INIT("password-stdin")},
                   {S_INIT("permissions"), S_INIT("permission")},
                   {S_INIT("q"), S_INIT("query")},
                   {S_INIT("deliver"), S_INIT("no-mail")}};

/*
 * What the command calls the field of a refusal: "--expires-in", "NAME"; the pointer itself, where it has no name for
 * it.
 */
static str field_name(const cli *c, str pointer)
{
    str found = STR_NONE, before = STR_NONE, rest = pointer;
    while (rest.p) { /* the innermost that the command knows: "/invitations/0/access_ends_at", "/name/fr" */
        str part = str_cut(&rest, '/');
        char *dashed = arena_alloc(c->a, part.n + 1);
        for (size_t i = 0; i < part.n; i++)
            dashed[i] = part.p[i] == '_' ? '-' : part.p[i];
        str field = {dashed, part.n};
        str own = before.n ? own_name(c, arena_join(c->a, before, S("-"), field)) : STR_NONE;
        own = own.p ? own : own_name(c, field);
        for (size_t i = 0; i < sizeof other_names / sizeof *other_names && !own.p; i++)
            own = str_eq(other_names[i].field, field) ? own_name(c, other_names[i].here) : own;
        found = own.p ? own : found;
        before = field;
    }
    return found.p ? found : pointer;
}

str field_sentence(cli *c, str pointer, str sentence)
{
    return printable(c->a, arena_join(c->a, field_name(c, pointer), S(": "), sentence));
}

bool written(cli *c)
{
    c->unread = fflush(stdout) != 0 || ferror(stdout) || c->unread;
    return !c->unread;
}

str printable(arena *a, str s)
{
    if (!str_is_utf8(s))
        return S("?");
    if (!str_has_control(s))
        return s;
    BUF_SCOPED out = {0};
    for (size_t at = 0, from = 0; at < s.n; from = at) {
        str_next_codepoint(s, &at);
        str point = str_slice(s, from, at);
        buf_add(&out, str_has_control(point) ? S(" ") : point);
    }
    return arena_str(a, buf_str(&out));
}
