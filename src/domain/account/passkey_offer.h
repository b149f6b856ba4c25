/* What browsers are asked for: challenges, and what passkeys there are. Making and using them: passkey.h. */
#ifndef PARVIS_DOMAIN_ACCOUNT_PASSKEY_OFFER_H
#define PARVIS_DOMAIN_ACCOUNT_PASSKEY_OFFER_H

#include "domain/account/credential.h"
#include "domain/shared/env.h"
#include "ports/webauthn.h"

/** What a challenge is for; it serves nothing else. */
typedef enum passkey_use {
    PASSKEY_ADD = 1, /* to one's own account */
    PASSKEY_ENROL,   /* in place of a password */
    PASSKEY_SIGN_IN, /* alone */
    PASSKEY_PROVE,   /* beside a password, or once more before something grave */
} passkey_use;

typedef struct passkey_view {
    uuid id;
    str credential; /* base64url */
    str name, transports;
    bool discoverable;
    msec created_at, last_used_at; /* 0: never */
} passkey_view;

/** What a browser is asked to make or to use (WebAuthn, 5.4 and 5.5). Binary members are base64url. */
typedef struct passkey_offer {
    webauthn_site site;
    str challenge;
    str user_handle, user_name, user_display_name; /* to make one */
    bool discoverable, verified;                   /* required; otherwise preferred */
    passkey_view *known;                           /* not to be made again; or the ones that will do */
    size_t known_count;
} passkey_offer;

/** Whether browsers offer passkeys at this server's public_url. */
bool passkey_possible(const struct env *env, arena *a);

/*
 * A challenge is an id and its keyed digest: asking for one writes nothing. It is good for PASSKEY_TIMEOUT, and once.
 */

/** ERR_PASSKEYS_UNAVAILABLE; ERR_PASSKEY_LIMIT_REACHED. */
err passkey_offer_add(txn *t, const actor *by, passkey_offer *out);
/** For the person an invitation is for. `account_id`: the unproved account that gives way to them, or UUID_NONE. */
err passkey_offer_enrol(txn *t, uuid invitation_id, uuid account_id, str email, str name, passkey_offer *out);
err passkey_offer_sign_in(txn *t, passkey_offer *out);
/** Among the account's own. ERR_NOT_FOUND when it has none. */
err passkey_offer_prove(txn *t, uuid account_id, passkey_offer *out);

/** The id of a challenge that this server made for this use, account or invitation; false for any other bytes. */
bool challenge_open(const struct env *env, arena *a, passkey_use use, uuid bound, uuid account_id, str bytes, uuid *id);
/** Uses it up: *fresh is false when it is too old or was used before. */
err challenge_spend(txn *t, uuid id, bool *fresh);

#endif
