/* What an organization's pages wear, put into every frame. */
#include "console/console.h"
#include "domain/organization/logo.h"

err put_theme(request *r, txn *t, mval *m, uuid organization_id)
{
    organization_look look;
    TRY(organization_look_get(t, organization_id, &look));
    str name = str_slice(look.accent, 1, look.accent.n);
    PUT(m, "theme_url", look.accent.p ? arena_join(r->a, S("/themes/"), name, S(".css")) : STR_NONE);
    PUT(m, "logo_url", organization_logo_path(r->a, organization_id, look.logo));
    return OK;
}
