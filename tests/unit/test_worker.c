/* The worker over a real database, with a real mail server and with files. */
#include "domain/mail/mail.h"
#include "mail_server.h"
#include "worker/worker.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <time.h>

typedef struct world {
    char folder[64], uri[160], mail[160];
    settings settings;
    env env;
    server_key *key;
    store *store;
    worker *worker;
} world;

static void open_world(world *w, const char *mail)
{
    static const uint8_t key[32] = {7};
    *w = (world){.folder = "/tmp/parvis-work-XXXXXX"};
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->uri, sizeof w->uri, "sqlite:%s/parvis.db", w->folder);
    snprintf(w->mail, sizeof w->mail, mail[0] == '/' ? "file:%s%s" : "%s%s", mail[0] == '/' ? w->folder : mail,
             mail[0] == '/' ? mail : "");
    w->settings.mail = str_of(w->mail);
    w->settings.mail_from = S("Parvis <parvis@example.org>");
    w->key = server_key_of(key);
    w->env = (env){&w->settings, w->key, S("https://parvis.example.org")};
    assert_int_equal(store_open(str_of(w->uri), &w->store), OK);
    assert_int_equal(store_migrate(w->store), OK);
    store_set_env(w->store, &w->env);
    assert_int_equal(worker_start(w->store, &w->env, &w->worker), OK);
}

static void close_world(world *w)
{
    char command[128];
    worker_stop(w->worker);
    store_close(w->store);
    server_key_free(w->key);
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    assert_int_equal(system(command), 0);
}

/* A number from the database, by a connection of its own. */
static int64_t ask(const world *w, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open_v2(w->uri + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

typedef struct orders {
    const char *recipient;
    int count;
    bool withdraw;
} orders;

static err queue(txn *t, void *context)
{
    const orders *o = context;
    for (int i = 0; i < o->count; i++) {
        uuid id;
        mail_order order = {.kind = MAIL_PASSWORD_RESET,
                            .recipient = str_of(o->recipient),
                            .locale = i % 2 ? S("fr") : STR_NONE,
                            .token = S("the-token-of-the-link")};
        TRY(mail_queue(t, &order, &id));
        if (o->withdraw)
            TRY(mail_withdraw(t, id));
    }
    return OK;
}

static void send_to(world *w, const char *recipient, int count)
{
    ARENA_SCOPED a = arena_new(4 << 20);
    problem p = {0};
    orders o = {recipient, count, false};
    assert_int_equal(store_write(w->store, a, &p, queue, &o), OK);
}

static void test_kept_at_once(void **state)
{
    world w;
    (void)state;
    open_world(&w, "/mail");
    msec start = clock_monotonic();
    send_to(&w, "ann@example.org", 1);
    assert_true(worker_settle(w.worker, 5000));
    assert_true(clock_monotonic() - start < 900); /* the commit woke it: no waiting for the tick */
    send_to(&w, "ann@example.org", 300);
    assert_true(worker_settle(w.worker, 20000));
    assert_int_equal(
        ask(&w,
            "SELECT COUNT(*) FROM mail WHERE state = 'kept' AND sealed IS NULL AND next_at IS NULL AND done_at > 0"),
        301);
    char command[256];
    snprintf(command, sizeof command,
             "test $(ls %s/mail/*.eml | wc -l) = 301 && grep -q the-token-of-the-link %s/mail/*.eml", w.folder,
             w.folder);
    assert_int_equal(system(command), 0);
    ARENA_SCOPED a = arena_new(1 << 20);
    problem p = {0};
    assert_int_equal(store_write(w.store, a, &p, queue, &(orders){"zoe@example.org", 1, true}), OK);
    assert_true(worker_settle(w.worker, 5000));
    assert_int_equal(ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'withdrawn' AND sealed IS NULL"), 1);
    close_world(&w);
}

static void test_what_the_server_says(void **state)
{
    mail_server s;
    world w;
    char uri[64];
    (void)state;
    mail_server_start(&s, "plain");
    snprintf(uri, sizeof uri, "smtp://127.0.0.1:%d", s.port);
    open_world(&w, uri);
    send_to(&w, "ann@example.org", 40);
    send_to(&w, "unknown@example.org", 1);
    send_to(&w, "busy@example.org", 1);
    assert_true(worker_settle(w.worker, 20000));
    assert_int_equal(ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'sent' AND reply = '250 2.0.0 Kept as number 7'"),
                     40);
    assert_int_equal(
        ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'failed' AND sealed IS NULL AND reply LIKE '550 5.1.1%'"), 1);
    assert_int_equal(
        ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'deferred' AND sealed IS NOT NULL AND reply LIKE '450%' "
                "AND next_at - done_at BETWEEN 45000 AND 75000 AND attempts = 1"),
        1);
    mail_server_stop(&s);
    send_to(&w, "ann@example.org", 5);
    assert_true(worker_settle(w.worker, 20000));
    assert_int_equal(ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'deferred'"), 6);
    close_world(&w);
}

static void test_stops_in_the_middle(void **state)
{
    mail_server s;
    world w;
    char uri[64];
    (void)state;
    mail_server_start(&s, "plain");
    snprintf(uri, sizeof uri, "smtp://127.0.0.1:%d", s.port);
    open_world(&w, uri);
    send_to(&w, "slow@example.org", 6); /* more than there are carriers */
    assert_false(worker_settle(w.worker, 500));
    msec start = clock_monotonic();
    worker_stop(w.worker);
    assert_true(clock_monotonic() - start < 9000);
    assert_int_equal(ask(&w, "SELECT COUNT(*) FROM mail WHERE state = 'deferred' AND sealed IS NOT NULL"), 4);
    /* claimed and given back: due at once, for whoever looks next */
    assert_int_equal(ask(&w,
                         "SELECT COUNT(*) FROM mail WHERE state = 'queued' AND attempts = 0 AND next_at > created_at "
                         "AND next_at < created_at + 10000"),
                     2);
    w.worker = NULL;
    close_world(&w);
    kill(s.pid, SIGKILL);
    mail_server_stop(&s);
}

static void test_settings_refused(void **state)
{
    world w;
    worker *other = NULL;
    (void)state;
    open_world(&w, "/mail");
    w.settings.mail = S("gopher://x");
    assert_int_equal(worker_start(w.store, &w.env, &other), ERR_UNAVAILABLE);
    assert_null(other);
    worker_stop(NULL);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept_at_once),
        cmocka_unit_test(test_what_the_server_says),
        cmocka_unit_test(test_stops_in_the_middle),
        cmocka_unit_test(test_settings_refused),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
