/*
 * The commands about organizations. A setting is taken away by a word of its own (none), since an empty argument is
 * mostly a script's mistake.
 */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

#include <stdio.h>

static str show_seats(cli *c, const json_t *seats)
{
    long long used = (long long)json_integer_value(json_at(seats, AT(seats, used)));
    long long held = (long long)json_integer_value(json_at(seats, AT(seats, held)));
    const json_t *limit = json_at(seats, AT(seats, limit));
    if (!seats)
        return S("–");
    if (json_is_integer(limit))
        return arena_printf(c->a, "%lld + %lld / %lld", used, held, (long long)json_integer_value(limit));
    return arena_printf(c->a, "%lld + %lld", used, held);
}

static str show_list(cli *c, const json_t *list)
{
    str out = STR_NONE;
    for (size_t i = 0; i < json_array_size(list); i++) {
        str one = str_of(json_string_value(json_array_get(list, i)));
        out = arena_join(c->a, out, out.p ? S(", ") : S(""), one);
    }
    return out.p ? out : S("–");
}

static const table_column columns[] = {
    {"slug", AT(organization, slug), NULL},
    {"name", AT(organization, name), NULL},
    {"seats", AT(organization, seats), show_seats},
    {"created_at", AT(organization, created_at), show_time},
    {"id", AT(organization, id), NULL},
    {0},
};

static const table_column sheet[] = {
    {"id", AT(organization, id), NULL},
    {"slug", AT(organization, slug), NULL},
    {"name", AT(organization, name), NULL},
    {"locale", AT(organization, locale), NULL},
    {"seats", AT(organization, seats), show_seats},
    {"created_at", AT(organization, created_at), show_time},
    {"existing_accounts", AT_IN("settings.", settings, existing_accounts), show_word},
    {"administrators_invite", AT_IN("settings.", settings, administrators_may_invite_administrators), NULL},
    {"invitation_lifetime", AT_IN("settings.", settings, invitation_lifetime), NULL},
    {"reminder_after", AT_IN("settings.", settings, reminder_after), NULL},
    {"reminder_max", AT_IN("settings.", settings, reminder_max), NULL},
    {"temporary_password_delivery", AT_IN("settings.", settings, effective.temporary_password_delivery), NULL},
    {"temporary_password_lifetime", AT_IN("settings.", settings, effective.temporary_password_lifetime), NULL},
    {"password_min_length", AT_IN("settings.", settings, effective.password_min_length), NULL},
    {"session_lifetime", AT_IN("settings.", settings, effective.session_lifetime), NULL},
    {"session_idle", AT_IN("settings.", settings, session_idle), NULL},
    {"second_factor", AT_IN("settings.", settings, second_factor), NULL},
    {"allowed_domains", AT_IN("settings.", settings, allowed_domains), show_list},
    {"refused_domains", AT_IN("settings.", settings, refused_domains), show_list},
    {"accent", AT_IN("settings.", settings, accent), NULL},
    {"time_zone", AT_IN("settings.", settings, effective.time_zone), NULL},
    {"logo", AT_IN("settings.", settings, logo), NULL},
    {0},
};

int run_organization_list(cli *c)
{
    return list_print(c, S("/organizations"), columns, "cli.organization.none");
}

/* The organization with its settings inside. */
static int show(cli *c, str slug)
{
    reply organization, settings;
    int code = call(c, "GET", PATH(c, S("organizations"), slug), NULL, &organization);
    if (code != EXIT_DONE)
        return code;
    code = call(c, "GET", PATH(c, S("organizations"), slug, S("settings")), NULL, &settings);
    if (code == EXIT_DONE) {
        json_object_set_new(organization.json, "settings", settings.json);
        if (c->json)
            json_print(organization.json);
        else
            sheet_print(c, sheet, organization.json);
    }
    json_decref(organization.json);
    return code;
}

int run_organization_show(cli *c)
{
    return show(c, argument(c, 0));
}

/* Puts a number, or null for `nothing`; false when it is neither. */
static bool put_number(json_t *body, const char *key, str text, str nothing)
{
    uint64_t number;
    if (!text.p)
        return true;
    if (nothing.p && str_eq(text, nothing))
        return json_object_set_new(body, key, json_null()) == 0;
    return str_to_u64(text, INT64_MAX, &number) &&
           json_object_set_new(body, key, json_integer((json_int_t)number)) == 0;
}

static int wrong_number(cli *c, json_t *body, const char *flag)
{
    json_decref(body);
    return refuse(EXIT_USAGE, SAID(c, "cli.usage.not_a_number", {"name", str_of(flag)}));
}

int run_organization_create(cli *c)
{
    static const table_column made[] = {
        {"id", AT(founded, organization.id), NULL},
        {"slug", AT(founded, organization.slug), NULL},
        {"name", AT(founded, organization.name), NULL},
        {"owner", AT(founded, account.email), NULL},
        {"set_password_url", AT(founded, set_password_url), NULL},
        {0},
    };
    reply r;
    str family = flag_value(c, "family-name");
    json_t *body = json_object(), *owner = json_object();
    json_put(body, "name", flag_value(c, "name"));
    json_put(body, "slug", flag_value(c, "slug"));
    json_put(body, "locale", flag_value(c, "locale"));
    json_put(owner, "email", flag_value(c, "email"));
    json_put(owner, "given_name", flag_value(c, "given-name"));
    json_put(owner, "family_name", family.p ? family : S("")); /* some people have one name */
    json_object_set_new(body, "owner", owner);
    if (!put_number(body, "member_limit", flag_value(c, "member-limit"), NOTHING))
        return wrong_number(c, body, "member-limit");

    int code = call(c, "POST", S("/organizations"), body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, made, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

/* A text, or null for `nothing`. */
static void put_or_null(json_t *body, const char *key, str text, str nothing)
{
    if (text.p && str_eq(text, nothing))
        json_object_set_new(body, key, json_null());
    else
        json_put(body, key, text);
}

static int patch(cli *c, str path, json_t *body)
{
    reply r = {0};
    if (json_object_size(body) == 0) {
        json_decref(body);
        return EXIT_DONE;
    }
    int code = call(c, "PATCH", path, body, &r);
    json_decref(r.json);
    return code;
}

/* "example.org, *.example.net", or "none", as the list that the API takes. */
static void put_domains(json_t *body, const char *key, str text)
{
    if (!text.p)
        return;
    json_t *list = json_array();
    while (text.n && !str_eq(text, NOTHING)) {
        str one = str_trim(str_cut(&text, ','));
        if (one.n)
            json_array_append_new(list, json_stringn(one.p, one.n));
    }
    json_object_set_new(body, key, list);
}

/* One flag a setting; `nothing` is the word that takes it away. */
static const struct setting_flag {
    const char *flag, *key;
    enum { TEXT, SWITCH, NUMBER, DOMAINS } kind;
    str nothing;
} setting_flags[] = {
    {"existing-accounts", "existing_accounts", TEXT, {NULL, 0}},
    {"administrators-may-invite-administrators", "administrators_may_invite_administrators", SWITCH, {NULL, 0}},
    {"invitation-lifetime", "invitation_lifetime", TEXT, {NULL, 0}},
    {"reminder-after", "reminder_after", TEXT, S_INIT("off")},
    {"reminder-max", "reminder_max", NUMBER, {NULL, 0}},
    {"temporary-password-delivery", "temporary_password_delivery", TEXT, S_INIT("server")},
    {"temporary-password-lifetime", "temporary_password_lifetime", TEXT, S_INIT("server")},
    {"password-min-length", "password_min_length", NUMBER, S_INIT("server")},
    {"session-lifetime", "session_lifetime", TEXT, S_INIT("server")},
    {"session-idle", "session_idle", TEXT, S_INIT("off")},
    {"second-factor", "second_factor", TEXT, {NULL, 0}},
    {"allowed-domains", "allowed_domains", DOMAINS, {NULL, 0}},
    {"refused-domains", "refused_domains", DOMAINS, {NULL, 0}},
    {"accent", "accent", TEXT, S_INIT("none")},
    {"time-zone", "time_zone", TEXT, S_INIT("server")},
};

/* The name of a flag that should be a number and is none; NULL when all is well. */
static const char *put_settings(cli *c, json_t *settings)
{
    for (size_t i = 0; i < sizeof setting_flags / sizeof *setting_flags; i++) {
        const struct setting_flag *f = &setting_flags[i];
        str value = flag_value(c, f->flag);
        if (f->kind == NUMBER && !put_number(settings, f->key, value, f->nothing))
            return f->flag;
        if (f->kind == TEXT)
            put_or_null(settings, f->key, value, f->nothing);
        else if (f->kind == DOMAINS)
            put_domains(settings, f->key, value);
        else if (f->kind == SWITCH && value.p)
            json_object_set_new(settings, f->key, json_boolean(str_eq(value, S("on"))));
    }
    return NULL;
}

enum { LOGO_MOST = 1 << 20 };

/* A byte more than the server takes, so that it is the server who says how much that is. */
static bool read_file(cli *c, str path, str *out)
{
    FILE *file = fopen(path.p, "rb");
    char *room = arena_alloc(c->a, LOGO_MOST + 1);
    *out = (str){room, file ? fread(room, 1, LOGO_MOST + 1, file) : 0};
    bool whole = file && !ferror(file);
    if (file)
        fclose(file);
    return whole;
}

/* A picture from a file; "none" takes the logo away. */
static int set_logo(cli *c, str slug, str from)
{
    reply r = {0};
    str bytes, path = PATH(c, S("organizations"), slug, S("logo"));
    if (!from.p)
        return EXIT_DONE;
    if (str_eq(from, NOTHING))
        return call(c, "DELETE", path, NULL, &r);
    if (!read_file(c, from, &bytes))
        return refuse(EXIT_REFUSED, SAID(c, "cli.organization.unreadable", {"file", printable(c->a, from)}));
    bool jpeg = str_starts(bytes, S("\xff\xd8"));
    int code = call_file(c, "PUT", path, jpeg ? "image/jpeg" : "image/png", bytes, &r);
    json_decref(r.json);
    return code;
}

int run_organization_set(cli *c)
{
    json_t *organization = json_object(), *settings = json_object();
    str slug = argument(c, 0);

    json_put(organization, "name", flag_value(c, "name"));
    put_or_null(organization, "locale", flag_value(c, "locale"), NOTHING);
    const char *wrong = put_number(organization, "member_limit", flag_value(c, "member-limit"), NOTHING)
                            ? put_settings(c, settings)
                            : "member-limit";
    if (wrong) {
        json_decref(settings);
        return wrong_number(c, organization, wrong);
    }
    str logo = flag_value(c, "logo");
    if (!logo.p && json_object_size(organization) + json_object_size(settings) == 0) {
        json_decref(organization);
        json_decref(settings);
        return refuse(EXIT_USAGE, plain_text(c, "cli.organization.nothing_to_set"));
    }

    int code = patch(c, PATH(c, S("organizations"), slug), organization);
    if (code != EXIT_DONE) {
        json_decref(settings);
        return code;
    }
    code = patch(c, PATH(c, S("organizations"), slug, S("settings")), settings);
    if (code == EXIT_DONE)
        code = set_logo(c, slug, logo);
    return code == EXIT_DONE ? show(c, slug) : code;
}
