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

/* The path of the member whom an argument names: by id, or by address. */
static int member_path(cli *c, str named, str *path)
{
    reply r;
    str slug, id = STR_NONE;
    json_t *each;
    size_t i;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    *path = PATH(c, S("organizations"), slug, S("members"), named);
    if (str_find_byte(named, '@') == named.n)
        return EXIT_DONE;

    str all = PATH(c, S("organizations"), slug, S("members"));
    code = call(c, "GET", path_with(c, path_with(c, all, "q", named), "limit", S("200")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_array_foreach(json_object_get(r.json, "items"), i,
                       each) if (str_eq_nocase(json_text(each, "account.email"), named)) id =
        arena_str(c->a, json_text(each, "id"));
    json_decref(r.json);
    if (!id.p)
        return refuse(EXIT_REFUSED, SAID(c, "cli.member.unknown", {"address", printable(c->a, named)}));
    *path = PATH(c, S("organizations"), slug, S("members"), id);
    return EXIT_DONE;
}

int run_member_show(cli *c)
{
    str path;
    int code = member_path(c, argument(c, 0), &path);
    return code == EXIT_DONE ? object_print(c, path, sheet) : code;
}

int run_member_set_role(cli *c)
{
    reply r;
    str path;
    json_t *body = json_object();
    json_put(body, "role", argument(c, 1));
    int code = member_path(c, argument(c, 0), &path);
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
    int code = member_path(c, named, &path);
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
