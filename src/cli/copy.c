/* copy: everything from one database to another, and the proof that it is all there. */
#include "base/clock.h"
#include "commands.h"
#include "cli/table.h"
#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_EVERY = 5 * MSEC_SECOND, LOCKS = 4 };

/* What a refusal says to the operator. {table} where it is about one. */
static const char *const refusals[] = {
    [COPY_FINE] = "cli.copy.broken",
    [COPY_SOURCE_CLOSED] = "cli.copy.source_closed",
    [COPY_SOURCE_STRANGE] = "cli.copy.source_strange",
    [COPY_SOURCE_USED] = "cli.copy.source_used",
    [COPY_SOURCE_VERSION] = "cli.copy.source_version",
    [COPY_SOURCE_UNFINISHED] = "cli.copy.source_unfinished",
    [COPY_SOURCE_CHANGED] = "cli.copy.source_changed",
    [COPY_SOURCE_NO_TEXT] = "cli.copy.source_no_text",
    [COPY_DESTINATION_CLOSED] = "cli.copy.destination_closed",
    [COPY_DESTINATION_STRANGE] = "cli.copy.destination_strange",
    [COPY_DESTINATION_USED] = "cli.copy.destination_used",
    [COPY_DESTINATION_VERSION] = "cli.copy.destination_version",
    [COPY_DESTINATION_UNMIGRATED] = "cli.copy.destination_unmigrated",
    [COPY_DESTINATION_FULL] = "cli.copy.destination_full",
    [COPY_DESTINATION_KEY] = "cli.copy.destination_key",
    [COPY_DESTINATION_OTHERS] = "cli.copy.destination_others",
    [COPY_OVERTAKEN] = "cli.copy.overtaken",
    [COPY_BROKEN] = "cli.copy.broken",
};

static int refuse_copy(cli *c, copy *of)
{
    const char *table = copy_at(of);
    return refuse(EXIT_REFUSED, SAID(c, refusals[copy_why(of)], {"table", str_of(table ? table : "")}));
}

static str number_text(cli *c, int64_t n)
{
    return arena_printf(c->a, "%lld", (long long)n);
}

/* One line on standard error, which is not what the command gives. */
static void tell(str line)
{
    fprintf(stderr, "%.*s\n", STR_FMT(line));
}

/* ---- the data folders ---- */

/* The locks that servers hold (<data>/lock). A folder that was never served has none, and is given none. */
typedef struct locks {
    int fd[LOCKS];
    size_t n;
} locks;

/* Both sides may stand in one folder: a second lock of ours would wait for the first. */
static bool is_ours(const locks *l, int fd)
{
    struct stat asked, held;
    for (size_t i = 0; i < l->n; i++)
        if (fstat(fd, &asked) == 0 && fstat(l->fd[i], &held) == 0 && asked.st_dev == held.st_dev &&
            asked.st_ino == held.st_ino)
            return true;
    return false;
}

static bool lock_folder(cli *c, str folder, locks *l)
{
    int fd = open(arena_join(c->a, folder, S("/lock")).p, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return true;
    if (is_ours(l, fd)) {
        close(fd);
        return true;
    }
    l->fd[l->n++] = fd;
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

/* The folder that the file stands in, and the settings' own when this is their database. */
static bool lock_side(cli *c, str uri, locks *l)
{
    if (!str_starts(uri, S("sqlite:")))
        return true;
    str path = str_slice(uri, S("sqlite:").n, uri.n), folder = S(".");
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] == '/')
            folder = str_slice(path, 0, i ? i : 1);
    if (str_eq(uri, c->settings.database) && !str_eq(folder, c->settings.data) && !lock_folder(c, c->settings.data, l))
        return false;
    return lock_folder(c, folder, l);
}

static void unlock(const locks *l)
{
    for (size_t i = 0; i < l->n; i++)
        close(l->fd[i]);
}

/* ---- how far it is ---- */

typedef struct watcher {
    cli *c;
    msec told;
    bool terminal;
} watcher;

static void watch(void *context, const copy_progress *p)
{
    watcher *w = context;
    msec now = clock_monotonic();
    if (w->terminal) {
        if (p->done < p->total) /* the end of the line comes with the end of the phase */
            progress((size_t)p->done, (size_t)p->total);
        return;
    }
    if (now - w->told < LINE_EVERY)
        return;
    w->told = now;
    tell(SAID(w->c, p->compares ? "cli.copy.compared" : "cli.copy.copied", {"done", number_text(w->c, p->done)},
              {"total", number_text(w->c, p->total)}, {"table", str_of(p->table)}));
}

static watcher begin_phase(cli *c, const char *title)
{
    watcher w = {.c = c, .told = clock_monotonic(), .terminal = isatty(STDERR_FILENO) == 1};
    if (w.terminal)
        tell(plain_text(c, title));
    return w;
}

/* ---- what was found ---- */

static json_t *side_json(const copy_found *f, size_t at)
{
    char hex[2 * DIGEST_SIZE + 1];
    for (size_t i = 0; i < DIGEST_SIZE; i++)
        snprintf(hex + 2 * i, 3, "%02x", f->sums[at].b[i]);
    return json_pack("{s:I,s:s}", "rows", (json_int_t)f->rows[at], "checksum", hex);
}

static json_t *found_json(const copy_found *found, size_t count)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        bool same = found[i].rows[0] == found[i].rows[1] && digest_eq(&found[i].sums[0], &found[i].sums[1]);
        json_array_append_new(rows,
                              json_pack("{s:s,s:o,s:o,s:b}", "table", found[i].table, "source", side_json(&found[i], 0),
                                        "destination", side_json(&found[i], 1), "equal", (int)same));
    }
    return rows;
}

/* The beginning is enough for eyes; --json has the whole. */
static str show_sum(cli *c, const json_t *value)
{
    return str_slice(show_text(c, value), 0, 16);
}

static void found_print(cli *c, const json_t *rows, int64_t total, int64_t carried, bool equal)
{
    static const table_column columns[] = {
        {"table", AT_OWN("table"), NULL},
        {"source_rows", AT_OWN("source.rows"), NULL},
        {"destination_rows", AT_OWN("destination.rows"), NULL},
        {"source_checksum", AT_OWN("source.checksum"), show_sum},
        {"destination_checksum", AT_OWN("destination.checksum"), show_sum},
        {"equal", AT_OWN("equal"), NULL},
        {0},
    };
    if (!c->json) {
        table_print(c, columns, rows, true);
        return;
    }
    json_t *out = json_pack("{s:b,s:I,s:I,s:O}", "equal", (int)equal, "rows", (json_int_t)total, "copied",
                            (json_int_t)carried, "tables", rows);
    json_print(out);
    json_decref(out);
}

static str names_of_different(cli *c, const json_t *rows)
{
    str out = STR_NONE;
    json_t *each;
    size_t i;
    json_array_foreach(rows, i, each) if (!json_is_true(json_object_get(each, "equal"))) out =
        arena_join(c->a, out, out.p ? S(", ") : S(""), str_of(json_string_value(json_object_get(each, "table"))));
    return out;
}

/* ---- the command ---- */

static int compare(cli *c, copy *of)
{
    const copy_found *found;
    size_t count;
    bool equal;
    int64_t total = 0;
    watcher w = begin_phase(c, "cli.copy.comparing");
    err e = copy_compare(of, watch, &w, &found, &count, &equal);
    progress_hide();
    if (e != OK)
        return refuse_copy(c, of);
    for (size_t i = 0; i < count; i++)
        total += found[i].rows[0];
    bool there = copy_is_there(of);
    json_t *rows = found_json(found, count);
    str different = names_of_different(c, rows);
    found_print(c, rows, total, there ? 0 : total - copy_brought(of), equal);
    json_decref(rows);
    if (!equal)
        return refuse(EXIT_REFUSED,
                      SAID(c, there ? "cli.copy.there_differs" : "cli.copy.differs", {"tables", different}));
    if (copy_finish(of) != OK)
        return refuse_copy(c, of);
    if (!c->json)
        say(SAID(c, there ? "cli.copy.there" : "cli.copy.done", {"rows", number_text(c, total)},
                 {"key", c->settings.key_file}));
    return EXIT_DONE;
}

static int carry(cli *c, copy *of)
{
    int64_t nodes = copy_source_nodes(of);
    if (nodes)
        tell(SAID(c, "cli.copy.nodes", {"count", number_text(c, nodes)}));
    if (copy_is_there(of))
        tell(plain_text(c, "cli.copy.there_already"));
    else if (copy_brought(of))
        tell(SAID(c, "cli.copy.goes_on", {"rows", number_text(c, copy_brought(of))}));
    watcher w = begin_phase(c, "cli.copy.copying");
    err e = copy_run(of, watch, &w);
    progress_hide();
    return e == OK ? compare(c, of) : refuse_copy(c, of);
}

int run_copy(cli *c)
{
    copy *of = NULL;
    locks l = {0};
    str from = flag_value(c, "from"), to = flag_value(c, "to");
    if (!copy_knows(from) || !copy_knows(to))
        return refuse(EXIT_USAGE, SAID(c, "cli.copy.address", {"name", copy_knows(from) ? S("to") : S("from")}));
    int understood = check_database(c, S("--from"), from);
    understood = understood == EXIT_DONE ? check_database(c, S("--to"), to) : understood;
    if (understood != EXIT_DONE)
        return understood;
    if (str_eq(from, to))
        return refuse(EXIT_USAGE, plain_text(c, "cli.copy.same"));

    int code;
    if (!lock_side(c, from, &l))
        code = refuse(EXIT_REFUSED, plain_text(c, "cli.copy.source_used"));
    else if (!lock_side(c, to, &l))
        code = refuse(EXIT_REFUSED, plain_text(c, "cli.copy.destination_used"));
    else
        code = copy_open(from, to, &of) == OK ? carry(c, of) : refuse_copy(c, of);
    copy_close(of);
    unlock(&l);
    return code;
}
