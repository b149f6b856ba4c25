/*
 * What the account alone owns is handed over by moving the membership, for it was given to the address; the rest closes
 * as if its holder had asked.
 */
#include "domain/lifecycle/give_way.h"

#include "domain/account/account.h"
#include "domain/account/temporary_password.h"
#include "domain/lifecycle/closing.h"
#include "domain/member/change.h"
#include "domain/member/member.h"
#include "domain/organization/seat.h"
#include "domain/shared/audit.h"
#include "queries.h"

/*
 * It is the address's that was proved just now, and not of any that the heir had before: an undo leaves it there. Where
 * the heir was a member already, that goes with it; whoever owns a place alone has the last word on its members anyway.
 */
static err came_with_address(txn *t, uuid organization_id, uuid id)
{
    return q_membership_came(t, .moved_at = t->now, .organization_id = organization_id, .id = id);
}

/* The heir is no member there yet: the membership itself becomes theirs. */
static err hand_over(txn *t, const actor *by, const closing_place *place, uuid heir)
{
    TRY(q_membership_move(t, .heir = heir, .organization_id = place->organization_id, .id = place->membership_id));
    TRY(came_with_address(t, place->organization_id, place->membership_id));
    return member_moved(t, by, place->organization_id, place->membership_id, heir);
}

/* The heir is a member already: they own the place, and the other leaves it. */
static err raise_heir(txn *t, const actor *by, const closing_place *place, uuid membership_id)
{
    q_member_lock_row m;
    TRY(q_member_lock(t, &m, .organization_id = place->organization_id, .id = membership_id));
    TRY(q_member_set(t, .role = role_text(ROLE_OWNER), .state = member_state_text(MEMBER_ACTIVE), .access_ends_at = 0,
                     .access_warn_at = 0, .entitlements = m.entitlements, .group_ids = m.group_ids, .now = t->now,
                     .organization_id = place->organization_id, .id = membership_id));
    TRY(came_with_address(t, place->organization_id, membership_id));
    return audit(t, by, EVENT_OWNERSHIP_TRANSFERRED, .subject_id = membership_id,
                 .organization_id = place->organization_id, .before = {.role = m.role});
}

static err vacate(txn *t, const actor *by, const closing_place *place, uuid heir)
{
    seats s;
    q_member_of_account_row standing;
    TRY(seats_lock(t, place->organization_id, &s));
    if (place->last_owner) {
        err e = q_member_of_account(t, &standing, .organization_id = place->organization_id, .account_id = heir);
        if (e == ERR_NOT_FOUND)
            return hand_over(t, by, place, heir);
        TRY(e);
        TRY(raise_heir(t, by, place, standing.id));
    }
    return member_close(t, by, place->organization_id, place->membership_id);
}

err account_gives_way(txn *t, const actor *who, str email_key, uuid heir)
{
    q_account_by_key_row row;
    q_account_kept_row squatter;
    closing_place *places;
    size_t count;
    TRY(temporary_give_way(t, email_key));
    err e = account_find(t, email_key, &row);
    if (e != OK || uuid_eq(row.id, heir))
        return e == ERR_NOT_FOUND ? OK : e;
    TRY(q_account_kept(t, &squatter, row.id));
    if (squatter.email_proved_at)
        return ERR_ADDRESS_TAKEN;
    actor by = *who;
    by.kind = ACTOR_SYSTEM;
    by.account_id = row.id;
    TRY(closing_preview(t, row.id, &places, &count));
    for (size_t i = 0; i < count; i++)
        TRY(vacate(t, &by, &places[i], heir));
    TRY(account_erase(t, &squatter));
    return audit(t, &by, EVENT_ACCOUNT_GAVE_WAY, .subject_id = row.id);
}
