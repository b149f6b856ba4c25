/*
 * What becomes of the invitation behind a door: accepted by a new account, by one that gives way, by its holder;
 * declined; asked for again. As it was found without a lock, it is found again under it.
 */
#include "domain/lifecycle/enrolment.h"

#include "domain/account/ways_in.h"
#include "domain/invitation/disclosure.h"
#include "domain/invitation/parts.h"
#include "domain/invitation/silence.h"
#include "domain/invitation/temporary.h"
#include "domain/mail/mail.h"
#include "domain/member/member.h"
#include "domain/organization/organization.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/held.h"
#include "domain/shared/secret.h"
#include "domain/shared/session.h"
#include "domain/shared/throttle.h"
#include "queries.h"

/* ---- the same again ---- */

/* All that an enrolment brings. */
static spending accept_spending(txn *t, const opened *o, const enrolment *e)
{
    const passkey_new *key = e->passkey;
    const str sent[] = {e->given_name,
                        e->family_name,
                        e->locale,
                        e->password_hash,
                        key ? key->client_data : STR_NONE,
                        key ? key->attestation_object : STR_NONE,
                        key ? key->name : STR_NONE};
    spending s = door_spending(SPENT_ACCEPT, o->inv.id, o->secret_hash);
    s.sent = spent_sent(t, sent, sizeof sent / sizeof *sent);
    return s;
}

static err finish_session(txn *t, const actor *who, uuid account_id, bool factor, accepted *out);

static void lead_in(const opened *o, accepted *out)
{
    out->organization_id = o->inv.organization_id;
    out->organization_slug = o->inv.slug;
    out->entitlement_keys = o->inv.entitlement_keys;
}

/*
 * Whoever enrolled a moment ago; whoever was mailed how to go on; and, at any time, who is signed in to the account
 * that accepted. ERR_NOT_FOUND: none of these.
 */
static err accept_again(txn *t, const actor *who, const opened *o, const spending *s, accepted *out)
{
    spent was;
    lead_in(o, out);
    if (door_is_accepters(who, o)) {
        TRY(door_place(t, o, who->account_id, &out->membership_id));
        return finish_session(t, who, who->account_id, false, out);
    }
    if (who->kind == ACTOR_ACCOUNT)
        return ERR_NOT_FOUND;
    TRY(spent_again_by_password(t, who, s, &was));
    out->by_mail = uuid_none(was.account_id);
    str state = invitation_state_text(out->by_mail ? INVITATION_PENDING : INVITATION_ACCEPTED);
    if (!str_eq(door_state(o, t->now), state))
        return ERR_NOT_FOUND;
    if (out->by_mail)
        return OK;
    TRY(door_place(t, o, was.account_id, &out->membership_id));
    out->new_session = true;
    return spent_session(t, who, &was, &out->session);
}

/* ---- accepting ---- */

/*
 * Whether the account at the address can come out changed. Whoever is signed in as somebody else does nothing to it,
 * and so does not hold it up.
 */
static bool is_concerned(const actor *who, const opened *o)
{
    bool waits = !uuid_none(o->account.temporary_invitation_id);
    return o->has_account && (who->kind != ACTOR_ACCOUNT || door_is_holders(who, o) || waits);
}

/* Whether the answer at a closed door may be one that was given before. */
typedef err may_be_again(txn *t, const actor *who, const opened *o, bool *again);

static err accepted_before(txn *t, const actor *who, const opened *o, bool *again)
{
    const spending s = door_spending(SPENT_ACCEPT, o->inv.id, o->secret_hash);
    TRY(door_may_be_again(t, who, o->inv.state, &s, again));
    *again |= door_is_accepters(who, o);
    return OK;
}

static err declined_before(txn *, const actor *, const opened *o, bool *again)
{
    *again = invitation_state_is(o->inv.state, INVITATION_DECLINED);
    return OK;
}

static err expired_before(txn *, const actor *, const opened *, bool *again)
{
    *again = true;
    return OK;
}

static err refuse_closed(txn *t, const actor *who, may_be_again *before, const opened *o, bool *again)
{
    TRY(before(t, who, o, again));
    return *again ? OK : invitation_state_error(door_state(o, t->now));
}

/* The door again, now locked for the change, and still open; what is closed holds nobody up. */
static err open_for_change(txn *t, const actor *who, may_be_again *before, const invitation_key *key, opened *o,
                           q_invitation_for_change_row *inv)
{
    seats s;
    bool again;
    TRY(door_open(t, who, key, o));
    TRY(refuse_closed(t, who, before, o, &again));
    uuid held = is_concerned(who, o) ? o->account.id : UUID_NONE;
    if (!uuid_none(held)) /* who takes it over ends its ways in: accounts are held before seats */
        TRY(ways_hold(t, held));
    TRY(seats_lock(t, o->inv.organization_id, &s));
    TRY(door_open(t, who, key, o)); /* as it is under the lock */
    if (is_concerned(who, o) && !uuid_eq(o->account.id, held))
        return row_hold_first(t, HELD_ACCOUNT, o->account.id);
    return q_invitation_for_change(t, inv, .organization_id = o->inv.organization_id, .id = o->inv.id);
}

static err new_account(txn *t, const actor *who, const opened *o, const enrolment *e, str given, str family, uuid *id)
{
    int64_t inserted;
    *id = e->passkey ? passkey_account(e->passkey, UUID_NONE) : uuid_new(t->now);
    TRY(q_account_insert(t, &inserted, .id = *id, .email = o->inv.email, .email_key = o->inv.email_key,
                         .email_proved_at = o->mailed ? t->now : 0,
                         .confined_to_id = o->mailed ? UUID_NONE : o->inv.organization_id, .given_name = given,
                         .family_name = family, .locale = e->locale.p ? e->locale : o->inv.locale,
                         .time_zone = who->here_zone, .password_hash = e->password_hash, .created_at = t->now));
    return inserted ? OK : ERR_UNAUTHENTICATED;
}

static err take_over_account(txn *t, const actor *who, const opened *o, const enrolment *e, str given, str family)
{
    uuid id = o->account.id;
    account_change names = {
        .given_name = given, .family_name = family, .locale = e->locale, .time_zone = who->here_zone};
    actor self = {.kind = ACTOR_INVITED, .account_id = id, .organization_id = o->inv.organization_id};
    TRY(password_put(t, WAYS_TAKEN_OVER, id, e->password_hash));
    if (o->mailed)
        TRY(q_account_prove(t, .email_proved_at = t->now, .id = id));
    else
        TRY(q_account_confine(t, .confined_to_id = o->inv.organization_id, .id = id));
    return account_update(t, &self, &names);
}

/* What a person who enrols must give: names, and a password or a passkey. */
static err judge_person(txn *t, const enrolment *e, str *given, str *family)
{
    if (!e->password_hash.p && !e->passkey)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/password"), S("required"), 0);
    TRY(name_clean(t->a, t->problem, S("/given_name"), e->given_name, given));
    return name_clean(t->a, t->problem, S("/family_name"), e->family_name, family);
}

static err enrol(txn *t, const actor *who, const opened *o, const enrolment *e, uuid *account_id)
{
    str given, family;
    TRY(judge_person(t, e, &given, &family));
    if (!o->has_account) {
        TRY(new_account(t, who, o, e, given, family, account_id));
    } else {
        *account_id = o->account.id;
        TRY(take_over_account(t, who, o, e, given, family));
    }
    return e->passkey ? passkey_enrol(t, o->inv.id, o->has_account ? o->account.id : UUID_NONE, e->passkey) : OK;
}

/* Who becomes a member: the one who enrols, or the account that is signed in and has this very address. */
static err settle_account(txn *t, const actor *who, const opened *o, const enrolment *e, accepted *out,
                          uuid *account_id)
{
    str next = door_next(who, o);
    if (str_eq(next, S("switch_account")))
        return ERR_WRONG_ACCOUNT;
    if (str_eq(next, S("sign_in")))
        return ERR_UNAUTHENTICATED;
    out->new_session = str_eq(next, S("enrol"));
    if (out->new_session)
        return enrol(t, who, o, e, account_id);
    *account_id = who->account_id;
    if (uuid_none(who->confined_to_id) || uuid_eq(who->confined_to_id, o->inv.organization_id))
        return OK;
    return ERR_ADDRESS_UNPROVED;
}

/* An account without a proved address has no standing, and is not what an organization refuses. */
static bool refuses_holder(const opened *o)
{
    return existing_accounts_is(o->inv.existing_accounts, EXISTING_ACCOUNTS_REFUSE) && o->has_account &&
           o->account.email_proved_at != 0;
}

static err refused_by_rule(const actor *who, const opened *o)
{
    return (o->tells || door_is_holders(who, o)) && refuses_holder(o) ? ERR_ACCOUNT_ALREADY_ACTIVE : OK;
}

/* ---- going on by mail ---- */

/*
 * Whoever enrols over a secret that may not tell learns from the answer whether there was an account: counted and
 * audited for the organization that handed the secret out, before anything is looked at and whether there is one or
 * not.
 */
static err count_answer(txn *t, const actor *who, const opened *o)
{
    bool may;
    actor by = *who;
    by.kind = ACTOR_INVITED;
    disclosure d = disclosure_begin(t, &by, o->inv.organization_id);
    TRY(disclosure_count(&d, o->inv.email_key, &may));
    t->problem->retry_after = may ? t->problem->retry_after : d.retry_after;
    return may ? disclosure_end(&d) : ERR_RATE_LIMITED;
}

/* So many mails an invitation; past them the answer is the same. */
static err may_mail(txn *t, uuid invitation_id, bool *may)
{
    const rate_rule *const rules[] = {&RATE_GO_ON_HOUR, &RATE_GO_ON_DAY};
    str who = {(const char *)invitation_id.b, sizeof invitation_id.b};
    problem *outer = t->problem, own = {0};
    int64_t taken = 1;
    err e = OK;
    t->problem = &own;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && e == OK && taken; i++)
        e = rate_take(t, rules[i], who, 1, &taken);
    t->problem = outer;
    *may = taken;
    return e;
}

/*
 * A link of its own, beside those that were sent, in the holder's language; none where the organization refuses them.
 */
static err mail_holder(txn *t, const opened *o)
{
    bool proved = o->account.email_proved_at != 0;
    str holders = proved ? o->account.locale : STR_NONE, hash;
    mail_order order = {.kind = MAIL_INVITATION_GO_ON,
                        .organization_id = o->inv.organization_id,
                        .invitation_id = o->inv.id,
                        .recipient = proved ? o->account.email : o->inv.email,
                        .locale = holders.p         ? holders
                                  : o->inv.locale.p ? o->inv.locale
                                                    : o->inv.organization_locale};
    if (!refuses_holder(o)) {
        secret_new(t->a, o->inv.organization_id, o->inv.id, &order.token, &hash);
        TRY(q_invitation_old_secret_insert(t, .organization_id = o->inv.organization_id, .invitation_id = o->inv.id,
                                           .secret_hash = hash, .is_live = true));
    }
    return mail_queue(t, &order, NULL);
}

/*
 * The form was filled in for an address that has an account. What would be refused of a new person is refused here as
 * well.
 */
static err go_on_by_mail(txn *t, const opened *o, const enrolment *e, accepted *out)
{
    str given, family;
    bool may;
    TRY(judge_person(t, e, &given, &family));
    if (e->passkey)
        TRY(passkey_enrol_nobody(t, o->inv.id, e->passkey));
    TRY(may_mail(t, o->inv.id, &may));
    out->by_mail = true;
    return may ? mail_holder(t, o) : OK;
}

/* ---- becoming a member ---- */

static err close_accepted(txn *t, const q_invitation_for_change_row *inv, uuid organization_id, uuid account_id)
{
    TRY(q_invitation_close(t, .state = invitation_state_text(INVITATION_ACCEPTED), .closed_at = t->now,
                           .accepted_by_id = account_id, .accepted_at = t->now, .organization_id = organization_id,
                           .id = inv->id));
    return mail_withdraw(t, inv->mail_id);
}

err invitation_fulfil(txn *t, const actor *who, uuid organization_id, const q_invitation_for_change_row *inv,
                      uuid account_id, uuid *membership_id)
{
    q_account_kept_row a;
    TRY(close_accepted(t, inv, organization_id, account_id));
    TRY(q_account_kept(t, &a, account_id));
    if (a.closed_at) /* meanwhile */
        return ERR_UNAUTHENTICATED;
    new_member m = {.organization_id = organization_id,
                    .account_id = account_id,
                    .invited_by_id = inv->invited_by_id,
                    .role = inv->role,
                    .entitlements = inv->entitlements,
                    .group_ids = inv->group_ids,
                    .access_ends_at = inv->access_ends_at,
                    .email_key = a.email_key,
                    .given_name = a.given_name,
                    .family_name = a.family_name};
    TRY(member_add(t, &m, membership_id));
    actor by = *who;
    by.kind = ACTOR_INVITED;
    by.account_id = account_id;
    return audit(t, &by, EVENT_INVITATION_ACCEPTED, .subject_id = inv->id, .organization_id = organization_id,
                 .after = {.role = inv->role}, .detail = {.email = inv->email});
}

static err finish_session(txn *t, const actor *who, uuid account_id, bool factor, accepted *out)
{
    TRY(account_get(t, account_id, &out->session.account));
    if (out->new_session)
        return session_create(t, who, account_id, STAGE_FULL, factor, &out->session.session_id, &out->session.token,
                              &out->session.expires_at);
    out->session.session_id = who->session_id;
    out->session.expires_at = t->now + t->env->settings->session_lifetime;
    return OK;
}

/*
 * What reading can refuse holds up nobody's account, and no seats. A typed code is looked at once: each look is
 * counted.
 */
static err refuse_unlocked(txn *t, const actor *who, const enrolment *e)
{
    opened o;
    bool again;
    str given, family;
    if (!e->key.token.p)
        return OK;
    TRY(door_open(t, who, &e->key, &o));
    TRY(refuse_closed(t, who, accepted_before, &o, &again));
    if (again)
        return OK;
    return str_eq(door_next(who, &o), S("enrol")) ? judge_person(t, e, &given, &family) : OK;
}

err invitation_accept(txn *t, const actor *who, const enrolment *e, accepted *out)
{
    opened o;
    q_invitation_for_change_row inv;
    uuid account_id;
    *out = (accepted){0};
    TRY(refuse_unlocked(t, who, e));
    TRY(open_for_change(t, who, accepted_before, &e->key, &o, &inv));
    const spending s = accept_spending(t, &o, e);
    err again = accept_again(t, who, &o, &s, out);
    if (again != ERR_NOT_FOUND)
        return again;
    *out = (accepted){0};
    TRY(invitation_state_error(door_state(&o, t->now)));
    if (!o.tells && str_eq(door_next(who, &o), S("enrol"))) {
        TRY(count_answer(t, who, &o));
        if (o.has_account && !door_gives_way(&o)) {
            TRY(go_on_by_mail(t, &o, e, out));
            return spent_note(t, who, &s, &(spent){0});
        }
    }
    TRY(refused_by_rule(who, &o));
    TRY(settle_account(t, who, &o, e, out, &account_id));
    TRY(invitation_fulfil(t, who, o.inv.organization_id, &inv, account_id, &out->membership_id));
    lead_in(&o, out);
    TRY(finish_session(t, who, account_id, e->passkey != NULL, out));
    if (!out->new_session) /* a session accepted, which the secret alone must not become */
        return OK;
    return spent_note(t, who, &s, &(spent){.account_id = account_id, .is_factor = e->passkey != NULL});
}

/* ---- declining, asking again ---- */

err invitation_decline(txn *t, const actor *who, const invitation_key *key, bool silence)
{
    opened o;
    q_invitation_for_change_row inv;
    seats s;
    spent was;
    TRY(open_for_change(t, who, declined_before, key, &o, &inv));
    const spending this = door_spending(SPENT_DECLINE, o.inv.id, o.secret_hash);
    if (invitation_state_is(o.inv.state, INVITATION_DECLINED)) {
        err again = spent_again(t, who, &this, &was);
        return again == ERR_NOT_FOUND ? ERR_INVITATION_DECLINED : again;
    }
    TRY(invitation_state_error(door_state(&o, t->now)));
    if (silence && !o.mailed) /* whoever has a copied link need not be whom it is for */
        return ERR_FORBIDDEN;
    if (method_is(inv.method, METHOD_TEMPORARY_PASSWORD))
        TRY(temporary_end(t, inv.email_key, inv.id));
    TRY(q_invitation_close(t, .state = invitation_state_text(INVITATION_DECLINED), .closed_at = t->now,
                           .organization_id = o.inv.organization_id, .id = inv.id));
    TRY(mail_withdraw(t, inv.mail_id));
    TRY(seats_lock(t, o.inv.organization_id, &s));
    TRY(seat_release(t, &s, 1, SEAT_DECLINED));
    TRY(spent_note(t, who, &this, &(spent){0}));
    actor by = *who;
    by.kind = ACTOR_INVITED;
    if (silence)
        TRY(silence_begin(t, &by, o.inv.organization_id, inv.id, inv.email_key));
    return audit(t, &by, EVENT_INVITATION_DECLINED, .subject_id = inv.id, .organization_id = o.inv.organization_id,
                 .detail = {.email = inv.email});
}

/* Nobody is there to be told of it: the request stands in the list, for whoever comes. */
static err mail_asking(txn *t, const opened *o)
{
    account_view whom;
    err e = door_whom_to_ask(t, o, &whom);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    const mail_order order = {.kind = MAIL_ASK_AGAIN,
                              .organization_id = o->inv.organization_id,
                              .invitation_id = o->inv.id,
                              .account_id = whom.id,
                              .recipient = whom.email,
                              .locale = whom.locale};
    return mail_queue(t, &order, NULL);
}

err invitation_ask_again(txn *t, const actor *who, const invitation_key *key)
{
    opened o;
    q_invitation_for_change_row inv;
    bool mails;
    int64_t taken;
    spent was;
    TRY(open_for_change(t, who, expired_before, key, &o, &inv));
    if (!door_may_be_asked(door_state(&o, t->now), &mails))
        return ERR_CONFLICT;
    const spending this = door_spending(SPENT_ASK_AGAIN, o.inv.id, o.secret_hash);
    err again = spent_again(t, who, &this, &was);
    if (again != ERR_NOT_FOUND)
        return again;
    if (inv.asked_count >= ASKS_MAX)
        return ERR_ALREADY_ASKED;
    TRY(rate_take(t, &RATE_ASK_AGAIN, (str){(const char *)o.inv.id.b, sizeof o.inv.id.b}, 1, &taken));
    if (!taken)
        return ERR_RATE_LIMITED;
    TRY(spent_note(t, who, &this, &(spent){0}));
    TRY(q_invitation_asked_set(t, .asked_at = t->now, .organization_id = o.inv.organization_id, .id = o.inv.id));
    if (mails)
        TRY(mail_asking(t, &o));
    actor by = *who;
    by.kind = ACTOR_INVITED;
    if (o.mailed) /* they want to be invited after all */
        TRY(silence_end(t, &by, o.inv.organization_id, inv.email_key, NULL));
    return audit(t, &by, EVENT_INVITATION_ASKED_AGAIN, .subject_id = o.inv.id,
                 .organization_id = o.inv.organization_id);
}
