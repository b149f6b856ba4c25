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
    return refuse(EXIT_REFUSED, why == ERR_CONFLICT ? SAID(c, "cli.server.wrong_key", {"file", c->settings.key_file})
                                                    : SAID(c, "cli.server.cannot_start", {"data", c->settings.data}));
}

void say(str line)
{
    printf("%.*s\n", STR_FMT(line));
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
