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

err members_warn(txn *t, int64_t limit, int64_t *count)
{
    q_member_warnings_due_rows due;
    const actor system = {.kind = ACTOR_SYSTEM};
    TRY(q_member_warnings_due(t, &due, .now = t->now, .limit = limit));
    *count = (int64_t)due.n;
    for (size_t i = 0; i < due.n; i++) {
        seats s;
        q_member_lock_row m;
        TRY(seats_lock(t, due.p[i].organization_id, &s));
        err e = q_member_lock(t, &m, .organization_id = due.p[i].organization_id, .id = due.p[i].id);
        if (e == ERR_NOT_FOUND) /* removed meanwhile */
            continue;
        TRY(e);
        if (m.access_warn_at && m.access_warn_at <= t->now) /* not done meanwhile by another process */
            TRY(warn(t, &system, due.p[i].organization_id, &m));
    }
    return OK;
}
