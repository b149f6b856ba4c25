/* Invitations: pending → accepted, declined, revoked or expired. */
#ifndef PARVIS_DOMAIN_INVITATION_H
#define PARVIS_DOMAIN_INVITATION_H

#include "domain/entitlement.h"
#include "domain/mail_render.h"
#include "domain/organization.h"
#include "domain/page.h"

enum { INVITE_ROWS_MAX = 1000, INVITE_MESSAGE_MAX = 1000 };

typedef struct invitation_view {
    uuid id, batch_id;
    str email, role;
    str method;            /* "link", "temporary_password" */
    str password_delivery; /* of a temporary password: "send", "show"; else STR_NONE */
    str state;             /* as of now: "expired" as soon as the time has passed */
    str locale, message, given_name, family_name;
    int64_t entitlements;                        /* domain/entitlement.h */
    str group_ids;                               /* domain/group.h */
    msec access_ends_at;                         /* 0: never */
    uuid invited_by_id;                          /* an account; UUID_NONE: the operator */
    str inviter_given_name, inviter_family_name; /* STR_NONE for the operator */
    msec created_at, expires_at, last_sent_at;
    int64_t sent_count;
    str delivery_state, delivery_reply; /* "none" when no mail was made */
    msec delivery_at;
    uuid accepted_by_id;
    msec accepted_at;
} invitation_view;

typedef struct invite_row {
    str email, role, locale, message, given_name, family_name; /* all but email and role may be STR_NONE */
    const entitlement_choice *entitlements; /* those not named here are as the organization's defaults say */
    size_t entitlement_count;
    const str *groups; /* TypeIDs */
    size_t group_count;
    msec access_ends_at; /* 0: never; the invitation expires no later */
} invite_row;

typedef struct invite_order {
    const invite_row *rows; /* at most INVITE_ROWS_MAX */
    size_t count;
    msec lifetime; /* 0: the organization's; 1 h to 90 d, of temporary passwords 30 d */
    bool deliver;  /* false: no mail, links are copied */
    str method;    /* METHOD_TEMPORARY for whoever has no account; else, and for all others, links */
    str delivery; /* of temporary passwords: "send", "show"; STR_NONE: what the organization has set, if it does not ask */
} invite_order;

typedef struct invite_result {
    str email;
    err outcome;            /* OK: invited (preview: would be) */
    bool existing_account;  /* preview: and may be told */
    problem *problem;       /* for outcome != OK; otherwise NULL */
    str method;             /* for OK: how this one gets in, "link" or "temporary_password"; made or previewed */
    invitation_view *made;  /* the new invitation; NULL for outcome != OK and for a preview */
    str temporary_password; /* where it is shown, and only here; else STR_NONE. It is good as long as `made` */
    uuid standing_id;       /* for ERR_ALREADY_INVITED: the invitation that stands */
    uuid membership_id;     /* for ERR_ALREADY_MEMBER */
    str role;               /* theirs, for ERR_ALREADY_MEMBER */
} invite_result;

/**
 * What sending would do, row by row, in the order given. Changes nothing but the counter of addresses looked at. Where it may not
 * be told that an address has an account (domain/disclosure.h), it reads as one of a new person, here and in all that follows.
 * `guarded`: past addresses_per_hour ERR_RATE_LIMITED (API); otherwise rows past it are not told (console).
 */
MUST err invitations_preview(txn *t, const actor *by, const invite_order *order, bool guarded, invite_result *results,
                             seats *seats);
/** The mail a row of the order would get, with a link and a code, or a temporary password, that lead nowhere. */
MUST err invitation_mail_preview(txn *t, const actor *by, const invite_order *order, const invite_row *row,
                                 bool existing_account, mail_parts *out);
/**
 * Invites: all rows in this one transaction, each its own result. ERR_RATE_LIMITED when none fits the hour: then no address was
 * looked at;
 * ERR_INVALID_REQUEST at /delivery, /deliver or /expires_in for what the organization's terms do not allow.
 */
MUST err invitations_create(txn *t, const actor *by, const invite_order *order, invite_result *results, uuid *batch_id);

typedef struct invitation_filter {
    str state, q; /* STR_NONE: any; q: beginning of the address */
    uuid batch_id;
} invitation_filter;
MUST err invitation_list(txn *t, uuid organization_id, const invitation_filter *f, page *p, invitation_view **out,
                         size_t *count);
MUST err invitation_get(txn *t, uuid organization_id, uuid id, invitation_view *out);

typedef struct batch_view {
    uuid id, created_by_id;
    msec created_at;
    int64_t total, pending, accepted, declined, revoked, expired;
} batch_view;
MUST err batch_get(txn *t, uuid organization_id, uuid id, batch_view *out);

/**
 * A new mail, a new secret; the old links die and say so; the lifetime starts again. ERR_CONFLICT unless pending or expired.
 * Where a temporary password was issued, a new one is, handed over as before as far as the organization's terms allow, and
 * *shown gets it when that is by showing; `shown` NULL: ERR_CONFLICT then. Whoever has an account by now gets a link.
 */
MUST err invitation_resend(txn *t, const actor *by, uuid id, str *shown);
/**
 * The same, for temporary passwords alone (else ERR_CONFLICT), handed over by `delivery` (STR_NONE: as before);
 * ERR_INVALID_REQUEST at /delivery when the organization's terms do not allow that. ERR_CONFLICT, too, when the address has an
 * account by now and that may be told: nothing is done then but a note, so commit t (answer_problem).
 */
MUST err invitation_new_password(txn *t, const actor *by, uuid id, str delivery, str *shown);
/**
 * Resends to all of a batch who have not answered; *resent of *asked (limits may stop some). Temporary passwords that would
 * have to be shown are left as they are: they are renewed one by one.
 */
MUST err batch_resend(txn *t, const actor *by, uuid batch_id, int64_t *resent, int64_t *asked);
/** From commit on its links are dead, its seat is free, and a mail still waiting is not sent. */
MUST err invitation_revoke(txn *t, const actor *by, uuid id);
/**
 * Revoke and invite in one step; *new_id is the invitation at the right address, *shown its temporary password when that is
 * shown. ERR_ACCOUNT_ALREADY_ACTIVE does nothing but note that it was told: commit t (answer_problem).
 */
MUST err invitation_correct(txn *t, const actor *by, uuid id, str email, uuid *new_id, str *shown);

typedef struct invitation_link_view {
    str email, url, code; /* code as shown, in two fives */
} invitation_link_view;
/** A link beside the mailed one, to hand over; an earlier copied link dies. Shown once. */
MUST err invitation_link_make(txn *t, const actor *by, uuid id, invitation_link_view *out);
/** Links for all of a batch who have not answered. */
MUST err batch_links(txn *t, const actor *by, uuid batch_id, invitation_link_view **out, size_t *count);

/** The links as CSV (RFC 4180): address, link, code; cells that a spreadsheet would take for a formula begin with a quote. */
str links_csv(arena *a, const invitation_link_view *links, size_t count);

/** Sends the reminders that are due, at most `limit`; *count is how many. For the worker. */
MUST err invitations_remind(txn *t, int64_t limit, int64_t *count);
/** Revokes (or hands to `heir`) what an account had sent and is still pending. */
MUST err invitations_of_inviter(txn *t, const actor *by, uuid inviter_account_id, bool take_over);

#endif
