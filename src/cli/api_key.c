/* The API keys of an organization's members. */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

static str show_rights(cli *c, const json_t *value)
{
    size_t i;
    json_t *each;
    str out = S("");
    if (!json_is_array(value))
        return plain_text(c, "cli.api_key.all");
    json_array_foreach(value, i, each)
    {
        str name = {json_string_value(each), json_string_length(each)};
        out = arena_join(c->a, out, i ? S(", ") : S(""), name);
    }
    return out;
}

static const table_column columns[] = {
    {"id", AT(api_key, id), NULL},
    {"name", AT(api_key, name), NULL},
    {"email", AT(api_key, account.email), NULL},
    {"permissions", AT(api_key, permissions), show_rights},
    {"created_at", AT(api_key, created_at), show_time},
    {"expires_at", AT(api_key, expires_at), show_time},
    {"last_used_on", AT(api_key, last_used_on), NULL},
    {0},
};

static int keys_path(cli *c, str *path)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code == EXIT_DONE)
        *path = PATH(c, S("organizations"), slug, S("api-keys"));
    return code;
}

int run_api_key_list(cli *c)
{
    str path;
    int code = keys_path(c, &path);
    return code == EXIT_DONE ? list_print(c, path, columns, "cli.api_key.none") : code;
}

/* The id of the member that --member names by id or address. */
static int member_named(cli *c, str named, str *id)
{
    str path;
    int code = item_path(c, "members", AT(member, account.email), named, &path);
    if (code != EXIT_DONE)
        return code;
    size_t at = path.n;
    while (at && path.p[at - 1] != '/')
        at--;
    *id = str_slice(path, at, path.n);
    return EXIT_DONE;
}

static json_t *new_key(cli *c, str member)
{
    json_t *body = json_object(), *list = json_array();
    str permissions = flag_value(c, "permission");
    json_put(body, "name", argument(c, 0));
    json_put(body, "member", member);
    json_put(body, "expires_in", flag_value(c, "expires-in"));
    bool chosen = permissions.p;
    while (permissions.p)
        json_array_append_new(list, json_of(flag_next(c->a, &permissions)));
    if (chosen)
        json_object_set(body, "permissions", list);
    json_decref(list);
    return body;
}

int run_api_key_create(cli *c)
{
    reply r;
    str path, member;
    int code = keys_path(c, &path);
    if (code == EXIT_DONE)
        code = member_named(c, flag_value(c, "member"), &member);
    if (code == EXIT_DONE)
        code = call(c, "POST", path, new_key(c, member), &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        say(printable(c->a, json_text(r.json, AT(api_key, api_key))));
    json_decref(r.json);
    return EXIT_DONE;
}

int run_api_key_revoke(cli *c)
{
    str path;
    int worst = keys_path(c, &path);
    if (worst != EXIT_DONE)
        return worst;
    for (int i = 0; i < c->arg_count; i++) {
        reply r = {0};
        str id = argument(c, i);
        int code = call(c, "DELETE", arena_join(c->a, path, PATH(c, id)), NULL, &r);
        json_decref(r.json);
        if (code == EXIT_DONE && !c->json)
            say(SAID(c, "cli.api_key.revoked", {"id", printable(c->a, id)}));
        worst = code > worst ? code : worst;
    }
    return worst;
}
