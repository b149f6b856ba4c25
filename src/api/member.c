/* Members. */
#include "api/view.h"
#include "bodies.h"
#include "routes.h"

err api_list_members(request *r, txn *t)
{
    const query_list_members *q = r->query;
    const member_filter f = {.q = q->q, .role = q->role, .state = q->state, .sort = q->sort};
    page p = PAGE_OF(q);
    member_view *list;
    size_t n;
    p.count = q->count;
    TRY(member_list(t, r->actor.organization_id, &f, &p, &list, &n));
    json_writer w = view_list_open(r);
    for (size_t i = 0; i < n; i++)
        view_member(&w, STR_NONE, &list[i]);
    view_list_close(&w, &p);
    return OK;
}

static err answer_member(request *r, txn *t, uuid id)
{
    member_view m;
    TRY(member_get(t, r->actor.organization_id, id, &m));
    json_writer w = answer_json(r, 200);
    view_member(&w, STR_NONE, &m);
    return OK;
}

err api_get_member(request *r, txn *t)
{
    return answer_member(r, t, path_id(r));
}

err api_update_member(request *r, txn *t)
{
    const body_update_member *b = r->body;
    TRY(member_change_role(t, &r->actor, path_id(r), b->role));
    return answer_member(r, t, path_id(r));
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
    json_raw(&w, S("entitlements"), S("{}"));
    json_close(&w, '}');
    return OK;
}
