/*
 * A line is built whole, then written, so that lines of several threads never mix. Values are quoted unless they are
 * plain words: nobody outside writes a line of their own into it.
 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <unistd.h>

static log_level threshold = LOG_INFO;
static bool as_json;

void log_setup(log_level least, bool json)
{
    threshold = least;
    as_json = json;
}

static bool log_wants(log_level level)
{
    return level >= threshold;
}

/* Quoted as JSON in both formats: a log line can then hold no line break of somebody else's making. */
static void add_quoted(buf *b, str s)
{
    buf_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            buf_printf(b, "\\u%04x", c);
        else
            buf_byte(b, (char)c);
    }
    buf_byte(b, '"');
}

static bool is_plain(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7F)
            return false;
    }
    return s.n > 0;
}

static void add_field(buf *b, const log_field *f)
{
    buf_add(b, as_json ? S(",\"") : S(" "));
    buf_add(b, str_of(f->name));
    buf_add(b, as_json ? S("\":") : S("="));
    if (!f->text.p)
        buf_int(b, f->number);
    else if (!as_json && is_plain(f->text))
        buf_add(b, f->text);
    else
        add_quoted(b, f->text);
}

enum { HELD_MAX = 16 << 10 };

static _Thread_local bool lingers;
static _Thread_local buf held;

void log_rest(void)
{
    ssize_t written = held.n ? write(STDERR_FILENO, held.p, held.n) : 0;
    (void)written; /* nowhere left to say so */
    held.n = 0;
    if (!lingers)
        buf_free(&held);
}

void log_linger(bool on)
{
    lingers = on;
    log_rest();
}

static void add_line(buf *b, log_level level, const char *message, const log_field *fields, size_t count)
{
    static const str names[] = {S_INIT("debug"), S_INIT("info"), S_INIT("warning"), S_INIT("error")};
    static const str padded[] = {S_INIT(" debug   "), S_INIT(" info    "), S_INIT(" warning "), S_INIT(" error   ")};
    char when[CLOCK_TEXT_SIZE];
    str at = clock_format(clock_now(), when);
    if (as_json)
        buf_add(b, S("{\"time\":\""));
    buf_add(b, at);
    if (as_json) {
        buf_add(b, S("\",\"level\":\""));
        buf_add(b, names[level]);
        buf_add(b, S("\",\"message\":"));
        add_quoted(b, str_of(message));
    } else {
        buf_add(b, padded[level]);
        buf_add(b, str_of(message));
    }
    for (size_t i = 0; i < count; i++)
        add_field(b, &fields[i]);
    buf_add(b, as_json ? S("}\n") : S("\n"));
}

void log_event(log_level level, const char *message, const log_field *fields, size_t count)
{
    if (!log_wants(level))
        return;
    add_line(&held, level, message, fields, count);
    if (!lingers || level >= LOG_WARNING || held.n >= HELD_MAX)
        log_rest();
}
