/*
 * Whoever finds a server running asks it; whoever finds the data folder free takes its lock and serves itself, so that
 * both ways run the same routes and the same rules.
 */
#include "cli/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "ports/address.h"
#include "ports/zone.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_FOR_SERVER = 20 * MSEC_SECOND, WAIT_FOR_MAIL = 5 * MSEC_SECOND, CALL_SECONDS = 600 };

struct client {
    CURL *curl;
    instance in; /* in.lock -1: another process serves */
    host *inside;
};

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
}

/* ---- one exchange ---- */

static size_t collect(char *p, size_t size, size_t count, void *out)
{
    buf_add(out, (str){p, size * count});
    return size * count;
}

/* The server says in whose zone its times are told to this caller. */
static size_t note_zone(char *p, size_t size, size_t count, void *out)
{
    cli *c = out;
    str value = {p, size * count}, name = str_cut(&value, ':');
    value = str_trim(value);
    if (str_eq_nocase(name, S("Parvis-Time-Zone")) && zone_exists(value)) {
        memcpy(c->zone, value.p, value.n);
        c->zone[value.n] = '\0';
    }
    return size * count;
}

/* What goes with a call: nothing, a JSON document, or a file. */
typedef struct payload {
    const char *type; /* NULL: nothing */
    str bytes;
} payload;

static struct curl_slist *headers_for(cli *c, const payload *sent)
{
    str language = arena_join(c->a, S("Accept-Language: "), language_code(c->lang));
    struct curl_slist *headers = curl_slist_append(NULL, language.p);
    if (sent->type)
        headers = curl_slist_append(headers, arena_join(c->a, S("Content-Type: "), str_of(sent->type)).p);
    return headers;
}

static void prepare(cli *c, CURL *curl, const char *method, str path, const payload *sent)
{
    str url = arena_join(c->a, S("http://localhost/api/v1"), path);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, instance_socket(c->a, &c->settings, c->client->inside != NULL).p);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_URL, url.p);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)CALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (sent->type) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sent->bytes.n);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent->bytes.p);
    } else if (strcmp(method, "POST") == 0) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
}

/* One exchange with the server that was found. */
static CURLcode exchange_once(cli *c, const char *method, str path, const payload *sent, buf *answer, long *status)
{
    CURL *curl = c->client->curl;
    struct curl_slist *headers = headers_for(c, sent);
    prepare(c, curl, method, path, sent);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, note_zone);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, c);
    c->zone[0] = '\0';
    CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    return done;
}

/* The server's sentence, then each field that it refused; of an address, the sentence says more than its field does. */
static int print_problem(cli *c, const reply *r)
{
    str detail = json_text(r->json, AT(problem, detail));
    json_t *errors = json_at(r->json, AT(problem, errors)), *each;
    size_t i;
    if (!detail.p)
        detail = SAID(c, "cli.server.strange", {"status", arena_printf(c->a, "%ld", r->status)});
    if (str_eq(json_text(r->json, AT(problem, code)), S("invalid-address")) && json_array_size(errors) == 1)
        return refuse(EXIT_REFUSED,
                      field_sentence(c, json_text(json_array_get(errors, 0), AT(problem_field, pointer)), detail));
    refuse(EXIT_REFUSED, printable(c->a, detail));
    json_array_foreach(errors, i, each)
        refuse(EXIT_REFUSED, field_sentence(c, json_text(each, AT(problem_field, pointer)),
                                            json_text(each, AT(problem_field, detail))));
    return EXIT_REFUSED;
}

/* ---- finding the server ---- */

static bool has_folder(const settings *s, arena *a)
{
    struct stat found;
    return stat(arena_cstr(a, s->data), &found) == 0;
}

/* The lock is ours: serve ourselves, on the socket alone. */
static int serve_inside(cli *c, client *k)
{
    err e = instance_open(&k->in, c->command->makes_data);
    if (e == OK && c->host->start(&k->in, true, &k->inside) == OK)
        return EXIT_DONE;
    return refuse_start(c, e);
}

/* Nothing is touched before it is known that there is something. */
static int refuse_absent(cli *c)
{
    if (!has_folder(&c->settings, c->a))
        return refuse(EXIT_REFUSED, SAID(c, "cli.server.no_data", {"data", c->settings.data}));
    if (str_starts(c->settings.database, S("sqlite:")))
        return refuse_start(c, ERR_NOT_FOUND);
    return refuse(EXIT_REFUSED, SAID(c, "cli.server.no_key", {"file", c->settings.key_file}));
}

/* Whoever names a database means that one, and a server answers for its own alone. */
static int refuse_other(cli *c, const reply *r)
{
    str served = json_text(r->json, AT(server_database, database)), asked = store_name(c->a, c->settings.database);
    if (str_eq(served, asked))
        return EXIT_DONE;
    if (!served.p)
        return print_problem(c, r);
    return refuse(EXIT_REFUSED, SAID(c, "cli.server.other_database", {"data", c->settings.data},
                                     {"served", printable(c->a, served)}, {"asked", printable(c->a, asked)}));
}

/* A server answers: *lost when it went before it said of which database. */
static int found_server(cli *c, bool *lost)
{
    BUF_SCOPED answer = {0};
    reply r = {0};
    *lost = false;
    if (c->settings.origin[SETTING_DATABASE] == ORIGIN_DEFAULT)
        return EXIT_DONE;
    CURLcode done = exchange_once(c, "GET", S("/server/database"), &(payload){0}, &answer, &r.status);
    *lost = done == CURLE_COULDNT_CONNECT;
    if (done != CURLE_OK && !*lost)
        return refuse(EXIT_REFUSED, SAID(c, "cli.server.lost", {"reason", str_of(curl_easy_strerror(done))}));
    if (*lost)
        return EXIT_DONE;
    r.json = json_loadb(buf_str(&answer).p, buf_str(&answer).n, 0, NULL);
    int code = refuse_other(c, &r);
    json_decref(r.json);
    return code;
}

static int find_server(cli *c, client *k)
{
    str socket_path = instance_socket(c->a, &c->settings, false);
    msec until = clock_monotonic() + WAIT_FOR_SERVER;

    if (!c->command->makes_data && !instance_is_served(&c->settings) && !instance_has_data(&c->settings))
        return refuse_absent(c);
    /* Held but not listening: a server that starts or stops, or another command that serves itself. */
    do {
        err e = instance_lock(&c->settings, &k->in);
        if (e == OK)
            return serve_inside(c, k);
        if (e != ERR_CONFLICT)
            return refuse(EXIT_REFUSED, SAID(c, "cli.server.cannot_start", {"data", c->settings.data}));
        if (instance_is_served(&c->settings)) {
            bool lost;
            int code = found_server(c, &lost);
            if (!lost)
                return code;
        }
        pause_briefly();
    } while (clock_monotonic() < until);
    return refuse(EXIT_REFUSED, SAID(c, "cli.server.silent", {"socket", socket_path}));
}

static int client_open(cli *c)
{
    static client only; /* outlives the arena of a page: see list_print */
    client *k = &only;
    *k = (client){.in.lock = -1};
    c->client = k;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    k->curl = curl_easy_init();
    return k->curl ? find_server(c, k) : refuse(EXIT_REFUSED, plain_text(c, "cli.server.no_memory"));
}

/* ---- one call ---- */

/* A server that went before anything was sent to it is looked for again. */
static int exchange_found(cli *c, const char *method, str path, const payload *sent, buf *answer, long *status)
{
    int code = c->client ? EXIT_DONE : client_open(c);
    while (code == EXIT_DONE) {
        CURLcode done = exchange_once(c, method, path, sent, answer, status);
        if (done == CURLE_OK)
            return EXIT_DONE;
        if (done != CURLE_COULDNT_CONNECT || c->client->inside)
            return refuse(EXIT_REFUSED, SAID(c, "cli.server.lost", {"reason", str_of(curl_easy_strerror(done))}));
        code = find_server(c, c->client);
    }
    return code;
}

static int call_with(cli *c, const char *method, str path, const payload *sent, reply *out)
{
    BUF_SCOPED answer = {0};
    *out = (reply){0};
    int code = exchange_found(c, method, path, sent, &answer, &out->status);
    if (code != EXIT_DONE)
        return code;

    out->text = arena_str(c->a, buf_str(&answer));
    out->json = json_loadb(out->text.p, out->text.n, 0, NULL);
    if (out->status < 400)
        return EXIT_DONE;
    code = print_problem(c, out);
    json_decref(out->json);
    out->json = NULL;
    return code;
}

int call(cli *c, const char *method, str path, json_t *body, reply *out)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    int code = call_with(c, method, path, &(payload){text ? "application/json" : NULL, str_of(text)}, out);
    free(text);
    return code;
}

int call_file(cli *c, const char *method, str path, const char *type, str bytes, reply *out)
{
    return call_with(c, method, path, &(payload){type, bytes}, out);
}

/* ---- the end ---- */

/* Whether the outbox's newest page holds a mail that is not gone. */
static bool mail_waits(cli *c)
{
    reply r;
    json_t *each;
    size_t i;
    bool waits = false;
    if (call(c, "GET", S("/server/mail?limit=200"), NULL, &r) != EXIT_DONE)
        return false;
    json_array_foreach(json_at(r.json, AT(mail_list, items)), i, each)
    {
        str state = json_text(each, AT(mail, state));
        waits = waits || mail_state_is(state, MAIL_STATE_QUEUED) || mail_state_is(state, MAIL_STATE_DEFERRED);
    }
    json_decref(r.json);
    return waits;
}

static void let_mails_go(cli *c)
{
    if (!c->host->settle(c->client->inside, WAIT_FOR_MAIL) || mail_waits(c))
        refuse(EXIT_DONE, plain_text(c, "cli.mail.left"));
}

void client_close(cli *c)
{
    client *k = c->client;
    if (!k)
        return;
    if (k->inside && c->command->queues_mail)
        let_mails_go(c);
    curl_easy_cleanup(k->curl);
    if (k->inside)
        c->host->stop(k->inside);
    instance_close(&k->in);
    c->client = NULL;
}

/* ---- paths ---- */

static str escaped(cli *c, str s)
{
    BUF_SCOPED out = {0};
    buf_percent(&out, s, S(""));
    return arena_str(c->a, buf_str(&out));
}

str path_of(cli *c, const str *segments, size_t count)
{
    str path = S("");
    for (size_t i = 0; i < count; i++)
        path = arena_join(c->a, path, S("/"), escaped(c, segments[i]));
    return path;
}

str path_with(cli *c, str path, const char *name, str value)
{
    if (!value.p)
        return path;
    str mark = str_find_byte(path, '?') < path.n ? S("&") : S("?");
    return arena_join(c->a, path, mark, str_of(name), S("="), escaped(c, value));
}

int organization_of(cli *c, str *slug)
{
    reply r;
    *slug = flag_value(c, "organization");
    if (slug->p)
        return EXIT_DONE;
    int code = call(c, "GET", S("/organizations?limit=2"), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    json_t *items = json_at(r.json, AT(organization_list, items));
    if (json_array_size(items) == 1)
        *slug = arena_str(c->a, json_text(json_array_get(items, 0), AT(organization, slug)));
    json_decref(r.json);
    return slug->p ? EXIT_DONE : refuse(EXIT_USAGE, plain_text(c, "cli.usage.which_organization"));
}

/* ---- JSON ---- */

json_t *json_of(str s)
{
    return json_stringn(s.p, s.n);
}

void json_put(json_t *object, const char *key, str value)
{
    if (value.p)
        json_object_set_new(object, key, json_of(value));
}

json_t *json_at(const json_t *object, const answer_path *path)
{
    str rest = str_of((const char *)path);
    while (rest.n && object) {
        str name = str_cut(&rest, '.');
        object = json_object_getn(object, name.p, name.n);
    }
    return (json_t *)object;
}

str json_text(const json_t *object, const answer_path *path)
{
    json_t *value = json_at(object, path);
    return json_is_string(value) ? (str){json_string_value(value), json_string_length(value)} : STR_NONE;
}

int item_path(cli *c, const char *collection, const answer_path *email_at, str named, str *path)
{
    reply r;
    str slug, id = STR_NONE;
    named = address_clean(c->a, named);
    int code = organization_of(c, &slug);
    if (code != EXIT_DONE)
        return code;
    *path = PATH(c, S("organizations"), slug, str_of(collection), named);
    if (str_find_byte(named, '@') == named.n)
        return EXIT_DONE;
    str all = PATH(c, S("organizations"), slug, str_of(collection));
    code = call(c, "GET", path_with(c, path_with(c, all, "q", named), "limit", S("200")), NULL, &r);
    if (code != EXIT_DONE)
        return code;
    const json_t *items = json_at(r.json, AT_OWN("items"));
    for (size_t at = 0; at < json_array_size(items) && !id.p; at++) {
        const json_t *each = json_array_get(items, at);
        if (str_eq_nocase(json_text(each, email_at), named))
            id = arena_str(c->a, json_text(each, AT_OWN("id")));
    }
    json_decref(r.json);
    if (!id.p) {
        bool members = str_eq(str_of(collection), S("members"));
        const char *key = members ? "cli.member.unknown" : "cli.invitation.unknown";
        return refuse(EXIT_REFUSED, SAID(c, key, {"address", printable(c->a, named)}));
    }
    *path = PATH(c, S("organizations"), slug, str_of(collection), id);
    return EXIT_DONE;
}
