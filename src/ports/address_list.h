/* E-mail addresses in the lists that people paste. */
#ifndef PARVIS_PORTS_ADDRESS_LIST_H
#define PARVIS_PORTS_ADDRESS_LIST_H

#include "ports/address.h"

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
