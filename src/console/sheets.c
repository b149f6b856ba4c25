/* Temporary passwords on paper: made from what the page that showed them posts back, since they are kept nowhere. */
#include "console/console.h"
#include "domain/invitation/sheet.h"

err console_invite_sheets_form(request *r, txn *t)
{
    const body_invite_sheets_form *form = r->body;
    const str *email = form->email.items, *password = form->password.items, *expires = form->expires_at.items,
              *locale = form->locale.items;
    size_t count = form->email.count;
    organization_view o;
    if (!count || form->password.count != count || form->expires_at.count != count || form->locale.count != count)
        return ERR_INVALID_REQUEST;
    sheet *sheets = arena_array_of(r->a, sheet, count);
    for (size_t i = 0; i < count; i++) {
        sheets[i] = (sheet){.email = email[i], .password = password[i], .locale = locale[i]};
        if (!clock_parse(expires[i], &sheets[i].expires_at))
            return ERR_INVALID_REQUEST;
    }
    TRY(organization_get(t, r->actor.organization_id, &o));
    const sheet_house house = {.name = o.name,
                               .locale = o.locale,
                               .time_zone = organization_settings_effective(r->app->env.settings, o.settings).time_zone,
                               .sign_in_url = arena_join(r->a, r->app->env.public_url, S("/sign-in"))};
    answer_header(r, S("Content-Disposition"),
                  arena_join(r->a, S("attachment; filename=\""), text(r, "sheet.file"), S(".pdf\"")));
    return answer_bytes(r, 200, S("application/pdf"), sheets_render(r->a, &house, sheets, count));
}
