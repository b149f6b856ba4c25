/*
 * Reads the one form that browsers send, strictly: what a lenient reader would repair is refused, since nobody honest
 * sends it.
 */
#include "http/multipart.h"

#include <stdio.h>

enum { BOUNDARY_MOST = 70, DELIMITER_SIZE = BOUNDARY_MOST + 5 };

/* "boundary=…", quoted or not, and no other parameter. RFC 2046, 5.1.1 without the white space. */
static bool read_boundary(str parameters, str *out)
{
    str name = str_trim(str_cut(&parameters, '='));
    str value = str_trim(parameters);
    if (value.n > 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
        value = str_slice(value, 1, value.n - 1);
    *out = value;
    return str_eq_nocase(name, S("boundary")) && value.n <= BOUNDARY_MOST && str_is_plain(value, S("'()+_,-./:=?"));
}

static size_t find(str s, str needle)
{
    const char *hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

static bool take(str *s, str start)
{
    if (!str_starts(*s, start))
        return false;
    *s = str_slice(*s, start.n, s->n);
    return true;
}

/* name="…"; a filename may follow, in which anything but a quote may stand. */
static bool read_disposition(str value, str *name)
{
    if (!take(&value, S("form-data; name=\"")))
        return false;
    size_t end = str_find_byte(value, '"');
    *name = str_slice(value, 0, end);
    if (end == value.n || !str_is_plain(*name, S("_-")))
        return false;
    value = str_slice(value, end + 1, value.n);
    if (!value.n)
        return true;
    return take(&value, S("; filename=\"")) && value.n && str_find_byte(value, '"') == value.n - 1;
}

/* The lines before a part's content, each ended by CR LF, then an empty one. */
static bool read_head(str *rest, str *name)
{
    bool typed = false;
    *name = STR_NONE;
    while (!take(rest, S("\r\n"))) {
        size_t end = find(*rest, S("\r\n"));
        if (end == rest->n)
            return false;
        str value = str_slice(*rest, 0, end), header = str_cut(&value, ':');
        *rest = str_slice(*rest, end + 2, rest->n);
        if (str_eq_nocase(header, S("content-disposition")) && !name->p) {
            if (!read_disposition(str_trim(value), name))
                return false;
        } else if (str_eq_nocase(header, S("content-type")) && !typed) {
            typed = true;
        } else {
            return false;
        }
    }
    return name->p != NULL;
}

err multipart_read(str parameters, str body, text_pair out[MULTIPART_MOST], size_t *count)
{
    char room[DELIMITER_SIZE];
    str boundary;
    *count = 0;
    if (!read_boundary(parameters, &boundary))
        return ERR_BAD_REQUEST;
    snprintf(room, sizeof room, "\r\n--%.*s", STR_FMT(boundary));
    str delimiter = str_of(room), rest = body;
    if (!take(&rest, str_slice(delimiter, 2, delimiter.n)))
        return ERR_BAD_REQUEST;
    while (take(&rest, S("\r\n"))) {
        text_pair *part = &out[*count];
        if (*count == MULTIPART_MOST || !read_head(&rest, &part->name))
            return ERR_BAD_REQUEST;
        size_t end = find(rest, delimiter);
        if (end == rest.n)
            return ERR_BAD_REQUEST;
        part->value = str_slice(rest, 0, end);
        rest = str_slice(rest, end + delimiter.n, rest.n);
        (*count)++;
    }
    bool ended = take(&rest, S("--")) && (!rest.n || str_eq(rest, S("\r\n")));
    return ended ? OK : ERR_BAD_REQUEST;
}
