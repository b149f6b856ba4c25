/* Cookies that come in (RFC 6265, 4.2.1). */
#ifndef PARVIS_HTTP_COOKIE_H
#define PARVIS_HTTP_COOKIE_H

#include "http/gate.h"

/**
 * The value of a cookie, over all Cookie headers. STR_NONE when it is absent, and when it came twice with different
 * values: somebody else set one of them, and nobody can tell which.
 */
str cookie_find(const request_head *head, str name);
/**
 * The different values of a cookie, at most `most` of them put in `out`; how many there are, and more than `most` when
 * there are more.
 */
size_t cookie_values(const request_head *head, str name, str *out, size_t most);

#endif
