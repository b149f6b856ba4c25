/* The commands about accounts, which no organization owns: for the operator, whom people ask for help. */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

#include <stdio.h>
#include <unistd.h>

/* Of the whole answer: nobody reads an empty address as one that waits. */
static str show_held(cli *c, const json_t *item)
{
    json_t *waiting = json_at(item, AT(account_places, waiting));
    if (!json_is_object(waiting))
        return show_text(c, json_at(item, AT(account_places, account.email)));
    return SAID(c, "cli.account.waits", {"when", show_time(c, json_at(item, AT(account_places, waiting.until)))});
}

static str show_new_address(cli *c, const json_t *item)
{
    json_t *email = json_at(item, AT(account_places, email_change.email));
    if (!email)
        return show_text(c, email);
    return SAID(c, "cli.account.new_address", {"email", show_text(c, email)},
                {"asked", show_time(c, json_at(item, AT(account_places, email_change.requested_at)))},
                {"when", show_time(c, json_at(item, AT(account_places, email_change.expires_at)))});
}

int run_account_show(cli *c)
{
    static const table_column sheet[] = {
        {"id", AT(account_places, account.id), NULL},
        {"email", AT_WHOLE, show_held},
        {"new_address", AT_WHOLE, show_new_address},
        {"name", AT(account_places, account), show_name},
        {"locale", AT(account_places, account.locale), NULL},
        {"address_proved", AT(account_places, account.email_proved), NULL},
        {"totp", AT(account_places, account.second_factor.totp), NULL},
        {"passkeys", AT(account_places, account.second_factor.passkeys), NULL},
        {"recovery_codes", AT(account_places, account.second_factor.recovery_codes_left), NULL},
        {"created_at", AT(account_places, account.created_at), show_time},
        {0},
    };
    static const table_column earlier[] = {
        {"earlier_address", AT(earlier_address, email), NULL},
        {"takes", AT(earlier_address, takes), show_word},
        {"until", AT(earlier_address, until), show_time},
        {0},
    };
    static const table_column memberships[] = {
        {"organization", AT(account_place, organization), NULL},
        {"role", AT(account_place, role), show_word},
        {"joined_at", AT(account_place, joined_at), show_time},
        {0},
    };
    reply r;
    int code = call(c, "GET", path_with(c, S("/server/accounts"), "email", argument(c, 0)), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_t *places = json_at(r.json, AT(account_places, memberships));
    json_t *before = json_at(r.json, AT(account_places, earlier_addresses));
    if (c->json) {
        json_print(r.json);
    } else {
        sheet_print(c, sheet, r.json);
        if (json_array_size(places) > 0) {
            say(S(""));
            table_print(c, memberships, places, true);
        }
        if (json_array_size(before) > 0) {
            say(S(""));
            table_print(c, earlier, before, true);
        }
    }
    json_decref(r.json);
    return EXIT_DONE;
}

int run_account_reset_password(cli *c)
{
    reply r;
    json_t *body = json_object();
    json_put(body, "email", argument(c, 0));
    int code = call(c, "POST", S("/server/accounts/reset-password"), body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        say(printable(c->a, json_text(r.json, AT(password_link, url))));
    json_decref(r.json);
    return EXIT_DONE;
}

int run_account_remove_second_factor(cli *c)
{
    reply r;
    json_t *body = json_object();
    json_put(body, "email", argument(c, 0));
    int code = call(c, "POST", S("/server/accounts/remove-second-factor"), body, &r);
    if (code != EXIT_DONE)
        return code;
    if (!c->json)
        say(SAID(c, "cli.account.factor_removed", {"email", printable(c->a, argument(c, 0))}));
    json_decref(r.json);
    return EXIT_DONE;
}

int run_account_export(cli *c)
{
    reply r;
    int code = call(c, "GET", path_with(c, S("/server/accounts/export"), "email", argument(c, 0)), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_print(r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

/* Asks at a terminal; elsewhere --yes has to say it. */
static int confirmed(cli *c)
{
    char answer[16] = "";
    if (flag_value(c, "yes").p)
        return EXIT_DONE;
    if (!isatty(STDIN_FILENO))
        return refuse(EXIT_USAGE, plain_text(c, "cli.account.close_yes"));
    str question = SAID(c, "cli.account.close_ask", {"address", printable(c->a, argument(c, 0))});
    fprintf(stderr, "%.*s ", STR_FMT(question));
    bool read = fgets(answer, sizeof answer, stdin) != NULL;
    str typed = read ? str_trim(str_of(answer)) : S("");
    bool yes = typed.n > 0 && str_eq_nocase(typed, plain_text(c, "cli.word.yes"));
    return yes ? EXIT_DONE : refuse(EXIT_REFUSED, plain_text(c, "cli.account.close_not"));
}

int run_account_close(cli *c)
{
    reply r = {0};
    int code = confirmed(c);
    if (code != EXIT_DONE)
        return code;
    json_t *body = json_object();
    json_put(body, "email", argument(c, 0));
    code = call(c, "POST", S("/server/accounts/close"), body, &r);
    json_decref(r.json);
    if (code == EXIT_DONE && !c->json)
        say(SAID(c, "cli.account.closed", {"address", printable(c->a, argument(c, 0))}));
    return code;
}
