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
    return REPLY(r, 200, logo, .logo = organization_logo_path(r->a, r->actor.organization_id, look.logo));
}

err api_delete_logo(request *r, txn *t)
{
    TRY(organization_logo_remove(t, &r->actor));
    return answer_empty(r, 204);
}
