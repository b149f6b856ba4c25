/* Invitations: pending → accepted, declined, revoked or expired. */
#ifndef PARVIS_DOMAIN_INVITATION_INVITATION_H
#define PARVIS_DOMAIN_INVITATION_INVITATION_H

#include "domain/mail/render.h"
#include "domain/organization/entitlement.h"
#include "domain/shared/page.h"

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
    msec asked_at; /* when a new one was last asked for with it; 0: nobody waits for one */
    int64_t asked_count;
    msec silenced_at;      /* declined so that no other of the organization goes to the address; 0: not, or lifted */
    msec password_used_at; /* its temporary password was used up, and nobody set one of their own since; 0: not */
} invitation_view;

typedef struct invite_row {
    str email, role, locale, message, given_name, family_name; /* all but email and role may be STR_NONE */
    const entitlement_choice *entitlements; /* those not named here are as the organization's defaults say */
    size_t entitlement_count;
    const str *groups; /* TypeIDs */
    size_t group_count;
    msec access_ends_at;    /* 0: never; the invitation expires no later */
    const problem *refused; /* what nobody need judge any more: its result; NULL: nothing */
} invite_row;

typedef struct invite_order {
    const invite_row *rows; /* at most INVITE_ROWS_MAX */
    size_t count;
    msec lifetime; /* 0: the organization's; else as invite_lifetime_read gives it */
    bool deliver;  /* false: no mail, links are copied */
    str method;    /* METHOD_TEMPORARY_PASSWORD for whoever has no account; else, and for all others, links */
    str delivery;  /* of temporary passwords: "send", "show"; STR_NONE: what the organization has set, unless it asks */
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

/** The mail a row of the order would get, with a link and a code, or a temporary password, that lead nowhere. */
err invitation_mail_preview(txn *t, const actor *by, const invite_order *order, const invite_row *row,
                            bool existing_account, mail_parts *out);

typedef struct invitation_filter {
    str state, q; /* STR_NONE: any; q: beginning of the address */
    bool asked;   /* those alone for which a new one is asked */
    uuid batch_id;
} invitation_filter;
/** A page, newest first; in t->a. ERR_INVALID_REQUEST for a cursor of another list. */
err invitation_list(txn *t, uuid organization_id, const invitation_filter *f, page *p, invitation_view **out,
                    size_t *count);
/** One; strings in t->a. ERR_NOT_FOUND, too, for one of another organization. */
err invitation_get(txn *t, uuid organization_id, uuid id, invitation_view *out);

/** Somebody who asks for a new invitation. */
typedef struct asking_view {
    uuid id;
    str email, given_name, family_name; /* names as the inviter wrote them, or STR_NONE */
    msec asked_at;
} asking_view;
/**
 * Who asked within ASKED_SHOWN_FOR and got no other invitation since, the last first: of all for an owner, else of
 * those that the caller invited.
 */
err invitations_asked(txn *t, const actor *by, int64_t most, asking_view **out, size_t *count);

typedef struct batch_view {
    uuid id, created_by_id;
    msec created_at;
    int64_t total, pending, accepted, declined, revoked, expired;
} batch_view;
/** What became of all that were sent together. ERR_NOT_FOUND. */
err batch_get(txn *t, uuid organization_id, uuid id, batch_view *out);

#endif
