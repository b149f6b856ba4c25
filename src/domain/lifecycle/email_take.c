/* Taking a new address. Taking the old one back is in email_undo.c. */
#include "domain/lifecycle/email_take.h"

#include "domain/account/account.h"
#include "domain/account/email_change.h"
#include "domain/account/spent.h"
#include "domain/account/ways_in.h"
#include "domain/lifecycle/closing.h"
#include "domain/lifecycle/email_share.h"
#include "domain/lifecycle/give_way.h"
#include "domain/mail/mail.h"
#include "domain/shared/actor.h"
#include "domain/shared/audit.h"
#include "queries.h"

err email_put(txn *t, const actor *who, const q_email_change_row *row, const q_account_kept_row *was)
{
    int64_t changed;
    TRY(account_gives_way(t, who, row->email_key, was->id));
    err e = q_account_email_set(t, &changed, .email = row->email, .email_key = row->email_key,
                                .email_proved_at = t->now, .id = row->account_id);
    if (e == ERR_CONFLICT && t->violation == VIOLATION_UNIQUE)
        return ERR_ADDRESS_TAKEN;
    TRY(e);
    return changed ? account_places_rewrite(t, row->account_id, was->given_name, was->family_name, row->email_key)
                   : ERR_ADDRESS_TAKEN;
}

actor email_holder(const actor *who, uuid account_id)
{
    actor by = *who;
    by.kind = ACTOR_ACCOUNT;
    by.account_id = account_id;
    return by;
}

/*
 * What the address that loses the account may do about it. None of its links outlives those of earlier addresses: who
 * had the account longest has the last word, and a thief cannot sit out the holder's link.
 */
static err link_for_old(txn *t, const q_account_kept_row *was, mail_order *order)
{
    TRY(q_email_change_outlive(t, .expires_at = t->now + EMAIL_UNDO_LIFETIME, .account_id = was->id, .upto = t->now,
                               .now = t->now));
    return email_link_make(t, was->id, EMAIL_UNDO, was->email, was->email_key, 0, &order->token);
}

/*
 * The account comes back to an address that could take it back anyway, and that had it before any that it had since:
 * none of those takes it away again. What it gained in between may stay where it is, since it may be one person who
 * moved to and fro; but each of those addresses can have its share out of it, as by an undo.
 */
static err link_for_share(txn *t, const q_account_kept_row *was, msec left_at, mail_order *order)
{
    q_email_change_newest_row before; /* when this address took the account */
    email_share s = {.account_id = was->id, .since = left_at, .until = SHARE_OPEN};
    TRY(email_share_find(t, &s));
    if (!s.gained.n)
        return q_ways_email_change(t, &(int64_t){0}, .account_id = was->id, .kind = email_change_kind_text(EMAIL_UNDO),
                                   .since = left_at + 1);
    TRY(q_email_change_lessen(t, .left_at = left_at, .account_id = was->id));
    TRY(q_email_change_newest(t, &before, was->id));
    s.since = before.created_at;
    TRY(email_share_find(t, &s));
    if (!s.gained.n)
        return OK;
    order->detail = MAIL_DETAIL_SHARE;
    return email_link_make(t, was->id, EMAIL_UNDO, was->email, was->email_key, s.since, &order->token);
}

static err tell_old(txn *t, const q_account_kept_row *was, str now_key)
{
    q_email_change_home_row home;
    mail_order order = {
        .kind = MAIL_EMAIL_CHANGED, .account_id = was->id, .recipient = was->email, .locale = was->locale};
    err e = q_email_change_home(t, &home, .account_id = was->id, .email_key = now_key, .now = t->now);
    if (e == OK)
        TRY(link_for_share(t, was, home.created_at, &order));
    else if (e == ERR_NOT_FOUND)
        TRY(link_for_old(t, was, &order));
    else
        return e;
    return mail_queue(t, &order, NULL);
}

err email_change_confirm(txn *t, const actor *who, str token, uuid *account_id)
{
    spent before;
    q_email_change_row row;
    q_account_kept_row was;
    const spending s = spent_link(t, SPENT_EMAIL_CONFIRM, token);
    err e = email_link_open(t, token, EMAIL_CONFIRM, &row);
    if (e == ERR_TOKEN_INVALID) {
        err again = spent_again(t, who, &s, &before);
        *account_id = again == OK ? before.account_id : UUID_NONE;
        return again == ERR_NOT_FOUND ? e : again;
    }
    TRY(e);
    TRY(email_change_judge_domain(t, row.account_id, row.email_key)); /* rules and organizations may be others by now */
    TRY(q_account_kept(t, &was, row.account_id));
    TRY(email_put(t, who, &row, &was));
    TRY(ways_end(t, WAYS_ADDRESS_CHANGED, &(ways_of){.account_id = was.id}));
    if (!str_eq(was.email_key, row.email_key)) { /* another spelling of the same mailbox undoes nothing */
        TRY(account_leaves_address(t, &was));
        TRY(tell_old(t, &was, row.email_key));
    }
    *account_id = was.id;
    TRY(spent_note(t, who, &s, &(spent){.account_id = was.id}));
    const actor by = email_holder(who, was.id);
    return audit(t, &by, EVENT_EMAIL_CHANGED, .subject_id = was.id,
                 .detail = {.before = was.email, .after = row.email});
}
