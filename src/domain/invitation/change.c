/* What happens to an invitation that stands: resend, revoke, correct. */
#include "domain/invitation/change.h"

#include "domain/invitation/create.h"
#include "domain/invitation/disclosure.h"
#include "domain/invitation/silence.h"
#include "domain/invitation/standing.h"
#include "domain/invitation/temporary.h"
#include "domain/mail/mail.h"
#include "domain/organization/group.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/secret.h"
#include "limits_table.h"
#include "ports/address.h"
#include "queries.h"

/* A refusal is its caller's; trouble with the database is everybody's. */
static bool is_trouble(err e)
{
    return e == ERR_UNAVAILABLE || e == ERR_INTERNAL;
}

/* ---- resend ---- */

/* Lapsed, but its seat was not taken back yet: it gives the seat up and asks for one like any other, for the limit may
 * have come down meanwhile. */
static err retake_seat(txn *t, standing *s)
{
    if (invitation_state_is(s->state, INVITATION_PENDING))
        return OK;
    TRY(seat_lapse(t, &s->seats, s->inv.id));
    return seat_hold(t, &s->seats, SEAT_REOPENED);
}

/* An invitation to the same address that came later: while it lives, it stands; lapsed, it makes room. */
static err make_room(txn *t, standing *s)
{
    q_invitation_pending_of_row other;
    err e = q_invitation_pending_of(t, &other, .organization_id = s->organization_id, .email_key = s->inv.email_key);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    if (other.expires_at > t->now)
        return ERR_ALREADY_INVITED;
    return seat_lapse(t, &s->seats, other.id);
}

/* An expired one takes its place and its seat again, unless the address is a member or invited anew meanwhile. */
static err reopen(txn *t, standing *s)
{
    q_account_by_key_row account;
    q_member_of_account_row member;
    TRY(silence_check(t, s->organization_id, s->inv.email_key));
    err e = q_account_by_key(t, &account, s->inv.email_key);
    if (e == OK)
        e = q_member_of_account(t, &member, .organization_id = s->organization_id, .account_id = account.id);
    if (e != ERR_NOT_FOUND)
        return e == OK ? ERR_ALREADY_MEMBER : e;
    if (invitation_state_is(s->inv.state, INVITATION_PENDING))
        return retake_seat(t, s);
    TRY(make_room(t, s));
    return seat_hold(t, &s->seats, SEAT_REOPENED);
}

/* In whose name it goes out: still its inviter's, or, once they no longer invite here, that of whoever resends. */
static err sender(txn *t, const actor *by, const standing *s, uuid *out)
{
    q_member_of_account_row member;
    *out = s->inv.invited_by_id;
    if (uuid_none(*out))
        return OK;
    err e = q_member_of_account(t, &member, .organization_id = s->organization_id, .account_id = *out);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_NOT_FOUND || role_is(member.role, ROLE_MEMBER))
        *out = by->account_id;
    return OK;
}

/* What a renewal is asked for. */
typedef struct renewal {
    bool password; /* a temporary password, and nothing else will do */
    str delivery;  /* of it; STR_NONE: as before, as far as the terms allow */
    str *shown;    /* where it goes when it is shown; NULL: nowhere */
    bool told;     /* out: whether the address has an account */
} renewal;

/* A temporary password in place of the last one; a link for whoever has an account by now, where that may be told. */
static err renew_password(txn *t, const actor *by, standing *s, renewal *r, msec expires, invitation_send *send)
{
    str delivery;
    temporary_terms terms = temporary_terms_of(t, &s->organization);
    bool as_before = !r->delivery.p && password_delivery_is(terms.delivery, PASSWORD_DELIVERY_ASK);
    TRY(temporary_delivery(t, &terms, as_before ? s->inv.password_delivery : r->delivery, &delivery));
    bool shows = password_delivery_is(delivery, PASSWORD_DELIVERY_SHOW);
    if (shows && !r->shown) /* first, and for everybody: nothing was looked at */
        return ERR_CONFLICT;
    TRY(disclosure_of(t, by, s->organization_id, s->inv.email_key, &send->tells));
    err e = temporary_issue(t, send, delivery, s->inv.given_name, s->inv.family_name, expires);
    r->told = e == ERR_CONFLICT;
    if (e == OK && shows)
        *r->shown = send->password;
    return r->told && !r->password ? OK : e;
}

static err renew(txn *t, const actor *by, standing *s, renewal *r)
{
    uuid inviter;
    invitation_send send = standing_send(s, MAIL_INVITATION);
    msec expires = invitation_expiry(t->now, s->inv.lifetime, s->inv.access_ends_at);
    TRY(sender(t, by, s, &inviter));
    TRY(invitation_retire_secrets(t, s->organization_id, &s->inv));
    TRY(mail_withdraw(t, s->inv.mail_id));
    if (method_is(s->inv.method, METHOD_TEMPORARY_PASSWORD))
        TRY(renew_password(t, by, s, r, expires, &send));
    TRY(invitation_find_account(t, &send));
    TRY(invitation_mail(t, &send));
    TRY(q_invitation_renew(t, .organization_id = s->organization_id, .id = s->inv.id, .invited_by_id = inviter,
                           .expires_at = expires, .secret_hash = send.secret_hash, .code_hash = send.code_hash,
                           .code_expires_at = send.code_expires_at, .last_sent_at = t->now, .mail_id = send.mail_id,
                           .remind_at = invitation_next_reminder(t->now, s->organization.reminder_after,
                                                                 s->organization.reminder_max, 0, expires),
                           .method = send.method, .password_delivery = send.password_delivery));
    return audit(t, by, EVENT_INVITATION_RESENT, .subject_id = s->inv.id,
                 .after = {.method = send.method, .delivery = send.password_delivery},
                 .detail = {.email = s->inv.email});
}

static err take_up_renewal(txn *t, const actor *by, uuid id, renewal *r, standing *s)
{
    int64_t taken;
    TRY(standing_take_up(t, by->organization_id, id, s));
    TRY(standing_may_become(s, CHANGE_RESEND));
    TRY(invitation_role_allowed(by, s->inv.role));
    if (s->inv.access_ends_at && s->inv.access_ends_at <= t->now)
        return problem_at(t->problem, ERR_CONFLICT, S("/access_ends_at"), S("past"), 0);
    if (r->password && !method_is(s->inv.method, METHOD_TEMPORARY_PASSWORD))
        return ERR_CONFLICT;
    TRY(invitation_rate(t, s->organization_id, 1, &taken));
    if (!taken)
        return ERR_RATE_LIMITED;
    TRY(reopen(t, s));
    return renew(t, by, s, r);
}

static err invite_anew(txn *t, const actor *by, standing *s, uuid *id, str *shown);

err invitation_resend(txn *t, const actor *by, uuid *id, str *shown)
{
    standing s;
    if (shown)
        *shown = STR_NONE;
    TRY(standing_take_up(t, by->organization_id, *id, &s));
    bool over = invitation_state_is(s.state, INVITATION_DECLINED) || invitation_state_is(s.state, INVITATION_REVOKED);
    if (over && s.inv.asked_at && s.inv.email.n)
        return invite_anew(t, by, &s, id, shown);
    return take_up_renewal(t, by, *id, &(renewal){.shown = shown}, &s);
}

/*
 * What comes after store_savepoint. A refusal that tells of an account leaves nothing behind but the note that it was
 * told: whoever asks again and again is counted each time.
 */
static err keep_or_note(txn *t, const actor *by, err e, bool told, str email_key)
{
    bool may;
    if (e == OK)
        return store_release(t);
    if (is_trouble(e))
        return e;
    store_rollback_to(t);
    if (told) {
        TRY(disclosure_of(t, by, by->organization_id, email_key, &may));
        txn_keep(t);
    }
    return e;
}

err invitation_new_password(txn *t, const actor *by, uuid id, str delivery, str *shown)
{
    standing s = {0};
    renewal r = {.password = true, .delivery = delivery, .shown = shown};
    *shown = STR_NONE;
    TRY(store_savepoint(t));
    err e = take_up_renewal(t, by, id, &r, &s);
    return keep_or_note(t, by, e, r.told, s.inv.email_key);
}

/* One of many: its refusal undoes what it wrote and leaves the others whole. */
static err resend_apart(txn *t, const actor *by, uuid id)
{
    TRY(store_savepoint(t));
    err e = invitation_resend(t, by, &id, NULL);
    if (e == OK)
        return store_release(t);
    store_rollback_to(t);
    return e;
}

err batch_resend(txn *t, const actor *by, uuid batch_id, int64_t *resent, int64_t *asked)
{
    q_batch_by_id_row batch;
    q_batch_unanswered_rows rows;
    TRY(q_batch_by_id(t, &batch, .organization_id = by->organization_id, .id = batch_id));
    TRY(temporary_hold(t, by->organization_id, Q_TEMPORARY_OF_WHOSE_BATCH, batch_id));
    TRY(q_batch_unanswered(t, &rows, .organization_id = by->organization_id, .batch_id = batch_id));
    *resent = 0;
    *asked = (int64_t)rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        err e = resend_apart(t, by, rows.p[i].id);
        if (is_trouble(e))
            return e;
        *resent += e == OK;
        if (e == ERR_RATE_LIMITED)
            return *resent ? OK : e;
    }
    return OK;
}

/* ---- revoke, correct ---- */

static err close_revoked(txn *t, const actor *by, standing *s)
{
    if (method_is(s->inv.method, METHOD_TEMPORARY_PASSWORD))
        TRY(temporary_end(t, s->inv.email_key, s->inv.id));
    TRY(q_invitation_close(t, .state = invitation_state_text(INVITATION_REVOKED), .closed_at = t->now,
                           .organization_id = s->organization_id, .id = s->inv.id));
    TRY(mail_withdraw(t, s->inv.mail_id));
    if (invitation_state_is(s->inv.state, INVITATION_PENDING))
        TRY(seat_release(t, &s->seats, 1, SEAT_REVOKED));
    return audit(t, by, EVENT_INVITATION_REVOKED, .subject_id = s->inv.id, .detail = {.email = s->inv.email});
}

err invitation_revoke(txn *t, const actor *by, uuid id)
{
    standing s;
    TRY(standing_take_up(t, by->organization_id, id, &s));
    TRY(standing_may_become(&s, CHANGE_REVOKE));
    return close_revoked(t, by, &s);
}

/* The same offer to another address. */
static err invite_instead(txn *t, const actor *by, const standing *s, str email, invite_result *result)
{
    uuid batch;
    entitlement_choice *choices;
    temporary_terms terms = temporary_terms_of(t, &s->organization);
    invite_row row = {.email = email,
                      .role = s->inv.role,
                      .locale = s->inv.locale,
                      .message = s->inv.message,
                      .given_name = s->inv.given_name,
                      .family_name = s->inv.family_name,
                      .access_ends_at = s->inv.access_ends_at};
    entitlements_as_choices(t->a, s->organization.entitlement_keys, s->inv.entitlements, s->inv.role, &choices,
                            &row.entitlement_count);
    row.entitlements = choices;
    row.groups = group_ids_list(t->a, s->inv.group_ids, &row.group_count);
    const invite_order order = {
        .rows = &row,
        .count = 1,
        .lifetime = s->inv.lifetime,
        .deliver = true,
        .method = s->inv.method,
        .delivery = password_delivery_is(terms.delivery, PASSWORD_DELIVERY_ASK) ? s->inv.password_delivery : STR_NONE};
    return invitations_create(t, by, &order, result, &batch);
}

static err take_result(txn *t, const invite_result *result, uuid *new_id, str *shown)
{
    if (result->problem)
        *t->problem = *result->problem;
    if (result->made)
        *new_id = result->made->id;
    *shown = result->temporary_password;
    return result->outcome;
}

static err replace(txn *t, const actor *by, standing *s, str email, uuid *new_id, str *shown)
{
    invite_result result;
    TRY(close_revoked(t, by, s));
    TRY(invite_instead(t, by, s, email, &result));
    return take_result(t, &result, new_id, shown);
}

/* What was revoked or declined stays so: whoever asks for it again gets another invitation, to the same. */
static err invite_anew(txn *t, const actor *by, standing *s, uuid *id, str *shown)
{
    invite_result result;
    str password;
    TRY(invite_instead(t, by, s, s->inv.email, &result));
    TRY(take_result(t, &result, id, &password));
    if (password.p && !shown)
        return ERR_CONFLICT;
    if (shown)
        *shown = password;
    return OK;
}

err invitation_correct(txn *t, const actor *by, uuid id, str email, uuid *new_id, str *shown)
{
    standing s;
    address where;
    *shown = STR_NONE;
    TRY(standing_take_up(t, by->organization_id, id, &s));
    TRY(standing_may_become(&s, CHANGE_PENDING_ONLY));
    if (!address_parse(t->a, email, &where))
        return problem_at(t->problem, ERR_INVALID_ADDRESS, S("/email"), S("not-allowed"), 0);
    if (str_eq(where.key, s.inv.email_key))
        return ERR_ALREADY_INVITED;
    TRY(store_savepoint(t));
    err e = replace(t, by, &s, email, new_id, shown);
    return keep_or_note(t, by, e, e == ERR_ACCOUNT_ALREADY_ACTIVE, where.key);
}

/* All at once: there may be a hundred thousand, and the writer serves everybody. */
static err revoke_sent_by(txn *t, const actor *by, uuid inviter, int64_t *count)
{
    seats s;
    TRY(temporary_hold(t, by->organization_id, Q_TEMPORARY_OF_WHOSE_INVITER, inviter));
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(temporary_end_sent_by(t, by->organization_id, inviter));
    TRY(q_invitations_sent_by_withdraw(t, .organization_id = by->organization_id, .now = t->now,
                                       .invited_by_id = inviter));
    TRY(q_invitations_sent_by_revoke(t, count, .organization_id = by->organization_id, .now = t->now,
                                     .invited_by_id = inviter));
    return seat_release(t, &s, *count, SEAT_REVOKED);
}

err invitations_of_inviter(txn *t, const actor *by, uuid inviter_account_id, bool take_over)
{
    int64_t count;
    if (take_over)
        TRY(q_invitations_take_over(t, &count, .heir = by->account_id, .organization_id = by->organization_id,
                                    .now = t->now, .invited_by_id = inviter_account_id));
    else
        TRY(revoke_sent_by(t, by, inviter_account_id, &count));
    if (!count)
        return OK;
    str many = arena_printf(t->a, "%lld", (long long)count);
    if (take_over)
        return audit(t, by, EVENT_INVITATIONS_TAKEN_OVER, .subject_id = inviter_account_id, .after = {.count = many});
    return audit(t, by, EVENT_INVITATIONS_REVOKED, .subject_id = inviter_account_id, .after = {.count = many});
}
