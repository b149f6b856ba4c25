/* Nothing ends by it: expiry, seat and count stay as they are. */
#include "domain/invitation/remind.h"

#include "domain/invitation/standing.h"
#include "domain/mail/mail.h"
#include "domain/shared/address_request.h"
#include "domain/shared/audit.h"
#include "queries.h"

#include <string.h>

/*
 * A new link by mail; the earlier ones go on working, and so does a temporary password, which nobody can say again: the
 * link leads to a password of one's own without it.
 */
static err mail_again(txn *t, standing *s, mail_kind kind, msec next)
{
    invitation_send send = standing_send(s, kind);
    if (s->inv.secret_hash.p)
        TRY(q_invitation_old_secret_insert(t, .organization_id = s->organization_id, .invitation_id = s->inv.id,
                                           .secret_hash = s->inv.secret_hash, .is_live = true));
    TRY(mail_withdraw(t, s->inv.mail_id));
    TRY(invitation_find_account(t, &send));
    TRY(invitation_mail(t, &send));
    return q_invitation_remind(t, .secret_hash = send.secret_hash, .code_hash = send.code_hash,
                               .code_expires_at = send.code_expires_at, .last_sent_at = t->now, .mail_id = send.mail_id,
                               .remind_at = next, .organization_id = s->organization_id, .id = s->inv.id);
}

static err remind(txn *t, const actor *by, standing *s)
{
    const q_organization_by_id_row *o = &s->organization;
    if (!invitation_state_is(s->state, INVITATION_PENDING) || !o->reminder_after || s->inv.reminded >= o->reminder_max)
        return q_invitation_remind_at_set(t, .remind_at = 0, .organization_id = s->organization_id, .id = s->inv.id);
    TRY(mail_again(
        t, s, MAIL_REMINDER,
        invitation_next_reminder(t->now, o->reminder_after, o->reminder_max, s->inv.reminded + 1, s->inv.expires_at)));
    return audit(t, by, EVENT_INVITATION_REMINDED, .subject_id = s->inv.id, .organization_id = s->organization_id);
}

/* A link that has expired says so, and whom to ask. */
err invitation_mail_link(txn *t, const actor *by, uuid organization_id, uuid id)
{
    standing s;
    TRY(standing_take_up(t, organization_id, id, &s));
    bool pending = invitation_state_is(s.state, INVITATION_PENDING);
    if (!pending && !invitation_state_is(s.state, INVITATION_EXPIRED))
        return OK;
    invitation_send send = standing_send(&s, pending ? MAIL_INVITATION_LINK : MAIL_INVITATION_EXPIRED);
    send.asked_from = by->source;
    TRY(invitation_mail(t, &send));
    TRY(q_invitation_old_secret_insert(t, .organization_id = organization_id, .invitation_id = id,
                                       .secret_hash = send.secret_hash, .is_live = true));
    if (pending)
        TRY(q_invitation_code_set(t, .code_hash = send.code_hash, .code_expires_at = send.code_expires_at,
                                  .organization_id = organization_id, .id = id));
    return audit(t, by, EVENT_INVITATION_LINK_MAILED, .subject_id = id);
}

/* In a request of its own: an organization that is busy keeps its own link waiting, and nobody else's. */
static err ask_for_link(txn *t, const actor *by, const q_invitations_at_row *r)
{
    uuid both[] = {r->organization_id, r->id};
    return address_request_put(t, by, ADDRESS_REQUEST_LINK, (str){(const char *)both, sizeof both});
}

err invitation_answer_link(txn *t, const actor *by, str what)
{
    uuid both[2];
    memcpy(both, what.p, sizeof both);
    err e = invitation_mail_link(t, by, both[0], both[1]);
    return e == ERR_NOT_FOUND ? OK : e; /* gone since, with its organization */
}

/* Of one organization's the last alone is answered: one that was revoked since, or declined, by nothing. */
static err ask_for_links(txn *t, const actor *by, const q_invitations_at_rows *of, uuid *seen, size_t *seen_count)
{
    for (size_t i = 0; i < of->n; i++) {
        const q_invitations_at_row *r = &of->p[i];
        bool later = false;
        for (size_t k = 0; k < *seen_count; k++)
            later = later || uuid_eq(seen[k], r->organization_id);
        if (later || *seen_count == INVITATIONS_MAILED_MOST)
            continue;
        seen[(*seen_count)++] = r->organization_id;
        if (!uuid_none(r->mail_id))
            TRY(ask_for_link(t, by, r));
    }
    return OK;
}

err invitations_mail_links(txn *t, const actor *by, str email_key)
{
    q_invitations_at_rows rows;
    uuid seen[INVITATIONS_MAILED_MOST];
    size_t count = 0;
    for (size_t which = 0; which < Q_INVITATIONS_AT_WHICH_COUNT; which++) {
        TRY(q_invitations_at(t, which, &rows, .email_key = email_key));
        TRY(ask_for_links(t, by, &rows, seen, &count));
    }
    return OK;
}

err invitation_reminders_due(txn *t, const due_row *after, int64_t limit, due_row **out, size_t *count)
{
    q_invitation_reminders_due_rows due;
    TRY(q_invitation_reminders_due(t, &due, .now = t->now, .after_at = after->at, .after_id = after->id,
                                   .limit = limit));
    *out = arena_array_of(t->a, due_row, due.n);
    *count = due.n;
    for (size_t i = 0; i < due.n; i++)
        (*out)[i] = (due_row){due.p[i].remind_at, due.p[i].id, due.p[i].organization_id};
    return OK;
}

err invitation_remind(txn *t, const due_row *whose)
{
    const actor system = {.kind = ACTOR_SYSTEM};
    standing s;
    TRY(standing_take_up(t, whose->organization_id, whose->id, &s));
    bool due = s.inv.remind_at && s.inv.remind_at <= t->now; /* not done meanwhile by another process */
    return due ? remind(t, &system, &s) : OK;
}
