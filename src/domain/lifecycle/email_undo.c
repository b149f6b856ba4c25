/*
 * Taking the old address back. A thief may have moved the account, proved the new address and replaced the password: all of
 * that ends. But the old address may as well be that of an employer, and the new one honestly its person's: what came under
 * the new address stays with it.
 */
#include "domain/lifecycle/email_undo.h"

#include "domain/account/email_change.h"
#include "domain/account/ways_in.h"
#include "domain/lifecycle/closing.h"
#include "domain/lifecycle/email_take.h"
#include "domain/mail/mail.h"
#include "domain/member/change.h"
#include "domain/shared/audit.h"
#include "limits_table.h"
#include "queries.h"

/* Two people come out of one account. */
typedef struct parting {
    q_email_change_row undo;
    q_account_kept_row was; /* under the address that loses */
    q_memberships_gained_rows gained;
    bool password_set; /* under that address */
} parting;

static err look(txn *t, str token, parting *p)
{
    TRY(email_link_open(t, token, EMAIL_UNDO, &p->undo));
    TRY(q_account_kept(t, &p->was, p->undo.account_id));
    TRY(q_memberships_gained(t, &p->gained, .account_id = p->was.id, .since = p->undo.created_at));
    p->password_set = p->was.password_hash.p && p->was.password_set_at >= p->undo.created_at;
    return OK;
}

/* Whether there is anybody to part from: not where the account is back at its old address anyway. */
static bool leaves_somebody(const parting *p)
{
    bool has_address = p->was.email.n && !str_eq(p->was.email_key, p->undo.email_key);
    return (p->gained.n || p->password_set) && has_address;
}

/* What the other one takes along: places, and the right to undo later changes, which took it from other addresses. */
static err move_gained(txn *t, const actor *by, const parting *p, uuid heir)
{
    for (size_t i = 0; i < p->gained.n; i++) {
        const q_memberships_gained_row *m = &p->gained.p[i];
        TRY(q_membership_move(t, .heir = heir, .organization_id = m->organization_id, .id = m->id));
        TRY(member_moved(t, by, m->organization_id, m->id, heir));
    }
    return q_email_change_follow(t, .heir = heir, .account_id = p->was.id, .created_at = p->undo.created_at);
}

static err part(txn *t, const parting *p)
{
    int64_t made;
    const q_account_kept_row *was = &p->was;
    uuid heir = uuid_new(t->now);
    TRY(q_account_part(t, &made, .id = heir, .email = was->email, .email_key = was->email_key,
                       .email_proved_at = was->email_proved_at, .given_name = was->given_name,
                       .family_name = was->family_name, .locale = was->locale, .time_zone = was->time_zone,
                       .password_hash = p->password_set ? was->password_hash : STR_NONE,
                       .password_set_at = p->password_set ? was->password_set_at : 0, .created_at = t->now));
    if (!made) /* somebody took the address at this very moment */
        return ERR_UNAVAILABLE;
    const actor system = {.kind = ACTOR_SYSTEM};
    TRY(move_gained(t, &system, p, heir));
    TRY(q_invitation_follow(t, .heir = heir, .person_id = was->id, .since = p->undo.created_at));
    TRY(account_places_rewrite(t, heir, was->given_name, was->family_name, was->email_key));
    return audit(t, &system, EVENT_ACCOUNT_PARTED, .subject_id = heir, .detail = {.email = was->email});
}

static err tell_loser(txn *t, const parting *p)
{
    if (!p->was.email.n) /* set aside before */
        return OK;
    mail_order order = {.kind = MAIL_EMAIL_LOST,
                        .account_id = p->was.id,
                        .recipient = p->was.email,
                        .locale = p->was.locale,
                        .detail = leaves_somebody(p) ? MAIL_DETAIL_PARTED : STR_NONE};
    return str_eq(p->was.email_key, p->undo.email_key) ? OK : mail_queue(t, &order, NULL);
}

static err record(txn *t, const actor *who, const parting *p, str address)
{
    const actor by = email_holder(who, p->was.id);
    return audit(t, &by, EVENT_EMAIL_CHANGE_UNDONE, .subject_id = p->was.id, .after = {.address = address},
                 .detail = {.before = p->was.email, .after = p->undo.email});
}

/* All that opened it ends, and somebody stays behind with what they gained. `since`: what is as old goes on. */
static err part_ways(txn *t, const parting *p, msec since)
{
    if (leaves_somebody(p))
        TRY(part(t, p));
    return ways_end(t, WAYS_ADDRESS_UNDONE, &(ways_of){.account_id = p->was.id, .since = since});
}

/*
 * The old address has another account by now, which proved it later and so stays. This one is taken from whoever has it all the same, and
 * waits without an address: the same link gives it back once the other is closed or has moved.
 */
static err set_aside(txn *t, const actor *who, const parting *p)
{
    uuid id = p->was.id;
    str none = account_no_key(t->a, id);
    if (!p->was.email.n)
        return OK;
    TRY(tell_loser(t, p));
    TRY(q_account_set_aside(t, .email_key = none, .id = id));
    TRY(account_places_rewrite(t, id, p->was.given_name, p->was.family_name, none));
    TRY(part_ways(t, p, p->undo.created_at + 1)); /* the link itself goes on */
    TRY(q_email_change_extend(t, .expires_at = t->now + SET_ASIDE_FOR, .id = p->undo.id));
    return record(t, who, p, AUDIT_NULL);
}

err email_change_undo(txn *t, const actor *who, str token, bool *waits)
{
    parting p;
    *waits = false;
    TRY(look(t, token, &p));
    err e = email_put(t, who, &p.undo, &p.was);
    *waits = e == ERR_ADDRESS_TAKEN;
    if (*waits)
        return set_aside(t, who, &p);
    TRY(e);
    TRY(tell_loser(t, &p));
    TRY(part_ways(t, &p, p.undo.created_at));
    TRY(password_undone_mail(t, p.was.id));
    return record(t, who, &p, STR_NONE);
}
