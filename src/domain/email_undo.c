/*
 * Taking the old address back. A thief may have moved the account, proved the new address and replaced the password: all of
 * that ends. But the old address may as well be that of an employer, and the new one honestly its person's: what came under
 * the new address stays with it.
 */
#include "domain/audit.h"
#include "domain/email_change_parts.h"
#include "domain/mail.h"
#include "domain/member_parts.h"

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
    return (p->gained.n || p->password_set) && !str_eq(p->was.email_key, p->undo.email_key);
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
    TRY(account_places_rewrite(t, heir, was->given_name, was->family_name, was->email_key));
    return audit(t, &system, "account.parted", .subject_kind = S("account"), .subject_id = heir,
                 .detail = AUDIT_OBJECT(t->a, {S("email"), was->email}));
}

static err tell_loser(txn *t, const parting *p)
{
    mail_order order = {.kind = MAIL_EMAIL_LOST,
                        .account_id = p->was.id,
                        .recipient = p->was.email,
                        .locale = p->was.locale,
                        .detail = leaves_somebody(p) ? MAIL_DETAIL_PARTED : STR_NONE};
    return str_eq(p->was.email_key, p->undo.email_key) ? OK : mail_queue(t, &order, NULL);
}

err email_change_undo(txn *t, const actor *who, str token)
{
    parting p;
    TRY(look(t, token, &p));
    uuid id = p.was.id;
    TRY(tell_loser(t, &p));
    TRY(email_put(t, who, GIVE_WAY_TO_UNDO, &p.undo, &p.was));
    if (leaves_somebody(&p))
        TRY(part(t, &p));
    TRY(ways_end(t, WAYS_ADDRESS_UNDONE, &(ways_of){.account_id = id, .since = p.undo.created_at}));
    TRY(password_reset_mail(t, id));
    const actor by = email_holder(who, id);
    return audit(t, &by, "email.change_undone", .subject_kind = S("account"), .subject_id = id,
                 .detail = AUDIT_OBJECT(t->a, {S("before"), p.was.email}, {S("after"), p.undo.email}));
}
