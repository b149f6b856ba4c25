#include "cli/client.h"
#include "cli/run.h"
#include "cli/table.h"

static const table_column columns[] = {
    {"name", "account", show_name},
    {"email", "account.email", NULL},
    {"role", "role", show_word},
    {"joined_at", "joined_at", show_time},
    {"id", "id", NULL},
    {0},
};

static const table_column sheet[] = {
    {"id", "id", NULL},
    {"name", "account", show_name},
    {"email", "account.email", NULL},
    {"account", "account.id", NULL},
    {"role", "role", show_word},
    {"state", "state", show_word},
    {"joined_at", "joined_at", show_time},
    {"invited_by", "invited_by", show_word},
    {0},
};

int run_member_list(cli *c)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    str path = PATH(c, S("organizations"), slug, S("members"));
    path = path_with(c, path, "q", flag_value(c, "query"));
    path = path_with(c, path, "role", flag_value(c, "role"));
    path = path_with(c, path, "state", flag_value(c, "state"));
    path = path_with(c, path, "sort", flag_value(c, "sort"));
    return list_print(c, path, columns, "cli.member.none");
}

int run_member_show(cli *c)
{
    str path;
    int code = item_path(c, "members", "account.email", argument(c, 0), &path);
    return code == EXIT_DONE ? object_print(c, path, sheet) : code;
}

int run_member_set_role(cli *c)
{
    reply r;
    str path;
    json_t *body = json_object();
    json_put(body, "role", argument(c, 1));
    int code = item_path(c, "members", "account.email", argument(c, 0), &path);
    if (code != EXIT_DONE) {
        json_decref(body);
        return code;
    }
    code = call(c, "PATCH", path, body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, sheet, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

static int remove_one(cli *c, str named)
{
    reply member, gone = {0};
    str path;
    int code = item_path(c, "members", "account.email", named, &path);
    if (code != EXIT_DONE)
        return code;
    code = call(c, "GET", path, NULL, &member);
    if (code != EXIT_DONE)
        return code;
    code =
        call(c, "DELETE", path_with(c, path, "pending_invitations", flag_value(c, "pending-invitations")), NULL, &gone);
    json_decref(gone.json);
    if (code == EXIT_DONE && c->json)
        json_print(member.json);
    else if (code == EXIT_DONE)
        say(SAID(c, "cli.member.removed", {"name", show_name(c, json_at(member.json, "account"))},
                 {"address", printable(c->a, json_text(member.json, "account.email"))}));
    json_decref(member.json);
    return code;
}

int run_member_remove(cli *c)
{
    int worst = EXIT_DONE;
    for (int i = 0; i < c->arg_count; i++) {
        int code = remove_one(c, argument(c, i));
        worst = code > worst ? code : worst;
    }
    return worst;
}
