/* Groups, and the options (entitlements) that an organization defines. */
#include "cli/option.h"

#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

/* ---- groups ---- */

int group_of(cli *c, str slug, str named, str *id)
{
    *id = named;
    if (str_starts(named, S("grp_")))
        return EXIT_DONE;
    str all = path_with(c, PATH(c, S("organizations"), slug, S("groups")), "limit", S("200")), at = all;
    for (*id = STR_NONE; at.p && !id->p;) {
        reply r;
        int code = call(c, "GET", at, NULL, &r);
        if (code != EXIT_DONE)
            return code;
        size_t i;
        json_t *each;
        json_array_foreach(json_at(r.json, AT(group_list, items)), i,
                           each) if (str_eq(json_text(each, AT(group, name)), named)) *id =
            arena_str(c->a, json_text(each, AT(group, id)));
        str next = arena_str(c->a, json_text(r.json, AT(group_list, next_cursor)));
        at = next.p ? path_with(c, all, "cursor", next) : STR_NONE;
        json_decref(r.json);
    }
    return id->p ? EXIT_DONE : refuse(EXIT_REFUSED, SAID(c, "cli.group.unknown", {"name", printable(c->a, named)}));
}

int group_list_of(cli *c, str slug, str named, json_t **out)
{
    *out = NULL;
    json_auto_t *list = named.p ? json_array() : NULL;
    for (str rest = named; !str_empty(rest);) {
        str id;
        int code = group_of(c, slug, flag_next(c->a, &rest), &id);
        if (code != EXIT_DONE)
            return str_find_byte(named, ',') < named.n ? refuse(code, plain_text(c, "cli.group.comma")) : code;
        json_array_append_new(list, json_of(id));
    }
    *out = json_incref(list);
    return EXIT_DONE;
}

bool entitlements_read(cli *c, str given, json_t **out)
{
    *out = NULL;
    json_auto_t *options = given.p ? json_object() : NULL;
    while (given.p) {
        str rest = flag_next(c->a, &given), key = str_trim(str_cut(&rest, '='));
        bool on = str_eq(rest, S("on"));
        if (!on && !str_eq(rest, S("off")))
            return false;
        json_object_setn_new(options, key.p, key.n, json_boolean(on));
    }
    *out = json_incref(options);
    return true;
}

static int group_path(cli *c, str named, str *slug, str *path)
{
    str id;
    int code = organization_of(c, slug);
    if (code == EXIT_DONE)
        code = group_of(c, *slug, named, &id);
    if (code == EXIT_DONE)
        *path = PATH(c, S("organizations"), *slug, S("groups"), id);
    return code;
}

int run_group_list(cli *c)
{
    static const table_column columns[] = {{"name", AT(group, name), NULL},
                                           {"members", AT(group, members), NULL},
                                           {"created_at", AT(group, created_at), show_time},
                                           {"id", AT(group, id), NULL},
                                           {0}};
    str slug;
    int code = organization_of(c, &slug);
    return code == EXIT_DONE ? list_print(c, PATH(c, S("organizations"), slug, S("groups")), columns, "cli.group.none")
                             : code;
}

/* Sends, and shows the object that comes back. */
static int change(cli *c, const char *method, str path, json_t *body, const table_column *sheet)
{
    reply r;
    int code = call(c, method, path, body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, sheet, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

static const table_column group_sheet[] = {
    {"id", AT(group, id), NULL}, {"name", AT(group, name), NULL}, {"members", AT(group, members), NULL}, {0}};

static json_t *name_body(str name)
{
    json_t *body = json_object();
    json_put(body, "name", name);
    return body;
}

int run_group_create(cli *c)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    return change(c, "POST", PATH(c, S("organizations"), slug, S("groups")), name_body(argument(c, 0)), group_sheet);
}

int run_group_rename(cli *c)
{
    str slug, path;
    int code = group_path(c, argument(c, 0), &slug, &path);
    return code == EXIT_DONE ? change(c, "PATCH", path, name_body(argument(c, 1)), group_sheet) : code;
}

int run_group_delete(cli *c)
{
    reply r = {0};
    str slug, path;
    int code = group_path(c, argument(c, 0), &slug, &path);
    if (code == EXIT_DONE)
        code = call(c, "DELETE", path, NULL, &r);
    json_decref(r.json);
    if (code == EXIT_DONE && !c->json)
        say(SAID(c, "cli.group.deleted", {"name", printable(c->a, argument(c, 0))}));
    return code;
}

static int put_one(cli *c, const char *method, str group, str named)
{
    reply r = {0};
    str member;
    int code = item_path(c, "members", AT(member, account.email), named, &member);
    if (code != EXIT_DONE)
        return code;
    size_t at = member.n;
    while (at && member.p[at - 1] != '/')
        at--;
    code = call(c, method, arena_join(c->a, group, S("/members/"), str_slice(member, at, member.n)), NULL, &r);
    json_decref(r.json);
    return code;
}

static int put_members(cli *c, const char *method, const char *done)
{
    str slug, path;
    int worst = group_path(c, argument(c, 0), &slug, &path);
    for (int i = 1; i < c->arg_count && (i == 1 ? worst == EXIT_DONE : true); i++) {
        int code = put_one(c, method, path, argument(c, i));
        if (code == EXIT_DONE && !c->json)
            say(SAID(c, done, {"member", printable(c->a, argument(c, i))}, {"name", printable(c->a, argument(c, 0))}));
        worst = code > worst ? code : worst;
    }
    return worst;
}

int run_group_add(cli *c)
{
    return put_members(c, "PUT", "cli.group.added");
}

int run_group_remove(cli *c)
{
    return put_members(c, "DELETE", "cli.group.removed");
}

/* ---- entitlements ---- */

static str show_roles(cli *c, const json_t *roles)
{
    size_t i;
    json_t *each;
    str out = S("");
    json_array_foreach(roles, i, each) out = arena_join(c->a, out, i ? S(", ") : S(""), show_word(c, each));
    return out;
}

static const table_column entitlement_columns[] = {
    {"key", AT(entitlement, key), NULL},           {"name_fr", AT(entitlement, name.fr), NULL},
    {"name_en", AT(entitlement, name.en), NULL},   {"default", AT_KEYWORD(entitlement, default), NULL},
    {"roles", AT(entitlement, roles), show_roles}, {0}};

int run_entitlement_list(cli *c)
{
    reply r;
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    code = call(c, "GET", PATH(c, S("organizations"), slug, S("entitlements")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    const json_t *items = json_at(r.json, AT(entitlement_list, items)); /* few: no pages */
    for (size_t i = 0; c->json && i < json_array_size(items); i++)
        json_print(json_array_get(items, i));
    if (!c->json && json_array_size(items))
        table_print(c, entitlement_columns, items, true);
    else if (!c->json)
        say(plain_text(c, "cli.entitlement.none"));
    json_decref(r.json);
    return EXIT_DONE;
}

static json_t *entitlement_body(cli *c)
{
    json_t *body = json_object(), *name = json_object();
    str by_default = flag_value(c, "default"), roles = flag_value(c, "roles");
    json_put(name, "fr", flag_value(c, "name-fr"));
    json_put(name, "en", flag_value(c, "name-en"));
    if (json_object_size(name))
        json_object_set(body, "name", name);
    json_decref(name);
    if (by_default.p)
        json_object_set_new(body, "default", json_boolean(str_eq(by_default, S("on"))));
    if (!roles.p)
        return body;
    json_t *list = json_array();
    while (roles.p)
        json_array_append_new(list, json_of(flag_next(c->a, &roles)));
    json_object_set_new(body, "roles", list);
    return body;
}

int run_entitlement_create(cli *c)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    json_t *body = entitlement_body(c);
    json_put(body, "key", argument(c, 0));
    return change(c, "POST", PATH(c, S("organizations"), slug, S("entitlements")), body, entitlement_columns);
}

int run_entitlement_set(cli *c)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    return change(c, "PATCH", PATH(c, S("organizations"), slug, S("entitlements"), argument(c, 0)), entitlement_body(c),
                  entitlement_columns);
}

int run_entitlement_delete(cli *c)
{
    reply r = {0};
    str slug;
    int code = organization_of(c, &slug);
    if (code == EXIT_DONE)
        code = call(c, "DELETE", PATH(c, S("organizations"), slug, S("entitlements"), argument(c, 0)), NULL, &r);
    json_decref(r.json);
    if (code == EXIT_DONE && !c->json)
        say(SAID(c, "cli.entitlement.deleted", {"key", printable(c->a, argument(c, 0))}));
    return code;
}
