/*
 * Pure functions over the raw head: everything that two readers could read in two ways is refused, since a proxy in
 * front may be the other reader.
 */
#include "http/gate.h"

/* Headers that change what a request means: twice is an attempt to have two readers see two requests. */
static const str once[] = {S_INIT("host"),           S_INIT("content-length"), S_INIT("content-type"),
                           S_INIT("authorization"),  S_INIT("origin"),         S_INIT("sec-fetch-site"),
                           S_INIT("idempotency-key")};

static const str methods[] = {S_INIT("GET"), S_INIT("HEAD"),   S_INIT("POST"),   S_INIT("PATCH"),
                              S_INIT("PUT"), S_INIT("DELETE"), S_INIT("OPTIONS")};

static bool is_known_method(str method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (str_eq(methods[i], method))
            return true;
    return false;
}

/* RFC 9110, 5.6.2: tchar. */
static bool is_token(str s)
{
    return str_is_plain(s, S("!#$%&'*+-.^_`|~"));
}

/* RFC 9110, 5.5: a tab stands for white space, as some proxies put it after a comma. */
static bool has_control_byte(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7F)
            return true;
    return false;
}

str head_value(const request_head *head, str name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (str_eq_nocase(head->headers[i].name, name))
            return head->headers[i].value;
    return STR_NONE;
}

str head_list(arena *a, const request_head *head, str name)
{
    str all = STR_NONE;
    for (size_t i = 0; i < head->header_count; i++)
        if (str_eq_nocase(head->headers[i].name, name))
            all = all.p ? arena_join(a, all, S(", "), head->headers[i].value) : head->headers[i].value;
    return all;
}

static size_t head_count(const request_head *head, str name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++)
        count += str_eq_nocase(head->headers[i].name, name);
    return count;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that stands at *at, unescaped, with *at moved past it; -1 for an unsound escape. */
static int next_byte(str s, size_t *at)
{
    char c = s.p[(*at)++];
    if (c != '%')
        return (unsigned char)c;
    if (s.n - *at < 2)
        return -1;
    int high = hex_digit(s.p[*at]), low = hex_digit(s.p[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static bool decode(arena *a, str text, bool plus, bool zero, str *out)
{
    *out = STR_NONE;
    char *p = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n;) {
        bool space = plus && text.p[i] == '+';
        int c = next_byte(text, &i);
        if (c < 0 || (c == 0 && !zero))
            return false;
        p[n++] = space ? ' ' : (char)c;
    }
    if (!str_is_utf8((str){p, n}))
        return false;
    *out = (str){p, n};
    return true;
}

bool percent_decode(arena *a, str text, bool plus, str *out)
{
    return decode(a, text, plus, false, out);
}

bool percent_decode_typed(arena *a, str text, str *out)
{
    return decode(a, text, true, true, out);
}

static bool is_dots(str segment)
{
    return str_eq(segment, S(".")) || str_eq(segment, S(".."));
}

/* One segment of the path: sound escapes, UTF-8, no control byte, separator or dot segment behind an escape. */
static bool segment_is_sound(str segment)
{
    if (str_find_byte(segment, '%') == segment.n)
        return !is_dots(segment);
    char plain[TARGET_BYTES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < segment.n;) {
        int c = next_byte(segment, &i);
        if (c < 0x20 || c == 0x7F || c == '/' || c == '\\')
            return false;
        plain[n++] = (char)c;
    }
    return !is_dots((str){plain, n}) && str_is_utf8((str){plain, n});
}

static bool path_is_sound(str path)
{
    if (path.n == 0 || path.p[0] != '/')
        return false;
    str rest = str_slice(path, 1, path.n);
    while (rest.p) {
        str segment = str_cut(&rest, '/');
        if (segment.n == 0 && rest.p) /* "//" */
            return false;
        if (!segment_is_sound(segment))
            return false;
    }
    return true;
}

static bool query_is_sound(str query)
{
    for (size_t i = 0; i < query.n;)
        if (next_byte(query, &i) <= 0)
            return false;
    return true;
}

static err check_target(str target, gate_pass *out)
{
    if (target.n == 0 || target.n > TARGET_BYTES_MAX)
        return ERR_BAD_REQUEST;
    for (size_t i = 0; i < target.n; i++) {
        unsigned char c = (unsigned char)target.p[i];
        if (c <= 0x20 || c >= 0x7F || c == '\\' || c == '#')
            return ERR_BAD_REQUEST;
    }
    out->query = target;
    out->path = str_cut(&out->query, '?');
    return path_is_sound(out->path) && query_is_sound(out->query) ? OK : ERR_BAD_REQUEST;
}

/* RFC 9110, 7.2: a name or address with an optional port. It decides nothing here, but what is odd is refused. */
static bool host_is_sound(str host)
{
    return str_is_plain(host, S("-._:[]~"));
}

static err check_headers(const request_head *head)
{
    size_t bytes = head->target.n;
    for (size_t i = 0; i < head->header_count; i++) {
        const header *h = &head->headers[i];
        bytes += h->name.n + h->value.n + 4;
        if (bytes > HEADER_BYTES_MAX)
            return ERR_HEADERS_TOO_LARGE;
        if (!is_token(h->name) || has_control_byte(h->value))
            return ERR_BAD_REQUEST;
    }
    for (size_t i = 0; i < sizeof once / sizeof once[0]; i++)
        if (head_count(head, once[i]) > 1)
            return ERR_BAD_REQUEST;
    return OK;
}

static err check_framing(const request_head *head, gate_pass *out)
{
    if (head_count(head, S("transfer-encoding")))
        return ERR_LENGTH_REQUIRED;
    str length = head_value(head, S("content-length"));
    if (length.p && !str_to_u64(length, INT64_MAX, &out->length))
        return ERR_BAD_REQUEST;
    bool bodiless =
        str_eq(head->method, S("GET")) || str_eq(head->method, S("HEAD")) || str_eq(head->method, S("OPTIONS"));
    return bodiless && out->length ? ERR_BAD_REQUEST : OK;
}

static err check_host(const request_head *head)
{
    str host = head_value(head, S("host"));
    if (str_eq(head->version, S("HTTP/1.0")))
        return !host.p || host_is_sound(host) ? OK : ERR_BAD_REQUEST;
    return str_eq(head->version, S("HTTP/1.1")) && host_is_sound(host) ? OK : ERR_BAD_REQUEST;
}

err gate_check(const request_head *head, gate_pass *out)
{
    *out = (gate_pass){0};
    if (head->overflow)
        return ERR_HEADERS_TOO_LARGE;
    TRY(check_headers(head));
    TRY(check_framing(head, out));
    TRY(check_host(head));
    if (!is_known_method(head->method))
        return ERR_METHOD_NOT_ALLOWED;
    if (head_value(head, S("upgrade")).p && str_eq_nocase(head_value(head, S("connection")), S("upgrade")))
        return ERR_BAD_REQUEST;
    return check_target(head->target, out);
}
