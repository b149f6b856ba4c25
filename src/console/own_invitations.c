/* What waits for somebody who is signed in: on their home page and among what is theirs. */
#include "console/console.h"
#include "domain/invitation/silence.h"
#include "domain/lifecycle/own_invitation.h"

err put_own_invitations(request *r, txn *t, mval *m)
{
    own_invitation *list;
    size_t count;
    TRY(own_invitations(t, &r->actor, &list, &count));
    PUT_BOOL(m, "has_own_invitations", count > 0);
    mval *rows = m_set_list(m, S("own_invitations"));
    for (size_t i = 0; i < count; i++) {
        const own_invitation *v = &list[i];
        mval *o = m_add_object(rows);
        str inviter = phrase_name(r->a, v->inviter_given_name, v->inviter_family_name);
        str id = id_text(r, ID_INVITATION, v->id), expires = until_text(r, v->expires_at, t->now);
        PUT(o, "name", v->organization_name);
        PUT(o, "initial", initials(r, v->organization_name, STR_NONE));
        PUT(o, "text",
            inviter.n ? TEXT(r, "own.by", {S("inviter"), inviter}, {S("date"), expires})
                      : TEXT(r, "own.until", {S("date"), expires}));
        PUT(o, "accept_url", arena_join(r->a, S("/me/invitations/"), id, S("/accept")));
        PUT(o, "decline_url", arena_join(r->a, S("/me/invitations/"), id, S("/decline")));
    }
    return OK;
}

err console_me_invitation_accept_form(request *r, txn *t)
{
    enrolment wish = {0};
    accepted done;
    TRY(own_invitation_key(t, &r->actor, r->params[0].id, &wish.key));
    TRY(invitation_accept(t, &r->actor, &wish, &done));
    return answer_redirect(r, arena_join(r->a, S("/o/"), done.organization_slug));
}

err console_me_invitation_decline_form(request *r, txn *t)
{
    invitation_key key;
    TRY(own_invitation_key(t, &r->actor, r->params[0].id, &key));
    TRY(invitation_decline(t, &r->actor, &key, false));
    return page_redirect(r, S("/me"), NOTICE_INVITATION_DECLINED);
}

/* ---- which one wants no more ---- */

err put_silences(request *r, txn *t, mval *m)
{
    silence_view *list;
    size_t count;
    TRY(silences_own(t, &r->actor, &list, &count));
    PUT_BOOL(m, "has_silences", count > 0);
    mval *rows = m_set_list(m, S("silences"));
    for (size_t i = 0; i < count; i++) {
        mval *o = m_add_object(rows);
        PUT(o, "name", list[i].organization_name);
        PUT(o, "initial", initials(r, list[i].organization_name, STR_NONE));
        PUT(o, "text", TEXT(r, "own.silenced_on", {S("date"), day_text(r, list[i].since, t->now)}));
        PUT(o, "lift_url",
            arena_join(r->a, S("/me/silences/"), id_text(r, ID_ORGANIZATION, list[i].organization_id), S("/lift")));
    }
    return OK;
}

err console_me_silence_lift_form(request *r, txn *t)
{
    TRY(silence_lift(t, &r->actor, r->params[0].id));
    return page_redirect(r, S("/me"), NOTICE_SILENCE_LIFTED);
}
