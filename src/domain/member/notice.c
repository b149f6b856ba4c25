/*
 * Who is told, and in which language. Mails are ordered in the change's transaction: who was told and what was done are
 * one.
 */
#include "domain/member/notice.h"

#include "domain/mail/mail.h"
#include "domain/organization/organization.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/session.h"
#include "queries.h"

enum { WARNED_MOST = 50 };

static err tell(txn *t, uuid organization_id, uuid about, const account_view *whom, mail_kind kind)
{
    const mail_order order = {.kind = kind,
                              .organization_id = organization_id,
                              .membership_id = about,
                              .account_id = whom->id,
                              .recipient = whom->email,
                              .locale = whom->locale};
    return mail_queue(t, &order, NULL);
}

err member_tell(txn *t, uuid organization_id, uuid member, uuid account, mail_kind kind)
{
    account_view whom;
    TRY(account_get(t, account, &whom));
    return tell(t, organization_id, member, &whom, kind);
}

static err warn(txn *t, const actor *by, uuid organization_id, const q_member_lock_row *m)
{
    account_view *contacts;
    size_t n;
    TRY(q_member_warned(t, .organization_id = organization_id, .id = m->id));
    if (!membership_is_active(m->state, m->access_ends_at, t->now))
        return OK;
    TRY(member_tell(t, organization_id, m->id, m->account_id, MAIL_MEMBER_ENDS));
    TRY(organization_contacts(t, organization_id, WARNED_MOST, &contacts, &n));
    for (size_t i = 0; i < n; i++)
        if (!uuid_eq(contacts[i].id, m->account_id))
            TRY(tell(t, organization_id, m->id, &contacts[i], MAIL_MEMBER_ENDS_NOTICE));
    return audit(t, by, EVENT_MEMBER_ACCESS_ENDS_SOON, .subject_id = m->id, .organization_id = organization_id);
}

err member_warnings_due(txn *t, const due_row *after, int64_t limit, due_row **out, size_t *count)
{
    q_member_warnings_due_rows due;
    TRY(q_member_warnings_due(t, &due, .now = t->now, .after_at = after->at, .after_id = after->id, .limit = limit));
    *out = arena_array_of(t->a, due_row, due.n);
    *count = due.n;
    for (size_t i = 0; i < due.n; i++)
        (*out)[i] = (due_row){due.p[i].access_warn_at, due.p[i].id, due.p[i].organization_id};
    return OK;
}

err member_warn(txn *t, const due_row *whom)
{
    seats s;
    q_member_lock_row m;
    const actor system = {.kind = ACTOR_SYSTEM};
    TRY(seats_lock(t, whom->organization_id, &s));
    err e = q_member_lock(t, &m, .organization_id = whom->organization_id, .id = whom->id);
    if (e == ERR_NOT_FOUND) /* removed meanwhile */
        return OK;
    TRY(e);
    bool due = m.access_warn_at && m.access_warn_at <= t->now; /* not done meanwhile by another process */
    return due ? warn(t, &system, whom->organization_id, &m) : OK;
}
