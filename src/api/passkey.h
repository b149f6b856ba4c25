/* What the API answers about passkeys, for the routes of other files too. */
#ifndef PARVIS_API_PASSKEY_H
#define PARVIS_API_PASSKEY_H

#include "api/view.h"
#include "http/passkey_body.h"

/** One of a list: what its holder may know of it, which is all but the key. */
reply_passkey view_passkey(const passkey_view *p);
/** PublicKeyCredentialCreationOptionsJSON. */
err passkey_answer_create(request *r, const passkey_offer *o);

#endif
