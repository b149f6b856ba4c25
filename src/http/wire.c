/*
 * A state machine over each byte, without memory beyond the line it is in: the library is lenient where it should not
 * be, and this stands before it.
 */
#include "http/wire.h"

#include "http/gate.h"

/* More than the gate allows, so that it refuses in the reader's language; less than the library has room for. */
enum { HEAD_MAX = HEADER_BYTES_MAX + HEADER_BYTES_MAX / 4, LENGTH_DIGITS_MAX = 15 };

static bool refuse(wire *w, err refusal)
{
    w->refusal = refusal;
    return false;
}

static void begin_line(wire *w, wire_state state)
{
    w->state = state;
    w->line_n = 0;
    w->line_empty = true;
    w->is_length = false;
}

static void remember(wire *w, char c)
{
    w->line_empty = false;
    if (w->line_n < WIRE_LINE_MAX)
        w->line[w->line_n++] = c;
}

static str line_so_far(const wire *w)
{
    return (str){w->line, w->line_n};
}

/* "METHOD target HTTP/1.x": two spaces, and a version that the gate knows; the line is kept from its last space on. */
static bool end_request_line(wire *w)
{
    str version = line_so_far(w);
    bool known = str_eq(version, S("HTTP/1.1")) || str_eq(version, S("HTTP/1.0"));
    if (w->spaces != 2 || !known)
        return refuse(w, ERR_BAD_REQUEST);
    begin_line(w, WIRE_NAME);
    return true;
}

/*
 * The digits of a Content-Length, white space around; whether it came twice is the gate's to say, but it ends the
 * reading.
 */
static bool end_length(wire *w)
{
    str digits = str_trim(line_so_far(w));
    if (w->has_length || digits.n > LENGTH_DIGITS_MAX || !str_to_u64(digits, INT64_MAX, &w->length))
        return refuse(w, ERR_BAD_REQUEST);
    w->has_length = true;
    return true;
}

static bool end_line(wire *w)
{
    if (w->state == WIRE_START)
        return true; /* an empty line before a message: RFC 9112, 2.2 */
    if (w->state == WIRE_REQUEST_LINE)
        return end_request_line(w);
    if (w->state == WIRE_VALUE) {
        if (w->is_length && !end_length(w))
            return false;
        begin_line(w, WIRE_NAME);
        return true;
    }
    if (!w->line_empty) /* a header without a colon */
        return refuse(w, ERR_BAD_REQUEST);
    w->body_left = w->length;
    w->state = w->body_left ? WIRE_BODY : WIRE_START;
    return true;
}

static void begin_message(wire *w)
{
    begin_line(w, WIRE_REQUEST_LINE);
    w->head_bytes = w->spaces = 0;
    w->length = 0;
    w->has_length = false;
}

static bool name_byte(wire *w, char c)
{
    if (w->line_empty && (c == ' ' || c == '\t' || c == ':')) /* folded, or without a name */
        return refuse(w, ERR_BAD_REQUEST);
    if (c != ':') {
        remember(w, c);
        return true;
    }
    bool is_length = str_eq_nocase(line_so_far(w), S("content-length"));
    begin_line(w, WIRE_VALUE);
    w->is_length = is_length;
    return true;
}

/* One byte of a head that is neither CR nor LF. */
static bool plain_byte(wire *w, char c)
{
    if (c == 0)
        return refuse(w, ERR_BAD_REQUEST);
    if (w->state == WIRE_START)
        begin_message(w);
    if (w->state == WIRE_REQUEST_LINE && ((unsigned char)c < ' ' || c == 0x7F))
        return refuse(w, ERR_BAD_REQUEST);
    if (w->state == WIRE_NAME)
        return name_byte(w, c);
    if (w->state == WIRE_REQUEST_LINE && c == ' ') {
        w->spaces++;
        w->line_n = 0;
        return true;
    }
    remember(w, c);
    return true;
}

static bool head_byte(wire *w, char c)
{
    if (++w->head_bytes > HEAD_MAX)
        return refuse(w, ERR_HEADERS_TOO_LARGE);
    if (w->after_cr != (c == '\n'))
        return refuse(w, ERR_BAD_REQUEST);
    w->after_cr = c == '\r';
    if (c == '\r')
        return true;
    return c == '\n' ? end_line(w) : plain_byte(w, c);
}

/* How many bytes from here on belong to a header's value and say nothing to us: most of a head is such. */
static size_t plain_run(const wire *w, str bytes)
{
    if (w->state != WIRE_VALUE || w->is_length || w->after_cr)
        return 0;
    size_t n = str_find_byte(bytes, '\r');
    n = str_find_byte((str){bytes.p, n}, '\n');
    n = str_find_byte((str){bytes.p, n}, 0);
    return n < HEAD_MAX - w->head_bytes ? n : HEAD_MAX - w->head_bytes;
}

size_t wire_scan(wire *w, str bytes)
{
    size_t message = 0; /* where the message at hand begins, within these bytes */
    if (w->refusal != OK)
        return 0;
    for (size_t i = 0; i < bytes.n;) {
        if (w->state == WIRE_BODY) {
            size_t here = bytes.n - i < w->body_left ? bytes.n - i : (size_t)w->body_left;
            w->body_left -= here;
            i += here;
            if (w->body_left > 0)
                break;
            w->state = WIRE_START;
            message = i;
            continue;
        }
        size_t run = plain_run(w, str_slice(bytes, i, bytes.n));
        w->head_bytes += run;
        i += run;
        if (i == bytes.n)
            break;
        if (!head_byte(w, bytes.p[i++]))
            return message;
        if (w->state == WIRE_START && !w->after_cr)
            message = i;
    }
    return bytes.n;
}
