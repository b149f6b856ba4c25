/* Errors are values. The codes come from spec/problems.yaml; what a person reads about them is in the catalogues. */
#ifndef PARVIS_BASE_ERR_H
#define PARVIS_BASE_ERR_H

#include "base/str.h"
#include "problem_codes.h" /* generated: enum [[nodiscard]] err { OK = 0, … ERR_INTERNAL, ERR_COUNT } */

/**
 * Every function that can fail returns `err`, and the type itself is [[nodiscard]]: a dropped one compiles nowhere, nor
 * does one of a static function or of a call through a pointer. What is dropped on purpose says so, and why:
 * (void)!f().
 */

/** Returns from the caller on the first error. */
#define TRY(expression)             \
    do {                            \
        err try_err = (expression); \
        if (try_err != OK)          \
            return try_err;         \
    } while (0)

/** What the table says about a code. */
typedef struct err_info {
    str code;   /* "seat-limit-reached" */
    int status; /* HTTP */
} err_info;
/** Static; what is no code counts as ERR_INTERNAL. */
const err_info *err_about(err e);

enum { PROBLEM_FIELDS_MAX = 16, PROBLEM_ARGS_MAX = 4 };

/** One field that was refused. `detail` is a key of the catalogue ("field.too-short") with its own arguments. */
typedef struct problem_field {
    str pointer;   /* RFC 6901, "/invitations/3/email" */
    str code;      /* "too-short" */
    int64_t limit; /* the number the message mentions, when it mentions one */
    str allowed;   /* what would have been taken, when the message says it; else STR_NONE */
    bool is_span;  /* that is the bounds of a duration, and not words */
} problem_field;

/**
 * What goes with an error to the person who reads it; it travels in the request (and the write transaction).
 * Strings are borrowed from the request's arena or static.
 */
typedef struct problem {
    problem_field fields[PROBLEM_FIELDS_MAX];
    size_t field_count;
    struct {
        const char *name; /* placeholder in problem.CODE.detail, e.g. "limit" */
        str value;
    } args[PROBLEM_ARGS_MAX];
    size_t arg_count;
    int64_t retry_after; /* seconds, for rate-limited and unavailable; 0: none */
    bool uncertain;      /* unavailable: it may have been done all the same */
} problem;

/** Notes a refused field and returns ERR_INVALID_REQUEST (or `as`), so that rules can write `return problem_at(…)`. */
err problem_at(problem *p, err as, str pointer, str code, int64_t limit);
/** The same of a value that is "not-allowed" where these are: "en, fr", or, of a duration, its bounds ("1h–90d"). */
err problem_among(problem *p, err as, str pointer, str allowed, bool is_span);
/** Notes a value for the message. */
void problem_arg(problem *p, const char *name, str value);

#endif
