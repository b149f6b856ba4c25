/* Inviting: what would happen, and making it happen. */
#include "domain/invitation/create.h"

#include "base/hash.h"
#include "domain/invitation/disclosure.h"
#include "domain/invitation/parts.h"
#include "domain/invitation/silence.h"
#include "domain/invitation/temporary.h"
#include "domain/mail/mail.h"
#include "domain/organization/group.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/domain_list.h"
#include "domain/shared/name.h"
#include "domain/shared/span.h"
#include "limits_table.h"
#include "ports/address.h"
#include "queries.h"

#include <stdlib.h>

/* One order on its way through. */
typedef struct inviting {
    txn *t;
    const actor *by;
    const invite_order *order;
    q_organization_by_id_row organization;
    seats seats;
    int64_t seats_taken; /* of those, by nobody yet */
    int64_t granted;     /* how many more this hour has room for */
    disclosure telling;
    bool previews;
    msec lifetime;
    str delivery; /* of temporary passwords; STR_NONE: everybody gets a link */
    msec password_lifetime;
    uuid batch_id;
    struct candidate {
        address where;
        bool ready;
        bool told; /* whether it has an account; else nothing that the organization sees may depend on that */
        q_invitation_look_row found;
        str given_name, family_name, message, group_ids;
        int64_t entitlements;
        invitation_send send;
    } * candidates;
    group_choice groups;
    const str **seen; /* open addressing over the keys of this order */
    size_t seen_size;
} inviting;

/* Whether and how temporary passwords are handed over. */
static err start_passwords(inviting *w)
{
    const invite_order *order = w->order;
    temporary_terms terms = temporary_terms_of(w->t, &w->organization);
    if (!method_is(order->method, METHOD_TEMPORARY_PASSWORD))
        return order->delivery.p ? problem_at(w->t->problem, ERR_INVALID_REQUEST, S("/delivery"), S("not-allowed"), 0)
                                 : OK;
    TRY(temporary_delivery(w->t, &terms, order->delivery, &w->delivery));
    if (!order->deliver && password_delivery_is(w->delivery, PASSWORD_DELIVERY_SEND))
        return problem_at(w->t->problem, ERR_INVALID_REQUEST, S("/deliver"), S("not-allowed"), 0);
    w->password_lifetime = order->lifetime ? order->lifetime : terms.lifetime;
    return OK;
}

err invite_lifetime_read(arena *a, problem *p, str method, str text, msec *out)
{
    static const msec bounds[][2] = {{INVITATION_LIFETIME_LEAST, INVITATION_LIFETIME_MOST},
                                     {TEMPORARY_PASSWORD_LIFETIME_LEAST, TEMPORARY_PASSWORD_LIFETIME_MOST}};
    const msec *within = bounds[method.p && !method_is(method, METHOD_LINK)];
    return span_read(a, p, S("/expires_in"), text, within[0], within[1], out);
}

static err start(inviting *w, txn *t, const actor *by, const invite_order *order)
{
    *w = (inviting){.t = t, .by = by, .order = order, .telling = disclosure_begin(t, by, by->organization_id)};
    TRY(q_organization_by_id(t, &w->organization, by->organization_id));
    w->lifetime = order->lifetime ? order->lifetime : w->organization.invitation_lifetime;
    TRY(start_passwords(w));
    w->candidates = arena_alloc(t->a, order->count * sizeof *w->candidates);
    w->seen_size = 16;
    while (w->seen_size < order->count * 2)
        w->seen_size *= 2;
    w->seen = arena_alloc(t->a, w->seen_size * sizeof *w->seen);
    for (size_t i = 0; i < order->count; i++)
        if (order->rows[i].group_count)
            return group_choice_read(t, by->organization_id, &w->groups);
    return OK;
}

/* True when the key came before in this order; notes it otherwise. Linear probing: at most 1,000 keys. */
static bool repeated(inviting *w, const str *key)
{
    for (size_t at = hash_of(*key) & (w->seen_size - 1);; at = (at + 1) & (w->seen_size - 1)) {
        if (!w->seen[at]) {
            w->seen[at] = key;
            return false;
        }
        if (str_eq(*w->seen[at], *key))
            return true;
    }
}

static err clean_optional(inviting *w, str pointer, str value, str *out)
{
    *out = STR_NONE;
    return value.p && !str_empty(str_trim(value)) ? name_clean(w->t->a, w->t->problem, pointer, value, out) : OK;
}

/* A personal message may have lines, but no links: it travels under our name. */
static err clean_message(inviting *w, str message, str *out)
{
    static const str signs[] = {S_INIT("://"), S_INIT("www.")};
    str text = str_trim(message);
    *out = text.n ? text : STR_NONE;
    if (str_codepoints(text) > INVITE_MESSAGE_MAX)
        return problem_at(w->t->problem, ERR_INVALID_REQUEST, S("/message"), S("too-long"), INVITE_MESSAGE_MAX);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        for (size_t at = 0; at + signs[i].n <= text.n; at++)
            if (str_eq_nocase(str_slice(text, at, at + signs[i].n), signs[i]))
                return problem_at(w->t->problem, ERR_INVALID_REQUEST, S("/message"), S("invalid-characters"), 0);
    return OK;
}

/* Entitlements, groups, end of access: what the row leaves open is as the organization has it for everybody. */
static err judge_options(inviting *w, const invite_row *row, struct candidate *c)
{
    txn *t = w->t;
    str keys = w->organization.entitlement_keys;
    c->entitlements = entitlements_by_default(keys);
    TRY(entitlements_choose(t, keys, row->role, row->entitlements, row->entitlement_count, &c->entitlements));
    TRY(group_chosen(t, &w->groups, row->groups, row->group_count, &c->group_ids));
    if (row->access_ends_at && row->access_ends_at <= t->now)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/access_ends_at"), S("past"), 0);
    return OK;
}

/* A lapsed invitation does not count. */
static bool is_invited(const inviting *w, const struct candidate *c)
{
    return !uuid_none(c->found.pending_id) && c->found.pending_until > w->t->now;
}

/*
 * An account whose address nobody proved has no standing: it counts as none, and so does one that waits behind a
 * temporary password.
 */
static bool has_account(const struct candidate *c)
{
    return c->told && c->found.account_proved_at != 0;
}

/*
 * Where no account can be made to wait: there is one, or another organization gave it a temporary password that is
 * still good.
 */
static bool is_taken(const inviting *w, const struct candidate *c)
{
    const q_invitation_look_row *found = &c->found;
    bool waits = !uuid_none(found->waiting_id);
    bool ours = uuid_eq(found->waiting_for_id, w->organization.id) || found->waiting_until <= w->t->now;
    return !uuid_none(found->account_id) && !(waits && ours);
}

/* Whoever has an account gets a link, if that may be told; else everybody gets what was asked for: temporary_issue. */
static bool gets_password(const inviting *w, const struct candidate *c)
{
    return w->delivery.p && !(c->told && is_taken(w, c));
}

/*
 * The account behind the address: whether it is a member already, invited or not welcome. Here, where it is found out,
 * it is decided whether that may be told; a member is no secret to the organization, and whoever is invited already is
 * not looked at.
 */
static err judge_account(inviting *w, struct candidate *c, invite_result *result)
{
    q_invitation_look_row *found = &c->found;
    TRY(q_invitation_look(w->t, found, .organization_id = w->organization.id, .email_key = c->where.key,
                          .address_hash = silence_hash(w->t, c->where.key)));
    result->membership_id = found->membership_id;
    result->role = found->role;
    if (!uuid_none(found->membership_id))
        return ERR_ALREADY_MEMBER;
    if (is_invited(w, c)) {
        result->standing_id = found->pending_id;
        return ERR_ALREADY_INVITED;
    }
    if (found->is_silenced)
        return ERR_INVITATIONS_REFUSED;
    bool refuses = existing_accounts_is(w->organization.existing_accounts, EXISTING_ACCOUNTS_REFUSE);
    if (w->previews || w->delivery.p || refuses)
        TRY(disclosure_ask(&w->telling, c->where.key, &c->told));
    return refuses && has_account(c) ? ERR_ACCOUNT_ALREADY_ACTIVE : OK;
}

static err judge(inviting *w, size_t i, invite_result *result)
{
    const invite_row *row = &w->order->rows[i];
    struct candidate *c = &w->candidates[i];
    if (row->refused) {
        *w->t->problem = *row->refused;
        return ERR_INVALID_REQUEST;
    }
    if (!address_parse(w->t->a, row->email, &c->where))
        return ERR_INVALID_ADDRESS;
    if (!organization_takes_domain(w->organization.allowed_domains, w->organization.refused_domains, c->where.key))
        return ERR_ADDRESS_DOMAIN_REFUSED;
    TRY(invitation_role_allowed(w->by, row->role));
    TRY(clean_optional(w, S("/given_name"), row->given_name, &c->given_name));
    TRY(clean_optional(w, S("/family_name"), row->family_name, &c->family_name));
    TRY(clean_message(w, row->message, &c->message));
    TRY(judge_options(w, row, c));
    if (repeated(w, &c->where.key))
        return ERR_ALREADY_INVITED;
    return judge_account(w, c, result);
}

/* A refusal of one row is its result; trouble with the database is everybody's. */
static bool is_trouble(err e)
{
    return e == ERR_UNAVAILABLE || e == ERR_INTERNAL;
}

static problem *row_problem(inviting *w)
{
    return w->t->problem = arena_new_of(w->t->a, problem);
}

static err judge_all(inviting *w, invite_result *results)
{
    problem *whole = w->t->problem, *spare = row_problem(w);
    for (size_t i = 0; i < w->order->count; i++) {
        w->t->problem = spare;
        results[i] = (invite_result){.email = w->order->rows[i].email};
        err e = judge(w, i, &results[i]);
        if (is_trouble(e)) {
            w->t->problem = whole;
            return e;
        }
        results[i].outcome = e;
        w->candidates[i].ready = e == OK;
        if (e != OK) { /* keep what was noted, and give the next row a clean sheet */
            results[i].problem = spare;
            spare = row_problem(w);
        }
    }
    w->t->problem = whole;
    return OK;
}

/* ---- preview ---- */

static void preview_row(inviting *w, size_t i, invite_result *result)
{
    const struct candidate *c = &w->candidates[i];
    if (!c->ready)
        return;
    result->existing_account = has_account(c);
    problem *whole = w->t->problem, *own = row_problem(w);
    w->t->problem = own;
    result->outcome = seat_try(w->t, &w->seats);
    w->t->problem = whole;
    if (result->outcome == OK)
        result->method = method_text(gets_password(w, c) ? METHOD_TEMPORARY_PASSWORD : METHOD_LINK);
    else
        result->problem = own;
}

err invitations_preview(txn *t, const actor *by, const invite_order *order, bool guarded, invite_result *results,
                        seats *seats)
{
    inviting w;
    TRY(start(&w, t, by, order));
    TRY(seats_read(t, by->organization_id, &w.seats));
    *seats = w.seats;
    w.previews = true;
    TRY(judge_all(&w, results));
    if (guarded && w.telling.retry_after) {
        t->problem->retry_after = w.telling.retry_after;
        return ERR_RATE_LIMITED;
    }
    for (size_t i = 0; i < order->count; i++)
        preview_row(&w, i, &results[i]);
    return disclosure_end(&w.telling);
}

/* ---- sending ---- */

static err write_audit(inviting *w, const struct candidate *c, const invite_row *row, const invitation_view *made)
{
    char when[CLOCK_TEXT_SIZE];
    return audit(w->t, w->by, EVENT_INVITATION_CREATED, .subject_id = made->id,
                 .after = {.role = row->role,
                           .expires_at = clock_format(made->expires_at, when),
                           .method = made->method,
                           .delivery = made->password_delivery},
                 .detail = {.email = c->where.typed});
}

/* What reading the new row would give. */
static invitation_view made_of(const inviting *w, const q_invitation_insert_in *in)
{
    return (invitation_view){
        INVITATION_AS_KEPT(in),
        .state = invitation_state_text(INVITATION_PENDING),
        .inviter_given_name = w->by->given_name,
        .inviter_family_name = w->by->family_name,
        .delivery_state = mail_state_text(uuid_none(in->mail_id) ? MAIL_STATE_NONE : MAIL_STATE_QUEUED),
        .delivery_at = uuid_none(in->mail_id) ? 0 : w->t->now,
    };
}

static err insert(inviting *w, const struct candidate *c, const invite_row *row, const invitation_send *send,
                  invitation_view **made)
{
    txn *t = w->t;
    const q_organization_by_id_row *o = &w->organization;
    msec lifetime = send->password.p ? w->password_lifetime : w->lifetime;
    msec expires = invitation_expiry(t->now, lifetime, row->access_ends_at);
    bool sent = w->order->deliver;
    q_invitation_insert_in in = {
        .organization_id = o->id,
        .id = send->invitation_id,
        .batch_id = w->batch_id,
        .email = c->where.typed,
        .email_key = c->where.key,
        .role = row->role,
        .locale = row->locale,
        .message = c->message,
        .given_name = c->given_name,
        .family_name = c->family_name,
        .entitlements = c->entitlements,
        .group_ids = c->group_ids,
        .access_ends_at = row->access_ends_at,
        .invited_by_id = w->by->account_id,
        .created_at = t->now,
        .expires_at = expires,
        .lifetime = lifetime,
        .secret_hash = send->secret_hash,
        .code_hash = send->code_hash,
        .code_expires_at = send->code_expires_at,
        .sent_count = sent,
        .last_sent_at = sent ? t->now : 0,
        .mail_id = send->mail_id,
        .remind_at = sent ? invitation_next_reminder(t->now, o->reminder_after, o->reminder_max, 0, expires) : 0,
        .method = send->method,
        .password_delivery = send->password_delivery};
    err e = q_invitation_insert_(t, &in);
    if (e != OK)
        return e == ERR_CONFLICT ? ERR_INTERNAL : e; /* the seat row's lock keeps others out: nobody came between */
    *made = arena_new_of(t->a, invitation_view);
    **made = made_of(w, &in);
    return OK;
}

/* One of the seats that were taken for all beforehand, or one that came free since. */
static err take_seat(inviting *w)
{
    if (!w->seats_taken)
        return seat_hold(w->t, &w->seats, SEAT_INVITED);
    w->seats_taken--;
    return OK;
}

/* A temporary password, where one is wanted and the address did not get an account at this very moment. */
static err issue_password(inviting *w, size_t i, invite_result *)
{
    struct candidate *c = &w->candidates[i];
    if (!gets_password(w, c))
        return OK;
    msec expires = invitation_expiry(w->t->now, w->password_lifetime, w->order->rows[i].access_ends_at);
    c->send.tells = c->told;
    err e = temporary_issue(w->t, &c->send, w->delivery, c->given_name, c->family_name, expires);
    return e == ERR_CONFLICT ? OK : e;
}

static err seat_one(inviting *w, size_t i, invite_result *)
{
    struct candidate *c = &w->candidates[i];
    if (w->granted <= 0)
        return ERR_RATE_LIMITED;
    if (!uuid_none(c->found.pending_id)) /* lapsed, it still stands in the way of the unique index */
        TRY(seat_lapse(w->t, &w->seats, c->found.pending_id));
    TRY(take_seat(w));
    w->granted--;
    c->send = (invitation_send){.organization_id = w->organization.id,
                                .invitation_id = uuid_new(w->t->now),
                                .kind = MAIL_INVITATION,
                                .method = method_text(METHOD_LINK),
                                .email = c->where.typed,
                                .email_key = c->where.key,
                                .locale = w->order->rows[i].locale,
                                .organization_locale = w->organization.locale,
                                .account_email = c->found.account_email,
                                .account_locale = c->found.account_locale};
    return OK;
}

static err invite_one(inviting *w, size_t i, invite_result *result)
{
    struct candidate *c = &w->candidates[i];
    const invite_row *row = &w->order->rows[i];
    if (w->order->deliver)
        TRY(invitation_mail(w->t, &c->send));
    if (c->found.is_asked)
        TRY(q_invitation_asked_answered(w->t, .organization_id = w->organization.id, .email_key = c->where.key));
    TRY(insert(w, c, row, &c->send, &result->made));
    result->method = c->send.method;
    if (password_delivery_is(c->send.password_delivery, PASSWORD_DELIVERY_SHOW))
        result->temporary_password = c->send.password;
    return write_audit(w, c, row, result->made);
}

/* A step for each that is ready, in that order; who is refused takes no further one. */
static err for_each(inviting *w, struct candidate *const *order, invite_result *results,
                    err (*step)(inviting *w, size_t i, invite_result *result))
{
    problem *whole = w->t->problem, *spare = row_problem(w);
    for (size_t at = 0; at < w->order->count; at++) {
        size_t i = order ? (size_t)(order[at] - w->candidates) : at;
        if (!w->candidates[i].ready)
            continue;
        w->t->problem = spare;
        err e = step(w, i, &results[i]);
        w->t->problem = whole;
        if (is_trouble(e))
            return e;
        results[i].outcome = e;
        if (e != OK) {
            w->candidates[i].ready = false;
            spare->retry_after = e == ERR_RATE_LIMITED ? whole->retry_after : 0;
            results[i].problem = spare;
            spare = row_problem(w);
            w->t->problem = whole;
        }
    }
    return OK;
}

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = *(struct candidate *const *)a, *y = *(struct candidate *const *)b;
    return str_cmp(x->where.key, y->where.key);
}

/*
 * Who comes first gets a seat. Accounts that wait are made in the order of their addresses: two who make the same ones
 * would wait for each other.
 */
static err invite_all(inviting *w, invite_result *results)
{
    struct candidate **order = arena_array_of(w->t->a, struct candidate *, w->order->count);
    for (size_t i = 0; i < w->order->count; i++)
        order[i] = &w->candidates[i];
    qsort(order, w->order->count, sizeof *order, by_key);
    TRY(for_each(w, NULL, results, seat_one));
    TRY(for_each(w, order, results, issue_password));
    return for_each(w, NULL, results, invite_one);
}

static int64_t ready_count(const inviting *w)
{
    int64_t n = 0;
    for (size_t i = 0; i < w->order->count; i++)
        n += w->candidates[i].ready;
    return n;
}

/*
 * The first of the hour's room is taken before any address is looked at: where nobody fits, nothing is told. It is
 * given back when nobody is ready.
 */
static err judge_within(inviting *w, invite_result *results)
{
    int64_t first, more;
    TRY(invitation_rate(w->t, w->organization.id, 1, &first));
    if (!first)
        return ERR_RATE_LIMITED;
    TRY(judge_all(w, results));
    TRY(invitation_rate(w->t, w->organization.id, ready_count(w) - first, &more));
    w->granted = first + more;
    return disclosure_end(&w->telling);
}

err invitations_create(txn *t, const actor *by, const invite_order *order, invite_result *results, uuid *batch_id)
{
    inviting w;
    seats s;
    TRY(seats_lock(t, by->organization_id, &s)); /* first: groups and entitlements go under this lock */
    TRY(start(&w, t, by, order));
    w.seats = s;
    TRY(judge_within(&w, results));
    *batch_id = w.batch_id = uuid_new(t->now);
    TRY(q_batch_insert(t, .organization_id = by->organization_id, .id = w.batch_id, .created_by_id = by->account_id,
                       .created_at = t->now));
    int64_t want = ready_count(&w);
    TRY(seat_hold_some(t, &w.seats, want < w.granted ? want : w.granted, SEAT_INVITED, &w.seats_taken));
    TRY(invite_all(&w, results));
    return seat_release(t, &w.seats, w.seats_taken, SEAT_INVITED);
}
