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

bool log_wants(log_level level)
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
    if (as_json)
        buf_printf(b, ",\"%s\":", f->name);
    else
        buf_printf(b, " %s=", f->name);
    if (!f->text.p)
        buf_int(b, f->number);
    else if (!as_json && is_plain(f->text))
        buf_add(b, f->text);
    else
        add_quoted(b, f->text);
}

void log_event(log_level level, const char *message, const log_field *fields, size_t count)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    if (!log_wants(level))
        return;
    char when[CLOCK_TEXT_SIZE];
    BUF_SCOPED b = {0};
    clock_format(clock_now(), when);
    if (as_json) {
        buf_printf(&b, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", when, names[level]);
        add_quoted(&b, str_of(message));
    } else {
        buf_printf(&b, "%s %-7s %s", when, names[level], message);
    }
    for (size_t i = 0; i < count; i++)
        add_field(&b, &fields[i]);
    buf_add(&b, as_json ? S("}\n") : S("\n"));
    if (write(STDERR_FILENO, b.p, b.n) < 0)
        return; /* nowhere left to say so */
}
