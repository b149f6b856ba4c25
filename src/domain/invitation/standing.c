/* Every change of an invitation begins here, under the same locks in the same order. */
#include "domain/invitation/standing.h"

#include "domain/account/ways_in.h"
#include "queries.h"

/* The account that waits behind its temporary password ends with it: accounts are held before seats. */
static err hold_waiting(txn *t, uuid organization_id, uuid id)
{
    q_temporary_waiting_row row;
    if (!store_is_shared(t->store))
        return OK;
    err e = q_temporary_waiting(t, &row, .organization_id = organization_id, .id = id);
    return e == OK ? ways_hold(t, row.id) : e == ERR_NOT_FOUND ? OK : e;
}

err standing_take_up(txn *t, uuid organization_id, uuid id, standing *s)
{
    s->organization_id = organization_id;
    TRY(hold_waiting(t, organization_id, id));
    TRY(seats_lock(t, organization_id, &s->seats));
    TRY(q_organization_by_id(t, &s->organization, organization_id));
    TRY(q_invitation_for_change(t, &s->inv, .organization_id = organization_id, .id = id));
    s->state = invitation_effective(s->inv.state, s->inv.expires_at, t->now);
    return OK;
}

/* What may become what: the refusal that each state gives. */
static const err refusals[][CHANGE_COUNT] = {
    /*                       resend        revoke                           correct, link             */
    [INVITATION_PENDING] = {OK, OK, OK},
    [INVITATION_EXPIRED] = {OK, OK, ERR_INVITATION_EXPIRED},
    [INVITATION_ACCEPTED] = {ERR_CONFLICT, ERR_INVITATION_ALREADY_ACCEPTED, ERR_INVITATION_ALREADY_ACCEPTED},
    [INVITATION_DECLINED] = {ERR_CONFLICT, ERR_INVITATION_DECLINED, ERR_INVITATION_DECLINED},
    [INVITATION_REVOKED] = {ERR_CONFLICT, ERR_INVITATION_REVOKED, ERR_INVITATION_REVOKED},
};

err standing_may_become(const standing *s, change c)
{
    invitation_state state;
    if (!invitation_state_of(s->state, &state) || state >= sizeof refusals / sizeof *refusals)
        return ERR_INTERNAL;
    return refusals[state][c] == OK && !s->inv.email.n ? ERR_CONFLICT /* erased: there is nobody to send it to */
                                                       : refusals[state][c];
}

invitation_send standing_send(const standing *s, mail_kind kind)
{
    return (invitation_send){.organization_id = s->organization_id,
                             .invitation_id = s->inv.id,
                             .kind = kind,
                             .method = method_text(METHOD_LINK),
                             .email = s->inv.email,
                             .email_key = s->inv.email_key,
                             .locale = s->inv.locale,
                             .organization_locale = s->organization.locale};
}
