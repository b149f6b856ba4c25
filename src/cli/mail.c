#include "cli/client.h"
#include "cli/run.h"
#include "cli/table.h"

int run_mail_list(cli *c)
{
    static const table_column columns[] = {
        {"created_at", "created_at", show_time},
        {"kind", "kind", show_word},
        {"recipient", "recipient", NULL},
        {"state", "state", show_word},
        {"attempts", "attempts", NULL},
        {"reply", "reply", NULL},
        {0},
    };
    str slug = flag_value(c, "organization");
    str path = slug.p ? PATH(c, S("organizations"), slug, S("mail")) : S("/server/mail");
    return list_print(c, path, columns, "cli.mail.none");
}

int run_mail_retry(cli *c)
{
    reply r;
    int code = call(c, "POST", S("/server/mail/retry"), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        say(SAID(c, "cli.mail.retried", {"count", show_text(c, json_object_get(r.json, "retried"))}));
    json_decref(r.json);
    return EXIT_DONE;
}
