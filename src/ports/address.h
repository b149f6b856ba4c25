/* E-mail addresses: what is one, and its forms. */
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
 * An address or a domain without what came along unseen when it was copied, and without white space of any kind at its
 * ends; what is no line of text as it is. address_parse and address_domain begin so.
 */
str address_clean(arena *a, str text);
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

#endif
