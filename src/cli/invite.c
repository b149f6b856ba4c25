/*
 * Inviting from a list as people have it: arguments, or anything pasted or piped into standard input. The outcome of
 * each address is a row.
 */
#include "base/buf.h"
#include "cli/option.h"
#include "commands.h"
#include "cli/sheets.h"
#include "cli/table.h"
#include "ports/address.h"
#include "ports/pasted.h"

#include <stdio.h>
#include <unistd.h>

enum { CHUNK = 1000, ADDRESSES_MAX = 100000, INPUT_MAX = 16 * 1024 * 1024, EMAIL_CHARACTERS = 400 };

/* Everything on standard input; false past INPUT_MAX. */
static bool read_all(buf *out)
{
    char block[16384];
    ssize_t got;
    while ((got = read(STDIN_FILENO, block, sizeof block)) > 0 && out->n <= INPUT_MAX)
        buf_add(out, (str){block, (size_t)got});
    return got == 0 && out->n <= INPUT_MAX;
}

/* What the columns are, where it is said: "given,family,address"; *count is 0 where it is not. */
static bool read_columns(cli *c, str said, pasted_role roles[PASTED_COLUMNS_MAX], size_t *count)
{
    for (*count = 0; said.p; ++*count)
        if (*count == PASTED_COLUMNS_MAX || !pasted_role_of(flag_next(c->a, &said), &roles[*count]))
            return false;
    return true;
}

/* How a sheet was read that does not say it: whoever knows better says so. */
static void tell_columns(cli *c, const pasted *read)
{
    str all = STR_NONE;
    for (size_t i = 0; i < read->column_count; i++) {
        str one = pasted_role_text(read->columns[i].role);
        all = all.p ? arena_join(c->a, all, S(","), one) : one;
    }
    if (read->unclear && all.p)
        (void)refuse(EXIT_DONE, SAID(c, "cli.invite.columns_guessed", {"columns", all}));
}

/* The addresses: from the arguments, "-" and no argument at all meaning standard input. */
static int read_entries(cli *c, pasted *read)
{
    BUF_SCOPED named = {0};
    BUF_SCOPED text = {0};
    pasted_role roles[PASTED_COLUMNS_MAX];
    size_t role_count;
    bool piped = c->arg_count == 0 && !isatty(STDIN_FILENO);
    if (c->arg_count == 0 && !piped)
        return refuse(EXIT_USAGE, plain_text(c, "cli.invite.no_address"));
    if (!read_columns(c, flag_value(c, "columns"), roles, &role_count))
        return refuse(EXIT_USAGE, plain_text(c, "cli.invite.columns_unknown"));
    for (int i = 0; i < c->arg_count; i++) {
        if (str_eq(argument(c, i), S("-")))
            piped = true;
        else
            buf_add(&named, argument(c, i));
        buf_byte(&named, '\n');
    }
    if (piped && !read_all(&text))
        return refuse(EXIT_REFUSED, plain_text(c, "cli.invite.unreadable"));

    pasted first;
    err e = pasted_read(c->a, arena_str(c->a, buf_str(&named)), NULL, 0, ADDRESSES_MAX, &first);
    if (e == OK)
        e = pasted_more(c->a, &first, arena_str(c->a, buf_str(&text)), roles, role_count, ADDRESSES_MAX, read);
    if (e != OK)
        return refuse(EXIT_REFUSED,
                      plain_text(c, e == ERR_PAYLOAD_TOO_LARGE ? "cli.invite.too_many" : "cli.invite.unreadable"));
    tell_columns(c, read);
    return read->count ? EXIT_DONE : refuse(EXIT_USAGE, plain_text(c, "cli.invite.no_address"));
}

/* What was no address goes to the server as it was written: it has the words for the refusal. */
static str email_of(cli *c, const pasted_entry *entry)
{
    str email = printable(c->a, entry->address.key.p ? entry->address.typed : entry->raw);
    size_t at = 0;
    for (int i = 0; i < EMAIL_CHARACTERS && at < email.n; i++)
        str_next_codepoint(email, &at);
    return str_slice(email, 0, at);
}

/* What every row of the order says alike. Owned by the caller. */
typedef struct alike {
    json_t *groups, *entitlements; /* NULL: not given */
    str slug;                      /* the organization's */
    int sheets;                    /* the file for sheets of shown passwords; -1: none */
} alike;

static json_t *body_of(cli *c, const pasted_entry *entries, size_t count, const alike *all)
{
    str role = flag_value(c, "role");
    json_t *rows = json_array(), *body = json_pack("{s:o}", "invitations", rows);
    for (size_t i = 0; i < count; i++) {
        json_t *row = json_object();
        json_put(row, "email", email_of(c, &entries[i]));
        json_put(row, "role", role.p ? role : role_text(ROLE_MEMBER));
        json_put(row, "locale", flag_value(c, "locale"));
        json_put(row, "message", flag_value(c, "message"));
        json_put(row, "access_ends_at", flag_value(c, "access-ends-at"));
        if (all->groups)
            json_object_set(row, "groups", all->groups);
        if (all->entitlements)
            json_object_set(row, "entitlements", all->entitlements);
        json_put(row, "given_name", entries[i].given_name);
        json_put(row, "family_name", entries[i].family_name);
        json_array_append_new(rows, row);
    }
    json_put(body, "expires_in", flag_value(c, "expires-in"));
    if (flag_value(c, "temporary-password").p)
        json_put(body, "method", method_text(METHOD_TEMPORARY_PASSWORD));
    json_put(body, "delivery", flag_value(c, "delivery"));
    if (flag_value(c, "no-mail").p)
        json_object_set_new(body, "deliver", json_false());
    return body;
}

static bool is_good(str outcome)
{
    return str_eq(outcome, S("invited")) || str_eq(outcome, S("new-person")) || str_eq(outcome, S("existing-account"));
}

/* What a sentence about fields speaks of. */
static str fields_of(cli *c, const json_t *errors)
{
    str all = STR_NONE;
    json_t *each;
    size_t i;
    json_array_foreach(errors, i, each)
    {
        str one =
            field_sentence(c, json_text(each, AT(problem_field, pointer)), json_text(each, AT(problem_field, detail)));
        all = all.p ? arena_join(c->a, all, S(" "), one) : one;
    }
    return all;
}

/* A good outcome by its word, a refusal by its fields or the problem's sentence. */
static str show_outcome(cli *c, const json_t *result)
{
    bool named = str_eq(json_text(result, AT(invitation_results_results, problem.code)), S("invalid-request"));
    str detail = named ? fields_of(c, json_at(result, AT(invitation_results_results, problem.errors))) : STR_NONE;
    detail = detail.p ? detail : json_text(result, AT(invitation_results_results, problem.detail));
    return detail.p ? printable(c->a, detail) : show_word(c, json_at(result, AT(invitation_results_results, outcome)));
}

static size_t count_good(const json_t *results)
{
    size_t good = 0, i;
    json_t *each;
    json_array_foreach(results, i, each) good += is_good(json_text(each, AT(invitation_results_results, outcome)));
    return good;
}

static bool shows_passwords(const json_t *results)
{
    size_t i;
    json_t *each;
    json_array_foreach(results, i,
                       each) if (json_text(each, AT(invitation_results_results, temporary_password)).p) return true;
    return false;
}

/* Temporary passwords are shown beside the addresses, this once. */
static void print_chunk(cli *c, const json_t *answer, bool first)
{
    static const table_column columns[] = {
        {"email", AT(invitation_results_results, email), NULL}, {"outcome", AT_WHOLE, show_outcome}, {0}};
    static const table_column with_passwords[] = {
        {"email", AT(invitation_results_results, email), NULL},
        {"temporary_password", AT(invitation_results_results, temporary_password), NULL},
        {"expires_at", AT(invitation_results_results, invitation.expires_at), show_time},
        {"outcome", AT_WHOLE, show_outcome},
        {0}};
    const json_t *results = json_at(answer, AT(invitation_results, results));
    if (c->json)
        json_print(answer);
    else
        table_print(c, shows_passwords(results) ? with_passwords : columns, results, first);
}

static str number(cli *c, size_t n)
{
    return arena_printf(c->a, "%zu", n);
}

static int finish(cli *c, size_t good, size_t total, bool dry)
{
    if (!c->json)
        say(SAID(c, dry ? "cli.invite.would" : "cli.invite.did", {"good", number(c, good)},
                 {"total", number(c, total)}));
    if (good == total)
        return EXIT_DONE;
    return refuse(EXIT_REFUSED,
                  SAID(c, "cli.invite.refused", {"refused", number(c, total - good)}, {"total", number(c, total)}));
}

/* Sends all, a thousand at a time; *good is how many fared well. */
static int send_all(cli *c, str path, const pasted_entry *entries, size_t count, const alike *all, size_t *good)
{
    for (size_t from = 0; from < count; from += CHUNK) {
        reply r;
        size_t n = count - from < CHUNK ? count - from : CHUNK;
        progress(from, count > CHUNK ? count : 0);
        int code = call(c, "POST", path, body_of(c, entries + from, n, all), &r);
        const json_t *results = code == EXIT_DONE ? json_at(r.json, AT(invitation_results, results)) : NULL;
        if (code == EXIT_DONE) {
            *good += count_good(results);
            progress_hide();
            print_chunk(c, r.json, from == 0);
        }
        int written = all->sheets >= 0 ? sheets_write(c, all->sheets, all->slug, results) : EXIT_DONE;
        if (code != EXIT_DONE)
            return code;
        json_decref(r.json);
        if (written != EXIT_DONE)
            return written;
    }
    progress(count, count > CHUNK ? count : 0);
    return EXIT_DONE;
}

int run_invite(cli *c)
{
    pasted read;
    size_t good = 0;
    alike all = {.sheets = -1};
    bool dry = flag_value(c, "dry-run").p != NULL;

    if (!entitlements_read(c, flag_value(c, "entitlements"), &all.entitlements))
        return refuse(EXIT_USAGE, plain_text(c, "cli.entitlement.not_on_off"));
    int code = read_entries(c, &read);
    if (code == EXIT_DONE && flag_value(c, "sheets").p && (dry || read.count > CHUNK))
        code = refuse(EXIT_USAGE, plain_text(c, "cli.invite.sheets_limits"));
    if (code == EXIT_DONE)
        code = organization_of(c, &all.slug);
    if (code == EXIT_DONE)
        code = group_list_of(c, all.slug, flag_value(c, "group"), &all.groups);
    if (code == EXIT_DONE)
        code = sheets_open(c, &all.sheets);
    if (code == EXIT_DONE) {
        str path = PATH(c, S("organizations"), all.slug, S("invitations"));
        code = send_all(c, dry ? arena_join(c->a, path, S("/preview")) : path, read.entries, read.count, &all, &good);
    }
    json_decref(all.groups);
    json_decref(all.entitlements);
    return code == EXIT_DONE ? finish(c, good, read.count, dry) : code;
}
