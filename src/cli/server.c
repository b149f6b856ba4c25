/* migrate, check, config, version: the server itself. */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

int run_migrate(cli *c)
{
    instance in;
    migration_state state = {0};
    err e = instance_lock(&c->settings, &in);
    if (e == ERR_CONFLICT)
        return refuse(EXIT_REFUSED, plain_text(c, "cli.migrate.running"));
    if (e == OK)
        e = instance_migrate(&in);
    if (e == OK)
        e = store_migration_state(in.store, &state);
    if (e != OK) {
        instance_close(&in);
        return refuse_start(c, e);
    }
    instance_close(&in);
    if (c->json) {
        json_t *out = json_pack("{s:I}", "version", (json_int_t)state.have);
        json_print(out);
        json_decref(out);
    } else {
        say(SAID(c, "cli.migrate.done", {"version", arena_printf(c->a, "%lld", (long long)state.have)}));
    }
    return EXIT_DONE;
}

/* Nobody can name these but by their ids. */
static void say_waiting(cli *c, const json_t *waiting)
{
    json_t *each;
    size_t i;
    json_array_foreach(waiting, i, each)
        say(SAID(c, "cli.check.waiting", {"account", json_text(each, AT(account_waiting, account))},
                 {"when", show_time(c, json_at(each, AT(account_waiting, until)))}));
}

int run_check(cli *c)
{
    reply r;
    json_t *each;
    size_t i;
    int code = call(c, "GET", S("/server/check"), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_t *findings = json_at(r.json, AT(server_check, findings));
    size_t count = json_array_size(findings);
    if (c->json)
        json_print(r.json);
    else
        say(SAID(c, "cli.check.database", {"database", show_text(c, json_at(r.json, AT(server_check, database)))}));
    if (!c->json)
        json_array_foreach(findings, i, each) say(show_text(c, each));
    if (!c->json)
        say_waiting(c, json_at(r.json, AT(server_check, waiting)));
    json_decref(r.json);
    if (count > 0)
        return refuse(EXIT_REFUSED, SAID(c, "cli.check.found", {"count", arena_printf(c->a, "%zu", count)}));
    if (!c->json)
        say(plain_text(c, "cli.check.clean"));
    return EXIT_DONE;
}

int run_config(cli *c)
{
    static const table_column columns[] = {{"setting", AT_OWN("setting"), NULL},
                                           {"value", AT_OWN("value"), NULL},
                                           {"origin", AT_OWN("origin"), show_word},
                                           {0}};
    json_t *whole = json_object(), *rows = json_array();
    for (setting_id id = 0; id < SETTING_COUNT; id++) {
        str name = setting_about(id)->name;
        json_t *row = json_object();
        json_put(row, "setting", name);
        json_put(row, "value", setting_text(c->a, &c->settings, id));
        json_put(row, "origin", setting_origin_name(c->settings.origin[id]));
        json_array_append_new(rows, row);
        json_t *entry = json_copy(row);
        json_object_del(entry, "setting");
        json_object_setn_new(whole, name.p, name.n, entry);
    }
    if (c->json)
        json_print(whole);
    else
        table_print(c, columns, rows, true);
    json_decref(whole);
    json_decref(rows);
    return EXIT_DONE;
}

int run_version(cli *c)
{
    if (!c->json) {
        say(S("parvis " PARVIS_VERSION));
        return EXIT_DONE;
    }
    json_t *out = json_pack("{s:s}", "version", PARVIS_VERSION);
    json_print(out);
    json_decref(out);
    return EXIT_DONE;
}
