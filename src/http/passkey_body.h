/* Passkeys as bodies hold them: components/schemas/PasskeyMade and PasskeyShown. */
#ifndef PARVIS_HTTP_PASSKEY_BODY_H
#define PARVIS_HTTP_PASSKEY_BODY_H

#include "domain/account/passkey.h"
#include "http/request.h"

/** Words that browsers have for the ways to an authenticator, of a list of strings; others are left out. */
str passkey_transports(arena *a, const list *transports);
/** `name`, or what a passkey is called that was given none. */
str passkey_name(const request *r, str name);

/** The structs are generated once for each body that holds one; their members have the same names. */
#define PASSKEY_SHOWN(c)                                                     \
    ((passkey_shown){.credential = (c)->id,                                  \
                     .client_data = (c)->response.client_data_json,          \
                     .authenticator_data = (c)->response.authenticator_data, \
                     .signature = (c)->response.signature,                   \
                     .user_handle = (c)->response.user_handle})
#define PASSKEY_MADE(r, c, given_name_or_none)                                          \
    ((passkey_new){.client_data = (c)->response.client_data_json,                       \
                   .attestation_object = (c)->response.attestation_object,              \
                   .name = passkey_name((r), (given_name_or_none)),                     \
                   .transports = passkey_transports((r)->a, &(c)->response.transports), \
                   .discoverable = (c)->client_extension_results.cred_props.rk})

#endif
