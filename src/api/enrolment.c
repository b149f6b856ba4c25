/* The invited person's side. */
#include "api/passkey.h"
#include "api/view.h"
#include "bodies.h"
#include "domain/invitation/parts.h"
#include "domain/invitation/silence.h"
#include "domain/lifecycle/enrolment.h"
#include "domain/lifecycle/own_invitation.h"
#include "domain/shared/phrase.h"
#include "routes.h"

err api_lookup_invitation(request *r, txn *t)
{
    const body_lookup_invitation *b = r->body;
    const invitation_key key = {.token = b->token, .email = b->email, .code = b->code};
    invitation_door d;
    TRY(invitation_lookup(t, &r->actor, &key, &d));
    return REPLY(r, 200, invitation_door, .organization = {.name = d.organization_name},
                 .has_inviter = d.inviter_given_name.p != NULL,
                 .inviter = {.given_name = d.inviter_given_name, .family_name = d.inviter_family_name},
                 .email = d.email, .role = d.role, .state = d.state, .expires_at = d.expires_at, .next = d.next,
                 .has_ask_whom = d.has_whom,
                 .ask_whom = {.given_name = d.whom_given_name, .family_name = d.whom_family_name},
                 .asked_at = d.asked_at, .may_ask = d.may_ask);
}

typedef struct entry {
    enrolment wish;
    invitation_door door;
    password_terms terms;
} entry;

/*
 * A wrong secret, a dead one and somebody who has an account cost no hash; a wrong code that was typed is noted in the
 * write.
 */
err api_accept_invitation_admit(request *r, txn *t)
{
    const body_accept_invitation *b = r->body;
    entry *e = r->scratch = arena_new_of(r->a, entry);
    e->wish = (enrolment){.key = {b->token, b->email, b->code},
                          .given_name = b->given_name,
                          .family_name = b->family_name,
                          .locale = b->locale};
    err found = invitation_lookup(t, &r->actor, &e->wish.key, &e->door);
    if (found == OK)
        found = enrolment_admit(t, &r->actor, &e->door, &e->terms);
    bool works = str_eq(e->door.next, S("enrol")) || e->terms.is_again;
    r->no_work = (found == ERR_INVITATION_INVALID && !b->token.p) ||
                 (found == OK && (!works || (!b->has_password && !b->has_passkey)));
    if (r->no_work)
        return OK;
    TRY(found);
    if (e->terms.is_again)
        return OK;
    str clean; /* what costs nothing comes before what does */
    TRY(name_clean(r->a, &r->problem, S("/given_name"), b->given_name, &clean));
    return name_clean(r->a, &r->problem, S("/family_name"), b->family_name, &clean);
}

err api_accept_invitation_prepare(request *r)
{
    const body_accept_invitation *b = r->body;
    entry *e = r->scratch;
    const invitation_door *d = &e->door;
    if (b->has_passkey) {
        passkey_new *made = arena_new_of(r->a, passkey_new);
        *made = PASSKEY_MADE(r, &b->passkey, STR_NONE);
        passkey_examine(&r->app->env, r->a, PASSKEY_ENROL, d->invitation_id, d->account_id, made);
        e->wish.passkey = made;
    }
    if (!b->has_password)
        return OK;
    const str about[] = {d->email, b->given_name, b->family_name, d->organization_name};
    return password_prepare(&e->terms, r->a, &r->problem, S("/password"), b->password, about, 4,
                            &e->wish.password_hash);
}

err api_accept_invitation(request *r, txn *t)
{
    accepted a;
    member_view m;
    TRY(invitation_accept(t, &r->actor, &((const entry *)r->scratch)->wish, &a));
    if (a.by_mail)
        return REPLY(r, 202, accepted_by_mail, 0);
    if (a.session.stage == STAGE_FACTOR) /* of a repeat: there is a second factor by now */
        return ERR_SECOND_FACTOR_REQUIRED;
    TRY(member_get(t, a.organization_id, a.membership_id, &m));
    if (a.new_session)
        answer_session(r, &a.session);
    return REPLY(r, 201, accepted, .member = view_member(r->a, a.entitlement_keys, &m),
                 .session = view_session(a.session.session_id, a.session.expires_at));
}

err api_enrol_passkey_options(request *r, txn *t)
{
    const body_enrol_passkey_options *b = r->body;
    const invitation_key key = {.token = b->token, .email = b->email, .code = b->code};
    invitation_door d;
    passkey_offer o;
    TRY(invitation_lookup(t, &r->actor, &key, &d));
    TRY(invitation_state_error(d.state));
    if (!str_eq(d.next, S("enrol")))
        return ERR_CONFLICT;
    str name = phrase_name(r->a, b->given_name, b->family_name);
    TRY(passkey_offer_enrol(t, d.invitation_id, d.account_id, d.email, str_empty(name) ? d.email : name, &o));
    return passkey_answer_create(r, &o);
}

err api_decline_invitation(request *r, txn *t)
{
    const body_decline_invitation *b = r->body;
    const invitation_key key = {.token = b->token, .email = b->email, .code = b->code};
    TRY(invitation_decline(t, &r->actor, &key, b->silence));
    return answer_empty(r, 204);
}

err api_mail_invitation_again(request *r, txn *t)
{
    const body_mail_invitation_again *b = r->body;
    TRY(way_in_request(t, &r->actor, ADDRESS_REQUEST_INVITATION, b->email, STR_NONE));
    return answer_empty(r, 202);
}

err api_ask_again(request *r, txn *t)
{
    const body_ask_again *b = r->body;
    const invitation_key key = {.token = b->token};
    TRY(invitation_ask_again(t, &r->actor, &key));
    return answer_empty(r, 202);
}

/* ---- from one's own account ---- */

err api_list_my_invitations(request *r, txn *t)
{
    own_invitation *list;
    size_t n;
    TRY(own_invitations(t, &r->actor, &list, &n));
    reply_own_invitation *items = arena_array_of(r->a, reply_own_invitation, n);
    for (size_t i = 0; i < n; i++) {
        const own_invitation *v = &list[i];
        items[i] = (reply_own_invitation){
            .id = v->id,
            .organization = {.name = v->organization_name},
            .has_inviter = v->inviter_given_name.p != NULL,
            .inviter = {.given_name = v->inviter_given_name, .family_name = v->inviter_family_name},
            .role = v->role,
            .created_at = v->created_at,
            .expires_at = v->expires_at};
    }
    return REPLY(r, 200, own_invitation_list, .items = {items, n});
}

err api_accept_my_invitation(request *r, txn *t)
{
    enrolment wish = {0};
    accepted a;
    member_view m;
    TRY(own_invitation_key(t, &r->actor, r->params[0].id, &wish.key));
    TRY(invitation_accept(t, &r->actor, &wish, &a));
    TRY(member_get(t, a.organization_id, a.membership_id, &m));
    reply_member shown = view_member(r->a, a.entitlement_keys, &m);
    return REPLY_OF(r, 201, member, &shown);
}

err api_decline_my_invitation(request *r, txn *t)
{
    invitation_key key;
    TRY(own_invitation_key(t, &r->actor, r->params[0].id, &key));
    TRY(invitation_decline(t, &r->actor, &key, false));
    return answer_empty(r, 204);
}

err api_list_my_silences(request *r, txn *t)
{
    silence_view *list;
    size_t n;
    TRY(silences_own(t, &r->actor, &list, &n));
    reply_silence_list_items *items = arena_array_of(r->a, reply_silence_list_items, n);
    for (size_t i = 0; i < n; i++) {
        const silence_view *v = &list[i];
        items[i] = (reply_silence_list_items){
            .organization = view_organization_brief(v->organization_id, v->organization_slug, v->organization_name),
            .since = v->since};
    }
    return REPLY(r, 200, silence_list, .items = {items, n});
}

err api_lift_my_silence(request *r, txn *t)
{
    TRY(silence_lift(t, &r->actor, r->params[0].id));
    return answer_empty(r, 204);
}
