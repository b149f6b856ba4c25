/* E-mail addresses: one, and the lists that people paste. */
#ifndef PARVIS_PORTS_ADDRESS_H
#define PARVIS_PORTS_ADDRESS_H

#include "base/arena.h"
#include "base/err.h"

enum { ADDRESS_MAX = 254, ADDRESS_NAME_MAX = 100 };

typedef struct address {
    str typed; /* as typed, trimmed, without "mailto:": what is shown and where mail goes */
    str key;   /* what addresses are compared by: local part in ASCII small letters, domain as A-labels */
} address;

/**
 * Reads one bare address: dot-atom local part (RFC 5322, 3.2.3; at most 64 octets), domain by IDNA 2008 with UTS 46
 * (non-transitional, STD3), at least two labels or `localhost`; at most 254 octets as typed and as key.
 * False: non-ASCII or quoted local part, address literal, control character, anything else that is not an address.
 */
bool address_parse(arena *a, str text, address *out);
/** A domain alone, as address_parse keeps it: A-labels in small letters. STR_NONE when it is none. */
str address_domain(arena *a, str text);
/** The address with its domain in A-labels, for the wire: local part as typed. STR_NONE when it is not an address. */
str address_wire(arena *a, str typed);

typedef struct address_entry {
    str raw;                     /* what was pasted, trimmed: shown when it is no address */
    address address;             /* key.p == NULL: not an address */
    str given_name, family_name; /* when they came with it, cleaned of control characters; else STR_NONE */
} address_entry;

/**
 * Splits pasted text: comma, semicolon, tab, new line, or spaces between bare addresses; `Given Family <a@b>`,
 * `"Family, Given" <a@b>`, `Family, Given <a@b>`, `a@b (Given Family)`, `mailto:`, and spreadsheet columns (names
 * beside the address, tab between). Order and repetitions are kept. Linear in the length of the text. Errors:
 * ERR_PAYLOAD_TOO_LARGE when there are more than `max` entries; ERR_INVALID_REQUEST when it is not UTF-8.
 */
err address_list_parse(arena *a, str text, size_t max, address_entry **out, size_t *count);

#endif
