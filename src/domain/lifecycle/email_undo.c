/*
 * Taking the old address back. A thief may have moved the account, proved the new address and replaced the password:
 * all of that ends. But the old address may as well be that of an employer, and the new one honestly its person's: what
 * came under the new address stays with it.
 */
#include "domain/lifecycle/email_undo.h"

#include "domain/account/email_change.h"
#include "domain/account/spent.h"
#include "domain/account/ways_in.h"
#include "domain/lifecycle/closing.h"
#include "domain/lifecycle/email_share.h"
#include "domain/lifecycle/email_take.h"
#include "domain/lifecycle/other_records.h"
#include "domain/mail/mail.h"
#include "domain/shared/audit.h"
#include "limits_table.h"
#include "queries.h"

/*
 * Two people come out of one account: whoever takes it back has what it was until it left their address for the last
 * time, and what came since is another's. That is whoever has it now; where it waits without an address, whoever can
 * take it back of those that had it in between, for whom a part of it goes on waiting. So each address of a chain has
 * what came while it had the account, in whatever order their links are used.
 */
typedef struct parting {
    q_email_change_row undo;
    q_account_kept_row was; /* under the address that loses */
    email_share later;
    bool password_set; /* under that address */
    bool has_other;    /* anybody that it could be left to */
} parting;

/* Nobody is where the account is back at its old address anyway. */
static err look_for_other(txn *t, parting *p)
{
    q_email_change_standing_row newest;
    p->has_other = p->was.email.n && !str_eq(p->was.email_key, p->undo.email_key);
    if (p->was.email.n)
        return OK;
    err e = q_email_change_standing(t, &newest, .account_id = p->was.id, .kind = email_change_kind_text(EMAIL_UNDO),
                                    .now = t->now);
    p->has_other = e == OK && newest.created_at > p->later.since;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err look(txn *t, parting *p)
{
    q_email_change_home_row left;
    TRY(q_account_kept(t, &p->was, p->undo.account_id));
    TRY(q_email_change_home(t, &left, .account_id = p->was.id, .email_key = p->undo.email_key, .now = t->now));
    p->later = (email_share){.account_id = p->was.id,
                             .since = left.created_at,
                             .until = SHARE_OPEN,
                             .email = p->was.email,
                             .email_key = p->was.email_key};
    TRY(email_share_find(t, &p->later));
    p->password_set = p->was.password_hash.p && p->was.password_set_at >= left.created_at;
    return look_for_other(t, p);
}

static bool leaves_somebody(const parting *p)
{
    return (p->later.gained.n || p->password_set) && p->has_other;
}

static err part(txn *t, const parting *p, uuid heir)
{
    int64_t made;
    const q_account_kept_row *was = &p->was;
    str key = was->email.n ? was->email_key : account_no_key(t->a, heir);
    TRY(q_account_part(t, &made, .id = heir, .email = was->email, .email_key = key,
                       .email_proved_at = was->email_proved_at, .given_name = was->given_name,
                       .family_name = was->family_name, .locale = was->locale, .time_zone = was->time_zone,
                       .password_hash = p->password_set ? was->password_hash : STR_NONE,
                       .password_set_at = p->password_set ? was->password_set_at : 0, .created_at = t->now));
    if (!made) /* somebody took the address at this very moment */
        return ERR_UNAVAILABLE;
    const actor system = {.kind = ACTOR_SYSTEM};
    TRY(email_share_move(t, &system, &p->later, heir));
    /* whom the other took it from has time again to take that back, in turn */
    TRY(q_email_change_outlive(t, .expires_at = t->now + EMAIL_UNDO_LIFETIME, .account_id = heir, .upto = t->now,
                               .now = t->now));
    TRY(account_places_rewrite(t, heir, was->given_name, was->family_name, key));
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

/*
 * What lies at the address that loses is its heir's; without one it is nobody's, and waits for whoever proves it. What
 * the record says since of the account may name the heir.
 */
static err leave(txn *t, const parting *p)
{
    uuid heir = uuid_new(t->now);
    if (!leaves_somebody(p))
        return OK;
    TRY(part(t, p, heir));
    return other_records_note(t, &p->later, heir);
}

/* All that opened it ends, and somebody stays behind with what they gained. `since`: what is as old goes on. */
static err part_ways(txn *t, const parting *p, msec since)
{
    TRY(leave(t, p));
    return ways_end(t, WAYS_ADDRESS_UNDONE, &(ways_of){.account_id = p->was.id, .since = since});
}

/* Earlier addresses can take the account back for as long as this link could, or from whoever has it by this link. */
static err outlive(txn *t, const parting *p, msec upto, msec until)
{
    return q_email_change_outlive(t, .expires_at = until, .account_id = p->was.id, .upto = upto, .now = t->now);
}

/* So long from when this link was first tried: trying again wins no more time, and nobody's trying costs another's. */
static msec waits_until(const q_email_change_row *undo, msec now)
{
    return (undo->tried_at ? undo->tried_at : now) + SET_ASIDE_FOR;
}

/* Its link is in the first mail alone; this one says what is in its way, and until when it is good. */
static err tell_aside(txn *t, const parting *p)
{
    mail_order order = {
        .kind = MAIL_EMAIL_SET_ASIDE, .account_id = p->was.id, .recipient = p->undo.email, .locale = p->was.locale};
    return mail_queue(t, &order, NULL);
}

/*
 * The old address has another account by now, which proved it later and so stays. This one is taken from whoever has it
 * all the same, and waits without an address: the same link gives it back once the other is closed or has moved.
 */
static err set_aside(txn *t, const actor *who, const parting *p)
{
    uuid id = p->was.id;
    str none = account_no_key(t->a, id);
    msec until = waits_until(&p->undo, t->now);
    if (!p->undo.tried_at)
        TRY(q_email_change_tried(t, .tried_at = t->now, .id = p->undo.id));
    if (p->was.email.n) { /* else another link set it aside, or this one did */
        TRY(tell_loser(t, p));
        TRY(tell_aside(t, p));
        TRY(q_account_set_aside(t, .email_key = none, .id = id));
        TRY(account_places_rewrite(t, id, p->was.given_name, p->was.family_name, none));
        TRY(record(t, who, p, AUDIT_NULL));
    }
    TRY(part_ways(t, p, p->undo.created_at + 1)); /* the link itself goes on */
    return outlive(t, p, p->undo.created_at, until);
}

/* The account, or its share of it. */
static err undo(txn *t, const actor *who, const q_email_change_row *link, email_undone *out)
{
    parting p = {.undo = *link};
    *out = (email_undone){.account_id = p.undo.account_id, .is_share = p.undo.since_at != 0};
    if (out->is_share)
        return email_share_take(t, who, &p.undo);
    TRY(look(t, &p));
    err e = email_put(t, who, &p.undo, &p.was);
    out->waits = e == ERR_ADDRESS_TAKEN;
    if (out->waits) {
        TRY(set_aside(t, who, &p));
        txn_keep(t);
        return problem_at(t->problem, e, S(""), S("undo-waits"), 0);
    }
    TRY(e);
    TRY(email_share_find(t, &p.later)); /* less what just came with the old address */
    TRY(tell_loser(t, &p));
    TRY(record(t, who, &p, STR_NONE));
    TRY(part_ways(t, &p, p.undo.created_at));
    TRY(outlive(t, &p, p.undo.created_at - 1, t->now + EMAIL_UNDO_LIFETIME));
    return password_undone_mail(t, p.was.id, MAIL_DETAIL_UNDONE);
}

err email_change_undo(txn *t, const actor *who, str token, email_undone *out)
{
    spent was;
    q_email_change_row link;
    *out = (email_undone){.waits = false};
    const spending s = spent_link(t, SPENT_EMAIL_UNDO, token);
    err e = email_link_open(t, token, EMAIL_UNDO, &link);
    if (e == ERR_TOKEN_INVALID) {
        err again = spent_again(t, who, &s, &was);
        if (again == OK)
            *out = (email_undone){.account_id = was.account_id, .is_share = !uuid_none(was.made_id)};
        return again == ERR_NOT_FOUND ? e : again;
    }
    TRY(e);
    TRY(undo(t, who, &link, out));
    return spent_note(t, who, &s, &(spent){out->account_id, out->is_share ? out->account_id : UUID_NONE, false});
}

/* ---- before ---- */

static err look_taken(txn *t, const q_email_change_row *undo, bool *taken)
{
    q_account_by_key_row has;
    err e = q_account_by_key(t, &has, undo->email_key);
    *taken = e == OK && !uuid_eq(has.id, undo->account_id) && has.email_proved_at; /* any other gives way */
    return e == ERR_NOT_FOUND ? OK : e;
}

err email_undo_lookup(txn *t, str token, email_undo_view *out)
{
    q_email_change_row row;
    TRY(email_link_open(t, token, EMAIL_UNDO, &row));
    TRY(email_change_lookup(t, token, EMAIL_UNDO, &out->link));
    TRY(look_taken(t, &row, &out->is_taken));
    bool would_wait = out->is_taken && !out->link.is_share && out->link.current.n;
    out->until = would_wait ? waits_until(&row, t->now) : row.expires_at;
    out->share = (email_share){.account_id = row.account_id, .since = row.since_at, .until = row.created_at};
    return out->link.is_share ? email_share_find(t, &out->share) : OK;
}
