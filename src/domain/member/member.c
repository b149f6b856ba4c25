/*
 * How memberships begin and end, each with its seat, its words for searching and its place in groups, so that no way in
 * or out forgets one of them.
 */
#include "domain/member/member.h"

#include "domain/invitation/change.h"
#include "domain/member/change.h"
#include "domain/member/notice.h"
#include "domain/organization/entitlement.h"
#include "domain/organization/group.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "domain/shared/member_index.h"
#include "domain/shared/permission.h"
#include "domain/shared/session.h"
#include "ports/fold.h"
#include "queries.h"

/* ---- finding and sorting ---- */

err member_add(txn *t, const new_member *m, uuid *id)
{
    seats s;
    int64_t inserted;
    *id = uuid_new(t->now);
    TRY(seats_lock(t, m->organization_id, &s));
    TRY(q_member_insert(t, &inserted, .organization_id = m->organization_id, .id = *id, .account_id = m->account_id,
                        .role = m->role, .joined_at = t->now, .invited_by_id = m->invited_by_id,
                        .family_key = member_family_key(t->a, m->given_name, m->family_name), .email_key = m->email_key,
                        .entitlements = m->entitlements, .group_ids = m->group_ids.p ? m->group_ids : S(""),
                        .access_ends_at = m->access_ends_at,
                        .access_warn_at = member_warn_at(m->access_ends_at, t->now)));
    if (!inserted)
        return ERR_ALREADY_MEMBER;
    TRY(seat_convert(t, &s, SEAT_JOINED));
    TRY(group_ids_moved(t, m->organization_id, *id, S(""), m->group_ids, NULL));
    return member_index(t, m->organization_id, *id, m->given_name, m->family_name, m->email_key);
}

err member_get(txn *t, uuid organization_id, uuid id, member_view *out)
{
    q_member_by_id_row r;
    TRY(q_member_by_id(t, &r, .organization_id = organization_id, .id = id));
    *out = MEMBER_VIEW(&r, t->now);
    return OK;
}

/* ---- activity ---- */

bool member_is_unseen(const actor *who, msec now)
{
    return who->kind == ACTOR_ACCOUNT && !uuid_none(who->membership_id) && who->active_at < day_of(now);
}

err member_touch(txn *t, uuid organization_id, uuid id, msec when)
{
    return q_member_active(t, .last_active_at = day_of(when), .organization_id = organization_id, .id = id);
}

/* ---- changing ---- */

static err end_membership(txn *t, const actor *by, const q_member_lock_row *m, pending_fate fate, seat_cause why)
{
    seats s;
    if (role_is(m->role, ROLE_OWNER))
        TRY(owner_hand_on(t, by->organization_id, m->id));
    TRY(invitations_of_inviter(t, by, m->account_id, fate == PENDING_TAKE_OVER));
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(group_ids_moved(t, by->organization_id, m->id, m->group_ids, S(""), NULL));
    TRY(owner_key(t, q_member_delete(t, .organization_id = by->organization_id, .id = m->id)));
    return seat_vacate(t, &s, why);
}

err member_remove(txn *t, const actor *by, uuid id, pending_fate fate)
{
    seats s;
    q_member_lock_row m;
    member_view who;
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(q_member_lock(t, &m, .organization_id = by->organization_id, .id = id));
    TRY(member_get(t, by->organization_id, id, &who));
    if (uuid_eq(id, by->membership_id) || member_is_above(by, &m))
        return ERR_FORBIDDEN;
    TRY(end_membership(t, by, &m, fate, SEAT_REMOVED));
    TRY(member_tell(t, by->organization_id, m.id, m.account_id, MAIL_MEMBER_REMOVED));
    return audit(t, by, EVENT_MEMBER_REMOVED, .subject_id = m.id, .before = {.role = m.role},
                 .detail = {.email = who.email}, .about = m.account_id);
}

err member_removal_preview(txn *t, uuid organization_id, uuid id, removal_preview *out)
{
    member_view m;
    q_api_key_count_row keys;
    q_invitations_sent_by_count_row sent;
    TRY(member_get(t, organization_id, id, &m));
    TRY(q_api_key_count(t, &keys, .organization_id = organization_id, .membership_id = id));
    TRY(q_invitations_sent_by_count(t, &sent, .organization_id = organization_id, .now = t->now,
                                    .invited_by_id = m.account_id));
    *out = (removal_preview){keys.total, sent.total};
    return OK;
}

static err leave(txn *t, const actor *by, uuid id)
{
    seats s;
    q_member_lock_row m;
    member_view who;
    TRY(seats_lock(t, by->organization_id, &s));
    TRY(q_member_lock(t, &m, .organization_id = by->organization_id, .id = id));
    TRY(member_get(t, by->organization_id, m.id, &who));
    TRY(end_membership(t, by, &m, PENDING_REVOKE, SEAT_LEFT));
    return audit(t, by, EVENT_MEMBER_LEFT, .subject_id = m.id, .before = {.role = m.role},
                 .detail = {.email = who.email}, .about = m.account_id);
}

err member_leave(txn *t, const actor *by)
{
    if (by->kind == ACTOR_OPERATOR || by->key_limited) /* no list of permissions holds this one */
        return ERR_FORBIDDEN;
    return leave(t, by, by->membership_id);
}

err member_close(txn *t, const actor *by, uuid organization_id, uuid id)
{
    actor here = *by;
    here.organization_id = organization_id;
    return leave(t, &here, id);
}

/* ---- may they ---- */

/* The caller's own place, or no role where they cannot enter; ERR_NOT_FOUND only when there is no such organization. */
static err enter_softly(txn *t, actor *who, str organization)
{
    err e = actor_enter(t, who, organization, 0);
    bool out =
        e == ERR_NOT_FOUND || e == ERR_ADDRESS_UNPROVED || e == ERR_UNAUTHENTICATED || e == ERR_SECOND_FACTOR_REQUIRED;
    if (out && !uuid_none(who->organization_id)) {
        who->may = 0;
        who->role = STR_NONE;
        return OK;
    }
    return e;
}

static check_answer answer_of(const actor *who, permission asked)
{
    return who->role.p ? (check_answer){(who->may & asked) != 0, who->role, who->entitlement_keys, who->entitlements}
                       : (check_answer){0};
}

err member_check(txn *t, actor *who, str organization, uuid account, str name, check_answer *out)
{
    permission asked;
    if (!permission_find(name, &asked))
        return problem_among(t->problem, ERR_INVALID_REQUEST, S("/permission"), permissions_all(t->a), false);
    bool own = uuid_eq(account, who->account_id) && !who->key_limited; /* a list is the key's, not its member's */
    if (uuid_none(account) || own) {
        TRY(enter_softly(t, who, organization));
        *out = answer_of(who, asked);
        return OK;
    }
    TRY(actor_enter(t, who, organization, PERM_MEMBERS_READ));
    q_account_by_id_row row;
    err e = q_account_by_id(t, &row, account);
    if (e == ERR_NOT_FOUND) {
        *out = (check_answer){0};
        return OK;
    }
    TRY(e);
    actor other = {.kind = ACTOR_ACCOUNT, .account_id = account, .confined_to_id = row.confined_to_id};
    TRY(enter_softly(t, &other, organization));
    *out = answer_of(&other, asked);
    return OK;
}
