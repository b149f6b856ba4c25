/* Single words of pasted text: encoded words, percent signs, and what stands around an address. */
#ifndef PARVIS_PORTS_PASTED_WORD_H
#define PARVIS_PORTS_PASTED_WORD_H

#include "ports/address.h"

enum { ENCODED_WORD_MAX = 1000 }; /* bytes; RFC 2047 says 75, and nobody keeps to it */

/**
 * Encoded words (RFC 2047, 2) at the beginning, with the white space between them that counts for nothing: their text
 * as UTF-8 and, returned, their length; 0: none, or one that cannot be read. A character may be cut in two by words of
 * one charset.
 */
size_t encoded_words(arena *a, str text, str *out);
/** Percent signs with two hexadecimal digits decoded (RFC 6068, 2; RFC 3986, 2.1); others stay. */
str percent_decoded(arena *a, str text);
/**
 * A word with an @ as the address that it holds: joiners and variation selectors gone unless they stand between letters
 * of an international domain, full-width letters in ASCII, without the quotes, brackets and full stops around it that
 * cannot be its own. Signs that may begin a local part go only with their like at the end. False: none.
 */
bool word_address(arena *a, str word, address *out);
/** Whether it begins as a bullet or a number of a list might, but may be meant. */
bool address_is_doubtful(const address *address);

#endif
