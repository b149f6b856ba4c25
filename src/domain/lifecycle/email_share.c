/*
 * Memberships that came by an address go with it to an account of its own; finding them is apart from moving them, so
 * that an undo can look before anything changes.
 */
#include "domain/lifecycle/email_share.h"

#include "domain/account/credential.h"
#include "domain/lifecycle/closing.h"
#include "domain/lifecycle/email_take.h"
#include "domain/lifecycle/other_records.h"
#include "domain/mail/mail.h"
#include "domain/member/change.h"
#include "domain/shared/audit.h"
#include "limits_table.h"

err email_share_find(txn *t, email_share *s)
{
    return q_memberships_gained(t, &s->gained, .account_id = s->account_id, .since = s->since, .until = s->until,
                                .now = t->now);
}

err email_share_move(txn *t, const actor *by, const email_share *s, uuid heir)
{
    for (size_t i = 0; i < s->gained.n; i++) {
        const q_memberships_gained_row *m = &s->gained.p[i];
        TRY(q_membership_move(t, .heir = heir, .organization_id = m->organization_id, .id = m->id));
        TRY(q_membership_keys_end(t, .organization_id = m->organization_id, .membership_id = m->id));
        TRY(member_moved(t, by, m->organization_id, m->id, heir));
    }
    TRY(q_invitation_follow(t, .heir = heir, .person_id = s->account_id, .since = s->since, .until = s->until));
    TRY(q_email_change_follow(t, .heir = heir, .account_id = s->account_id, .since = s->since, .until = s->until));
    TRY(q_invitation_claimed_follow(t, .heir = heir, .person_id = s->account_id, .email_key = s->email_key));
    return q_mail_follow(t, .heir = heir, .account_id = s->account_id, .recipient = s->email);
}

/* Whoever proved the address since keeps it. */
static err refuse_taken(txn *t, str email_key)
{
    q_account_by_key_row stands;
    err e = account_find(t, email_key, &stands);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return stands.email_proved_at ? ERR_ADDRESS_TAKEN : OK;
}

/* Somebody like the account's holder, without an address. */
static err bear(txn *t, const q_account_kept_row *was, q_account_kept_row *heir)
{
    int64_t made;
    *heir = *was;
    heir->id = uuid_new(t->now);
    return q_account_part(t, &made, .id = heir->id, .email = S(""), .email_key = account_no_key(t->a, heir->id),
                          .email_proved_at = t->now, .given_name = heir->given_name, .family_name = heir->family_name,
                          .locale = heir->locale, .time_zone = heir->time_zone, .password_hash = STR_NONE,
                          .password_set_at = 0, .created_at = t->now);
}

/* Whom it is taken out of is told what left, and where it went: an account of theirs has fewer places than before. */
static err tell_left(txn *t, const email_share *s, const q_account_kept_row *was)
{
    str left = s->email;
    for (size_t i = 0; i < s->gained.n; i++)
        left = arena_join(t->a, left, S("\n"), s->gained.p[i].name);
    mail_order order = {.kind = MAIL_EMAIL_SHARE_TAKEN,
                        .account_id = was->id,
                        .recipient = was->email,
                        .locale = was->locale,
                        .detail = left};
    return mail_queue(t, &order, NULL);
}

/* Who then takes the address as anybody does. */
static err settle(txn *t, const actor *who, const q_email_change_row *undo, const q_account_kept_row *heir)
{
    q_email_change_row row = *undo;
    row.account_id = heir->id;
    TRY(q_email_change_end(t, undo->id));
    TRY(email_put(t, who, &row, heir));
    return password_undone_mail(t, heir->id, MAIL_DETAIL_SHARE);
}

err email_share_take(txn *t, const actor *who, const q_email_change_row *undo)
{
    q_account_kept_row was, heir;
    email_share s = {.account_id = undo->account_id,
                     .since = undo->since_at,
                     .until = undo->created_at,
                     .email = undo->email,
                     .email_key = undo->email_key};
    const actor system = {.kind = ACTOR_SYSTEM};
    TRY(email_share_find(t, &s));
    if (!s.gained.n)
        return ERR_TOKEN_INVALID;
    TRY(refuse_taken(t, undo->email_key));
    TRY(q_account_kept(t, &was, undo->account_id));
    TRY(bear(t, &was, &heir));
    TRY(email_share_move(t, &system, &s, heir.id));
    TRY(settle(t, who, undo, &heir));
    TRY(other_records_note(t, &s, heir.id));
    TRY(tell_left(t, &s, &was));
    return audit(t, &system, EVENT_ACCOUNT_PARTED, .subject_id = heir.id, .detail = {.email = undo->email});
}
