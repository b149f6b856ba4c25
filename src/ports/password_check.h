/* Whether a new password is strong enough: length, and how hard it is to guess for who knows the person. */
#ifndef PARVIS_PORTS_PASSWORD_CHECK_H
#define PARVIS_PORTS_PASSWORD_CHECK_H

#include "ports/password.h"

typedef enum password_verdict {
    PASSWORD_OK,
    PASSWORD_TOO_SHORT, /* under the minimum, in characters */
    PASSWORD_TOO_LONG,  /* over PASSWORD_MAX_LENGTH, or not UTF-8, or with a NUL */
    PASSWORD_COMMON,    /* a word, walk, date or repetition that guessers try first */
    PASSWORD_ABOUT_YOU, /* the person's name, address, or the organization's name, hardly changed */
} password_verdict;

/**
 * Judges a new password. `about` holds what is known of the person: names, address, organization (STR_NONE allowed).
 * No composition rules: length and being hard to guess are all that counts. *score, unless NULL, gets 0 (refused or
 * guessed at once) to 4 (strong), for the meter.
 */
password_verdict password_check(str password, const str *about, size_t about_count, int64_t min_length, int *score);

#endif
