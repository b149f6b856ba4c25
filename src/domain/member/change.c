/* Changing a membership: role, state, options. Ending it is in member.c. */
#include "domain/member/change.h"

#include "domain/invitation/change.h"
#include "domain/mail/mail.h"
#include "domain/member/notice.h"
#include "domain/organization/group.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/session.h"
#include "limits_table.h"
#include "queries.h"
#include <stdlib.h>

/* ---- owners ---- */

err owner_hand_on(txn *t, uuid organization_id, uuid leaving)
{
    q_owner_lock_row stands;
    q_owner_other_row other;
    TRY(q_owner_lock(t, &stands, organization_id));
    err e = q_owner_other(t, &other, .organization_id = organization_id, .but = leaving);
    if (e == ERR_NOT_FOUND)
        return ERR_LAST_OWNER;
    TRY(e);
    if (!uuid_eq(stands.membership_id, leaving))
        return OK;
    return q_owner_move(t, .membership_id = other.id, .organization_id = organization_id);
}

err owner_is_last(txn *t, uuid organization_id, uuid id, bool *last)
{
    q_owner_other_row other;
    err e = q_owner_other(t, &other, .organization_id = organization_id, .but = id);
    *last = e == ERR_NOT_FOUND;
    return *last ? OK : e;
}

err owner_key(txn *t, err e)
{
    return e == ERR_CONFLICT && t->violation == VIOLATION_FOREIGN_KEY ? ERR_LAST_OWNER : e;
}

bool member_is_above(const actor *by, const q_member_lock_row *m)
{
    return role_is(m->role, ROLE_OWNER) && by->kind != ACTOR_OPERATOR && !role_is(by->role, ROLE_OWNER);
}

err member_moved(txn *t, const actor *by, uuid organization_id, uuid id, uuid account_id)
{
    char to[TYPEID_SIZE];
    return audit(t, by, EVENT_MEMBER_MOVED, .subject_id = id, .organization_id = organization_id,
                 .after = {.account = typeid_format(ID_ACCOUNT, account_id, to)});
}

/* ---- end of access ---- */

msec member_warn_at(msec ends, msec now)
{
    msec before = ends - ACCESS_WARNED_BEFORE;
    return ends <= now ? 0 : before > now ? before : now;
}

bool access_end_parse(str text, msec *out)
{
    char day[sizeof "2026-12-31T00:00:00Z"] = "0000-00-00T00:00:00Z";
    if (text.n != sizeof "2026-12-31" - 1)
        return clock_parse(text, out);
    memcpy(day, text.p, text.n);
    bool sound = clock_parse(str_of(day), out);
    *out += sound ? MSEC_DAY : 0;
    *out = *out > CLOCK_LAST ? CLOCK_LAST : *out; /* "9999-12-31", as directories write "never" */
    return sound;
}

/* ---- one membership ---- */

/* Rows of a change are judged against what was read under their locks. */
typedef struct changing {
    txn *t;
    const actor *by;
    const member_change *c;
    group_choice groups;
    str replaced, added, removed; /* groups, in their kept form */
} changing;

static bool has_options(const member_change *c)
{
    return c->state.p || c->entitlement_count || c->has_groups || c->groups_add_count || c->groups_remove_count ||
           c->has_access_ends_at;
}

/* What does not depend on whose membership it is. */
static err start(changing *w, txn *t, const actor *by, const member_change *c)
{
    *w = (changing){.t = t, .by = by, .c = c};
    permission needed = (c->role.p ? PERM_ROLES_CHANGE : 0) | (has_options(c) ? PERM_MEMBERS_UPDATE : 0);
    if ((by->may & needed) != needed)
        return ERR_FORBIDDEN;
    if (c->has_access_ends_at && c->access_ends_at && c->access_ends_at <= t->now)
        return problem_at(t->problem, ERR_INVALID_REQUEST, S("/access_ends_at"), S("past"), 0);
    if (!c->has_groups && !c->groups_add_count && !c->groups_remove_count)
        return OK;
    TRY(group_choice_read(t, by->organization_id, &w->groups));
    TRY(group_chosen(t, &w->groups, c->groups, c->group_count, &w->replaced));
    TRY(group_chosen(t, &w->groups, c->groups_add, c->groups_add_count, &w->added));
    return group_chosen(t, &w->groups, c->groups_remove, c->groups_remove_count, &w->removed);
}

/* The row as it is to be. */
static err next_of(const changing *w, const q_member_lock_row *was, q_member_lock_row *to)
{
    txn *t = w->t;
    const member_change *c = w->c;
    *to = *was;
    to->role = c->role.p ? c->role : was->role;
    to->state = c->state.p ? c->state : was->state;
    if (c->has_groups)
        to->group_ids = w->replaced.p ? w->replaced : S("");
    to->group_ids = group_ids_with(t->a, group_ids_without(t->a, to->group_ids, w->removed), w->added);
    if (c->has_access_ends_at) {
        to->access_ends_at = c->access_ends_at;
        to->access_warn_at = member_warn_at(c->access_ends_at, t->now);
    }
    return entitlements_choose(t, w->by->entitlement_keys, to->role, c->entitlements, c->entitlement_count,
                               &to->entitlements);
}

/*
 * What nobody changes of their own membership: whether and until when it lets them in; and, but for an owner, who might
 * give it to anybody, an option that was off.
 */
static bool is_favour_to_oneself(const changing *w, const q_member_lock_row *was, const q_member_lock_row *to)
{
    bool oneself = uuid_eq(was->id, w->by->membership_id), owner = role_is(w->by->role, ROLE_OWNER);
    bool access = w->c->state.p || w->c->has_access_ends_at;
    return oneself && (access || (!owner && (to->entitlements & ~was->entitlements)));
}

static err judge(const changing *w, const q_member_lock_row *was, const q_member_lock_row *to)
{
    txn *t = w->t;
    bool ends = to->access_ends_at != 0;
    if (member_is_above(w->by, was) || is_favour_to_oneself(w, was, to))
        return ERR_FORBIDDEN;
    if (ends && role_is(to->role, ROLE_OWNER))
        return problem_at(t->problem, ERR_CONFLICT, S("/access_ends_at"), S("not-for-owners"), 0);
    if (ends && to->access_ends_at <= t->now && w->c->state.p && member_state_is(to->state, MEMBER_ACTIVE))
        return problem_at(t->problem, ERR_CONFLICT, S("/access_ends_at"), S("past"), 0);
    return group_ids_count(to->group_ids) <= MEMBER_GROUPS_MAX
               ? OK
               : problem_at(t->problem, ERR_CONFLICT, S("/groups"), S("too-many"), MEMBER_GROUPS_MAX);
}

static bool is_active_owner(const q_member_lock_row *m)
{
    return role_is(m->role, ROLE_OWNER) && member_state_is(m->state, MEMBER_ACTIVE);
}

static bool may_invite(str role)
{
    return !role_is(role, ROLE_MEMBER);
}

static err write(const changing *w, const q_member_lock_row *was, const q_member_lock_row *to)
{
    txn *t = w->t;
    uuid o = w->by->organization_id;
    if (is_active_owner(was) && !is_active_owner(to))
        TRY(owner_hand_on(t, o, was->id));
    TRY(owner_key(t, q_member_set(t, .role = to->role, .state = to->state, .access_ends_at = to->access_ends_at,
                                  .access_warn_at = to->access_warn_at, .entitlements = to->entitlements,
                                  .group_ids = to->group_ids, .now = t->now, .organization_id = o, .id = was->id)));
    return may_invite(was->role) && !may_invite(to->role) ? invitations_of_inviter(t, w->by, was->account_id, false)
                                                          : OK;
}

/* ---- saying so ---- */

static said_member_options options_of(const changing *w, const q_member_lock_row *m)
{
    char when[CLOCK_TEXT_SIZE];
    arena *a = w->t->a;
    return (said_member_options){
        .entitlements = entitlements_text(a, w->by->entitlement_keys, m->entitlements),
        .groups = str_trim(m->group_ids),
        .access_ends_at = m->access_ends_at ? arena_str(a, clock_format(m->access_ends_at, when)) : STR_NONE};
}

static err record(const changing *w, const q_member_lock_row *was, const q_member_lock_row *to)
{
    txn *t = w->t;
    if (!str_eq(was->role, to->role))
        TRY(audit(t, w->by, EVENT_MEMBER_ROLE_CHANGED, .subject_id = was->id, .before = {.role = was->role},
                  .after = {.role = to->role}));
    if (!str_eq(was->state, to->state))
        TRY(member_state_is(to->state, MEMBER_ACTIVE) ? audit(t, w->by, EVENT_MEMBER_REACTIVATED, .subject_id = was->id)
                                                      : audit(t, w->by, EVENT_MEMBER_SUSPENDED, .subject_id = was->id));
    if (was->entitlements == to->entitlements && was->access_ends_at == to->access_ends_at &&
        str_eq(was->group_ids, to->group_ids))
        return OK;
    return audit(t, w->by, EVENT_MEMBER_UPDATED, .subject_id = was->id, .before = options_of(w, was),
                 .after = options_of(w, to));
}

/* The person is told, but of what they did themselves. */
static err say(const changing *w, const q_member_lock_row *was, const q_member_lock_row *to)
{
    uuid o = w->by->organization_id;
    if (uuid_eq(was->id, w->by->membership_id))
        return OK;
    if (!str_eq(was->role, to->role))
        TRY(member_tell(w->t, o, was->id, was->account_id, MAIL_MEMBER_ROLE_CHANGED));
    if (str_eq(was->state, to->state))
        return OK;
    return member_tell(w->t, o, was->id, was->account_id,
                       member_state_is(to->state, MEMBER_ACTIVE) ? MAIL_MEMBER_REACTIVATED : MAIL_MEMBER_SUSPENDED);
}

/* What comes of it stands in its place, for whoever is named twice. */
static err change(const changing *w, q_member_lock_row *was)
{
    q_member_lock_row to;
    TRY(next_of(w, was, &to));
    TRY(judge(w, was, &to));
    TRY(write(w, was, &to));
    TRY(record(w, was, &to));
    TRY(say(w, was, &to));
    TRY(group_ids_moved(w->t, w->by->organization_id, was->id, was->group_ids, to.group_ids, &w->groups));
    *was = to;
    return OK;
}

err member_update(txn *t, const actor *by, uuid id, const member_change *c)
{
    seats s;
    changing w;
    q_member_lock_row was;
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(q_member_lock(t, &was, .organization_id = by->organization_id, .id = id));
    TRY(start(&w, t, by, c));
    TRY(change(&w, &was));
    return group_sums_write(t, by->organization_id, &w.groups);
}

/* ---- many ---- */

static int by_index(const void *a, const void *b)
{
    return memcmp(*(const uuid *const *)a, *(const uuid *const *)b, sizeof(uuid));
}

/* Under the lock of the seats, as whoever changes many memberships at once does. */
static err lock_all(txn *t, uuid organization_id, const uuid *ids, size_t count, q_member_lock_row *rows,
                    member_result *results)
{
    seats s;
    const uuid **order = arena_array_of(t->a, const uuid *, count);
    TRY(seats_lock(t, organization_id, &s));
    for (size_t i = 0; i < count; i++)
        order[i] = &ids[i];
    qsort(order, count, sizeof *order, by_index);
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)(order[i] - ids);
        err e = q_member_lock(t, &rows[at], .organization_id = organization_id, .id = ids[at]);
        if (e != OK && e != ERR_NOT_FOUND)
            return e;
        results[at] = (member_result){.outcome = e};
    }
    return OK;
}

/* One of many: its refusal undoes what it wrote and leaves the others whole. */
static err change_apart(const changing *w, q_member_lock_row *was)
{
    TRY(store_savepoint(w->t));
    err e = change(w, was);
    if (e == OK)
        return store_release(w->t);
    store_rollback_to(w->t);
    return e;
}

/* As an earlier change of the same one left it. */
static void catch_up(const uuid *ids, size_t at, q_member_lock_row *rows)
{
    for (size_t i = 0; i < at; i++)
        if (uuid_eq(ids[i], ids[at]))
            rows[at] = rows[i];
}

err members_update(txn *t, const actor *by, const uuid *ids, size_t count, const member_change *c,
                   member_result *results)
{
    changing w;
    problem *whole = t->problem;
    q_member_lock_row *rows = arena_array_of(t->a, q_member_lock_row, count);
    TRY(lock_all(t, by->organization_id, ids, count, rows, results));
    TRY(start(&w, t, by, c));
    for (size_t i = 0; i < count; i++) {
        results[i].problem = arena_new_of(t->a, problem);
        if (results[i].outcome != OK)
            continue;
        t->problem = results[i].problem;
        catch_up(ids, i, rows);
        results[i].outcome = change_apart(&w, &rows[i]);
        t->problem = whole;
        if (results[i].outcome == ERR_UNAVAILABLE || results[i].outcome == ERR_INTERNAL)
            return results[i].outcome;
    }
    return group_sums_write(t, by->organization_id, &w.groups);
}

/* ---- ownership ---- */

err ownership_transfer(txn *t, const actor *by, uuid to)
{
    seats s;
    changing w;
    q_member_lock_row heir, self;
    const member_change rise = {.role = role_text(ROLE_OWNER)}, step_back = {.role = role_text(ROLE_ADMINISTRATOR)};
    if (by->kind == ACTOR_OPERATOR || uuid_eq(to, by->membership_id))
        return ERR_FORBIDDEN;
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(q_member_lock(t, &heir, .organization_id = by->organization_id, .id = to));
    TRY(q_member_lock(t, &self, .organization_id = by->organization_id, .id = by->membership_id));
    if (!membership_is_active(heir.state, heir.access_ends_at, t->now))
        return ERR_CONFLICT;
    TRY(start(&w, t, by, &rise));
    TRY(change(&w, &heir));
    w.c = &step_back;
    TRY(change(&w, &self));
    return audit(t, by, EVENT_OWNERSHIP_TRANSFERRED, .subject_id = to);
}

err group_put(txn *t, const actor *by, uuid id, uuid member, bool in)
{
    char text[TYPEID_SIZE];
    const str one = arena_str(t->a, typeid_format(ID_GROUP, id, text));
    member_change c = {.groups_add = in ? &one : NULL,
                       .groups_add_count = in,
                       .groups_remove = in ? NULL : &one,
                       .groups_remove_count = !in};
    return member_update(t, by, member, &c);
}
