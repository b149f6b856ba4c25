/* One table of columns, two readers: aligned and cut for a terminal, whole and as JSON for programs. */
#include "cli/table.h"

#include "base/clock.h"
#include "cli/client.h"
#include "domain/shared/phrase.h"
#include "ports/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { COLUMNS_MAX = 12, GAP = 2, LEAST_WIDTH = 6, PAGE_BYTES = 64 * 1024 * 1024 };

/* ---- values ---- */

str show_text(cli *c, const json_t *value)
{
    if (json_is_string(value))
        return printable(c->a, (str){json_string_value(value), json_string_length(value)});
    if (json_is_integer(value))
        return arena_printf(c->a, "%lld", (long long)json_integer_value(value));
    if (json_is_boolean(value))
        return plain_text(c, json_is_true(value) ? "cli.word.yes" : "cli.word.no");
    return S("–");
}

str show_time(cli *c, const json_t *value)
{
    msec at;
    if (!json_is_string(value) || !clock_parse(str_of(json_string_value(value)), &at))
        return S("–");
    str zone = c->zone[0] ? str_of(c->zone) : S("UTC"), place = phrase_zone(c->a, c->lang, zone);
    civil there = clock_civil(zone_local(zone, at));
    return arena_printf(c->a, "%04d-%02d-%02d %02d:%02d %.*s", there.year, there.month, there.day, there.hour,
                        there.minute, STR_FMT(place.p ? place : zone));
}

str show_end(cli *c, const json_t *value)
{
    msec at;
    char text[CLOCK_TEXT_SIZE];
    if (!json_is_string(value) || !clock_parse(str_of(json_string_value(value)), &at) || !clock_ends_day(at))
        return show_time(c, value);
    return arena_str(c->a, str_slice(clock_format(at - 1, text), 0, sizeof "2026-12-31" - 1));
}

str show_word(cli *c, const json_t *value)
{
    str word = show_text(c, value);
    str key = arena_join(c->a, S("cli.word."), word);
    return catalog_has(key) ? catalog_text(c->lang, key) : word;
}

str show_name(cli *c, const json_t *value)
{
    str given = json_text(value, AT(account, given_name)), family = json_text(value, AT(account, family_name));
    str gap = given.n && family.n ? S(" ") : S("");
    return given.n || family.n ? printable(c->a, arena_join(c->a, given, gap, family)) : S("–");
}

static str shown(cli *c, const table_column *column, const json_t *item)
{
    const json_t *value = json_at(item, column->path);
    return column->show ? column->show(c, value) : show_text(c, value);
}

static str title(cli *c, const table_column *column)
{
    return catalog_text(c->lang, arena_join(c->a, S("cli.column."), str_of(column->title)));
}

/* ---- widths ---- */

size_t text_width(str s)
{
    size_t width = 0;
    for (size_t at = 0; at < s.n;) {
        int cells = wcwidth((wchar_t)str_next_codepoint(s, &at));
        width += cells > 0 ? (size_t)cells : 0;
    }
    return width;
}

/* The beginning that fits, an ellipsis at its end when something was cut. */
static str fit(cli *c, str s, size_t width)
{
    if (text_width(s) <= width)
        return s;
    size_t at = 0, used = 0;
    while (at < s.n) {
        size_t next = at;
        int cells = wcwidth((wchar_t)str_next_codepoint(s, &next));
        if (used + (cells > 0 ? (size_t)cells : 0) > width - 1)
            break;
        used += cells > 0 ? (size_t)cells : 0;
        at = next;
    }
    return arena_join(c->a, str_slice(s, 0, at), S("…"));
}

/* 0: not a terminal, nothing is cut. */
static size_t terminal_width(int fd)
{
    struct winsize size;
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Takes from the widest column, one cell at a time, until the line fits. */
static void shrink(size_t *widths, size_t count, size_t room)
{
    for (;;) {
        size_t total = GAP * (count - 1), widest = 0;
        for (size_t i = 0; i < count; i++) {
            total += widths[i];
            if (widths[i] > widths[widest])
                widest = i;
        }
        if (total <= room || widths[widest] <= LEAST_WIDTH)
            return;
        widths[widest]--;
    }
}

static void print_line(cli *c, const str *cells, const size_t *widths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        str cell = fit(c, cells[i], widths[i]);
        bool last = i + 1 == count;
        printf("%.*s%*s", STR_FMT(cell), last ? 0 : (int)(widths[i] - text_width(cell)) + GAP, "");
    }
    putchar('\n');
}

void table_print(cli *c, const table_column *columns, const json_t *items, bool titles)
{
    size_t count = 0, rows = json_array_size(items), widths[COLUMNS_MAX] = {0};
    while (count < COLUMNS_MAX && columns[count].title)
        count++;

    str *cells = arena_array_of(c->a, str, (rows + 1) * count);
    for (size_t row = 0; row <= rows; row++) {
        for (size_t i = 0; i < count; i++) {
            str cell = row == 0 ? title(c, &columns[i]) : shown(c, &columns[i], json_array_get(items, row - 1));
            size_t width = text_width(cell);
            cells[row * count + i] = cell;
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    size_t room = terminal_width(STDOUT_FILENO);
    if (room)
        shrink(widths, count, room);
    for (size_t row = titles ? 0 : 1; row <= rows; row++)
        print_line(c, cells + row * count, widths, count);
}

void sheet_print(cli *c, const table_column *columns, const json_t *object)
{
    size_t widest = 0;
    for (const table_column *each = columns; each->title; each++) {
        size_t width = text_width(title(c, each));
        widest = width > widest ? width : widest;
    }
    for (const table_column *each = columns; each->title; each++) {
        str name = title(c, each), value = shown(c, each, object);
        if (str_eq(value, S("–")))
            continue;
        printf("%.*s%*s%.*s\n", STR_FMT(name), (int)(widest - text_width(name)) + GAP, "", STR_FMT(value));
    }
}

void json_print(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (text)
        puts(text);
    free(text);
}

/* ---- lists and objects of the API ---- */

/* One page; *next is where the next one is, STR_NONE after the last. */
static int page_print(cli *c, str path, const table_column *columns, const char *empty, bool first, str *next)
{
    reply r;
    json_t *each;
    size_t i;
    int code = call(c, "GET", path, NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_t *items = json_at(r.json, AT_OWN("items"));
    *next = arena_str(c->a, json_text(r.json, AT_OWN("next_cursor")));
    if (c->json) {
        json_array_foreach(items, i, each) json_print(each);
    } else if (json_array_size(items) > 0) {
        table_print(c, columns, items, first);
    } else if (first) {
        say(plain_text(c, empty));
    }
    json_decref(r.json);
    return EXIT_DONE;
}

int list_print(cli *c, str path, const table_column *columns, const char *empty)
{
    arena *whole = c->a;
    str start = path_with(c, path, "limit", S("200")), at = start;
    int code = EXIT_DONE;
    /* A page's memory goes with the page, so that a list of any length fits. */
    for (bool first = true; at.p && code == EXIT_DONE && written(c); first = false) {
        ARENA_SCOPED page = arena_new(PAGE_BYTES);
        str next = STR_NONE;
        c->a = page;
        code = page_print(c, at, columns, empty, first, &next);
        c->a = whole;
        at = next.p ? path_with(c, start, "cursor", next) : STR_NONE;
    }
    return code;
}

int object_print(cli *c, str path, const table_column *columns)
{
    reply r;
    int code = call(c, "GET", path, NULL, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, columns, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

void progress(size_t done, size_t total)
{
    enum { BAR = 30 };
    size_t room = terminal_width(STDERR_FILENO);
    if (!room || total < 2)
        return;
    size_t full = BAR * done / total;
    fputs("\r[", stderr);
    for (size_t i = 0; i < BAR; i++)
        fputc(i < full ? '#' : ' ', stderr);
    fprintf(stderr, "] %zu/%zu", done, total);
    if (done == total)
        fputc('\n', stderr);
    fflush(stderr);
}

void progress_hide(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
