/* Sheets of paper for temporary passwords. */
#include "bodies.h"
#include "domain/invitation/sheet.h"
#include "domain/organization/organization.h"
#include "http/answer.h"
#include "http/app.h"
#include "http/problem.h"
#include "routes.h"

err api_make_password_sheets(request *r, txn *t)
{
    const body_make_password_sheets *b = r->body;
    const body_make_password_sheets_items *items = b->items.items;
    sheet *sheets = arena_array_of(r->a, sheet, b->items.count);
    organization_view o;
    for (size_t i = 0; i < b->items.count; i++) {
        sheets[i] =
            (sheet){.email = items[i].email, .password = items[i].temporary_password, .locale = items[i].locale};
        if (!clock_parse(items[i].expires_at, &sheets[i].expires_at))
            return problem_at(&r->problem, ERR_INVALID_REQUEST, arena_printf(r->a, "/items/%zu/expires_at", i),
                              S("not-allowed"), 0);
    }
    TRY(organization_get(t, r->actor.organization_id, &o));
    const sheet_house house = {.name = o.name,
                               .locale = o.locale,
                               .time_zone = organization_settings_effective(r->app->env.settings, o.settings).time_zone,
                               .sign_in_url = arena_join(r->a, r->app->env.public_url, S("/sign-in"))};
    return answer_bytes(r, 200, S("application/pdf"), sheets_render(r->a, &house, sheets, b->items.count));
}
