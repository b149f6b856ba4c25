/* The commands about mails: what became of them, in the mail server's own words, and trying once more. */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

int run_mail_list(cli *c)
{
    static const table_column columns[] = {
        {"created_at", AT(mail, created_at), show_time},
        {"kind", AT(mail, kind), show_word},
        {"recipient", AT(mail, recipient), NULL},
        {"state", AT(mail, state), show_word},
        {"attempts", AT(mail, attempts), NULL},
        {"reply", AT(mail, reply), NULL},
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
        say(SAID(c, "cli.mail.retried", {"count", show_text(c, json_at(r.json, AT(mail_retried, retried)))}));
    json_decref(r.json);
    return EXIT_DONE;
}
