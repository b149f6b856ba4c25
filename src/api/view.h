/* How things look as JSON, once for all handlers. */
#ifndef PARVIS_API_VIEW_H
#define PARVIS_API_VIEW_H

#include "domain/invitation/invitation.h"
#include "domain/mail/mail.h"
#include "domain/member/list.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "http/answer.h"
#include "http/app.h"

void view_account(json_writer *w, str key, const account_view *a);
void view_organization(json_writer *w, str key, const organization_view *o);
/** `logo`: where it is fetched, or STR_NONE. */
void view_settings(json_writer *w, const settings *server, const organization_settings *own, str logo);
/** `keys`: the organization's entitlements (actor.entitlement_keys). */
void view_member(json_writer *w, str key, str keys, const member_view *m);
/** In the organization that the caller has entered. */
void view_invitation(const request *r, json_writer *w, str key, const invitation_view *i);
/** The same without its end, for what else belongs into the object. */
void view_invitation_open(const request *r, json_writer *w, str key, const invitation_view *i);
/** `"entitlements":{"key":true,…}`, every key of the organization. */
void view_entitlements(json_writer *w, str keys, int64_t set, str role);
void view_mail(json_writer *w, const mail_view *m);
/** Account and session, and the session's cookie. */
void answer_signed_in(request *r, int status, const signed_in *s);
void view_session(json_writer *w, str key, uuid id, msec expires_at);
/** `after`: how many would be taken once what is asked for is done; NULL leaves it out. */
void view_seats(json_writer *w, str key, const seats *s, const int64_t *after);
/** `{"items":[` … and `],"next_cursor":…,"total":…}`. */
json_writer view_list_open(request *r);
/** A whole page of members. */
MUST err view_members(request *r, txn *t, const member_filter *f, page *p);
void view_list_close(json_writer *w, const page *p);
/** One row's refusal: `"problem":{…}` in the reader's language, as a whole answer would have it. */
void view_problem(request *r, json_writer *w, str key, err e, const problem *p);

/** The rest of an organization's route: where {org} and then one id stand in the path. */
static inline uuid path_id(const request *r)
{
    return r->params[1].id;
}

/** What a list was asked for. `Q` has limit, cursor and their has_ twins. */
#define PAGE_OF(q) ((page){.cursor = (q)->cursor, .limit = (q)->has_limit ? (q)->limit : 0, .total = -1})

#endif
