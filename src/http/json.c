/* Writing alone: plain runs are copied whole, since bytes that JSON escapes are rare, and answers are mostly text. */
#include "http/json.h"

static const char hex[] = "0123456789abcdef";

static void escape_control(buf *b, unsigned char c)
{
    switch (c) {
    case '\n':
        buf_lit(b, "\\n");
        return;
    case '\r':
        buf_lit(b, "\\r");
        return;
    case '\t':
        buf_lit(b, "\\t");
        return;
    default:
        buf_lit(b, "\\u00");
        buf_byte(b, hex[c >> 4]);
        buf_byte(b, hex[c & 15]);
    }
}

/* Plain runs are copied whole; only what JSON escapes, and what is not UTF-8, is looked at by itself. */
static void add_escaped(buf *b, str s)
{
    bool sound = str_is_utf8(s);
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\' && (sound || c < 0x80))
            continue;
        buf_add(b, str_slice(s, from, i));
        from = i + 1;
        if (c == '"' || c == '\\') {
            buf_byte(b, '\\');
            buf_byte(b, (char)c);
        } else if (c < 0x20) {
            escape_control(b, c);
        } else {
            buf_lit(b, "\xEF\xBF\xBD");
        }
    }
    buf_add(b, str_slice(s, from, s.n));
}

static void begin(json_writer *w, str key)
{
    if (w->comma)
        buf_byte(w->out, ',');
    w->comma = true;
    if (!key.p)
        return;
    buf_byte(w->out, '"');
    buf_add(w->out, key);
    buf_lit(w->out, "\":");
}

void json_open(json_writer *w, str key, char bracket)
{
    begin(w, key);
    buf_byte(w->out, bracket);
    w->comma = false;
}

void json_close(json_writer *w, char bracket)
{
    buf_byte(w->out, bracket);
    w->comma = true;
}

void json_str(json_writer *w, str key, str value)
{
    if (!value.p) {
        json_nothing(w, key);
        return;
    }
    begin(w, key);
    buf_byte(w->out, '"');
    add_escaped(w->out, value);
    buf_byte(w->out, '"');
}

void json_int(json_writer *w, str key, int64_t value)
{
    begin(w, key);
    buf_int(w->out, value);
}

void json_bool(json_writer *w, str key, bool value)
{
    begin(w, key);
    buf_add(w->out, value ? S("true") : S("false"));
}

void json_nothing(json_writer *w, str key)
{
    begin(w, key);
    buf_lit(w->out, "null");
}

void json_time(json_writer *w, str key, msec value)
{
    char text[CLOCK_TEXT_SIZE];
    json_str(w, key, value ? clock_format(value, text) : STR_NONE);
}

void json_day(json_writer *w, str key, msec value)
{
    char text[CLOCK_TEXT_SIZE];
    json_str(w, key, value ? str_slice(clock_format(value, text), 0, sizeof "2026-11-21" - 1) : STR_NONE);
}

void json_id(json_writer *w, str key, str prefix, uuid id)
{
    char text[TYPEID_SIZE];
    json_str(w, key, uuid_none(id) ? STR_NONE : typeid_format(prefix, id, text));
}

void json_duration(json_writer *w, str key, msec value)
{
    char text[DURATION_TEXT_SIZE];
    json_str(w, key, duration_format(value, text));
}

void json_raw(json_writer *w, str key, str json)
{
    begin(w, key);
    buf_add(w->out, json.p ? json : S("null"));
}
