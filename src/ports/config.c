/*
 * From four places into one struct, by the table of spec/settings.yaml; the first place that says something wins. What
 * cannot be understood ends the start: a guess at a setting is worse than none.
 */
#include "ports/config.h"
#include "ports/network.h"

#include "ports/config_form.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_FILE_MAX = 256 * 1024, LINE_MAX_BYTES = 8000 };

/* ---- the table ---- */

static const setting_info table[SETTING_COUNT] = {
#define ROW(id_, field_, type_, default_, argument_, words_, least_, most_, secret_) \
    [SETTING_##id_] = {.name = S_INIT(#field_),                                      \
                       .variable = "PARVIS_" #id_,                                   \
                       .type = SETTING_##type_,                                      \
                       .fallback = S_INIT(default_),                                 \
                       .argument = S_INIT(argument_),                                \
                       .words = S_INIT(words_),                                      \
                       .least = (least_),                                            \
                       .most = (most_),                                              \
                       .secret = (secret_),                                          \
                       .offset = offsetof(settings, field_)},
    SETTING_TABLE(ROW)
#undef ROW
};

const setting_info *setting_about(setting_id id)
{
    return &table[id];
}

/* A flag is the name with hyphens. */
static bool named(str name, str asked, char hyphen)
{
    if (name.n != asked.n)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (asked.p[i] != (name.p[i] == '_' ? hyphen : name.p[i]))
            return false;
    return true;
}

static setting_id find(str asked, char hyphen)
{
    setting_id id = 0;
    while (id < SETTING_COUNT && !named(table[id].name, asked, hyphen))
        id++;
    return id;
}

setting_id setting_by_name(str name)
{
    return find(name, '_');
}

setting_id setting_by_flag(str flag)
{
    return find(flag, '-');
}

str setting_flag(arena *a, setting_id id)
{
    str name = table[id].name;
    char *flag = arena_alloc(a, name.n + 1);
    for (size_t i = 0; i < name.n; i++)
        flag[i] = name.p[i] == '_' ? '-' : name.p[i];
    return (str){flag, name.n};
}

/* ---- one value ---- */

/* A setting as one source calls it, with its value. */
typedef struct given {
    setting_id id;
    str name, value;
} given;

static bool refuse(settings_error *error, const given *g, const char *code, str allowed)
{
    bool show = g->id < SETTING_COUNT && !table[g->id].secret;
    *error = (settings_error){.code = code, .name = g->name, .value = show ? g->value : S(""), .allowed = allowed};
    return false;
}

static bool has_form(arena *a, const given *g, settings_error *error)
{
    str allowed;
    const char *fault = setting_fault(a, g->id, g->value, &allowed);
    return !fault || refuse(error, g, fault, allowed);
}

/* One of a list: the refusal says which. */
static bool has_items_form(arena *a, const given *g, str item, settings_error *error)
{
    given one = {.id = g->id, .name = g->name, .value = item};
    if (has_form(a, &one, error))
        return true;
    error->code = "bad_item";
    return false;
}

static bool read_list(arena *a, const given *g, str_list *out, settings_error *error)
{
    str *items = arena_array_of(a, str, g->value.n / 2 + 1);
    size_t count = 0, i = 0;
    while (i < g->value.n) {
        size_t from = i;
        while (i < g->value.n && !strchr(", ", g->value.p[i]))
            i++;
        if (i > from) {
            items[count] = arena_str(a, str_slice(g->value, from, i));
            if (!has_items_form(a, g, items[count++], error))
                return false;
        }
        i++;
    }
    *out = (str_list){items, count};
    given none = {.id = g->id, .name = g->name, .value = S("")};
    return count > 0 || str_empty(table[g->id].fallback) || has_form(a, &none, error);
}

/* The place of a word in "on|off"; -1 when it is none of them. */
static int word_index(str words, str value)
{
    str rest = words;
    for (int i = 0; rest.p; i++)
        if (str_eq(str_cut(&rest, '|'), value))
            return i;
    return -1;
}

static bool read_word(const given *g, int *out, settings_error *error)
{
    *out = word_index(table[g->id].words, g->value);
    return *out >= 0 ? true : refuse(error, g, "not_allowed", table[g->id].words);
}

static bool read_number(arena *a, const given *g, int64_t *out, settings_error *error)
{
    const setting_info *about = &table[g->id];
    uint64_t number;
    if (str_to_u64(g->value, INT64_MAX, &number) && (int64_t)number >= about->least && (int64_t)number <= about->most) {
        *out = (int64_t)number;
        return true;
    }
    return refuse(error, g, "not_a_number",
                  arena_printf(a, "%lld–%lld", (long long)about->least, (long long)about->most));
}

static bool read_duration(arena *a, const given *g, msec *out, settings_error *error)
{
    const setting_info *about = &table[g->id];
    if (duration_parse(g->value, out) && *out >= about->least && *out <= about->most)
        return true;
    return refuse(error, g, "not_a_duration", duration_bounds(a, about->least, about->most));
}

/* Reads one value into its field. */
static bool take(arena *a, const given *g, settings *s, settings_error *error)
{
    void *field = (char *)s + table[g->id].offset;
    int word;

    if (!str_is_utf8(g->value) || str_has_control(g->value))
        return refuse(error, g, "not_text", STR_NONE);
    switch (table[g->id].type) {
    case SETTING_TEXT:
    case SETTING_URI:
        if (!has_form(a, g, error))
            return false;
        *(str *)field = arena_str(a, g->value);
        return true;
    case SETTING_LIST:
        return read_list(a, g, field, error);
    case SETTING_BOOLEAN:
        if (!read_word(g, &word, error))
            return false;
        *(bool *)field = word == 0;
        return true;
    case SETTING_ENUM:
        return read_word(g, field, error);
    case SETTING_INTEGER:
        return read_number(a, g, field, error);
    case SETTING_DURATION:
        return read_duration(a, g, field, error);
    }
    return false;
}

/* ---- parvis.ini ---- */

typedef struct file_reading {
    arena *a;
    str path;
    str values[SETTING_COUNT], names[SETTING_COUNT];
    settings_error *error;
    bool refused;
} file_reading;

/* inih's callback; 0 stops it, and ini_parse then returns the line. */
static int file_line(void *user, const char *section, const char *name, const char *value)
{
    file_reading *r = user;
    setting_id id = *section ? SETTING_COUNT : setting_by_name(str_of(name));
    given g = {.id = SETTING_COUNT, .name = arena_str(r->a, str_of(name))};

    if (id == SETTING_COUNT) {
        if (*section)
            g.name = arena_join(r->a, S("["), str_of(section), S("] "), g.name);
        r->refused = true;
        return refuse(r->error, &g, "unknown_key", STR_NONE);
    }
    if (r->values[id].p) {
        r->refused = true;
        return refuse(r->error, &g, "twice", STR_NONE);
    }
    r->values[id] = arena_str(r->a, str_of(value));
    r->names[id] = arena_join(r->a, r->path, S(": "), table[id].name);
    return 1;
}

static bool refuse_file(settings_error *error, const char *code, str name)
{
    *error = (settings_error){.code = code, .name = name, .value = S(""), .allowed = STR_NONE};
    return false;
}

static str line_place(arena *a, str path, int line)
{
    return arena_printf(a, "%.*s:%d", STR_FMT(path), line);
}

/* Each line by itself, so that the first one that is wrong is named. */
static bool lines_are_text(arena *a, str path, str text, settings_error *error)
{
    int at = 1;
    for (str rest = text; rest.p; at++) {
        str line = str_cut(&rest, '\n');
        if (line.n > LINE_MAX_BYTES)
            return refuse_file(error, "not_ini", line_place(a, path, at));
        if (!str_is_utf8(line) || str_find_byte(line, 0) < line.n)
            return refuse_file(error, "not_utf8", line_place(a, path, at));
    }
    return true;
}

/* The whole file as NUL-terminated text. *absent is set, and true returned, when there is none. */
static bool read_file(arena *a, str path, bool *absent, str *text, settings_error *error)
{
    int fd = open(arena_cstr(a, path), O_RDONLY | O_CLOEXEC);
    *absent = fd < 0 && (errno == ENOENT || errno == ENOTDIR);
    if (fd < 0)
        return *absent || refuse_file(error, "unreadable_file", path);

    char *p = arena_alloc(a, CONFIG_FILE_MAX + 1);
    size_t n = 0;
    ssize_t got;
    while (n < CONFIG_FILE_MAX && (got = read(fd, p + n, CONFIG_FILE_MAX - n)) > 0)
        n += (size_t)got;
    close(fd);
    if (n == CONFIG_FILE_MAX || got < 0)
        return refuse_file(error, "unreadable_file", path);

    *text = (str){p, n};
    return lines_are_text(a, path, *text, error);
}

static bool read_ini(file_reading *r, bool *absent)
{
    str text;
    if (!read_file(r->a, r->path, absent, &text, r->error))
        return false;
    if (*absent)
        return true;

    /* The library's own defaults would cut long lines, join indented ones and end values at " ;". */
    ini_use_stack = false;
    ini_allow_realloc = true;
    ini_max_line = LINE_MAX_BYTES + 8;
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    int line = ini_parse_string(text.p, file_line, r);
    if (line == 0)
        return true;

    str place = line_place(r->a, r->path, line);
    if (!r->refused)
        return refuse_file(r->error, "not_ini", place);
    r->error->name = arena_join(r->a, place, S(": "), r->error->name);
    return false;
}

/* ---- all sources ---- */

static str environment_value(char *const *environment, const char *variable)
{
    size_t n = strlen(variable);
    for (char *const *e = environment; e && *e; e++)
        if (strncmp(*e, variable, n) == 0 && (*e)[n] == '=')
            return str_of(*e + n + 1);
    return STR_NONE;
}

/* The default with the data folder put in. */
static str fallback(arena *a, setting_id id, str data)
{
    str text = table[id].fallback;
    size_t at = str_find(text, S("{data}"));
    if (at == text.n)
        return text;
    return arena_join(a, str_slice(text, 0, at), data, str_slice(text, at + 6, text.n));
}

static bool load_one(arena *a, const settings_source *source, const file_reading *file, setting_id id, settings *out,
                     settings_error *error)
{
    str environment = environment_value(source->environment, table[id].variable);
    given g = {.id = id, .name = table[id].name, .value = fallback(a, id, out->data)};
    out->origin[id] = ORIGIN_DEFAULT;

    if (source->flags[id].p) {
        g.name = arena_join(a, S("--"), setting_flag(a, id));
        g.value = source->flags[id];
        out->origin[id] = ORIGIN_FLAG;
    } else if (!str_empty(environment)) {
        g.name = str_of(table[id].variable);
        g.value = environment;
        out->origin[id] = ORIGIN_ENVIRONMENT;
    } else if (file->values[id].p) {
        g.name = file->names[id];
        g.value = file->values[id];
        out->origin[id] = ORIGIN_FILE;
    }
    return take(a, &g, out, error);
}

static str without_slashes(str s)
{
    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    return s;
}

bool settings_load(arena *a, const settings_source *source, settings *out, settings_error *error)
{
    static const str places[] = {S_INIT("./parvis.ini"), S_INIT("/etc/parvis/parvis.ini")};
    file_reading file = {.a = a, .path = source->config_path, .error = error};
    bool absent = true;

    *out = (settings){0};
    if (source->config_path.p) {
        if (!read_ini(&file, &absent))
            return false;
        if (absent)
            return refuse_file(error, "no_file", source->config_path);
    }
    for (size_t i = 0; absent && i < sizeof places / sizeof *places; i++) {
        file.path = places[i];
        if (!read_ini(&file, &absent))
            return false;
    }

    /* The data folder first: other defaults stand in it. */
    if (!load_one(a, source, &file, SETTING_DATA, out, error))
        return false;
    out->data = without_slashes(out->data);
    for (setting_id id = 0; id < SETTING_COUNT; id++)
        if (id != SETTING_DATA && !load_one(a, source, &file, id, out, error))
            return false;
    out->public_url = without_slashes(out->public_url);
    return true;
}

/* ---- showing ---- */

static str list_text(arena *a, const str_list *list)
{
    str out = S("");
    for (size_t i = 0; i < list->count; i++)
        out = i ? arena_join(a, out, S(", "), list->items[i]) : list->items[i];
    return out;
}

static str word_at(str words, int index)
{
    str rest = words, word = STR_NONE;
    for (int i = 0; i <= index; i++)
        word = str_cut(&rest, '|');
    return word;
}

str setting_text(arena *a, const settings *s, setting_id id)
{
    const setting_info *about = &table[id];
    const void *field = (const char *)s + about->offset;
    char text[DURATION_TEXT_SIZE];

    switch (about->type) {
    case SETTING_TEXT:
        return *(const str *)field;
    case SETTING_URI:
        return about->secret ? uri_masked(a, *(const str *)field) : *(const str *)field;
    case SETTING_LIST:
        return list_text(a, field);
    case SETTING_BOOLEAN:
        return word_at(about->words, *(const bool *)field ? 0 : 1);
    case SETTING_ENUM:
        return word_at(about->words, *(const int *)field);
    case SETTING_INTEGER:
        return arena_printf(a, "%lld", (long long)*(const int64_t *)field);
    case SETTING_DURATION:
        return arena_str(a, duration_format(*(const msec *)field, text));
    }
    return STR_NONE;
}

str setting_origin_name(setting_origin origin)
{
    static const str names[] = {S_INIT("default"), S_INIT("file"), S_INIT("environment"), S_INIT("flag")};
    return names[origin];
}

/* ---- one rule across settings ---- */

bool settings_links_reach(const settings *s)
{
    if (str_starts(s->mail, S("file:")) || host_is_loopback(uri_host(s->mail)))
        return true;
    return !str_empty(s->public_url) && !host_is_loopback(uri_host(s->public_url));
}
