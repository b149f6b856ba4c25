/*
 * Passkeys: what a browser and its authenticator send, checked as Web Authentication Level 3 (W3C) asks of a relying
 * party, sections 7.1 and 7.2. Signatures by libfido2. Everything that comes in here is hostile until it is checked.
 */
#ifndef PARVIS_PORTS_WEBAUTHN_H
#define PARVIS_PORTS_WEBAUTHN_H

#include "base/arena.h"

enum {
    WEBAUTHN_CLIENT_DATA_MAX = 2048,
    WEBAUTHN_ATTESTATION_MAX = 8192, /* with a chain of certificates, which nobody asks for */
    WEBAUTHN_AUTHENTICATOR_DATA_MAX = 2048,
    WEBAUTHN_SIGNATURE_MAX = 1024,
    WEBAUTHN_ID_MAX = 1023,        /* of a credential id (section 4) */
    WEBAUTHN_PUBLIC_KEY_MAX = 259, /* RS256: modulus and exponent as libfido2 keeps them */
    WEBAUTHN_AAGUID_SIZE = 16,
};

/** COSE's numbers (RFC 9053, RFC 8812), in the order in which they are offered. */
extern const int webauthn_algorithms[3];

/** Where passkeys of this server belong. */
typedef struct webauthn_site {
    str rp_id;  /* the host of public_url */
    str origin; /* as browsers write it */
} webauthn_site;

/**
 * The site of a public_url; false where browsers offer no passkeys: an address instead of a name, or http:// on any
 * host but localhost (secure contexts).
 */
bool webauthn_site_of(arena *a, str public_url, webauthn_site *out);

typedef enum webauthn_verdict {
    WEBAUTHN_OK,
    WEBAUTHN_MALFORMED,
    WEBAUTHN_WRONG_CEREMONY, /* a registration where a sign-in belongs, or the reverse */
    WEBAUTHN_WRONG_ORIGIN,
    WEBAUTHN_FRAMED, /* from a frame inside another site's page */
    WEBAUTHN_WRONG_SITE,
    WEBAUTHN_ABSENT,     /* nobody touched the authenticator */
    WEBAUTHN_UNVERIFIED, /* it did not ask for PIN, finger or face */
    WEBAUTHN_WRONG_ALGORITHM,
    WEBAUTHN_WRONG_SIGNATURE,
    WEBAUTHN_VERDICTS
} webauthn_verdict;
/** One word for the record: "wrong-origin". */
str webauthn_word(webauthn_verdict v);

typedef enum webauthn_ceremony { WEBAUTHN_CREATE, WEBAUTHN_GET } webauthn_ceremony;
/**
 * Reads clientDataJSON strictly (section 5.8.1): type, origin, no frame of another site; *challenge is the bytes it
 * answers, in the arena, still to be judged. Members it does not know are passed over, as the standard wants.
 */
webauthn_verdict webauthn_client_data(arena *a, const webauthn_site *site, webauthn_ceremony ceremony, str json,
                                      str *challenge);

/** A new credential. Bytes live in the arena. */
typedef struct webauthn_credential {
    str id;
    int algorithm;
    str public_key; /* in libfido2's form */
    uint32_t sign_count;
    str aaguid; /* WEBAUTHN_AAGUID_SIZE bytes, zeros where the browser hides it */
    bool verified;
} webauthn_credential;
/**
 * Checks an attestation object (section 6.5): ours, touched, verified where `verified` asks it, one of our algorithms.
 * Attestation "none", and "packed" whose signature is right; nothing is concluded from who made the authenticator.
 */
webauthn_verdict webauthn_register(arena *a, const webauthn_site *site, str client_data, str attestation_object,
                                   bool verified, webauthn_credential *out);

/** What an authenticator signed: by whom and how it was asked for comes from the row of the credential. */
typedef struct webauthn_assertion {
    str client_data, authenticator_data, signature;
    int algorithm;
    str public_key;
} webauthn_assertion;
typedef struct webauthn_seen {
    uint32_t sign_count;
    bool verified;
} webauthn_seen;
/** Checks an assertion's authenticator data and signature. */
webauthn_verdict webauthn_assert(const webauthn_site *site, const webauthn_assertion *in, bool verified,
                                 webauthn_seen *out);

#endif
