/* What was given to the command: the words and flags that arguments.c has read. */
#include "cli/command.h"

str flag_value(const cli *c, const char *name)
{
    for (size_t i = 0; c->command && c->command->flags && c->command->flags[i].name; i++)
        if (strcmp(c->command->flags[i].name, name) == 0)
            return c->values[i];
    return STR_NONE;
}

/* Where the item ends that begins there: at its comma, or the value's end. *sound: its quotes are. */
static size_t item_end(str value, bool *sound)
{
    size_t at = 0;
    bool quoted = value.n && value.p[0] == '"';
    *sound = true;
    if (!quoted)
        return str_find_byte(value, ',');
    for (at = 1; at < value.n; at++) {
        if (value.p[at] != '"')
            continue;
        if (at + 1 == value.n || value.p[at + 1] != '"')
            break;
        at++; /* two are one that is meant */
    }
    *sound = at < value.n && (at + 1 == value.n || value.p[at + 1] == ',');
    return *sound ? at + 1 : value.n;
}

static str unquoted(arena *a, str item)
{
    char *out = arena_alloc(a, item.n + 1);
    size_t n = 0;
    for (size_t i = 1; i + 1 < item.n; i++) {
        i += item.p[i] == '"';
        out[n++] = item.p[i];
    }
    return (str){out, n};
}

static str trimmed_start(str s)
{
    while (s.n && s.p[0] == ' ')
        s = str_slice(s, 1, s.n);
    return s;
}

str flag_next(arena *a, str *rest)
{
    bool sound;
    if (!rest->p)
        return STR_NONE;
    str value = trimmed_start(*rest);
    size_t end = item_end(value, &sound);
    str item = str_slice(value, 0, end);
    *rest = end < value.n ? str_slice(value, end + 1, value.n) : STR_NONE;
    return item.n && item.p[0] == '"' ? unquoted(a, item) : str_trim(item);
}

bool flag_list_is_sound(str value)
{
    bool sound = true;
    while (value.p && sound) {
        value = trimmed_start(value);
        size_t end = item_end(value, &sound);
        value = end < value.n ? str_slice(value, end + 1, value.n) : STR_NONE;
    }
    return sound;
}

str argument(const cli *c, int index)
{
    return index < c->arg_count ? str_of(c->args[index]) : STR_NONE;
}
