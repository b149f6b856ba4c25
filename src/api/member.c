/* Members. */
#include "api/option.h"
#include "api/view.h"
#include "bodies.h"
#include "domain/member/change.h"
#include "routes.h"

err api_list_members(request *r, txn *t)
{
    const query_list_members *q = r->query;
    const member_filter f = {.q = q->q, .role = q->role, .state = q->state, .group = q->group, .sort = q->sort};
    page p = PAGE_OF(q);
    p.count = q->count;
    return answer_members(r, t, &f, &p);
}

static err answer_member(request *r, txn *t, uuid id)
{
    member_view m;
    TRY(member_get(t, r->actor.organization_id, id, &m));
    reply_member shown = view_member(r->a, r->actor.entitlement_keys, &m);
    return REPLY_OF(r, 200, member, &shown);
}

err api_get_member(request *r, txn *t)
{
    return answer_member(r, t, path_id(r));
}

err api_update_member(request *r, txn *t)
{
    const body_update_member *b = r->body;
    member_change c = {.role = b->role,
                       .state = b->state,
                       .entitlements = option_choices(r->a, &b->entitlements),
                       .entitlement_count = b->entitlements.count,
                       .has_groups = b->has_groups,
                       .groups = b->groups.items,
                       .group_count = b->groups.count,
                       .has_access_ends_at = b->has_access_ends_at};
    TRY(option_access_end(&r->problem, S("/access_ends_at"), b->access_ends_at, &c.access_ends_at));
    TRY(member_update(t, &r->actor, path_id(r), &c));
    return answer_member(r, t, path_id(r));
}

static reply_member_results_results view_result(request *r, str member, const member_result *one)
{
    reply_member_results_results shown = {.member = member, .outcome = S("changed")};
    if (one->outcome == OK)
        return shown;
    shown.outcome = err_about(one->outcome)->code;
    shown.has_problem = true;
    shown.problem = view_problem(r, one->outcome, one->problem);
    return shown;
}

err api_update_members(request *r, txn *t)
{
    const body_update_members *b = r->body;
    const str *named = b->members.items;
    size_t n = b->members.count;
    uuid *ids = arena_array_of(r->a, uuid, n);
    member_result *results = arena_array_of(r->a, member_result, n);
    member_change c = {.state = b->state,
                       .entitlements = option_choices(r->a, &b->entitlements),
                       .entitlement_count = b->entitlements.count,
                       .groups_add = b->groups_add.items,
                       .groups_add_count = b->groups_add.count,
                       .groups_remove = b->groups_remove.items,
                       .groups_remove_count = b->groups_remove.count,
                       .has_access_ends_at = b->has_access_ends_at};
    for (size_t i = 0; i < n; i++)
        if (!typeid_parse(named[i], ID_MEMBER, &ids[i]))
            ids[i] = UUID_NONE; /* nobody */
    TRY(option_access_end(&r->problem, S("/access_ends_at"), b->access_ends_at, &c.access_ends_at));
    TRY(members_update(t, &r->actor, ids, n, &c, results));
    reply_member_results_results *shown = arena_array_of(r->a, reply_member_results_results, n);
    for (size_t i = 0; i < n; i++)
        shown[i] = view_result(r, named[i], &results[i]);
    return REPLY(r, 200, member_results, .results = {shown, n});
}

err api_remove_member(request *r, txn *t)
{
    const query_remove_member *q = r->query;
    bool take_over = q->has_pending_invitations && str_eq(q->pending_invitations, S("take_over"));
    TRY(member_remove(t, &r->actor, path_id(r), take_over ? PENDING_TAKE_OVER : PENDING_REVOKE));
    return answer_empty(r, 204);
}

err api_transfer_ownership(request *r, txn *t)
{
    const body_transfer_ownership *b = r->body;
    uuid to;
    if (!typeid_parse(b->to, ID_MEMBER, &to))
        return ERR_NOT_FOUND;
    TRY(ownership_transfer(t, &r->actor, to));
    return answer_member(r, t, to);
}

err api_leave_organization(request *r, txn *t)
{
    TRY(member_leave(t, &r->actor));
    return answer_empty(r, 204);
}

err api_check(request *r, txn *t)
{
    const body_check *b = r->body;
    uuid account = UUID_NONE;
    check_answer answer;
    if (b->has_account && !typeid_parse(b->account, ID_ACCOUNT, &account))
        return problem_at(&r->problem, ERR_INVALID_REQUEST, S("/account"), S("not-allowed"), 0);
    TRY(member_check(t, &r->actor, b->organization, account, b->permission, &answer));
    return REPLY(r, 200, check_answer, .allowed = answer.allowed, .role = answer.role,
                 .entitlements = view_entitlements(r->a, answer.entitlement_keys, answer.entitlements, answer.role));
}
