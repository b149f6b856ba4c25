/*
 * Queueing, withdrawing, and the lease by which a mail is taken up. Whether it is still due is asked when it is taken:
 * what it tells of may have gone since.
 */
#include "domain/mail/mail.h"

#include "domain/shared/audit.h"
#include "domain/shared/env.h"
#include "domain/shared/throttle.h"
#include "domain/shared/turn.h"
#include "ports/address.h"
#include "queries.h"

#include <pthread.h>
#include <stdlib.h>

enum { LEASE = 10 * MSEC_MINUTE };

static struct {
    pthread_mutex_t lock;
    void (*call)(void *context);
    void *context;
} listener = {.lock = PTHREAD_MUTEX_INITIALIZER};

void mail_on_queued(void (*call)(void *context), void *context)
{
    pthread_mutex_lock(&listener.lock);
    listener.call = call;
    listener.context = context;
    pthread_mutex_unlock(&listener.lock);
}

static void tell_listener(void)
{
    pthread_mutex_lock(&listener.lock);
    if (listener.call)
        listener.call(listener.context);
    pthread_mutex_unlock(&listener.lock);
}

/*
 * What an account, or somebody who administers it, may do as often as they like, and is told each time: so many of a
 * kind an hour to one address, then no more. Links and codes have limits of their own where they are asked for.
 */
static bool is_notice(mail_kind kind)
{
    str text = mail_kind_text(kind);
    return kind == MAIL_PASSWORD_CHANGED || str_starts(text, S("factor_")) || mail_is_about_member(text);
}

static err is_dropped(txn *t, const mail_order *o, bool *dropped)
{
    int64_t taken = 1;
    if (is_notice(o->kind))
        TRY(rate_take(t, &RATE_NOTICE, arena_join(t->a, mail_kind_text(o->kind), S("\n"), o->recipient), 1, &taken));
    *dropped = !taken || !o->recipient.n; /* an account that waits for its address has none: domain/email_undo.c */
    return OK;
}

/* An organization's, an account's: who has much to send is behind the others. */
static int64_t whose_turn(const txn *t, const mail_order *o)
{
    if (o->asked_from.p)
        return turn_of_source(t, o->asked_from);
    uuid who = uuid_none(o->organization_id) ? o->account_id : o->organization_id;
    return turn_of(t, uuid_none(who) ? o->recipient : (str){(const char *)who.b, sizeof who.b});
}

err mail_queue(txn *t, const mail_order *o, uuid *id)
{
    bool dropped;
    uuid own = uuid_new(t->now);
    TRY(is_dropped(t, o, &dropped));
    if (dropped)
        return OK;
    str sealed = o->token.p || o->code.p || o->detail.p
                     ? seal(t->env->key, t->a,
                            arena_join(t->a, o->token.p ? o->token : S(""), S("\n"), o->code.p ? o->code : S(""),
                                       S("\n"), o->detail.p ? o->detail : S("")))
                     : STR_NONE;
    address stranger = {0};
    if (uuid_none(o->account_id) && uuid_none(o->invitation_id))
        (void)!address_parse(t->a, o->recipient, &stranger);
    if (id)
        *id = own;
    int64_t whose = whose_turn(t, o);
    store_on_commit(t, tell_listener);
    return q_mail_insert(t, .id = own, .organization_id = o->organization_id, .kind = mail_kind_text(o->kind),
                         .invitation_id = o->invitation_id, .membership_id = o->membership_id,
                         .account_id = o->account_id, .recipient = o->recipient, .recipient_key = stranger.key,
                         .locale = o->locale, .sealed = sealed, .next_at = t->now, .turn_of = whose,
                         .turn_at = turn_take(TURN_MAIL, whose, t->now), .created_at = t->now);
}

err mail_withdraw(txn *t, uuid mail_id)
{
    return uuid_none(mail_id) ? OK : q_mail_withdraw(t, .done_at = t->now, .id = mail_id);
}

/* ---- delivery ---- */

msec mail_lease(void)
{
    msec lease = LEASE;
#ifdef PARVIS_TEST_HOOKS
    str shorter = str_of(getenv("PARVIS_TEST_LEASE"));
    if (shorter.p && !duration_parse(shorter, &lease))
        lease = LEASE;
#endif
    return lease;
}

static str link_of(txn *t, str kind, str token)
{
    static const str paths[MAIL_COUNT] = {[MAIL_INVITATION] = S_INIT("/i/"),
                                          [MAIL_REMINDER] = S_INIT("/i/"),
                                          [MAIL_TEMPORARY_PASSWORD] = S_INIT("/i/"),
                                          [MAIL_INVITATION_LINK] = S_INIT("/i/"),
                                          [MAIL_INVITATION_EXPIRED] = S_INIT("/i/"),
                                          [MAIL_INVITATION_GO_ON] = S_INIT("/i/"),
                                          [MAIL_PASSWORD_RESET] = S_INIT("/password/reset/"),
                                          [MAIL_EMAIL_CHANGE] = S_INIT("/email/confirm/"),
                                          [MAIL_EMAIL_CHANGED] = S_INIT("/email/undo/")};
    mail_kind one;
    bool links = mail_kind_of(kind, &one) && paths[one].p;
    return links ? arena_join(t->a, t->env->public_url, paths[one], token) : STR_NONE;
}

/* What serves for so short that a mail which waited longer is no use to anybody. */
static bool is_stale(const q_mail_for_delivery_row *r, msec now)
{
    return mail_kind_is(r->kind, MAIL_SIGNUP_CODE) && now - r->created_at > SIGNUP_CODE_LIFETIME;
}

static bool is_invitation(str kind)
{
    return mail_kind_is(kind, MAIL_INVITATION) || mail_kind_is(kind, MAIL_REMINDER) ||
           mail_kind_is(kind, MAIL_TEMPORARY_PASSWORD);
}

/* Beside the invitation's own mail, which it leaves good; the invitation does not know of it. */
static bool is_beside(str kind)
{
    return mail_kind_is(kind, MAIL_INVITATION_LINK) || mail_kind_is(kind, MAIL_INVITATION_GO_ON);
}

bool mail_is_about_member(str kind)
{
    return str_starts(kind, S("member_"));
}

/* Whoever was removed was told otherwise; an end that came, or was taken back, needs no warning any more. */
static bool member_reason(const q_mail_for_delivery_row *r, msec now)
{
    if (mail_kind_is(r->kind, MAIL_MEMBER_REMOVED))
        return true;
    bool warns = mail_kind_is(r->kind, MAIL_MEMBER_ENDS) || mail_kind_is(r->kind, MAIL_MEMBER_ENDS_NOTICE);
    return r->member_role.p && (!warns || r->access_ends_at > now);
}

/* An invitation's mail has lost its reason once the invitation was answered, revoked, or mailed again. */
static bool has_reason(const q_mail_for_delivery_row *r, msec now)
{
    bool open = invitation_state_is(r->invitation_state, INVITATION_PENDING), pending = open && r->expires_at > now;
    if (mail_is_about_member(r->kind))
        return member_reason(r, now);
    if (is_beside(r->kind))
        return pending;
    if (mail_kind_is(r->kind, MAIL_INVITATION_EXPIRED))
        return invitation_state_is(r->invitation_state, INVITATION_EXPIRED) || (open && !pending);
    return is_invitation(r->kind) ? pending && uuid_eq(r->invitation_mail_id, r->id) : !is_stale(r, now);
}

static bool open_secrets(txn *t, const q_mail_for_delivery_row *r, mail_job *job)
{
    str plain;
    if (!r->sealed.p)
        return true;
    if (!unseal(t->env->key, t->a, r->sealed, &plain))
        return false;
    str rest = plain, token = str_cut(&rest, '\n'), code = str_cut(&rest, '\n');
    if (token.n && mail_kind_is(r->kind, MAIL_TEMPORARY_PASSWORD)) /* made up: invitation_mail */
        job->kind = mail_kind_text(MAIL_INVITATION);
    if (token.n)
        job->link = link_of(t, r->kind, token);
    job->code = code.n ? code_display(t->a, code) : STR_NONE;
    job->detail = rest;
    return true;
}

static void about_member(txn *t, const q_mail_for_delivery_row *r, mail_job *job)
{
    char id[TYPEID_SIZE];
    str home = arena_join(t->a, t->env->public_url, S("/o/"), r->slug);
    job->role = r->member_role;
    job->expires_at = r->access_ends_at;
    job->member_given_name = r->member_given_name;
    job->member_family_name = r->member_family_name;
    if (mail_kind_is(r->kind, MAIL_MEMBER_ENDS_NOTICE))
        job->link = arena_join(t->a, home, S("/users/"), typeid_format(ID_MEMBER, r->membership_id, id));
    else if (mail_kind_is(r->kind, MAIL_MEMBER_API_KEY_CREATED) && role_is(r->member_role, ROLE_OWNER))
        job->link = arena_join(t->a, home, S("/settings/api-keys"));
    else if (!mail_kind_is(r->kind, MAIL_MEMBER_SUSPENDED) && !mail_kind_is(r->kind, MAIL_MEMBER_REMOVED))
        job->link = home;
}

static mail_job job_of(txn *t, const q_mail_for_delivery_row *r)
{
    bool invited = is_invitation(r->kind) || mail_kind_is(r->kind, MAIL_INVITATION_LINK) ||
                   mail_kind_is(r->kind, MAIL_INVITATION_EXPIRED);
    bool asks = mail_kind_is(r->kind, MAIL_ASK_AGAIN);
    mail_job job = {
        .id = r->id,
        .kind = r->kind,
        .recipient = r->recipient,
        .locale = r->locale,
        .attempts = r->attempts - 1,
        .created_at = r->created_at,
        .organization_name = r->organization_name,
        .organization_slug = r->slug,
        .inviter_given_name = r->inviter_given_name,
        .inviter_family_name = r->inviter_family_name,
        .inviter_email = r->inviter_email,
        .role = r->role,
        .message = r->message,
        .expires_at = r->expires_at,
        .given_name = invited ? r->invited_given_name : r->account_given_name,
        .family_name = invited ? r->invited_family_name : r->account_family_name,
        .time_zone = r->time_zone.p ? r->time_zone : t->env->settings->time_zone,
        .account_email = r->account_email,
        .existing_account = r->existing != 0,
        .asker_email = asks ? r->email : STR_NONE,
    };
    if (mail_is_about_member(r->kind))
        about_member(t, r, &job);
    if (asks) /* leads to the invitation in the console, which asks the inviter to sign in */
        job.link = arena_join(t->a, t->env->public_url, S("/o/"), r->slug, S("/users/invitations?state=asked"));
    if (mail_kind_is(r->kind, MAIL_EMAIL_CHANGE_ASKED))
        job.link = arena_join(t->a, t->env->public_url, S("/me#address"));
    if (mail_kind_is(r->kind, MAIL_SIGNUP_KNOWN))
        job.link = arena_join(t->a, t->env->public_url, S("/sign-in?next=%2Forganizations%2Fnew"));
    return job;
}

/* Leases one mail and fills its job; *send is false when it was withdrawn or failed here. */
static err claim_one(txn *t, uuid id, mail_job *job, bool *send)
{
    q_mail_for_delivery_row row;
    *send = false;
    TRY(q_mail_lease(t, .next_at = t->now + mail_lease(), .id = id));
    TRY(q_mail_for_delivery(t, &row, id));
    if (!has_reason(&row, t->now))
        return mail_withdraw(t, id);
    *job = job_of(t, &row);
    if (!open_secrets(t, &row, job))
        return mail_record(t, id, row.attempts, 0, MAIL_FAILED, S("sealed with another key file"), 0);
    *send = true;
    return OK;
}

err mail_claim(txn *t, const mail_wish *wish, mail_job **jobs, size_t *count, bool *more)
{
    q_mail_due_rows due;
    bool send;
    TRY(q_mail_due(t, &due, .now = t->now, .limit = wish->most, .but = wish->but[0], .nor = wish->but[1],
                   .neither = wish->but[2]));
    *more = (int64_t)due.n == wish->most;
    *jobs = arena_array_of(t->a, mail_job, due.n);
    *count = 0;
    for (size_t i = 0; i < due.n; i++) {
        const q_mail_due_row *r = &due.p[i];
        if (wish->has_enough(wish->context, r->turn_of)) {
            msec later = turn_take(TURN_AGAIN, r->turn_of, t->now + MSEC_SECOND);
            TRY(q_mail_put_off(t, .next_at = later, .turn_at = later, .id = r->id));
            continue;
        }
        TRY(claim_one(t, r->id, &(*jobs)[*count], &send));
        (*jobs)[*count].turn_of = r->turn_of;
        (*jobs)[*count].turn_at = r->turn_at;
        *count += send;
    }
    return OK;
}

err mail_still_due(txn *t, uuid id, int64_t attempt, bool *due)
{
    q_mail_for_delivery_row row;
    TRY(q_mail_for_delivery(t, &row, id));
    bool waits = mail_state_is(row.state, MAIL_STATE_QUEUED) || mail_state_is(row.state, MAIL_STATE_DEFERRED);
    *due = waits && row.attempts == attempt && has_reason(&row, t->now);
    return OK;
}

err mail_record(txn *t, uuid id, int64_t attempt, int64_t turn_of, mail_outcome outcome, str reply, msec next_at)
{
    TRY(q_mail_withdrawn_reply(t, .reply = reply, .id = id));
    if (outcome == MAIL_DEFERRED)
        return q_mail_deferred(t, .reply = reply, .next_at = next_at,
                               .turn_at = turn_take(TURN_AGAIN, turn_of, next_at), .done_at = t->now, .id = id,
                               .attempts = attempt);
    if (outcome == MAIL_FAILED)
        return q_mail_failed(t, .reply = reply, .done_at = t->now, .id = id, .attempts = attempt);
    return q_mail_done(t, .state = mail_state_text(outcome == MAIL_SENT ? MAIL_STATE_SENT : MAIL_STATE_KEPT),
                       .reply = reply, .done_at = t->now, .id = id);
}

err mail_is_busy(txn *t, uuid id, bool *busy)
{
    q_mail_lock_free_row mine;
    q_mail_there_row there;
    *busy = false;
    err e = q_mail_lock_free(t, &mine, id);
    if (e == ERR_NOT_FOUND) {
        e = q_mail_there(t, &there, id);
        *busy = e == OK;
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

err mail_put_back(txn *t, uuid id, int64_t attempt)
{
    return q_mail_put_back(t, .now = t->now, .id = id, .attempts = attempt);
}

err mail_release_leases(txn *t)
{
    return q_mail_release_leases(t, t->now);
}

/* ---- lists ---- */

static page_mark mark_of(const void *rows, size_t i)
{
    return (page_mark){S(""), ((const mail_view *)rows)[i].id};
}

err mail_list(txn *t, uuid organization_id, page *p, mail_view **out, size_t *count)
{
    page_mark from;
    q_mail_page_rows rows;
    size_t which = uuid_none(organization_id) ? Q_MAIL_PAGE_WHOSE_ALL : Q_MAIL_PAGE_WHOSE_OWN;
    TRY(page_start(p, t->a, t->problem, S("mails"), true, &from));
    TRY(q_mail_page(t, which, &rows, .organization_id = organization_id, .after = from.id, .limit = page_fetch(p)));
    *out = arena_array_of(t->a, mail_view, rows.n);
    *count = rows.n;
    for (size_t i = 0; i < rows.n; i++) {
        const q_mail_page_row *r = &rows.p[i];
        (*out)[i] = (mail_view){
            r->id,    r->organization_id, r->invitation_id, r->kind,       r->recipient,
            r->state, r->reply,           r->attempts,      r->created_at, r->done_at ? r->done_at : r->created_at};
    }
    page_end(p, t->a, count, mark_of, *out);
    return OK;
}

err mail_retry(txn *t, const actor *by, int64_t *count)
{
    TRY(q_mail_retry(t, count, .now = t->now));
    return audit(t, by, EVENT_MAIL_RETRIED);
}
