/* From bytes to a checked struct, by the generated tables: JSON bodies, forms, query strings. */
#ifndef PARVIS_HTTP_SCHEMA_H
#define PARVIS_HTTP_SCHEMA_H

#include "http/request.h"

enum {
    JSON_DEPTH_MAX = 16,
    JSON_VALUES_MAX = 4096, /* in a body of up to 64 KB; */
    JSON_VALUE_BYTES = 16,  /* in a longer one a value takes that many bytes, on average, or more */
    FORM_PAIRS_MAX = 2000
};

/**
 * Once, before threads: gives the JSON reader its hash seed, and memory that is wiped when freed (it holds passwords).
 */
void schema_setup(void);

/**
 * Fills a new struct in the arena (*out) from the text, or notes up to PROBLEM_FIELDS_MAX refused fields, each with its
 * pointer (RFC 6901). Text that holds control characters or bidirectional overrides is refused everywhere.
 * Errors: ERR_INVALID_REQUEST; ERR_MALFORMED_JSON (RFC 8259, repeated names, more than JSON_DEPTH_MAX levels, more
 * values than JSON_VALUES_MAX); ERR_BAD_REQUEST for a form or query with unsound escapes or too many pairs.
 */
err schema_from_json(const schema *s, arena *a, problem *p, str text, void **out);
/**
 * application/x-www-form-urlencoded, as people fill it in. Repeated names fill arrays; "on" and "true" are true, an
 * absent box is false. What came along unseen is dropped before anything is checked, each field by its kind. *typed is
 * what was sent. With ERR_INVALID_REQUEST, too, *out is filled, but for the fields that were refused.
 */
err schema_from_form(const schema *s, arena *a, problem *p, str text, typed_form *typed, void **out);
/**
 * multipart/form-data with `parameters` (its boundary): fields of bytes take what a file holds, the others are as in a
 * form.
 */
err schema_from_multipart(const schema *s, arena *a, problem *p, str parameters, str body, void **out);
/** A body that is a file itself. */
err schema_from_bytes(const schema *s, arena *a, problem *p, str bytes, void **out);
/**
 * A query string. A program's (`typed` NULL) is refused for a name that is unknown; a page's is read as a form is, and
 * what is unknown passed over. `lang` always passes.
 */
err schema_from_query(const schema *s, arena *a, problem *p, str text, typed_form *typed, void **out);

/**
 * Which fields a filled struct was given, at most `most`, for what goes by names: numbers in digits, "true" and
 * "false", arrays of texts with a space between. `empty_is_none`: a form's way to say null.
 */
size_t schema_given(const schema *s, arena *a, const void *object, bool empty_is_none, text_pair *out, size_t most);

/** The first value of a name in urlencoded text, decoded; STR_NONE when absent or unsound. */
str form_value(arena *a, str text, str name);

#endif
