/* Who does something. */
#ifndef PARVIS_DOMAIN_SHARED_ACTOR_H
#define PARVIS_DOMAIN_SHARED_ACTOR_H

#include "permission_table.h" /* generated from spec/permissions.yaml */
#include "store/store.h"
#include "words.h" /* generated from spec/words.yaml */

enum { USER_AGENT_MOST = 300 };

/**
 * Filled in two steps: the session or key says who (kind, account, session or key); actor_enter() then reads the
 * membership in one organization, in the transaction that uses it, and fills the rest.
 */
typedef struct actor {
    actor_kind kind;
    uuid account_id;
    uuid session_id;
    str session_hash; /* of its secret, as its row keeps it */
    uuid former_id;   /* the session before, a moment ago: nobody's cookie, or by whose end the caller's own came */
    str former_hash;  /* domain/account/succession.h */
    uuid key_id;      /* of the API key, or the instance key */
    uuid key_organization_id; /* an API key works in this organization alone */
    bool key_limited;         /* an API key that may no more than key_permissions, whatever its member may */
    permission key_permissions;
    msec key_expires_at; /* 0: never */
    msec key_used_at;    /* the day on which the key was last noted as used; 0: never */
    uuid confined_to_id; /* an account with an unproved address works in this organization alone */
    bool address_proved;
    str email, given_name, family_name, locale; /* the account's; operator: empty */
    str own_zone;                               /* the account's; STR_NONE: it has none */
    str zone;                                   /* in which times are told: see actor_tell_in */
    str here_zone; /* in which the browser says it is, of the zones that the system knows; STR_NONE: unknown */

    uuid organization_id; /* the organization that the path names; UUID_NONE outside one */
    uuid membership_id;
    bool is_out;    /* a member there whose access is suspended or over */
    str role;       /* "owner", "administrator", "member"; STR_NONE for the operator */
    msec active_at; /* the day on which the membership was last noted as in use; 0: never */
    permission may;
    str entitlement_keys; /* the organization's, and what of it is on: domain/entitlement.h */
    int64_t entitlements;

    str source;     /* address of the client, for audit and throttling; STR_NONE for the socket */
    str request_id; /* for audit */
    str user_agent; /* text (text_of_bytes), at most USER_AGENT_MOST bytes; STR_NONE: none was sent */
    str page;       /* the key of the page whose form it is (http/idempotency.h); STR_NONE: a program's */
    str browsers;   /* the cookie by which a browser is known that signed in before: domain/browser.h */
    session_stage stage;
    msec session_created_at;
    msec session_seen_at; /* when the session was last noted as used */
    msec session_idle;    /* how long it may rest, by the strictest that is known of it; 0: as long as it lives */
    msec factor_at;       /* when this session showed a second factor; 0: never */
} actor;

static inline bool actor_is_former(const actor *who)
{
    return !uuid_none(who->former_id);
}

/**
 * In which zone times are told: the account's own, else that of what is shown (an organization, the one that invites),
 * else the one that stood, which is the server's at first.
 */
static inline void actor_tell_in(actor *who, str place)
{
    if (who->own_zone.p)
        who->zone = who->own_zone;
    else if (place.p)
        who->zone = place;
}

/* The account's part, which the statements that open a session and a key give under the same names. */
#define ACTOR_FILL_ACCOUNT(who, row)                        \
    do {                                                    \
        (who)->account_id = (row).account_id;               \
        (who)->confined_to_id = (row).confined_to_id;       \
        (who)->address_proved = (row).email_proved_at != 0; \
        (who)->email = (row).email;                         \
        (who)->given_name = (row).given_name;               \
        (who)->family_name = (row).family_name;             \
        (who)->locale = (row).locale;                       \
        (who)->own_zone = (row).time_zone;                  \
    } while (0)

#endif
