/*
 * How things look to programs, once for all handlers: from the domain's structs into those of spec/openapi.yaml. What
 * they hold lives where it lived, or in the request's arena.
 */
#ifndef PARVIS_API_VIEW_H
#define PARVIS_API_VIEW_H

#include "domain/invitation/invitation.h"
#include "domain/mail/mail.h"
#include "domain/member/list.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "http/answer.h"
#include "http/app.h"
#include "replies.h"

/* Each gives the schema's struct, whose strings are borrowed from what it was made of, or live in the arena given. */
reply_account view_account(const account_view *a);
reply_organization view_organization(const organization_view *o);
reply_organization_brief view_organization_brief(uuid id, str slug, str name);
/** `logo`: where it is fetched, or STR_NONE. */
reply_settings view_settings(arena *a, const settings *server, const organization_settings *own, str logo);
/** `keys`: the organization's entitlements (actor.entitlement_keys). */
reply_member view_member(arena *a, str keys, const member_view *m);
/** In the organization that the caller has entered. */
reply_invitation view_invitation(const request *r, const invitation_view *i);
/** Every key of the organization. */
reply_flags view_entitlements(arena *a, str keys, int64_t set, str role);
reply_session view_session(uuid id, msec expires_at);
reply_seats view_seats(const seats *s);
/** An account's id, or "operator" for UUID_NONE. */
str view_account_or_operator(arena *a, uuid account_id);
/** One row's refusal in the reader's language, as a whole answer would have it. `p`: what it has to say, or NULL. */
reply_problem view_problem(request *r, err e, const problem *p);

/** Account and session, and the session's cookie. */
err answer_signed_in(request *r, int status, const signed_in *s);
/** A whole page of members. */
err answer_members(request *r, txn *t, const member_filter *f, page *p);
/** A page of mails. */
err answer_mails(request *r, const page *p, const mail_view *list, size_t n);

/** The rest of an organization's route: where {org} and then one id stand in the path. */
static inline uuid path_id(const request *r)
{
    return r->params[1].id;
}

/** What a list was asked for. `Q` has limit, cursor and their has_ twins. */
#define PAGE_OF(q) ((page){.cursor = (q)->cursor, .limit = (q)->has_limit ? (q)->limit : 0, .total = -1})

#endif
