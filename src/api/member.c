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
    return view_members(r, t, &f, &p);
}

static err answer_member(request *r, txn *t, uuid id)
{
    member_view m;
    TRY(member_get(t, r->actor.organization_id, id, &m));
    json_writer w = answer_json(r, 200);
    view_member(&w, STR_NONE, r->actor.entitlement_keys, &m);
    return OK;
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

static void write_result(request *r, json_writer *w, str member, const member_result *one)
{
    json_open(w, STR_NONE, '{');
    json_str(w, S("member"), member);
    json_str(w, S("outcome"), one->outcome == OK ? S("changed") : err_about(one->outcome)->code);
    view_problem(r, w, S("problem"), one->outcome, one->problem);
    json_close(w, '}');
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
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_open(&w, S("results"), '[');
    for (size_t i = 0; i < n; i++)
        write_result(r, &w, named[i], &results[i]);
    json_close(&w, ']');
    json_close(&w, '}');
    return OK;
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
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_bool(&w, S("allowed"), answer.allowed);
    json_str(&w, S("role"), answer.role);
    view_entitlements(&w, answer.entitlement_keys, answer.entitlements, answer.role);
    json_close(&w, '}');
    return OK;
}
