/*
 * The commands about invitations that are out. Each takes several, and one that is refused does not keep the rest from
 * being done: the exit code says that some were.
 */
#include "cli/client.h"
#include "commands.h"
#include "cli/table.h"

#include <stdio.h>

static const table_column columns[] = {
    {"email", AT(invitation, email), NULL},
    {"role", AT(invitation, role), show_word},
    {"state", AT(invitation, state), show_word},
    {"delivery", AT(invitation, delivery.state), show_word},
    {"created_at", AT(invitation, created_at), show_time},
    {"expires_at", AT(invitation, expires_at), show_time},
    {"asked_at", AT(invitation, asked_at), show_time},
    {"id", AT(invitation, id), NULL},
    {0},
};

static const table_column sheet[] = {
    {"id", AT(invitation, id), NULL},
    {"email", AT(invitation, email), NULL},
    {"role", AT(invitation, role), show_word},
    {"state", AT(invitation, state), show_word},
    {"method", AT(invitation, method), show_word},
    {"locale", AT(invitation, locale), NULL},
    {"message", AT(invitation, message), NULL},
    {"invited_by", AT(invitation, invited_by), show_word},
    {"created_at", AT(invitation, created_at), show_time},
    {"expires_at", AT(invitation, expires_at), show_time},
    {"sent_count", AT(invitation, sent_count), NULL},
    {"last_sent_at", AT(invitation, last_sent_at), show_time},
    {"delivery", AT(invitation, delivery.state), show_word},
    {"reply", AT(invitation, delivery.reply), NULL},
    {"accepted_at", AT(invitation, accepted_at), show_time},
    {"asked_at", AT(invitation, asked_at), show_time},
    {"asked_count", AT(invitation, asked_count), NULL},
    {"silenced_at", AT(invitation, silenced_at), show_time},
    {"password_used_at", AT(invitation, password_used_at), show_time},
    {"batch", AT(invitation, batch), NULL},
    {0},
};

int run_invitation_list(cli *c)
{
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    str path = PATH(c, S("organizations"), slug, S("invitations"));
    path = path_with(c, path, "state", flag_value(c, "state"));
    path = path_with(c, path, "q", flag_value(c, "query"));
    path = path_with(c, path, "batch", flag_value(c, "batch"));
    path = path_with(c, path, "asked", flag_value(c, "asked").p ? S("true") : STR_NONE);
    return list_print(c, path, columns, "cli.invitation.none");
}

int run_invitation_show(cli *c)
{
    str path;
    int code = item_path(c, "invitations", AT(invitation, email), argument(c, 0), &path);
    return code == EXIT_DONE ? object_print(c, path, sheet) : code;
}

/* ---- changing one after the other: a refusal does not keep the rest from being done ---- */

typedef int one(cli *c, str path);

static int each_argument(cli *c, one *change)
{
    int worst = EXIT_DONE;
    for (int i = 0; i < c->arg_count; i++) {
        str path;
        int code = item_path(c, "invitations", AT(invitation, email), argument(c, i), &path);
        progress_hide();
        if (code == EXIT_DONE)
            code = change(c, path);
        worst = code > worst ? code : worst;
        progress((size_t)i + 1, c->arg_count > 20 ? (size_t)c->arg_count : 0);
    }
    return worst;
}

/*
 * Prints what an action answered, with a sentence for people, or the temporary password that it shows. The body is
 * taken over.
 */
static int act(cli *c, const char *method, str path, json_t *body, const char *sentence)
{
    static const table_column issued[] = {{"email", AT(invitation, email), NULL},
                                          {"temporary_password", AT(invitation, temporary_password), NULL},
                                          {"expires_at", AT(invitation, expires_at), show_time},
                                          {0}};
    reply r;
    int code = call(c, method, path, body, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else if (json_text(r.json, AT(invitation, temporary_password)).p)
        sheet_print(c, issued, r.json);
    else
        say(SAID(c, sentence, {"address", printable(c->a, json_text(r.json, AT(invitation, email)))}));
    json_decref(r.json);
    return EXIT_DONE;
}

static int resend_one(cli *c, str path)
{
    return act(c, "POST", arena_join(c->a, path, S("/resend")), NULL, "cli.invitation.resent");
}

static int temporary_one(cli *c, str path)
{
    json_t *body = json_object();
    json_put(body, "delivery", flag_value(c, "delivery"));
    return act(c, "POST", arena_join(c->a, path, S("/temporary-password")), body, "cli.invitation.resent");
}

static int revoke_one(cli *c, str path)
{
    reply r = {0};
    int code = call(c, "DELETE", path, NULL, &r);
    json_decref(r.json);
    return code == EXIT_DONE ? act(c, "GET", path, NULL, "cli.invitation.revoked") : code;
}

static int link_one(cli *c, str path)
{
    static const table_column made[] = {
        {"url", AT(invitation_link, url), NULL}, {"code", AT(invitation_link, code), NULL}, {0}};
    reply r;
    int code = call(c, "POST", arena_join(c->a, path, S("/link")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        sheet_print(c, made, r.json);
    json_decref(r.json);
    return EXIT_DONE;
}

/* Arguments or --batch, not both and not none. *batch is the batch's path; STR_NONE: arguments. */
static int arguments_or_batch(cli *c, str *batch)
{
    str slug, id = flag_value(c, "batch");
    *batch = STR_NONE;
    if ((c->arg_count > 0) == (id.p != NULL))
        return refuse(EXIT_USAGE, plain_text(c, "cli.invitation.one_or_batch"));
    if (!id.p)
        return EXIT_DONE;
    int code = organization_of(c, &slug);
    *batch = code == EXIT_DONE ? PATH(c, S("organizations"), slug, S("invitation-batches"), id) : STR_NONE;
    return code;
}

int run_invitation_resend(cli *c)
{
    reply r;
    str batch;
    int code = arguments_or_batch(c, &batch);
    if (code != EXIT_DONE)
        return code;
    if (!batch.p)
        return each_argument(c, resend_one);
    code = call(c, "POST", arena_join(c->a, batch, S("/resend")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        json_print(r.json);
    else
        say(SAID(c, "cli.invitation.batch_resent", {"resent", show_text(c, json_at(r.json, AT(batch_resent, resent)))},
                 {"asked", show_text(c, json_at(r.json, AT(batch_resent, unanswered)))}));
    json_decref(r.json);
    return EXIT_DONE;
}

int run_invitation_temporary_password(cli *c)
{
    return each_argument(c, temporary_one);
}

int run_invitation_revoke(cli *c)
{
    return each_argument(c, revoke_one);
}

int run_invitation_link(cli *c)
{
    reply r;
    str batch;
    int code = arguments_or_batch(c, &batch);
    if (code != EXIT_DONE)
        return code;
    if (!batch.p)
        return each_argument(c, link_one);
    code = call(c, "POST", arena_join(c->a, batch, S("/links")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    if (c->json) { /* for programs too: the CSV as the one string that it is */
        json_t *document = json_pack("{s:o}", "csv", json_of(r.text));
        json_print(document);
        json_decref(document);
    } else {
        fwrite(r.text.p, 1, r.text.n, stdout);
    }
    json_decref(r.json);
    return EXIT_DONE;
}

int run_invitation_correct(cli *c)
{
    str path;
    int code = item_path(c, "invitations", AT(invitation, email), argument(c, 0), &path);
    if (code != EXIT_DONE)
        return code;
    json_t *body = json_object();
    json_put(body, "email", argument(c, 1));
    return act(c, "POST", arena_join(c->a, path, S("/correct")), body, "cli.invitation.corrected");
}

int run_invitation_batch(cli *c)
{
    static const table_column counts[] = {
        {"id", AT(batch, id), NULL},
        {"created_at", AT(batch, created_at), show_time},
        {"total", AT(batch, total), NULL},
        {"accepted", AT(batch, accepted), NULL},
        {"pending", AT(batch, pending), NULL},
        {"declined", AT(batch, declined), NULL},
        {"revoked", AT(batch, revoked), NULL},
        {"expired", AT(batch, expired), NULL},
        {0},
    };
    str slug;
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    return object_print(c, PATH(c, S("organizations"), slug, S("invitation-batches"), argument(c, 0)), counts);
}
