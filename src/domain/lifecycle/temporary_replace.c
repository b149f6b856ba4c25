/* A password of one's own in place of a temporary one: it accepts the invitation, too. */
#include "domain/lifecycle/temporary_replace.h"

#include "domain/account/account.h"
#include "domain/account/temporary_password.h"
#include "domain/account/ways_in.h"
#include "domain/invitation/parts.h"
#include "domain/lifecycle/enrolment.h"
#include "domain/organization/seat.h"
#include "domain/shared/actor.h"
#include "domain/shared/audit.h"
#include "domain/shared/name.h"
#include "domain/shared/session.h"
#include "queries.h"

/*
 * What is replaced, all of it locked: seats, invitation, account, in the order that whoever ends an invitation takes.
 */
typedef struct waiting {
    q_account_by_id_row account;
    q_invitation_for_change_row invitation;
    q_account_password_kept_row credential;
} waiting;

/* The session goes: that it was still there tells that no newer password was issued. */
static err take_up(txn *t, const actor *who, waiting *w)
{
    seats s;
    int64_t alive;
    err e = q_account_by_id(t, &w->account, who->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    uuid organization_id = w->account.confined_to_id;
    if (uuid_none(w->account.temporary_invitation_id))
        return ERR_UNAUTHENTICATED;
    TRY(seats_lock(t, organization_id, &s));
    TRY(q_invitation_for_change(t, &w->invitation, .organization_id = organization_id,
                                .id = w->account.temporary_invitation_id));
    TRY(invitation_state_error(invitation_effective(w->invitation.state, w->invitation.expires_at, t->now)));
    e = q_account_password_kept(t, &w->credential, who->account_id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : e;
    TRY(q_session_delete(t, &alive, .id = who->session_id, .account_id = who->account_id));
    return alive && uuid_eq(w->credential.temporary_invitation_id, w->invitation.id) ? OK : ERR_UNAUTHENTICATED;
}

static err settle_name(txn *t, str pointer, str given, str has, str *out)
{
    *out = has;
    return given.p || !has.n ? name_clean(t->a, t->problem, pointer, given, out) : OK;
}

/* The account becomes the person's own. */
static err make_own(txn *t, const actor *who, const waiting *w, const temporary_replacement *r)
{
    str given, family;
    uuid id = w->account.id;
    TRY(settle_name(t, S("/given_name"), r->given_name, w->account.given_name, &given));
    TRY(settle_name(t, S("/family_name"), r->family_name, w->account.family_name, &family));
    if (temporary_matches(t, w->account.email_key, w->credential.temporary_hash, r->password))
        return problem_at(t->problem, ERR_PASSWORD_TOO_WEAK, r->pointer, S("temporary"), 0);
    TRY(q_account_names_set(t, .given_name = given, .family_name = family,
                            .locale = r->locale.p ? r->locale : w->account.locale,
                            .time_zone = who->here_zone.p ? who->here_zone : w->account.time_zone, .id = id));
    TRY(password_put(t, WAYS_TEMPORARY_REPLACED, id, r->hash));
    return password_delivery_is(w->invitation.password_delivery, PASSWORD_DELIVERY_SEND)
               ? q_account_prove(t, .email_proved_at = t->now, .id = id) /* it travelled by e-mail alone */
               : OK;
}

err temporary_replace(txn *t, const actor *who, const temporary_replacement *r, accepted *out)
{
    waiting w;
    q_organization_by_id_row o;
    *out = (accepted){.new_session = true};
    TRY(take_up(t, who, &w));
    TRY(make_own(t, who, &w, r));
    TRY(q_organization_by_id(t, &o, w.account.confined_to_id));
    out->organization_id = o.id;
    out->organization_slug = o.slug;
    out->entitlement_keys = o.entitlement_keys;
    TRY(invitation_fulfil(t, who, o.id, &w.invitation, who->account_id, &out->membership_id));
    TRY(account_get(t, who->account_id, &out->session.account));
    TRY(session_create(t, who, who->account_id, STAGE_FULL, false, &out->session.session_id, &out->session.token,
                       &out->session.expires_at));
    return audit(t, who, EVENT_PASSWORD_CHANGED, .subject_id = who->account_id);
}
