/* Composed secrets: the ids that find the row, then 128 random bits whose hash alone is kept. */
#ifndef PARVIS_DOMAIN_SHARED_SECRET_H
#define PARVIS_DOMAIN_SHARED_SECRET_H

#include "ports/token.h"
#include "store/store.h"

/** An opened token: where to look, and what to compare. */
typedef struct secret {
    uuid first,
        second; /* invitation: organization, invitation; key: organization, key; session, account token: id, none */
    str hash;   /* of the random part */
} secret;

/** A new secret for a row: *token is what travels, base64url of ids and 16 random bytes; *hash is what is kept. */
void secret_new(arena *a, uuid first, uuid second, str *token, str *hash);
enum { SECRET_BYTES = 16 };
/** The same of bytes that nobody else can make: always the same secret, for who is to get no second one. */
void secret_of(arena *a, uuid first, uuid second, const uint8_t bytes[static SECRET_BYTES], str *token, str *hash);
/** Whether a token has the shape of one, of one id or of two: not cut short on its way. */
bool secret_is_whole(arena *a, str token);
/** Opens a token of one id (`two` false) or of two; false when its shape is wrong. */
bool secret_open(arena *a, str token, bool two, secret *out);

#endif
