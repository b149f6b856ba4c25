/* The hostile forms that webauthn.c reads before libfido2 does: CBOR (RFC 8949) and authenticator data. */
#ifndef PARVIS_PORTS_WEBAUTHN_PARSE_H
#define PARVIS_PORTS_WEBAUTHN_PARSE_H

#include "base/str.h"

/**
 * Cuts one whole item off *rest: definite lengths, no tags, few levels, no length beyond what is there. libfido2's own
 * reader makes room for what an item claims to hold; it only ever sees items that passed here.
 */
bool cbor_item(str *rest, str *item);
/** The three members of an attestation object, `statement` as CBOR. */
bool cbor_attestation(str object, str *format, str *statement, str *authenticator_data);

enum { AUTHENTICATOR_PRESENT = 0x01, AUTHENTICATOR_VERIFIED = 0x04 };
/** Authenticator data, taken apart (section 6.1). */
typedef struct authenticator {
    const unsigned char *rp_id_hash; /* 32 bytes */
    unsigned char flags;
} authenticator;
/** `attested`: with a credential in it; without one otherwise. Every byte must have its place. */
bool authenticator_parse(str data, bool attested, authenticator *out);

#endif
