/* An organization's logo. */
#include "api/view.h"
#include "bodies.h"
#include "domain/organization/logo.h"
#include "http/logo.h"
#include "routes.h"

err api_put_logo_prepare(request *r)
{
    const body_put_logo *b = r->body;
    str *png = r->scratch = arena_new_of(r->a, str);
    return logo_prepare(r, b->content, png);
}

err api_put_logo(request *r, txn *t)
{
    organization_look look;
    TRY(organization_logo_set(t, &r->actor, *(const str *)r->scratch));
    TRY(organization_look_get(t, r->actor.organization_id, &look));
    json_writer w = answer_json(r, 200);
    json_open(&w, STR_NONE, '{');
    json_str(&w, S("logo"), organization_logo_path(r->a, r->actor.organization_id, look.logo));
    json_close(&w, '}');
    return OK;
}

err api_delete_logo(request *r, txn *t)
{
    TRY(organization_logo_remove(t, &r->actor));
    return answer_empty(r, 204);
}
