/*
 * The commands about members. Whom a word means, an address or an id, is the server's to find: the command line keeps
 * no rules of its own.
 */
#include "cli/client.h"
#include "cli/option.h"
#include "commands.h"
#include "cli/table.h"

static const table_column columns[] = {
    {"name", AT(member, account), show_name},
    {"email", AT(member, account.email), NULL},
    {"role", AT(member, role), show_word},
    {"joined_at", AT(member, joined_at), show_time},
    {"last_active_on", AT(member, last_active_on), NULL},
    {"second_factor", AT(member, second_factor), NULL},
    {"id", AT(member, id), NULL},
    {0},
};

static str show_entitlements(cli *c, const json_t *value)
{
    const char *key;
    json_t *on;
    str out = S("");
    json_object_foreach((json_t *)(uintptr_t)value, key, on)
    {
        if (json_is_true(on))
            out = arena_join(c->a, out, out.n ? S(", ") : S(""), str_of(key));
    }
    return out.n ? out : S("–");
}

static str show_list(cli *c, const json_t *value)
{
    size_t i;
    json_t *each;
    str out = S("");
    json_array_foreach(value, i, each) out = arena_join(c->a, out, out.n ? S(", ") : S(""), show_text(c, each));
    return out.n ? out : S("–");
}

static const table_column sheet[] = {
    {"id", AT(member, id), NULL},
    {"name", AT(member, account), show_name},
    {"email", AT(member, account.email), NULL},
    {"account", AT(member, account.id), NULL},
    {"role", AT(member, role), show_word},
    {"state", AT(member, state), show_word},
    {"access_ends_at", AT(member, access_ends_at), show_end},
    {"entitlements", AT(member, entitlements), show_entitlements},
    {"groups", AT(member, groups), show_list},
    {"joined_at", AT(member, joined_at), show_time},
    {"last_active_on", AT(member, last_active_on), NULL},
    {"second_factor", AT(member, second_factor), NULL},
    {"invited_by", AT(member, invited_by), show_word},
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
    str group = flag_value(c, "group");
    if (group.p)
        code = group_of(c, slug, group, &group);
    if (code != EXIT_DONE)
        return code;
    path = path_with(c, path, "group", group);
    return list_print(c, path, columns, "cli.member.none");
}

int run_member_show(cli *c)
{
    str path;
    int code = item_path(c, "members", AT(member, account.email), argument(c, 0), &path);
    return code == EXIT_DONE ? object_print(c, path, sheet) : code;
}

/* Sends a change of one member and shows what they are now. The body is taken over. */
static int change(cli *c, str named, json_t *body)
{
    reply r;
    str path;
    int code = item_path(c, "members", AT(member, account.email), named, &path);
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

int run_member_set_role(cli *c)
{
    json_t *body = json_object();
    json_put(body, "role", argument(c, 1));
    return change(c, argument(c, 0), body);
}

static int set_state(cli *c, str state)
{
    int worst = EXIT_DONE;
    for (int i = 0; i < c->arg_count; i++) {
        json_t *body = json_object();
        json_put(body, "state", state);
        int code = change(c, argument(c, i), body);
        worst = code > worst ? code : worst;
    }
    return worst;
}

int run_member_suspend(cli *c)
{
    return set_state(c, member_state_text(MEMBER_SUSPENDED));
}

int run_member_reactivate(cli *c)
{
    return set_state(c, member_state_text(MEMBER_ACTIVE));
}

/* What the flags of `member set` say. */
static int options_body(cli *c, json_t **body)
{
    json_t *entitlements, *groups;
    str slug, ends = flag_value(c, "access-ends-at");
    *body = NULL;
    if (!entitlements_read(c, flag_value(c, "entitlements"), &entitlements))
        return refuse(EXIT_USAGE, plain_text(c, "cli.entitlement.not_on_off"));
    int code = organization_of(c, &slug);
    if (code == EXIT_DONE)
        code = group_list_of(c, slug, flag_value(c, "group"), &groups);
    if (code != EXIT_DONE) {
        json_decref(entitlements);
        return code;
    }
    *body = json_object();
    if (entitlements)
        json_object_set_new(*body, "entitlements", entitlements);
    if (groups)
        json_object_set_new(*body, "groups", groups);
    if (ends.p)
        json_object_set_new(*body, "access_ends_at", str_eq(ends, NOTHING) ? json_null() : json_of(ends));
    return EXIT_DONE;
}

int run_member_set(cli *c)
{
    json_t *body;
    int code = options_body(c, &body);
    return code == EXIT_DONE ? change(c, argument(c, 0), body) : code;
}

static int remove_one(cli *c, str named)
{
    reply member, gone = {0};
    str path;
    int code = item_path(c, "members", AT(member, account.email), named, &path);
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
        say(SAID(c, "cli.member.removed", {"name", show_name(c, json_at(member.json, AT(member, account)))},
                 {"address", printable(c->a, json_text(member.json, AT(member, account.email)))}));
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
