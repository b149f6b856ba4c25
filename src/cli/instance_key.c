/* The commands about keys for programs that found organizations. The key itself is printed once, when it is made. */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

static const table_column columns[] = {
    {"id", AT(instance_key, id), NULL},
    {"name", AT(instance_key, name), NULL},
    {"created_at", AT(instance_key, created_at), show_time},
    {0},
};

int run_instance_key_create(cli *c)
{
    reply r;
    json_t *body = json_object();
    json_put(body, "name", argument(c, 0));
    int code = call(c, "POST", S("/instance-keys"), body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        say(printable(c->a, json_text(r.json, AT(instance_key, key))));
    json_decref(r.json);
    return EXIT_DONE;
}

int run_instance_key_list(cli *c)
{
    return list_print(c, S("/instance-keys"), columns, "cli.instance_key.none");
}

int run_instance_key_revoke(cli *c)
{
    reply r = {0};
    int code = call(c, "DELETE", PATH(c, S("instance-keys"), argument(c, 0)), NULL, &r);
    json_decref(r.json);
    return code;
}
