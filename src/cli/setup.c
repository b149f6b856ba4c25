/*
 * The first organization by the command line, for installations that nobody opens in a browser. The password comes by
 * standard input: arguments are seen by all on the machine.
 */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

#include <stdio.h>

enum { PASSWORD_BYTES = 4096, HTTP_CONFLICT = 409 };

/* The first line of standard input. */
static int read_password(cli *c, str *out)
{
    char *line = arena_alloc(c->a, PASSWORD_BYTES);
    size_t n = 0;
    for (int byte; n < PASSWORD_BYTES && (byte = getc(stdin)) != EOF && byte != '\n';)
        line[n++] = (char)byte;
    *out = (str){line, n};
    while (out->n && out->p[out->n - 1] == '\r')
        out->n--;
    /* UTF-16, say: what stands before it would be a password that nobody chose */
    if (str_has_byte(*out, '\0'))
        return refuse(EXIT_USAGE, plain_text(c, "cli.setup.password_nul"));
    return out->n ? EXIT_DONE : refuse(EXIT_USAGE, plain_text(c, "cli.setup.no_password"));
}

int run_setup(cli *c)
{
    static const table_column columns[] = {
        {"organization", AT(founded, organization.name), NULL},
        {"slug", AT(founded, organization.slug), NULL},
        {"owner", AT(founded, account.email), NULL},
        {"api_key", AT(founded, api_key), NULL},
        {"set_password_url", AT(founded, set_password_url), NULL},
        {0},
    };
    reply r;
    str password = STR_NONE, family = flag_value(c, "family-name");
    int code = flag_value(c, "password-stdin").p ? read_password(c, &password) : EXIT_DONE;
    if (code != EXIT_DONE)
        return code;
    if (!str_is_utf8(password))
        return refuse(EXIT_USAGE, SAID(c, "cli.usage.not_utf8", {"name", S("password-stdin")}));

    json_t *organization = json_object(), *account = json_object();
    json_put(organization, "name", flag_value(c, "organization"));
    json_put(organization, "slug", flag_value(c, "slug"));
    json_put(organization, "locale", flag_value(c, "locale"));
    json_put(account, "email", flag_value(c, "email"));
    json_put(account, "given_name", flag_value(c, "given-name"));
    json_put(account, "family_name", family.p ? family : S("")); /* some people have one name */
    json_put(account, "password", password);
    code = call(c, "POST", S("/setup"), json_pack("{s:o,s:o}", "organization", organization, "account", account), &r);
    if (r.status == HTTP_CONFLICT)
        refuse(code, plain_text(c, "cli.setup.already"));
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, columns, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}
